/*-------------------------------------------------------------------------
 *
 * dd.h
 *	  Double-double arithmetic: an unevaluated sum of two doubles, about 106 bits.
 *
 * Error-free transformations: Knuth's two-sum (TAOCP 2, 4.2.2), Dekker's fast
 * two-sum (1971) and the product by fused multiply-add; the operations are
 * those of Hida, Li and Bailey, "Library for double-double and quad-double
 * arithmetic" (2007), section 3.  Relative error below 2^-104 an addition, 2^-102
 * a product, a few units more a quotient or root.  Needs strict IEEE: compiled
 * with -ffp-contract=off and never with relaxed flags.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_DD_H
#define MLPG_DD_H

#include <float.h>
#include <math.h>
#include <stdint.h>

typedef struct MlpgDd
{
	double		hi;
	double		lo;
} MlpgDd;

static inline MlpgDd
mlpg_dd(double x)
{
	return (MlpgDd) {x, 0.0};
}

static inline double
mlpg_dd_value(MlpgDd a)
{
	return a.hi + a.lo;
}

/* Exact sum of two doubles. */
static inline MlpgDd
mlpg_two_sum(double a, double b)
{
	double		s = a + b;
	double		v = s - a;

	return (MlpgDd) {s, (a - (s - v)) + (b - v)};
}

/* The same where |a| >= |b|. */
static inline MlpgDd
mlpg_fast_two_sum(double a, double b)
{
	double		s = a + b;

	return (MlpgDd) {s, b - (s - a)};
}

/* Exact product of two doubles (barring underflow). */
static inline MlpgDd
mlpg_two_product(double a, double b)
{
	double		p = a * b;

	return (MlpgDd) {p, fma(a, b, -p)};
}

static inline MlpgDd
mlpg_dd_add(MlpgDd a, MlpgDd b)
{
	MlpgDd		s = mlpg_two_sum(a.hi, b.hi);
	MlpgDd		t = mlpg_two_sum(a.lo, b.lo);

	s.lo += t.hi;
	s = mlpg_fast_two_sum(s.hi, s.lo);
	s.lo += t.lo;
	return mlpg_fast_two_sum(s.hi, s.lo);
}

static inline MlpgDd
mlpg_dd_add_double(MlpgDd a, double b)
{
	MlpgDd		s = mlpg_two_sum(a.hi, b);

	s.lo += a.lo;
	return mlpg_fast_two_sum(s.hi, s.lo);
}

static inline MlpgDd
mlpg_dd_negate(MlpgDd a)
{
	return (MlpgDd) {-a.hi, -a.lo};
}

static inline MlpgDd
mlpg_dd_subtract(MlpgDd a, MlpgDd b)
{
	return mlpg_dd_add(a, mlpg_dd_negate(b));
}

static inline MlpgDd
mlpg_dd_multiply(MlpgDd a, MlpgDd b)
{
	MlpgDd		p = mlpg_two_product(a.hi, b.hi);

	p.lo += a.hi * b.lo + a.lo * b.hi;
	return mlpg_fast_two_sum(p.hi, p.lo);
}

static inline MlpgDd
mlpg_dd_multiply_double(MlpgDd a, double b)
{
	MlpgDd		p = mlpg_two_product(a.hi, b);

	p.lo += a.lo * b;
	return mlpg_fast_two_sum(p.hi, p.lo);
}

static inline MlpgDd
mlpg_dd_divide(MlpgDd a, MlpgDd b)
{
	double		q1 = a.hi / b.hi;
	MlpgDd		r = mlpg_dd_subtract(a, mlpg_dd_multiply_double(b, q1));
	double		q2 = r.hi / b.hi;

	r = mlpg_dd_subtract(r, mlpg_dd_multiply_double(b, q2));
	return mlpg_dd_add_double(mlpg_fast_two_sum(q1, q2), r.hi / b.hi);
}

/* Square root of a > 0 by one Newton step on the double root (Karp's trick). */
static inline MlpgDd
mlpg_dd_sqrt(MlpgDd a)
{
	if (a.hi <= 0)
		return mlpg_dd(0);
	double		x = 1.0 / sqrt(a.hi);
	double		root = a.hi * x;
	MlpgDd		r = mlpg_dd_subtract(a, mlpg_two_product(root, root));

	return mlpg_two_sum(root, r.hi * (x * 0.5));
}

/* Times a power of two: exact unless the result leaves the range. */
static inline MlpgDd
mlpg_dd_scale(MlpgDd a, int exponent)
{
	union
	{
		uint64_t	bits;
		double		value;
	}			power;

	if (exponent < DBL_MIN_EXP - 1 || exponent > DBL_MAX_EXP - 1)
		return (MlpgDd) {ldexp(a.hi, exponent), ldexp(a.lo, exponent)};
	/* the same, without a call */
	power.bits = (uint64_t) (exponent + DBL_MAX_EXP - 1) << (DBL_MANT_DIG - 1);
	return (MlpgDd) {a.hi * power.value, a.lo * power.value};
}

#endif							/* MLPG_DD_H */
