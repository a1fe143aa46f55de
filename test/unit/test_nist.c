/*-------------------------------------------------------------------------
 *
 * test_nist.c
 *	  Learner "linear" on the certified problems of NIST (nist_data.h): in any
 *	  order of the rows, and merged from four states.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

#include "exact.h"
#include "nist_data.h"

#define ORDERS 100
#define COPIES 120				/* of each row where states are merged, so that each holds whole blocks */

/* Digits to be had of the worst coefficient, of the worst standard error, of R squared. */
typedef struct Floor
{
	const char *name;
	double		estimate;
	double		std_error;
	double		r_squared;
} Floor;

static const Floor floors[] = {
	{"norris", 13, 13, 13},
	{"pontius", 12.5, 13, 13},
	{"noint1", 14.5, 14.5, 14},
	{"noint2", 14.5, 14.5, 14},
	{"longley", 13.5, 14, 14},
	{"filip", 7, 7, 11},
	{"wampler1", 14, 0, 14},
	{"wampler2", 12.5, 0, 14},
	{"wampler3", 14, 14, 14},
	{"wampler4", 14, 14, 14},
	{"wampler5", 14, 14, 13},
};

/* The rows in the given order, each as often as asked, columns and target. */
static double *
nist_rows(MlpgHost *host, const NistProblem *p, const int *order, int n)
{
	int			d = p->n_columns + 1;
	double	   *rows = mlpg_allocate(host, (size_t) n * (size_t) d, sizeof(double));

	for (int i = 0; i < n; i++)
	{
		int			source = order[i] % p->n_rows;

		for (int j = 0; j < p->n_columns; j++)
			rows[i * d + j] = p->polynomial ? pow(p->x[source], j + 1) : p->x[source * p->n_columns + j];
		rows[i * d + d - 1] = p->y[source];
	}
	return rows;
}

static MlpgPlan *
nist_plan(MlpgHost *host, const NistProblem *p)
{
	MlpgPlan   *plan = test_plan(host, "linear", p->n_columns, NULL, false);

	if (!p->intercept)
		mlpg_params_set(host, plan->params, "intercept", "false");
	return plan;
}

/* Keeps the fewest digits seen. copies: how often each row was given. */
static void
nist_compare(MlpgHost *host, const NistProblem *p, const MlpgModel *model, int copies, Floor *worst)
{
	int			n;
	MlpgCoefficient *c = test_coefficients(host, model, &n);
	int			t = p->n_columns + (p->intercept ? 1 : 0);
	double		df = p->n_rows - t;
	double		factor = sqrt(df / ((double) p->n_rows * copies - t));

	worst->estimate = fmin(worst->estimate, n == t ? 16 : 0);
	for (int j = 0; j < t && j < n; j++)
	{
		worst->estimate = fmin(worst->estimate, test_digits(c[j].estimate, p->estimate[j]));
		if (p->residual_sd > 0)
			worst->std_error = fmin(worst->std_error, test_digits(c[j].std_error, p->std_error[j] * factor));
	}
	worst->r_squared = fmin(worst->r_squared,
							test_digits(test_fact(model, p->intercept ? "r_squared" : "r_squared_about_zero"), p->r_squared));
	if (p->residual_sd > 0 && copies == 1)
		worst->std_error = fmin(worst->std_error, test_digits(test_fact(model, "residual_std_error"), p->residual_sd));
	/* none of these problems is singular for the 106 bits at hand */
	if (test_warning(model, "") != NULL)
		worst->estimate = 0;
}

static void
nist_any_order(const NistProblem *p, Floor *worst)
{
	int			order[128];

	for (int seed = 0; seed < ORDERS; seed++)
	{
		MlpgHost   *host = harness_host();

		test_shuffle(order, p->n_rows, (uint64_t) seed);
		nist_compare(host, p, test_fit(host, nist_plan(host, p), nist_rows(host, p, order, p->n_rows), p->n_rows), 1, worst);
		harness_free(host);
	}
}

/* Each row many times, cut at random into four states, (1 + 2) + (3 + 4). */
static void
nist_merged(const NistProblem *p, Floor *worst)
{
	int			n = p->n_rows * COPIES;
	int		   *order = malloc((size_t) n * sizeof(int));

	for (uint64_t seed = 0; seed < 6; seed++)
	{
		MlpgHost   *host = harness_host();
		MlpgPlan   *plan = nist_plan(host, p);
		uint64_t	random = seed;
		int			cut[5] = {0, 0, n / 2, 0, n};
		MlpgFit		fit[4];
		double	   *rows;

		cut[1] = (int) (test_random(&random) % (uint64_t) (n / 2));
		cut[3] = n / 2 + (int) (test_random(&random) % (uint64_t) (n - n / 2));
		test_shuffle(order, n, seed + 1000);
		rows = nist_rows(host, p, order, n);
		for (int k = 0; k < 4; k++)
		{
			mlpg_fit_init(host, &fit[k], plan);
			test_feed(host, &fit[k], rows + (size_t) cut[k] * (size_t) (p->n_columns + 1), cut[k + 1] - cut[k]);
		}
		mlpg_fit_combine(host, &fit[0], &fit[1]);
		mlpg_fit_combine(host, &fit[2], &fit[3]);
		mlpg_fit_combine(host, &fit[0], &fit[2]);
		if (n > 4000)
			CHECK(fit[0].state != NULL);
		CHECK_INT(fit[0].n_rows, n);
		nist_compare(host, p, test_open(host, test_finish(host, &fit[0])), COPIES, worst);
		harness_free(host);
	}
	free(order);
}

/* The reference of the other tests, on problems whose data are exact in double: Wampler 3 to 5. */
static void
test_reference(void)
{
	for (int k = 0; k < N_NIST_PROBLEMS; k++)
	{
		const NistProblem *p = &nist_problems[k];
		double		z[21 * 6];
		ExactFit	exact;

		if (p->n_rows != 21 || p->residual_sd == 0)
			continue;
		for (int i = 0; i < 21; i++)
			for (int j = 0; j < 6; j++)
				z[i * 6 + j] = pow(p->x[i], j);
		exact_fit(z, p->y, NULL, NULL, 21, 6, 15, &exact);
		for (int j = 0; j < 6; j++)
		{
			CHECK_CLOSE(exact.b[j], p->estimate[j], 1e-15);
			CHECK_CLOSE(exact.se[j], p->std_error[j], 1e-15);
		}
	}
}

static void
test_nist(void)
{
	for (int k = 0; k < N_NIST_PROBLEMS; k++)
	{
		const NistProblem *p = &nist_problems[k];
		const Floor *floor = &floors[k];
		Floor		any = {p->name, 16, 16, 16};
		Floor		merged = {p->name, 16, 16, 16};

		CHECK_TEXT(floor->name, p->name);
		nist_any_order(p, &any);
		nist_merged(p, &merged);
		harness_note("%s: correct digits of coefficients %.1f (merged %.1f), standard errors %.1f (%.1f), R squared %.1f (%.1f)",
					 p->name, any.estimate, merged.estimate, any.std_error, merged.std_error, any.r_squared, merged.r_squared);
		CHECK(any.estimate >= floor->estimate);
		CHECK(any.std_error >= floor->std_error);
		CHECK(any.r_squared >= floor->r_squared);
		CHECK(merged.estimate >= floor->estimate);
		CHECK(merged.std_error >= floor->std_error);
		CHECK(merged.r_squared >= floor->r_squared);
	}
}

int
main(void)
{
	test_reference();
	test_nist();
	return harness_done();
}
