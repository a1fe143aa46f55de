/*-------------------------------------------------------------------------
 *
 * test_fit.c
 *	  Gathering rows: threads, split and merged states, states as bytes, plans,
 *	  and every learner when memory runs out or a cancel comes.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

#define N_ROWS 3000

typedef struct Variant
{
	const char *learner;
	const char *kinds;
	bool		weighted;
	const char *parameter;		/* NULL: none */
	const char *text;
	char		target;			/* classes that are n numbers, b booleans, t texts; 0: a regression */
} Variant;

static const Variant variants[] = {
	{"baseline", "nn", false, NULL, NULL, 0},
	{"baseline", "nc", true, "statistic", "median", 0},
	{"baseline", "nc", true, NULL, NULL, 't'},
	{"baseline", "n", false, NULL, NULL, 'n'},
	{"baseline", "", true, NULL, NULL, 'b'},
	{"linear", "nnn", false, NULL, NULL, 0},
	{"linear", "nncnc", true, NULL, NULL, 0},
	{"linear", "c", false, "l2", "0.5", 0},
	{"linear", "", false, NULL, NULL, 0},
	{"quantile", "nn", false, "quantile", "0.5", 0},
	{"quantile", "nnc", true, "quantile", "0.1,0.5,0.75", 0},
};

#define N_VARIANTS ((int) (sizeof(variants) / sizeof(variants[0])))

static MlpgPlan *
plan_of(MlpgHost *host, const Variant *v)
{
	MlpgPlan   *plan = test_plan(host, v->learner, (int) strlen(v->kinds), v->kinds, v->weighted);

	if (v->parameter)
		mlpg_params_set(host, plan->params, v->parameter, v->text);
	if (v->target != 0)
	{
		plan->task = MLPG_TASK_CLASSIFICATION;
		plan->target_kind = v->target == 't' ? MLPG_CATEGORY : v->target == 'b' ? MLPG_BOOLEAN : MLPG_NUMBER;
		if (v->target == 'n')
			plan->positive = mlpg_text(host, "3");
	}
	return plan;
}

/* Numbers with holes, categories of 7 levels, whole and broken weights, some zero. */
static double *
make_rows(MlpgHost *host, const MlpgPlan *plan, int n)
{
	int			d = mlpg_plan_columns(plan);
	uint64_t	random = 77;
	double	   *rows = mlpg_allocate(host, (size_t) n * (size_t) d, sizeof(double));

	for (int i = 0; i < n; i++)
	{
		double	   *row = rows + (size_t) i * (size_t) d;
		double		y = test_normal(&random);

		for (int j = 0; j < plan->n_features; j++)
		{
			bool		category = plan->kind[j] == MLPG_CATEGORY;

			row[j] = category ? (double) (test_random(&random) % 7 * 5) : 3 + test_normal(&random);
			if (j != 1 && test_random(&random) % 10 == 0)
				row[j] = NAN;
			else
				y += row[j] * (j + 1);
		}
		row[plan->n_features] = y;
		if (plan->task == MLPG_TASK_CLASSIFICATION)
			row[plan->n_features] = (double) (test_random(&random) % (plan->target_kind == MLPG_BOOLEAN ? 2 : 5)) + (i < 4 ? i % 2 : 0);
		if (plan->target_kind == MLPG_BOOLEAN)
			row[plan->n_features] = row[plan->n_features] > 0;
		if (plan->weighted)
			row[plan->n_features + 1] = i % 11 == 0 ? 0 : i % 3 ? 1 : test_uniform(&random);
	}
	return rows;
}

/* Estimates and errors of two models of the same plan agree. */
static void
compare_models(MlpgHost *host, const MlpgModel *a, const MlpgModel *b, double relative)
{
	int			n,
				m;
	MlpgCoefficient *x = test_coefficients(host, a, &n),
			   *y = test_coefficients(host, b, &m);

	CHECK_INT(n, m);
	for (int j = 0; j < n && j < m; j++)
	{
		CHECK_TEXT(x[j].term, y[j].term);
		CHECK_CLOSE(x[j].estimate, y[j].estimate, relative);
		CHECK_CLOSE(x[j].std_error, y[j].std_error, relative);
	}
}

/* ---------- threads ---------- */

static void
test_threads(const Variant *v)
{
	static const int threads[] = {1, 2, 8, 3};
	MlpgHost   *keep = harness_host();
	MlpgWriter *first = NULL;

	for (int k = 0; k < 4; k++)
	{
		MlpgHost   *host = harness_host_threads(threads[k], 0);
		MlpgPlan   *plan = plan_of(host, v);
		MlpgWriter *bytes = test_fit_bytes(host, plan, make_rows(host, plan, N_ROWS), N_ROWS);

		if (first == NULL)
		{
			first = mlpg_writer_create(keep, 4);
			mlpg_write_bytes(first, bytes->data, bytes->length);
		}
		harness_result(test_same_bytes(first, bytes), __FILE__, __LINE__, "the same bytes for any number of threads");
		harness_free(host);
	}
	harness_free(keep);
}

/* ---------- states ---------- */

static void
copy_state(MlpgHost *host, MlpgFit *from, MlpgFit *to, const MlpgPlan *plan)
{
	MlpgWriter *w = mlpg_writer_create(host, 0);
	MlpgWriter *again = mlpg_writer_create(host, 0);
	MlpgReader	reader;

	mlpg_fit_write(host, from, w);
	mlpg_reader_init(&reader, host, w->data, w->length, "state");
	mlpg_fit_read(host, to, plan, &reader);
	mlpg_read_end(&reader);
	CHECK_INT(to->n_rows, from->n_rows);
	CHECK_INT(to->n_dropped, from->n_dropped);
	mlpg_fit_write(host, to, again);
	harness_result(test_same_bytes(w, again), __FILE__, __LINE__, "a state read and written again has the same bytes");
}

/* A fit interrupted at any place, its state written, read and gone on with: the same bytes as without. */
static void
test_round_trip(const Variant *v)
{
	static const int cuts[] = {0, 1, 3, 4, 5, 511, 512, 513, 1024, 1500, N_ROWS};
	MlpgHost   *host = harness_host_threads(2, 0);
	MlpgPlan   *plan = plan_of(host, v);
	double	   *rows = make_rows(host, plan, N_ROWS);
	int			d = mlpg_plan_columns(plan);
	MlpgWriter *direct = test_fit_bytes(host, plan, rows, N_ROWS);

	for (int k = 0; k < (int) (sizeof(cuts) / sizeof(cuts[0])); k++)
	{
		MlpgFit		fit,
					copy;

		mlpg_fit_init(host, &fit, plan);
		test_feed(host, &fit, rows, cuts[k]);
		copy_state(host, &fit, &copy, plan);
		test_feed(host, &copy, rows + (size_t) cuts[k] * (size_t) d, N_ROWS - cuts[k]);
		harness_result(test_same_bytes(direct, test_finish(host, &copy)), __FILE__, __LINE__,
					   "a fit goes on from its state as if it had never stopped");
	}
	harness_free(host);
}

/* The rows in 2 to 9 states, some empty, merged left to right or as a tree, half of them through bytes. */
static void
test_merge(const Variant *v, double relative)
{
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = plan_of(host, v);
	double	   *rows = make_rows(host, plan, N_ROWS);
	int			d = mlpg_plan_columns(plan);
	MlpgModel  *direct = test_fit(host, plan, rows, N_ROWS);

	for (int parts = 2; parts <= 9; parts++)
	{
		MlpgFit		fit[9];
		uint64_t	random = (uint64_t) parts;
		int			from = 0;

		for (int k = 0; k < parts; k++)
		{
			int			n = k == parts - 1 ? N_ROWS - from : k == 1 ? 0 : (int) (test_random(&random) % (uint64_t) (N_ROWS - from));

			mlpg_fit_init(host, &fit[k], plan);
			fit[k].n_dropped = k;
			test_feed(host, &fit[k], rows + (size_t) from * (size_t) d, n);
			from += n;
			if (k % 2)
			{
				MlpgFit		copy;

				copy_state(host, &fit[k], &copy, plan);
				fit[k] = copy;
			}
		}
		if (parts % 2)
			for (int k = 1; k < parts; k++)
				mlpg_fit_combine(host, &fit[0], &fit[k]);
		else
			for (int step = 1; step < parts; step *= 2)
				for (int k = 0; k + step < parts; k += 2 * step)
					mlpg_fit_combine(host, &fit[k], &fit[k + step]);
		CHECK_INT(fit[0].n_rows, N_ROWS);
		CHECK_INT(fit[0].n_dropped, parts * (parts - 1) / 2);
		fit[0].n_dropped = 0;

		MlpgModel  *merged = test_open(host, test_finish(host, &fit[0]));

		CHECK_TEXT(mlpg_fact_find(merged->facts, "rows"), "3000");
		compare_models(host, direct, merged, relative);
	}
	harness_free(host);
}

/* Categories first seen in another order by each state. */
static void
test_merge_categories(void)
{
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = test_plan(host, "linear", 1, "c", false);
	MlpgFit		fit[2];
	double		rows[2][700 * 2];
	double		all[1400 * 2];

	for (int k = 0; k < 2; k++)
		for (int i = 0; i < 700; i++)
		{
			int			level = k == 0 ? i % 40 : 60 - i % 45;

			rows[k][i * 2] = level;
			rows[k][i * 2 + 1] = level * level + i % 3;
		}
	memcpy(all, rows[0], sizeof(rows[0]));
	memcpy(all + 1400, rows[1], sizeof(rows[1]));
	for (int k = 0; k < 2; k++)
	{
		mlpg_fit_init(host, &fit[k], plan);
		test_feed(host, &fit[k], rows[k], 700);
		CHECK(fit[k].state != NULL);
	}
	mlpg_fit_combine(host, &fit[0], &fit[1]);
	CHECK_INT(fit[0].dictionary[0]->n, 61);
	compare_models(host, test_fit(host, plan, all, 1400), test_open(host, test_finish(host, &fit[0])), 1e-12);
	harness_free(host);
}

/* ---------- plans ---------- */

static void
test_plans(void)
{
	MlpgHost   *host = harness_host();

	for (int k = 0; k < N_VARIANTS; k++)
	{
		MlpgPlan   *plan = plan_of(host, &variants[k]);
		MlpgWriter *w = mlpg_writer_create(host, 0),
				   *again = mlpg_writer_create(host, 0);
		MlpgReader	reader;
		MlpgPlan   *copy;

		plan->array_form = k % 2;
		mlpg_plan_write(plan, w);
		mlpg_reader_init(&reader, host, w->data, w->length, "state");
		copy = mlpg_plan_read(&reader);
		mlpg_read_end(&reader);
		CHECK(mlpg_plan_equal(plan, copy) && mlpg_plan_equal(copy, plan));
		CHECK_TEXT(copy->target, plan->target);
		CHECK_TEXT(copy->encoding, plan->encoding);
		mlpg_plan_write(copy, again);
		CHECK(test_same_bytes(w, again));
		/* every shorter text is refused */
		for (size_t length = 0; length < w->length; length++)
		{
			mlpg_reader_init(&reader, host, w->data, length, "state");
			EXPECT_RAISE(host, MLPG_DATA_CORRUPTED, mlpg_plan_read(&reader); mlpg_read_end(&reader));
		}
		for (int j = 0; j < N_VARIANTS; j++)
			CHECK(mlpg_plan_equal(plan, plan_of(host, &variants[j])) == (j == k && k % 2 == 0));
	}
	harness_free(host);
}

/* ---------- hostile states ---------- */

/* A state cut short, or with any byte changed, is refused or gives a model; nothing else. */
static void
test_hostile_states(const Variant *v)
{
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = plan_of(host, v);
	MlpgWriter *w = mlpg_writer_create(host, 0);
	MlpgFit		fit;
	int			n = v->learner[0] == 'l' ? 700 : 30;
	int			n_refused = 0,
				n_tried = 0;

	mlpg_fit_init(host, &fit, plan);
	test_feed(host, &fit, make_rows(host, plan, n), n);
	mlpg_fit_write(host, &fit, w);
	for (size_t at = 0; at < w->length; at += at < 600 ? 3 : v->weighted ? 5 : 97)
		for (int how = 0; how < 3; how++)
		{
			MlpgHost   *victim = harness_host_threads(1, 64 << 20);
			size_t		length = how == 2 ? at : w->length;
			uint8_t    *bytes = mlpg_allocate(victim, length, 1);
			MlpgReader	reader;
			MlpgFit		copy,
						other;
			MlpgWriter *volatile made = NULL;
			bool		raised;

			memcpy(bytes, w->data, length);
			if (how < 2)
				bytes[at] ^= how == 0 ? 0x80 : 0x7F;
			mlpg_reader_init(&reader, victim, bytes, length, "state");
			HARNESS_TRY(victim, raised,
						mlpg_fit_read(victim, &copy, plan, &reader);
						mlpg_read_end(&reader);
						mlpg_fit_init(victim, &other, plan);
						mlpg_fit_combine(victim, &other, &copy);
						made = test_finish(victim, &other);
						test_open(victim, made));
			n_tried++;
			n_refused += raised;
			if (raised && harness_code(victim) == MLPG_INTERNAL)
				harness_result(false, __FILE__, __LINE__, harness_message(victim));
			if (raised && made != NULL)
				harness_result(false, __FILE__, __LINE__, "a model was made that cannot be opened");
			if (how == 2 && !raised)
				harness_result(false, __FILE__, __LINE__, "a state cut short was taken");
			harness_free(victim);
		}
	harness_note("%s: %d of %d changed states refused", v->learner, n_refused, n_tried);
	CHECK(n_refused > n_tried / 3);
	harness_free(host);
}

/* A state of a classification: rows, then what stands at an offset from their end is changed. */
static void
expect_row(const MlpgPlan *plan, int column, double value, bool good)
{
	MlpgHost   *host = harness_host();
	const double rows[] = {1, 0, 1, -2, 0, 2, 1, 1, 3, 1, 3, 2, 0.5, 0.25, 1};
	MlpgWriter *w = mlpg_writer_create(host, 0);
	MlpgFit		fit,
				copy;
	MlpgReader	reader;
	bool		raised;

	mlpg_fit_init(host, &fit, plan);
	test_feed(host, &fit, rows, 3);
	mlpg_fit_write(host, &fit, w);
	/* the last row ends before the byte that says whether a state follows */
	memcpy(w->data + w->length - 1 - sizeof(double) * (size_t) (5 - column), &value, sizeof(value));
	mlpg_reader_init(&reader, host, w->data, w->length, "state");
	HARNESS_TRY(host, raised, mlpg_fit_read(host, &copy, plan, &reader); mlpg_read_end(&reader));
	harness_result(raised != good, __FILE__, __LINE__, mlpg_text(host, "column %d as %g", column, value));
	if (raised)
		CHECK(harness_code(host) == MLPG_DATA_CORRUPTED);
	harness_free(host);
}

/* Feature, class, weight, offset, validation mark. */
static void
test_hostile_classes(void)
{
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = test_class_plan(host, "boosted_trees", 1, "n", true, MLPG_NUMBER);
	MlpgWriter *w = mlpg_writer_create(host, 0);
	const double twice[] = {1, 0, 1, 0, -0.0};
	MlpgReader	reader;
	MlpgFit		fit;

	plan->has_offset = plan->has_validation = true;
	CHECK_INT(mlpg_plan_columns(plan), 5);
	CHECK_INT(mlpg_plan_weight_column(plan), 2);
	CHECK_INT(mlpg_plan_offset_column(plan), 3);
	CHECK_INT(mlpg_plan_validation_column(plan), 4);
	CHECK_INT((int) mlpg_plan_uses(plan), MLPG_USES_WEIGHT | MLPG_USES_OFFSET | MLPG_USES_VALIDATION);
	expect_row(plan, 0, NAN, true);
	expect_row(plan, 1, 0, true);
	expect_row(plan, 1, 3, false);	/* codes of three classes: 0, 1, 2 */
	expect_row(plan, 1, 0.5, false);
	expect_row(plan, 1, -1, false);
	expect_row(plan, 1, NAN, false);
	expect_row(plan, 2, 0, true);
	expect_row(plan, 2, -1, false);
	expect_row(plan, 3, -1e300, true);
	expect_row(plan, 3, NAN, false);
	expect_row(plan, 3, INFINITY, false);
	expect_row(plan, 4, 0, true);
	expect_row(plan, 4, 2, false);
	expect_row(plan, 4, NAN, false);

	/* a plan that asks a learner for what it does not do */
	plan->learner = mlpg_learner_require(host, "baseline");
	plan->params = mlpg_params_create(host, "baseline", plan->learner->params, plan->learner->n_params);
	mlpg_plan_write(plan, w);
	mlpg_reader_init(&reader, host, w->data, w->length, "state");
	EXPECT_RAISE(host, MLPG_DATA_CORRUPTED, mlpg_plan_read(&reader));
	plan->has_offset = plan->has_validation = false;
	plan->learner = mlpg_learner_require(host, "linear");
	plan->params = mlpg_params_create(host, "linear", plan->learner->params, plan->learner->n_params);
	w = mlpg_writer_create(host, 0);
	mlpg_plan_write(plan, w);
	mlpg_reader_init(&reader, host, w->data, w->length, "state");
	EXPECT_RAISE(host, MLPG_DATA_CORRUPTED, mlpg_plan_read(&reader));

	/* the same class twice: 0 and -0 */
	plan = test_class_plan(host, "baseline", 0, NULL, false, MLPG_NUMBER);
	mlpg_fit_init(host, &fit, plan);
	test_feed(host, &fit, twice, 2);
	CHECK_INT(fit.classes->n, 2);
	w = mlpg_writer_create(host, 0);
	mlpg_fit_write(host, &fit, w);
	for (int k = 0; k < 2; k++)
		memcpy(w->data + 24 + 8 * k, &twice[3 + k], sizeof(double));
	mlpg_reader_init(&reader, host, w->data, w->length, "state");
	EXPECT_RAISE(host, MLPG_DATA_CORRUPTED, mlpg_fit_read(host, &fit, plan, &reader));
	harness_free(host);
}

/* Each thing that a row of a state may not hold. */
static void
test_hostile_rows(void)
{
	static const struct
	{
		int			column;
		double		value;
		bool		good;
	}			change[] = {
		{0, NAN, true}, {0, INFINITY, false}, {0, -1e308, true},
		{1, NAN, true}, {1, 0, true}, {1, 1, true}, {1, 2, false}, {1, -1, false}, {1, 0.5, false}, {1, 1e18, false},
		{2, NAN, false}, {2, INFINITY, false}, {2, -3, true},
		{3, 0, true}, {3, -1, false}, {3, -0.0, true}, {3, NAN, false}, {3, INFINITY, false},
	};
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = test_plan(host, "linear", 2, "nc", true);
	const double rows[] = {1, 3, 10, 1, 2, 4, 20, 2, 3, 3, 30, 1};
	MlpgWriter *w = mlpg_writer_create(host, 0);
	MlpgFit		fit,
				copy;

	mlpg_fit_init(host, &fit, plan);
	test_feed(host, &fit, rows, 3);
	mlpg_fit_write(host, &fit, w);
	for (int k = 0; k < (int) (sizeof(change) / sizeof(change[0])); k++)
	{
		/* the last row ends before the flag of the learner's state */
		size_t		at = w->length - 1 - (size_t) (4 - change[k].column) * sizeof(double);
		double		before;
		MlpgReader	reader;

		memcpy(&before, w->data + at, sizeof(before));
		CHECK_CLOSE(before, change[k].column == 1 ? 0 : rows[8 + change[k].column], 0);
		memcpy(w->data + at, &change[k].value, sizeof(double));
		mlpg_reader_init(&reader, host, w->data, w->length, "state");
		if (change[k].good)
		{
			mlpg_fit_read(host, &copy, plan, &reader);
			CHECK_INT(copy.n_rows, 3);
		}
		else
			EXPECT_RAISE(host, MLPG_DATA_CORRUPTED, mlpg_fit_read(host, &copy, plan, &reader));
		memcpy(w->data + at, &before, sizeof(before));
	}
	harness_free(host);
}

/* ---------- memory and cancels ---------- */

static void
everything(MlpgHost *host, const Variant *v, int n)
{
	MlpgPlan   *plan = plan_of(host, v);
	double	   *rows = make_rows(host, plan, n);
	int			half = n / 2;
	MlpgFit		a,
				b,
				c;
	MlpgWriter *w = mlpg_writer_create(host, 0);
	MlpgReader	reader;
	double		out[8];

	mlpg_fit_init(host, &a, plan);
	test_feed(host, &a, rows, half);
	mlpg_fit_init(host, &b, plan);
	test_feed(host, &b, rows + half * mlpg_plan_columns(plan), n - half);
	mlpg_fit_write(host, &b, w);
	mlpg_reader_init(&reader, host, w->data, w->length, "state");
	mlpg_fit_read(host, &c, plan, &reader);
	mlpg_fit_combine(host, &a, &c);

	MlpgModel  *model = test_open(host, test_finish(host, &a));
	int			k;

	for (int j = 0; j < plan->n_features; j++)
		if (plan->kind[j] == MLPG_CATEGORY)
			rows[j] = 0;
	model->learner->predict(model, rows, 1, plan->n_features, out);
	model->learner->coefficients(host, model, &k);
}

/* The k-th allocation fails, for each k: the host's error, nothing lost, nothing touched after. */
static void
test_out_of_memory(const Variant *v, int n_threads)
{
	MlpgHost   *host = harness_host_threads(n_threads, 0);
	int64_t		allocations;
	int			n = n_threads > 1 ? 1400 : 60;
	int			n_raised = 0;
	bool		raised;

	everything(host, v, n);
	allocations = harness_allocations(host);
	for (int64_t k = 1; k <= allocations; k += n_threads > 1 ? 7 : 1)
	{
		harness_reset(host);
		harness_fail_allocation(host, k);
		HARNESS_TRY(host, raised, everything(host, v, n));
		n_raised += raised && harness_code(host) == MLPG_LIMIT_EXCEEDED;
		if (!raised || harness_code(host) != MLPG_LIMIT_EXCEEDED)
			harness_result(false, __FILE__, __LINE__, "an allocation that failed went unnoticed");
	}
	CHECK(n_raised > 20);
	harness_free(host);
}

/* A cancel at any check. */
static void
test_cancel(const Variant *v)
{
	MlpgHost   *host = harness_host_threads(2, 0);
	int64_t		checks;
	bool		raised;

	everything(host, v, 1400);
	checks = harness_checks(host);
	CHECK(checks > 0);
	for (int64_t k = 1; k <= checks; k += 1 + checks / 100)
	{
		harness_reset(host);
		harness_cancel_at_check(host, k);
		HARNESS_TRY(host, raised, everything(host, v, 1400));
		/* how often threads wait is not the same each time; what was raised must be the cancel */
		if (raised)
			harness_result(harness_code(host) == MLPG_INTERNAL, __FILE__, __LINE__, "canceled at a check");
	}
	harness_free(host);
}

/* Just below the peak of a fit the budget's error comes, above it does not. */
static void
test_budget(const Variant *v)
{
	MlpgHost   *host = harness_host();
	size_t		peak;

	everything(host, v, N_ROWS);
	peak = host->peak;
	harness_reset(host);
	host->budget = peak;
	everything(host, v, N_ROWS);
	harness_reset(host);
	host->budget = peak - 1;
	EXPECT_RAISE(host, MLPG_LIMIT_EXCEEDED, everything(host, v, N_ROWS));
	CHECK_TEXT(harness_message(host), "working memory would exceed its limit");
	harness_free(host);
}

/* A new group is small: 100,000 of them must fit. */
static void
test_small_states(void)
{
	for (int k = 0; k < N_VARIANTS; k++)
	{
		MlpgHost   *host = harness_host();
		MlpgPlan   *plan = plan_of(host, &variants[k]);
		double	   *rows = make_rows(host, plan, 4);
		MlpgFit		fit;
		size_t		before = host->in_use;

		mlpg_fit_init(host, &fit, plan);
		CHECK(sizeof(fit) + host->in_use - before < 512);
		test_feed(host, &fit, rows, 4);
		CHECK(host->in_use - before < 2048);
		harness_free(host);
	}
}

static void
test_too_few_rows(void)
{
	for (int k = 0; k < N_VARIANTS; k++)
	{
		MlpgHost   *host = harness_host();
		MlpgFit		fit;

		mlpg_fit_init(host, &fit, plan_of(host, &variants[k]));
		fit.n_dropped = 12;
		EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, test_finish(host, &fit));
		CHECK_TEXT(harness_message(host), "too few rows to fit a model");
		CHECK(strstr(harness_detail(host), "12 rows given, 12 dropped because the target is NULL, 0 remain") != NULL);
		harness_free(host);
	}
}

int
main(void)
{
	for (int k = 0; k < N_VARIANTS; k++)
	{
		const Variant *v = &variants[k];

		test_threads(v);
		test_round_trip(v);
		/* rows in another order may tie otherwise at a vertex, and medians are exact */
		test_merge(v, v->learner[0] == 'l' ? 1e-12 : 1e-9);
		test_hostile_states(v);
		test_out_of_memory(v, 1);
		if (v->learner[0] == 'l')
			test_out_of_memory(v, 2);
		test_cancel(v);
		test_budget(v);
	}
	test_hostile_rows();
	test_hostile_classes();
	test_merge_categories();
	test_plans();
	test_small_states();
	test_too_few_rows();
	return harness_done();
}
