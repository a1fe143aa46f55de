/*-------------------------------------------------------------------------
 *
 * scored.c
 *	  Models that answer rows of a source whose target is known.
 *
 * What comparing two versions and judging one have in common: the model, its
 * binding to the columns of the source, the class that a target is, and which rows
 * of the stored source were held out when the model was trained.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/api/scored.h"

#include "pg/api/json.h"
#include "pg/catalog/cache.h"

int
mlpg_scored_no_arrays(int attno, void *argument)
{
	return 0;
}

MlpgModel *
mlpg_scored_model(MemoryContext context, const MlpgModelRef *ref, bool without_holdout)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	struct varlena *blob = without_holdout ? mlpg_registry_evaluation(ref->model_id, ref->version) : NULL;

	if (blob == NULL)
		blob = mlpg_registry_blob(ref->model_id, ref->version);
	MemoryContextSwitchTo(old);
	return mlpg_model_decode(context, VARDATA_ANY(blob), VARSIZE_ANY_EXHDR(blob));
}

void
mlpg_scored_bind(MlpgScored *scored, TupleDesc desc, const char *label)
{
	const MlpgSchema *schema = scored->model->schema;
	MlpgColumns columns;

	columns.n = desc->natts;
	columns.name = palloc0(desc->natts * sizeof(char *));
	columns.type = palloc0(desc->natts * sizeof(Oid));
	for (int i = 0; i < desc->natts; i++)
	{
		if (TupleDescAttr(desc, i)->attisdropped)
			continue;
		columns.name[i] = pstrdup(NameStr(TupleDescAttr(desc, i)->attname));
		columns.type[i] = TupleDescAttr(desc, i)->atttypid;
	}
	scored->binding = mlpg_bind_columns(scored->model, label, &columns, false);
	scored->class_value = palloc0((mlpg_schema_classes(schema) + 1) * sizeof(double));
	for (int k = 0; k < mlpg_schema_classes(schema); k++)
	{
		const char *name = schema->classes->text[k];
		char	   *end;

		scored->class_value[k] = strtod(name, &end);
		if (end == name || *end != '\0')
			scored->class_value[k] = NAN;
	}
}

int
mlpg_scored_class(const MlpgScored *scored, const MlpgRows *rows)
{
	const MlpgDictionary *classes = scored->model->schema->classes;
	MlpgKind	trained = scored->model->schema->target_kind;
	double		y = rows->values[rows->plan->n_features];

	if (rows->target_reader.kind == MLPG_CATEGORY)
		return mlpg_dictionary_find(classes, rows->target_text, rows->target_length);
	/* a boolean and the numbers 0 and 1 stand for each other, as they do in features */
	if (trained == MLPG_BOOLEAN || (trained == MLPG_CATEGORY && rows->target_reader.kind == MLPG_BOOLEAN))
		return y == 1 ? mlpg_dictionary_find(classes, "true", 4) : y == 0 ? mlpg_dictionary_find(classes, "false", 5) : -1;
	for (int k = 0; k < classes->n; k++)
		if (scored->class_value[k] == y)
			return k;
	return -1;
}

bool
mlpg_scored_holdout(const Jsonb *metrics, MlpgHoldout *holdout, char **source)
{
	Jsonb	   *stored = metrics != NULL ? mlpg_json_get_jsonb(metrics, "holdout") : NULL;
	char	   *seed = stored != NULL ? mlpg_json_get_text(stored, "seed") : NULL;

	*source = stored != NULL ? mlpg_json_get_text(stored, "source") : NULL;
	if (seed == NULL || *source == NULL)
		return false;
	memset(holdout, 0, sizeof(*holdout));
	holdout->share = mlpg_json_get_number(stored, "share");
	holdout->seed = (uint64) strtoll(seed, NULL, 10);
	holdout->by = mlpg_json_get_text(stored, "by");
	holdout->key = mlpg_json_get_text(stored, "key");
	holdout->after = mlpg_json_get_number(stored, "after");
	return true;
}

bool
mlpg_scored_was_held_out(const MlpgHoldout *holdout, const MlpgRows *rows, const Datum *values, const bool *nulls)
{
	return mlpg_holdout_has(holdout, values, nulls, mlpg_hash_membership(mlpg_rows_hash(rows), holdout->seed));
}
