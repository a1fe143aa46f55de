/*-------------------------------------------------------------------------
 *
 * test_columns.c
 *	  The kernels of columns.c: against their definition, and this processor's
 *	  against those of any, bit for bit.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

#include "core/math/columns.h"

#define WIDTH 133

static void
fill(uint64_t *random, double *row, int n, double missing)
{
	for (int k = 0; k < n; k++)
		row[k] = test_uniform(random) < missing ? NAN : ldexp(test_uniform(random) - 0.5, (int) (test_random(random) % 80) - 40);
}

static bool
equal(const double *a, const double *b, int n)
{
	return memcmp(a, b, (size_t) n * sizeof(double)) == 0;
}

static void
test_take(void)
{
	const MlpgColumns *fast = mlpg_columns();
	uint64_t	random = 3;
	bool		bits_equal = true,
				noticed = true,
				within = true;

	for (int n = 1; n <= WIDTH; n++)
	{
		double		minimum[2][WIDTH],
					maximum[2][WIDTH],
					z[2][WIDTH],
					row[WIDTH];
		uint32_t	missing[2][WIDTH];

		for (int k = 0; k < n; k++)
		{
			minimum[0][k] = minimum[1][k] = INFINITY;
			maximum[0][k] = maximum[1][k] = -INFINITY;
		}
		for (int i = 0; i < 50; i++)
		{
			int			m = 0;

			fill(&random, row, n, i % 10 == 0 ? 0.9 : 0.05);
			/* in place, as for rows with categories, and from elsewhere */
			memcpy(z[0], row, sizeof(row));
			noticed &= fast->take(i % 2 == 0 ? z[0] : row, n, z[0], minimum[0], maximum[0], 100, missing[0]) ==
				mlpg_columns_portable.take(row, n, z[1], minimum[1], maximum[1], 100, missing[1]);
			for (int k = 0; k < n; k++)
			{
				within &= isnan(row[k]) || (minimum[0][k] <= row[k] && row[k] <= maximum[0][k]);
				noticed &= !isnan(row[k]) || (missing[0][m] == 100 + (uint32_t) k && missing[1][m] == 100 + (uint32_t) k);
				m += isnan(row[k]);
				row[k] = isnan(row[k]) ? 0 : row[k];
			}
			bits_equal &= equal(z[0], row, n) && equal(z[1], row, n);
		}
		bits_equal &= equal(minimum[0], minimum[1], n) && equal(maximum[0], maximum[1], n);
	}
	CHECK(noticed);
	CHECK(within);
	CHECK(bits_equal);
}

static void
test_fill(void)
{
	const MlpgColumns *fast = mlpg_columns();
	uint64_t	random = 6;
	bool		bits_equal = true,
				right = true,
				noticed = true;

	for (int n = 1; n <= WIDTH; n++)
		for (int i = 0; i < 50; i++)
		{
			double		value[WIDTH],
						row[2][WIDTH];
			bool		missing[WIDTH],
						finite = true;

			fill(&random, value, n, 0.01);
			for (int k = 0; k < n; k++)
			{
				missing[k] = test_uniform(&random) < 0.3;
				if (test_uniform(&random) < 0.01)
					value[k] = test_uniform(&random) < 0.5 ? INFINITY : -INFINITY;
				finite &= missing[k] || isfinite(value[k]);
			}
			noticed &= fast->fill(value, missing, n, row[0]) == finite;
			noticed &= mlpg_columns_portable.fill(value, missing, n, row[1]) == finite;
			bits_equal &= equal(row[0], row[1], n);
			for (int k = 0; k < n; k++)
				right &= missing[k] ? isnan(row[0][k]) : memcmp(&row[0][k], &value[k], sizeof(double)) == 0;
		}
	CHECK(noticed);
	CHECK(right);
	CHECK(bits_equal);
}

static void
test_scale(void)
{
	const MlpgColumns *fast = mlpg_columns();
	uint64_t	random = 4;
	double		rows[2][3 * WIDTH],
				first[WIDTH],
				second[WIDTH];
	bool		bits_equal = true,
				rest_untouched = true;

	for (int n = 1; n < WIDTH; n++)
	{
		fill(&random, rows[0], 3 * WIDTH, 0);
		memcpy(rows[1], rows[0], sizeof(rows[0]));
		fill(&random, first, n, 0);
		fill(&random, second, n, 0);

		double		last = rows[0][n];

		fast->scale(rows[0], 3, WIDTH, n, first, second);
		mlpg_columns_portable.scale(rows[1], 3, WIDTH, n, first, second);
		bits_equal &= equal(rows[0], rows[1], 3 * WIDTH);
		rest_untouched &= rows[0][n] == last;
	}
	CHECK(bits_equal);
	CHECK(rest_untouched);
}

static void
test_add(void)
{
	const MlpgColumns *fast = mlpg_columns();
	uint64_t	random = 5;
	bool		bits_equal = true,
				exact = true;

	for (int n = 1; n <= WIDTH; n++)
	{
		double		hi[2][WIDTH] = {{0}},
					lo[2][WIDTH] = {{0}},
					row[WIDTH];

		for (int i = 0; i < 50; i++)
		{
			/* each value comes back with the opposite sign: the sum is zero, if nothing was lost */
			fill(&random, row, n, 0);
			for (int sign = 0; sign < 2; sign++)
			{
				fast->add(row, n, hi[0], lo[0]);
				mlpg_columns_portable.add(row, n, hi[1], lo[1]);
				for (int k = 0; k < n; k++)
					row[k] = -row[k];
			}
			for (int k = 0; k < n; k++)
				exact &= hi[0][k] + lo[0][k] == 0;
		}
		bits_equal &= equal(hi[0], hi[1], n) && equal(lo[0], lo[1], n);
	}
	CHECK(exact);
	CHECK(bits_equal);
}

int
main(void)
{
	test_take();
	test_fill();
	test_scale();
	test_add();
	return harness_done();
}
