/*-------------------------------------------------------------------------
 *
 * json.c
 *	  Building and reading jsonb: the small objects of the registry, and what users ask for.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/api/json.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

void
mlpg_json_begin(MlpgJson *json)
{
	json->state = NULL;
	pushJsonbValue(&json->state, WJB_BEGIN_OBJECT, NULL);
}

static void
put_key(MlpgJson *json, const char *key)
{
	JsonbValue	v;

	v.type = jbvString;
	v.val.string.val = unconstify(char *, key);
	v.val.string.len = strlen(key);
	pushJsonbValue(&json->state, WJB_KEY, &v);
}

void
mlpg_json_begin_member(MlpgJson *json, const char *key)
{
	put_key(json, key);
	pushJsonbValue(&json->state, WJB_BEGIN_OBJECT, NULL);
}

void
mlpg_json_end_member(MlpgJson *json)
{
	pushJsonbValue(&json->state, WJB_END_OBJECT, NULL);
}

Jsonb *
mlpg_json_end(MlpgJson *json)
{
	return JsonbValueToJsonb(pushJsonbValue(&json->state, WJB_END_OBJECT, NULL));
}

static void
text_value(JsonbValue *v, const char *value)
{
	v->type = jbvString;
	v->val.string.val = unconstify(char *, value);
	v->val.string.len = strlen(value);
}

/* The shortest decimal that reads back as the same double, as a numeric. */
static void
number_value(JsonbValue *v, double value)
{
	char		decimal[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(value, decimal);
	v->type = jbvNumeric;
	v->val.numeric = DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(decimal),
														 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

void
mlpg_json_put_text(MlpgJson *json, const char *key, const char *value)
{
	JsonbValue	v;

	if (value == NULL)
		return;
	put_key(json, key);
	text_value(&v, value);
	pushJsonbValue(&json->state, WJB_VALUE, &v);
}

void
mlpg_json_put_number(MlpgJson *json, const char *key, double value)
{
	JsonbValue	v;

	if (!isfinite(value))
		return;
	put_key(json, key);
	number_value(&v, value);
	pushJsonbValue(&json->state, WJB_VALUE, &v);
}

void
mlpg_json_put_integer(MlpgJson *json, const char *key, int64 value)
{
	JsonbValue	v;

	put_key(json, key);
	v.type = jbvNumeric;
	v.val.numeric = int64_to_numeric(value);
	pushJsonbValue(&json->state, WJB_VALUE, &v);
}

void
mlpg_json_put_bool(MlpgJson *json, const char *key, bool value)
{
	JsonbValue	v;

	put_key(json, key);
	v.type = jbvBool;
	v.val.boolean = value;
	pushJsonbValue(&json->state, WJB_VALUE, &v);
}

void
mlpg_json_put_texts(MlpgJson *json, const char *key, List *values)
{
	ListCell   *cell;

	if (values == NIL)
		return;
	put_key(json, key);
	pushJsonbValue(&json->state, WJB_BEGIN_ARRAY, NULL);
	foreach(cell, values)
	{
		JsonbValue	v;

		text_value(&v, lfirst(cell));
		pushJsonbValue(&json->state, WJB_ELEM, &v);
	}
	pushJsonbValue(&json->state, WJB_END_ARRAY, NULL);
}

void
mlpg_json_put_numbers(MlpgJson *json, const char *key, const double *values, int n)
{
	if (n == 0)
		return;
	put_key(json, key);
	pushJsonbValue(&json->state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < n; i++)
	{
		JsonbValue	v;

		number_value(&v, values[i]);
		pushJsonbValue(&json->state, WJB_ELEM, &v);
	}
	pushJsonbValue(&json->state, WJB_END_ARRAY, NULL);
}

void
mlpg_json_put_jsonb(MlpgJson *json, const char *key, const Jsonb *value)
{
	JsonbIterator *it;
	JsonbValue	v;
	JsonbIteratorToken token;

	if (value == NULL)
		return;
	put_key(json, key);
	it = JsonbIteratorInit(&unconstify(Jsonb *, value)->root);
	while ((token = JsonbIteratorNext(&it, &v, false)) != WJB_DONE)
		pushJsonbValue(&json->state, token, token < WJB_BEGIN_ARRAY ? &v : NULL);
}

/* ---------- reading ---------- */

static JsonbValue *
find(const Jsonb *object, const char *key)
{
	JsonbValue *v;

	if (object == NULL || !JB_ROOT_IS_OBJECT(object))
		return NULL;
	v = getKeyJsonValueFromContainer(&unconstify(Jsonb *, object)->root, key, strlen(key), NULL);
	return v != NULL && v->type != jbvNull ? v : NULL;
}

char *
mlpg_json_scalar(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			return pnstrdup(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		default:
			return NULL;
	}
}

bool
mlpg_json_is_object(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data);
}

bool
mlpg_json_is_list(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data) && !JsonContainerIsScalar(value->val.binary.data);
}

MlpgJsonWalk
mlpg_json_walk(JsonbContainer *container)
{
	MlpgJsonWalk walk = {.iterator = JsonbIteratorInit(container)};

	return walk;
}

bool
mlpg_json_next(MlpgJsonWalk *walk)
{
	JsonbIteratorToken token;

	while ((token = JsonbIteratorNext(&walk->iterator, &walk->value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			walk->key = pnstrdup(walk->value.val.string.val, walk->value.val.string.len);
		else if (token == WJB_VALUE || token == WJB_ELEM)
			return true;
	}
	return false;
}

char *
mlpg_json_get_text(const Jsonb *object, const char *key)
{
	JsonbValue *v = find(object, key);

	return v ? mlpg_json_scalar(v) : NULL;
}

double
mlpg_json_get_number(const Jsonb *object, const char *key)
{
	JsonbValue *v = find(object, key);

	if (v == NULL || v->type != jbvNumeric)
		return NAN;
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(v->val.numeric)));
}

bool
mlpg_json_get_bool(const Jsonb *object, const char *key)
{
	JsonbValue *v = find(object, key);

	return v != NULL && v->type == jbvBool && v->val.boolean;
}

List *
mlpg_json_get_texts(const Jsonb *object, const char *key)
{
	JsonbValue *v = find(object, key);
	List	   *list = NIL;
	MlpgJsonWalk walk;

	if (v == NULL || !mlpg_json_is_list(v))
		return NIL;
	walk = mlpg_json_walk(v->val.binary.data);
	while (mlpg_json_next(&walk))
	{
		char	   *text = mlpg_json_scalar(&walk.value);

		if (text != NULL)
			list = lappend(list, text);
	}
	return list;
}

double *
mlpg_json_get_numbers(const Jsonb *object, const char *key, int *n)
{
	List	   *list = mlpg_json_get_texts(object, key);
	double	   *numbers = palloc((list_length(list) + 1) * sizeof(double));
	ListCell   *cell;

	*n = 0;
	foreach(cell, list)
		numbers[(*n)++] = DatumGetFloat8(DirectFunctionCall1(float8in, CStringGetDatum(lfirst(cell))));
	return numbers;
}

Jsonb *
mlpg_json_get_jsonb(const Jsonb *object, const char *key)
{
	JsonbValue *v = find(object, key);

	return v != NULL && v->type == jbvBinary ? JsonbValueToJsonb(v) : NULL;
}
