/*-------------------------------------------------------------------------
 *
 * test_interval.c
 *	  Prediction intervals: the bounds of R's predict.lm (test/golden/intervals.R),
 *	  which rows are kept apart, and by simulation the coverage that is promised.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

#include "core/learners/calibration.h"
#include "core/learners/interval.h"
#include "core/math/dist.h"

#define SETS 10000

static MlpgInterval
interval_of(MlpgHost *host, const MlpgModel *model, double coverage, const double *row)
{
	MlpgIntervalRule rule;
	MlpgInterval interval;
	double	   *outputs = mlpg_allocate(host, (size_t) model->n_outputs, sizeof(double));

	mlpg_interval_rule(host, model, coverage, &rule);
	mlpg_interval_row(host, model, &rule, row, outputs, &interval);
	return interval;
}

/* ---------- Student's t ---------- */

static void
test_golden(void)
{
	FILE	   *file = fopen("test/golden/intervals.txt", "r");
	char		name[40];
	int			n,
				p,
				weighted,
				intercept,
				n_problems = 0;

	CHECK(file != NULL);
	while (file != NULL && fscanf(file, " problem %39s %d %d %d %d", name, &n, &p, &weighted, &intercept) == 5)
	{
		MlpgHost   *host = harness_host();
		MlpgPlan   *plan = test_plan(host, "linear", p, NULL, true);
		double	   *rows = mlpg_allocate(host, (size_t) n * (size_t) (p + 2), sizeof(double));
		double		level,
					row[10],
					expected[3];
		MlpgModel  *model;

		n_problems++;
		mlpg_params_set(host, plan->params, "intervals", "true");
		mlpg_params_set(host, plan->params, "intercept", intercept ? "true" : "false");
		for (int i = 0; i < n * (p + 2); i++)
			CHECK(fscanf(file, "%lf", &rows[i]) == 1);
		model = test_fit(host, plan, rows, n);
		while (fscanf(file, " row %lf", &level) == 1)
		{
			MlpgInterval interval;

			for (int j = 0; j < p; j++)
				CHECK(fscanf(file, "%lf", &row[j]) == 1);
			for (int j = 0; j < 3; j++)
				CHECK(fscanf(file, "%lf", &expected[j]) == 1);
			interval = interval_of(host, model, level, row);
			CHECK_CLOSE(interval.yhat, expected[0], 1e-8);
			CHECK_CLOSE(interval.upper - interval.yhat, expected[2] - expected[0], 1e-8);
			CHECK_CLOSE(interval.yhat - interval.lower, expected[0] - expected[1], 1e-8);
		}
		harness_free(host);
	}
	if (file != NULL)
		fclose(file);
	CHECK_INT(n_problems, 6);
}

/* Normal, by the polar method (Marsaglia and Bray 1964). */
static double
normal(uint64_t *random)
{
	for (;;)
	{
		double		u = 2 * test_uniform(random) - 1,
					v = 2 * test_uniform(random) - 1,
					s = u * u + v * v;

		if (s > 0 && s < 1)
			return u * sqrt(-2 * log(s) / s);
	}
}

/* A new row each set, and the true coefficients, are inside of 95 % intervals that often. */
static void
test_student_coverage(void)
{
	static const double truth[] = {2, 1, -3};
	MlpgHost   *host = harness_host();
	uint64_t	random = 20240613;
	int			inside = 0,
				coefficients[3] = {0};

	for (int s = 0; s < SETS; s++)
	{
		MlpgPlan   *plan = test_plan(host, "linear", 2, NULL, false);
		double		rows[16 * 3];
		MlpgModel  *model;
		MlpgInterval interval;
		MlpgCoefficient *c;
		double		t = mlpg_student_quantile(0.975, 12);
		int			n;

		mlpg_params_set(host, plan->params, "intervals", "true");
		for (int i = 0; i < 16; i++)
		{
			rows[3 * i] = normal(&random);
			rows[3 * i + 1] = test_uniform(&random) * 4;
			rows[3 * i + 2] = truth[0] + truth[1] * rows[3 * i] + truth[2] * rows[3 * i + 1] + normal(&random);
		}
		model = test_fit(host, plan, rows, 15);
		interval = interval_of(host, model, 0.95, rows + 45);
		inside += interval.lower <= rows[47] && rows[47] <= interval.upper;
		c = test_coefficients(host, model, &n);
		for (int j = 0; j < 3; j++)
			coefficients[j] += fabs(c[j].estimate - truth[j]) <= t * c[j].std_error;
		harness_reset(host);
	}
	harness_note("linear, %d sets: 95 %% intervals hold a new row in %.2f %%, the coefficients in %.2f, %.2f, %.2f %%", SETS,
				 100.0 * inside / SETS, 100.0 * coefficients[0] / SETS, 100.0 * coefficients[1] / SETS, 100.0 * coefficients[2] / SETS);
	CHECK(inside >= 0.943 * SETS && inside <= 0.957 * SETS);
	for (int j = 0; j < 3; j++)
		CHECK(coefficients[j] >= 0.943 * SETS && coefficients[j] <= 0.957 * SETS);
	harness_free(host);
}

/* ---------- conformal ---------- */

/*
 * Sets of n rows, fitted with a share apart, and a new row of the same kind: how
 * often is it inside?  rows: errors that are skewed, heavy-tailed and grow with x;
 * or, with discrete, a few different rows again and again.
 */
typedef struct Simulation
{
	const char *learner;
	const char *levels;			/* of quantile learners, or NULL */
	bool		discrete;
	int			n;
	double		share;
	double		coverage;
	int			sets;
	uint64_t	seed;
} Simulation;

static void
make_row(const Simulation *s, uint64_t *random, double *row)
{
	double		e;

	row[0] = test_uniform(random) * 5;
	row[1] = normal(random);
	e = exp(normal(random)) * (1 + row[0]) + normal(random) / (0.1 + test_uniform(random));
	row[2] = 3 + 2 * row[0] - row[1] + e;
	if (s->discrete)
	{
		row[0] = floor(row[0] / 2.5);
		row[1] = 0;
		row[2] = row[0] + floor(-log(1 - test_uniform(random)) * 1.2);
	}
}

static void
test_conformal_coverage(const Simulation *s)
{
	MlpgHost   *host = harness_host();
	uint64_t	random = s->seed;
	int			inside = 0,
				bounded = 0;
	double		expected = 0,
				slack = 0,
				error;

	for (int k = 0; k < s->sets; k++)
	{
		MlpgPlan   *plan = test_plan(host, s->learner, 2, NULL, false);
		double	   *rows = mlpg_allocate(host, 3 * (size_t) (s->n + 1), sizeof(double));
		MlpgModel  *model;
		MlpgInterval interval;
		double		m;

		plan->calibration_share = s->share;
		plan->seed = (uint64_t) k;
		if (s->levels != NULL)
			mlpg_params_set(host, plan->params, "quantile", s->levels);
		for (int i = 0; i <= s->n; i++)
			make_row(s, &random, rows + 3 * i);
		model = test_fit(host, plan, rows, s->n);
		interval = interval_of(host, model, s->coverage, rows + 3 * s->n);
		m = (double) model->calibration->n + 1;
		expected += fmin(1, ceil(m * s->coverage - 1e-9) / m);
		slack += 1 / m;
		bounded += !isnan(interval.lower);
		inside += isnan(interval.lower) || (interval.lower <= rows[3 * s->n + 2] && rows[3 * s->n + 2] <= interval.upper);
		harness_reset(host);
	}
	error = sqrt(s->coverage * (1 - s->coverage) / s->sets);
	harness_note("%s%s%s%s, %d of %d rows apart, %d sets: %.2f %% hold (promised %.0f %%, at most %.2f %%, by ranks %.2f %%); bounds in %.1f %%",
				 s->learner, s->levels ? " " : "", s->levels ? s->levels : "", s->discrete ? " discrete" : "", (int) (s->share * s->n), s->n, s->sets,
				 100.0 * inside / s->sets, 100 * s->coverage, 100 * (s->coverage + slack / s->sets), 100 * expected / s->sets, 100.0 * bounded / s->sets);
	CHECK(inside >= (s->coverage - 3 * error) * s->sets);
	/* scores of discrete targets tie */
	if (!s->discrete)
	{
		CHECK(inside <= (s->coverage + slack / s->sets + 3 * error) * s->sets);
		CHECK(fabs(inside - expected) <= 3.5 * error * s->sets);
	}
	CHECK(bounded > 0.98 * s->sets);
	harness_free(host);
}

static void
test_conformal(void)
{
	static const Simulation simulations[] = {
		{"linear", NULL, false, 40, 0.5, 0.8, SETS, 1},
		{"linear", NULL, false, 120, 0.4, 0.9, 4000, 2},
		{"baseline", NULL, false, 60, 0.5, 0.8, SETS, 3},
		{"baseline", NULL, true, 60, 0.5, 0.8, SETS, 4},
		{"linear", NULL, true, 80, 0.3, 0.8, 4000, 5},
		{"quantile", "0.1,0.5,0.9", false, 60, 0.5, 0.8, 2000, 6},
		{"quantile", "0.3,0.7", false, 60, 0.5, 0.9, 2000, 7},
		{"quantile", "0.5", false, 60, 0.5, 0.7, 2000, 8},
		{"boosted_trees", NULL, false, 120, 0.4, 0.8, 300, 9},
	};

	for (size_t i = 0; i < sizeof(simulations) / sizeof(simulations[0]); i++)
		test_conformal_coverage(&simulations[i]);
}

/* ---------- scores ---------- */

/* Ranks in a calibration of which every score is known: 1, 2, ..., n. */
static void
test_ranks(void)
{
	static const int64_t sizes[] = {1, 4, 19, 4096, 4097, 5000, 8192, 1000003};

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
	{
		int64_t		n = sizes[s];
		int			kept = (int) (n < MLPG_CALIBRATION_SCORES ? n : MLPG_CALIBRATION_SCORES);
		double	   *score = malloc((size_t) kept * sizeof(double));
		MlpgCalibration c = {n, kept, 1, score};
		int64_t		below = 0,
					above = 0;

		for (int64_t i = 1; i <= kept; i++)
			score[i - 1] = (double) ((i * n + kept - 1) / kept);	/* the score of that rank is the rank */
		for (int64_t k = 1; k <= n; k += 1 + n / 5000)
		{
			double		margin = mlpg_calibration_margin(&c, 0, (double) k / (double) (n + 1));

			below += margin < (double) k;
			above += margin > (double) k + (n > kept ? (double) n / kept : 0);
		}
		CHECK_INT(below, 0);
		CHECK_INT(above, 0);
		CHECK_CLOSE(mlpg_calibration_margin(&c, 0, (double) n / (double) (n + 1)), (double) n, 0);
		CHECK(isnan(mlpg_calibration_margin(&c, 0, ((double) n + 0.01) / (double) (n + 1))));
		free(score);
	}
	CHECK_INT(mlpg_calibration_rows_needed(0.8), 4);
	CHECK_INT(mlpg_calibration_rows_needed(0.9), 9);
	CHECK_INT(mlpg_calibration_rows_needed(0.95), 19);
	CHECK_INT(mlpg_calibration_rows_needed(0.99), 99);
	CHECK_INT(mlpg_calibration_rows_needed(0.5), 1);
}

/* ---------- which rows ---------- */

static double *
some_rows(MlpgHost *host, int n, int d, bool category)
{
	double	   *rows = mlpg_allocate(host, (size_t) n * (size_t) d, sizeof(double));
	uint64_t	random = 99;

	for (int i = 0; i < n; i++)
		for (int j = 0; j < d; j++)
			rows[i * d + j] = category && j == 1 ? (double) (test_random(&random) % 5) : test_normal(&random);
	return rows;
}

/* The choice and, for a learner that is order-free, the model depend on the rows and the seed alone: any order, merged or not. */
static void
test_choice(void)
{
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = test_plan(host, "baseline", 2, "nc", false);
	int			n = 3000;
	double	   *rows = some_rows(host, n, 3, true);
	int		   *order = mlpg_allocate(host, (size_t) n, sizeof(int));
	double	   *shuffled = mlpg_allocate(host, (size_t) n * 3, sizeof(double));
	MlpgWriter *bytes,
			   *again;
	MlpgFit		fit[3];
	MlpgReader	reader;
	MlpgWriter *state = mlpg_writer_create(host, 0);

	plan->calibration_share = 0.25;
	bytes = test_fit_bytes(host, plan, rows, n);
	for (int k = 0; k < 5; k++)
	{
		test_shuffle(order, n, (uint64_t) k);
		for (int i = 0; i < n; i++)
			memcpy(shuffled + 3 * i, rows + 3 * order[i], 3 * sizeof(double));
		again = test_fit_bytes(host, plan, shuffled, n);
		CHECK(bytes->length == again->length && memcmp(bytes->data, again->data, bytes->length) == 0);
	}
	/* two states, one of which travels as bytes */
	for (int k = 0; k < 2; k++)
	{
		mlpg_fit_init(host, &fit[k], plan);
		test_feed(host, &fit[k], rows + (k == 0 ? 0 : 3 * 1000), k == 0 ? 1000 : n - 1000);
	}
	mlpg_fit_write(host, &fit[1], state);
	mlpg_reader_init(&reader, host, state->data, state->length, "state");
	mlpg_fit_read(host, &fit[2], plan, &reader);
	mlpg_read_end(&reader);
	mlpg_fit_combine(host, &fit[0], &fit[2]);
	again = test_finish(host, &fit[0]);
	CHECK(bytes->length == again->length && memcmp(bytes->data, again->data, bytes->length) == 0);
	plan->seed++;
	again = test_fit_bytes(host, plan, rows, n);
	CHECK(bytes->length != again->length || memcmp(bytes->data, again->data, bytes->length) != 0);
	harness_free(host);
}

/* A single-pass learner's fit is that of the rows that remain, for any number of threads. */
static void
test_rest(void)
{
	MlpgWriter *bytes[2];
	MlpgHost   *hosts[2] = {harness_host(), harness_host_threads(3, 0)};

	for (int k = 0; k < 2; k++)
	{
		MlpgHost   *host = hosts[k];
		MlpgPlan   *plan = test_plan(host, "linear", 3, "ncn", false);
		int			n = 20000;
		double	   *rows = some_rows(host, n, 4, true);
		MlpgModel  *model;

		plan->calibration_share = 0.2;
		bytes[k] = test_fit_bytes(host, plan, rows, n);
		model = test_open(host, bytes[k]);
		CHECK(fabs((double) model->calibration->n - 0.2 * n) < 4 * sqrt(0.16 * n));
		CHECK_CLOSE(test_fact(model, "rows") + test_fact(model, "calibration_rows"), n, 0);
		CHECK(mlpg_fact_find(model->facts, "warning") == NULL);
	}
	CHECK(bytes[0]->length == bytes[1]->length && memcmp(bytes[0]->data, bytes[1]->data, bytes[0]->length) == 0);
	harness_free(hosts[0]);
	harness_free(hosts[1]);
}

/* Rows of weight 0 and validation rows are not kept apart; a category of rows apart alone is no category. */
static void
test_left_out(void)
{
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = test_plan(host, "linear", 2, "nc", true);
	double		rows[400 * 4];
	uint64_t	random = 3;
	MlpgModel  *model;
	const MlpgDictionary *kinds;

	for (int i = 0; i < 400; i++)
	{
		rows[4 * i] = test_normal(&random);
		rows[4 * i + 1] = i < 40 ? i + 10 : i % 3;	/* 40 rows with a category of their own */
		rows[4 * i + 2] = test_normal(&random);
		rows[4 * i + 3] = i % 2 == 0 ? 0 : 2;
	}
	plan->calibration_share = 0.9;
	model = test_fit(host, plan, rows, 400);
	kinds = model->schema->feature[1].dictionary;
	CHECK(model->calibration->n + (mlpg_fact_find(model->facts, "calibration_rows_unpredicted") ? test_fact(model, "calibration_rows_unpredicted") : 0) < 200);
	CHECK(test_fact(model, "calibration_rows_unpredicted") > 5);
	/* the 20 of weight 0, which were fitted, and few of the others */
	CHECK(kinds->n >= 23 && kinds->n < 33);
	harness_free(host);

	host = harness_host();
	plan = test_plan(host, "boosted_trees", 2, NULL, false);
	plan->has_validation = true;
	plan->calibration_share = 0.9;
	for (int i = 0; i < 400; i++)
	{
		rows[4 * i + 1] = test_normal(&random);
		rows[4 * i + 3] = i % 2;
	}
	model = test_fit(host, plan, rows, 400);
	CHECK(model->calibration->n < 200 && model->calibration->n > 160);
	harness_free(host);
}

/* Fewer rows than the learner needs: all are fitted, and no interval has bounds. */
static void
test_few(void)
{
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = test_plan(host, "linear", 1, NULL, false);
	double		rows[] = {1, 2, 3, 5};
	MlpgModel  *model;
	MlpgIntervalRule rule;
	MlpgInterval interval;

	plan->calibration_share = 0.99;
	model = test_fit(host, plan, rows, 1);
	CHECK_INT(model->calibration->n, 0);
	CHECK(test_warning(model, "calibration part has 0 rows") != NULL);
	mlpg_interval_rule(host, model, 0.5, &rule);
	CHECK(rule.unbounded != NULL);
	interval = interval_of(host, model, 0.5, rows);
	CHECK(interval.yhat == 2 && isnan(interval.lower) && isnan(interval.upper));
	harness_free(host);
}

/* ---------- rules ---------- */

static void
test_rules(void)
{
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = test_plan(host, "linear", 2, NULL, false);
	double	   *rows = some_rows(host, 100, 3, false);
	MlpgModel  *model = test_fit(host, plan, rows, 100);
	MlpgIntervalRule rule;
	MlpgInterval interval;
	double		missing[] = {NAN, NAN};

	/* without anything to go by */
	EXPECT_RAISE(host, MLPG_NOT_SUPPORTED, mlpg_interval_rule(host, model, 0.8, &rule));
	CHECK(strstr(harness_hint(host), "\"intervals\":true") != NULL && strstr(harness_hint(host), "calibration") != NULL);
	mlpg_params_set(host, plan->params, "l2", "0.1");
	mlpg_params_set(host, plan->params, "intervals", "true");
	EXPECT_RAISE(host, MLPG_NOT_SUPPORTED, mlpg_interval_rule(host, test_fit(host, plan, rows, 100), 0.8, &rule));
	mlpg_params_set(host, plan->params, "l2", "0");
	model = test_fit(host, plan, rows, 100);
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, mlpg_interval_rule(host, model, 0, &rule));
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, mlpg_interval_rule(host, model, 1, &rule));
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, mlpg_interval_rule(host, model, NAN, &rule));
	/* no prediction, no interval */
	interval = interval_of(host, model, 0.8, missing);
	CHECK(isnan(interval.yhat) && isnan(interval.lower) && isnan(interval.upper));
	/* no degree of freedom */
	model = test_fit(host, plan, rows, 3);
	mlpg_interval_rule(host, model, 0.8, &rule);
	CHECK(rule.unbounded != NULL);
	CHECK(isnan(interval_of(host, model, 0.8, rows).lower) && interval_of(host, model, 0.8, rows).yhat == interval_of(host, model, 0.8, rows).yhat);
	/* a perfect fit is sure of itself */
	for (int i = 0; i < 100; i++)
		rows[3 * i + 2] = 1 + rows[3 * i];
	interval = interval_of(host, test_fit(host, plan, rows, 100), 0.8, rows);
	CHECK(interval.upper - interval.lower < 1e-10);
	/* targets so small that a variance is none: rather no interval than one without width */
	for (int i = 0; i < 100; i++)
		rows[3 * i + 2] = 1e-170 * (rows[3 * i] + sin(i));
	EXPECT_RAISE(host, MLPG_NOT_SUPPORTED, mlpg_interval_rule(host, test_fit(host, plan, rows, 100), 0.8, &rule));
	harness_free(host);

	host = harness_host();
	plan = test_plan(host, "quantile", 2, NULL, false);
	rows = some_rows(host, 200, 3, false);
	mlpg_params_set(host, plan->params, "quantile", "0.5,0.1,0.25,0.9");
	model = test_fit(host, plan, rows, 200);
	interval = interval_of(host, model, 0.8, rows);
	{
		double		outputs[4],
					levels[2] = {0.1, 0.9},
					bounds[2];

		model->learner->predict(model, rows, 1, 2, outputs);
		mlpg_model_quantiles(model, outputs, levels, 2, bounds);
		CHECK(interval.lower == bounds[0] && interval.upper == bounds[1]);
		CHECK(interval.yhat == mlpg_model_answer(model, outputs));
	}
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, mlpg_interval_rule(host, model, 0.9, &rule));
	CHECK(strstr(harness_detail(host), "0.05 and 0.95") != NULL);
	/* one level is no interval */
	mlpg_params_set(host, plan->params, "quantile", "0.5");
	EXPECT_RAISE(host, MLPG_NOT_SUPPORTED, mlpg_interval_rule(host, test_fit(host, plan, rows, 200), 0.5, &rule));
	/* with a calibration any coverage has one, from the pair of levels that is nearest */
	mlpg_params_set(host, plan->params, "quantile", "0.1,0.25,0.75,0.9");
	plan->calibration_share = 0.5;
	model = test_fit(host, plan, rows, 200);
	CHECK_INT(model->calibration->n_pairs, 2);
	mlpg_interval_rule(host, model, 0.55, &rule);
	CHECK(rule.lower == 1 && rule.upper == 2);
	mlpg_interval_rule(host, model, 0.95, &rule);
	CHECK(rule.lower == 0 && rule.upper == 3);
	/* hardly any coverage: the middle of what would cross */
	interval = interval_of(host, model, 0.001, rows);
	CHECK(interval.lower <= interval.upper);
	harness_free(host);
}

int
main(void)
{
	test_golden();
	test_student_coverage();
	test_conformal();
	test_ranks();
	test_choice();
	test_rest();
	test_left_out();
	test_few();
	test_rules();
	return harness_done();
}
