/*-------------------------------------------------------------------------
 *
 * quantreg_internal.h
 *	  What the files of quantile regression share; nobody else includes it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_QUANTREG_INTERNAL_H
#define MLPG_QUANTREG_INTERNAL_H

#include "core/math/quantreg.h"

#include <float.h>

/* Against |y| + |x|'|b|: what an exactly computed residual, or coefficient, that is zero may come out as. */
#define QR_ZERO 1e-24
#define QR_TINY 1e-60			/* and absolutely, the largest |y| being about 1 */

/* Residuals below this, against 1 + |b|, are computed exactly. */
#define QR_COARSE 1e-10

/* One solve: the caller's problem and what was found about its columns. */
typedef struct QrFit
{
	MlpgHost   *host;
	const MlpgQuantregProblem *problem;
	double		tau;
	int			rank;			/* kept columns */
	int		   *column;			/* p: the kept columns first */
	double	   *column_scale;	/* p: powers of two; working x = x * scale */
	double		y_scale;		/* power of two */
	double		w_scale;		/* power of two */
	double	   *factor;			/* rank x rank: upper triangle R with R'R = X'X of the rows it was taken from */
	double		factor_rows;	/* how many those were */
	int8_t	   *state;			/* n, large problems: what became of each row */
	int64_t		zeros_out;		/* globbed rows with residual zero */
	int			iterations;
	int			rounds;
	int64_t		pivots;
	int64_t		work;			/* units since the last check */
} QrFit;

/* Working rows: kept columns, scaled, padded with zeros to a multiple of four. */
typedef struct QrRows
{
	int64_t		m;
	int64_t		capacity;
	int			p;				/* columns in use */
	int			ld;
	size_t		x_count;		/* numbers allocated for x */
	double	   *x;
	double	   *y;
	double	   *w;				/* > 0 */
	int64_t    *row;			/* row of the problem; -1 and -2: globs above and below */
} QrRows;

/* A vertex of the rows, and the simplex method that walks from one to the next. */
typedef struct QrVertex
{
	QrFit	   *fit;
	QrRows	   *rows;
	int64_t		capacity;		/* rows the arrays hold */
	int64_t    *basis;			/* p positions in rows */
	double	   *dirs;			/* p x p: row j is the edge d_j, B d_j = e_j */
	double	   *matrix;			/* p x 2p: scratch of the inversion */
	double	   *b;				/* p: coefficients, */
	double	   *b_low;			/* p: and what they lack to twice the precision */
	double	   *c;				/* p: coefficients of the perturbation */
	double	   *g;				/* p: sum over non-basic rows of psi x */
	double	   *dual;			/* p: dual values of the basis */
	double	   *scratch;		/* p */
	int8_t	   *sign;			/* m: side of a non-basic row, 0 = basic */
	double	   *r;				/* m: residuals */
	double	   *z;				/* m: change of -residual along an edge */
	double	   *key;			/* m: breakpoints of the line search */
	double	   *slope;			/* m */
	int64_t    *index;			/* m */
	int64_t    *tie;			/* m */
	double		coarse;			/* residuals below this are computed exactly */
	double		objective;		/* loss of the rows, working units */
	double		size;			/* sum of w |y| */
	double		noise;			/* rounding of g */
	bool		optimal;
	bool		lossless;		/* the loss is only rounding */
	bool		unique;
} QrVertex;

/* Rows made into a triangle one by one. */
typedef struct QrElimination
{
	int			p;
	int			found;
	double		threshold;
	double	   *pivots;			/* (p + 1) x p: found rows with a one at their column, and scratch */
	int		   *column;
} QrElimination;

/* A pass over rows in blocks whose size does not depend on the threads. */
typedef void (*QrBlockBody) (void *argument, int64_t first, int64_t last, double *partial);

/* quantreg_kernels.c */
extern void qr_gram(const double *x, int64_t ldx, int p, int64_t rows, const double *d, double *gram, int ldg);
extern void qr_multiply(const double *x, int64_t ldx, int p, int64_t rows, const double *b, double *out);
extern void qr_multiply_t(const double *x, int64_t ldx, int p, int64_t rows, const double *v, double *sum);
extern void qr_leverage(const double *x, int64_t ldx, int p, int64_t rows, const double *inverse, int ldi,
						double *scratch, double *norm2);
extern void qr_for_blocks(QrFit *fit, int64_t n, int64_t work_per_row, QrBlockBody body, void *argument,
						  int n_sum, int n_max, double *total);
extern void qr_tick(QrFit *fit, int64_t units);
extern bool qr_cholesky(QrFit *fit, double *a, int p, int lda, double *original);
extern void qr_cholesky_solve(const double *l, int p, int lda, double *v);
extern double qr_exact_residual(const double *x, const double *b, const double *b_low, int p, double y);
extern uint64_t qr_hash(uint64_t v);
extern void qr_heap_build(double *key, int64_t *index, int64_t n);
extern int64_t qr_heap_pop(double *key, int64_t *index, int64_t *n);

/* quantreg_rank.c */
extern void qr_rows_create(QrFit *fit, QrRows *rows, int64_t capacity, int p);
extern void qr_rows_reserve(QrFit *fit, QrRows *rows, int64_t capacity);
extern void qr_rows_release(QrFit *fit, QrRows *rows);
extern void qr_rows_append(QrFit *fit, QrRows *rows, int64_t row);
extern int	qr_rank(QrFit *fit, QrRows *rows, bool *dependent);
extern void qr_rows_keep(QrFit *fit, QrRows *rows);
extern void qr_elimination_begin(QrFit *fit, QrElimination *elimination, int p, double threshold);
extern bool qr_elimination_add(QrElimination *elimination, const double *row);
extern void qr_elimination_end(QrFit *fit, QrElimination *elimination);

/* quantreg_ipm.c */
extern double *qr_invert_factor(QrFit *fit, int ld);
extern double qr_central_share(double r, double mu);
extern double qr_interior_point(QrFit *fit, const QrRows *rows, bool globs, double tolerance, const double *start,
							  double *b, double *score);

/* quantreg_vertex.c */
extern void qr_vertex_create(QrFit *fit, QrRows *rows, QrVertex *vertex);
extern void qr_vertex_grow(QrVertex *vertex);
extern void qr_vertex_release(QrFit *fit, QrVertex *vertex);
extern void qr_vertex_start(QrVertex *vertex, double *score);
extern void qr_vertex_restart(QrVertex *vertex);
extern bool qr_vertex_solve(QrVertex *vertex);
extern bool qr_vertex_refresh(QrVertex *vertex);
extern void qr_vertex_optimise(QrVertex *vertex);
extern bool qr_vertex_flat(QrVertex *vertex, int j, double direction);
extern int64_t qr_vertex_neighbour(QrVertex *vertex, int j, double direction, bool *moved);

/* quantreg_face.c */
extern void qr_vertex_face(QrVertex *vertex);
extern bool qr_lowest_rows(QrVertex *vertex, int64_t *lowest);
extern bool qr_lowest_of_all(QrVertex *vertex, int64_t *lowest);
extern bool qr_solve_exactly(QrFit *fit, const int64_t *lowest, double *b);

/* quantreg_large.c */
extern bool qr_large(QrFit *fit, QrRows *rows, QrVertex *vertex);

/* quantreg.c */
extern void qr_fit_reset(QrFit *fit);
extern void qr_scale_rows(QrFit *fit, QrRows *rows);
extern void qr_keep_columns(QrFit *fit, const bool *dependent, int rank);
extern void qr_solve_rows(QrFit *fit, QrRows *rows, QrVertex *vertex);

#endif							/* MLPG_QUANTREG_INTERNAL_H */
