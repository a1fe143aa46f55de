/*-------------------------------------------------------------------------
 *
 * test_lightgbm.c
 *	  LightGBM's text format, read and written.
 *
 * Reference: models written by LightGBM 4.6.0 with its own raw scores,
 * predictions, TreeSHAP contributions and importances (../shared/golden/lightgbm, which
 * says how they were made).  Where they are absent, small texts written here by the
 * rules of the format have answers that were worked out by hand.
 *
 *-------------------------------------------------------------------------
 */
#include "trees.h"

#include "core/learners/tree/lightgbm.h"
#include "core/learners/tree/shap.h"

#define MUTATIONS 60000
#define BUDGET ((size_t) 64 << 20)
#define FOLDER "../shared/golden/lightgbm/"

static MlpgModel *
import(MlpgHost *host, const char *text)
{
	MlpgWriter *bytes = mlpg_lightgbm_import(host, text, strlen(text), "UTF8");

	return mlpg_model_open(host, bytes->data, bytes->length);
}

static char *
read_file(MlpgHost *host, const char *name)
{
	char	   *path = mlpg_text(host, FOLDER "%s", name);
	FILE	   *file = fopen(path, "rb");
	char	   *text = mlpg_allocate(host, (size_t) 1 << 20, 1);
	size_t		n;

	if (file == NULL)
		return NULL;
	n = fread(text, 1, ((size_t) 1 << 20) - 1, file);
	text[n] = '\0';
	fclose(file);
	return text;
}

/* ---------- LightGBM's own answers ---------- */

#define COLUMNS_MAX 64

/* Largest differences met: raw and prediction relative, contributions absolute. */
typedef struct Worst
{
	double		raw;
	double		prediction;
	double		contribution;
	double		again;			/* raw, after export and import */
	int			n_rows;
} Worst;

static double
relative(double a, double b)
{
	return a == b ? 0 : fabs(a - b) / fmax(fabs(a), fabs(b));
}

static void
compare_row(MlpgHost *host, const MlpgModel *model, const MlpgModel *again, const double *row, const double *expected, Worst *worst)
{
	int			k = model->n_outputs,
				d = model->schema->n_features;
	double		raw[8],
				out[8],
				contribution[COLUMNS_MAX];

	mlpg_forest_raw(mlpg_forest_of(model), row, 1, d, raw);
	model->learner->predict(model, row, 1, d, out);
	model->learner->explain(host, model, row, contribution);
	for (int o = 0; o < k; o++)
	{
		worst->raw = fmax(worst->raw, relative(raw[o], expected[o]));
		worst->prediction = fmax(worst->prediction, relative(out[o], expected[k + o]));
	}
	for (int i = 0; i < k * (d + 1); i++)
		worst->contribution = fmax(worst->contribution, fabs(contribution[i] - expected[2 * k + i]));
	mlpg_forest_raw(mlpg_forest_of(again), row, 1, d, out);
	for (int o = 0; o < k; o++)
		worst->again = fmax(worst->again, relative(raw[o], out[o]));
	worst->n_rows++;
}

/* The answers' file: features, raw_k, pred_k, contrib_k; empty is NaN. */
static void
compare_rows(MlpgHost *host, const MlpgModel *model, const MlpgModel *again, char *csv, Worst *worst)
{
	const MlpgSchema *schema = model->schema;

	for (char *line = strchr(csv, '\n') + 1; *line != '\0'; line = strchr(line, '\n') + 1)
	{
		double		row[COLUMNS_MAX],
					expected[COLUMNS_MAX];
		char	   *at = line;

		for (int c = 0; *at != '\n' && c < COLUMNS_MAX; c++)
		{
			char	   *end = at + strcspn(at, ",\n");
			double		value;

			if (c < schema->n_features && schema->feature[c].kind == MLPG_CATEGORY)
				value = end == at ? NAN : mlpg_dictionary_find(schema->feature[c].dictionary, at, (int32_t) (end - at));
			else
				value = end == at ? NAN : strtod(at, NULL);
			if (c < schema->n_features)
				row[c] = value;
			else
				expected[c - schema->n_features] = value;
			at = end + (*end == ',');
		}
		compare_row(host, model, again, row, expected, worst);
	}
}

/* numbers of "name": [...] */
static void
compare_importance(const char *json, const char *name, const double *ours, int n, double tolerance)
{
	const char *at = strstr(json, name);

	at = at == NULL ? NULL : strchr(at, '[');
	CHECK(at != NULL);
	for (int i = 0; at != NULL && i < n; i++)
	{
		char	   *end;

		at += strcspn(at, "0123456789");
		CHECK_CLOSE(ours[i], strtod(at, &end), tolerance);
		at = end;
	}
}

static void
test_golden(void)
{
	static const char *const names[] = {"regression_nan", "quantile_nan", "regression_none", "regression_zero", "regression_categorical",
	"regression_pandas", "binary", "multiclass", "multiclassova", "forest", "poisson", "tweedie", "gamma"};

	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
	{
		MlpgHost   *host = harness_host();
		char	   *text = read_file(host, mlpg_text(host, "%s.txt", names[k]));
		char	   *csv = read_file(host, mlpg_text(host, "%s.csv", names[k]));
		char	   *json = read_file(host, mlpg_text(host, "%s.importance.json", names[k]));
		Worst		worst = {0};
		double		splits[16],
					gain[16];
		MlpgModel  *model,
				   *again;

		if (text == NULL || csv == NULL || json == NULL)
		{
			harness_note("skipped: " FOLDER " is absent");
			harness_free(host);
			return;
		}
		model = import(host, text);
		again = import(host, (const char *) mlpg_lightgbm_write(host, model)->data);
		compare_rows(host, model, again, csv, &worst);
		harness_note("%s: raw %.1e, prediction %.1e, contributions %.1e, exported and imported %.1e", names[k], worst.raw,
					 worst.prediction, worst.contribution, worst.again);
		CHECK_INT(worst.n_rows, 400);
		CHECK(worst.raw <= 1e-12);
		CHECK(worst.prediction <= 1e-12);
		CHECK(worst.contribution <= 1e-9);
		CHECK(worst.again == 0);
		mlpg_forest_importance(mlpg_forest_of(model), splits, gain);
		compare_importance(json, "\"split\"", splits, model->schema->n_features, 0);
		compare_importance(json, "\"gain\"", gain, model->schema->n_features, 1e-5);
		harness_free(host);
	}
}

/* ---------- texts of our own ---------- */

#define HEAD(objective, classes, trees, last, names, infos) \
	"tree\nversion=v4\nnum_class=" classes "\nnum_tree_per_iteration=" trees "\nlabel_index=0\nmax_feature_idx=" last \
	"\nobjective=" objective "\nfeature_names=" names "\nfeature_infos=" infos "\n\n"
#define LEAF(number, value) "Tree=" number "\nnum_leaves=1\nnum_cat=0\nleaf_value=" value "\nis_linear=0\nshrinkage=1\n\n"
#define END "end of trees\n\nfeature_importances:\n\nparameters:\n[boosting: gbdt]\n[learning_rate: 0.25]\n[max_bin: 1000]\n[alpha: 0.75]\n" \
	"[objective: regression]\n[categorical_feature: 2]\n\nend of parameters\n\n"

/* Two numbers and a category: three ways of missing values, a set, a leaf deep on the right. */
static const char small[] =
	HEAD("regression", "1", "1", "2", "price temp shop", "[-1:5] [0:30] -1:0:2:1")
	"Tree=0\n"
	"num_leaves=4\n"
	"num_cat=1\n"
	"split_feature=2 0 1\n"
	"split_gain=8.5 4 0\n"
	"threshold=0 1.5 20\n"
	"decision_type=1 10 4\n"
	"left_child=1 -1 -3\n"
	"right_child=2 -2 -4\n"
	"leaf_value=1 2 4 8\n"
	"leaf_weight=10 20 30 40\n"
	"leaf_count=10 20 30 40\n"
	"internal_value=0 0 0\n"
	"internal_weight=0 0 0\n"
	"internal_count=100 30 70\n"
	"cat_boundaries=0 1\n"
	"cat_threshold=5\n"
	"is_linear=0\n"
	"shrinkage=0.5\n"
	"\n\n"
	"Tree=1\n"
	"num_leaves=1\n"
	"num_cat=0\n"
	"split_feature=\n"
	"split_gain=\n"
	"threshold=\n"
	"decision_type=\n"
	"left_child=\n"
	"right_child=\n"
	"leaf_value=0.5\n"
	"leaf_weight=\n"
	"leaf_count=\n"
	"internal_value=\n"
	"internal_weight=\n"
	"internal_count=\n"
	"is_linear=0\n"
	"shrinkage=1\n"
	"\n\n"
	END
	"pandas_categorical:[[\"zushi\", \"ab\\u00e9\", \"kobe\"]]\n";

/* small with from replaced by to, once. */
static const char *
changed(MlpgHost *host, const char *from, const char *to)
{
	const char *at = strstr(small, from);

	if (at == NULL)
		abort();
	return mlpg_text(host, "%.*s%s%s", (int) (at - small), small, to, at + strlen(from));
}

static double
predict3(const MlpgModel *model, double a, double b, double c)
{
	double		row[] = {a, b, c},
				out;

	model->learner->predict(model, row, 1, 3, &out);
	return out;
}

static void
test_small(void)
{
	MlpgHost   *host = harness_host();
	MlpgModel  *m = import(host, small);
	const MlpgForest *forest = mlpg_forest_of(m);
	const MlpgDictionary *shops = m->schema->feature[2].dictionary;
	int			zushi = mlpg_dictionary_find(shops, "zushi", 5),
				abe = mlpg_dictionary_find(shops, "ab\xC3\xA9", 4),
				kobe = mlpg_dictionary_find(shops, "kobe", 4);
	MlpgTree   *tree = mlpg_forest_tree(host, forest, 0);

	CHECK_TEXT(m->learner->name, "boosted_trees");
	CHECK_TEXT(m->schema->feature[0].name, "price");
	CHECK_INT(m->schema->feature[2].kind, MLPG_CATEGORY);
	CHECK(abe == 0 && kobe == 1 && zushi == 2);	/* byte order */
	/* codes 0 and 2, zushi and kobe, go left; there price <= 1.5, NaN left */
	CHECK(predict3(m, 1.5, 0, zushi) == 1.5);
	CHECK(predict3(m, NAN, 0, kobe) == 1.5);
	CHECK(predict3(m, 1.6, 0, kobe) == 2.5);
	/* the others right; there temp <= 20, 0 and NaN right */
	CHECK(predict3(m, 0, 20, abe) == 4.5);
	CHECK(predict3(m, 0, 0, abe) == 8.5);
	CHECK(predict3(m, 0, NAN, -1) == 8.5);
	CHECK(predict3(m, 0, -1e-34, NAN) == 4.5);
	CHECK(predict3(m, 0, 21, NAN) == 8.5);
	CHECK_INT(forest->n_trees, 2);
	CHECK_INT(tree->node[0].count, 100);
	CHECK_INT(tree->node[1].count, 30);
	CHECK(tree->node[0].gain == 8.5);
	CHECK(tree->node[0].weight == 100);
	CHECK_CLOSE(mlpg_params_real(m->params, "learning_rate"), 0.25, 0);
	CHECK_INT(mlpg_params_integer(m->params, "max_bin"), 255);	/* 1000 is none of ours */
	CHECK_TEXT(mlpg_params_choice(m->params, "loss"), "squared");
	harness_free(host);
}

static double
predict1(MlpgHost *host, const char *text, int output)
{
	MlpgModel  *m = import(host, text);
	double		row = 0,
				out[4];

	m->learner->predict(m, &row, 1, 1, out);
	return out[output];
}

static void
test_objectives(void)
{
	MlpgHost   *host = harness_host();
	MlpgModel  *m;

#define ONE(objective) HEAD(objective, "1", "1", "0", "x", "[0:1]") LEAF("0", "0.5") LEAF("1", "0.25") END
#define THREE(objective) HEAD(objective, "3", "3", "0", "x", "[0:1]") LEAF("0", "1") LEAF("1", "2") LEAF("2", "0.5") END
	CHECK_CLOSE(predict1(host, ONE("regression"), 0), 0.75, 0);
	CHECK_CLOSE(predict1(host, ONE("regression_l1"), 0), 0.75, 0);
	CHECK_CLOSE(predict1(host, ONE("mape"), 0), 0.75, 0);
	CHECK_CLOSE(predict1(host, ONE("gamma"), 0), 2.1170000166126748, 1e-15);
	CHECK_CLOSE(predict1(host, ONE("cross_entropy"), 0), 0.67917869917539297, 1e-15);
	CHECK_CLOSE(predict1(host, ONE("binary sigmoid:2"), 0), 0.81757447619364365, 1e-15);
	CHECK_CLOSE(predict1(host, THREE("multiclass num_class:3"), 1), 0.62853172, 1e-8);
	CHECK_CLOSE(predict1(host, THREE("multiclassova num_class:3 sigmoid:1"), 1), 0.88079707797788243, 1e-15);
	m = import(host, ONE("binary sigmoid:1"));
	CHECK_INT(mlpg_schema_classes(m->schema), 2);
	CHECK_TEXT(m->schema->classes->text[1], "1");
	CHECK_INT(m->schema->positive, 1);
	CHECK_INT(m->main_output, 0);
	CHECK_INT(mlpg_schema_classes(import(host, THREE("multiclass num_class:3"))->schema), 3);
	m = import(host, ONE("quantile"));
	CHECK(m->levels != NULL && m->levels[0] == 0.75);
	/* the average of a forest */
	CHECK_CLOSE(predict1(host, "tree\nversion=v3\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=0\nobjective=regression\n"
						 "average_output\nfeature_names=x\nfeature_infos=none\n\n" LEAF("0", "1") LEAF("1", "4") END, 0), 2.5, 0);
	harness_free(host);
}

/* LightGBM writes the threshold of a split of missing from present values so. */
static void
test_infinity(void)
{
	MlpgHost   *host = harness_host();
	MlpgModel  *m = import(host, changed(host, "threshold=0 1.5 20", "threshold=0 inf -inf"));

	CHECK(predict3(m, 1e308, 0, 2) == 1.5);
	CHECK(predict3(m, 0, -1e308, 0) == 8.5);
	CHECK(predict3(m, 0, -INFINITY, 0) == 4.5);
	CHECK(strstr((const char *) mlpg_lightgbm_write(host, m)->data, "\nthreshold=0 inf -inf\n") != NULL);
	harness_free(host);
}

/* Names that LightGBM gives to columns without names: the model takes arrays. */
static void
test_unnamed(void)
{
	MlpgHost   *host = harness_host();

	CHECK(import(host, HEAD("regression", "1", "1", "1", "Column_0 Column_1", "none none") LEAF("0", "1") END)->schema->array_form);
	CHECK(!import(host, HEAD("regression", "1", "1", "1", "Column_1 Column_0", "none none") LEAF("0", "1") END)->schema->array_form);
	harness_free(host);
}

static void
test_refused(void)
{
	static const struct
	{
		const char *from;
		const char *to;
		MlpgErrorCode code;
		const char *detail;		/* holds this */
	}			cases[] = {
		{"tree\n", "forest\n", MLPG_DATA_EXCEPTION, "Line 1: the first line must be \"tree\""},
		{"version=v4", "version=v5", MLPG_NOT_SUPPORTED, "\"v5\""},
		{"version=v4\n", "", MLPG_DATA_EXCEPTION, "version is missing"},
		{"version=v4\n", "version=v4\nversion=v4\n", MLPG_DATA_EXCEPTION, "version is there twice"},
		{"label_index=0", "linear_head=1", MLPG_NOT_SUPPORTED, "\"linear_head\""},
		{"objective=regression\n", "", MLPG_NOT_SUPPORTED, "names no objective"},
		{"objective=regression\n", "objective=lambdarank\n", MLPG_NOT_SUPPORTED, "\"lambdarank\""},
		{"objective=regression\n", "objective=regression sqrt\n", MLPG_NOT_SUPPORTED, "\"sqrt\""},
		{"objective=regression\n", "objective=binary sigmoid:0\n", MLPG_DATA_EXCEPTION, "sigmoid"},
		{"objective=regression\n", "objective=multiclass num_class:3\n", MLPG_DATA_EXCEPTION, "num_class"},
		{"num_class=1", "num_class=4000000000", MLPG_DATA_EXCEPTION, "integer"},
		{"num_class=1", "num_class=one", MLPG_DATA_EXCEPTION, "number"},
		{"num_tree_per_iteration=1", "num_tree_per_iteration=2", MLPG_DATA_EXCEPTION, "2 trees a round"},
		{"max_feature_idx=2", "max_feature_idx=99999", MLPG_DATA_EXCEPTION, "feature_names"},
		{"max_feature_idx=2", "max_feature_idx=1", MLPG_DATA_EXCEPTION, "feature_names"},
		{"price temp shop", "price price shop", MLPG_DATA_EXCEPTION, "twice"},
		{"[-1:5] [0:30]", "[-1:nan] [0:30]", MLPG_DATA_EXCEPTION, "number"},
		{"num_leaves=4", "num_leaves=5", MLPG_DATA_EXCEPTION, "leaf_value"},
		{"num_leaves=4", "num_leaves=3", MLPG_DATA_EXCEPTION, "more than 3"},
		{"num_leaves=4", "num_leaves=0", MLPG_DATA_EXCEPTION, "integer"},
		{"num_leaves=4", "num_leaves=500000000", MLPG_DATA_EXCEPTION, "needs 500000000 numbers"},
		{"num_cat=1", "num_cat=0", MLPG_DATA_EXCEPTION, "integer"},
		{"num_cat=1", "num_cat=2", MLPG_DATA_EXCEPTION, "cat_boundaries"},
		{"split_feature=2 0 1", "split_feature=2 0 3", MLPG_DATA_EXCEPTION, "integer from 0 to 2"},
		{"threshold=0 1.5 20", "threshold=1 1.5 20", MLPG_DATA_EXCEPTION, "integer"},
		{"threshold=0 1.5 20", "threshold=0 1.5 nan", MLPG_DATA_EXCEPTION, "nan"},
		{"threshold=0 1.5 20", "threshold=inf 1.5 20", MLPG_DATA_EXCEPTION, "integer"},
		{"threshold=0 1.5 20", "threshold=0 1.5 infinity", MLPG_DATA_EXCEPTION, "infinity"},
		{"threshold=0 1.5 20", "threshold=0 1.5 0x14", MLPG_DATA_EXCEPTION, "0x14"},
		{"threshold=0 1.5 20", "threshold=0 1.5 1e999", MLPG_DATA_EXCEPTION, "finite"},
		{"decision_type=1 10 4", "decision_type=1 10 12", MLPG_DATA_EXCEPTION, "decision_type 12"},
		{"decision_type=1 10 4", "decision_type=0 10 4", MLPG_NOT_SUPPORTED, "\"shop\""},
		{"left_child=1 -1 -3", "left_child=1 1 -3", MLPG_DATA_EXCEPTION, "two parents"},
		{"left_child=1 -1 -3", "left_child=0 -1 -3", MLPG_DATA_EXCEPTION, "two parents"},
		{"left_child=1 -1 -3", "left_child=-3 -1 -3", MLPG_DATA_EXCEPTION, "two parents"},
		{"left_child=1 -1 -3", "left_child=1 -1 3", MLPG_DATA_EXCEPTION, "integer"},
		{"left_child=1 -1 -3\nright_child=2 -2 -4", "left_child=-1 -1 -3\nright_child=-2 -2 -4", MLPG_DATA_EXCEPTION, "not every node"},
		{"leaf_value=1 2", "leaf_value=1 inf", MLPG_DATA_EXCEPTION, "inf"},
		{"leaf_value=1 2", "leaf_value=1 1e305", MLPG_DATA_EXCEPTION, "too large"},
		{"leaf_count=10 20", "leaf_count=0 20", MLPG_NOT_SUPPORTED, "leaf_count=0"},
		{"leaf_count=10 20", "leaf_count=10 -1", MLPG_DATA_EXCEPTION, "integer"},
		{"cat_boundaries=0 1", "cat_boundaries=0 2", MLPG_DATA_EXCEPTION, "cat_threshold"},
		{"cat_boundaries=0 1", "cat_boundaries=1 1", MLPG_DATA_EXCEPTION, "start at 0"},
		{"cat_boundaries=0 1", "cat_boundaries=0 30000000", MLPG_DATA_EXCEPTION, "cat_threshold"},
		{"cat_threshold=5", "cat_threshold=8", MLPG_NOT_SUPPORTED, "category number 3"},
		{"cat_threshold=5", "cat_threshold=4294967296", MLPG_DATA_EXCEPTION, "integer"},
		{"is_linear=0", "is_linear=1", MLPG_NOT_SUPPORTED, "is_linear"},
		{"is_linear=0", "leaf_const=1", MLPG_NOT_SUPPORTED, "\"leaf_const\""},
		{"Tree=1", "Bush=1", MLPG_DATA_EXCEPTION, "expected"},
		{"end of trees", "no end", MLPG_DATA_EXCEPTION, "expected"},
		{"end of parameters", "end", MLPG_DATA_EXCEPTION, "[name: value]"},
		{"[learning_rate: 0.25]", "[learning_rate]", MLPG_DATA_EXCEPTION, "[name: value]"},
		{"pandas_categorical:", "pandas_categories:", MLPG_NOT_SUPPORTED, "pandas_categories"},
		{"[categorical_feature: 2]", "[categorical_feature: 1,2]", MLPG_NOT_SUPPORTED, "1 lists"},
		{"\"zushi\"", "1", MLPG_NOT_SUPPORTED, "several types"},
		{"\"zushi\"", "\"kobe\"", MLPG_NOT_SUPPORTED, "twice"},
		{"\"zushi\"", "\"zu\\shi\"", MLPG_DATA_EXCEPTION, "escape"},
		{"\"zushi\"", "\"\\ud800\"", MLPG_DATA_EXCEPTION, "surrogate"},
		{"\"zushi\"", "\"\\u0000\"", MLPG_DATA_EXCEPTION, "character"},
		{"\"zushi\"", "[]", MLPG_DATA_EXCEPTION, "list"},
		{"\"kobe\"]]", "\"kobe\"]", MLPG_DATA_EXCEPTION, "end"},
		{"\"kobe\"]]", "\"kobe\"]]]", MLPG_DATA_EXCEPTION, "follows"},
	};
	MlpgHost   *host = harness_host();

	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++)
	{
		const char *text = changed(host, cases[k].from, cases[k].to);
		bool		raised;

		HARNESS_TRY(host, raised, import(host, text));
		harness_result(raised && harness_code(host) == cases[k].code && strstr(harness_detail(host), cases[k].detail) != NULL,
					   __FILE__, __LINE__, cases[k].detail);
		if (!raised)
			harness_note("accepted");
		else if (harness_code(host) != cases[k].code || strstr(harness_detail(host), cases[k].detail) == NULL)
			harness_note("%d %s", (int) harness_code(host), harness_detail(host));
	}
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, mlpg_lightgbm_import(host, small, strlen(small) + 1, "UTF8"));
	EXPECT_RAISE(host, MLPG_NOT_SUPPORTED, mlpg_lightgbm_import(host, small, strlen(small), "LATIN1"));
	harness_free(host);
}

/* Integers and booleans as categories: sets follow the values. */
static void
test_number_categories(void)
{
	MlpgHost   *host = harness_host();
	MlpgModel  *m = import(host, changed(host, "[[\"zushi\", \"ab\\u00e9\", \"kobe\"]]", "[[70, 3, 5]]"));

	CHECK_INT(m->schema->feature[2].kind, MLPG_NUMBER);
	CHECK(predict3(m, 0, 9, 70) == 1.5);
	CHECK(predict3(m, 0, 9, 5) == 1.5);
	CHECK(predict3(m, 0, 9, 3) == 4.5);
	CHECK(predict3(m, 0, 9, 0) == 4.5);
	CHECK(predict3(m, 0, 9, 2) == 4.5);
	m = import(host, changed(host, "[[\"zushi\", \"ab\\u00e9\", \"kobe\"]]", "[[false, true, false]]"));
	CHECK_INT(m->schema->feature[2].kind, MLPG_BOOLEAN);
	CHECK(predict3(m, 0, 9, 0) == 1.5);
	CHECK(predict3(m, 0, 9, 1) == 4.5);
	EXPECT_RAISE(host, MLPG_NOT_SUPPORTED, import(host, changed(host, "[[\"zushi\", \"ab\\u00e9\", \"kobe\"]]", "[[0.5, 1, 2]]")));
	EXPECT_RAISE(host, MLPG_NOT_SUPPORTED, import(host, changed(host, "[[\"zushi\", \"ab\\u00e9\", \"kobe\"]]", "[[-1, 1, 2]]")));
	EXPECT_RAISE(host, MLPG_NOT_SUPPORTED, import(host, changed(host, "[[\"zushi\", \"ab\\u00e9\", \"kobe\"]]", "[[65536, 1, 2]]")));
	harness_free(host);
}

/* Without counts a model predicts, but does not explain. */
static void
test_uncounted(void)
{
	MlpgHost   *host = harness_host();
	MlpgModel  *m = import(host, changed(host, "leaf_count=10 20 30 40\n", ""));
	double		row[] = {1, 2, 0},
				out[4];

	CHECK(predict3(m, 1.5, 0, 2) == 1.5);
	EXPECT_RAISE(host, MLPG_NOT_SUPPORTED, mlpg_forest_explain(host, m, row, out));
	m = import(host, (const char *) mlpg_lightgbm_write(host, m)->data);
	CHECK(predict3(m, 1.5, 0, 2) == 1.5);
	CHECK(!mlpg_forest_of(m)->spec.counted);
	harness_free(host);
}

/* ---------- export ---------- */

/* The text again, and what it must hold. */
static void
test_export(void)
{
	MlpgHost   *host = harness_host();
	MlpgModel  *m = import(host, small);
	MlpgWriter *text = mlpg_lightgbm_write(host, m);
	const char *at = (const char *) text->data;
	MlpgModel  *again = import(host, at);
	const char *first = strstr(at, "Tree=0"),
			   *second = strstr(at, "Tree=1");

	CHECK_INT(strlen(at), text->length);
	CHECK(strncmp(at, "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=2\nobjective=regression\n"
				  "feature_names=price temp shop\nfeature_infos=[-1:5] [0:30] 0:1:2\n", 150) == 0);
	CHECK(strstr(at, mlpg_text(host, "tree_sizes=%d %d\n", (int) (second - first), (int) (strstr(at, "end of trees") - second))) != NULL);
	/* zushi and kobe are 2 and 1 now */
	CHECK(strstr(first, "cat_boundaries=0 1\ncat_threshold=6\n") != NULL);
	CHECK(strstr(first, "split_gain=8.5 4 0\nthreshold=0 1.5 20\ndecision_type=1 10 4\n") != NULL);
	CHECK(strstr(at, "\nfeature_importances:\nprice=1\nshop=1\n") != NULL);
	CHECK(strstr(at, "[categorical_feature: 2]\n") != NULL);
	CHECK(strstr(at, "\npandas_categorical:[[\"ab\xC3\xA9\", \"kobe\", \"zushi\"]]\n") != NULL);
	for (int code = -1; code < 3; code++)
		for (double x = -1; x < 3; x += 0.5)
			CHECK(predict3(m, x, 10 * x, code) == predict3(again, x, 10 * x, code));
	harness_free(host);
}

/* Base scores go into the first trees; infinite thresholds; blanks in names; empty sets. */
static void
test_export_own(void)
{
	MlpgHost   *host = harness_host();
	uint64_t	random = 12;
	MlpgSchema *schema = trees_schema(host, "nc", 32);
	MlpgTree   *trees[3];
	double		base[] = {10};
	MlpgForestSpec spec = {.n_outputs = 1,.base = base,.factor = 1,.counted = true};
	MlpgModel  *m,
			   *again;
	double		worst = 0;

	schema->feature[0].name = mlpg_text(host, "net price");
	for (int t = 0; t < 3; t++)
		trees[t] = trees_random(host, schema, 32, 12, 0, &random);
	trees[1]->node[0].threshold = INFINITY;
	m = trees_model(host, schema, &spec, trees, 3);
	m->learner = mlpg_learner_require(host, "boosted_trees");
	m->params = mlpg_params_create(host, "boosted_trees", m->learner->params, m->learner->n_params);
	m->facts = mlpg_facts_create(host);
	mlpg_fact(host, m->facts, "loss", "poisson");
	again = import(host, (const char *) mlpg_lightgbm_write(host, m)->data);
	CHECK_TEXT(again->schema->feature[0].name, "net_price");
	for (int r = 0; r < 200; r++)
	{
		double		row[2],
					a,
					b;

		trees_row(schema, 32, row, &random);
		mlpg_forest_raw(mlpg_forest_of(m), row, 1, 2, &a);
		mlpg_forest_raw(mlpg_forest_of(again), row, 1, 2, &b);
		worst = fmax(worst, relative(a, b));
	}
	CHECK(worst < 1e-14);
	spec.levels = (double[]) {0.1, 0.9};
	spec.base = (double[]) {1, 2};
	spec.n_outputs = 2;
	again = trees_model(host, schema, &spec, trees, 3);
	again->learner = m->learner;
	EXPECT_RAISE(host, MLPG_NOT_SUPPORTED, mlpg_lightgbm_write(host, again));
	/* no tree: one leaf */
	spec.levels = NULL;
	spec.n_outputs = 1;
	m->scorer = trees_model(host, schema, &spec, trees, 0)->scorer;
	again = import(host, (const char *) mlpg_lightgbm_write(host, m)->data);
	CHECK_INT(mlpg_forest_of(again)->n_trees, 1);
	CHECK(mlpg_forest_of(again)->value[0] == 1);
	harness_free(host);
}

static void
test_no_trees(void)
{
	MlpgHost   *host = harness_host();
	MlpgModel  *m = test_fit(host, test_plan(host, "baseline", 1, NULL, false), (double[]) {1, 2, 3, 4}, 2);

	EXPECT_RAISE(host, MLPG_NOT_SUPPORTED, mlpg_lightgbm_write(host, m));
	CHECK_TEXT(harness_message(host), "model has no trees");
	harness_free(host);
}

/* ---------- the mutator ---------- */

/* Words that mean something in the format. */
static const char *const words[] = {"Tree=", "end of trees", "num_leaves=", "=", "\n", "\n\n", " ", "-1", "0", "1", "4294967295", "1e308", "-1e308",
"nan", "\"", "[", "]", "\\u00e9", ",", "parameters:\n", "pandas_categorical:", "[a: b]", "average_output\n", "objective=binary sigmoid:1\n"};

static void
change(char *text, size_t room, uint64_t *random)
{
	size_t		length = strlen(text),
				at = length > 0 ? test_random(random) % length : 0;
	const char *word = words[test_random(random) % (sizeof(words) / sizeof(words[0]))];
	size_t		n = strlen(word),
				cut = 1 + test_random(random) % 20;

	switch (test_random(random) % 5)
	{
		case 0:
			if (length > 0)
				text[at] = (char) (1 + test_random(random) % 255);
			break;
		case 1:					/* a digit for a digit */
			at += strcspn(text + at, "0123456789");
			if (text[at] != '\0')
				text[at] = (char) ('0' + test_random(random) % 10);
			break;
		case 2:					/* out */
			cut = cut < length - at ? cut : length - at;
			memmove(text + at, text + at + cut, length - at - cut + 1);
			break;
		case 3:					/* in */
			if (length + n < room)
			{
				memmove(text + at + n, text + at, length - at + 1);
				memcpy(text + at, word, n);
			}
			break;
		case 4:					/* two lines the other way round, or a line twice */
			at += strcspn(text + at, "\n");
			cut = strcspn(text + at + (text[at] != '\0'), "\n") + 1;
			if (text[at] != '\0' && length + cut < room && at + cut <= length)
			{
				memmove(text + at + cut, text + at, length - at + 1);
			}
			break;
	}
}

/* An accepted text must make a model that predicts, explains and is written again with the same answers. */
static bool
use(MlpgHost *host, const char *text)
{
	MlpgModel  *m = import(host, text);
	MlpgModel  *again = import(host, (const char *) mlpg_lightgbm_write(host, m)->data);
	int			d = m->schema->n_features,
				k = m->n_outputs;
	double	   *row = mlpg_allocate(host, (size_t) d, sizeof(double)),
			   *out = mlpg_allocate(host, (size_t) k, sizeof(double)),
			   *other = mlpg_allocate(host, (size_t) k, sizeof(double)),
			   *contribution = mlpg_allocate(host, (size_t) k * (size_t) (d + 1), sizeof(double));

	for (int r = 0; r < 8; r++)
	{
		for (int i = 0; i < d; i++)
			row[i] = r == 0 ? NAN : (r * (i + 1)) % 4 - 1;
		m->learner->predict(m, row, 1, d, out);
		again->learner->predict(again, row, 1, d, other);
		for (int o = 0; o < k; o++)
			if (!isfinite(out[o]) || relative(out[o], other[o]) > 1e-13)
				return false;
	}
	if (mlpg_forest_of(m)->spec.counted)
		m->learner->explain(host, m, row, contribution);
	return true;
}

static void
test_mutations(void)
{
	MlpgHost   *host = harness_host_threads(1, BUDGET);
	size_t		room = sizeof(small) + 400;
	int			n_accepted = 0,
				n_bad = 0;

	for (int i = 0; i < MUTATIONS; i++)
	{
		uint64_t	random = (uint64_t) i;
		char	   *text = mlpg_allocate(host, room, 1);
		char	   *exact;
		bool		raised;
		volatile bool same = true;

		memcpy(text, small, sizeof(small));
		for (uint64_t k = test_random(&random) % 3; k < 3; k++)
			change(text, room, &random);
		exact = mlpg_text(host, "%s", text);
		HARNESS_TRY(host, raised, same = use(host, exact));
		n_accepted += !raised;
		if (raised ? harness_code(host) == MLPG_INTERNAL || harness_code(host) == MLPG_DATA_CORRUPTED : !same)
		{
			n_bad++;
			harness_note("mutation %d: %s %s", i, raised ? harness_message(host) : "accepted, but other answers when written again",
						 raised ? harness_detail(host) : "");
		}
		harness_reset(host);
	}
	harness_note("%d mutations: %d accepted", MUTATIONS, n_accepted);
	CHECK_INT(n_bad, 0);
	CHECK(n_accepted > MUTATIONS / 50);
	harness_free(host);
}

int
main(void)
{
	test_golden();
	test_small();
	test_objectives();
	test_infinity();
	test_unnamed();
	test_refused();
	test_number_categories();
	test_uncounted();
	test_export();
	test_export_own();
	test_no_trees();
	test_mutations();
	return harness_done();
}
