/*-------------------------------------------------------------------------
 *
 * json.c
 *	  Rows that arrive as JSON: what an application sends.
 *
 * Features are the object's keys; other keys are ignored, a missing key is the
 * same error as a missing column, JSON null is a missing value.  Numbers,
 * booleans and strings are read by the kind of the feature: a string may spell
 * a number, a boolean, or a date or timestamp in ISO form (without a zone it is
 * UTC, whatever the session's TimeZone and DateStyle say).  A category must be
 * a string: 1 and 1.0 are one number and two texts.  Blanks at its end are
 * ignored where no category has them, because to_jsonb pads what comes from a
 * char(n) column.  A JSON array stands for the features name[1], name[2], ...
 *
 * One binary search a feature; arrays are read once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/bind/bind.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

typedef struct JsonRow
{
	const MlpgModel *model;
	const char *label;
	JsonbContainer *object;
	/* the array read last */
	const char *array_name;		/* not terminated; NULL: none */
	int			array_length;	/* bytes of the name */
	JsonbValue *elements;
	int			n_elements;
	bool		array_is_null;
} JsonRow;

static void
name_feature(void *argument)
{
	errcontext("value of feature \"%s\"", (const char *) argument);
}

MLPG_NORETURN static void
raise_wrong_type(const MlpgFeature *feature, const JsonbValue *value)
{
	static const char *const wanted[] = {"a number", "a boolean", "a date (YYYY-MM-DD)",
	"a timestamp (YYYY-MM-DD HH:MM:SS)", "a string", "a string"};
	const char *found = "an object or array";

	if (value->type == jbvNumeric)
		found = "a number";
	else if (value->type == jbvBool)
		found = "a boolean";
	else if (value->type == jbvString)
		found = "a string that does not spell one";
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("feature \"%s\" must be %s, found %s", feature->name, wanted[feature->kind], found)));
	pg_unreachable();
}

/* Seconds since 2000-01-01 UTC of a date or timestamp in ISO form. */
static double
parse_time(const MlpgFeature *feature, const char *string, const JsonbValue *value)
{
	size_t		n = strlen(string);
	char	   *zoned;
	Timestamp	result;

	for (int i = 0; i < 10; i++)
		if ((size_t) i >= n || (i == 4 || i == 7 ? string[i] != '-' : string[i] < '0' || string[i] > '9'))
			raise_wrong_type(feature, value);
	if (n == 10)
		zoned = psprintf("%s 00:00:00Z", string);
	else if (strpbrk(string + 10, "Zz+-") != NULL)
		zoned = pstrdup(string);
	else
		zoned = psprintf("%sZ", string);
	result = DatumGetTimestamp(DirectFunctionCall3(timestamptz_in, CStringGetDatum(zoned),
												   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	return mlpg_datum_timestamp(result);
}

static double
parse_category(const MlpgModel *model, int i, const char *string, int length)
{
	int			stripped = length;

	while (stripped > 0 && string[stripped - 1] == ' ')
		stripped--;
	if (stripped < length && mlpg_feature_code(&model->input->feature[i], string, length) < 0)
		length = stripped;
	return mlpg_bind_code(model, i, string, length);
}

static double
parse_string(const MlpgModel *model, int i, const JsonbValue *value)
{
	const MlpgFeature *feature = &model->input->feature[i];
	char	   *string;
	bool		truth;

	if (feature->kind == MLPG_TEXT)
		return mlpg_bind_code(model, i, value->val.string.val, value->val.string.len);
	if (feature->kind == MLPG_CATEGORY)
		return parse_category(model, i, value->val.string.val, value->val.string.len);
	string = pnstrdup(value->val.string.val, value->val.string.len);
	switch (feature->kind)
	{
		case MLPG_BOOLEAN:
			if (!parse_bool(string, &truth))
				raise_wrong_type(feature, value);
			return truth ? 1 : 0;
		case MLPG_DATE:
			return parse_time(feature, string, value) / SECS_PER_DAY;
		case MLPG_TIMESTAMP:
			return parse_time(feature, string, value);
		default:
			return DatumGetFloat8(DirectFunctionCall1(float8in, CStringGetDatum(string)));
	}
}

/* The value of feature i; NaN for null. */
static double
read_json(const MlpgModel *model, int i, const JsonbValue *value)
{
	const MlpgFeature *feature = &model->input->feature[i];
	bool		is_number = feature->kind == MLPG_NUMBER || feature->kind == MLPG_BOOLEAN;
	ErrorContextCallback callback;
	double		result;

	if (value->type == jbvNull)
		return NAN;
	if (value->type == jbvNumeric && is_number)
		return mlpg_bind_finite(model, i, mlpg_datum_numeric(NumericGetDatum(value->val.numeric)));
	if (value->type == jbvBool && is_number)
		return value->val.boolean ? 1 : 0;
	if (value->type != jbvString)
		raise_wrong_type(feature, value);

	callback.callback = name_feature;
	callback.arg = feature->name;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	result = mlpg_bind_finite(model, i, parse_string(model, i, value));
	error_context_stack = callback.previous;
	return result;
}

/* Reads the array of a key; false when there is no such key. */
static bool
open_array(JsonRow *r, const char *name, int length)
{
	JsonbValue	value;
	JsonbValue	element;
	JsonbIterator *iterator;
	JsonbIteratorToken token;

	if (r->array_name != NULL && r->array_length == length && strncmp(r->array_name, name, length) == 0)
		return true;
	if (getKeyJsonValueFromContainer(r->object, name, length, &value) == NULL)
		return false;
	r->array_name = name;
	r->array_length = length;
	r->n_elements = 0;
	r->array_is_null = value.type == jbvNull;
	if (r->array_is_null)
		return true;
	if (value.type != jbvBinary || !JsonContainerIsArray(value.val.binary.data))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("\"%.*s\" must be an array of numbers", length, name)));
	r->elements = palloc(Max(JsonContainerSize(value.val.binary.data), 1) * sizeof(JsonbValue));
	iterator = JsonbIteratorInit(value.val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &element, true)) != WJB_DONE)
		if (token == WJB_ELEM)
			r->elements[r->n_elements++] = element;
	return true;
}

/* The value of a feature that is an element of an array; false when there is no such key. */
static bool
read_element(JsonRow *r, int i, const char *name, double *result)
{
	int			length;
	int			index = mlpg_array_feature(name, &length);

	if (index == 0 || !open_array(r, name, length))
		return false;
	if (!r->array_is_null && index > r->n_elements)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("array \"%.*s\" has length %d, but %s needs more", length, name, r->n_elements, r->label)));
	*result = r->array_is_null ? NAN : read_json(r->model, i, &r->elements[index - 1]);
	return true;
}

MLPG_NORETURN static void
raise_missing_key(const JsonRow *r, const char *feature)
{
	MlpgColumns found = {0};
	JsonbIterator *iterator = JsonbIteratorInit(r->object);
	JsonbIteratorToken token;
	JsonbValue	value;
	int			length = (int) strlen(feature);

	found.name = palloc(Max(JsonContainerSize(r->object), 1) * sizeof(char *));
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_KEY)
			found.name[found.n++] = pnstrdup(value.val.string.val, value.val.string.len);
	(void) mlpg_array_feature(feature, &length);
	mlpg_raise_missing(r->model, r->label, pnstrdup(feature, length), &found, true);
}

bool
mlpg_bind_jsonb(const MlpgModel *model, const char *label, Jsonb *object, double *row)
{
	const MlpgSchema *schema = model->input;
	JsonRow		r = {.model = model, .label = label, .object = &object->root};
	double	   *to = mlpg_bind_place(model, row);
	bool		any = false;

	if (!JB_ROOT_IS_OBJECT(object))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("features must be a JSON object"),
				 errhint("Send for example {\"price\": 120, \"promo\": true}.")));
	for (int i = 0; i < mlpg_schema_columns(schema); i++)
	{
		const char *name = schema->feature[i].name;
		JsonbValue	value;

		if (getKeyJsonValueFromContainer(r.object, name, (int) strlen(name), &value) != NULL)
			to[i] = read_json(model, i, &value);
		else if (!read_element(&r, i, name, &to[i]))
			raise_missing_key(&r, name);
		any |= !isnan(to[i]);
	}
	return mlpg_bind_made(model, any, row);
}

/* A text is the category or text where the model has no other feature, a JSON object elsewhere. */
bool
mlpg_bind_text(const MlpgModel *model, const char *label, text *value, double *row)
{
	Datum		object;

	if (mlpg_schema_columns(model->input) == 1 && model->input->feature[0].kind >= MLPG_CATEGORY)
	{
		*mlpg_bind_place(model, row) = mlpg_bind_code(model, 0, VARDATA_ANY(value), (int32) VARSIZE_ANY_EXHDR(value));
		return mlpg_bind_made(model, true, row);
	}
	object = DirectFunctionCall1(jsonb_in, CStringGetDatum(text_to_cstring(value)));
	return mlpg_bind_jsonb(model, label, DatumGetJsonbP(object), row);
}
