/*-------------------------------------------------------------------------
 *
 * holdout.c
 *	  Hold-outs that survive growth and reordering of the data.
 *
 * At random: a row is held out iff a seeded hash of its content (or of a key
 * column, so that all rows of a customer stay together) is below the share.
 * Equal rows are on one side, the same rows are held out tomorrow, and two
 * models with the same seed are judged on rows that neither has seen.
 *
 * By a column (holdout_by): the last rows.  The border is a quantile of the
 * column's values, so rows of one day stay together.  It takes one more read of that
 * column.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/ingest/holdout.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "pg/ingest/query.h"
#include "pg/ingest/rows.h"
#include "pg/ingest/source.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

typedef struct Probe
{
	MlpgHoldout *holdout;
	const char *target;
} Probe;

/* Raises what is wrong with the columns before a query of ours names them. */
static void
probe_columns(TupleDesc desc, void *argument)
{
	Probe	   *probe = argument;
	MlpgColumnsAsked asked = {.target = probe->target, .skip_unreadable = true};

	(void) mlpg_rows_create(desc, &asked, NULL, NULL);
	mlpg_holdout_bind(probe->holdout, desc);
}

static void
probe_row(TupleTableSlot *slot, void *argument)
{
}

void
mlpg_holdout_find(MlpgHoldout *holdout, const char *canonical, const char *target)
{
	const MlpgSink sink = {probe_columns, probe_row};
	Probe		probe = {holdout, target};
	const char *by = holdout->by ? quote_identifier(holdout->by) : NULL;

	holdout->after = NAN;
	if (by == NULL || holdout->share <= 0)
		return;
	mlpg_query_run(psprintf("SELECT * FROM (%s) AS s LIMIT 0", mlpg_source_query(canonical)), &sink, &probe);
	/* the greatest value that is not held out; when all rows share one value, none is */
	holdout->after_text = mlpg_query_scalar(
		psprintf("SELECT pg_catalog.percentile_disc(%.17g) WITHIN GROUP (ORDER BY s.%s) FROM (%s) AS s WHERE s.%s IS NOT NULL",
				 1 - holdout->share, by, mlpg_source_query(canonical), quote_identifier(target)));
}

static void
bind_border(MlpgHoldout *holdout, Oid type)
{
	Oid			input,
				parameter;

	if (holdout->after_text == NULL)
		return;
	getTypeInputInfo(holdout->reader.base_type, &input, &parameter);
	holdout->after = mlpg_datum_number(&holdout->reader,
									   OidInputFunctionCall(input, holdout->after_text, parameter, -1));
}

void
mlpg_holdout_bind(MlpgHoldout *holdout, TupleDesc desc)
{
	const char *name = holdout->by ? holdout->by : holdout->key;

	holdout->attno = -1;
	if (name == NULL)
		return;
	for (int i = 0; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped && strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) == 0)
			holdout->attno = i;
	if (holdout->attno < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\", named as %s, does not exist in the source", name, holdout->by ? "holdout_by" : "holdout_key")));
	if (!mlpg_datum_reader(TupleDescAttr(desc, holdout->attno)->atttypid, &holdout->reader) || holdout->reader.is_array)
		mlpg_raise_unreadable(name, TupleDescAttr(desc, holdout->attno)->atttypid);
	if (holdout->by == NULL)
		return;
	if (holdout->reader.kind == MLPG_CATEGORY)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("holdout_by column \"%s\" has type %s, which has no last rows", name,
						format_type_be(TupleDescAttr(desc, holdout->attno)->atttypid)),
				 errhint("Name a date, a timestamp or a number.")));
	bind_border(holdout, TupleDescAttr(desc, holdout->attno)->atttypid);
}

double
mlpg_holdout_order(const MlpgHoldout *holdout, const Datum *values, const bool *nulls)
{
	if (holdout->by == NULL || nulls[holdout->attno])
		return NAN;
	return mlpg_datum_number(&holdout->reader, values[holdout->attno]);
}

static uint64
hash_bytes(const char *bytes, size_t n, uint64 seed)
{
	uint64		h = seed ^ UINT64CONST(0xCBF29CE484222325);

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char) bytes[i]) * UINT64CONST(0x100000001B3);
	h = (h ^ (h >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
	h = (h ^ (h >> 27)) * UINT64CONST(0x94D049BB133111EB);
	return h ^ (h >> 31);
}

static uint64
hash_key(const MlpgHoldout *holdout, const Datum *values, const bool *nulls)
{
	double		number;

	if (nulls[holdout->attno])
		return hash_bytes("", 0, holdout->seed);
	if (holdout->reader.kind == MLPG_CATEGORY)
	{
		int32		length;
		const char *key = mlpg_datum_text(&holdout->reader, values[holdout->attno], &length);

		return hash_bytes(key, length, holdout->seed);
	}
	number = mlpg_datum_number(&holdout->reader, values[holdout->attno]) + 0.0;
	return hash_bytes((const char *) &number, sizeof(number), holdout->seed);
}

bool
mlpg_holdout_has(const MlpgHoldout *holdout, const Datum *values, const bool *nulls, uint64 hash)
{
	if (holdout->share <= 0)
		return false;
	if (holdout->by != NULL)
		return mlpg_holdout_order(holdout, values, nulls) > holdout->after;
	if (holdout->key != NULL)
		hash = hash_key(holdout, values, nulls);
	return (double) (hash >> 11) * 0x1p-53 < holdout->share;
}
