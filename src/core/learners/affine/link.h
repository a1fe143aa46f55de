/*-------------------------------------------------------------------------
 *
 * link.h
 *	  Links: from the linear predictor to the mean, and back.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_LINK_H
#define MLPG_LINK_H

#include "core/host.h"

/* On disk: pinned, never reused. */
typedef enum MlpgAffineLink
{
	MLPG_AFFINE_IDENTITY = 0,
	MLPG_AFFINE_LOG = 1,
	MLPG_AFFINE_INVERSE = 2,	/* 1 / mu */
	MLPG_AFFINE_INVERSE_SQUARE = 3, /* 1 / mu^2 */
	MLPG_AFFINE_SQRT = 4,
	MLPG_AFFINE_LOGIT = 5,
	MLPG_AFFINE_PROBIT = 6,
	MLPG_AFFINE_CLOGLOG = 7,
	MLPG_AFFINE_SOFTMAX = 8,	/* over all outputs */
	MLPG_AFFINE_POWER = 9		/* mu^power */
} MlpgAffineLink;
#define MLPG_AFFINE_LINKS 10

/* A link with its parameter. */
typedef struct MlpgLinked
{
	MlpgAffineLink id;
	double		power;			/* of MLPG_AFFINE_POWER, else 0 */
} MlpgLinked;

/* "identity", "log", ...; -1: there is no such link */
extern const char *mlpg_link_name(MlpgAffineLink link);
extern int	mlpg_link_find(const char *name);

/* eta of mu; not softmax. */
extern double mlpg_link_eta(MlpgLinked link, double mu);

/* mu of n eta, and, if slope is not NULL, d mu / d eta; out may be eta itself.  For pool tasks; not softmax. */
extern void mlpg_link_mean(MlpgLinked link, const double *eta, int64_t n, double *mu, double *slope);

/* Predictions of rows of n_outputs raw scores each, in place: NaN stays, and nothing is infinite. */
extern void mlpg_link_predict(MlpgLinked link, int n_outputs, int64_t n_rows, double *score);

#endif							/* MLPG_LINK_H */
