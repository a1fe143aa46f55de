/*-------------------------------------------------------------------------
 *
 * datum.c
 *	  From a Datum to the double or the text that a model reads.
 *
 * Domains are read as what they are over.  Numbers become double by the
 * server's own conversions; a numeric too large for double becomes infinite,
 * which training refuses and scoring reports.  Dates and timestamps become days
 * and seconds since 2000-01-01 UTC, PostgreSQL's own epoch, so that neither
 * TimeZone nor DateStyle has a say.  Categories are bytes in the database's
 * encoding: collations have no say either.
 *
 * A text to be read by its n-grams is put into normal form KC first, here, where
 * the server's tables are; the rest of reading it is the core's (ngrams.c).
 *
 * A NULL never comes here.  Values are read where they lie; only toasted or
 * packed ones, numeric and enum labels take memory of the current context,
 * which the caller resets.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/ingest/datum.h"

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "common/unicode_norm.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

static const struct
{
	Oid			type;
	MlpgReadKind how;
	MlpgKind	kind;
}			readable[] = {
	{INT2OID, MLPG_READ_INT2, MLPG_NUMBER},
	{INT4OID, MLPG_READ_INT4, MLPG_NUMBER},
	{INT8OID, MLPG_READ_INT8, MLPG_NUMBER},
	{FLOAT4OID, MLPG_READ_FLOAT4, MLPG_NUMBER},
	{FLOAT8OID, MLPG_READ_FLOAT8, MLPG_NUMBER},
	{NUMERICOID, MLPG_READ_NUMERIC, MLPG_NUMBER},
	{BOOLOID, MLPG_READ_BOOL, MLPG_BOOLEAN},
	{DATEOID, MLPG_READ_DATE, MLPG_DATE},
	{TIMESTAMPOID, MLPG_READ_TIMESTAMP, MLPG_TIMESTAMP},
	{TIMESTAMPTZOID, MLPG_READ_TIMESTAMPTZ, MLPG_TIMESTAMP},
	{TEXTOID, MLPG_READ_TEXT, MLPG_CATEGORY},
	{VARCHAROID, MLPG_READ_TEXT, MLPG_CATEGORY},
	{BPCHAROID, MLPG_READ_BPCHAR, MLPG_CATEGORY},
	{NAMEOID, MLPG_READ_NAME, MLPG_CATEGORY},
	{CHAROID, MLPG_READ_CHAR, MLPG_CATEGORY}
};

static bool
array_reader(Oid base, MlpgDatumReader *reader)
{
	Oid			element = get_base_element_type(base);

	if (OidIsValid(element))
		element = getBaseType(element);
	if (element != FLOAT4OID && element != FLOAT8OID)
		return false;
	reader->how = element == FLOAT4OID ? MLPG_READ_FLOAT4_ARRAY : MLPG_READ_FLOAT8_ARRAY;
	reader->kind = MLPG_NUMBER;
	reader->is_array = true;
	return true;
}

bool
mlpg_datum_reader(Oid type, MlpgDatumReader *reader)
{
	Oid			base = getBaseType(type);

	reader->is_array = false;
	reader->base_type = base;
	for (int i = 0; i < (int) lengthof(readable); i++)
		if (readable[i].type == base)
		{
			reader->how = readable[i].how;
			reader->kind = readable[i].kind;
			return true;
		}
	if (type_is_enum(base))
	{
		reader->how = MLPG_READ_ENUM;
		reader->kind = MLPG_CATEGORY;
		return true;
	}
	return array_reader(base, reader);
}

const char *
mlpg_type_cast_hint(Oid type)
{
	Oid			base = getBaseType(type);
	Oid			element = get_element_type(base);

	switch (base)
	{
		case INTERVALOID:
		case TIMEOID:
		case TIMETZOID:
			return "extract(epoch FROM %s)";
		case JSONOID:
		case JSONBOID:
			return "(%s ->> 'key')::float8";
		case CASHOID:
			return "%s::numeric";
		case OIDOID:
			return "%s::bigint";
		case POINTOID:
			return "%s[0]";
		case BYTEAOID:
			return "length(%s)";
		default:
			break;
	}
	if (OidIsValid(element))
	{
		char		category;
		bool		preferred;

		get_type_category_preferred(getBaseType(element), &category, &preferred);
		return category == TYPCATEGORY_NUMERIC ? "%s::float8[]" : "array_to_string(%s, ',')";
	}
	if (type_is_rowtype(base))
		return "(%s).field";
	if (type_is_range(base))
		return "lower(%s)";
	return "%s::text";
}

char *
mlpg_type_cast(const char *cast, const char *column)
{
	const char *at = strstr(cast, "%s");

	return psprintf("%.*s%s%s", (int) (at - cast), cast, quote_identifier(column), at + 2);
}

void
mlpg_raise_unreadable(const char *column, Oid type)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" has type %s, which models cannot read", column, format_type_be(type)),
			 errhint("Cast it, for example: %s", mlpg_type_cast(mlpg_type_cast_hint(type), column))));
	pg_unreachable();
}

double
mlpg_datum_numeric(Datum value)
{
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
}

double
mlpg_datum_timestamp(Timestamp value)
{
	if (TIMESTAMP_IS_NOBEGIN(value))
		return -INFINITY;
	if (TIMESTAMP_IS_NOEND(value))
		return INFINITY;
	return (double) value / (double) USECS_PER_SEC;
}

double
mlpg_datum_date(DateADT value)
{
	if (DATE_IS_NOBEGIN(value))
		return -INFINITY;
	if (DATE_IS_NOEND(value))
		return INFINITY;
	return (double) value;
}

/* enum_out, without the call. */
static const char *
enum_label(Oid value)
{
	HeapTuple	tuple = SearchSysCache1(ENUMOID, ObjectIdGetDatum(value));
	char	   *label;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid internal value for enum: %u", value)));
	label = pstrdup(NameStr(((Form_pg_enum) GETSTRUCT(tuple))->enumlabel));
	ReleaseSysCache(tuple);
	return label;
}

const char *
mlpg_datum_text(const MlpgDatumReader *reader, Datum value, int32 *length)
{
	const char *result = NULL;
	struct varlena *packed;

	switch (reader->how)
	{
		case MLPG_READ_TEXT:
		case MLPG_READ_BPCHAR:
			packed = PG_DETOAST_DATUM_PACKED(value);
			result = VARDATA_ANY(packed);
			*length = (int32) VARSIZE_ANY_EXHDR(packed);
			if (reader->how == MLPG_READ_BPCHAR)
				*length = bpchartruelen(unconstify(char *, result), *length);
			return result;
		case MLPG_READ_NAME:
			result = NameStr(*DatumGetName(value));
			break;
		case MLPG_READ_CHAR:
			result = DatumGetCString(DirectFunctionCall1(charout, value));
			break;
		case MLPG_READ_ENUM:
			result = enum_label(DatumGetObjectId(value));
			break;
		default:
			elog(ERROR, "value read as a category is none");
	}
	*length = (int32) strlen(result);
	return result;
}

static bool
is_ascii(const char *string, int32 length)
{
	unsigned char any = 0;

	for (int32 i = 0; i < length; i++)
		any |= (unsigned char) string[i];
	return any < 0x80;
}

const char *
mlpg_datum_normal(const char *string, int32 *length)
{
	pg_wchar   *wide;
	pg_wchar   *normal;
	int32		n = 0;
	char	   *result,
			   *to;

	if (is_ascii(string, *length) || GetDatabaseEncoding() != PG_UTF8)
		return string;
	wide = palloc_extended(((Size) *length + 1) * sizeof(pg_wchar), MCXT_ALLOC_HUGE);
	for (int32 i = 0; i < *length; i += pg_utf_mblen((const unsigned char *) string + i))
		wide[n++] = utf8_to_unicode((const unsigned char *) string + i);
	wide[n] = 0;
	if (unicode_is_normalized_quickcheck(UNICODE_NFKC, wide) == UNICODE_NORM_QC_YES)
	{
		pfree(wide);
		return string;
	}
	normal = unicode_normalize(UNICODE_NFKC, wide);
	for (n = 0; normal[n] != 0; n++)
		;
	result = to = palloc_extended((Size) n * 4 + 1, MCXT_ALLOC_HUGE);
	for (int32 i = 0; i < n; i++)
	{
		unicode_to_utf8(normal[i], (unsigned char *) to);
		to += pg_utf_mblen((unsigned char *) to);
	}
	*to = '\0';
	*length = (int32) (to - result);
	pfree(wide);
	pfree(normal);
	return result;
}

int
mlpg_datum_array(const MlpgDatumReader *reader, Datum value, double *out, int max, int *not_finite)
{
	ArrayType  *array = DatumGetArrayTypeP(value);
	int			n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	int			n_read = Min(n, max);
	bool		is_float4 = reader->how == MLPG_READ_FLOAT4_ARRAY;
	const bits8 *bitmap = ARR_NULLBITMAP(array);
	const char *data = (const char *) array + (bitmap ? array->dataoffset : (int32) ARR_OVERHEAD_NONULLS(ARR_NDIM(array)));
	int			bad = -1;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("array of features has %d dimensions", ARR_NDIM(array)),
				 errhint("Features are the elements of a one-dimensional array.")));
	for (int i = 0; i < n_read; i++)
	{
		if (bitmap != NULL && !(bitmap[i / 8] & (1 << (i % 8))))
		{
			out[i] = NAN;
			continue;
		}
		if (is_float4)
			out[i] = (double) ((const float4 *) data)[0];
		else
			out[i] = ((const float8 *) data)[0];
		data += is_float4 ? sizeof(float4) : sizeof(float8);
		if (bad < 0 && !isfinite(out[i]))
			bad = i;
	}
	if (not_finite != NULL)
		*not_finite = bad;
	return n;
}
