/*-------------------------------------------------------------------------
 *
 * test_elastic_net.c
 *	  Learner "elastic_net": paths and cross-validation against R glmnet, the conditions of
 *	  optimality for few terms and many, and odd data.
 *
 * With the argument "folds" it prints how rows of the golden problems are dealt, which
 * test/golden/glmnet.R reads.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

#include "core/learners/affine/path.h"
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

/* ---------- the conditions of optimality, from scratch ---------- */

/* Rows of numbers and categories (whole numbers from 0), target and weight. */
typedef struct Data
{
	int			n;
	int			n_features;
	const char *kinds;
	const char *family;
	bool		weighted;
	double	   *rows;
} Data;

static int
data_columns(const Data *d)
{
	return d->n_features + 1 + d->weighted;
}

static Data
make_data(MlpgHost *host, const char *family, const char *kinds, int n, int n_levels, bool weighted, uint64_t seed)
{
	Data		d = {.n = n, .n_features = (int) strlen(kinds), .kinds = kinds, .family = family, .weighted = weighted};

	d.rows = mlpg_allocate(host, (size_t) n * (size_t) data_columns(&d), sizeof(double));
	for (int i = 0; i < n; i++)
	{
		double	   *row = d.rows + (size_t) i * (size_t) data_columns(&d),
					common = test_normal(&seed),
					eta = -0.3;

		for (int j = 0; j < d.n_features; j++)
		{
			if (kinds[j] == 'c')
			{
				row[j] = (double) (test_random(&seed) % (uint64_t) n_levels);
				eta += (fmod(row[j], 7) - 3) / 5;
			}
			else
			{
				row[j] = (test_normal(&seed) + common) * pow(10, j % 4 - 1) + j;
				eta += (row[j] - j) / pow(10, j % 4 - 1) * (j % 3 - 1) / 3;
			}
		}
		if (strcmp(family, "gaussian") == 0)
			row[d.n_features] = 100 * (eta + test_normal(&seed));
		else if (strcmp(family, "binomial") == 0)
			row[d.n_features] = test_uniform(&seed) < 1 / (1 + exp(-eta));
		else
			row[d.n_features] = floor(-log(1 - test_uniform(&seed)) * exp(eta));
		if (weighted)
			row[d.n_features + 1] = (double) (test_random(&seed) % 4) / 2;
	}
	return d;
}

/* The value of a term in a row. */
static double
term_value(const MlpgModel *model, const MlpgTerm *term, const double *row)
{
	char		text[40];

	if (term->kind == MLPG_TERM_INTERCEPT)
		return 1;
	if (term->kind == MLPG_TERM_NUMBER)
		return row[term->feature];
	snprintf(text, sizeof(text), "c%.0f", row[term->feature]);
	return strcmp(model->schema->feature[term->feature].dictionary->text[term->level], text) == 0;
}

/*
 * The largest violation at a step of the path, in the unit of the target's deviation: with the
 * penalty of NUMERICS 3, deviations s_j by weight, |g_j| <= l1 s_j, and g_j + l1 s_j sign(b_j) + l2 s_j^2 b_j = 0
 * where b_j is not 0.
 */
static double
violation(MlpgHost *host, const Data *d, const MlpgModel *model, int k, double l1_ratio)
{
	const MlpgPath *path = model->learner->path(model);
	const MlpgDesign *design = ((const MlpgPathModel *) model->scorer)->affine.design;
	size_t		t = (size_t) design->n_terms;
	double	   *b = mlpg_allocate(host, t, sizeof(double)),
			   *x = mlpg_allocate(host, (size_t) d->n * t, sizeof(double)),
			   *sum = mlpg_allocate(host, t, sizeof(double)),
			   *square = mlpg_allocate(host, t, sizeof(double)),
			   *gradient = mlpg_allocate(host, t, sizeof(double)),
				total = 0,
				y_sum = 0,
				y_square = 0,
				worst = 0,
				unit;

	mlpg_path_coefficients(path, k, (int) t, b);
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < d->n; i++)
		{
			const double *row = d->rows + (size_t) i * (size_t) data_columns(d);
			double	   *z = x + (size_t) i * t,
						w = d->weighted ? row[d->n_features + 1] : 1,
						y = row[d->n_features],
						eta = 0,
						mu;

			for (size_t j = 0; j < t; j++)
			{
				if (pass == 0)
					z[j] = term_value(model, &design->term[j], row);
				eta += b[j] * z[j];
			}
			mu = strcmp(d->family, "gaussian") == 0 ? eta : strcmp(d->family, "poisson") == 0 ? exp(eta) : 1 / (1 + exp(-eta));
			if (pass == 0)
			{
				total += w;
				y_sum += w * y;
			}
			else
				y_square += w * (y - y_sum / total) * (y - y_sum / total);
			for (size_t j = 0; j < t; j++)
			{
				double		c = z[j] - (pass == 0 ? 0 : sum[j] / total);

				if (pass == 0)
					sum[j] += w * z[j];
				else
				{
					square[j] += w * c * c;
					gradient[j] += w * (mu - y) * (design->term[j].kind == MLPG_TERM_INTERCEPT ? 1 : c);
				}
			}
		}
	unit = strcmp(d->family, "gaussian") == 0 ? sqrt(y_square / total) : 1;
	for (size_t j = 0; j < t; j++)
	{
		bool		intercept = design->term[j].kind == MLPG_TERM_INTERCEPT;
		double		s = intercept ? 1 : sqrt(square[j] / total),
					l1 = intercept ? 0 : path->step[k].lambda * l1_ratio,
					l2 = intercept ? 0 : path->step[k].lambda * (1 - l1_ratio),
					g = gradient[j] / total / s + l2 * s * b[j],
					off = b[j] == 0 ? fabs(g) - l1 : fabs(g + copysign(l1, b[j]));

		if (s > 0)
			worst = fmax(worst, off / unit);
	}
	return worst;
}

static void
check_optimal(MlpgHost *host, const Data *d, const char *name, double l1_ratio, int n_lambda, const char *ratio)
{
	bool		classes = strcmp(d->family, "binomial") == 0;
	MlpgPlan   *plan = classes ? test_class_plan(host, "elastic_net", d->n_features, d->kinds, d->weighted, MLPG_NUMBER)
		: test_plan(host, "elastic_net", d->n_features, d->kinds, d->weighted);
	double		worst = 0;
	MlpgModel  *model;
	const MlpgPath *path;

	mlpg_params_set(host, plan->params, "family", d->family);
	mlpg_params_set(host, plan->params, "l1_ratio", mlpg_number_text(host, l1_ratio));
	mlpg_params_set(host, plan->params, "n_lambda", mlpg_text(host, "%d", n_lambda));
	mlpg_params_set(host, plan->params, "lambda_min_ratio", ratio);
	mlpg_params_set(host, plan->params, "folds", "2");
	mlpg_params_set(host, plan->params, "tolerance", "1e-22");
	model = test_fit(host, plan, d->rows, d->n);
	path = model->learner->path(model);
	for (int k = 0; k < path->n_steps; k++)
		worst = fmax(worst, violation(host, d, model, k, l1_ratio));
	harness_note("%s, %s: %d lambdas, %s terms at the one chosen, worst violation %.1e", name, d->family, path->n_steps,
				 mlpg_fact_find(model->facts, "n_nonzero"), worst);
	CHECK(worst < 1e-9);
	CHECK(path->n_steps >= 5);
	CHECK(test_warning(model, "") == NULL);
}

static void
test_optimal(void)
{
	static const char *const families[] = {"gaussian", "binomial", "poisson"};

	for (int f = 0; f < 3; f++)
	{
		MlpgHost   *host = harness_host_threads(3, 0);
		Data		dense = make_data(host, families[f], "nnnnnnnnnnnn", 700, 0, false, 5);
		Data		weighted = make_data(host, families[f], "nncnnc", 600, 9, true, 6);
		Data		many = make_data(host, families[f], "ncnc", 1600, 700, false, 7);
		Data		many_weighted = make_data(host, families[f], "ccn", 1500, 650, true, 8);

		check_optimal(host, &dense, "dense", 1, 30, "0.001");
		check_optimal(host, &dense, "dense", 0.5, 30, "0.001");
		check_optimal(host, &weighted, "levels, weights", 0.8, 30, "0.001");
		check_optimal(host, &weighted, "ridge", 0, 10, "0.0001");
		check_optimal(host, &many, "many levels", 1, 12, "0.2");
		check_optimal(host, &many_weighted, "many levels, weights", 0.6, 12, "0.1");
		harness_free(host);
	}
}

/* ---------- the parts: descent by columns is descent by cross-products ---------- */

static void
test_one_lambda(void)
{
	static const char *const families[] = {"gaussian", "binomial", "poisson"};

	for (int f = 0; f < 3; f++)
		for (int many = 0; many < 2; many++)
		{
			MlpgHost   *host = harness_host();
			Data		d = make_data(host, families[f], many ? "ncnc" : "nnncn", 1600, many ? 700 : 5, false, 11);
			MlpgPlan   *plan = f == 1 ? test_class_plan(host, "elastic_net", d.n_features, d.kinds, false, MLPG_NUMBER)
				: test_plan(host, "elastic_net", d.n_features, d.kinds, false);
			MlpgModel  *whole,
					   *one;
			const MlpgPath *path,
					   *single;
			MlpgCoefficient *a,
					   *b;
			double		worst = 0;
			int			n;

			mlpg_params_set(host, plan->params, "family", families[f]);
			mlpg_params_set(host, plan->params, "tolerance", "1e-20");
			mlpg_params_set(host, plan->params, "n_lambda", "20");
			mlpg_params_set(host, plan->params, "lambda_min_ratio", "0.05");
			mlpg_params_set(host, plan->params, "folds", "3");
			mlpg_params_set(host, plan->params, "lambda", "1se");
			whole = test_fit(host, plan, d.rows, d.n);
			path = whole->learner->path(whole);
			CHECK_CLOSE(test_fact(whole, "lambda"), path->step[path->chosen].lambda, 0);
			CHECK_CLOSE(test_fact(whole, "lambda_1se"), path->step[path->chosen].lambda, 0);
			CHECK(test_fact(whole, "lambda_min") <= test_fact(whole, "lambda_1se"));

			/* all rows with the lambda found, as refit_all does */
			whole->learner->found(host, plan->params, whole->facts);
			one = test_fit(host, plan, d.rows, d.n);
			single = one->learner->path(one);
			CHECK_INT(single->n_steps, 1);
			CHECK(isnan(single->step[0].cv_mean) && mlpg_fact_find(one->facts, "folds") == NULL);
			a = test_coefficients(host, whole, &n);
			b = test_coefficients(host, one, &n);
			for (int j = 0; j < n; j++)
				worst = fmax(worst, distance(b[j].estimate, a[j].estimate));
			CHECK(worst < 1e-7);
			CHECK_CLOSE(test_fact(one, "deviance_explained"), test_fact(whole, "deviance_explained"), 1e-9);
			harness_free(host);
		}
}

/* A choice that cannot be one of rounding: the least mean, and the first within its error. */
static void
test_choice(void)
{
	MlpgHost   *host = harness_host();
	Data		d = make_data(host, "gaussian", "nnnnnnnn", 60, 0, false, 3);
	MlpgPlan   *plan = test_plan(host, "elastic_net", d.n_features, d.kinds, false);
	MlpgModel  *model = test_fit(host, plan, d.rows, d.n);
	const MlpgPath *path = model->learner->path(model);
	int			least = 0,
				first = 0;

	for (int k = 0; k < path->n_steps; k++)
		if (path->step[k].cv_mean < path->step[least].cv_mean)
			least = k;
	while (path->step[first].cv_mean > path->step[least].cv_mean + path->step[least].cv_stddev)
		first++;
	CHECK_INT(path->chosen, least);
	CHECK_CLOSE(test_fact(model, "lambda_1se"), path->step[first].lambda, 0);
	CHECK(first < least);
	CHECK_CLOSE(test_fact(model, "cv_mean"), path->step[least].cv_mean, 0);
	harness_free(host);
}

/* ---------- rows in any order, threads, memory ---------- */

static void
test_order(void)
{
	MlpgHost   *host = harness_host(),
			   *three = harness_host_threads(3, 0);
	Data		d = make_data(host, "binomial", "nnncn", 3000, 6, true, 13);
	MlpgPlan   *plan = test_class_plan(host, "elastic_net", d.n_features, d.kinds, true, MLPG_NUMBER);
	MlpgWriter *bytes = test_fit_bytes(host, plan, d.rows, d.n);
	int		   *order = mlpg_allocate(host, (size_t) d.n, sizeof(int));
	size_t		size = (size_t) data_columns(&d);
	double	   *shuffled = mlpg_allocate(host, (size_t) d.n * size, sizeof(double));
	MlpgModel  *a = test_open(host, bytes),
			   *b;

	CHECK(test_same_bytes(bytes, test_fit_bytes(three, plan, d.rows, d.n)));
	test_shuffle(order, d.n, 99);
	for (int i = 0; i < d.n; i++)
		memcpy(shuffled + (size_t) i * size, d.rows + (size_t) order[i] * size, size * sizeof(double));
	b = test_fit(host, plan, shuffled, d.n);
	CHECK_CLOSE(test_fact(a, "lambda"), test_fact(b, "lambda"), 1e-12);
	CHECK_CLOSE(test_fact(a, "cv_mean"), test_fact(b, "cv_mean"), 1e-10);
	harness_free(three);
	harness_free(host);
}

/* 10,000 levels do not become dense: 20,000 rows by 10,000 doubles would be 1.6 GB. */
static void
test_levels(void)
{
	MlpgHost   *host = harness_host();
	Data		d = make_data(host, "binomial", "nc", 20000, 10000, false, 17);
	MlpgPlan   *plan = test_class_plan(host, "elastic_net", d.n_features, d.kinds, false, MLPG_NUMBER);
	MlpgModel  *model;

	mlpg_params_set(host, plan->params, "n_lambda", "10");
	mlpg_params_set(host, plan->params, "lambda_min_ratio", "0.3");
	mlpg_params_set(host, plan->params, "folds", "2");
	model = test_fit(host, plan, d.rows, d.n);
	CHECK(test_fact(model, "n_nonzero") > 0);
	harness_note("%.0f MB at most, %s terms", (double) host->peak / 1e6, mlpg_fact_find(model->facts, "n_nonzero"));
	CHECK(host->peak < (size_t) 100 << 20);
	harness_free(host);
}

/* ---------- odd data ---------- */

static MlpgModel *
fit_odd(MlpgHost *host, const char *family, int n_features, const double *rows, int n, const char *name, const char *value)
{
	bool		classes = strcmp(family, "binomial") == 0;
	MlpgPlan   *plan = classes ? test_class_plan(host, "elastic_net", n_features, NULL, false, MLPG_NUMBER)
		: test_plan(host, "elastic_net", n_features, NULL, false);

	mlpg_params_set(host, plan->params, "family", family);
	if (name)
		mlpg_params_set(host, plan->params, name, value);
	return test_fit(host, plan, rows, n);
}

static double
estimate(MlpgHost *host, const MlpgModel *model, const char *term)
{
	int			n;
	MlpgCoefficient *c = test_coefficients(host, model, &n);

	for (int j = 0; j < n; j++)
		if (strcmp(c[j].term, term) == 0)
			return c[j].estimate;
	return NAN;
}

static void
test_odd(void)
{
	MlpgHost   *host = harness_host();
	double		one[] = {3, 5},
				constant[] = {1, 0.1, 2, 0.1, 3, 0.1, 4, 0.1},
				two[] = {1, 1, 2, 3},
				twins[40 * 3],
				apart[40 * 2],
				zeros[] = {1, 0, 2, 0, 3, 0},
				huge[40 * 2],
				holes[40 * 2];
	MlpgModel  *model;

	model = fit_odd(host, "gaussian", 1, one, 1, NULL, NULL);
	CHECK_CLOSE(estimate(host, model, "(intercept)"), 5, 0);
	CHECK_INT(model->learner->path(model)->n_steps, 1);
	model = fit_odd(host, "gaussian", 1, constant, 4, NULL, NULL);
	CHECK_CLOSE(estimate(host, model, "(intercept)"), 0.1, 1e-15);
	CHECK_CLOSE(estimate(host, model, "x1"), 0, 0);
	model = fit_odd(host, "gaussian", 1, constant, 4, "lambda", "0.5");
	CHECK_CLOSE(estimate(host, model, "(intercept)"), 0.1, 1e-15);
	model = fit_odd(host, "gaussian", 1, two, 2, "lambda", "0");
	CHECK_CLOSE(estimate(host, model, "x1"), 2, 1e-9);
	CHECK_CLOSE(estimate(host, model, "(intercept)"), -1, 1e-9);
	(void) fit_odd(host, "gaussian", 1, two, 2, NULL, NULL);

	for (int i = 0; i < 40; i++)
	{
		double		x = i * 7 % 40;

		twins[i * 3] = twins[i * 3 + 1] = x;
		twins[i * 3 + 2] = 3 * x + i % 3;
		apart[i * 2] = x;
		apart[i * 2 + 1] = x > 20;
		huge[i * 2] = x * 1e-100;
		huge[i * 2 + 1] = (3 * x + i % 3) * 1e200;
		holes[i * 2] = i % 5 == 0 ? NAN : x;
		holes[i * 2 + 1] = i % 5 == 0 ? 100 : x;
	}
	/* columns that are the same: their sum is what it would be for one, and nothing is dropped */
	model = fit_odd(host, "gaussian", 2, twins, 40, "lambda", "0.01");
	CHECK_CLOSE(estimate(host, model, "x1") + estimate(host, model, "x2"), 3, 1e-2);
	/* separated classes: finite, explained almost wholly */
	model = fit_odd(host, "binomial", 1, apart, 40, NULL, NULL);
	CHECK(test_fact(model, "deviance_explained") > 0.8 && isfinite(estimate(host, model, "x1")));
	model = fit_odd(host, "binomial", 1, apart, 40, "lambda", "1e-6");
	CHECK(test_fact(model, "deviance_explained") > 0.999 && isfinite(estimate(host, model, "x1")));
	/* units do not matter */
	model = fit_odd(host, "gaussian", 1, huge, 40, "lambda_min_ratio", "1e-6");
	for (int i = 0; i < 40; i++)
	{
		huge[i * 2] *= 1e200;
		huge[i * 2 + 1] *= 1e-300;
	}
	CHECK_CLOSE(test_fact(model, "deviance_explained"), test_fact(fit_odd(host, "gaussian", 1, huge, 40, "lambda_min_ratio", "1e-6"), "deviance_explained"), 1e-9);
	/* a missing number is the mean, with an indicator of its own */
	model = fit_odd(host, "gaussian", 1, holes, 40, "lambda", "1e-6");
	CHECK(estimate(host, model, "x1 (missing)") > 50);
	CHECK_CLOSE(estimate(host, model, "x1"), 1, 1e-4);

	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, fit_odd(host, "poisson", 1, zeros, 3, NULL, NULL));
	zeros[1] = -1;
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, fit_odd(host, "poisson", 1, zeros, 3, NULL, NULL));
	CHECK_TEXT(harness_message(host), "family \"poisson\" needs targets of 0 or more");
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, fit_odd(host, "gaussian", 1, two, 2, "lambda", "-1"));
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, fit_odd(host, "gaussian", 1, two, 2, "lambda", "least"));
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, fit_odd(host, "gaussian", 1, two, 2, "family", "binomial"));
	harness_free(host);
}

/* Every check and every allocation on the way may end the fit. */
static void
test_ends(void)
{
	MlpgHost   *host = harness_host();

	for (int f = 0; f < 2; f++)
	{
		MlpgHost   *keep = harness_host();
		Data		d = make_data(keep, f ? "poisson" : "gaussian", f ? "ncnc" : "nnc", 900, f ? 500 : 4, false, 19);
		MlpgPlan   *plan = test_plan(keep, "elastic_net", d.n_features, d.kinds, false);
		int64_t		checks,
					allocations;

		mlpg_params_set(keep, plan->params, "family", d.family);
		mlpg_params_set(keep, plan->params, "n_lambda", "6");
		mlpg_params_set(keep, plan->params, "lambda_min_ratio", "0.3");
		mlpg_params_set(keep, plan->params, "folds", "2");
		(void) test_fit_bytes(host, plan, d.rows, d.n);
		checks = harness_checks(host);
		allocations = harness_allocations(host);
		harness_reset(host);
		CHECK(checks > 10);
		for (int64_t k = 1; k <= checks; k += 1 + checks / 20)
		{
			harness_cancel_at_check(host, k);
			EXPECT_RAISE(host, MLPG_INTERNAL, test_fit_bytes(host, plan, d.rows, d.n));
			harness_reset(host);
		}
		harness_cancel_at_check(host, 0);
		for (int64_t k = 1; k <= allocations; k += 1 + allocations / 20)
		{
			harness_fail_allocation(host, k);
			EXPECT_RAISE(host, MLPG_LIMIT_EXCEEDED, test_fit_bytes(host, plan, d.rows, d.n));
			harness_reset(host);
		}
		harness_fail_allocation(host, 0);
		harness_free(keep);
	}
	harness_free(host);
}

/* A payload is not trusted. */
static void
test_payload(void)
{
	MlpgHost   *host = harness_host();
	Data		d = make_data(host, "gaussian", "nnc", 200, 4, false, 23);
	MlpgPlan   *plan = test_plan(host, "elastic_net", d.n_features, d.kinds, false);
	MlpgModel  *model = test_fit(host, plan, d.rows, d.n);
	const MlpgPath *path = model->learner->path(model);
	const MlpgDesign *design = ((const MlpgPathModel *) model->scorer)->affine.design;
	MlpgWriter *w = mlpg_writer_create(host, 0);
	MlpgReader	r;

	mlpg_path_write(w, path);
	mlpg_reader_init(&r, host, w->data, w->length, "model");
	CHECK_INT(mlpg_path_read(&r, design)->n_entries, path->n_entries);
	mlpg_read_end(&r);
	for (size_t length = 0; length < w->length; length += 1 + length / 3)
	{
		mlpg_reader_init(&r, host, w->data, length, "model");
		EXPECT_RAISE(host, MLPG_DATA_CORRUPTED, mlpg_path_read(&r, design));
	}
	for (int field = 0; field < 5; field++)
	{
		static const struct
		{
			size_t		at;
			uint8_t		byte;
		}			broken[] = {{4, 0xff}, {15, 0xff}, {23, 0x7f}, {40, 0xff}, {44, 0xff}};
		uint8_t	   *copy = mlpg_allocate(host, w->length, 1);

		memcpy(copy, w->data, w->length);
		memset(copy + broken[field].at, broken[field].byte, 1);
		if (field == 2)
			memcpy(copy + 16, &(double) {INFINITY}, sizeof(double));
		mlpg_reader_init(&r, host, copy, w->length, "model");
		EXPECT_RAISE(host, MLPG_DATA_CORRUPTED, mlpg_path_read(&r, design));
	}
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
	test_optimal();
	test_one_lambda();
	test_choice();
	test_order();
	test_levels();
	test_odd();
	test_ends();
	test_payload();
	return harness_done();
}
