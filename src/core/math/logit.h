/*-------------------------------------------------------------------------
 *
 * logit.h
 *	  Loss, gradient and curvature of logistic regression, a block of rows at a time.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_LOGIT_H
#define MLPG_LOGIT_H

#include "core/host.h"

/* Rows of a block, at most. */
#define MLPG_LOGIT_ROWS 512

/* Slopes are not below this, so that a quadratic stays one. */
#define MLPG_LOGIT_LEAST_SLOPE 1e-9

/*
 * Of n rows with targets 0 and 1, weights w (NULL: all 1) and scores eta: the sum of
 * w (log(1 + e^eta) - y eta).  eta becomes p - y, and slope p (1 - p), without the weights.  For pool tasks.
 */
extern double mlpg_logit_block(const double *y, const double *w, int n, double *eta, double *slope);
extern double mlpg_logit_block_portable(const double *y, const double *w, int n, double *eta, double *slope);	/* for the tests */

#endif							/* MLPG_LOGIT_H */
