/*-------------------------------------------------------------------------
 *
 * exp.h
 *	  The exponential function, the same bits on every machine.
 *
 * See exp.c: error about 1 unit in the last place; scalar and vector variants
 * agree bit for bit.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_EXP_H
#define MLPG_EXP_H

#include "core/host.h"

extern double mlpg_exp(double x);

/* out[i] = mlpg_exp(x[i]); out may be x. */
extern void mlpg_exp_block(const double *x, int64_t n, double *out);
extern void mlpg_exp_block_portable(const double *x, int64_t n, double *out);	/* for the tests */

/* x[i] = log(1 + x[i]), 0 <= x[i] <= 1. */
extern void mlpg_log_one_plus_block(double *x, int64_t n);
extern void mlpg_log_one_plus_block_portable(double *x, int64_t n);	/* for the tests */

#endif							/* MLPG_EXP_H */
