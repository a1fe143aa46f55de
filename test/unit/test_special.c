/*-------------------------------------------------------------------------
 *
 * test_special.c
 *	  Logarithm of the gamma function and its derivatives against R 4.2.2
 *	  (lgamma, digamma, trigamma); Cholesky against what it must undo.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

#include "core/math/cholesky.h"
#include "core/math/special.h"

/* x, lgamma(x), digamma(x), trigamma(x) */
static const double values[][4] = {
	{0.001, 6.9071788853838534, -1000.5755719318104, 1000001.6425331959},
	{0.29999999999999999, 1.0957979948180756, -3.5025242222001323, 12.245364546107732},
	{1, 0, -0.57721566490153231, 1.6449340668482264},
	{1.46, -0.12148500100400739, -0.0015805619870832288, 0.96911962150988784},
	{5, 3.1780538303479458, 1.5061176684318007, 0.22132295573711527},
	{11.9, 17.258477450595525, 2.4339335368825377, 0.087663201190004189},
	{12, 17.50230784587389, 2.4426616799758119, 0.086901872871768385},
	{100, 359.1342053695754, 4.6001618527380881, 0.010050166663333566},
	{1000000, 12815504.569147611, 13.81551005796419, 1.0000005000001672e-06},
};

static void
test_gamma(void)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
	{
		CHECK(fabs(mlpg_log_gamma(values[i][0]) - values[i][1]) <= 1e-14 * (1 + fabs(values[i][1])));
		CHECK(fabs(mlpg_digamma(values[i][0]) - values[i][2]) <= 2e-15 * (1 + fabs(values[i][2])));
		CHECK_CLOSE(mlpg_trigamma(values[i][0]), values[i][3], 2e-15);
	}
	CHECK(isnan(mlpg_digamma(0)) && isnan(mlpg_digamma(-1)) && isnan(mlpg_trigamma(0)) && isnan(mlpg_digamma(NAN)));
}

/* A = X'X of random X, columns of any size, some of which depend on others or are left out. */
static void
test_cholesky(int n, bool dependent)
{
	MlpgHost   *host = harness_host();
	MlpgCholesky *c = mlpg_cholesky_create(host, n);
	size_t		size = (size_t) n;
	double	   *x = mlpg_allocate(host, (2 * size + 1) * size, sizeof(double)),
			   *a = mlpg_allocate(host, size * size, sizeof(double)),
			   *b = mlpg_allocate(host, size, sizeof(double)),
			   *solution = mlpg_allocate(host, size, sizeof(double)),
			   *inverse;
	bool	   *out = mlpg_allocate(host, size, sizeof(bool));
	uint64_t	random = 6;
	int			dropped = 0;
	double		worst = 0;

	for (int i = 0; i < 2 * n; i++)
		for (int j = 0; j < n; j++)
			x[i * n + j] = dependent && j % 5 == 4 ? 2 * x[i * n + j - 1] - x[i * n + j - 4] : ldexp(test_normal(&random), j % 7 * 20);
	for (int i = 0; i < n; i++)
		for (int j = 0; j <= i; j++)
		{
			for (int r = 0; r < 2 * n; r++)
				a[i * n + j] += x[r * n + i] * x[r * n + j];
			a[j * n + i] = c->l[i * c->stride + j] = a[i * n + j];
		}
	out[0] = dependent;
	mlpg_cholesky_factor(host, c, out, 1e-10);
	for (int j = 0; j < n; j++)
	{
		dropped += c->dropped[j];
		b[j] = solution[j] = ldexp(test_normal(&random), j % 7 * 20);
		if (!dependent || (j > 0 && j % 5 != 4))
			CHECK(!c->dropped[j]);
	}
	CHECK_INT(c->rank, n - dropped);
	CHECK(dropped == 0 || (dependent && c->dropped[0]));
	mlpg_cholesky_solve(c, solution);
	for (int i = 0; i < n; i++)
	{
		double		sum = 0,
					largest = fabs(b[i]);

		if (c->dropped[i])
		{
			CHECK(solution[i] == 0);
			continue;
		}
		for (int j = 0; j < n; j++)
		{
			sum += a[i * n + j] * solution[j];
			largest = fmax(largest, fabs(a[i * n + j] * solution[j]));
		}
		worst = fmax(worst, fabs(sum - b[i]) / largest);
	}
	CHECK(worst < 1e-12);
	inverse = mlpg_cholesky_inverse(host, c);
	worst = 0;
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
		{
			double		sum = 0;

			for (int k = 0; k < n; k++)
				sum += a[i * n + k] / sqrt(a[i * n + i]) * inverse[k * c->stride + j] * sqrt(a[j * n + j]);
			if (!c->dropped[i] && !c->dropped[j])
				worst = fmax(worst, fabs(sum - (i == j)));
		}
	CHECK(worst < 1e-9);
	mlpg_cholesky_release(host, c);
	harness_free(host);
}

int
main(void)
{
	test_gamma();
	for (int n = 1; n < 80; n += 1 + n / 3)
	{
		test_cholesky(n, false);
		test_cholesky(n, true);
	}
	return harness_done();
}
