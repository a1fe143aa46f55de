/*
 * Blocks of logistic loss: against log1p and exp of long double, row by row, and the variant with
 * vectors against the one without, bit for bit.
 */
#include "models.h"

#include "core/math/logit.h"

static void
test_block(int n, int weights, double size, uint64_t seed)
{
	double		y[MLPG_LOGIT_ROWS] = {0},
				w[MLPG_LOGIT_ROWS] = {0},
				eta[MLPG_LOGIT_ROWS],
				a[MLPG_LOGIT_ROWS],
				b[MLPG_LOGIT_ROWS],
				slope_a[MLPG_LOGIT_ROWS],
				slope_b[MLPG_LOGIT_ROWS];
	const double *given = weights == 0 ? NULL : w;
	long double loss = 0;
	double		worst = 0;

	for (int i = 0; i < n; i++)
	{
		y[i] = (double) (test_random(&seed) % 2);
		w[i] = weights == 1 ? (double) (test_random(&seed) % 2) : test_uniform(&seed) * 3;
		eta[i] = i == 0 ? 0 : test_normal(&seed) * size;
		a[i] = b[i] = eta[i];
	}

	double		loss_a = mlpg_logit_block(y, given, n, a, slope_a);
	double		loss_b = mlpg_logit_block_portable(y, given, n, b, slope_b);

	for (int i = 0; i < n; i++)
	{
		long double p = 1 / (1 + expl(-(long double) eta[i]));
		long double curvature = expl(-fabsl(eta[i])) / ((1 + expl(-fabsl(eta[i]))) * (1 + expl(-fabsl(eta[i]))));

		loss += (given ? w[i] : 1) * (log1pl(expl(-fabsl(eta[i]))) + fmaxl(eta[i], 0) - (long double) y[i] * eta[i]);
		worst = fmax(worst, (double) fabsl(a[i] - (p - y[i])));
		worst = fmax(worst, (double) fabsl(slope_a[i] - fmaxl(curvature, MLPG_LOGIT_LEAST_SLOPE)));
	}
	CHECK(worst < 1e-15);
	CHECK(fabsl(loss_a - loss) < 1e-15 * (n + loss));	/* of rows that are almost certain nothing is left */
	CHECK(memcmp(&loss_a, &loss_b, sizeof(double)) == 0);
	CHECK(memcmp(a, b, (size_t) n * sizeof(double)) == 0 && memcmp(slope_a, slope_b, (size_t) n * sizeof(double)) == 0);
}

int
main(void)
{
	for (int weights = 0; weights < 3; weights++)
		for (int n = 1; n <= MLPG_LOGIT_ROWS; n += n < 12 ? 1 : 125)
			for (int k = 0; k < 3; k++)
				test_block(n, weights, pow(20, k), (uint64_t) (n * 10 + k));
	return harness_done();
}
