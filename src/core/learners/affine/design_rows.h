/*-------------------------------------------------------------------------
 *
 * design_rows.h
 *	  The design of all training rows, held for learners that read it many times.
 *
 * Columns.  A column is a term of the design (encode.h) under another number:
 * first the dense columns (the intercept, then numbers), then the sparse ones
 * (levels, missing indicators), each in the order of their terms.  All vectors
 * here (coefficients, gradients, rows and columns of cross-products) are by
 * column, n_columns long; mlpg_design_rows_original puts coefficients back into
 * terms and original units.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_DESIGN_ROWS_H
#define MLPG_DESIGN_ROWS_H

#include "core/learners/learner.h"
#include "core/math/rows.h"

/* Rows that a body is given at once, at most. */
#define MLPG_DESIGN_BLOCK 256

/* So many pieces at most have the rows: sums of pieces are added in order. */
#define MLPG_DESIGN_PIECES 64

typedef struct MlpgDesignRows
{
	int64_t		n_rows;
	int			n_columns;		/* as many as the design has terms */
	int			n_dense;		/* columns 0 .. n_dense - 1; the others are sparse */
	int			dense_stride;	/* n_dense in whole vectors of 4 */
	int			lda;			/* doubles from row to row of a matrix of cross-products */
	bool		intercept;		/* column 0 is 1 */
	int		   *term;			/* n_columns: its term */
	const MlpgMatrix *matrix;	/* where the dense columns are read from */
	MlpgRowsColumn *reading;	/* dense_stride: how, their values still missing */
	int		   *feature;		/* dense_stride: whose, -1 for the intercept, -2 for padding */
	const double *dense;		/* in a body: rows from dense_first on, dense_stride each, centred and scaled; the padding is zero */
	int64_t		dense_first;
	int64_t    *start;			/* n_rows + 1: where a row's entries start; NULL: no sparse columns */
	uint32_t   *column;			/* of each entry, ascending in a row */
	double	   *value;			/* of each entry; NULL: all are 1 */
	double		weight;			/* sum of the weights, or n_rows */
	double	   *center;			/* n_columns: subtracted; 0: nothing */
	double	   *scale;			/* n_columns: divided by, after that; 1: nothing */
	double	   *mean;			/* n_columns: of the original column, by weight */
	double	   *deviation;		/* n_columns: standard deviation (1/n, by weight) of the column as it is here; the intercept's is 0 */
	int			n_pieces;
	int64_t    *piece;			/* n_pieces + 1: first rows; multiples of MLPG_DESIGN_BLOCK but the last */
	int			sample_blocks;	/* sums take one block in so many, ... */
	int			sample_share;	/* ... and of that the first rows, one in so many */
} MlpgDesignRows;

/*
 * The training's matrix is read in every pass and must stay.  standardise: dense columns get deviation 1
 * (where they have any) and, if the design has an intercept, mean 0.  Sparse columns stay what they are.
 * w: weights of the rows, or NULL; with a sum above 0.
 */
extern MlpgDesignRows *mlpg_design_rows_create(MlpgTraining *training, const MlpgDesign *design, bool standardise, const double *w);
extern void mlpg_design_rows_release(MlpgHost *host, MlpgDesignRows *rows);

/* The same rows for sums over a sample: the first of every share rows of one block in so many.  Not to be released. */
extern MlpgDesignRows mlpg_design_rows_sample(const MlpgDesignRows *rows, int blocks, int share);

/*
 * Sums over rows.  The body ADDS what rows [first, last), at most MLPG_DESIGN_BLOCK, give to sums
 * (n_sums, zero at first); scratch (n_scratch doubles) is the thread's own and keeps nothing.  It runs in
 * pool threads: no host.  What it writes by row goes to arrays of its argument.  The
 * result does not depend on the number of threads.
 */
typedef void (*MlpgDesignBody) (const MlpgDesignRows *rows, int64_t first, int64_t last, void *argument, double *sums, double *scratch);
extern void mlpg_design_rows_sum(MlpgHost *host, const MlpgDesignRows *rows, MlpgDesignBody body, void *argument,
								 size_t n_sums, double *sums, size_t n_scratch, const char *phase);

/*
 * For loops of one's own: what bodies get for rows [first, last) of one block.  memory: doubles of the thread's
 * own, as many as mlpg_design_rows_memory says.
 */
extern size_t mlpg_design_rows_memory(const MlpgDesignRows *rows);
extern MlpgDesignRows mlpg_design_rows_at(const MlpgDesignRows *rows, int64_t first, int64_t last, double *memory);

/* For bodies: rows is what the body got. */

/* The dense columns of row i. */
static inline const double *
mlpg_design_rows_dense(const MlpgDesignRows *rows, int64_t i)
{
	return rows->dense + (size_t) (i - rows->dense_first) * (size_t) rows->dense_stride;
}

/* eta[i - first] = row i times b */
extern void mlpg_design_rows_multiply(const MlpgDesignRows *rows, int64_t first, int64_t last, const double *b, double *eta);

/* gradient += X' r, r by row from first */
extern void mlpg_design_rows_add_gradient(const MlpgDesignRows *rows, int64_t first, int64_t last, const double *r, double *gradient);

/*
 * a += X' diag(w) X, w by row from first: n_columns rows, lda apart, of which the lower triangle is meant; what is
 * above means nothing.  Few columns only.  w may be negative.
 */
extern void mlpg_design_rows_add_crossprod(const MlpgDesignRows *rows, int64_t first, int64_t last, const double *w, double *a);

/* With the host. */

/* Coefficients by column -> by term, of the original columns (n_columns). */
extern void mlpg_design_rows_original(const MlpgDesignRows *rows, const double *b, double *out);

/* Means of the original columns, by term. */
extern void mlpg_design_rows_means(const MlpgDesignRows *rows, double *out);

/* Covariance of coefficients by column (n_columns apart) -> standard errors by term, of the original columns (n_columns). */
extern void mlpg_design_rows_original_errors(const MlpgDesignRows *rows, const double *covariance, double *out);

#endif							/* MLPG_DESIGN_ROWS_H */
