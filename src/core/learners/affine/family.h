/*-------------------------------------------------------------------------
 *
 * family.h
 *	  Distributions of generalised linear models: variance, deviance, likelihood.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_FAMILY_H
#define MLPG_FAMILY_H

#include "core/learners/affine/link.h"

typedef enum MlpgFamilyId
{
	MLPG_FAMILY_GAUSSIAN,
	MLPG_FAMILY_BINOMIAL,
	MLPG_FAMILY_POISSON,
	MLPG_FAMILY_NEGATIVE_BINOMIAL,
	MLPG_FAMILY_GAMMA,
	MLPG_FAMILY_INVERSE_GAUSSIAN,
	MLPG_FAMILY_TWEEDIE
} MlpgFamilyId;
#define MLPG_FAMILIES 7

typedef struct MlpgFamily
{
	MlpgFamilyId id;
	MlpgLinked	link;
	double		theta;			/* negative binomial: variance mu + mu^2 / theta */
	double		power;			/* tweedie: variance mu^power, 1 < power < 2 */
} MlpgFamily;

extern const char *mlpg_family_name(MlpgFamilyId id);
extern int	mlpg_family_find(const char *name); /* -1: there is no such family */

/* The link that a family has if none is asked for, and whether it has one. */
extern MlpgLinked mlpg_family_default_link(const MlpgFamily *family);
extern bool mlpg_family_has_link(MlpgFamilyId id, MlpgAffineLink link);

/* The dispersion is 1, not to be estimated. */
extern bool mlpg_family_is_fixed(MlpgFamilyId id);

/* Raises MLPG_DATA_EXCEPTION when a target, of a row of any weight, is outside the domain. */
extern void mlpg_family_check_target(MlpgHost *host, const MlpgFamily *family, const double *y, const double *w, int64_t n);

/* A mean to start from, of one target. */
extern double mlpg_family_start(const MlpgFamily *family, double y, double w);

/* What rows add up to. */
typedef struct MlpgFamilySums
{
	double		deviance;
	double		pearson;		/* sum w (y - mu)^2 / V(mu) */
	double		invalid;		/* rows whose mean is none */
	double		extreme;		/* rows whose mean is at the bound, e^-30 or less, ... */
	double		near;			/* ... or 1e-8 */
	double		size;			/* sum weight * eta^2 */
	double		information;	/* sum weight */
} MlpgFamilySums;
#define MLPG_FAMILY_SUMS ((int) (sizeof(MlpgFamilySums) / sizeof(double)))

/*
 * Of n <= MLPG_FAMILY_BLOCK rows with linear predictor eta: score[i] = d(-deviance / 2) / d eta and
 * weight[i] = the expected second derivative, both by weight (w may be NULL); sums are added to.  For pool tasks.
 */
#define MLPG_FAMILY_BLOCK 256
extern void mlpg_family_work(const MlpgFamily *family, int n, const double *y, const double *w, const double *eta,
							 double *score, double *weight, MlpgFamilySums *sums);

/* Sum of the weighted log likelihood of n <= MLPG_FAMILY_BLOCK rows; NaN for tweedie.  For pool tasks. */
extern double mlpg_family_log_likelihood(const MlpgFamily *family, double dispersion, int n, const double *y, const double *w,
										 const double *eta);

#endif							/* MLPG_FAMILY_H */
