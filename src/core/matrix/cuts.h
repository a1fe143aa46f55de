/*-------------------------------------------------------------------------
 *
 * cuts.h
 *	  Where one feature is cut into bins: between bins.c and cuts.c.
 *
 * For pool tasks: no host.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_CUTS_H
#define MLPG_CUTS_H

#include "core/host.h"

#define MLPG_CUTS_MAX 255		/* value bins of a feature */
#define MLPG_CUTS_ZERO 1e-35	/* what is no larger counts as zero, as in LightGBM (1e-35f there) */

/* The distinct keys (sort.h) of a sorted list, in place, with their counts; returns their number. */
extern int64_t mlpg_cuts_distinct(uint64_t *key, uint64_t *count, int64_t n);

/*
 * Upper bounds of at most max_bin bins, each of min_data or more values where
 * that can be; the last bound is infinite.  Returns their number, 0 for n = 0.
 */
extern int	mlpg_cuts_numbers(const uint64_t *key, const uint64_t *count, int64_t n, int max_bin, int min_data, double *cut);

/*
 * The categories that get a bin of their own, most frequent first: at most
 * max_bin, or as many more (254 at most) as hold 99 % of the rows.  key[i] is a
 * code here; both arrays are used up.
 */
extern int	mlpg_cuts_categories(uint64_t *key, uint64_t *count, int64_t n, int max_bin, int min_data, int32_t *code);

#endif							/* MLPG_CUTS_H */
