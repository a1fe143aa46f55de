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

#endif							/* MLPG_EXP_H */
