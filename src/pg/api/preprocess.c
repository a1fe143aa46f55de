/*-------------------------------------------------------------------------
 *
 * preprocess.c
 *	  Preprocessing as jsonb, the way users write it.
 *
 *	 {"cross": [["store", "item"]], "bucketize": {"age": 10}, "log": ["price"],
 *	  "spline": {"temp": 5}, "polynomial": 2, "hash": {"user": 1024},
 *	  "ngrams": {"title": {"chars": [2, 3], "buckets": 65536}}}
 *
 * Shapes are checked here; names, kinds and ranges by core/model/steps.c as
 * soon as the columns are known.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/api/preprocess.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "nodes/pg_list.h"
#include "pg/api/json.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

MLPG_NORETURN static void
raise_shape(const char *key, const char *wanted)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for \"%s\" of preprocess", key),
			 errdetail("It must be %s.", wanted)));
	pg_unreachable();
}

static const char *const ngram_keys[] = {"chars", "buckets"};

/* E5 for a key of preprocess, or of one text in "ngrams". */
MLPG_NORETURN static void
raise_unknown(const char *key, const char *where, const char *const *valid, int n)
{
	const char *guess = mlpg_nearest_name(key, valid, n);
	StringInfoData hint;

	initStringInfo(&hint);
	if (guess != NULL)
		appendStringInfo(&hint, "Did you mean \"%s\"? ", guess);
	appendStringInfoString(&hint, "Valid options are: ");
	for (int i = 0; i < n; i++)
		appendStringInfo(&hint, "%s%s", valid[i], i == n - 1 ? "." : ", ");
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("unrecognized option \"%.*s\" of %s", pg_mbcliplen(key, strlen(key), 100), key, where),
			 errhint("%s", hint.data)));
	pg_unreachable();
}

/* The wishes as they come: a list of MlpgWish *. */
static MlpgWish *
add_wish(List **wishes, MlpgStepKind kind)
{
	MlpgWish   *wish = palloc0(sizeof(MlpgWish));

	wish->kind = kind;
	*wishes = lappend(*wishes, wish);
	return wish;
}

static void
add_name(MlpgWish *wish, char *name)
{
	wish->name = wish->name == NULL ? palloc(sizeof(char *)) : repalloc(wish->name, (wish->n_names + 1) * sizeof(char *));
	wish->name[wish->n_names++] = name;
}

/* Whole numbers up to 2^31; what is out of a step's range is for the core to say. */
static uint32
number_of(const JsonbValue *value, const char *key, const char *wanted)
{
	double		number;

	if (value->type != jbvNumeric)
		raise_shape(key, wanted);
	number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
	if (!(number >= 0 && number <= PG_INT32_MAX) || number != floor(number))
		raise_shape(key, wanted);
	return (uint32) number;
}

/* ---------- the options ---------- */

static void
parse_log(List **wishes, const JsonbValue *value)
{
	static const char *const wanted = "a list of column names, such as [\"price\"]";
	MlpgJsonWalk columns;

	if (!mlpg_json_is_list(value))
		raise_shape("log", wanted);
	columns = mlpg_json_walk(value->val.binary.data);
	while (mlpg_json_next(&columns))
	{
		if (columns.value.type != jbvString)
			raise_shape("log", wanted);
		add_name(add_wish(wishes, MLPG_STEP_LOG), mlpg_json_scalar(&columns.value));
	}
}

static void
parse_cross(List **wishes, const JsonbValue *value)
{
	static const char *const wanted = "a list of lists of column names, such as [[\"store\", \"item\"]]";
	MlpgJsonWalk lists;

	if (!mlpg_json_is_list(value))
		raise_shape("cross", wanted);
	lists = mlpg_json_walk(value->val.binary.data);
	while (mlpg_json_next(&lists))
	{
		MlpgWish   *wish = add_wish(wishes, MLPG_STEP_CROSS);
		MlpgJsonWalk columns;

		if (!mlpg_json_is_list(&lists.value))
			raise_shape("cross", wanted);
		columns = mlpg_json_walk(lists.value.val.binary.data);
		while (mlpg_json_next(&columns))
		{
			if (columns.value.type != jbvString)
				raise_shape("cross", wanted);
			add_name(wish, mlpg_json_scalar(&columns.value));
		}
	}
}

static void
parse_chars(MlpgWish *wish, const JsonbValue *value)
{
	static const char *const wanted = "an object such as {\"title\": {\"chars\": [2, 3]}}: the shortest and the longest n-gram";
	MlpgJsonWalk sizes;
	int			n = 0;

	if (!mlpg_json_is_list(value))
		raise_shape("ngrams", wanted);
	sizes = mlpg_json_walk(value->val.binary.data);
	while (mlpg_json_next(&sizes))
	{
		if (n == 2)
			raise_shape("ngrams", wanted);
		wish->number[n++] = number_of(&sizes.value, "ngrams", wanted);
	}
	if (n != 2)
		raise_shape("ngrams", wanted);
}

static void
parse_ngrams(MlpgWish *wish, const JsonbValue *value)
{
	MlpgJsonWalk options;

	wish->number[0] = 2;
	wish->number[1] = 3;
	wish->number[2] = MLPG_NGRAM_BUCKETS;
	if (!mlpg_json_is_object(value))
		raise_shape("ngrams", "an object of column names, such as {\"title\": {\"chars\": [2, 3]}}");
	options = mlpg_json_walk(value->val.binary.data);
	while (mlpg_json_next(&options))
	{
		if (strcmp(options.key, "chars") == 0)
			parse_chars(wish, &options.value);
		else if (strcmp(options.key, "buckets") == 0)
			wish->number[2] = number_of(&options.value, "ngrams", "an object whose \"buckets\" is a whole number");
		else
			raise_unknown(options.key, "\"ngrams\" of preprocess", ngram_keys, lengthof(ngram_keys));
	}
}

/* Columns with a number each, or with what n-grams are. */
static void
parse_columns(List **wishes, MlpgStepKind kind, const JsonbValue *value)
{
	const char *key = mlpg_step_names[kind];
	const char *wanted = kind == MLPG_STEP_NGRAMS ? "an object of column names, such as {\"title\": {\"chars\": [2, 3]}}"
		: "an object of column names and whole numbers, such as {\"age\": 10}";
	MlpgJsonWalk columns;

	if (!mlpg_json_is_object(value))
		raise_shape(key, wanted);
	columns = mlpg_json_walk(value->val.binary.data);
	while (mlpg_json_next(&columns))
	{
		MlpgWish   *wish = add_wish(wishes, kind);

		add_name(wish, columns.key);
		if (kind == MLPG_STEP_NGRAMS)
			parse_ngrams(wish, &columns.value);
		else
			wish->number[0] = number_of(&columns.value, key, wanted);
	}
}

static void
parse_option(List **wishes, const char *key, const JsonbValue *value)
{
	MlpgStepKind kind = MLPG_STEP_LOG;

	while (kind < MLPG_STEP_KINDS && strcmp(mlpg_step_names[kind], key) != 0)
		kind++;
	switch (kind)
	{
		case MLPG_STEP_LOG:
			parse_log(wishes, value);
			break;
		case MLPG_STEP_CROSS:
			parse_cross(wishes, value);
			break;
		case MLPG_STEP_POLYNOMIAL:
			add_wish(wishes, kind)->number[0] = number_of(value, key, "the degree: 2 or 3");
			break;
		case MLPG_STEP_BUCKETIZE:
		case MLPG_STEP_SPLINE:
		case MLPG_STEP_HASH:
		case MLPG_STEP_NGRAMS:
			parse_columns(wishes, kind, value);
			break;
		default:
			raise_unknown(key, "preprocess", mlpg_step_names + 1, MLPG_STEP_KINDS - 1);
	}
}

MlpgWishes *
mlpg_preprocess_parse(const JsonbValue *value)
{
	List	   *list = NIL;
	MlpgWishes *wishes;
	MlpgJsonWalk steps;
	ListCell   *cell;

	if (value->type == jbvNull)
		return NULL;
	if (!mlpg_json_is_object(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("preprocess must be a JSON object"),
				 errhint("For example '{\"log\":[\"price\"]}'.")));
	steps = mlpg_json_walk(value->val.binary.data);
	while (mlpg_json_next(&steps))
		parse_option(&list, steps.key, &steps.value);
	if (list == NIL)
		return NULL;
	wishes = palloc(sizeof(MlpgWishes));
	wishes->n = list_length(list);
	wishes->wish = palloc(wishes->n * sizeof(MlpgWish));
	foreach(cell, list)
		wishes->wish[foreach_current_index(cell)] = *(MlpgWish *) lfirst(cell);
	return wishes;
}

MlpgWishes *
mlpg_preprocess_parse_jsonb(Jsonb *jsonb)
{
	JsonbValue	value;

	if (jsonb == NULL)
		return NULL;
	value.type = jbvBinary;
	value.val.binary.data = &jsonb->root;
	value.val.binary.len = VARSIZE(jsonb) - VARHDRSZ;
	return mlpg_preprocess_parse(&value);
}
