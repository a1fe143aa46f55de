/*-------------------------------------------------------------------------
 *
 * test_glm.c
 *	  Generalised linear models against R (test/golden/glm.R, glm.txt), and where there is no answer.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

#define RELATIVE 1e-8

/* ---------- against R ---------- */

static double
next_number(FILE *file)
{
	char		text[64] = "";

	if (fscanf(file, "%63s", text) != 1)
		return NAN;
	return strcmp(text, "nan") == 0 ? NAN : strtod(text, NULL);
}

static void
expect(FILE *file, const char *word)
{
	char		text[64] = "";

	if (fscanf(file, "%63s", text) != 1 || strcmp(text, word) != 0)
	{
		harness_note("expected \"%s\", found \"%s\"", word, text);
		CHECK(false);
		exit(harness_done());
	}
}

/* "a=b c=d" */
static void
set_parameters(MlpgHost *host, MlpgPlan *plan, char *line)
{
	for (char *at = strtok(line, " \n"); at != NULL; at = strtok(NULL, " \n"))
	{
		char	   *value = strchr(at, '=');

		*value = '\0';
		mlpg_params_set(host, plan->params, at, value + 1);
	}
}

static double
fact(const MlpgModel *model, const char *name)
{
	const char *text = mlpg_fact_find(model->facts, name);

	return text == NULL ? NAN : strtod(text, NULL);
}

static void
close_to(const char *what, const char *name, double found, double expected, double relative)
{
	double		size = fmax(fabs(found), fabs(expected));
	bool		ok = (isnan(found) && isnan(expected)) || fabs(found - expected) <= relative * size || size < 1e-300;

	harness_result(ok, __FILE__, __LINE__, what);
	if (!ok)
		harness_note("%s: %.17g, R has %.17g", name, found, expected);
}

static void
check_coefficients(MlpgHost *host, FILE *file, const MlpgModel *model, const char *name)
{
	int			n,
				expected;
	MlpgCoefficient *c = model->learner->coefficients(host, model, &n);

	expect(file, "coefficients");
	expected = (int) next_number(file);
	for (int i = 0; i < n; i++)
	{
		if (strstr(c[i].term, "(reference)") != NULL)
			continue;
		if (expected-- == 0)
			break;

		double		estimate = next_number(file),
					std_error = next_number(file),
					statistic = next_number(file),
					p_value = next_number(file);

		close_to(c[i].term, name, c[i].estimate, estimate, RELATIVE);
		close_to("standard error", name, c[i].std_error, std_error, RELATIVE);
		close_to("statistic", name, c[i].statistic, statistic, 2 * RELATIVE);
		close_to("p-value", name, c[i].p_value, p_value, 1e-7 * (1 + statistic * statistic));
	}
	CHECK_INT(expected, 0);
}

static void
check_facts(FILE *file, const MlpgModel *model, const char *name)
{
	int			n;

	expect(file, "facts");
	n = (int) next_number(file);
	for (int i = 0; i < n; i++)
	{
		char		key[64];

		if (fscanf(file, "%63s", key) != 1)
			break;
		close_to(key, name, fact(model, key), next_number(file), RELATIVE);
	}
}

/* One fit of the file; false at its end. */
static bool
check_case(FILE *file)
{
	MlpgHost   *host = harness_host();
	char		word[64],
				name[64],
				learner[64],
				flag[2][16],
				line[256] = "",
				kinds[64];
	int			n_features,
				n_rows;

	if (fscanf(file, "%63s", word) != 1)
	{
		harness_free(host);
		return false;
	}
	if (fscanf(file, "%63s %63s %d %d %15s %15s", name, learner, &n_features, &n_rows, flag[0], flag[1]) != 6)
		CHECK(false);
	expect(file, "parameters");
	if (fgets(line, sizeof(line), file) == NULL)
		CHECK(false);
	expect(file, "kinds");
	if (fscanf(file, "%63s", kinds) != 1)
		CHECK(false);

	MlpgPlan   *plan = test_plan(host, learner, n_features, kinds, strcmp(flag[0], "TRUE") == 0);
	int			n_columns;

	plan->has_offset = strcmp(flag[1], "TRUE") == 0;
	plan->offset = plan->has_offset ? mlpg_text(host, "exposure") : NULL;
	set_parameters(host, plan, line);
	n_columns = mlpg_plan_columns(plan);

	double	   *rows = mlpg_allocate(host, (size_t) (n_rows * n_columns), sizeof(double));

	for (int i = 0; i < n_rows * n_columns; i++)
		rows[i] = next_number(file);

	MlpgModel  *model = test_fit(host, plan, rows, n_rows);

	check_coefficients(host, file, model, name);
	check_facts(file, model, name);
	expect(file, "fitted");
	for (int k = 0; k < 3; k++)
	{
		double		row[32],
					out;
		const double *from = rows + (k < 2 ? k : n_rows - 1) * n_columns;

		/* categories are codes of the levels in byte order, which is that of their numbers; the offset stands behind the features */
		memcpy(row, from, (size_t) n_features * sizeof(double));
		row[n_features] = plan->has_offset ? from[mlpg_plan_offset_column(plan)] : 0;
		model->learner->predict(model, row, 1, n_features + 1, &out);
		close_to("prediction", name, out, next_number(file), RELATIVE);
	}
	CHECK(mlpg_fact_find(model->facts, "warning") == NULL);
	harness_free(host);
	return true;
}

static void
test_golden(void)
{
	FILE	   *file = fopen("test/golden/glm.txt", "r");
	int			n = 0;

	CHECK(file != NULL);
	while (file != NULL && check_case(file))
		n++;
	CHECK(n >= 35);
	if (file != NULL)
		fclose(file);
}

/* Named columns of a file with commas, the target last; NULL when the file is absent. */
static double *
read_columns(MlpgHost *host, const char *path, const char *const *names, int n_names, int *n_rows)
{
	FILE	   *file = fopen(path, "r");
	char		line[1000];
	int			position[40];
	double	   *rows;

	*n_rows = 0;
	if (file == NULL)
		return NULL;
	rows = mlpg_allocate(host, 1000 * (size_t) n_names, sizeof(double));
	for (int row = -1; row < 1000 && fgets(line, sizeof(line), file) != NULL; row++)
	{
		int			c = 0;

		for (char *cell = strtok(line, ",\"\r\n"); cell != NULL; cell = strtok(NULL, ",\"\r\n"), c++)
			for (int k = 0; k < n_names; k++)
			{
				if (row < 0 && strcmp(cell, names[k]) == 0)
					position[k] = c;
				if (row >= 0 && position[k] == c)
					rows[row * n_names + k] = strtod(cell, NULL);
			}
		*n_rows = row + 1;
	}
	fclose(file);
	return rows;
}

/* The reference fits beside the project: term, estimate, std_error, statistic. */
static void
check_reference(const char *data, const char *answers, const char *const *names, int n_names, const char *kinds, const char *family)
{
	MlpgHost   *host = harness_host();
	int			n_rows,
				n,
				j = 0;
	double	   *rows = read_columns(host, data, names, n_names, &n_rows);
	FILE	   *file = fopen(answers, "r");
	char		line[1000];
	MlpgPlan   *plan = test_plan(host, "glm", n_names - 1, kinds, false);

	if (rows == NULL || file == NULL)
	{
		harness_note("skipped: %s is absent", rows == NULL ? data : answers);
		harness_free(host);
		return;
	}
	mlpg_params_set(host, plan->params, "family", family);

	MlpgModel  *model = test_fit(host, plan, rows, n_rows);
	MlpgCoefficient *c = model->learner->coefficients(host, model, &n);

	while (fgets(line, sizeof(line), file) != NULL && j < n)
	{
		double		expected[3];

		if (sscanf(line, "\"%*[^\"]\",\"%lf\",\"%lf\",\"%lf\"", &expected[0], &expected[1], &expected[2]) != 3)
			continue;
		if (strstr(c[j].term, "(reference)") != NULL)
			j++;
		close_to(c[j].term, answers, c[j].estimate, expected[0], RELATIVE);
		close_to("standard error", answers, c[j].std_error, expected[1], RELATIVE);
		close_to("statistic", answers, c[j].statistic, expected[2], RELATIVE);
		j++;
	}
	CHECK_INT(j, n);
	fclose(file);
	harness_free(host);
}

static void
test_references(void)
{
	static const char *const spector[] = {"GPA", "TUCE", "PSI", "GRADE"};
	static const char *const bike[] = {"temp", "hum", "windspeed", "season", "yr", "holiday", "workingday", "cnt"};

	check_reference("../shared/data/reference_fits/spector.csv", "../shared/data/reference_fits/spector_logit_R.csv", spector, 4, NULL, "binomial");
	check_reference("../shared/data/bike_sharing/day.csv", "../shared/data/reference_fits/bike_day_poisson_R.csv", bike, 8, "nnncnnn", "poisson");
}

/* ---------- where there is no answer, or hardly one ---------- */

/* A plan with parameters "a=b c=d". */
static MlpgPlan *
plan_of(MlpgHost *host, int n_features, const char *kinds, bool weighted, const char *parameters)
{
	MlpgPlan   *plan = test_plan(host, "glm", n_features, kinds, weighted);

	set_parameters(host, plan, mlpg_text(host, "%s", parameters));
	return plan;
}

static const char *
warning(const MlpgModel *model)
{
	const char *text = mlpg_fact_find(model->facts, "warning");

	return text ? text : "";
}

/* Every estimate and prediction is finite; how many have an error. */
static int
check_finite(MlpgHost *host, const MlpgModel *model, const double *rows, int n_rows)
{
	int			n,
				errors = 0,
				d = model->schema->n_features;
	MlpgCoefficient *c = model->learner->coefficients(host, model, &n);
	bool		finite = true;

	for (int i = 0; i < n; i++)
	{
		finite &= !isinf(c[i].estimate);
		errors += !isnan(c[i].std_error);
	}
	for (int i = 0; i < n_rows; i++)
	{
		double		out;

		model->learner->predict(model, rows + i * (d + 1), 1, d, &out);
		finite &= isfinite(out);
	}
	CHECK(finite);
	return errors;
}

/* Classes that a line parts, wholly or with one point in common, have no likeliest line. */
static void
test_separation(void)
{
	static const char *const links[] = {"logit", "probit", "cloglog"};

	for (int k = 0; k < 3; k++)
		for (int quasi = 0; quasi < 2; quasi++)
		{
			MlpgHost   *host = harness_host();
			double		rows[40 * 2];
			MlpgModel  *model;

			for (int i = 0; i < 40; i++)
			{
				rows[2 * i] = quasi ? i / 4 : i;
				rows[2 * i + 1] = i >= 20 || (quasi && i == 18);
			}
			model = test_fit(host, plan_of(host, 1, NULL, false, mlpg_text(host, "family=binomial link=%s", links[k])), rows, 40);
			CHECK(strstr(warning(model), "separation") != NULL);
			CHECK_TEXT(mlpg_fact_find(model->facts, "separated"), "yes");
			CHECK(mlpg_fact_find(model->facts, "converged") == NULL);
			CHECK_INT(check_finite(host, model, rows, 40), 0);
			harness_free(host);
		}

	/* a cell of a count that is always zero */
	MlpgHost   *host = harness_host();
	double		rows[60 * 2];
	MlpgModel  *model;

	for (int i = 0; i < 60; i++)
	{
		rows[2 * i] = i % 3;
		rows[2 * i + 1] = i % 3 == 1 ? 0 : 1 + i % 5;
	}
	model = test_fit(host, plan_of(host, 1, "c", false, "family=poisson"), rows, 60);
	CHECK(strstr(warning(model), "separation") != NULL);
	CHECK_INT(check_finite(host, model, rows, 60), 0);
	harness_free(host);
}

/* Steep, but not separated: an ordinary answer. */
static void
test_steep(void)
{
	MlpgHost   *host = harness_host();
	double		rows[400 * 2];
	MlpgModel  *model;

	for (int i = 0; i < 400; i++)
	{
		rows[2 * i] = (i - 200) * 0.5 + 0.25;
		rows[2 * i + 1] = i >= 200;
	}
	rows[2 * 199 + 1] = 1;
	rows[2 * 200 + 1] = 0;
	model = test_fit(host, plan_of(host, 1, NULL, false, "family=binomial"), rows, 400);
	CHECK_TEXT(warning(model), "");
	CHECK_INT(check_finite(host, model, rows, 400), 2);
	harness_free(host);
}

static void
fill(double *rows, int n, int n_features, uint64_t seed)
{
	for (int i = 0; i < n; i++)
	{
		double		score = 0;

		for (int j = 0; j < n_features; j++)
		{
			rows[i * (n_features + 1) + j] = test_normal(&seed);
			score += rows[i * (n_features + 1) + j] / (2 + j);
		}
		rows[i * (n_features + 1) + n_features] = floor(exp(score) + 2 * test_uniform(&seed));
	}
}

/* Dependent columns, more columns than rows, no degree of freedom. */
static void
test_rank(void)
{
	MlpgHost   *host = harness_host();
	double		rows[50 * 5],
				wide[6 * 11];
	MlpgModel  *model;
	MlpgCoefficient *c;
	int			n;

	fill(rows, 50, 4, 7);
	for (int i = 0; i < 50; i++)
	{
		rows[i * 5 + 2] = 3 * rows[i * 5] - rows[i * 5 + 1] + 1e5;
		rows[i * 5 + 3] *= 1e-3;
	}
	model = test_fit(host, plan_of(host, 4, NULL, false, "family=poisson"), rows, 50);
	c = model->learner->coefficients(host, model, &n);
	CHECK(strstr(warning(model), "\"x3\"") != NULL);
	CHECK(isnan(c[3].estimate) && isfinite(c[4].estimate) && isfinite(c[4].std_error));
	fill(wide, 6, 10, 9);
	model = test_fit(host, plan_of(host, 10, NULL, false, "family=gaussian"), wide, 6);
	CHECK(strstr(warning(model), "5 terms dropped") != NULL);
	CHECK_INT(check_finite(host, model, wide, 6), 0);
	CHECK(fact(model, "deviance") < 1e-20);
	harness_free(host);
}

/* Nearly dependent columns: double-double tells them apart, and the answer is that of least squares in 106 bits. */
static void
test_near_dependence(void)
{
	MlpgHost   *host = harness_host();
	double		rows[82 * 8];
	MlpgModel  *model[2];
	MlpgCoefficient *c[2];
	int			n[2];
	uint64_t	random = 3;

	for (int i = 0; i < 82; i++)
	{
		double		x = 3 + i * 0.1 + 0.01 * test_uniform(&random);

		for (int j = 0; j < 7; j++)
			rows[i * 8 + j] = pow(x, j + 1);
		rows[i * 8 + 7] = sin(x) + 0.1 * test_normal(&random);
	}
	for (int k = 0; k < 2; k++)
	{
		MlpgPlan   *plan = test_plan(host, k == 0 ? "glm" : "linear", 7, NULL, false);

		model[k] = test_fit(host, plan, rows, 82);
		c[k] = model[k]->learner->coefficients(host, model[k], &n[k]);
	}
	CHECK_TEXT(warning(model[0]), "");
	for (int j = 0; j < n[0]; j++)
	{
		CHECK_CLOSE(c[0][j].estimate, c[1][j].estimate, 1e-5);
		CHECK_CLOSE(c[0][j].std_error, c[1][j].std_error, 1e-5);
	}
	harness_free(host);
}

/* A gaussian with a penalty is the ridge of "linear". */
static void
test_ridge(void)
{
	MlpgHost   *host = harness_host();
	double		rows[80 * 5];
	MlpgCoefficient *c[2];
	int			n[2];

	fill(rows, 80, 4, 11);
	for (int i = 0; i < 80; i++)
		rows[i * 5 + 3] = i % 4;
	for (int k = 0; k < 2; k++)
	{
		MlpgPlan   *plan = test_plan(host, k == 0 ? "glm" : "linear", 4, "nnnc", false);

		mlpg_params_set(host, plan->params, "l2", "0.37");
		c[k] = mlpg_learner_require(host, "glm")->coefficients(host, test_fit(host, plan, rows, 80), &n[k]);
	}
	CHECK_INT(n[0], n[1]);
	for (int j = 0; j < n[0]; j++)
	{
		CHECK_CLOSE(c[0][j].estimate, c[1][j].estimate, 1e-9);
		CHECK(isnan(c[0][j].std_error));
	}
	harness_free(host);
}

/* Fits that say why they cannot be. */
static void
test_refusals(void)
{
	static const struct
	{
		const char *parameters;
		double		target;
		const char *message;
	}			cases[] = {
		{"family=poisson", -1, "domain of family"},
		{"family=gamma", 0, "domain of family"},
		{"family=binomial", 1.5, "domain of family"},
		{"family=poisson", 0, "no row with a weight has a target above 0"},
		{"family=binomial link=inverse", 1, "does not fit family"},
		{"family=gamma link=logit", 1, "does not fit family"},
	};

	for (int k = 0; k < (int) (sizeof(cases) / sizeof(cases[0])); k++)
	{
		MlpgHost   *host = harness_host();
		MlpgPlan   *plan = plan_of(host, 1, NULL, false, cases[k].parameters);
		double		rows[10];
		volatile bool raised = false;

		for (int i = 0; i < 5; i++)
		{
			rows[2 * i] = i;
			rows[2 * i + 1] = cases[k].target;
		}
		HARNESS_TRY(host, raised, test_fit(host, plan, rows, 5));
		CHECK(raised && strstr(harness_message(host), cases[k].message) != NULL);
		harness_free(host);
	}

	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = plan_of(host, 1, NULL, true, "family=poisson");
	double		rows[6] = {1, 2, 0, 2, 3, 0};
	volatile bool raised = false;

	HARNESS_TRY(host, raised, test_fit(host, plan, rows, 2));
	CHECK(raised && strstr(harness_message(host), "no row has a weight") != NULL);
	harness_free(host);
}

/* One row, a constant target, values of any size. */
static void
test_small(void)
{
	MlpgHost   *host = harness_host();
	double		rows[30 * 4];
	double		one[2] = {3, 4};
	MlpgModel  *model = test_fit(host, plan_of(host, 1, NULL, false, "family=poisson"), one, 1);
	MlpgCoefficient *c[2];
	int			n;

	CHECK_INT(check_finite(host, model, one, 1), 1);
	CHECK_INT(check_finite(host, test_fit(host, plan_of(host, 1, NULL, false, "family=gaussian"), one, 1), one, 1), 0);
	for (int i = 0; i < 30; i++)
	{
		rows[2 * i] = i;
		rows[2 * i + 1] = 7;
	}
	model = test_fit(host, plan_of(host, 1, NULL, false, "family=gamma link=log"), rows, 30);
	c[0] = model->learner->coefficients(host, model, &n);
	CHECK_TEXT(warning(model), "");
	CHECK_CLOSE(c[0][0].estimate, log(7), 1e-12);
	CHECK(fabs(c[0][1].estimate) < 1e-14);

	/* units of columns change their coefficients and nothing else */
	fill(rows, 30, 3, 21);
	for (int k = 0; k < 2; k++)
	{
		for (int i = 0; i < 30 && k == 1; i++)
		{
			rows[4 * i] *= 1e200;
			rows[4 * i + 1] *= 1e-200;
		}
		model = test_fit(host, plan_of(host, 3, NULL, false, "family=poisson"), rows, 30);
		c[k] = model->learner->coefficients(host, model, &n);
	}
	CHECK_CLOSE(c[1][1].estimate * 1e200, c[0][1].estimate, 1e-10);
	CHECK_CLOSE(c[1][2].estimate * 1e-200, c[0][2].estimate, 1e-10);
	CHECK_CLOSE(c[1][2].p_value, c[0][2].p_value, 1e-9);
	CHECK_CLOSE(c[1][3].std_error, c[0][3].std_error, 1e-10);
	harness_free(host);
}

/* Two classes are 0 and 1. */
static void
test_classes(void)
{
	MlpgHost   *host = harness_host();
	double		rows[200 * 3];
	MlpgModel  *model[2];
	double		out[2];

	fill(rows, 200, 2, 31);
	for (int i = 0; i < 200; i++)
		rows[3 * i + 2] = rows[3 * i + 2] > 1;
	for (int k = 0; k < 2; k++)
	{
		MlpgPlan   *plan = k == 0 ? test_plan(host, "glm", 2, NULL, false) : test_class_plan(host, "glm", 2, NULL, false, MLPG_CATEGORY);

		mlpg_params_set(host, plan->params, "family", "binomial");
		mlpg_params_set(host, plan->params, "link", "probit");
		model[k] = test_fit(host, plan, rows, 200);
		CHECK_INT(model[k]->n_outputs, 1);
		model[k]->learner->predict(model[k], rows, 1, 2, &out[k]);
	}
	CHECK_CLOSE(out[0], out[1], 0);
	harness_free(host);
}

/* Many rows start from a sample of them; any number of threads gives the same bytes. */
static void
test_many_rows(void)
{
	int			n = 60000;
	double	   *rows = malloc((size_t) n * 6 * sizeof(double));
	MlpgHost   *first = harness_host();
	MlpgWriter *bytes = NULL;

	fill(rows, n, 5, 41);
	for (int threads = 1; threads <= 4; threads += 3)
	{
		MlpgHost   *host = threads == 1 ? first : harness_host_threads(threads, 0);
		MlpgWriter *w = test_fit_bytes(host, plan_of(host, 5, NULL, false, "family=poisson"), rows, n);
		MlpgModel  *model = test_open(host, w);

		CHECK(fact(model, "iterations") <= 5);
		CHECK_TEXT(warning(model), "");
		if (bytes == NULL)
			bytes = w;
		else
		{
			CHECK(w->length == bytes->length && memcmp(w->data, bytes->data, w->length) == 0);
			harness_free(host);
		}
	}
	harness_free(first);
	free(rows);
}

static void
test_cancel(void)
{
	double	   *rows = malloc(5000 * 6 * sizeof(double));

	fill(rows, 5000, 5, 43);
	for (int k = 1; k < 60; k += 7)
	{
		MlpgHost   *host = harness_host();
		MlpgPlan   *plan = plan_of(host, 5, NULL, false, "family=negative_binomial");
		volatile bool raised = false;

		harness_cancel_at_check(host, k);
		HARNESS_TRY(host, raised, test_fit(host, plan, rows, 5000));
		CHECK(raised && harness_code(host) == MLPG_INTERNAL);
		harness_free(host);
	}
	free(rows);
}

/* A target that varies no more than its mean has no theta. */
static void
test_no_overdispersion(void)
{
	MlpgHost   *host = harness_host();
	double		rows[100 * 2];
	MlpgModel  *model;

	for (int i = 0; i < 100; i++)
	{
		rows[2 * i] = i % 10;
		rows[2 * i + 1] = 5 + i % 2;
	}
	model = test_fit(host, plan_of(host, 1, NULL, false, "family=negative_binomial"), rows, 100);
	CHECK(strstr(warning(model), "theta grows without end") != NULL);
	check_finite(host, model, rows, 100);
	harness_free(host);
}

int
main(void)
{
	test_golden();
	test_references();
	test_separation();
	test_steep();
	test_rank();
	test_near_dependence();
	test_ridge();
	test_refusals();
	test_small();
	test_classes();
	test_many_rows();
	test_cancel();
	test_no_overdispersion();
	return harness_done();
}
