/*-------------------------------------------------------------------------
 *
 * test_quantile_errors.c
 *	  Standard errors of learner "quantile": those of R quantreg's summary.rq
 *	  (test/golden/quantile_errors.R), and what a bootstrap must be like.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

/* Rows of features, target and weight: those of a problem in the file. */
typedef struct Problem
{
	char		name[40];
	int			n;
	int			p;				/* with the intercept */
	int			weighted;
	double	   *rows;			/* n x (p - 1 features, target, weight if weighted) */
	MlpgModel  *model[2];		/* with iid and nid errors at the level at hand */
	double		tau;
} Problem;

static bool
read_problem(MlpgHost *host, FILE *file, Problem *problem)
{
	int			d;

	if (fscanf(file, " problem %39s %d %d %d", problem->name, &problem->n, &problem->p, &problem->weighted) != 4)
		return false;
	d = problem->p + problem->weighted;
	problem->rows = mlpg_allocate(host, (size_t) problem->n * (size_t) d, sizeof(double));
	for (int i = 0; i < problem->n; i++)
	{
		double		one,
					weight;

		CHECK(fscanf(file, "%lf", &one) == 1 && one == 1);
		for (int j = 0; j < problem->p; j++)
			if (fscanf(file, "%lf", &problem->rows[i * d + j]) != 1)
				return false;
		if (fscanf(file, "%lf", &weight) != 1)
			return false;
		if (problem->weighted)
			problem->rows[i * d + problem->p] = weight;
	}
	return true;
}

static MlpgModel *
fit_with(MlpgHost *host, const Problem *problem, const char *levels, const char *errors, const char *samples)
{
	MlpgPlan   *plan = test_plan(host, "quantile", problem->p - 1, NULL, problem->weighted);

	mlpg_params_set(host, plan->params, "quantile", levels);
	mlpg_params_set(host, plan->params, "std_errors", errors);
	if (samples)
		mlpg_params_set(host, plan->params, "bootstrap_samples", samples);
	return test_fit(host, plan, problem->rows, problem->n);
}

static void
compare_level(MlpgHost *host, const Problem *problem, double tau, const char *errors, FILE *file)
{
	int			n;
	MlpgModel  *model = fit_with(host, problem, mlpg_number_text(host, tau), errors, NULL);
	MlpgCoefficient *c = test_coefficients(host, model, &n);
	double		expected[3][10];

	for (int k = 0; k < 3; k++)
		for (int j = 0; j < problem->p; j++)
			CHECK(fscanf(file, "%lf", &expected[k][j]) == 1);
	CHECK_INT(n, problem->p);
	for (int j = 0; j < problem->p && j < n; j++)
	{
		CHECK_CLOSE(c[j].estimate, expected[0][j], 1e-8);
		CHECK_CLOSE(c[j].std_error, expected[1][j], 1e-6);
		CHECK(fabs(c[j].p_value - expected[2][j]) < 1e-6 * expected[2][j] + 1e-12);
	}
}

static void
test_golden(void)
{
	FILE	   *file = fopen("test/golden/quantile_errors.txt", "r");
	int			n_problems = 0;

	CHECK(file != NULL);
	if (file == NULL)
		return;
	for (;;)
	{
		MlpgHost   *host = harness_host();
		Problem		problem = {0};
		double		tau;
		char		errors[10];

		if (!read_problem(host, file, &problem))
		{
			harness_free(host);
			break;
		}
		n_problems++;
		while (fscanf(file, " tau %lf %9s", &tau, errors) == 2)
			compare_level(host, &problem, tau, errors, file);
		harness_free(host);
	}
	fclose(file);
	CHECK_INT(n_problems, 5);
}

/* Errors that grow with x: y = 1 + 2 x + (1 + x) e. */
static void
make_fan(MlpgHost *host, Problem *problem, int n, uint64_t seed)
{
	problem->n = n;
	problem->p = 2;
	problem->rows = mlpg_allocate(host, (size_t) n * 2, sizeof(double));
	for (int i = 0; i < n; i++)
	{
		double		x = 5 * test_uniform(&seed);

		problem->rows[2 * i] = x;
		problem->rows[2 * i + 1] = 1 + 2 * x + (1 + x) * test_normal(&seed);
	}
}

/* The bootstrap agrees with nid, which knows the spread of errors; the seed decides, and nothing else. */
static void
test_bootstrap(void)
{
	MlpgHost   *host = harness_host();
	Problem		problem = {0};
	int			n;
	MlpgCoefficient *nid,
			   *bootstrap,
			   *again;

	make_fan(host, &problem, 2000, 7);
	nid = test_coefficients(host, fit_with(host, &problem, "0.5,0.9", "nid", NULL), &n);
	bootstrap = test_coefficients(host, fit_with(host, &problem, "0.5,0.9", "bootstrap", "400"), &n);
	again = test_coefficients(host, fit_with(host, &problem, "0.5,0.9", "bootstrap", "400"), &n);
	CHECK_INT(n, 4);
	for (int j = 0; j < n; j++)
	{
		harness_note("level %g, %s: nid %.4f, bootstrap %.4f", nid[j].level, nid[j].term, nid[j].std_error, bootstrap[j].std_error);
		CHECK(fabs(bootstrap[j].std_error / nid[j].std_error - 1) < 0.25);
		CHECK(bootstrap[j].std_error == again[j].std_error);
		CHECK(bootstrap[j].p_value > 0 || bootstrap[j].p_value == 0);
	}
	CHECK(nid[0].std_error != nid[2].std_error);
	CHECK_TEXT(mlpg_fact_find(fit_with(host, &problem, "0.5", "bootstrap", "3")->facts, "bootstrap_samples @0.5"), "3");
	harness_free(host);
}

/* Over many sets the errors are as large as the estimates are apart. */
static void
test_honest(void)
{
	const int	sets = 400;
	double		sum = 0,
				squares = 0,
				errors = 0;

	for (int s = 0; s < sets; s++)
	{
		MlpgHost   *host = harness_host();
		Problem		problem = {0};
		int			n;
		MlpgCoefficient *c;

		make_fan(host, &problem, 300, (uint64_t) s + 1000);
		c = test_coefficients(host, fit_with(host, &problem, "0.75", "nid", NULL), &n);
		sum += c[1].estimate;
		squares += c[1].estimate * c[1].estimate;
		errors += c[1].std_error;
		harness_free(host);
	}
	harness_note("slope at 0.75: deviation %.4f over %d sets, mean standard error %.4f", sqrt(squares / sets - sum / sets * sum / sets), sets, errors / sets);
	CHECK(fabs(errors / sets / sqrt(squares / sets - sum / sets * sum / sets) - 1) < 0.15);
}

/* Dropped terms, too few rows, zero weights, perfect fits: NULL rather than a wrong number. */
static void
test_enemies(void)
{
	static const char *const kinds[] = {"iid", "nid", "bootstrap"};

	for (int k = 0; k < 3; k++)
	{
		MlpgHost   *host = harness_host();
		MlpgPlan   *plan = test_plan(host, "quantile", 2, NULL, true);
		double		rows[40 * 4];
		uint64_t	random = 5;
		int			n;
		MlpgCoefficient *c,
				   *kept;

		mlpg_params_set(host, plan->params, "std_errors", kinds[k]);
		mlpg_params_set(host, plan->params, "bootstrap_samples", "50");
		for (int i = 0; i < 40; i++)
		{
			rows[4 * i] = test_normal(&random);
			rows[4 * i + 1] = 3 * rows[4 * i] + 1;
			rows[4 * i + 2] = rows[4 * i] + test_normal(&random);
			rows[4 * i + 3] = i < 30;
		}
		c = test_coefficients(host, test_fit(host, plan, rows, 40), &n);
		CHECK_INT(n, 3);
		CHECK(c[1].std_error > 0 && isnan(c[2].estimate) && isnan(c[2].std_error));
		/* rows of weight zero are no rows; only a bootstrap draws by position, and it counts those that weigh */
		kept = test_coefficients(host, test_fit(host, plan, rows, 30), &n);
		CHECK(kept[1].std_error == c[1].std_error && kept[1].p_value == c[1].p_value);
		/* as many terms as rows */
		c = test_coefficients(host, test_fit(host, plan, rows, 2), &n);
		CHECK(isnan(c[0].std_error) && isnan(c[1].p_value));
		/* a constant target: no error at all, or none that is known */
		for (int i = 0; i < 40; i++)
			rows[4 * i + 2] = 7;
		c = test_coefficients(host, test_fit(host, plan, rows, 40), &n);
		CHECK(!(c[1].std_error > 1e-12));
		/* scales do not matter */
		for (int i = 0; i < 40; i++)
			rows[4 * i + 2] = 1e150 * test_normal(&random);
		c = test_coefficients(host, test_fit(host, plan, rows, 40), &n);
		CHECK(c[1].std_error > 1e148 && c[1].std_error < 1e152);
		harness_free(host);
	}
}

int
main(void)
{
	test_golden();
	test_bootstrap();
	test_honest();
	test_enemies();
	return harness_done();
}
