/*-------------------------------------------------------------------------
 *
 * bind.c
 *	  Which column of a row is which feature of a model, and reading it.
 *
 * Features go by name, never by position: a model trained on (price, promo)
 * reads any row that has columns of these names, in any order and among any
 * others.  Names and types are compared once for a type of row; after that a
 * value costs one switch and one store.
 *
 * What may stand for what: any number or boolean for a number or a boolean;
 * dates and timestamps for each other (scaled); any text-like type for a
 * category.  Anything else is a mistake of the caller that a number would hide,
 * so it is an error that names the column.
 *
 * Values: SQL NULL and NaN are missing, infinity is an error.  A category that
 * training did not see follows the policy of the model: an error here, or code
 * -1, which the core answers.  A row without any value has no prediction,
 * whatever the form of the call; that is what makes a null-extended row of an
 * outer join the same when the planner passes its columns one by one.
 *
 * An array column stands for features named column[1] .. column[n].
 *
 * An offset is bound as one more feature, behind the others.
 *
 * With preprocessing a row is read into the model's own place for one, and what
 * the steps make of it is handed out: so every way to score a row is preprocessed
 * here, and nowhere else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/bind/bind.h"

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#define NAMES_SHOWN 20			/* names in a DETAIL */
#define TEXT_SHOWN 60			/* bytes of a value in a DETAIL */

/* --- names ------------------------------------------------------------- */

int
mlpg_array_feature(const char *name, int *length)
{
	const char *bracket = strrchr(name, '[');
	char	   *end;
	long		index;

	if (bracket == NULL || bracket == name || bracket[1] < '1' || bracket[1] > '9')
		return 0;
	index = strtol(bracket + 1, &end, 10);
	if (index > MLPG_FEATURES_MAX || end[0] != ']' || end[1] != '\0')
		return 0;
	*length = (int) (bracket - name);
	return (int) index;
}

/*
 * The columns by name: a row may have 1,600 of them and a model need as many, in every
 * statement anew.  Open addressing, so that a name that is there twice stands in two places of one run.
 */
typedef struct Names
{
	const MlpgColumns *columns;
	uint32		mask;
	int		   *place;			/* position + 1; 0: free */
	const char *label;
} Names;

static void
index_columns(Names *names, const MlpgColumns *columns, const char *label)
{
	uint32		size = 16;

	while (size < 2 * (uint32) columns->n)
		size *= 2;
	*names = (Names) {.columns = columns, .mask = size - 1, .place = palloc0(size * sizeof(int)), .label = label};
	for (int i = 0; i < columns->n; i++)
	{
		uint32		at;

		if (columns->name[i] == NULL)
			continue;
		at = hash_bytes((const unsigned char *) columns->name[i], (int) strlen(columns->name[i]));
		while (names->place[at & names->mask] != 0)
			at++;
		names->place[at & names->mask] = i + 1;
	}
}

/* Position of a column, -1 if absent; raises when it is there twice. */
static int
find_column(const Names *names, const char *name, int length)
{
	int			found = -1;
	int			i;

	for (uint32 at = hash_bytes((const unsigned char *) name, length); (i = names->place[at & names->mask] - 1) >= 0; at++)
	{
		const char *candidate = names->columns->name[i];

		if (strncmp(candidate, name, length) != 0 || candidate[length] != '\0')
			continue;
		if (found >= 0)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_COLUMN),
					 errmsg("row has more than one column \"%s\", which %s needs", candidate, names->label),
					 errhint("Give the columns different names.")));
		found = i;
	}
	return found;
}

static void
append_name(StringInfo list, int n, const char *name)
{
	if (n < NAMES_SHOWN)
		appendStringInfo(list, "%s%s", n == 0 ? "" : ", ", name);
	else if (n == NAMES_SHOWN)
		appendStringInfoString(list, ", ...");
}

/* The columns that the model needs; an array once. */
static char *
needed_names(const MlpgModel *model)
{
	StringInfoData list;
	const char *last = "";
	int			last_length = -1;
	int			n = 0;

	initStringInfo(&list);
	for (int i = 0; i < mlpg_schema_columns(model->input); i++)
	{
		const char *name = model->input->feature[i].name;
		int			length = (int) strlen(name);

		if (mlpg_array_feature(name, &length) > 1 && length == last_length && strncmp(name, last, length) == 0)
			continue;
		append_name(&list, n++, pnstrdup(name, length));
		last = name;
		last_length = length;
	}
	return list.data;
}

/* f1, f2, ...: the names of ROW(...). */
static bool
names_of_row(const MlpgColumns *found)
{
	for (int i = 0; i < found->n; i++)
		if (found->name[i] == NULL || strcmp(found->name[i], psprintf("f%d", i + 1)) != 0)
			return false;
	return found->n > 0;
}

void
mlpg_raise_missing(const MlpgModel *model, const char *label, const char *feature, const MlpgColumns *found, bool is_json)
{
	StringInfoData list;
	const char *hint;
	int			n = 0;

	initStringInfo(&list);
	for (int i = 0; i < found->n; i++)
		if (found->name[i] != NULL)
			append_name(&list, n++, found->name[i]);
	if (is_json)
		hint = "Names are case-sensitive. Send null for a value that is not known.";
	else if (names_of_row(found))
		hint = "ROW(...) has no column names. Write FROM t, LATERAL (SELECT t.a AS name, ...) x and pass x.";
	else
		hint = "To rename columns write FROM t, LATERAL (SELECT t.a AS name, ...) x and pass x.";
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("row has no column \"%s\", which %s needs", feature, label),
			 errdetail("Needed: %s. Found: %s.", needed_names(model), n > 0 ? list.data : "none"),
			 errhint("%s", hint)));
	pg_unreachable();
}

/* --- binding ----------------------------------------------------------- */

static const char *
kind_name(MlpgKind kind)
{
	switch (kind)
	{
		case MLPG_NUMBER:
			return "a number";
		case MLPG_BOOLEAN:
			return "a boolean";
		case MLPG_DATE:
			return "a date";
		case MLPG_TIMESTAMP:
			return "a timestamp";
		case MLPG_CATEGORY:
		case MLPG_TEXT:
			return "text";
	}
	return "something else";
}

static const char *
kind_cast(MlpgKind kind)
{
	switch (kind)
	{
		case MLPG_NUMBER:
			return "float8";
		case MLPG_BOOLEAN:
			return "boolean";
		case MLPG_DATE:
			return "date";
		case MLPG_TIMESTAMP:
			return "timestamptz";
		case MLPG_CATEGORY:
		case MLPG_TEXT:
			break;
	}
	return "text";
}

/* Whether a column of one kind may stand for a feature of another, and the factor between their units. */
static bool
compatible(MlpgKind column, MlpgKind feature, double *scale)
{
	*scale = 1;
	if (column == feature)
		return true;
	if ((column == MLPG_NUMBER && feature == MLPG_BOOLEAN) || (column == MLPG_BOOLEAN && feature == MLPG_NUMBER))
		return true;
	if (column == MLPG_CATEGORY && feature == MLPG_TEXT)
		return true;
	if (column == MLPG_DATE && feature == MLPG_TIMESTAMP)
	{
		*scale = SECS_PER_DAY;
		return true;
	}
	if (column == MLPG_TIMESTAMP && feature == MLPG_DATE)
	{
		*scale = 1.0 / SECS_PER_DAY;
		return true;
	}
	return false;
}

static void
check_type(const MlpgFeature *feature, const MlpgColumns *columns, const char *label, MlpgSource *source)
{
	Oid			type = columns->type[source->position];
	const char *name = columns->name[source->position];
	bool		readable = mlpg_datum_reader(type, &source->reader);
	bool		want_array = source->element != NULL;
	const char *cast;

	source->scale = 1;
	if (readable && source->reader.is_array == want_array && compatible(source->reader.kind, feature->kind, &source->scale))
	{
		source->fast = !want_array && source->scale == 1 && source->reader.kind != MLPG_CATEGORY;
		return;
	}
	cast = psprintf("%%s::%s", want_array ? "float8[]" : kind_cast(feature->kind));
	if (!readable)
		cast = mlpg_type_cast_hint(type);
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" has type %s, but %s was trained with %s there", name, format_type_be(type), label,
					want_array ? "an array of numbers" : kind_name(feature->kind)),
			 errhint("Cast it, for example: %s", mlpg_type_cast(cast, name))));
}

/* The source that reads an array column already bound, or NULL. */
static MlpgSource *
find_source(const MlpgBinding *binding, int position)
{
	for (int i = binding->n_sources - 1; i >= 0; i--)
		if (binding->source[i].position == position && binding->source[i].element != NULL)
			return &binding->source[i];
	return NULL;
}

/* Feature i is element index of the array column at position. */
static void
bind_element(MlpgBinding *binding, const MlpgColumns *columns, int i, int position, int index)
{
	int			n_features = mlpg_schema_columns(binding->model->input);
	MlpgSource *source = find_source(binding, position);

	if (source == NULL)
	{
		source = &binding->source[binding->n_sources++];
		source->position = position;
		source->column = pstrdup(columns->name[position]);
		source->element = palloc(sizeof(int));
		check_type(&binding->model->input->feature[i], columns, binding->label, source);
	}
	if (index > source->n_elements)
	{
		/* in order, as training names them, this doubles */
		int			size = Max(index, Min(source->n_elements * 2, n_features));

		source->element = repalloc(source->element, size * sizeof(int));
		source->buffer = source->buffer ? repalloc(source->buffer, size * sizeof(double)) : palloc(size * sizeof(double));
		for (int k = source->n_elements; k < index; k++)
			source->element[k] = -1;
		source->n_elements = index;
	}
	source->element[index - 1] = i;
}

static void
bind_feature(MlpgBinding *binding, const Names *names, int i, bool planned)
{
	const MlpgColumns *columns = names->columns;
	const MlpgFeature *feature = &binding->model->input->feature[i];
	int			length = (int) strlen(feature->name);
	int			position = find_column(names, feature->name, length);
	int			index = 0;
	MlpgSource *source;

	if (position < 0 && (index = mlpg_array_feature(feature->name, &length)) > 0)
		position = find_column(names, feature->name, length);
	if (position < 0)
	{
		if (planned)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("model changed while the statement was planned"),
					 errdetail("The version that serves now needs column \"%s\".", feature->name),
					 errhint("Run the statement again.")));
		mlpg_raise_missing(binding->model, binding->label, pnstrdup(feature->name, length), columns, false);
	}
	if (index > 0)
	{
		bind_element(binding, columns, i, position, index);
		return;
	}
	source = &binding->source[binding->n_sources++];
	source->position = position;
	source->feature = i;
	source->column = pstrdup(columns->name[position]);
	check_type(feature, columns, binding->label, source);
}

MlpgBinding *
mlpg_bind_columns(const MlpgModel *model, const char *label, const MlpgColumns *columns, bool planned)
{
	MlpgBinding *binding = palloc0(sizeof(MlpgBinding));
	Names		names;

	index_columns(&names, columns, label);
	binding->model = model;
	binding->label = label;
	binding->source = palloc0((mlpg_schema_columns(model->input) + 1) * sizeof(MlpgSource));
	for (int i = 0; i < mlpg_schema_columns(model->input); i++)
		bind_feature(binding, &names, i, planned);
	pfree(names.place);
	return binding;
}

/* --- values ------------------------------------------------------------ */

double
mlpg_bind_finite(const MlpgModel *model, int feature, double value)
{
	if (isinf(value))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("feature \"%s\" is infinite", model->input->feature[feature].name),
				 errhint("Models read finite values; NULL is a missing value.")));
	return value;				/* NaN is missing */
}

static double
read_text(const MlpgFeature *f, const char *string, int32 length)
{
	void	   *room;

	string = mlpg_datum_normal(string, &length);
	room = palloc_extended(mlpg_ngrams_room(f->ngrams, string, length), MCXT_ALLOC_HUGE);
	return mlpg_text_value(mlpg_ngrams_read(f->ngrams, string, length, room));
}

double
mlpg_bind_code(const MlpgModel *model, int feature, const char *string, int32 length)
{
	const MlpgFeature *f = &model->input->feature[feature];
	int32		code;

	if (f->kind == MLPG_TEXT)
		return read_text(f, string, length);
	code = mlpg_feature_code(f, string, length);
	if (code < 0 && f->buckets == 0 && model->input->unseen == MLPG_UNSEEN_ERROR)
	{
		int			shown = pg_mbcliplen(string, length, TEXT_SHOWN);

		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("feature \"%s\" has a category that the model was not trained with", f->name),
				 errdetail("The category is \"%.*s\"%s.", shown, string, shown < length ? " ..." : ""),
				 errhint("Train with params => '{\"unseen\":\"null\"}' to get NULL instead, or \"zero\" to leave it out.")));
	}
	return code;
}

static bool
read_array(const MlpgBinding *binding, const MlpgSource *source, Datum value, double *row)
{
	int			bad;
	int			n = mlpg_datum_array(&source->reader, value, source->buffer, source->n_elements, &bad);
	bool		any = false;

	if (n < source->n_elements)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("array \"%s\" has length %d, but %s needs %d", source->column, n, binding->label, source->n_elements)));
	for (int k = 0; k < source->n_elements; k++)
	{
		int			feature = source->element[k];

		if (feature < 0)
			continue;
		row[feature] = bad >= 0 ? mlpg_bind_finite(binding->model, feature, source->buffer[k]) : source->buffer[k];
		any |= !isnan(row[feature]);
	}
	return any;
}

/* A NULL array: all of its features are missing. */
static void
clear_array(const MlpgSource *source, double *row)
{
	for (int k = 0; k < source->n_elements; k++)
		if (source->element[k] >= 0)
			row[source->element[k]] = NAN;
}

static bool
read_slow(const MlpgBinding *binding, const MlpgSource *source, Datum value, double *row)
{
	double		x;

	if (source->element != NULL)
		return read_array(binding, source, value, row);
	if (source->reader.kind == MLPG_CATEGORY)
	{
		int32		length;
		const char *string = mlpg_datum_text(&source->reader, value, &length);

		row[source->feature] = mlpg_bind_code(binding->model, source->feature, string, length);
		return true;
	}
	x = mlpg_bind_finite(binding->model, source->feature, mlpg_datum_number(&source->reader, value));
	row[source->feature] = x * source->scale;
	return !isnan(x);
}

static inline bool
read_value(const MlpgBinding *binding, const MlpgSource *source, Datum value, bool is_null, double *row)
{
	if (unlikely(is_null))
	{
		if (source->element != NULL)
			clear_array(source, row);
		else
			row[source->feature] = NAN;
		return false;
	}
	if (likely(source->fast))
	{
		double		x = mlpg_datum_number(&source->reader, value);

		row[source->feature] = x;
		if (likely(isfinite(x)))
			return true;
	}
	return read_slow(binding, source, value, row);
}

double *
mlpg_bind_place(const MlpgModel *model, double *row)
{
	return model->schema->preprocess == NULL ? row : model->row;
}

bool
mlpg_bind_made(const MlpgModel *model, bool any, double *row)
{
	if (model->schema->preprocess != NULL)
		mlpg_preprocess_row(model->schema->preprocess, model->row, row);
	return any;
}

bool
mlpg_bind_arguments(const MlpgBinding *binding, const NullableDatum *arguments, double *row)
{
	const MlpgSource *end = binding->source + binding->n_sources;
	double	   *to = mlpg_bind_place(binding->model, row);
	bool		any = false;

	for (const MlpgSource *source = binding->source; source < end; source++)
	{
		const NullableDatum *value = &arguments[source->position];

		any |= read_value(binding, source, value->value, value->isnull, to);
	}
	return mlpg_bind_made(binding->model, any, row);
}

bool
mlpg_bind_values(const MlpgBinding *binding, const Datum *values, const bool *nulls, double *row)
{
	const MlpgSource *end = binding->source + binding->n_sources;
	double	   *to = mlpg_bind_place(binding->model, row);
	bool		any = false;

	for (const MlpgSource *source = binding->source; source < end; source++)
		any |= read_value(binding, source, values[source->position], nulls[source->position], to);
	return mlpg_bind_made(binding->model, any, row);
}

/* Position of the element that is feature i: x4 is the fourth.  Names come with the model: not trusted. */
static int
element_of(const MlpgSchema *schema, int i, int n)
{
	int			position = atoi(schema->feature[i].name + 1) - 1;

	return position >= 0 && position < n ? position : i;
}

/*
 * Elements are the features x1 .. xn of a model fitted on arrays.  Where an
 * element was the weight, and so is no feature, arrays have the length that
 * they had in training; an offset is an element too.
 */
bool
mlpg_bind_array(const MlpgModel *model, const char *label, Datum array, double *row)
{
	const MlpgSchema *schema = model->input;
	MlpgDatumReader reader = {.how = MLPG_READ_FLOAT8_ARRAY, .kind = MLPG_NUMBER, .is_array = true};
	int			n_features = mlpg_schema_columns(schema);
	int			length = 0;
	int			n;
	double	   *to = mlpg_bind_place(model, row);
	double	   *values = to;
	bool		any = false;

	if (!schema->array_form)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("%s was not trained on an array", label),
				 errdetail("Its features are: %s.", needed_names(model)),
				 errhint("Pass a row with columns of these names, or a JSON object.")));
	for (int i = Max(n_features - 2, 0); i < n_features; i++)	/* the last feature, or the offset */
		length = Max(length, atoi(schema->feature[i].name + 1));
	length = Max(length, n_features);
	if (length > n_features || schema->offset != NULL)	/* then elements are in another order */
		values = palloc(Min(length, MLPG_FEATURES_MAX) * sizeof(double));
	n = mlpg_datum_array(&reader, array, values, Min(length, MLPG_FEATURES_MAX), NULL);
	if (n != length && n_features > 0)	/* a model without features answers whatever the array */
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("array of features has length %d, but %s needs %d", n, label, length)));
	for (int i = 0; i < n_features; i++)
	{
		if (values != to)
			to[i] = values[element_of(schema, i, n)];
		if (!isfinite(to[i]))
			mlpg_bind_finite(model, i, to[i]);
		any |= !isnan(to[i]);
	}
	return mlpg_bind_made(model, any, row);
}
