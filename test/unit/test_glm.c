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

int
main(void)
{
	test_golden();
	return harness_done();
}
