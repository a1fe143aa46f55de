/*-------------------------------------------------------------------------
 *
 * lightgbm_lines.h
 *	  The lines of LightGBM's text format: key=value, with numbers in the value.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_LIGHTGBM_LINES_H
#define MLPG_LIGHTGBM_LINES_H

#include "core/host.h"

typedef struct MlpgLine
{
	int			number;			/* from 1; 0: there is no such line */
	const char *key;
	size_t		key_length;
	const char *value;			/* behind the first =, or the end of the line */
	const char *end;
} MlpgLine;

/* A text being read, which ends in a zero. */
typedef struct MlpgLines
{
	MlpgHost   *host;
	const char *at;
	const char *end;
	int			n_lines;
	MlpgLine	line;			/* the last one read */
} MlpgLines;

/* Raise: the text is no such model, or one that mlpg does not have. */
MLPG_NORETURN extern void mlpg_lines_bad(MlpgLines *r, int line, const char *format, ...) MLPG_PRINTF(3, 4);
MLPG_NORETURN extern void mlpg_lines_refuse(MlpgLines *r, const char *hint, const char *format, ...) MLPG_PRINTF(3, 4);

/* Reads a line; false: there is none. */
extern bool mlpg_lines_next(MlpgLines *r);

/* Notes the last line in the place of its key, which may be there once. */
extern void mlpg_lines_note(MlpgLines *r, const char *const *keys, int n_keys, MlpgLine *lines, const char *where);

extern bool mlpg_line_is_empty(const MlpgLine *line);
extern bool mlpg_line_starts(const MlpgLine *line, const char *prefix);
extern bool mlpg_line_is(const MlpgLine *line, const char *text);

/* Values.  Arrays have exactly n numbers, and are named in messages. */
extern char *mlpg_line_text(MlpgLines *r, const MlpgLine *line);
extern double mlpg_line_number_at(MlpgLines *r, const MlpgLine *line, const char **at, const char *end);
extern double *mlpg_line_numbers(MlpgLines *r, const MlpgLine *line, size_t n, const char *what);
extern double *mlpg_line_numbers_or_infinity(MlpgLines *r, const MlpgLine *line, size_t n, const char *what, bool infinity);
extern int64_t mlpg_line_integer(MlpgLines *r, const MlpgLine *line, double value, int64_t minimum, int64_t maximum);
extern int	mlpg_line_one_integer(MlpgLines *r, const MlpgLine *line, const char *what, int64_t minimum, int64_t maximum);
extern int64_t *mlpg_line_integers(MlpgLines *r, const MlpgLine *line, size_t n, const char *what, int64_t minimum, int64_t maximum);

#endif							/* MLPG_LIGHTGBM_LINES_H */
