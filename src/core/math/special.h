/*-------------------------------------------------------------------------
 *
 * special.h
 *	  The logarithm of the gamma function and its derivatives.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_SPECIAL_H
#define MLPG_SPECIAL_H

/* For x > 0; may run in any thread. */
extern double mlpg_log_gamma(double x);
extern double mlpg_digamma(double x);
extern double mlpg_trigamma(double x);

#endif							/* MLPG_SPECIAL_H */
