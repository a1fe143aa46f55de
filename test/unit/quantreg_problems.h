/*-------------------------------------------------------------------------
 *
 * quantreg_problems.h
 *	  What the tests of quantile regression share: random numbers, the loss, the
 *	  conditions of optimality.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_TEST_QUANTREG_PROBLEMS_H
#define MLPG_TEST_QUANTREG_PROBLEMS_H

#include "harness.h"

#include "core/math/quantreg.h"

/* xorshift64*, so that the data are the same everywhere */
static uint64_t seed;

static inline uint64_t
random_bits(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * UINT64_C(0x2545F4914F6CDD1D);
}

static inline double
uniform(void)
{
	return ((double) (random_bits() >> 11) + 0.5) / 9007199254740992.0;
}

static inline int
below(int n)
{
	return (int) (uniform() * n);
}

static inline double
normal(void)
{
	double		u = uniform();

	return sqrt(-2 * log(u)) * cos(2 * acos(-1.0) * uniform());
}

static inline double
loss(const MlpgQuantregProblem *problem, double tau, const double *b)
{
	double		sum = 0;

	for (int64_t i = 0; i < problem->n; i++)
	{
		double		r = problem->y[i];

		for (int j = 0; j < problem->p; j++)
			r -= problem->x[i * problem->ldx + j] * b[j];
		sum += (problem->w == NULL ? 1 : problem->w[i]) * r * (tau - (r < 0));
	}
	return sum;
}

/*
 * The optimality conditions, from scratch: the basis is interpolated, its dual
 * values are within bounds, and with the bounds' values at all other rows the
 * dual solution is orthogonal to every column.  For vertices without ties.
 */
static inline bool
certified(const MlpgQuantregProblem *problem, double tau, const MlpgQuantregResult *result)
{
	bool		good = true;

	for (int j = 0; j < problem->p; j++)
	{
		double		sum = 0,
					size = 0;
		int			next = 0;

		for (int64_t i = 0; i < problem->n; i++)
		{
			const double *x = problem->x + i * problem->ldx;
			double		w = problem->w == NULL ? 1 : problem->w[i];
			double		r = problem->y[i],
						scale = fabs(r),
						a;

			for (int k = 0; k < problem->p; k++)
			{
				r -= x[k] * result->coefficients[k];
				scale += fabs(x[k] * result->coefficients[k]);
			}
			if (next < result->rank && result->basis[next] == i)
			{
				a = result->dual[next++];
				good = good && fabs(r) <= 1e-13 * scale && a >= (tau - 1) * w - 1e-9 * w && a <= tau * w + 1e-9 * w;
			}
			else
				a = w * (r > 0 ? tau : tau - 1);
			sum += a * x[j];
			size += fabs(a * x[j]);
		}
		good = good && (result->dropped[j] || fabs(sum) <= 1e-10 * size);
	}
	return good && result->converged && fabs(result->gap) < 1e-12;
}

#endif							/* MLPG_TEST_QUANTREG_PROBLEMS_H */
