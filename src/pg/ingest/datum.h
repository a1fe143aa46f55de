/*-------------------------------------------------------------------------
 *
 * datum.h
 *	  From a Datum to the double or the text that a model reads.
 *
 * A reader is resolved once for a type and then reads values of it: training
 * and scoring use the same one, so a row means the same to both.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_DATUM_H
#define MLPG_DATUM_H

#include "pg/mlpg_pg.h"

#include "core/matrix/schema.h"
#include "utils/date.h"
#include "utils/timestamp.h"

/* How a value is read.  Those up to MLPG_READ_TIMESTAMPTZ are numbers. */
typedef enum MlpgReadKind
{
	MLPG_READ_INT2,
	MLPG_READ_INT4,
	MLPG_READ_INT8,
	MLPG_READ_FLOAT4,
	MLPG_READ_FLOAT8,
	MLPG_READ_NUMERIC,
	MLPG_READ_BOOL,
	MLPG_READ_DATE,
	MLPG_READ_TIMESTAMP,
	MLPG_READ_TIMESTAMPTZ,
	MLPG_READ_TEXT,				/* text, varchar */
	MLPG_READ_BPCHAR,			/* trailing blanks are stripped */
	MLPG_READ_NAME,
	MLPG_READ_CHAR,				/* "char" */
	MLPG_READ_ENUM,				/* the label */
	MLPG_READ_FLOAT4_ARRAY,
	MLPG_READ_FLOAT8_ARRAY
} MlpgReadKind;

typedef struct MlpgDatumReader
{
	MlpgReadKind how;
	MlpgKind	kind;			/* what the core sees; MLPG_NUMBER for arrays of numbers */
	bool		is_array;
	Oid			base_type;		/* below domains */
} MlpgDatumReader;

/* False when models cannot read the type. */
extern bool mlpg_datum_reader(Oid type, MlpgDatumReader *reader);

/* A cast of %s to something that models can read, such as "extract(epoch FROM %s)". */
extern const char *mlpg_type_cast_hint(Oid type);

/* Such a cast with the column put in for %s. */
extern char *mlpg_type_cast(const char *cast, const char *column);

/* E7: column "opened" has type interval, which models cannot read. */
MLPG_NORETURN extern void mlpg_raise_unreadable(const char *column, Oid type);

/* The slow kinds of mlpg_datum_number. */
extern double mlpg_datum_numeric(Datum value);
extern double mlpg_datum_timestamp(Timestamp value);
extern double mlpg_datum_date(DateADT value);

/*
 * The value of a number: booleans 0 and 1, dates as days and timestamps as
 * seconds since 2000-01-01 (UTC).  May be NaN or infinite ('infinity' of dates
 * too): that is for the caller to judge.  Numeric needs memory of the current
 * context.
 */
static inline double
mlpg_datum_number(const MlpgDatumReader *reader, Datum value)
{
	switch (reader->how)
	{
		case MLPG_READ_FLOAT8:
			return DatumGetFloat8(value);
		case MLPG_READ_INT2:
			return (double) DatumGetInt16(value);
		case MLPG_READ_INT4:
			return (double) DatumGetInt32(value);
		case MLPG_READ_INT8:
			return (double) DatumGetInt64(value);
		case MLPG_READ_FLOAT4:
			return (double) DatumGetFloat4(value);
		case MLPG_READ_BOOL:
			return DatumGetBool(value) ? 1.0 : 0.0;
		case MLPG_READ_NUMERIC:
			return mlpg_datum_numeric(value);
		case MLPG_READ_DATE:
			return mlpg_datum_date(DatumGetDateADT(value));
		case MLPG_READ_TIMESTAMP:
		case MLPG_READ_TIMESTAMPTZ:
			return mlpg_datum_timestamp(DatumGetTimestamp(value));
		default:
			break;
	}
	Assert(false);
	return 0;
}

/* The text of a category in the database's encoding, not terminated; in or behind the value, or in the current context. */
extern const char *mlpg_datum_text(const MlpgDatumReader *reader, Datum value, int32 *length);

/*
 * A text in Unicode's normal form KC, where it is another one in the current context: so
 * full-width letters, half-width kana and combining characters are written one
 * way.  In a database whose encoding is not UTF-8, the text as it is.
 */
extern const char *mlpg_datum_normal(const char *string, int32 *length);

/*
 * The elements of a one-dimensional array: the first max of them into out, NaN
 * for NULL.  Returns how many the array has, which may be more or fewer than
 * max.  *not_finite (if asked) is the position from 0 of the first element,
 * among those read, that is NaN or infinite, -1 when there is none.  More
 * dimensions than one are a DATA_EXCEPTION.
 */
extern int	mlpg_datum_array(const MlpgDatumReader *reader, Datum value, double *out, int max, int *not_finite);

#endif							/* MLPG_DATUM_H */
