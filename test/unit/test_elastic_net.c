/*-------------------------------------------------------------------------
 *
 * test_elastic_net.c
 *	  Learner "elastic_net": paths and cross-validation against R glmnet, the conditions of
 *	  optimality, many terms against few, and odd data.
 *
 * With the argument "folds" it prints how rows of the golden problems are dealt, which
 * test/golden/glmnet.R reads.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

#include "core/learners/affine/path.h"
#include "core/learners/affine/penalised.h"
#include "core/matrix/sample.h"

/* ---------- against glmnet ---------- */

typedef struct Golden
{
	char		name[64];
	char		family[16];
	char		kinds[64];
	int			n;
	int			n_features;
	double		alpha;
	int			intercept;
	int			weighted;
	int			offset;
	int			seed;
	int			folds;
	double	   *rows;			/* features, target, weight and offset if there are */
	int			n_lambdas;
	int			n_terms;
	double	   *path;			/* lambda, deviance explained, coefficients, cv mean and error */
} Golden;

static double
read_number(FILE *file)
{
	char		text[64];

	if (fscanf(file, "%63s", text) != 1)
		return NAN;
	return strcmp(text, "NA") == 0 ? NAN : strtod(text, NULL);
}

static bool
read_golden(MlpgHost *host, FILE *file, Golden *g)
{
	int			columns;

	if (fscanf(file, " problem %63s %15s %d %d %63s %lf %d %d %d %d %d", g->name, g->family, &g->n, &g->n_features, g->kinds, &g->alpha,
			   &g->intercept, &g->weighted, &g->offset, &g->seed, &g->folds) != 11)
		return false;
	columns = g->n_features + 1 + g->weighted + g->offset;
	g->rows = mlpg_allocate(host, (size_t) g->n * (size_t) columns, sizeof(double));
	for (int i = 0; i < g->n; i++)
	{
		double	   *row = g->rows + (size_t) i * (size_t) columns;

		for (int j = 0; j <= g->n_features; j++)
			row[j] = read_number(file);
		for (int j = 0; j < 3; j++)		/* weight, offset, fold */
		{
			double		x = read_number(file);

			if (j == 0 && g->weighted)
				row[g->n_features + 1] = x;
			if (j == 1 && g->offset)
				row[g->n_features + 1 + g->weighted] = x;
		}
	}
	if (fscanf(file, " path %d %d", &g->n_lambdas, &g->n_terms) != 2)
		return false;
	g->path = mlpg_allocate(host, (size_t) g->n_lambdas * (size_t) (g->n_terms + 4), sizeof(double));
	for (int i = 0; i < g->n_lambdas * (g->n_terms + 4); i++)
		g->path[i] = read_number(file);
	return true;
}

static MlpgPlan *
golden_plan(MlpgHost *host, const Golden *g)
{
	bool		classes = strcmp(g->family, "binomial") == 0;
	MlpgPlan   *plan = classes ? test_class_plan(host, "elastic_net", g->n_features, g->kinds, g->weighted, MLPG_NUMBER)
		: test_plan(host, "elastic_net", g->n_features, g->kinds, g->weighted);

	plan->seed = (uint64_t) g->seed;
	if (g->offset)
	{
		plan->has_offset = true;
		plan->offset = mlpg_text(host, "exposure");
	}
	mlpg_params_set(host, plan->params, "family", g->family);
	mlpg_params_set(host, plan->params, "l1_ratio", mlpg_number_text(host, g->alpha));
	mlpg_params_set(host, plan->params, "intercept", g->intercept ? "true" : "false");
	if (g->folds > 0)
		mlpg_params_set(host, plan->params, "folds", mlpg_text(host, "%d", g->folds));
	return plan;
}

/* How mlpg deals the rows of a problem, all of whose features are numbers. */
static void
print_folds(MlpgHost *host, const Golden *g)
{
	int			columns = g->n_features + 1 + g->weighted + g->offset;
	MlpgMatrix *matrix = mlpg_matrix_create(host, columns);
	MlpgBlock  *block = mlpg_block_create(host, columns, g->n);
	double	   *class = mlpg_allocate(host, (size_t) g->n, sizeof(double));
	uint16_t   *fold;

	for (int i = 0; i < g->n; i++)
	{
		memcpy(mlpg_block_row(block, i), g->rows + (size_t) i * (size_t) columns, (size_t) columns * sizeof(double));
		class[i] = g->rows[(size_t) i * (size_t) columns + (size_t) g->n_features];
	}
	block->n_rows = g->n;
	mlpg_matrix_append(matrix, block);
	fold = mlpg_sample_deal(host, mlpg_sample_identify(host, matrix, (uint64_t) g->seed), g->n,
							strcmp(g->family, "binomial") == 0 ? class : NULL, 2, g->folds);
	printf("%s", g->name);
	for (int i = 0; i < g->n; i++)
		printf(" %d", fold[i]);
	printf("\n");
}

static double
distance(double a, double b)
{
	return fabs(a - b) / fmax(1e-2, fabs(b));
}

static void
check_path(MlpgHost *host, const Golden *g, const MlpgModel *model, double within)
{
	const MlpgPath *path = model->learner->path(model);
	const MlpgDesign *design = ((const MlpgPathModel *) model->scorer)->affine.design;
	double	   *b = mlpg_allocate(host, (size_t) g->n_terms, sizeof(double));
	double		worst_lambda = 0,
				worst = 0,
				worst_explained = 0,
				worst_cv = 0;

	CHECK_INT(design->n_terms, g->n_terms);
	CHECK_INT(path->n_steps, g->n_lambdas);
	for (int k = 0; k < path->n_steps && k < g->n_lambdas && design->n_terms == g->n_terms; k++)
	{
		const double *golden = g->path + (size_t) k * (size_t) (g->n_terms + 4);

		if (k == 0 && g->alpha == 0)
			continue;			/* glmnet's first lambda is infinite there */
		mlpg_path_coefficients(path, k, g->n_terms, b);
		worst_lambda = fmax(worst_lambda, fabs(path->step[k].lambda / golden[0] - 1));
		worst_explained = fmax(worst_explained, fabs(path->step[k].deviance_explained - golden[1]));
		for (int j = 0; j < g->n_terms; j++)
			worst = fmax(worst, distance(b[j], golden[2 + j]));
		if (!isnan(golden[2 + g->n_terms]))
		{
			worst_cv = fmax(worst_cv, distance(path->step[k].cv_mean, golden[2 + g->n_terms]));
			worst_cv = fmax(worst_cv, distance(path->step[k].cv_stddev, golden[3 + g->n_terms]));
		}
	}
	harness_note("%s: lambda %.1e, coefficients %.1e, deviance explained %.1e, cross-validation %.1e", g->name, worst_lambda, worst, worst_explained, worst_cv);
	CHECK(worst_lambda < 1e-9);
	CHECK(worst < within);
	CHECK(worst_explained < within);
	CHECK(worst_cv < within);
}

static void
test_golden(bool only_folds)
{
	FILE	   *file = fopen("test/golden/glmnet.txt", "r");
	MlpgHost   *host = harness_host();
	Golden		g;
	int			n = 0;

	CHECK(file != NULL);
	while (file != NULL && read_golden(host, file, &g))
	{
		n++;
		if (only_folds)
		{
			if (g.folds > 0)
				print_folds(host, &g);
			continue;
		}

		MlpgPlan   *plan = golden_plan(host, &g);

		mlpg_params_set(host, plan->params, "tolerance", "1e-20");
		check_path(host, &g, test_fit(host, plan, g.rows, g.n), 1e-6);
		mlpg_params_set(host, plan->params, "tolerance", "1e-9");
		check_path(host, &g, test_fit(host, plan, g.rows, g.n), 5e-3);
	}
	if (file != NULL)
		fclose(file);
	if (!only_folds)
		CHECK_INT(n, 18);
	harness_free(host);
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "folds") == 0)
	{
		test_golden(true);
		return 0;
	}
	test_golden(false);
	return harness_done();
}
