/*-------------------------------------------------------------------------
 *
 * trees.c
 *	  Explanations of predictions, and models made of trees: explain; tree,
 *	  from_lightgbm, to_lightgbm.  (importance.c has importance.)
 *
 * explain and tree take a reference (the right read is needed) or a
 * value; to_lightgbm hands out the model as a text, to its owner alone when it is asked for by name.
 * explain reads rows as predict does, at a call site of its own, so that a query over
 * many rows decodes the model once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/mlpg_pg.h"

#include "catalog/pg_type.h"
#include "core/learners/classes.h"
#include "core/learners/tree/lightgbm.h"
#include "core/math/sort.h"
#include "funcapi.h"
#include "pg/api/model_argument.h"
#include "pg/api/trees.h"
#include "pg/ingest/rows.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/timestamp.h"

MLPG_SQL_FUNCTION(mlpg_sql_explain);
MLPG_SQL_FUNCTION(mlpg_sql_tree);
MLPG_SQL_FUNCTION(mlpg_sql_from_lightgbm);
MLPG_SQL_FUNCTION(mlpg_sql_to_lightgbm);

static void
put(ReturnSetInfo *result, Datum *values, bool *nulls)
{
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

int64_t *
mlpg_descending(MlpgHost *host, const double *values, int n)
{
	double	   *key = mlpg_allocate(host, (size_t) n + 1, sizeof(double));
	int64_t    *order = mlpg_allocate(host, (size_t) n + 1, sizeof(int64_t));

	for (int i = 0; i < n; i++)
	{
		key[i] = -values[i];
		order[i] = i;
	}
	mlpg_sort(host, key, order, n);
	return order;
}

const MlpgForest *
mlpg_forest_required(const MlpgModel *model)
{
	if (model->learner->forest == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("models of learner \"%s\" have no trees", model->learner->name),
				 model->learner->coefficients ? errhint("Use mlpg.coefficients(model).") : 0));
	return model->learner->forest(model);
}

/* --- explain ----------------------------------------------------------- */

/* What a row holds for a feature, as text; NULL: missing. */
static char *
value_text(const MlpgFeature *feature, double value)
{
	if (isnan(value))
		return NULL;
	switch (feature->kind)
	{
		case MLPG_BOOLEAN:
			return pstrdup(value != 0 ? "true" : "false");
		case MLPG_DATE:
			return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum((DateADT) value)));
		case MLPG_TIMESTAMP:
			return DatumGetCString(DirectFunctionCall1(timestamp_out, TimestampGetDatum((Timestamp) rint(value * 1e6))));
		case MLPG_CATEGORY:
			return value >= 0 && value < feature->dictionary->n ? feature->dictionary->text[(int) value] : pstrdup("(unseen)");
		case MLPG_TEXT:
			return pstrdup("(text)");
		default:
			return float8out_internal(value);
	}
}

/* The output that the answer to explain is about; sign is -1 where it is the other one of two classes. */
static int
explained_output(MlpgSite *site, const MlpgScorer *scorer, const text *class, double *sign)
{
	const MlpgModel *model = scorer->model;
	int			k;

	*sign = 1;
	if (model->schema->classes == NULL)
	{
		if (class != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s predicts a number, not a class", scorer->label),
					 errhint("Leave the class out.")));
		if (model->main_output < 0)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("%s predicts quantiles, not one number", scorer->label),
					 errhint("Train one level, whose prediction can be explained.")));
		return model->main_output;
	}
	if (class == NULL && model->schema->positive < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has no positive class: name the class to explain", scorer->label),
				 errdetail("Its classes are: %s.", mlpg_classes_list(site->host, model->schema)),
				 errhint("Use mlpg.explain(model, row, class).")));
	k = class != NULL ? mlpg_class_argument(site, scorer, class) : model->schema->positive;
	if (model->n_outputs > 1)
		return k;
	*sign = k == 0 ? -1 : 1;
	return 0;
}

static void
explain_row(ReturnSetInfo *result, const char *feature, const char *value, double contribution)
{
	Datum		values[3] = {CStringGetTextDatum(feature), 0, Float8GetDatum(contribution)};
	bool		nulls[3] = {false, value == NULL, false};

	if (value != NULL)
		values[1] = CStringGetTextDatum(value);
	put(result, values, nulls);
}

/* explain(model, features, class): the base, then the features, the strongest first. */
Datum
mlpg_sql_explain(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MlpgSite   *site = mlpg_row_site(fcinfo);
	MlpgScorer *scorer;
	const MlpgModel *model;
	MlpgHost   *host;
	double	   *all,
			   *contribution,
			   *strength,
				sign;
	const double *row;
	int64_t    *order;
	int			output,
				n;

	InitMaterializedSRF(fcinfo, 0);
	site->privilege = MLPG_READ;
	scorer = mlpg_row_scorer(fcinfo, site);
	if (scorer == NULL)
		return (Datum) 0;
	model = scorer->model;
	n = model->schema->n_features;
	row = scorer->row;
	if (model->learner->explain == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("models of learner \"%s\" cannot explain their predictions", model->learner->name),
				 model->learner->coefficients ? errhint("Use mlpg.coefficients(model).") : 0));
	host = mlpg_host_pg_create(NULL, 1, (size_t) mlpg_max_memory_kb * 1024);
	output = explained_output(site, scorer, PG_ARGISNULL(2) ? NULL : PG_GETARG_TEXT_PP(2), &sign);
	all = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) model->n_outputs, (size_t) n + 1), sizeof(double));
	strength = mlpg_allocate(host, (size_t) n + 1, sizeof(double));
	model->learner->explain(host, model, scorer->row, all);
	contribution = all + (size_t) output * ((size_t) n + 1);
	if (isnan(contribution[n]))
		return (Datum) 0;		/* no prediction, nothing to explain */
	explain_row(result, "(base)", NULL, sign * contribution[n]);
	if (model->schema->preprocess != NULL)
	{
		/* the columns that a row has, not those that were made of them */
		double	   *own = mlpg_allocate(host, (size_t) model->input->n_features + 1, sizeof(double));

		mlpg_preprocess_share(model->schema->preprocess, contribution, own);
		contribution = own;
		row = model->row;
		n = model->input->n_features;
	}
	for (int i = 0; i < n; i++)
		strength[i] = fabs(contribution[i]);
	order = mlpg_descending(host, strength, n);
	for (int i = 0; i < n; i++)
	{
		int			k = (int) order[i];

		explain_row(result, model->input->feature[k].name, value_text(&model->input->feature[k], row[k]), sign * contribution[k] + 0.0);	/* + 0: no minus zero */
	}
	return (Datum) 0;
}

/* --- tree -------------------------------------------------------------- */

/* Texts, or numbers, of the categories that go left. */
static Datum
categories_datum(const MlpgFeature *feature, const MlpgTree *tree, const MlpgTreeNode *node)
{
	Datum	   *names = palloc((32 * (size_t) node->n_words + 1) * sizeof(Datum));
	int			n = 0;

	for (int32 c = 0; c < 32 * node->n_words; c++)
		if (tree->word[node->first_word + c / 32] >> c % 32 & 1)
			names[n++] = feature->kind == MLPG_CATEGORY ?
				PointerGetDatum(cstring_to_text_with_len(feature->dictionary->text[c], feature->dictionary->length[c])) :
				CStringGetTextDatum(psprintf("%d", c));
	return PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
}

enum
{
	NODE, PARENT, FEATURE, THRESHOLD, GAIN, COUNT, VALUE, CATEGORIES, SIDE, MISSING, N_COLUMNS
};

static void
split_columns(const MlpgSchema *schema, const MlpgTree *tree, const MlpgTreeNode *node, Datum *values, bool *nulls)
{
	const MlpgFeature *feature = &schema->feature[node->feature];
	bool		left = !node->is_category &&
		(node->missing == MLPG_MISSING_NONE ? 0 <= node->threshold : node->missing_left);

	values[FEATURE] = CStringGetTextDatum(feature->name);
	values[GAIN] = Float8GetDatum(node->gain);
	values[MISSING] = CStringGetTextDatum(left ? "left" : "right");
	nulls[FEATURE] = nulls[GAIN] = nulls[MISSING] = false;
	if (node->is_category)
		values[CATEGORIES] = categories_datum(feature, tree, node);
	else
		values[THRESHOLD] = Float8GetDatum(node->threshold);
	nulls[node->is_category ? CATEGORIES : THRESHOLD] = false;
}

static void
put_node(ReturnSetInfo *result, const MlpgSchema *schema, const MlpgTree *tree, int32 k, int32 parent, bool counted)
{
	const MlpgTreeNode *node = &tree->node[k];
	Datum		values[N_COLUMNS] = {0};
	bool		nulls[N_COLUMNS];

	memset(nulls, true, sizeof(nulls));
	values[NODE] = Int32GetDatum(k);
	nulls[NODE] = false;
	if (parent >= 0)
	{
		values[PARENT] = Int32GetDatum(parent);
		values[SIDE] = CStringGetTextDatum(tree->node[parent].left == k ? "left" : "right");
		nulls[PARENT] = nulls[SIDE] = false;
	}
	if (node->left >= 0)
		split_columns(schema, tree, node, values, nulls);
	values[COUNT] = Int64GetDatum(node->count);
	nulls[COUNT] = !counted;
	values[VALUE] = Float8GetDatum(node->value);
	nulls[VALUE] = node->left >= 0 && !counted;
	put(result, values, nulls);
}

/* tree(model, index) */
Datum
mlpg_sql_tree(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int32		index = PG_GETARG_INT32(1);
	MlpgModel  *model;
	const MlpgForest *forest;
	const MlpgTree *tree;
	int32	   *parent;

	InitMaterializedSRF(fcinfo, 0);
	model = mlpg_model_argument(fcinfo, MLPG_READ);
	forest = mlpg_forest_required(model);
	if (index < 0 || index >= forest->n_trees)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model has no tree %d", index),
				 errdetail("It has %d trees, numbered from 0; where it has several outputs, those of a round follow one another.", forest->n_trees)));
	tree = mlpg_forest_tree(mlpg_host_pg_create(NULL, 1, 0), forest, index);
	parent = palloc_extended(tree->n_nodes * sizeof(int32), MCXT_ALLOC_HUGE);
	parent[0] = -1;
	for (int32 k = 0; k < tree->n_nodes; k++)
	{
		if (tree->node[k].left >= 0)
			parent[tree->node[k].left] = parent[tree->node[k].right] = k;
		put_node(result, model->schema, tree, k, parent[k], forest->spec.counted);
	}
	return (Datum) 0;
}

/* --- LightGBM ---------------------------------------------------------- */

/* from_lightgbm(model_text) */
Datum
mlpg_sql_from_lightgbm(PG_FUNCTION_ARGS)
{
	char	   *string = text_to_cstring(PG_GETARG_TEXT_PP(0));
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "mlpg import", ALLOCSET_DEFAULT_SIZES);
	MlpgHost   *host = mlpg_host_pg_create(scratch, 1, (size_t) mlpg_max_memory_kb * 1024);
	MlpgWriter *bytes = mlpg_lightgbm_import(host, string, strlen(string), mlpg_encoding_name());
	struct varlena *value = palloc(VARHDRSZ + bytes->length);

	SET_VARSIZE(value, VARHDRSZ + bytes->length);
	memcpy(VARDATA(value), bytes->data, bytes->length);
	MemoryContextDelete(scratch);
	mlpg_model_check(VARDATA(value), VARSIZE(value) - VARHDRSZ);
	PG_RETURN_POINTER(value);
}

/* to_lightgbm(model) */
Datum
mlpg_sql_to_lightgbm(PG_FUNCTION_ARGS)
{
	MlpgModel  *model = mlpg_model_argument(fcinfo, MLPG_OWN);
	MlpgHost   *host = mlpg_host_pg_create(NULL, 1, (size_t) mlpg_max_memory_kb * 1024);
	MlpgWriter *text_form;

	(void) mlpg_forest_required(model);
	if (model->schema->preprocess != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("model has preprocessing, which LightGBM's format does not"),
				 errhint("Make the columns in a view and train on it.")));
	text_form = mlpg_lightgbm_write(host, model);
	PG_RETURN_TEXT_P(cstring_to_text_with_len((const char *) text_form->data, (int) text_form->length));
}
