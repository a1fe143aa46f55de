/*-------------------------------------------------------------------------
 *
 * dist.h
 *	  Distribution functions that tests of coefficients need.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_DIST_H
#define MLPG_DIST_H

/* Regularised incomplete beta function I_x(a, b), a, b > 0, 0 <= x <= 1. */
extern double mlpg_incomplete_beta(double a, double b, double x);

/* P(|T| >= |t|) for Student's t with df > 0 degrees of freedom; infinite: the normal distribution. */
extern double mlpg_student_two_sided(double t, double df);

/* P(F >= f) for Fisher's F. */
extern double mlpg_f_upper(double f, double df1, double df2);

/* Quantile of Student's t: x with P(T <= x) = p, 0 < p < 1. */
extern double mlpg_student_quantile(double p, double df);

#endif							/* MLPG_DIST_H */
