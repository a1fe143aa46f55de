/*-------------------------------------------------------------------------
 *
 * matrix.h
 *	  Rows on their way to a learner: blocks (row-major, one at a time) and the
 *	  matrix (column-major, all of them).
 *
 * Columns of both: the features in schema order, then the target, then the
 * weight if there is one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_MATRIX_H
#define MLPG_MATRIX_H

#include "core/matrix/schema.h"

/* A few hundred rows as they come from the executor. */
typedef struct MlpgBlock
{
	int			n_columns;
	int			stride;			/* doubles from row to row: n_columns rounded up to a multiple of 4 */
	int			n_rows;
	int			capacity;		/* rows */
	double	   *values;			/* capacity x stride, row-major; the padding is zero */
} MlpgBlock;

/* Rows of a full block of n columns: depends on n alone, so that blocks, and with them sums, are the same everywhere. */
extern int	mlpg_block_rows(int n_columns);
extern MlpgBlock *mlpg_block_create(MlpgHost *host, int n_columns, int capacity);

static inline double *
mlpg_block_row(const MlpgBlock *block, int row)
{
	return block->values + (size_t) row * block->stride;
}

/* All rows, by column, in chunks; each chunk of a column in the narrowest of float4 and float8 that keeps it exactly. */
#define MLPG_CHUNK_ROWS 8192

typedef struct MlpgMatrix MlpgMatrix;

extern MlpgMatrix *mlpg_matrix_create(MlpgHost *host, int n_columns);
extern void mlpg_matrix_append(MlpgMatrix *matrix, const MlpgBlock *block);
extern int64_t mlpg_matrix_rows(const MlpgMatrix *matrix);
extern int	mlpg_matrix_columns(const MlpgMatrix *matrix);

/* Copies rows [first, first + n) of a column into out (n doubles). */
extern void mlpg_matrix_read(const MlpgMatrix *matrix, int column, int64_t first, int64_t n, double *out);

/* The same rows of all columns, row-major with the given stride. */
extern void mlpg_matrix_read_rows(const MlpgMatrix *matrix, int64_t first, int n, double *out, int stride);

/*
 * Where the values of rows first ... of a column are, up to the end of its chunk (each first
 * multiple of MLPG_CHUNK_ROWS begins one): doubles if wide, otherwise floats.
 */
extern const void *mlpg_matrix_values(const MlpgMatrix *matrix, int column, int64_t first, bool *wide);

/* The values of a column at n rows (each below the number of rows). */
extern void mlpg_matrix_gather(const MlpgMatrix *matrix, int column, const uint32_t *row, int64_t n, double *out);

/* Replaces code c of a category column by rank[c]; NaN stays. */
extern void mlpg_matrix_recode(MlpgMatrix *matrix, int column, const int32_t *rank);

/*
 * Says that a column holds texts (ngrams.h): their addresses, which change from run to run,
 * are neither described nor hashed, but what they stand for.
 */
extern void mlpg_matrix_mark_texts(MlpgMatrix *matrix, int column);
extern bool mlpg_matrix_has_texts(const MlpgMatrix *matrix, int column);

/*
 * Gives back the memory of the rows before `before`, as far as it is whole
 * pieces of it; they can no longer be read, nor can rows be appended.
 */
extern void mlpg_matrix_release_rows(MlpgMatrix *matrix, int64_t before);

/* Sets has_missing, constant, mean, minimum and maximum of every feature; n_features leading columns. */
extern void mlpg_matrix_describe(MlpgHost *host, const MlpgMatrix *matrix, MlpgSchema *schema);

#endif							/* MLPG_MATRIX_H */
