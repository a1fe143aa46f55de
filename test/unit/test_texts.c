/*-------------------------------------------------------------------------
 *
 * test_texts.c
 *	  Texts by their character n-grams as a feature of linear learners: fits against R, more
 *	  n-grams than rows, n-grams that would not fit into memory, odd texts.
 *
 * Reference values: test/golden/texts.txt, R's lm, glm, rq, glmnet and vcovHC's formula on the TF-IDF of
 * scikit-learn, by test/golden/texts.R and texts.py, which reads how rows are dealt from what this prints with
 * the argument "folds".
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

#include "core/learners/affine/path.h"
#include "core/learners/interval.h"
#include "core/matrix/sample.h"

enum
{
	ROWS_MAX = 200,
	TEXT_MAX = 256
};

/* A made-up shop: a text, a number, and what may be a target. */
typedef struct Shop
{
	int			n;
	double		x[ROWS_MAX];
	double		y[ROWS_MAX];
	double		count[ROWS_MAX];
	double		class[ROWS_MAX];
	double		weight[ROWS_MAX];
	char		text[ROWS_MAX][TEXT_MAX];
} Shop;

static bool
read_shop(FILE *file, Shop *s)
{
	if (fscanf(file, " rows %d", &s->n) != 1 || s->n > ROWS_MAX)
		return false;
	for (int i = 0; i < s->n; i++)
		if (fscanf(file, "%lf %lf %lf %lf %lf %255[^\n]", &s->x[i], &s->y[i], &s->count[i], &s->class[i], &s->weight[i], s->text[i]) != 6)
			return false;
	return true;
}

/* ---------- fits ---------- */

/* Which columns a fit has. */
typedef struct Asked
{
	const char *learner;
	int			buckets;
	bool		with_x;
	bool		weighted;
	const double *target;
	bool		classes;
} Asked;

static MlpgPlan *
shop_plan(MlpgHost *host, const Asked *asked)
{
	static char *name[] = {"x1"};
	MlpgPlan   *plan = test_plan(host, asked->learner, asked->with_x ? 2 : 1, asked->with_x ? "cn" : "c", asked->weighted);
	MlpgWishes *wishes = mlpg_allocate(host, 1, sizeof(MlpgWishes));

	if (asked->classes)
	{
		plan->task = MLPG_TASK_CLASSIFICATION;
		plan->target_kind = MLPG_BOOLEAN;
	}
	wishes->n = 1;
	wishes->wish = mlpg_allocate(host, 1, sizeof(MlpgWish));
	wishes->wish[0] = (MlpgWish) {.kind = MLPG_STEP_NGRAMS, .n_names = 1, .name = name, .number = {1, 3, (uint32_t) asked->buckets}};
	mlpg_plan_preprocess(host, plan, wishes);
	return plan;
}

/* text NULL: missing */
static void
add_row(MlpgHost *host, MlpgFit *fit, const char *text, double x, double y, double weight)
{
	double	   *row = mlpg_fit_next_row(host, fit);
	int			n = fit->plan->n_features;

	row[0] = text ? mlpg_fit_code(host, fit, 0, text, (int32_t) strlen(text)) : NAN;
	if (n > 1)
		row[1] = x;
	row[n] = mlpg_fit_target(host, fit, y, NULL, 0);
	if (fit->plan->weighted)
		row[n + 1] = weight;
	mlpg_fit_commit_row(host, fit);
}

static MlpgWriter *
fit_shop(MlpgHost *host, const MlpgPlan *plan, const Asked *asked, const Shop *s, int n)
{
	MlpgFit		fit;

	mlpg_fit_init(host, &fit, plan);
	for (int i = 0; i < n; i++)
		add_row(host, &fit, s->text[i], s->x[i], asked->target[i], s->weight[i]);
	return test_finish(host, &fit);
}

/* A row as the learner sees it. */
static void
make_row(MlpgHost *host, const MlpgModel *model, const char *text, double x, double *row)
{
	row[0] = text ? mlpg_text_value(mlpg_ngrams_keep(host, model->input->feature[0].ngrams, text, (int32_t) strlen(text))) : NAN;
	if (model->schema->n_features > 1)
		row[1] = x;
}

static double
predict(MlpgHost *host, const MlpgModel *model, const char *text, double x)
{
	double	   *out = mlpg_allocate(host, (size_t) model->n_outputs, sizeof(double));
	double		row[2];

	make_row(host, model, text, x, row);
	model->learner->predict(model, row, 1, model->schema->n_features, out);
	return out[0];
}

/* ---------- against R ---------- */

/* The bucket of a term; -1: the intercept, -2: x. */
static int
bucket_of(const char *term)
{
	int			bucket = -1;

	if (strcmp(term, "x2") == 0)
		return -2;
	return sscanf(term, "x1 ~ %d", &bucket) == 1 ? bucket : -1;
}

static void
check_fit(MlpgHost *host, FILE *file, const char *wanted, const MlpgModel *model, bool errors)
{
	char		name[32];
	int			n,
				n_terms;
	MlpgCoefficient *c = test_coefficients(host, model, &n_terms);
	double		worst = 0,
				worst_error = 0;

	CHECK(fscanf(file, " fit %31s %d", name, &n) == 2);
	CHECK_TEXT(name, wanted);
	CHECK_INT(n, n_terms);
	for (int i = 0; i < n; i++)
	{
		double		bucket,
					estimate,
					error = NAN;
		int			found = 0;

		CHECK(fscanf(file, "%lf %lf", &bucket, &estimate) == 2 && (!errors || fscanf(file, "%lf", &error) == 1));
		for (int j = 0; j < n_terms; j++)
			if (bucket_of(c[j].term) == bucket)
			{
				found++;
				worst = fmax(worst, fabs(c[j].estimate - estimate) / (1e-2 + fabs(estimate)));
				if (errors)
					worst_error = fmax(worst_error, fabs(c[j].std_error / error - 1));
			}
		CHECK_INT(found, 1);
	}
	harness_note("%s: coefficients %.1e, standard errors %.1e", name, worst, worst_error);
	CHECK(worst < 1e-7);
	CHECK(worst_error < 1e-7);
}

static void
check_intervals(MlpgHost *host, FILE *file, const Shop *s, const MlpgModel *model)
{
	MlpgIntervalRule rule;
	int			n = 0;
	double		worst = 0;

	CHECK(fscanf(file, " intervals %d", &n) == 1 && n == s->n);
	mlpg_interval_rule(host, model, 0.9, &rule);
	for (int i = 0; i < n; i++)
	{
		MlpgInterval interval;
		double		row[2],
					out[1],
					expected[3];

		CHECK(fscanf(file, "%lf %lf %lf", &expected[0], &expected[1], &expected[2]) == 3);
		make_row(host, model, s->text[i], s->x[i], row);
		mlpg_interval_row(host, model, &rule, row, out, &interval);
		worst = fmax(worst, fabs(interval.yhat - expected[0]));
		worst = fmax(worst, fmax(fabs(interval.lower - expected[1]), fabs(interval.upper - expected[2])));
	}
	harness_note("intervals %.1e", worst);
	CHECK(worst < 1e-8);
}

/* What explanations add up to: the raw score. */
static void
check_explained(MlpgHost *host, const Shop *s, const MlpgModel *model)
{
	const MlpgAffineModel *m = model->scorer;

	for (int i = 0; i < s->n; i += 10)
	{
		double		row[2],
					score[1],
					parts[3],
					sum = 0;

		make_row(host, model, i % 20 == 0 ? NULL : s->text[i], s->x[i], row);
		mlpg_affine_score(m->affine, row, 1, model->schema->n_features, score);
		model->learner->explain(host, model, row, parts);
		for (int j = 0; j <= model->schema->n_features; j++)
			sum += parts[j];
		CHECK_CLOSE(sum, score[0], 1e-11);
	}
}

static MlpgModel *
fit_asked(MlpgHost *host, const Shop *s, const Asked *asked, const char *param, const char *value)
{
	MlpgPlan   *plan = shop_plan(host, asked);

	if (param != NULL)
		mlpg_params_set(host, plan->params, param, value);
	return test_open(host, fit_shop(host, plan, asked, s, s->n));
}

static void
test_golden(MlpgHost *host, FILE *file, const Shop *s)
{
	const Asked linear = {"linear", 12, true, true, s->y, false};
	const Asked poisson = {"glm", 12, true, false, s->count, false};
	const Asked binomial = {"glm", 12, true, false, s->class, true};
	const Asked quantile = {"quantile", 12, true, false, s->y, false};
	MlpgModel  *model = fit_asked(host, s, &linear, "intervals", "true");

	check_fit(host, file, "linear", model, true);
	check_intervals(host, file, s, model);
	check_explained(host, s, model);
	check_fit(host, file, "robust", fit_asked(host, s, &linear, "robust", "HC3"), true);
	model = fit_asked(host, s, &linear, "l2", "0.01");
	check_fit(host, file, "ridge", model, false);
	check_explained(host, s, model);
	model = fit_asked(host, s, &poisson, "family", "poisson");
	check_fit(host, file, "poisson", model, true);
	check_explained(host, s, model);
	check_fit(host, file, "binomial", fit_asked(host, s, &binomial, NULL, NULL), true);
	check_fit(host, file, "quantile", fit_asked(host, s, &quantile, "quantile", "0.3"), false);
}

/* ---------- elastic net ---------- */

/* How mlpg deals the rows to folds: by text and target. */
static void
print_folds(MlpgHost *host, const Shop *s)
{
	MlpgNgrams *g = mlpg_ngrams_create(host, 1, 1, 2);
	MlpgMatrix *matrix = mlpg_matrix_create(host, 2);
	MlpgBlock  *block = mlpg_block_create(host, 2, s->n);
	uint16_t   *fold;

	mlpg_ngrams_settle(host, g);
	mlpg_matrix_mark_texts(matrix, 0);
	for (int i = 0; i < s->n; i++)
	{
		double	   *row = mlpg_block_row(block, i);

		row[0] = mlpg_text_value(mlpg_ngrams_keep(host, g, s->text[i], (int32_t) strlen(s->text[i])));
		row[1] = s->y[i];
	}
	block->n_rows = s->n;
	mlpg_matrix_append(matrix, block);
	fold = mlpg_sample_deal(host, mlpg_sample_identify(host, matrix, 42), s->n, NULL, 2, 5);
	printf("lasso");
	for (int i = 0; i < s->n; i++)
		printf(" %d", fold[i]);
	printf("\n");
}

/* Some steps of a path; lambdas are all alike. */
static void
check_path(MlpgHost *host, FILE *file, const char *wanted, const MlpgModel *model)
{
	const MlpgPath *path = model->learner->path(model);
	const MlpgDesign *design = ((const MlpgPathModel *) model->scorer)->affine.design;
	double	   *b = mlpg_allocate(host, (size_t) design->n_terms, sizeof(double));
	char		name[32],
				mean[32],
				deviation[32];
	int			n_lambdas,
				n;
	double		worst = 0,
				worst_step = 0;

	CHECK(fscanf(file, " path %31s %d %d", name, &n_lambdas, &n) == 3);
	CHECK_TEXT(name, wanted);
	CHECK_INT(path->n_steps, n_lambdas);
	for (int i = 0; i < n; i++)
	{
		int			k,
					n_entries,
					n_kept = 0;
		double		lambda,
					explained;

		if (fscanf(file, "%d %lf %lf %31s %31s %d", &k, &lambda, &explained, mean, deviation, &n_entries) != 6 || k > path->n_steps)
		{
			CHECK(false);
			return;
		}

		const MlpgPathStep *step = &path->step[k - 1];

		worst_step = fmax(worst_step, fabs(step->lambda / lambda - 1));
		worst_step = fmax(worst_step, fabs(step->deviance_explained - explained));
		if (strcmp(mean, "NA") != 0)
		{
			worst_step = fmax(worst_step, fabs(step->cv_mean / strtod(mean, NULL) - 1));
			worst_step = fmax(worst_step, fabs(step->cv_stddev / strtod(deviation, NULL) - 1));
		}
		mlpg_path_coefficients(path, k - 1, design->n_terms, b);
		for (int j = 0; j < design->n_terms; j++)
			n_kept += design->term[j].kind == MLPG_TERM_INTERCEPT || fabs(b[j]) > 1e-7;
		for (int e = 0; e < n_entries; e++)
		{
			int			bucket;
			double		estimate,
						ours = NAN;

			CHECK(fscanf(file, "%d %lf", &bucket, &estimate) == 2);
			n_kept -= bucket == -1 || fabs(estimate) > 1e-7;
			for (int j = 0; j < design->n_terms; j++)
				if (bucket_of(mlpg_term_name(host, model->schema, &design->term[j])) == bucket)
					ours = b[j];
			worst = fmax(worst, isnan(ours) ? INFINITY : fabs(ours - estimate) / (1e-2 + fabs(estimate)));
		}
		CHECK_INT(n_kept, 0);
	}
	harness_note("%s: lambda, deviance and cross-validation %.1e, coefficients %.1e", name, worst_step, worst);
	CHECK(worst_step < 1e-7);
	CHECK(worst < 1e-6);
}

static MlpgModel *
net(MlpgHost *host, const Shop *s, int buckets, const char *family, const double *target, const char *l1_ratio, const char *folds)
{
	const Asked asked = {"elastic_net", buckets, false, false, target, strcmp(family, "binomial") == 0};
	MlpgPlan   *plan = shop_plan(host, &asked);

	mlpg_params_set(host, plan->params, "family", family);
	mlpg_params_set(host, plan->params, "l1_ratio", l1_ratio);
	mlpg_params_set(host, plan->params, "folds", folds);
	mlpg_params_set(host, plan->params, "tolerance", "1e-20");
	return test_open(host, fit_shop(host, plan, &asked, s, s->n));
}

static void
test_net(MlpgHost *host, FILE *file, const Shop *s)
{
	MlpgModel  *model = net(host, s, 12, "gaussian", s->y, "1", "5");
	double	   *scaled = mlpg_allocate(host, (size_t) s->n, sizeof(double)),
				mean = 0,
				square = 0;

	for (int i = 0; i < s->n; i++)
		mean += s->y[i] / s->n;
	for (int i = 0; i < s->n; i++)
		square += (s->y[i] - mean) * (s->y[i] - mean) / s->n;
	for (int i = 0; i < s->n; i++)
		scaled[i] = s->y[i] / sqrt(square);
	check_path(host, file, "lasso", model);
	check_explained(host, s, model);
	check_path(host, file, "ridge_mix", net(host, s, 12, "poisson", s->count, "0.3", "0"));
	check_path(host, file, "many", net(host, s, 4096, "gaussian", scaled, "0.5", "0"));
	check_path(host, file, "many_logit", net(host, s, 4096, "binomial", s->class, "0.5", "0"));
}

/* ---------- more n-grams than rows ---------- */

/* What depends on terms before is dropped, so that the fit goes through all rows (whose texts differ). */
static void
test_more_than_rows(MlpgHost *host, const Shop *s)
{
	static const char *const learner[] = {"linear", "glm", "quantile"};

	for (int k = 0; k < 3; k++)
	{
		const Asked asked = {learner[k], 1024, true, false, s->y, false};
		MlpgModel  *model = test_open(host, fit_shop(host, shop_plan(host, &asked), &asked, s, 60));
		int			n,
					kept = 0;
		MlpgCoefficient *c = test_coefficients(host, model, &n);
		double		worst = 0;

		for (int j = 0; j < n; j++)
			kept += !isnan(c[j].estimate);
		CHECK(n > 200);
		CHECK_INT(kept, 60);
		for (int i = 0; i < 60; i++)
			worst = fmax(worst, fabs(predict(host, model, s->text[i], s->x[i]) - s->y[i]));
		harness_note("%s: %d terms of %d, off by %.1e", learner[k], kept, n, worst);
		CHECK(worst < 1e-6);
		CHECK(test_warning(model, "design is rank deficient: ") != NULL);
		/* no direction is there that is rounding alone */
		for (int j = 0; j < n; j++)
			CHECK(isnan(c[j].estimate) || fabs(c[j].estimate) < 1e4);
	}
}

/* N-grams that always come together are dependent, exactly: "ab" and "abc" here. */
static void
test_together(MlpgHost *host)
{
	static const char *const learner[] = {"linear", "glm", "quantile", "expectile"};
	double		y[40];

	for (int k = 0; k < 4; k++)
	{
		const Asked asked = {learner[k], 1 << 16, false, false, y, false};
		MlpgPlan   *plan = shop_plan(host, &asked);
		MlpgFit		fit;
		MlpgModel  *model;
		MlpgCoefficient *c;
		int			n;

		mlpg_fit_init(host, &fit, plan);
		for (int i = 0; i < 40; i++)
		{
			char		text[40];

			y[i] = i % 7 + 0.1 * (i * 13 % 11);
			snprintf(text, sizeof(text), "%.*s%.*s%.*s", 1 + i % 4, "xxxx", 1 + i % 3, "yyyy", i % 5, "abcabcabc");
			add_row(host, &fit, text, 0, y[i], 1);
		}
		model = test_open(host, test_finish(host, &fit));
		c = test_coefficients(host, model, &n);
		for (int j = 0; j < n; j++)
			CHECK(isnan(c[j].estimate) || fabs(c[j].estimate) < 1e4);
		CHECK(test_warning(model, "design is rank deficient: ") != NULL);
	}
}

/* ---------- limits ---------- */

/* The error comes before the memory is taken, and says what to do. */
static void
test_limit(const Shop *s)
{
	static const char *const learner[] = {"linear", "glm", "quantile"};

	for (int k = 0; k < 3; k++)
	{
		MlpgHost   *host = harness_host_threads(1, (size_t) 4 << 20);
		const Asked asked = {learner[k], 65536, true, false, s->y, false};
		int			terms = 0;

		EXPECT_RAISE(host, MLPG_LIMIT_EXCEEDED, fit_shop(host, shop_plan(host, &asked), &asked, s, s->n));
		CHECK_TEXT(harness_message(host), mlpg_text(host, "the design is too large for learner \"%s\"", learner[k]));
		CHECK(sscanf(harness_detail(host), "It has %d terms", &terms) == 1 && terms > 300);
		CHECK(strstr(harness_hint(host), "fewer \"buckets\"") != NULL && strstr(harness_hint(host), "elastic_net") != NULL);
		CHECK(host->peak < (size_t) 3 << 20);
		harness_free(host);
	}
}

/* ---------- odd texts ---------- */

static void
test_odd(MlpgHost *host, const Shop *s)
{
	static const char *const learner[] = {"linear", "glm", "quantile", "expectile", "elastic_net", "logistic"};
	char	   *million = mlpg_allocate(host, 1000001, 1);

	for (int i = 0; i < 1000000; i++)
		million[i] = (char) ('a' + i * (int64_t) i / 7 % 26);
	for (int k = 0; k < 6; k++)
	{
		bool		classes = k == 5;
		const Asked asked = {learner[k], 64, true, false, classes ? s->class : s->y, classes};
		MlpgPlan   *plan = shop_plan(host, &asked);
		MlpgFit		fit;
		MlpgModel  *model;
		double		empty;

		mlpg_fit_init(host, &fit, plan);
		for (int i = 0; i < s->n; i++)
			add_row(host, &fit, i % 10 == 0 ? NULL : i % 10 == 1 ? "" : s->text[i], i % 7 == 0 ? NAN : s->x[i], asked.target[i], 1);
		add_row(host, &fit, million, 5, asked.target[0], 1);
		model = test_open(host, test_finish(host, &fit));
		empty = predict(host, model, "", 4);
		CHECK(isfinite(empty));
		CHECK(isfinite(predict(host, model, NULL, 4)) && predict(host, model, NULL, 4) != empty);
		CHECK(isfinite(predict(host, model, million, 4)) && predict(host, model, million, 4) != empty);
		CHECK(isfinite(predict(host, model, "\xE7\x89\x9B\xE4\xB9\xB3", 4)));
		CHECK(isfinite(predict(host, model, "tea", NAN)));
		CHECK(isnan(predict(host, model, NULL, NAN)));	/* a row without any value */
	}
}

/* Texts that say nothing: all missing, all empty, all the same. */
static void
test_little(MlpgHost *host)
{
	static const char *const learner[] = {"linear", "glm", "quantile", "expectile"};
	static const char *const text[] = {NULL, "", "the same"};
	static const double y[] = {1, 2, 3, 4, 5};

	for (int k = 0; k < 4; k++)
		for (int t = 0; t < 3; t++)
		{
			const Asked asked = {learner[k], 64, true, false, y, false};
			MlpgFit		fit;
			MlpgModel  *model;

			mlpg_fit_init(host, &fit, shop_plan(host, &asked));
			for (int i = 0; i < 5; i++)
				add_row(host, &fit, text[t], i, y[i], 1);
			model = test_open(host, test_finish(host, &fit));
			CHECK(fabs(predict(host, model, text[t], 2) - 3) < 1e-6);
			CHECK(isfinite(predict(host, model, "other", 2)));
		}
}

/* The same bytes for any number of threads. */
static void
test_threads(const Shop *s)
{
	static const char *const learner[] = {"linear", "glm", "quantile"};
	MlpgHost   *one = harness_host(),
			   *three = harness_host_threads(3, 0);

	for (int k = 0; k < 3; k++)
	{
		const Asked asked = {learner[k], 512, true, true, s->y, false};

		CHECK(test_same_bytes(fit_shop(one, shop_plan(one, &asked), &asked, s, s->n), fit_shop(three, shop_plan(three, &asked), &asked, s, s->n)));
	}
	harness_free(one);
	harness_free(three);
}

int
main(int argc, char **argv)
{
	MlpgHost   *host = harness_host();
	FILE	   *file = fopen("test/golden/texts.txt", "r");
	static Shop shop;

	CHECK(file != NULL && read_shop(file, &shop));
	if (file != NULL && argc > 1 && strcmp(argv[1], "folds") == 0)
	{
		print_folds(host, &shop);
		return 0;
	}
	if (file != NULL)
	{
		test_golden(host, file, &shop);
		test_net(host, file, &shop);
		fclose(file);
	}
	harness_reset(host);
	test_more_than_rows(host, &shop);
	harness_reset(host);
	test_together(host);
	test_limit(&shop);
	test_odd(host, &shop);
	test_little(host);
	test_threads(&shop);
	harness_free(host);
	return harness_done();
}
