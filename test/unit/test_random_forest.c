/*-------------------------------------------------------------------------
 *
 * test_random_forest.c
 *	  Random forests: splits against an exhaustive search, the same bytes in any
 *	  order and on any number of threads, honest out-of-bag errors, classes, limits
 *	  and refusals.
 *
 *-------------------------------------------------------------------------
 */
#include "forests.h"

/* ---------- one split, against every other ---------- */

static double
squares(const double *rows, const bool *in, int n, bool side)
{
	double		sum = 0,
				count = 0,
				squares = 0;

	for (int i = 0; i < n; i++)
		if (in[i] == side)
		{
			sum += rows[3 * i + 2];
			count++;
		}
	for (int i = 0; i < n; i++)
		if (in[i] == side)
			squares += (rows[3 * i + 2] - sum / count) * (rows[3 * i + 2] - sum / count);
	return squares;
}

/* The least sum of squares that one split leaves. */
static double
least_squares(const double *rows, int n)
{
	double		least = INFINITY;

	for (int j = 0; j < 2; j++)
		for (int i = 0; i < n; i++)
		{
			bool		in[64];
			int			n_in = 0;
			double		both;

			for (int k = 0; k < n; k++)
				n_in += in[k] = rows[3 * k + j] <= rows[3 * i + j];
			both = n_in < n ? squares(rows, in, n, true) + squares(rows, in, n, false) : INFINITY;
			least = both < least ? both : least;
		}
	return least;
}

static void
test_split(void)
{
	MlpgHost   *host = harness_host();
	uint64_t	random = 5;
	bool		all_best = true;

	for (int round = 0; round < 40; round++)
	{
		MlpgPlan   *plan = plan_of_tree(host, 2, NULL, false);
		double		rows[3 * 24],
					left = 0;
		int			n = 24;
		MlpgModel  *model;

		set(host, plan, "num_leaves", "2");
		for (int i = 0; i < 3 * n; i++)
			rows[i] = floor(8 * test_uniform(&random));
		model = fit(host, plan, rows, n);
		for (int i = 0; i < n; i++)
			left += (rows[3 * i + 2] - predict(model, rows + 3 * i)) * (rows[3 * i + 2] - predict(model, rows + 3 * i));
		if (!(fabs(left - least_squares(rows, n)) <= 1e-9 * left))
			all_best = false;
	}
	CHECK(all_best);
	harness_free(host);
}

/* Categories by their means: the best of all 2^(k-1) - 1 sets (Fisher 1958). */
static void
test_set(void)
{
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = plan_of_tree(host, 1, "c", false);
	static const double mean[] = {4, -1, 3, 0, 5, -2, 4.5, 0.5};
	double		rows[2 * 80];
	MlpgModel  *model;

	set(host, plan, "num_leaves", "2");
	set(host, plan, "max_cat_to_onehot", "1");
	set(host, plan, "cat_smooth", "0");
	set(host, plan, "cat_l2", "0");
	set(host, plan, "min_data_per_group", "1");
	for (int i = 0; i < 80; i++)
	{
		rows[2 * i] = i % 8;
		rows[2 * i + 1] = mean[i % 8] + (i / 8 % 2 ? 0.25 : -0.25);
	}
	model = fit(host, plan, rows, 80);
	for (int c = 0; c < 8; c++)
	{
		double		code = c;

		CHECK_CLOSE(predict(model, &code), mean[c] > 2 ? 16.5 / 4 : -2.5 / 4, 1e-12);
	}
	harness_free(host);
}

/* A tree of single rows answers them all, a limited one what its leaves hold. */
static void
test_limits(void)
{
	MlpgHost   *host = harness_host();
	double	   *rows = make_rows(host, 3000, false, 0, 1, 3);
	MlpgPlan   *plan = plan_of_tree(host, 5, "nnnnc", false);
	MlpgModel  *model;
	const MlpgForest *forest;
	bool		exact = true,
				enough = true;

	for (int i = 0; i < 3000; i++)
		rows[6 * i + 3] = i;
	model = fit(host, plan, rows, 250);
	for (int i = 0; i < 250; i++)
		if (fabs(predict(model, rows + 6 * i) - rows[6 * i + 5]) > 1e-9)
			exact = false;
	CHECK(exact);
	set(host, plan, "min_data_in_leaf", "25");
	set(host, plan, "max_depth", "7");
	set(host, plan, "num_leaves", "20");
	model = fit(host, plan, rows, 3000);
	forest = mlpg_forest_of(model);
	for (uint32_t at = 0; at < forest->n_nodes; at++)
		if (forest->count[at] < 25)
			enough = false;
	CHECK(enough);
	CHECK_INT(forest->n_nodes, 39);
	CHECK(forest->tree[0].depth <= 7);
	CHECK(fabs(test_fact(model, "leaves_a_tree") - 20) < 0.5);
	harness_free(host);
}

/* With weights too each leaf has as many rows as it must, and rows without weight count for nothing. */
static void
test_weights(void)
{
	MlpgHost   *host = harness_host();
	double	   *rows = make_rows(host, 2000, true, 0, 0.5, 4);
	double	   *copies = mlpg_allocate(host, 2000 * 8 * 6, sizeof(double));
	MlpgPlan   *plan = plan_of_tree(host, 5, NULL, true);
	MlpgPlan   *plain = plan_of_tree(host, 5, NULL, false);
	MlpgModel  *model;
	const MlpgForest *forest;
	bool		enough = true;
	int			n = 0;
	double		worst = 0;

	set(host, plan, "min_data_in_leaf", "9");
	model = fit(host, plan, rows, 2000);
	forest = mlpg_forest_of(model);
	for (uint32_t at = 0; at < forest->n_nodes; at++)
		if (forest->count[at] < 9)
			enough = false;
	CHECK(enough && forest->n_nodes > 100);

	/* few leaves, whole weights: as if each row stood there so many times */
	for (int i = 0; i < 2000; i++)
		for (int k = 0; k < rows[7 * i + 6]; k++)
			memcpy(copies + 6 * (size_t) n++, rows + 7 * (size_t) i, 6 * sizeof(double));
	set(host, plan, "min_data_in_leaf", "1");
	set(host, plan, "num_leaves", "12");
	set(host, plain, "num_leaves", "12");
	set(host, plan, "max_bin", "20");
	set(host, plain, "max_bin", "20");
	for (int i = 0; i < 2000; i++)
		for (int j = 0; j < 4; j++)
			rows[7 * i + j] = floor(2 * rows[7 * i + j]);
	for (int i = 0; i < n; i++)
		for (int j = 0; j < 4; j++)
			copies[6 * i + j] = floor(2 * copies[6 * i + j]);
	model = fit(host, plan, rows, 2000);

	MlpgModel  *copied = fit(host, plain, copies, n);

	for (int i = 0; i < 2000; i++)
		if (rows[7 * i + 6] > 0)
			worst = fmax(worst, fabs(predict(model, rows + 7 * i) - predict(copied, rows + 7 * i)));
	CHECK(worst < 1e-9);
	if (worst >= 1e-9)
		harness_note("worst difference %g", worst);
	harness_free(host);
}

/* ---------- the same bytes ---------- */

typedef struct Variant
{
	bool		weighted;
	int			n_classes;
	const char *parameter;		/* NULL: none */
	const char *value;
} Variant;

static const Variant variants[] = {
	{false, 0, NULL, NULL},
	{true, 0, "quantile", "0.5,0.1"},
	{false, 0, "quantile", "0.9"},
	{false, 2, "feature_fraction", "0.6"},
	{true, 3, "class_weight", "balanced"},
	{false, 0, "num_leaves", "50"},
	{true, 0, "monotone_constraints", "\"x1\":1"},
};

static void
test_bytes(void)
{
	enum
	{
		N = 15000
	};

	for (size_t v = 0; v < sizeof(variants) / sizeof(variants[0]); v++)
	{
		const Variant *variant = &variants[v];
		MlpgHost   *host = harness_host();
		int			d = 6 + variant->weighted;
		double	   *rows = make_rows(host, N, variant->weighted, variant->n_classes, 1, 11 + v);
		double	   *shuffled = mlpg_allocate(host, N * (size_t) d, sizeof(double));
		int		   *order = mlpg_allocate(host, N, sizeof(int));
		MlpgWriter *first = NULL;

		/* rows that are equal but for nothing */
		memcpy(rows + 100 * d, rows, 50 * (size_t) d * sizeof(double));
		test_shuffle(order, N, 99);
		for (int i = 0; i < N; i++)
			memcpy(shuffled + i * d, rows + order[i] * d, (size_t) d * sizeof(double));
		for (int run = 0; run < 4; run++)
		{
			MlpgHost   *its = harness_host_threads(run == 0 ? 1 : run == 1 ? 2 : 8, 0);
			MlpgPlan   *plan = test_plan(its, "random_forest", 5, "nnnnc", variant->weighted);
			MlpgWriter *bytes;

			if (variant->n_classes > 0)
				make_classes(plan);
			set(its, plan, "num_iterations", "3");
			if (variant->parameter)
				set(its, plan, variant->parameter, variant->value);
			bytes = fit_bytes(its, plan, run == 3 ? shuffled : rows, N);
			if (run == 0)
			{
				first = mlpg_writer_create(host, 0);
				mlpg_write_bytes(first, bytes->data, bytes->length);
			}
			else
				CHECK(test_same_bytes(first, bytes));
			harness_free(its);
		}
		harness_free(host);
	}
}

/* ---------- out of the bag ---------- */

static double
fresh_rmse(MlpgHost *host, const MlpgModel *model, double noise)
{
	double	   *fresh = make_rows(host, 4000, false, 0, noise, 1234);
	double		sum = 0;

	for (int i = 0; i < 4000; i++)
	{
		double		e = predict(model, fresh + 6 * i) - fresh[6 * i + 5];

		sum += e * e;
	}
	return sqrt(sum / 4000);
}

static void
test_out_of_bag(void)
{
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = test_plan(host, "random_forest", 5, "nnnnn", false);
	double	   *rows = make_rows(host, 4000, false, 0, 1, 21);
	MlpgModel  *model;
	double		seen = 0;
	uint64_t	random = 8;

	/* as bad as on rows that training never saw, and much worse than on its own */
	model = fit(host, plan, rows, 4000);
	for (int i = 0; i < 4000; i++)
		seen += (predict(model, rows + 6 * i) - rows[6 * i + 5]) * (predict(model, rows + 6 * i) - rows[6 * i + 5]);
	CHECK_CLOSE(test_fact(model, "oob_rmse"), fresh_rmse(host, model, 1), 0.05);
	CHECK(sqrt(seen / 4000) < 0.7 * test_fact(model, "oob_rmse"));

	/* noise cannot be learnt */
	for (int i = 0; i < 4000; i++)
		rows[6 * i + 5] = test_random(&random) % 2;
	model = fit(host, plan, rows, 4000);
	CHECK(test_fact(model, "oob_rmse") > 0.5);
	make_classes(plan);
	model = fit(host, plan, rows, 4000);
	CHECK(fabs(test_fact(model, "oob_error") - 0.5) < 0.03);
	CHECK(test_fact(model, "oob_log_loss") > log(2));

	/* no row is out of a full bag */
	set(host, plan, "bagging_fraction", "1");
	set(host, plan, "num_iterations", "2");
	model = fit(host, plan, rows, 4000);
	CHECK(mlpg_fact_find(model->facts, "oob_error") == NULL);
	harness_free(host);
}

/* The curve has each number of trees, ends at the facts, and falls. */
static void
test_curve(void)
{
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = test_plan(host, "random_forest", 5, "nnnnc", false);
	double	   *rows = make_rows(host, 1500, false, 3, 0.5, 31);
	MlpgFacts  *facts = mlpg_facts_create(host);
	MlpgFit		its;
	int			n[2] = {0, 0};
	double		first = NAN,
				last = NAN;

	make_classes(plan);
	set(host, plan, "num_iterations", "30");
	mlpg_fit_init(host, &its, plan);
	for (int i = 0; i < 1500; i++)
	{
		double	   *to = mlpg_fit_next_row(host, &its);
		char		text[8];

		memcpy(to, rows + 6 * i, 6 * sizeof(double));
		to[4] = mlpg_fit_code(host, &its, 4, text, snprintf(text, sizeof(text), "c%.0f", rows[6 * i + 4]));
		to[5] = mlpg_fit_target(host, &its, rows[6 * i + 5], NULL, 0);
		mlpg_fit_commit_row(host, &its);
	}
	mlpg_fit_finish(host, host, &its, facts);
	for (int i = 0; i < facts->n_points; i++)
	{
		bool		loss = strcmp(facts->point[i].metric, "oob_log_loss") == 0;

		CHECK(loss || strcmp(facts->point[i].metric, "oob_error") == 0);
		n[loss]++;
		CHECK_INT(facts->point[i].step, n[loss]);
		if (loss && n[loss] == 1)
			first = facts->point[i].value;
		if (loss)
			last = facts->point[i].value;
	}
	CHECK_INT(n[0], 30);
	CHECK_INT(n[1], 30);
	CHECK(last < first / 3);
	CHECK(strtod(mlpg_fact_find(facts, "oob_log_loss"), NULL) == last);
	harness_free(host);
}

/* ---------- classes ---------- */

static void
test_classes(void)
{
	MlpgHost   *host = harness_host();
	double	   *rows = make_rows(host, 3000, false, 3, 0.3, 41);
	MlpgPlan   *plan = test_plan(host, "random_forest", 5, "nnnnn", false);
	MlpgModel  *model;
	int			right = 0;
	double		worst = 0,
				contribution[18],
				sum[3] = {0, 0, 0},
				out[3];

	make_classes(plan);
	set(host, plan, "num_iterations", "40");
	model = fit(host, plan, rows, 2000);
	CHECK_INT(model->n_outputs, 3);
	for (int i = 2000; i < 3000; i++)
	{
		model->learner->predict(model, rows + 6 * i, 1, 5, out);
		worst = fmax(worst, fabs(out[0] + out[1] + out[2] - 1));
		right += mlpg_model_class(model, out) == (int) rows[6 * i + 5];
	}
	CHECK(worst < 1e-15);
	CHECK(right > 800);
	if (right <= 800)
		harness_note("%d of 1000 right", right);

	/* contributions add up to the means over the trees, of which the probabilities are shares */
	model->learner->explain(host, model, rows, contribution);
	model->learner->predict(model, rows, 1, 5, out);
	for (int i = 0; i < 18; i++)
		sum[i / 6] += contribution[i];
	for (int k = 0; k < 3; k++)
		CHECK(fabs(sum[k] / (sum[0] + sum[1] + sum[2]) - out[k]) < 1e-12);

	/* two classes: one output, never outside 0 and 1 */
	for (int i = 0; i < 3000; i++)
		rows[6 * i + 5] = rows[6 * i] > 0;
	model = fit(host, plan, rows, 2000);
	CHECK_INT(model->n_outputs, 1);
	for (int i = 0; i < 3000; i++)
	{
		model->learner->predict(model, rows + 6 * i, 1, 5, out);
		worst = fmax(worst, fmax(out[0] - 1, -out[0]));
	}
	CHECK(worst < 1e-15);
	harness_free(host);
}

static void
test_regression_explained(void)
{
	MlpgHost   *host = harness_host();
	double	   *rows = make_rows(host, 1000, false, 0, 0.3, 51);
	MlpgPlan   *plan = test_plan(host, "random_forest", 5, "nnnnn", false);
	MlpgModel  *model;
	double		contribution[6],
				sum = 0;

	set(host, plan, "num_iterations", "20");
	model = fit(host, plan, rows, 1000);
	model->learner->explain(host, model, rows, contribution);
	for (int i = 0; i < 6; i++)
		sum += contribution[i];
	CHECK_CLOSE(sum, predict(model, rows), 1e-9);
	harness_free(host);
}

static void
test_monotone(void)
{
	MlpgHost   *host = harness_host();
	double	   *rows = make_rows(host, 3000, false, 0, 1, 61);
	MlpgPlan   *plan = test_plan(host, "random_forest", 5, "nnnnn", false);
	MlpgModel  *model;
	bool		rises = true;

	set(host, plan, "num_iterations", "10");
	set(host, plan, "monotone_constraints", "\"x2\":1");
	model = fit(host, plan, rows, 3000);
	for (int i = 0; i < 200; i++)
	{
		double		row[5],
					before = -INFINITY;

		memcpy(row, rows + 6 * i, sizeof(row));
		for (int k = -20; k <= 20; k++)
		{
			row[1] = k / 8.0;
			if (predict(model, row) < before)
				rises = false;
			before = predict(model, row);
		}
	}
	CHECK(rises);
	harness_free(host);
}

/* ---------- the odd and the refused ---------- */

static void
test_odd(void)
{
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = test_plan(host, "random_forest", 1, NULL, false);
	double		rows[] = {1, 5, 1, 7, 2, 5, NAN, 6};
	double		wide[2 * 40];
	MlpgModel  *model;

	/* one row; rows that are all the same; a feature that is nothing but NULL */
	model = fit(host, plan, rows, 1);
	CHECK(predict(model, rows) == 5);
	model = fit(host, plan, rows, 2);
	CHECK(predict(model, rows) >= 5 && predict(model, rows) <= 7);
	model = fit(host, plan, rows, 4);
	CHECK(predict(model, rows + 6) >= 5 && predict(model, rows + 6) <= 7);
	for (int i = 0; i < 40; i++)
	{
		wide[2 * i] = NAN;
		wide[2 * i + 1] = 1e290 * (i % 2 ? 1 : -1);
	}
	model = fit(host, plan, wide, 40);
	CHECK(isfinite(predict(model, wide)));

	/* a target that does not vary is known without a split, whatever its digits */
	for (int i = 0; i < 40; i++)
	{
		wide[2 * i] = i;
		wide[2 * i + 1] = 0.1;
	}
	model = fit(host, plan, wide, 40);
	CHECK(mlpg_forest_of(model)->n_nodes == 100);
	CHECK_CLOSE(predict(model, wide), 0.1, 1e-14);
	harness_free(host);
}

static void
test_refused(void)
{
	MlpgHost   *host = harness_host();
	double	   *rows = make_rows(host, 3000, false, 0, 1, 71);
	MlpgPlan   *plan = test_plan(host, "random_forest", 5, "nnnnn", false);

	set(host, plan, "num_iterations", "100000");
	set(host, plan, "min_data_in_leaf", "1");
	EXPECT_RAISE(host, MLPG_LIMIT_EXCEEDED, fit(host, plan, rows, 2000));
	CHECK_TEXT(harness_message(host), "the random forest would be too large");
	CHECK(strstr(harness_hint(host), "min_data_in_leaf") != NULL);
	set(host, plan, "quantile", "0.5");
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, fit(host, plan, rows, 2000));
	set(host, plan, "num_iterations", "5");
	make_classes(plan);
	for (int i = 0; i < 3000; i++)
		rows[6 * i + 5] = i % 3;
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, fit(host, plan, rows, 2000));
	plan = test_plan(host, "random_forest", 5, "nnnnn", false);
	make_classes(plan);
	set(host, plan, "monotone_constraints", "\"x1\":1");
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, fit(host, plan, rows, 2000));
	plan = test_plan(host, "random_forest", 5, "nnnnn", false);
	set(host, plan, "class_weight", "balanced");
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, fit(host, plan, rows, 2000));
	plan = test_plan(host, "random_forest", 4, "nnnn", true);
	for (int i = 0; i < 3000; i++)
		rows[6 * i + 5] = 0;
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, fit(host, plan, rows, 2000));
	harness_free(host);
}

/* A budget too small is refused before it is used; a cancel comes through wherever it comes. */
static void
test_stopped(void)
{
	MlpgHost   *rows_host = harness_host();
	double	   *rows = make_rows(rows_host, 12000, true, 0, 1, 81);

	for (int budget = 1; budget < 12; budget += 2)
	{
		MlpgHost   *host = harness_host_threads(2, (size_t) budget << 20);
		bool		raised;

		HARNESS_TRY(host, raised,
					{
						MlpgPlan   *plan = test_plan(host, "random_forest", 5, "nnnnn", true);

						set(host, plan, "quantile", "0.5");
						set(host, plan, "num_iterations", "20");
						fit(host, plan, rows, 12000);
					});
		CHECK(raised && harness_code(host) == MLPG_LIMIT_EXCEEDED);
		CHECK(host->peak <= (size_t) budget << 20);
		harness_free(host);
	}
	for (int k = 1; k < 4000; k = k * 3 / 2 + 1)
	{
		MlpgHost   *host = harness_host_threads(2, 0);
		bool		raised;

		harness_cancel_at_check(host, k);
		HARNESS_TRY(host, raised,
					{
						MlpgPlan   *plan = test_plan(host, "random_forest", 5, "nnnnn", true);

						set(host, plan, "num_iterations", "3");
						fit(host, plan, rows, 12000);
					});
		CHECK(!raised || harness_code(host) == MLPG_INTERNAL);
		harness_free(host);
	}
	harness_free(rows_host);
}

/* Bytes that are not a model's are refused or harmless. */
static void
test_hostile(void)
{
	MlpgHost   *host = harness_host();
	double	   *rows = make_rows(host, 300, true, 0, 1, 91);
	MlpgPlan   *plan = test_plan(host, "random_forest", 5, "nnnnn", true);
	MlpgWriter *bytes;
	MlpgContainer container;
	uint64_t	random = 3;
	int			refused = 0;

	set(host, plan, "num_iterations", "3");
	set(host, plan, "quantile", "0.3,0.6");
	bytes = fit_bytes(host, plan, rows, 300);
	mlpg_container_read(host, bytes->data, bytes->length, &container);
	for (int k = 0; k < 3000; k++)
	{
		size_t		length = container.length[MLPG_SECTION_PAYLOAD];
		uint8_t    *copy = mlpg_allocate(host, length, 1);
		MlpgModel	model = {.learner = plan->learner, .schema = test_open(host, bytes)->schema};
		bool		raised;

		memcpy(copy, container.section[MLPG_SECTION_PAYLOAD], length);
		if (k % 4 == 0)
			length = test_random(&random) % length;
		else
			copy[k % 4 == 1 ? test_random(&random) % length : length - 1 - test_random(&random) % (length / 4)] ^= (uint8_t) (1u << test_random(&random) % 8);
		HARNESS_TRY(host, raised,
					{
						MlpgReader	reader;
						double		out[1000];

						mlpg_reader_init(&reader, host, copy, length, "model");
						model.learner->open(host, &model, &reader);
						mlpg_read_end(&reader);
						model.learner->predict(&model, rows, 1, 5, out);
					});
		CHECK(!raised || harness_code(host) == MLPG_DATA_CORRUPTED);
		refused += raised;
	}
	CHECK(refused > 1500);
	harness_free(host);
}

int
main(void)
{
	test_split();
	test_set();
	test_limits();
	test_weights();
	test_bytes();
	test_out_of_bag();
	test_curve();
	test_classes();
	test_regression_explained();
	test_monotone();
	test_odd();
	test_refused();
	test_stopped();
	test_hostile();
	return harness_done();
}
