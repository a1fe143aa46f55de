/*-------------------------------------------------------------------------
 *
 * test_quantreg_large.c
 *	  Quantile regression of many rows: on one thread and eight, in any order,
 *	  interrupted, and with a category of many levels.
 *
 *-------------------------------------------------------------------------
 */
#include "quantreg_problems.h"

typedef enum Kind
{
	CONTINUOUS,					/* heavy tailed errors that grow with a column */
	ZERO_INFLATED,				/* 60 % of the target is zero */
	COUNTS,						/* small integers everywhere */
	PERFECT,					/* no error at all */
	RARE						/* an indicator of five rows, one that never occurs, and dependent columns */
} Kind;

static void
make_data(Kind kind, int64_t n, int p, double *x, double *y)
{
	seed = 20240501 + (uint64_t) kind;
	for (int64_t i = 0; i < n; i++)
	{
		double	   *row = x + i * p;
		double		e = normal();

		row[0] = 1;
		for (int j = 1; j < p; j++)
			row[j] = kind == COUNTS ? below(3) : normal();
		switch (kind)
		{
			case CONTINUOUS:
			case RARE:
				row[1] = exp(row[1]);
				y[i] = row[1] + row[2] + e * row[1] / (0.1 + uniform());
				if (kind == CONTINUOUS)
					break;
				row[p - 3] = i % (n / 5) == 17;
				row[p - 2] = 0;
				row[p - 1] = row[1] - 2 * row[2] + row[p - 3];
				y[i] += 3 * row[p - 3];
				break;
			case ZERO_INFLATED:
				y[i] = uniform() < 0.6 ? 0 : exp(e + 0.3 * row[1]);
				break;
			case COUNTS:
				y[i] = floor(-3 * log(uniform()) * (1 + row[1]));
				break;
			case PERFECT:
				y[i] = 2 - row[1] + 0.5 * row[2];
				break;
		}
	}
}

#define LARGE_N 60000
#define LARGE_P 7

static void
test_large(MlpgHost *host, MlpgHost *host8)
{
	double	   *x = malloc(sizeof(double) * LARGE_N * LARGE_P);
	double	   *y = malloc(sizeof(double) * LARGE_N);
	MlpgQuantregProblem problem = {LARGE_N, LARGE_P, x, LARGE_P, y, NULL};

	for (Kind kind = CONTINUOUS; kind <= RARE; kind++)
		for (double tau = 0.25; tau < 1; tau += 0.25)
		{
			MlpgQuantregResult result,
						result8;
			double		b[LARGE_P];
			bool		better = false;

			make_data(kind, LARGE_N, LARGE_P, x, y);
			mlpg_quantreg_solve(host, &problem, tau, &result);
			mlpg_quantreg_solve(host8, &problem, tau, &result8);
			CHECK(result.converged && fabs(result.gap) < 1e-12);
			CHECK(memcmp(result.coefficients, result8.coefficients, sizeof(b)) == 0 &&
				  memcmp(result.basis, result8.basis, sizeof(int64_t) * (size_t) result.rank) == 0 &&
				  memcmp(&result.objective, &result8.objective, sizeof(double)) == 0 &&
				  memcmp(&result.gap, &result8.gap, sizeof(double)) == 0);
			CHECK_CLOSE(result.objective, kind == PERFECT ? result.objective : loss(&problem, tau, result.coefficients), 1e-12);
			if (kind == CONTINUOUS || kind == RARE)
				CHECK(result.unique && certified(&problem, tau, &result));
			if (kind == CONTINUOUS)
				CHECK(result.rounds > 0);	/* the path that this test is about */
			if (kind == PERFECT)
				CHECK(result.unique && result.objective < 1e-9);
			if (kind == RARE)
			{
				CHECK(result.rank == LARGE_P - 2 && !result.dropped[LARGE_P - 3]);
				CHECK(result.dropped[LARGE_P - 2] && result.dropped[LARGE_P - 1]);
			}
			for (int k = 0; k < 3 * LARGE_P && kind != PERFECT; k++)
			{
				memcpy(b, result.coefficients, sizeof(b));
				b[k % LARGE_P] += (k < LARGE_P ? 1e-4 : -1e-4) * (k < 2 * LARGE_P ? 1 : 100);
				better = better || loss(&problem, tau, b) < result.objective * (1 - 1e-12);
			}
			CHECK(!better);
			harness_reset(host);
			harness_reset(host8);
		}
	free(x);
	free(y);
}

/* The same rows in another order and with weights that repeat rows: the same coefficients, bit for bit. */
static void
test_order(MlpgHost *host)
{
	enum
	{
		N = 30000, P = 5
	};
	double	   *x = malloc(sizeof(double) * N * P * 2);
	double	   *y = malloc(sizeof(double) * N * 2);
	double	   *w = malloc(sizeof(double) * N);
	double	   *shuffled = malloc(sizeof(double) * N * P);
	double	   *target = malloc(sizeof(double) * N);
	MlpgQuantregProblem problem = {N, P, x, P, y, NULL};
	MlpgQuantregResult first,
				second;

	make_data(CONTINUOUS, N, P, x, y);
	mlpg_quantreg_solve(host, &problem, 0.8, &first);
	for (int i = 0; i < N; i++)
	{
		int			from = (int) (((int64_t) i * 7919 + 13) % N);

		memcpy(shuffled + i * P, x + from * P, sizeof(double) * P);
		target[i] = y[from];
	}
	problem.x = shuffled;
	problem.y = target;
	mlpg_quantreg_solve(host, &problem, 0.8, &second);
	CHECK(first.unique && memcmp(first.coefficients, second.coefficients, sizeof(double) * P) == 0);

	/* rows 0, 3, 6, ... twice: by weight 2 and by repeating them */
	for (int i = 0; i < N; i++)
	{
		w[i] = i % 3 == 0 ? 2 : (i % 3 == 1 ? 1 : 0);
		if (i % 3 == 2)
		{
			memcpy(shuffled + i * P, x + (i - 2) * P, sizeof(double) * P);
			target[i] = y[i - 2];
		}
		else
		{
			memcpy(shuffled + i * P, x + i * P, sizeof(double) * P);
			target[i] = y[i];
		}
	}
	mlpg_quantreg_solve(host, &problem, 0.8, &first);
	problem = (MlpgQuantregProblem) {N, P, x, P, y, w};
	mlpg_quantreg_solve(host, &problem, 0.8, &second);
	CHECK(second.converged && certified(&problem, 0.8, &second));
	CHECK_CLOSE(first.objective, second.objective, 1e-12);
	for (int j = 0; j < P; j++)
		CHECK_CLOSE(first.coefficients[j], second.coefficients[j], 1e-9);
	free(x);
	free(y);
	free(w);
	free(shuffled);
	free(target);
	harness_reset(host);
}

static bool
raises(MlpgHost *host, const MlpgQuantregProblem *problem, MlpgErrorCode code)
{
	MlpgQuantregResult result;
	bool		raised;

	HARNESS_TRY(host, raised, mlpg_quantreg_solve(host, problem, 0.5, &result));
	return raised && harness_code(host) == code;
}

/* Every check may cancel and every allocation may fail; neither leaves more than the arena behind. */
static void
test_interruption(MlpgHost *host)
{
	enum
	{
		N = 20000, P = 4
	};
	double	   *x = malloc(sizeof(double) * N * P);
	double	   *y = malloc(sizeof(double) * N);
	MlpgQuantregProblem problem = {N, P, x, P, y, NULL};
	MlpgQuantregResult result;
	int64_t		checks,
				allocations;
	int			raised_checks = 0,
				raised_allocations = 0,
				asked = 0;

	make_data(CONTINUOUS, N, P, x, y);
	harness_reset(host);
	checks = harness_checks(host);
	mlpg_quantreg_solve(host, &problem, 0.5, &result);
	checks = harness_checks(host) - checks;
	allocations = harness_allocations(host);
	mlpg_quantreg_release(host, &result);
	CHECK(host->in_use == 0);
	CHECK(checks >= 20);
	for (int64_t k = 1; k <= checks; k += 1 + checks / 40)
	{
		harness_reset(host);
		harness_cancel_at_check(host, k);
		raised_checks += raises(host, &problem, MLPG_INTERNAL);
		asked++;
	}
	harness_cancel_at_check(host, 0);
	CHECK_INT(raised_checks, asked);
	asked = 0;
	for (int64_t k = 1; k <= allocations; k += 1 + allocations / 60)
	{
		harness_reset(host);
		harness_fail_allocation(host, k);
		raised_allocations += raises(host, &problem, MLPG_LIMIT_EXCEEDED);
		asked++;
	}
	harness_fail_allocation(host, 0);
	CHECK_INT(raised_allocations, asked);
	harness_reset(host);
	free(x);
	free(y);
}

/* A category of many levels beside numbers: the middle road between few and many rows. */
static void
test_levels(MlpgHost *host)
{
	enum
	{
		N = 4000, P = 82
	};
	double	   *x = calloc(N * P, sizeof(double));
	double	   *y = malloc(sizeof(double) * N);
	MlpgQuantregProblem problem = {N, P, x, P, y, NULL};
	MlpgQuantregResult result;

	seed = 5;
	for (int i = 0; i < N; i++)
	{
		int			level = below(80);

		x[i * P] = 1;
		if (level > 0)
			x[i * P + level] = 1;
		x[i * P + 80] = normal();
		x[i * P + 81] = normal();
		y[i] = 0.1 * level + x[i * P + 80] - log(uniform());
	}
	mlpg_quantreg_solve(host, &problem, 0.61803, &result);
	CHECK(result.rank == P && result.unique && certified(&problem, 0.61803, &result));
	for (int i = 0; i < N; i++)
		y[i] = floor(y[i]);
	mlpg_quantreg_solve(host, &problem, 0.5, &result);
	CHECK(result.converged && fabs(result.gap) < 1e-12);
	free(x);
	free(y);
	harness_reset(host);
}

int
main(void)
{
	MlpgHost   *host = harness_host();
	MlpgHost   *host8 = harness_host_threads(8, 0);

	test_large(host, host8);
	test_order(host);
	test_interruption(host);
	test_levels(host);
	harness_free(host);
	harness_free(host8);
	return harness_done();
}
