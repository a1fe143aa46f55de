/*-------------------------------------------------------------------------
 *
 * describe.c
 *	  What a model is and what learners there are: summary, coefficients,
 *	  get_model, learners, learner_params.
 *
 * summary and coefficients take a reference (the right read is needed) or a
 * value; get_model hands out the blob itself, to the model's owner alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/mlpg_pg.h"

#include "catalog/pg_type.h"
#include "core/learners/classes.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "pg/api/model_argument.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

MLPG_SQL_FUNCTION(mlpg_sql_summary);
MLPG_SQL_FUNCTION(mlpg_sql_coefficients);
MLPG_SQL_FUNCTION(mlpg_sql_get_model);
MLPG_SQL_FUNCTION(mlpg_sql_learners);
MLPG_SQL_FUNCTION(mlpg_sql_learner_params);

#define NAMES_WIDTH 200			/* bytes of a list of names in the summary */

MlpgModel *
mlpg_model_argument(FunctionCallInfo fcinfo, MlpgPrivilege privilege)
{
	Oid		   *types;
	int			n;
	struct varlena *value;

	(void) get_func_signature(fcinfo->flinfo->fn_oid, &types, &n);
	if (types[0] == TEXTOID)
	{
		MlpgModelRef reference;

		mlpg_registry_resolve(text_to_cstring(PG_GETARG_TEXT_PP(0)), privilege, &reference);
		value = mlpg_registry_blob(reference.model_id, reference.version);
	}
	else
		value = PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0));
	return mlpg_model_decode(CurrentMemoryContext, VARDATA(value), VARSIZE(value) - VARHDRSZ);
}

static void
put(ReturnSetInfo *result, Datum *values, bool *nulls)
{
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* --- summary ----------------------------------------------------------- */

static void
item(ReturnSetInfo *result, const char *name, const char *value)
{
	Datum		values[2] = {CStringGetTextDatum(name), 0};
	bool		nulls[2] = {false, value == NULL};

	if (value != NULL)
		values[1] = CStringGetTextDatum(value);
	put(result, values, nulls);
}

/* Features of one kind, as many names as are readable. */
static void
feature_item(ReturnSetInfo *result, const MlpgSchema *schema, MlpgKind kind, const char *name)
{
	StringInfoData list;
	int			n = 0;

	initStringInfo(&list);
	for (int i = 0; i < schema->n_features; i++)
	{
		const MlpgFeature *feature = &schema->feature[i];

		if (feature->kind != kind)
			continue;
		if (list.len < NAMES_WIDTH)
		{
			appendStringInfo(&list, "%s%s", n == 0 ? "" : ", ", feature->name);
			if (kind == MLPG_CATEGORY)
				appendStringInfo(&list, " (%d)", feature->dictionary->n);
		}
		else if (list.data[list.len - 1] != '.')
			appendStringInfoString(&list, ", ...");
		n++;
	}
	if (n > 0)
		item(result, name, psprintf("%d: %s", n, list.data));
}

/* The columns that preprocessing made, as many names as are readable. */
static char *
made_text(const MlpgPreprocess *preprocess)
{
	StringInfoData list;

	initStringInfo(&list);
	appendStringInfo(&list, "%d column%s", preprocess->output->n_features, preprocess->output->n_features == 1 ? "" : "s");
	for (int s = 0; s < preprocess->n_steps && list.len < NAMES_WIDTH; s++)
	{
		const MlpgStep *step = &preprocess->step[s];

		if (step->kind != MLPG_STEP_COPY)
			appendStringInfo(&list, "%s%s%s", strchr(list.data, ':') == NULL ? ": " : ", ", preprocess->output->feature[step->first].name,
							 step->n_columns > 1 ? psprintf(" .. %s", preprocess->output->feature[step->first + step->n_columns - 1].name) : "");
	}
	return list.data;
}

static char *
levels_text(const MlpgModel *model)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < model->n_outputs; i++)
		appendStringInfo(&list, "%s%g", i == 0 ? "" : ", ", model->levels[i]);
	return list.data;
}

Datum
mlpg_sql_summary(PG_FUNCTION_ARGS)
{
	static const char *const unseen[] = {"error", "null", "zero"};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MlpgModel  *model;

	InitMaterializedSRF(fcinfo, 0);
	model = mlpg_model_argument(fcinfo, MLPG_READ);
	item(result, "algorithm", model->learner->name);
	item(result, "target", model->schema->target);
	if (model->schema->classes != NULL)
	{
		item(result, "task", "classification");
		item(result, "classes", mlpg_classes_list(mlpg_host_pg_create(NULL, 1, 0), model->schema));
		item(result, "positive_class", model->schema->positive < 0 ? NULL : model->schema->classes->text[model->schema->positive]);
	}
	item(result, "features", psprintf("%d", model->input->n_features));
	feature_item(result, model->input, MLPG_NUMBER, "numbers");
	feature_item(result, model->input, MLPG_BOOLEAN, "booleans");
	feature_item(result, model->input, MLPG_DATE, "dates");
	feature_item(result, model->input, MLPG_TIMESTAMP, "timestamps");
	feature_item(result, model->input, MLPG_CATEGORY, "categories");
	feature_item(result, model->input, MLPG_TEXT, "texts");
	if (model->schema->offset != NULL)
		item(result, "offset", model->schema->offset);
	if (model->schema->preprocess != NULL)
		item(result, "preprocessed", made_text(model->schema->preprocess));
	item(result, "unseen_categories", unseen[model->schema->unseen]);
	if (model->levels != NULL)
		item(result, model->learner->tasks & MLPG_TASK_QUANTILE ? "quantiles" : "levels", levels_text(model));
	for (int i = 0; i < model->params->n; i++)
		if (strcmp(model->params->spec[i].name, "unseen") != 0 && model->params->value[i].text != NULL)
			item(result, psprintf("param %s", model->params->spec[i].name), model->params->value[i].text);
	for (int i = 0; i < model->facts->n; i++)
		item(result, model->facts->name[i], model->facts->text[i]);
	item(result, "bytes", psprintf("%zu", model->n_bytes));
	return (Datum) 0;
}

/* --- coefficients ------------------------------------------------------ */

Datum
mlpg_sql_coefficients(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MlpgHost   *host;
	MlpgModel  *model;
	MlpgCoefficient *rows;
	int			n;

	InitMaterializedSRF(fcinfo, 0);
	model = mlpg_model_argument(fcinfo, MLPG_READ);
	if (model->learner->coefficients == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("models of learner \"%s\" have no coefficients", model->learner->name)));
	host = mlpg_host_pg_create(NULL, 1, 0);
	rows = model->learner->coefficients(host, model, &n);
	for (int i = 0; i < n; i++)
	{
		double		numbers[4] = {rows[i].estimate, rows[i].std_error, rows[i].statistic, rows[i].p_value};
		char	   *term = rows[i].term;
		Datum		values[5];
		bool		nulls[5] = {false};

		if (model->n_outputs > 1 && !isnan(rows[i].level))
			term = psprintf("%s @%g", term, rows[i].level);
		values[0] = CStringGetTextDatum(term);
		for (int k = 0; k < 4; k++)
		{
			nulls[k + 1] = isnan(numbers[k]);
			values[k + 1] = Float8GetDatum(numbers[k]);
		}
		put(result, values, nulls);
	}
	return (Datum) 0;
}

Datum
mlpg_sql_get_model(PG_FUNCTION_ARGS)
{
	MlpgModelRef reference;

	mlpg_registry_resolve(text_to_cstring(PG_GETARG_TEXT_PP(0)), MLPG_OWN, &reference);
	PG_RETURN_POINTER(mlpg_registry_blob(reference.model_id, reference.version));
}

/* --- learners ---------------------------------------------------------- */

static Datum
tasks_datum(const MlpgLearner *learner)
{
	static const struct
	{
		uint32		bit;
		const char *name;
	}			tasks[] = {
		{MLPG_TASK_REGRESSION, "regression"},
		{MLPG_TASK_QUANTILE, "quantile"},
		{MLPG_TASK_CLASSIFICATION, "classification"}
	};
	Datum		names[lengthof(tasks)];
	int			n = 0;

	for (int i = 0; i < (int) lengthof(tasks); i++)
		if (learner->tasks & tasks[i].bit)
			names[n++] = CStringGetTextDatum(tasks[i].name);
	return PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Whether a parameter says what is minimised. */
static bool
chooses_loss(const MlpgLearner *learner)
{
	for (int i = 0; i < learner->n_params; i++)
		if (strcmp(learner->params[i].name, "loss") == 0 || strcmp(learner->params[i].name, "family") == 0)
			return true;
	return false;
}

Datum
mlpg_sql_learners(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < mlpg_learner_count(); i++)
	{
		const MlpgLearner *learner = mlpg_learner_at(i);
		Datum		values[8] = {
			CStringGetTextDatum(learner->name),
			tasks_datum(learner),
			CStringGetTextDatum(learner->summary),
			CStringGetTextDatum(learner->reference),
			CStringGetTextDatum(learner->loss),
			BoolGetDatum(learner->single_pass),
			BoolGetDatum(learner->determinism == MLPG_ORDER_FREE),
			Int32GetDatum(learner->min_rows)
		};
		bool		nulls[8] = {[4] = chooses_loss(learner)};

		put(result, values, nulls);
	}
	return (Datum) 0;
}

static void
put_param(ReturnSetInfo *result, const MlpgParamSpec *spec)
{
	bool		is_number = spec->type == MLPG_PARAM_INTEGER || spec->type == MLPG_PARAM_REAL || spec->type == MLPG_PARAM_REALS;
	const char *type = spec->type == MLPG_PARAM_CHOICE ? spec->choices : mlpg_param_type_name(spec->type);
	Datum		values[6];
	bool		nulls[6] = {false};

	values[0] = CStringGetTextDatum(spec->name);
	values[1] = CStringGetTextDatum(type);
	nulls[2] = spec->initial == NULL;
	values[2] = spec->initial ? CStringGetTextDatum(spec->initial) : (Datum) 0;
	nulls[3] = !is_number || isinf(spec->minimum);
	values[3] = Float8GetDatum(spec->minimum);
	nulls[4] = !is_number || isinf(spec->maximum);
	values[4] = Float8GetDatum(spec->maximum);
	values[5] = CStringGetTextDatum(spec->help);
	put(result, values, nulls);
}

Datum
mlpg_sql_learner_params(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const MlpgLearner *learner;

	InitMaterializedSRF(fcinfo, 0);
	learner = mlpg_learner_require(mlpg_host_pg_create(NULL, 1, 0), text_to_cstring(PG_GETARG_TEXT_PP(0)));
	for (int i = 0; i < learner->n_params; i++)
		put_param(result, &learner->params[i]);
	return (Datum) 0;
}
