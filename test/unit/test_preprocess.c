/*-------------------------------------------------------------------------
 *
 * test_preprocess.c
 *	  Preprocessing: each step against another implementation, then its way
 *	  through fits, states and models.
 *
 * Reference values: test/golden/preprocess.txt, from R 4.2.2 (splines::ns, lm) and
 * scikit-learn 1.2.1 by test/golden/preprocess.R and preprocess.py.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

#include "core/matrix/preprocess.h"

/* ---------- steps ---------- */

static void
test_spline(MlpgHost *host)
{
	static const double knots[] = {0, 1.375, 3.5, 6.25, 10};
	static const double at[] = {-1.5, 0.5, 2.25, 5, 10, 12};
	static const double expected[6][4] = {
		{0, 0.2622581929634116, -0.716839060766658, 0.4545808678032468},
		{0.00415584415584416, -0.0847249123241682, 0.231581427019393, -0.1468565146952250},
		{0.32417213931280425, -0.1677323904532599, 0.478962409642419, -0.3037322597732416},
		{0.53241444545792371, 0.3793401489220777, 0.127140394630949, -0.0622050123209735},
		{0, -0.1510457010069713, 0.412858249419055, 0.7381874515879163},
		{0, -0.7738187451587916, 0.515104570100697, 1.2587141750580946}
	};
	MlpgSpline *spline = mlpg_spline_create(host, knots, 5);
	double		out[4];

	CHECK_INT(spline->n_columns, 4);
	for (int i = 0; i < 6; i++)
	{
		mlpg_spline_row(spline, at[i], out);
		for (int c = 0; c < 4; c++)
			CHECK(fabs(out[c] - expected[i][c]) < 1e-13);
	}
}

static void
test_hash(MlpgHost *host)
{
	static const char *const text[] = {"alice", "bob", "Zo\xC3\xAB", "\xE6\x9D\xB1\xE4\xBA\xAC", "", "user-12345"};
	static const char *const expected[] = {"405", "502", "238", "102", "000", "408"};
	char		label[MLPG_BUCKET_LABEL];

	for (int i = 0; i < 6; i++)
	{
		CHECK_INT(mlpg_bucket_label(text[i], (int32_t) strlen(text[i]), 1000, label), 3);
		CHECK_TEXT(label, expected[i]);
	}
	CHECK(mlpg_is_bucket_label("999", 3, 1000) && !mlpg_is_bucket_label("1000", 4, 1000));
	CHECK(!mlpg_is_bucket_label("99", 2, 1000) && !mlpg_is_bucket_label("6", 1, 6) && mlpg_is_bucket_label("5", 1, 6));
	CHECK(!mlpg_is_bucket_label("0x1", 3, 1000));
}

static MlpgNgrams *
ngrams_of(MlpgHost *host, const char *const *text, int n, int shortest, int longest, uint32_t buckets)
{
	MlpgNgrams *g = mlpg_ngrams_create(host, shortest, longest, buckets);

	for (int i = 0; i < n; i++)
		mlpg_ngrams_count(host, g, text[i], (int32_t) strlen(text[i]), 1);
	mlpg_ngrams_settle(host, g);
	return g;
}

static const MlpgTextGrams *
grams_of(MlpgHost *host, const MlpgNgrams *g, const char *text)
{
	return mlpg_ngrams_keep(host, g, text, (int32_t) strlen(text));
}

static bool
same_grams(const MlpgTextGrams *a, const MlpgTextGrams *b)
{
	for (int32_t k = 0; k < a->n && k < b->n; k++)
		if (a->gram[k].position != b->gram[k].position || a->gram[k].weight != b->gram[k].weight)
			return false;
	return a->n == b->n;
}

static void
test_ngrams(MlpgHost *host)
{
	static const char *const text[] = {
		"Free entry!", "free tea  and TEA",
		"\xE6\x9D\xB1\xE4\xBA\xAC\xE9\x83\xBD\xE3\x81\xAE\xE5\xA4\xA9\xE6\xB0\x97", "a",
		"\xC3\x84\xC3\x96 \xC3\x9Cnder \xCE\xA9mega"
	};
	static const double expected[5][16] = {
		{0, -0.474960771, 0.165832116, -0.237480386, 0, 0.237480386, 0.394260345, 0, 0,
		-0.165832116, 0.237480386, -0.165832116, -0.237480386, -0.394260345, 0, 0.394260345},
		{-0.1834234, -0.220967998, -0.154301546, 0, 0, 0.220967998, 0.366846799, 0, 0,
		-0.308603092, 0, -0.308603092, 0.220967998, -0.550270199, 0.366846799, 0.1834234},
		{-0.302147991, 0, -0.254176415, 0, 0, 0, 0, -0.302147991, -0.254176415,
		-0.50835283, 0, -0.254176415, 0, 0, -0.604295981, 0},
		{0},
		{-0.184641906, 0, -0.310653185, 0.222435919, -0.275703588, 0, 0, 0.184641906, 0.310653185,
		0.310653185, 0.222435919, -0.155326592, 0, 0.553925718, -0.369283812, 0}
	};
	MlpgNgrams *g = ngrams_of(host, text, 5, 2, 3, 16);

	for (int i = 0; i < 5; i++)
	{
		const MlpgTextGrams *grams = grams_of(host, g, text[i]);
		double		row[16] = {0};

		for (int32_t k = 0; k < grams->n; k++)
		{
			CHECK(k == 0 || grams->gram[k].position > grams->gram[k - 1].position);
			row[g->bucket[grams->gram[k].position]] = grams->gram[k].weight;
		}
		for (int b = 0; b < 16; b++)
			CHECK(fabs(row[b] - expected[i][b]) < 1e-9);
	}
}

/* Lower case and blanks are one thing; so are bytes that are no characters, each on its own. */
static void
test_characters(MlpgHost *host)
{
	static const char *const text[] = {"\xC3\xA9\xCF\x89\xD1\x8F\xD5\xA1\xE1\xBA\xA5 z", "\xFF\x80 q", "ab"};
	MlpgNgrams *g = ngrams_of(host, text, 3, 1, 2, 4096);

	CHECK(same_grams(grams_of(host, g, "\xC3\x89\xCE\xA9\xD0\xAF\xD4\xB1\xE1\xBA\xA4 Z"), grams_of(host, g, text[0])));
	CHECK(same_grams(grams_of(host, g, "\xC3\x89\xCE\xA9\xD0\xAF\xD4\xB1\xE1\xBA\xA4 \t\n\xE3\x80\x80Z"), grams_of(host, g, text[0])));
	CHECK_INT(grams_of(host, g, "\xFF\x80")->n, 3);
	CHECK_INT(grams_of(host, g, "")->n, 0);
	CHECK_INT(grams_of(host, g, "\xE6\x9D\xB1")->n, 0);	/* seen in no text */
	CHECK_INT(grams_of(host, g, "a")->n, 1);
	CHECK(grams_of(host, g, "a")->content != grams_of(host, g, "b")->content);
	CHECK_INT(grams_of(host, ngrams_of(host, text, 3, 3, 5, 64), "ab")->n, 0);	/* shorter than the shortest */
}

/* ---------- fits ---------- */

static MlpgWishes *
wishes_of(MlpgHost *host, const MlpgWish *wish, int n)
{
	MlpgWishes *wishes = mlpg_allocate(host, 1, sizeof(MlpgWishes));

	wishes->n = n;
	wishes->wish = mlpg_allocate(host, (size_t) n, sizeof(MlpgWish));
	memcpy(wishes->wish, wish, (size_t) n * sizeof(MlpgWish));
	return wishes;
}

static char *x1[] = {"x1"};
static char *x2[] = {"x2"};
static char *x3[] = {"x3"};
static char *x1_x2[] = {"x1", "x2"};
static char *x3_x4[] = {"x3", "x4"};
static char *x4[] = {"x4"};

/* store x item, as R's lm(y ~ a * b) has it: levels and products of what is no reference. */
static void
test_cross(MlpgHost *host)
{
	/* e, n, s are 0, 1, 2; t, u are 0, 1 */
	static const double rows[] = {
		1, 0, 1, 1, 1, 4, 1, 0, 2, 2, 1, 3, 2, 0, 7, 2, 1, 5, 0, 0, 8, 0, 1, 2, 0, 0, 9, 1, 1, 6, 2, 0, 5, 0, 1, 3
	};
	static const double expected[] = {8.5, -7, -2.5, -6, 9.5, 4};
	MlpgPlan   *plan = test_plan(host, "linear", 2, "cc", false);
	const MlpgWish wish = {.kind = MLPG_STEP_CROSS, .n_names = 2, .name = x1_x2};
	MlpgModel  *model;
	MlpgCoefficient *c;
	int			n;

	mlpg_plan_preprocess(host, plan, wishes_of(host, &wish, 1));
	model = test_fit(host, plan, rows, 12);
	c = test_coefficients(host, model, &n);
	CHECK_INT(n, 6);
	for (int i = 0; i < n && i < 6; i++)
		CHECK(fabs(c[i].estimate - expected[i]) < 1e-12);
	CHECK_TEXT(c[4].term, "x1 & x2 = c1 & c1");
	CHECK(test_warning(model, "design is rank") == NULL);

	/* a combination that training did not see is none of those, but has an answer */
	double		in[2] = {1, 1},
				out[3];

	mlpg_preprocess_row(model->schema->preprocess, in, out);
	CHECK_INT(out[2], 3);
	in[0] = NAN;
	mlpg_preprocess_row(model->schema->preprocess, in, out);
	CHECK(isnan(out[2]));
	in[0] = -1;
	mlpg_preprocess_row(model->schema->preprocess, in, out);
	CHECK_INT(out[2], -1);
}

/* Bins as KBinsDiscretizer has them, powers in the order of PolynomialFeatures. */
static void
test_columns(MlpgHost *host)
{
	static const double value[] = {1, 2, 2, 2, 3, 5, 8, 13, 21, 34.5};
	static const double probe[] = {0, 2, 2.9, 3, 4, 11.75, 99};
	static const double bin[] = {0, 1, 1, 1, 2, 3, 3};
	static const char *const names[] = {
		"x1", "log1p(x2)", "x3", "bucketize(x4)", "x1^2", "x1 * log1p(x2)", "x1 * x3", "log1p(x2)^2", "log1p(x2) * x3", "x3^2",
		"x1^3", "x1^2 * log1p(x2)", "x1^2 * x3", "x1 * log1p(x2)^2", "x1 * log1p(x2) * x3", "x1 * x3^2",
		"log1p(x2)^3", "log1p(x2)^2 * x3", "log1p(x2) * x3^2", "x3^3"
	};
	const MlpgWish wish[] = {
		{.kind = MLPG_STEP_LOG, .n_names = 1, .name = x2},
		{.kind = MLPG_STEP_BUCKETIZE, .n_names = 1, .name = x4, .number = {4}},
		{.kind = MLPG_STEP_POLYNOMIAL, .number = {3}}
	};
	MlpgPlan   *plan = test_plan(host, "boosted_trees", 4, NULL, false);
	double		rows[50],
				out[20];
	MlpgModel  *model;

	for (int i = 0; i < 10; i++)
	{
		for (int j = 0; j < 4; j++)
			rows[i * 5 + j] = value[(i * 3 + j * j) % 10];
		rows[i * 5 + 4] = i;
	}
	mlpg_plan_preprocess(host, plan, wishes_of(host, wish, 3));
	model = test_fit(host, plan, rows, 10);
	CHECK_INT(model->schema->n_features, 20);
	for (int i = 0; i < 20; i++)
		CHECK_TEXT(model->schema->feature[i].name, names[i]);
	CHECK_TEXT(model->schema->feature[3].dictionary->text[0], "1: below 2");
	CHECK_TEXT(model->schema->feature[3].dictionary->text[2], "3: 4 to 11.75");
	CHECK_TEXT(model->schema->feature[3].dictionary->text[3], "4: from 11.75");
	for (int i = 0; i < 7; i++)
	{
		const double in[] = {3, 2, 5, probe[i]};

		mlpg_preprocess_row(model->schema->preprocess, in, out);
		CHECK_INT(out[3], bin[i]);
	}
	CHECK_CLOSE(out[1], log1p(2), 1e-15);
	CHECK_CLOSE(out[14], 3 * log1p(2) * 5, 1e-15);
	CHECK_CLOSE(out[15], 75, 1e-15);

	/* outside of the logarithm's domain, and missing */
	const double outside[] = {NAN, -1, 1e200, NAN};

	mlpg_preprocess_row(model->schema->preprocess, outside, out);
	CHECK(isnan(out[0]) && isnan(out[1]) && isnan(out[3]) && isnan(out[4]) && isnan(out[8]));
	CHECK(isnan(out[9]));		/* a product out of range */
}

/* What belongs to made columns is shared by those that they are made of. */
static void
test_share(MlpgHost *host, const MlpgModel *model)
{
	int			n = model->schema->n_features;
	double	   *output = mlpg_allocate(host, (size_t) n, sizeof(double));
	double		input[5],
				sum = 0;

	for (int i = 0; i < n; i++)
		output[i] = i + 1;
	mlpg_preprocess_share(model->schema->preprocess, output, input);
	for (int i = 0; i < model->input->n_features; i++)
		sum += input[i];
	CHECK_CLOSE(sum, n * (n + 1) / 2, 1e-12);
}

/* ---------- all steps at once ---------- */

enum
{
	ROWS = 700
};

static MlpgPlan *
plan_of_all(MlpgHost *host, const char *learner)
{
	const MlpgWish wish[] = {
		{.kind = MLPG_STEP_SPLINE, .n_names = 1, .name = x1, .number = {4}},
		{.kind = MLPG_STEP_BUCKETIZE, .n_names = 1, .name = x2, .number = {3}},
		{.kind = MLPG_STEP_HASH, .n_names = 1, .name = x3, .number = {5}},
		{.kind = MLPG_STEP_CROSS, .n_names = 2, .name = x3_x4},
		{.kind = MLPG_STEP_POLYNOMIAL, .number = {2}}
	};
	MlpgPlan   *plan = test_plan(host, learner, 5, "nnccn", true);

	mlpg_plan_preprocess(host, plan, wishes_of(host, wish, 5));
	return plan;
}

/* Rows with holes, and weights. */
static double *
rows_of_all(MlpgHost *host)
{
	double	   *rows = mlpg_allocate(host, ROWS * 7, sizeof(double));
	uint64_t	state = 7;

	for (int i = 0; i < ROWS; i++)
	{
		double	   *row = rows + i * 7;

		row[0] = test_uniform(&state) < 0.1 ? NAN : test_normal(&state);
		row[1] = floor(test_uniform(&state) * 9);
		row[2] = floor(test_uniform(&state) * 12);
		row[3] = test_uniform(&state) < 0.1 ? NAN : floor(test_uniform(&state) * 3);
		row[4] = test_uniform(&state);
		row[5] = (isnan(row[0]) ? 1 : sin(row[0])) + row[1] + (row[3] == 1) + row[4] * row[4] + 0.1 * test_normal(&state);
		row[6] = 1 + (i % 2);
	}
	return rows;
}

/* Written again an opened model has the same bytes, and an order of rows has no say in what is fitted. */
static void
test_bytes(MlpgHost *host)
{
	double	   *rows = rows_of_all(host);
	double	   *shuffled = mlpg_allocate(host, ROWS * 7, sizeof(double));
	int			order[ROWS];
	MlpgWriter *first,
			   *second;
	MlpgModel  *model;
	MlpgContainer container;

	test_shuffle(order, ROWS, 3);
	for (int i = 0; i < ROWS; i++)
		memcpy(shuffled + i * 7, rows + order[i] * 7, 7 * sizeof(double));
	first = test_fit_bytes(host, plan_of_all(host, "boosted_trees"), rows, ROWS);
	second = test_fit_bytes(host, plan_of_all(host, "boosted_trees"), shuffled, ROWS);
	mlpg_container_read(host, first->data, first->length, &container);
	for (int id = MLPG_SECTION_SCHEMA; id <= MLPG_SECTION_PREPROCESS; id += MLPG_SECTION_PREPROCESS - MLPG_SECTION_SCHEMA)
	{
		MlpgContainer other;

		mlpg_container_read(host, second->data, second->length, &other);
		CHECK(container.section[id] != NULL && container.length[id] == other.length[id]);
		CHECK(memcmp(container.section[id], other.section[id], container.length[id]) == 0);
	}
	model = test_open(host, first);
	test_share(host, model);

	MlpgWriter *payload = mlpg_writer_create(host, 4);

	mlpg_write_bytes(payload, container.section[MLPG_SECTION_PAYLOAD], container.length[MLPG_SECTION_PAYLOAD]);
	CHECK(test_same_bytes(first, mlpg_container_write(host, container.learner_id, container.payload_version, model->schema,
													  model->params, model->facts, payload)));
}

static void
check_same_model(MlpgHost *host, const MlpgModel *a, const MlpgModel *b, const double *rows)
{
	int			n = a->schema->n_features;
	double	   *made = mlpg_allocate(host, (size_t) n, sizeof(double)),
				x,
				y;

	CHECK_INT(n, b->schema->n_features);
	for (int i = 0; i < 50; i++)
	{
		double		in[5];

		memcpy(in, rows + i * 7, sizeof(in));
		for (int j = 2; j < 4; j++)
			if (!isnan(in[j]))
			{
				char		text[40];

				in[j] = mlpg_feature_code(&a->input->feature[j], text, snprintf(text, sizeof(text), "c%.0f", in[j]));
			}
		mlpg_preprocess_row(a->schema->preprocess, in, made);
		a->learner->predict(a, made, 1, n, &x);
		mlpg_preprocess_row(b->schema->preprocess, in, made);
		b->learner->predict(b, made, 1, n, &y);
		CHECK_CLOSE(x, y, 1e-9);
	}
}

/* In parts, with one part through its bytes: as in one, whether or not the learner reads rows once. */
static void
test_states(MlpgHost *host, const char *learner)
{
	double	   *rows = rows_of_all(host);
	MlpgPlan   *plan = plan_of_all(host, learner);
	MlpgFit		part[3];
	MlpgWriter *w = mlpg_writer_create(host, 0);
	MlpgReader	r;
	MlpgPlan   *read;

	for (int k = 0; k < 2; k++)
	{
		mlpg_fit_init(host, &part[k], plan);
		test_feed(host, &part[k], rows + k * 333 * 7, k == 0 ? 333 : ROWS - 333);
	}
	mlpg_plan_write(plan, w);
	mlpg_fit_write(host, &part[1], w);
	mlpg_reader_init(&r, host, w->data, w->length, "state");
	read = mlpg_plan_read(&r);
	CHECK(mlpg_plan_equal(plan, read));
	CHECK_INT(read->buckets[2], 5);
	mlpg_fit_read(host, &part[2], read, &r);
	mlpg_read_end(&r);
	mlpg_fit_combine(host, &part[0], &part[2]);
	check_same_model(host, test_open(host, test_finish(host, &part[0])), test_fit(host, plan, rows, ROWS), rows);
	read->preprocess->wish[0].number[0] = 3;
	CHECK(!mlpg_plan_equal(plan, read));
}

/* Texts end to end: which of two words a text has, and rows without a text. */
static void
test_texts(MlpgHost *host)
{
	MlpgWish	wish = {.kind = MLPG_STEP_NGRAMS, .n_names = 1, .name = x1, .number = {2, 3, 512}};
	MlpgPlan   *plan = test_class_plan(host, "logistic", 1, "c", false, MLPG_BOOLEAN);
	MlpgFit		fit;
	MlpgModel  *model;
	double		p[3],
				in[3];

	mlpg_plan_preprocess(host, plan, wishes_of(host, &wish, 1));
	CHECK_INT(plan->kind[0], MLPG_TEXT);
	mlpg_fit_init(host, &fit, plan);
	for (int i = 0; i < 120; i++)
	{
		char		text[60];
		int			length = snprintf(text, sizeof(text), "%s number %d", i % 3 == 0 ? "\xE6\x9D\xB1\xE4\xBA\xAC" : "\xE5\xA4\xA7\xE9\x98\xAA", i % 7);
		double	   *row = mlpg_fit_next_row(host, &fit);

		row[0] = i % 20 == 19 ? NAN : mlpg_fit_code(host, &fit, 0, text, length);
		row[1] = mlpg_fit_target(host, &fit, i % 3 == 0, NULL, 0);
		mlpg_fit_commit_row(host, &fit);
	}
	model = test_open(host, test_finish(host, &fit));
	CHECK_INT(model->schema->feature[0].kind, MLPG_TEXT);
	CHECK(model->schema->feature[0].has_missing && model->schema->feature[0].mean == 0);
	in[0] = mlpg_text_value(grams_of(host, model->input->feature[0].ngrams, "\xE6\x9D\xB1\xE4\xBA\xAC"));
	in[1] = mlpg_text_value(grams_of(host, model->input->feature[0].ngrams, "\xE5\xA4\xA7\xE9\x98\xAA"));
	in[2] = mlpg_text_value(grams_of(host, model->input->feature[0].ngrams, ""));
	model->learner->predict(model, in, 3, 1, p);
	CHECK(p[0] > 0.7 && p[1] < 0.2 && p[2] > p[1] && p[2] < p[0]);
	in[0] = NAN;
	model->learner->predict(model, in, 1, 1, p);
	CHECK(isnan(p[0]));			/* a row without any value */
}

/* ---------- what is refused ---------- */

static void
check_refused(MlpgHost *host, const MlpgWish *wish, int n, const char *kinds, MlpgErrorCode code, const char *message)
{
	MlpgPlan   *plan = test_plan(host, "boosted_trees", (int) strlen(kinds), kinds, false);
	MlpgWishes *wishes = wishes_of(host, wish, n);
	volatile bool raised;

	HARNESS_TRY(host, raised, mlpg_plan_preprocess(host, plan, wishes));
	CHECK(raised);
	CHECK_INT(harness_code(host), code);
	CHECK_TEXT(harness_message(host), message);
}

static void
test_refusals(MlpgHost *host)
{
	static char *x9[] = {"x9"};
	static char *twice[] = {"x1", "x1"};
	const MlpgWish unknown = {.kind = MLPG_STEP_LOG, .n_names = 1, .name = x9};
	const MlpgWish text_log = {.kind = MLPG_STEP_LOG, .n_names = 1, .name = x1};
	const MlpgWish bins = {.kind = MLPG_STEP_BUCKETIZE, .n_names = 1, .name = x1, .number = {1}};
	const MlpgWish cross = {.kind = MLPG_STEP_CROSS, .n_names = 2, .name = x1_x2};
	const MlpgWish same = {.kind = MLPG_STEP_CROSS, .n_names = 2, .name = twice};
	const MlpgWish alone = {.kind = MLPG_STEP_CROSS, .n_names = 1, .name = x1};
	const MlpgWish square = {.kind = MLPG_STEP_POLYNOMIAL, .number = {2}};
	const MlpgWish both[] = {
		{.kind = MLPG_STEP_LOG, .n_names = 1, .name = x1}, {.kind = MLPG_STEP_SPLINE, .n_names = 1, .name = x1, .number = {3}}
	};
	const MlpgWish grams = {.kind = MLPG_STEP_NGRAMS, .n_names = 1, .name = x1, .number = {2, 3, 64}};
	char		wide[1601];

	check_refused(host, &unknown, 1, "nn", MLPG_UNDEFINED_COLUMN, "column \"x9\", named in \"log\" of preprocess, is no feature");
	CHECK_TEXT(harness_detail(host), "Features: x1, x2.");
	check_refused(host, &text_log, 1, "cn", MLPG_DATATYPE_MISMATCH, "\"log\" of preprocess cannot read column \"x1\"");
	check_refused(host, &bins, 1, "n", MLPG_INVALID_PARAMETER, "invalid value for \"bucketize\" of preprocess");
	check_refused(host, &cross, 1, "cn", MLPG_DATATYPE_MISMATCH, "\"cross\" of preprocess cannot read column \"x2\"");
	check_refused(host, &same, 1, "cc", MLPG_INVALID_PARAMETER, "column \"x1\" is twice in one cross");
	check_refused(host, &alone, 1, "c", MLPG_INVALID_PARAMETER, "invalid value for \"cross\" of preprocess");
	check_refused(host, &square, 1, "c", MLPG_INVALID_PARAMETER, "\"polynomial\" of preprocess has no number to multiply");
	check_refused(host, both, 2, "n", MLPG_INVALID_PARAMETER, "column \"x1\" is named in \"log\" and in \"spline\" of preprocess");
	check_refused(host, &grams, 1, "c", MLPG_NOT_SUPPORTED, "learner \"boosted_trees\" does not read texts by their n-grams");
	CHECK(strstr(harness_hint(host), "linear") != NULL && strstr(harness_hint(host), "\"hash\"") != NULL);
	memset(wide, 'n', 1600);
	wide[1600] = '\0';
	check_refused(host, &square, 1, wide, MLPG_LIMIT_EXCEEDED, "preprocess makes too many columns");
	CHECK_TEXT(harness_detail(host), "1600 columns would become 1282400; there are 100000 at most.");
}

/* The logarithm of a training value outside of its domain. */
static void
test_domain(MlpgHost *host)
{
	static const double rows[] = {1, 1, 2, 2, -1, 3, 4, 4};
	const MlpgWish wish = {.kind = MLPG_STEP_LOG, .n_names = 1, .name = x1};
	MlpgPlan   *plan = test_plan(host, "linear", 1, NULL, false);
	volatile bool raised;

	mlpg_plan_preprocess(host, plan, wishes_of(host, &wish, 1));
	HARNESS_TRY(host, raised, test_fit_bytes(host, plan, rows, 4));
	CHECK(raised);
	CHECK_TEXT(harness_message(host), "column \"x1\" has values of -1 and below, of which log(1 + x) is none");
}

/* A model without features has no steps either, and any row will do. */
static void
test_no_features(MlpgHost *host)
{
	double	   *rows = rows_of_all(host),
				y;
	MlpgModel  *model = test_fit(host, plan_of_all(host, "baseline"), rows, ROWS);

	CHECK_INT(model->input->n_features, 0);
	CHECK(model->schema->preprocess == NULL);
	model->learner->predict(model, NULL, 1, 0, &y);
	CHECK(isfinite(y));
}

/* Columns that have nothing to be fitted on: one row, one value, no value. */
static void
test_little(MlpgHost *host)
{
	static const double rows[] = {5, NAN, 0, NAN, NAN, 1, 1, 5, NAN, 0, NAN, NAN, 2, 1};
	double		in[5] = {7, 1, NAN, NAN, 1},
				y;

	for (int n = 1; n <= 2; n++)
	{
		MlpgModel  *model = test_fit(host, plan_of_all(host, "linear"), rows, n);
		double	   *made = mlpg_allocate(host, (size_t) model->schema->n_features, sizeof(double));

		mlpg_preprocess_row(model->schema->preprocess, in, made);
		model->learner->predict(model, made, 1, model->schema->n_features, &y);
		CHECK_CLOSE(y, n == 1 ? 1 : 1.5, 1e-12);
	}
}

static void
open_and_score(MlpgHost *host, const uint8_t *bytes, size_t length)
{
	MlpgModel  *model = mlpg_model_open(host, bytes, length);
	double	   *made = mlpg_allocate(host, (size_t) model->schema->n_features, sizeof(double));
	double		in[5] = {0.5, 3, 0, 0, 0.25},
				y;

	mlpg_preprocess_row(model->schema->preprocess, in, made);
	model->learner->predict(model, made, 1, model->schema->n_features, &y);
}

/* Whatever a byte of the section is turned into: refused, or a model that scores. */
static void
test_hostile(MlpgHost *host)
{
	MlpgHost   *victim = harness_host_threads(1, (size_t) 64 << 20);
	double	   *rows = rows_of_all(host);
	MlpgWriter *good = test_fit_bytes(host, plan_of_all(host, "linear"), rows, 60);
	MlpgContainer container;
	size_t		first,
				refused = 0;

	mlpg_container_read(host, good->data, good->length, &container);
	first = (size_t) (container.section[MLPG_SECTION_PREPROCESS] - good->data);
	for (size_t k = 0; k < container.length[MLPG_SECTION_PREPROCESS]; k++)
		for (int how = 0; how < 3; how++)
		{
			uint8_t    *bad = mlpg_allocate(victim, good->length, 1);
			uint32_t	crc;
			volatile bool raised;

			memcpy(bad, good->data, good->length);
			bad[first + k] = how == 0 ? 0xFF : how == 1 ? 0 : bad[first + k] ^ 1;
			memset(bad + 24, 0, 4);
			crc = mlpg_crc32c(0, bad, good->length);
			memcpy(bad + 24, &crc, 4);
			HARNESS_TRY(victim, raised, open_and_score(victim, bad, good->length));
			refused += raised;
			harness_reset(victim);
		}
	CHECK(refused > container.length[MLPG_SECTION_PREPROCESS] / 2);
	harness_free(victim);
}

int
main(void)
{
	static void (*const test[]) (MlpgHost *host) = {
		test_spline, test_hash, test_ngrams, test_characters, test_cross, test_columns, test_bytes, test_texts,
		test_refusals, test_domain, test_no_features, test_little, test_hostile
	};
	MlpgHost   *host = harness_host();

	for (size_t k = 0; k < sizeof(test) / sizeof(test[0]); k++)
	{
		test[k] (host);
		harness_reset(host);
	}
	test_states(host, "linear");
	test_states(host, "boosted_trees");
	harness_free(host);
	return harness_done();
}
