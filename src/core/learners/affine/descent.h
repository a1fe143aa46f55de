/*-------------------------------------------------------------------------
 *
 * descent.h
 *	  Coordinate descent on a quadratic with an elastic net penalty.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_DESCENT_H
#define MLPG_DESCENT_H

#include "core/host.h"

/*
 * The smooth part about a reference point, g'd + d'Hd / 2, and the penalty of each term,
 * l1 |b| + l2 b^2 / 2.  A term with an infinite l1 that is zero stays zero.  The intercept is
 * term 0, without a penalty; it follows the other terms at once (is profiled out).
 */
typedef struct MlpgQuadratic
{
	int			n_terms;
	bool		intercept;
	const double *reference;	/* n_terms */
	const double *gradient;		/* n_terms, at the reference */
	const double *l1;			/* n_terms */
	const double *l2;
	double		tolerance;		/* descent ends when no h d^2 of a sweep reaches it */
	int			max_sweeps;
} MlpgQuadratic;

/* What a descent came to, beside b. */
typedef struct MlpgDescent
{
	double		step;			/* largest h (b - reference)^2 of a term */
	double		smooth;			/* g'd + d'Hd / 2 at b */
	int			sweeps;
	bool		converged;
} MlpgDescent;

/* H, for few terms. */
typedef struct MlpgGram
{
	int			n_terms;
	int			lda;			/* doubles from row to row */
	bool		intercept;
	double	   *h;				/* n_terms x lda, symmetric; the intercept taken out of the other terms */
	double	   *center;			/* n_terms: what the intercept gives up when the term gains 1 */
	double		weight;			/* H of the intercept */
} MlpgGram;

/* From the lower triangle of H, in place. */
extern void mlpg_gram_prepare(MlpgGram *gram);

/* b: where to start, then the minimum; work: n_terms. */
extern void mlpg_descend_gram(MlpgHost *host, const MlpgQuadratic *quadratic, const MlpgGram *gram,
							  double *b, double *work, MlpgDescent *result);

/* A column of the design: values at all rows, or at some, or ones at some. */
typedef struct MlpgColumn
{
	int			term;
	int64_t		n;				/* values */
	uint32_t   *row;			/* ascending; NULL: all rows */
	double	   *value;			/* NULL: ones */
} MlpgColumn;

/* H = X' diag(v) X, for many terms: the columns that take part. */
typedef struct MlpgCurvature
{
	int64_t		n_rows;
	const double *v;			/* n_rows */
	int			n_columns;
	const MlpgColumn *column;	/* never the intercept's */
	double	   *square;			/* n_columns: H of the column, the intercept taken out */
	double	   *center;			/* n_columns */
	double		weight;			/* H of the intercept; 0: there is none */
} MlpgCurvature;

/* Sets square and center of the columns from first on, and, if first is 0, weight. */
extern void mlpg_curvature_measure(MlpgHost *host, MlpgCurvature *curvature, bool intercept, int first);

/*
 * The same with u, by row, instead of the gradient: g = -X'u.  u is changed.
 * b: the reference, then the minimum.
 */
extern void mlpg_descend_columns(MlpgHost *host, const MlpgQuadratic *quadratic, const MlpgCurvature *curvature,
								 double *u, double *b, MlpgDescent *result);

#endif							/* MLPG_DESCENT_H */
