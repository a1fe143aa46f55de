/*-------------------------------------------------------------------------
 *
 * spread.h
 *	  How far a new row may be from the prediction of a least squares model.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_SPREAD_H
#define MLPG_SPREAD_H

#include "core/learners/affine/affine.h"
#include "core/math/ddsolve.h"

#define MLPG_SPREAD_TERMS_MAX 1000	/* 4 MB of a model */

/*
 * The factor of a model's spread from w, the inverse of the triangle of its normal
 * equations (w w' is the inverse of the cross-products), whose columns were
 * divided by 2^exponent.  NULL when a number is outside of double precision.
 */
extern double *mlpg_spread_factor(MlpgHost *host, const MlpgSchema *schema, const MlpgDesign *design,
								  const MlpgDdMatrix *w, const int *exponent);

/* The function of the contract, for models with a factor. */
extern double mlpg_affine_spread(MlpgHost *host, const MlpgModel *model, const double *row);

#endif							/* MLPG_SPREAD_H */
