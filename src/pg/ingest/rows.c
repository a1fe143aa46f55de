/*-------------------------------------------------------------------------
 *
 * rows.c
 *	  Reads the columns that a fit needs out of an executor row.
 *
 * Columns are resolved once: which attribute, how its type is read, which
 * feature it fills.  A row then costs one pass over those attributes.  NULL
 * becomes NaN, the core's mark of a missing value; a NaN or infinity in the data
 * is refused, with column and row ordinal, so that the mark is unambiguous.
 *
 * A feature that is equal to the target in every row is the target under
 * another name (error E6).  Ten rows and three different targets are asked for,
 * since a flag may agree with a small target by chance.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/ingest/rows.h"

#include <float.h>
#include <math.h>

#include "core/math/columns.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

const char *
mlpg_encoding_name(void)
{
	return GetDatabaseEncodingName();
}

static bool
listed(List *names, const char *name)
{
	ListCell   *cell;

	foreach(cell, names)
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	return false;
}

static int
find_attribute(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped && strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) == 0)
			return i;
	return -1;
}

MLPG_NORETURN static void
raise_no_column(TupleDesc desc, const char *name, const char *role)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < desc->natts && list.len < 400; i++)
		if (!TupleDescAttr(desc, i)->attisdropped)
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", NameStr(TupleDescAttr(desc, i)->attname));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("column \"%s\", named as %s, does not exist in the source", name, role),
			 list.len > 0 ? errdetail("Columns: %s.", list.data) : errdetail("The source has no columns.")));
}

/* Two columns of one name: which of them predict would read cannot be known. */
static void
check_unique(TupleDesc desc, int attno)
{
	const char *name = NameStr(TupleDescAttr(desc, attno)->attname);

	for (int i = 0; i < desc->natts; i++)
		if (i != attno && !TupleDescAttr(desc, i)->attisdropped && strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("column \"%s\" occurs more than once in the source", name),
					 errhint("Name the columns apart with AS.")));
}

static int
require_attribute(TupleDesc desc, const char *name, const char *role)
{
	int			i = find_attribute(desc, name);

	if (i < 0)
		raise_no_column(desc, name, role);
	return i;
}

static void
check_named(TupleDesc desc, List *names, const char *role)
{
	ListCell   *cell;

	foreach(cell, names)
		(void) require_attribute(desc, lfirst(cell), role);
}

static void
resolve_target(MlpgRows *rows, TupleDesc desc, const MlpgColumnsAsked *asked)
{
	rows->target = -1;
	if (asked->target != NULL)
	{
		Oid			type;

		rows->target = require_attribute(desc, asked->target, "target");
		check_unique(desc, rows->target);
		type = TupleDescAttr(desc, rows->target)->atttypid;
		if (!mlpg_datum_reader(type, &rows->target_reader))
			mlpg_raise_unreadable(asked->target, type);
		if (rows->target_reader.is_array)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("target column \"%s\" has type %s, which is not a number", asked->target, format_type_be(type)),
					 errhint("A model has one target; name an element, such as %s[1].", quote_identifier(asked->target))));
	}
}

/* A column that is no feature: weight, offset or validation. */
static void
resolve_beside(MlpgRows *rows, TupleDesc desc, const char *name, const char *role, MlpgKind kind)
{
	MlpgRowColumn *column = &rows->beside[rows->n_beside];
	Oid			type;

	if (name == NULL)
		return;
	column->attno = require_attribute(desc, name, role);
	column->name = pstrdup(name);
	check_unique(desc, column->attno);
	type = TupleDescAttr(desc, column->attno)->atttypid;
	if (!mlpg_datum_reader(type, &column->reader) || column->reader.is_array || column->reader.kind != kind)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("%s column \"%s\" has type %s, which is not %s", role, name, format_type_be(type),
						kind == MLPG_BOOLEAN ? "boolean" : "a number")));
	for (int i = 0; i < rows->n_beside; i++)
		if (rows->beside[i].attno == column->attno)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column \"%s\" is named as %s and for another use", name, role)));
	if (column->attno == rows->target)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("target column \"%s\" is named as %s", name, role)));
	rows->max_attno = Max(rows->max_attno, column->attno + 1);
	rows->n_beside++;
}

static bool
is_beside(const MlpgRows *rows, int attno)
{
	for (int i = 0; i < rows->n_beside; i++)
		if (rows->beside[i].attno == attno)
			return true;
	return false;
}

static bool
wanted(const MlpgRows *rows, const MlpgColumnsAsked *asked, int attno, const char *name, Oid type)
{
	if (is_beside(rows, attno))
	{
		if (listed(asked->features, name))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column \"%s\" is named as a feature and for another use", name),
					 errhint("A weight, an offset or a validation mark is no feature: leave it out of \"features\".")));
		return false;
	}
	if (attno == rows->target || attno + 1 == asked->target_twin)
	{
		if (listed(asked->features, name))
			mlpg_raise_leakage(name, name);
		return false;
	}
	if (listed(asked->exclude, name))
		return false;
	if (asked->skip_unreadable)
	{
		MlpgDatumReader reader;

		if (!mlpg_datum_reader(type, &reader) || reader.is_array)
			return false;
	}
	return asked->features == NIL || listed(asked->features, name);
}

static void
add_column(MlpgRows *rows, int attno, const char *name, Oid type,
		   int (*length_of) (int attno, void *argument), void *argument)
{
	MlpgRowColumn *column = &rows->column[rows->n_columns];

	if (!mlpg_datum_reader(type, &column->reader))
		mlpg_raise_unreadable(name, type);
	column->attno = attno;
	column->name = name;
	column->n = column->reader.is_array ? length_of(attno, argument) : 1;
	column->first = rows->plan->n_features;
	rows->plan->n_features += column->n;
	rows->n_columns++;
	rows->max_attno = Max(rows->max_attno, attno + 1);
	if (rows->plan->n_features > MLPG_FEATURES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("source has more than %d features", MLPG_FEATURES_MAX)));
}

static void
name_features(MlpgRows *rows)
{
	MlpgPlan   *plan = rows->plan;

	plan->name = palloc0((plan->n_features + 1) * sizeof(char *));
	plan->kind = palloc0((plan->n_features + 1) * sizeof(MlpgKind));
	for (int c = 0; c < rows->n_columns; c++)
	{
		const MlpgRowColumn *column = &rows->column[c];

		for (int k = 0; k < column->n; k++)
		{
			plan->name[column->first + k] = column->reader.is_array ? psprintf("%s[%d]", column->name, k + 1) : pstrdup(column->name);
			plan->kind[column->first + k] = column->reader.kind;
		}
	}
}

/* Finds the longest run of plain columns. */
static void
note_plain(MlpgRows *rows)
{
	int			start = 0;

	rows->any_category = rows->target >= 0 && rows->target_reader.kind == MLPG_CATEGORY;
	rows->plain = rows->end_plain = 0;
	for (int c = 0; c < rows->n_columns; c++)
	{
		const MlpgRowColumn *column = &rows->column[c];

		rows->any_category |= column->reader.kind == MLPG_CATEGORY;
		if (column->reader.how != MLPG_READ_FLOAT8 || sizeof(Datum) != sizeof(double))
			start = c + 1;
		else if (c > start && column->attno != column[-1].attno + 1)
			start = c;
		if (c + 1 - start > rows->end_plain - rows->plain)
		{
			rows->plain = start;
			rows->end_plain = c + 1;
		}
	}
}

MlpgRows *
mlpg_rows_create(TupleDesc desc, const MlpgColumnsAsked *asked,
				 int (*length_of) (int attno, void *argument), void *argument)
{
	MlpgRows   *rows = palloc0(sizeof(MlpgRows));
	int			n;

	rows->plan = palloc0(sizeof(MlpgPlan));
	rows->column = palloc0((desc->natts + 1) * sizeof(MlpgRowColumn));
	rows->allow_leakage = asked->allow_leakage;
	rows->any_value = asked->skip_unreadable;
	check_named(desc, asked->features, "feature");
	check_named(desc, asked->exclude, "excluded column");
	resolve_target(rows, desc, asked);
	rows->max_attno = rows->target + 1;
	resolve_beside(rows, desc, asked->weight, "weight", MLPG_NUMBER);
	resolve_beside(rows, desc, asked->offset, "offset", MLPG_NUMBER);
	resolve_beside(rows, desc, asked->validation, "validation", MLPG_BOOLEAN);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (attribute->attisdropped || !wanted(rows, asked, i, NameStr(attribute->attname), attribute->atttypid))
			continue;
		if (!rows->any_value)
			check_unique(desc, i);
		add_column(rows, i, pstrdup(NameStr(attribute->attname)), attribute->atttypid, length_of, argument);
	}
	name_features(rows);
	rows->plan->target = pstrdup(asked->target ? asked->target : "");
	rows->plan->target_kind = rows->target_reader.kind;
	rows->plan->weighted = asked->weight != NULL;
	rows->plan->has_offset = asked->offset != NULL;
	rows->plan->has_validation = asked->validation != NULL;
	rows->plan->encoding = mlpg_encoding_name();

	note_plain(rows);
	rows->columns = mlpg_columns();

	n = rows->plan->n_features;
	rows->values = palloc0((n + 4) * sizeof(double));
	for (int i = 0; i < rows->n_beside; i++)
		rows->beside[i].first = n + 1 + i;
	rows->text = palloc0((n + 1) * sizeof(char *));
	rows->length = palloc0((n + 1) * sizeof(int32));
	return rows;
}

MLPG_NORETURN static void
raise_not_finite(const MlpgRows *rows, const char *column, double value)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("column \"%s\" contains %s", column, isnan(value) ? "NaN" : "an infinite value"),
			 errdetail("Row %lld of the source.", (long long) rows->n_read),
			 errhint("Turn it into NULL, which is read as a missing value, or leave the row out.")));
}

static void
read_array(MlpgRows *rows, const MlpgRowColumn *column, Datum value)
{
	int			bad;
	int			n = mlpg_datum_array(&column->reader, value, rows->values + column->first, column->n, &bad);

	if (n != column->n)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("arrays of column \"%s\" have different lengths", column->name),
				 errdetail("Row %lld of the source has %d elements, those before have %d.", (long long) rows->n_read, n, column->n)));
	if (bad >= 0)
		raise_not_finite(rows, rows->plan->name[column->first + bad], rows->values[column->first + bad]);
}

static void
read_column(MlpgRows *rows, const MlpgRowColumn *column, const Datum *values, const bool *nulls)
{
	int			j = column->first;

	if (nulls[column->attno])
	{
		for (int k = 0; k < column->n; k++)
			rows->values[j + k] = NAN;
		rows->text[j] = NULL;
	}
	else if (column->reader.is_array)
		read_array(rows, column, values[column->attno]);
	else if (column->reader.kind == MLPG_CATEGORY)
	{
		rows->text[j] = mlpg_datum_text(&column->reader, values[column->attno], &rows->length[j]);
		rows->values[j] = NAN;
	}
	else
	{
		double		x = mlpg_datum_number(&column->reader, values[column->attno]);

		if (unlikely(!(fabs(x) <= DBL_MAX)) && !rows->any_value)
			raise_not_finite(rows, column->name, x);
		rows->values[j] = x;
	}
}

static void
read_columns(MlpgRows *rows, int from, int end, const Datum *values, const bool *nulls)
{
	for (int c = from; c < end; c++)
		read_column(rows, &rows->column[c], values, nulls);
}

static void
read_beside(MlpgRows *rows, const MlpgRowColumn *column, const Datum *values, const bool *nulls)
{
	double		x = nulls[column->attno] ? NAN : mlpg_datum_number(&column->reader, values[column->attno]);
	bool		is_weight = rows->plan->weighted && column == rows->beside;

	if (!(fabs(x) <= DBL_MAX) || (is_weight && x < 0))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 is_weight ? errmsg("a weight is %s", isnan(x) ? "NULL or NaN" : x < 0 ? "negative" : "infinite") :
				 errmsg("column \"%s\" contains %s", column->name, isnan(x) ? "NULL or NaN" : "an infinite value"),
				 errdetail("Row %lld of the source.", (long long) rows->n_read),
				 errhint(is_weight ? "Weights must be finite and not negative; zero leaves a row out."
						 : "Give each row a value, or leave the row out.")));
	rows->values[column->first] = x;
}

void
mlpg_rows_read_features(MlpgRows *rows, const Datum *values, const bool *nulls)
{
	const MlpgRowColumn *plain = &rows->column[rows->plain];

	read_columns(rows, 0, rows->plain, values, nulls);
	/* a float8 is its Datum's bits; should one not be finite, the long way finds which */
	if (rows->end_plain > rows->plain &&
		!rows->columns->fill((const double *) (values + plain->attno), nulls + plain->attno, rows->end_plain - rows->plain,
							 rows->values + plain->first) && !rows->any_value)
		read_columns(rows, rows->plain, rows->end_plain, values, nulls);
	read_columns(rows, rows->end_plain, rows->n_columns, values, nulls);
	for (int i = 0; i < rows->n_beside; i++)
		read_beside(rows, &rows->beside[i], values, nulls);
}

MLPG_NORETURN static void
raise_target_not_finite(const MlpgRows *rows, double y)
{
	if (rows->target >= 0)
		raise_not_finite(rows, rows->plan->target, y);
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("the target is %s", isnan(y) ? "NaN" : "infinite"),
			 errdetail("Row %lld of the source.", (long long) rows->n_read),
			 errhint("Turn it into NULL, which leaves the row out.")));
	pg_unreachable();
}

void
mlpg_rows_read_target(MlpgRows *rows, Datum value)
{
	double		y = NAN;

	if (rows->target_reader.kind == MLPG_CATEGORY)
		rows->target_text = mlpg_datum_text(&rows->target_reader, value, &rows->target_length);
	else
	{
		y = mlpg_datum_number(&rows->target_reader, value);
		if (unlikely(!(fabs(y) <= DBL_MAX)))
			raise_target_not_finite(rows, y);
	}
	rows->values[rows->plan->n_features] = y;
}

bool
mlpg_rows_read_row(MlpgRows *rows, const Datum *values, const bool *nulls)
{
	rows->n_read++;
	if (nulls[rows->target])
	{
		rows->n_no_target++;
		return false;
	}
	mlpg_rows_read_target(rows, values[rows->target]);
	mlpg_rows_read_features(rows, values, nulls);
	return true;
}

static inline uint64
mix(uint64 h, uint64 bits)
{
	h = (h ^ bits) * UINT64CONST(0x9E3779B97F4A7C15);
	return h ^ (h >> 32);
}

/* -0 becomes 0. */
static inline uint64
number_bits(double x)
{
	double		positive = x + 0.0;
	uint64		bits;

	memcpy(&bits, &positive, sizeof(bits));
	return bits;
}

static inline uint64
text_bits(const char *text, int32 length)
{
	uint64		bits = UINT64CONST(0xCBF29CE484222325);

	for (int32 i = 0; i < length; i++)
		bits = (bits ^ (unsigned char) text[i]) * UINT64CONST(0x100000001B3);
	return bits;
}

static inline uint64
content(const MlpgRows *rows, int j)
{
	if (j == rows->plan->n_features)
	{
		if (rows->target_reader.kind == MLPG_CATEGORY)
			return text_bits(rows->target_text, rows->target_length);
	}
	else if (mlpg_plan_codes(rows->plan, j))
		return rows->text[j] == NULL ? UINT64CONST(0x7FF8000000000000) : text_bits(rows->text[j], rows->length[j]);
	if (rows->values[j] != rows->values[j])
		return UINT64CONST(0x7FF8000000000000);
	return number_bits(rows->values[j]);
}

/* The last step of splitmix64 (Steele, Lea and Flood 2014). */
static inline uint64
finalize(uint64 h)
{
	h = (h ^ (h >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
	h = (h ^ (h >> 27)) * UINT64CONST(0x94D049BB133111EB);
	return h ^ (h >> 31);
}

/* Four lanes, so that the multiplications overlap. */
uint64
mlpg_rows_hash(const MlpgRows *rows)
{
	int			n = rows->plan->n_features + 1;
	const double *x = rows->values;
	uint64		h[4] = {1, 2, 3, 4};
	int			j = 0;

	/* our own mark of a missing value needs no second look */
	if (!rows->any_category && !rows->any_value)
		for (; j + 4 <= n; j += 4)
		{
			h[0] = mix(h[0], number_bits(x[j]));
			h[1] = mix(h[1], number_bits(x[j + 1]));
			h[2] = mix(h[2], number_bits(x[j + 2]));
			h[3] = mix(h[3], number_bits(x[j + 3]));
		}
	for (; j < n; j++)
		h[j & 3] = mix(h[j & 3], content(rows, j));
	return finalize(mix(mix(mix(h[0], h[1]), h[2]), h[3]));
}

uint64
mlpg_hash_membership(uint64 hash, uint64 seed)
{
	return finalize(hash ^ (seed * UINT64CONST(0x9E3779B97F4A7C15)));
}

void
mlpg_rows_store(MlpgRows *rows, MlpgHost *host, MlpgFit *fit, MlpgLeak *leak)
{
	const MlpgPlan *plan = rows->plan;
	double	   *to;

	if (leak != NULL)
		mlpg_leak_watch(host, leak, rows->values, plan->n_features);
	to = mlpg_fit_next_row(host, fit);
	if (to != rows->values)
		memcpy(to, rows->values, fit->block.n_columns * sizeof(double));
	if (fit->dictionary != NULL)
		for (int j = 0; j < plan->n_features; j++)
			if (mlpg_plan_codes(plan, j) && rows->text[j] != NULL)
			{
				if (plan->kind[j] == MLPG_TEXT)
					rows->text[j] = mlpg_datum_normal(rows->text[j], &rows->length[j]);
				to[j] = mlpg_fit_code(host, fit, j, rows->text[j], rows->length[j]);
			}
	if (fit->classes != NULL)
		to[plan->n_features] = mlpg_fit_target(host, fit, to[plan->n_features], rows->target_text, rows->target_length);
	rows->stored_target = to[plan->n_features];
	mlpg_fit_commit_row(host, fit);
}

/* ---------- error E6 ---------- */

static void
first_row(MlpgHost *host, MlpgLeak *leak, const double *values, int n)
{
	for (int j = 0; j < n; j++)
		leak->n += values[j] == values[n];
	if (leak->n > 0)
		leak->feature = mlpg_allocate(host, leak->n, sizeof(int));
	leak->n = 0;
	for (int j = 0; j < n; j++)
		if (values[j] == values[n])
			leak->feature[leak->n++] = j;
}

static void
count_value(MlpgLeak *leak, double y)
{
	if (leak->n_values == 3)
		return;
	for (int i = 0; i < leak->n_values; i++)
		if (leak->value[i] == y)
			return;
	if (leak->n_values < 2)
		leak->value[leak->n_values] = y;
	leak->n_values++;
}

void
mlpg_leak_watch(MlpgHost *host, MlpgLeak *leak, const double *values, int n)
{
	int			kept = 0;

	if (leak->off)
		return;
	if (leak->n_rows++ == 0)
		first_row(host, leak, values, n);
	if (leak->n == 0)
		return;
	count_value(leak, values[n]);
	for (int k = 0; k < leak->n; k++)
		if (values[leak->feature[k]] == values[n])
			leak->feature[kept++] = leak->feature[k];
	leak->n = kept;
}

void
mlpg_leak_combine(MlpgHost *host, MlpgLeak *leak, const MlpgLeak *other)
{
	int			kept = 0;

	leak->off |= other->off;
	if (other->n_rows == 0)
		return;
	if (leak->n_rows == 0)
	{
		*leak = *other;
		leak->feature = mlpg_allocate(host, other->n + 1, sizeof(int));
		memcpy(leak->feature, other->feature, other->n * sizeof(int));
		return;
	}
	for (int k = 0; k < leak->n; k++)
		for (int i = 0; i < other->n; i++)
			if (leak->feature[k] == other->feature[i])
				leak->feature[kept++] = leak->feature[k];
	leak->n = kept;
	leak->n_rows += other->n_rows;
	for (int i = 0; i < Min(other->n_values, 2); i++)
		count_value(leak, other->value[i]);
	leak->n_values = Max(leak->n_values, other->n_values);
}

void
mlpg_leak_check(const MlpgLeak *leak, const MlpgPlan *plan)
{
	if (!leak->off && leak->n > 0 && leak->n_rows >= 10 && leak->n_values >= 3)
		mlpg_raise_leakage(plan->name[leak->feature[0]], plan->target[0] ? plan->target : "target");
}

void
mlpg_raise_leakage(const char *feature, const char *target)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("feature \"%s\" determines the target \"%s\"", feature, target),
			 errdetail("They are equal in every row."),
			 errhint("Leave it out with \"exclude\", or say params => '{\"allow_leakage\":true}'.")));
}
