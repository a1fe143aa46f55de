/*-------------------------------------------------------------------------
 *
 * lightgbm_lines.c
 *	  The lines of LightGBM's text format: key=value, with numbers in the value.
 *
 * Nothing is trusted: a count is compared with the bytes of its line before memory is
 * asked for, numbers are decimal and finite, and a key that is not known is refused, as
 * it may change what the rest means.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/lightgbm_lines.h"

#include <stdlib.h>				/* strtod */

void
mlpg_lines_bad(MlpgLines *r, int line, const char *format, ...)
{
	va_list		arguments;
	char	   *text;

	va_start(arguments, format);
	text = mlpg_text_list(r->host, format, arguments);
	va_end(arguments);
	mlpg_raise(r->host, MLPG_DATA_EXCEPTION, mlpg_text(r->host, "Line %d: %s.", line, text),
			   "Pass the whole text that LightGBM's save_model writes.", "invalid LightGBM model");
}

void
mlpg_lines_refuse(MlpgLines *r, const char *hint, const char *format, ...)
{
	va_list		arguments;
	char	   *text;

	va_start(arguments, format);
	text = mlpg_text_list(r->host, format, arguments);
	va_end(arguments);
	mlpg_raise(r->host, MLPG_NOT_SUPPORTED, text, hint, "LightGBM model cannot be imported");
}

bool
mlpg_lines_next(MlpgLines *r)
{
	const char *end;
	MlpgLine   *line = &r->line;

	if (r->at >= r->end)
		return false;
	end = memchr(r->at, '\n', (size_t) (r->end - r->at));
	if (end == NULL)
		end = r->end;
	line->number = ++r->n_lines;
	line->key = r->at;
	line->end = end > r->at && end[-1] == '\r' ? end - 1 : end;
	line->value = memchr(line->key, '=', (size_t) (line->end - line->key));
	line->key_length = (size_t) ((line->value ? line->value : line->end) - line->key);
	line->value = line->value ? line->value + 1 : line->end;
	r->at = end < r->end ? end + 1 : end;
	if (r->n_lines % 64 == 0)
		mlpg_check(r->host, NULL, 0, 0);
	return true;
}

bool
mlpg_line_is_empty(const MlpgLine *line)
{
	return line->key == line->end;
}

bool
mlpg_line_starts(const MlpgLine *line, const char *prefix)
{
	size_t		length = strlen(prefix);

	return (size_t) (line->end - line->key) >= length && memcmp(line->key, prefix, length) == 0;
}

bool
mlpg_line_is(const MlpgLine *line, const char *text)
{
	return (size_t) (line->end - line->key) == strlen(text) && mlpg_line_starts(line, text);
}

char *
mlpg_line_text(MlpgLines *r, const MlpgLine *line)
{
	return mlpg_text_copy(r->host, line->value, (size_t) (line->end - line->value));
}

/* A key that may stand here, noted in its place of lines; once. */
void
mlpg_lines_note(MlpgLines *r, const char *const *keys, int n_keys, MlpgLine *lines, const char *where)
{
	for (int k = 0; k < n_keys; k++)
		if (strlen(keys[k]) == r->line.key_length && memcmp(keys[k], r->line.key, r->line.key_length) == 0)
		{
			if (lines[k].number != 0)
				mlpg_lines_bad(r, r->line.number, "%s is there twice", keys[k]);
			lines[k] = r->line;
			return;
		}
	mlpg_lines_refuse(r, NULL, "%s has \"%.*s\", which this mlpg does not know and which may change what the model means.", where,
		   (int) (r->line.key_length < 60 ? r->line.key_length : 60), r->line.key);
}

/* ---------- numbers ---------- */

/* inf or -inf at *at, which ends at a blank or at end. */
static bool
infinity_at(const char **at, const char *end, double *value)
{
	bool		negative = *at < end && **at == '-';
	const char *word = *at + negative;

	if (end - word < 3 || memcmp(word, "inf", 3) != 0 || (end - word > 3 && word[3] != ' '))
		return false;
	*value = negative ? -INFINITY : INFINITY;
	*at = word + 3;
	return true;
}

/* The number at *at, which ends at a blank or at end; the line ends in '\n' or 0, so strtod does not leave it. */
double
mlpg_line_number_at(MlpgLines *r, const MlpgLine *line, const char **at, const char *end)
{
	char	   *after;
	double		value;

	/* what strtod also takes: blanks before, hexadecimal, nan, inf */
	for (const char *c = *at; c < end && *c != ' '; c++)
		if (!(*c >= '0' && *c <= '9') && *c != '-' && *c != '+' && *c != '.' && *c != 'e' && *c != 'E')
			mlpg_lines_bad(r, line->number, "a number is expected, found \"%.*s\"", (int) (end - *at < 30 ? end - *at : 30), *at);
	if (*at >= end || **at == ' ')
		mlpg_lines_bad(r, line->number, "a number is missing");
	value = strtod(*at, &after);
	if (after == *at || after > end || (after < end && *after != ' ') || !isfinite(value))
		mlpg_lines_bad(r, line->number, "a finite number is expected, found \"%.*s\"", (int) (end - *at < 30 ? end - *at : 30), *at);
	*at = after;
	return value;
}

/* Exactly n numbers, finite ones unless infinity may be among them. */
double *
mlpg_line_numbers_or_infinity(MlpgLines *r, const MlpgLine *line, size_t n, const char *what, bool infinity)
{
	const char *at = line->value;
	double	   *values;

	if (line->number == 0)
		mlpg_lines_bad(r, r->line.number, "%s is missing", what);
	if (n > (size_t) (line->end - at + 1) / 2)
		mlpg_lines_bad(r, line->number, "%s needs %zu numbers", what, n);
	values = mlpg_allocate(r->host, n + 1, sizeof(double));
	for (size_t i = 0; i < n; i++)
	{
		while (at < line->end && *at == ' ')
			at++;
		if (!infinity || !infinity_at(&at, line->end, &values[i]))
			values[i] = mlpg_line_number_at(r, line, &at, line->end);
	}
	while (at < line->end && *at == ' ')
		at++;
	if (at != line->end)
		mlpg_lines_bad(r, line->number, "%s has more than %zu numbers", what, n);
	return values;
}

double *
mlpg_line_numbers(MlpgLines *r, const MlpgLine *line, size_t n, const char *what)
{
	return mlpg_line_numbers_or_infinity(r, line, n, what, false);
}

int64_t
mlpg_line_integer(MlpgLines *r, const MlpgLine *line, double value, int64_t minimum, int64_t maximum)
{
	if (!(value >= (double) minimum && value <= (double) maximum) || value != floor(value))
		mlpg_lines_bad(r, line->number, "an integer from %lld to %lld is expected, found %g", (long long) minimum, (long long) maximum, value);
	return (int64_t) value;
}

int
mlpg_line_one_integer(MlpgLines *r, const MlpgLine *line, const char *what, int64_t minimum, int64_t maximum)
{
	double	   *value = mlpg_line_numbers(r, line, 1, what);
	int			result = (int) mlpg_line_integer(r, line, *value, minimum, maximum);

	mlpg_release(r->host, value);
	return result;
}

/* n integers. */
int64_t *
mlpg_line_integers(MlpgLines *r, const MlpgLine *line, size_t n, const char *what, int64_t minimum, int64_t maximum)
{
	double	   *values = mlpg_line_numbers(r, line, n, what);
	int64_t    *result = mlpg_allocate(r->host, n + 1, sizeof(int64_t));

	for (size_t i = 0; i < n; i++)
		result[i] = mlpg_line_integer(r, line, values[i], minimum, maximum);
	mlpg_release(r->host, values);
	return result;
}
