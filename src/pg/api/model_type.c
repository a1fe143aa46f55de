/*-------------------------------------------------------------------------
 *
 * model_type.c
 *	  Type mlpg.model: text and binary input and output, casts to bytea.
 *
 * The value is the bytes of doc/model-format.md behind a varlena header; the
 * text form is \x and their hexadecimal digits, so that dumps of any kind hold
 * models.  Whatever comes in is decoded as a whole before it becomes a value: a
 * column of this type holds models that can be scored, and nothing else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/mlpg_pg.h"

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "pg/catalog/cache.h"
#include "utils/builtins.h"

MLPG_SQL_FUNCTION(mlpg_sql_model_in);
MLPG_SQL_FUNCTION(mlpg_sql_model_out);
MLPG_SQL_FUNCTION(mlpg_sql_model_recv);
MLPG_SQL_FUNCTION(mlpg_sql_model_send);
MLPG_SQL_FUNCTION(mlpg_sql_model_to_bytea);
MLPG_SQL_FUNCTION(mlpg_sql_model_from_bytea);

/* Room for a model of this many bytes. */
static struct varlena *
create_value(size_t length)
{
	struct varlena *value;

	if (length > MLPG_MODEL_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("model of %zu MB is too large", length >> 20),
				 errdetail("Models may have up to %zu MB, so that their text form fits into a dump.", MLPG_MODEL_MAX >> 20)));
	value = palloc(VARHDRSZ + length);
	SET_VARSIZE(value, VARHDRSZ + length);
	return value;
}

static struct varlena *
checked_value(const char *bytes, size_t length)
{
	struct varlena *value = create_value(length);

	memcpy(VARDATA(value), bytes, length);
	mlpg_model_check(VARDATA(value), length);
	return value;
}

Datum
mlpg_sql_model_in(PG_FUNCTION_ARGS)
{
	const char *string = PG_GETARG_CSTRING(0);
	size_t		length = strlen(string);
	struct varlena *value;
	uint64		written;

	if (length < 2 || string[0] != '\\' || string[1] != 'x' || length % 2 != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s", "mlpg.model"),
				 errdetail("A model is written as \\x and an even number of hexadecimal digits.")));
	value = create_value(length / 2 - 1);
	written = hex_decode(string + 2, length - 2, VARDATA(value));
	SET_VARSIZE(value, VARHDRSZ + written);
	mlpg_model_check(VARDATA(value), written);
	PG_RETURN_POINTER(value);
}

Datum
mlpg_sql_model_out(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	size_t		length = VARSIZE_ANY_EXHDR(value);
	char	   *string = palloc(length * 2 + 3);

	string[0] = '\\';
	string[1] = 'x';
	string[2 + hex_encode(VARDATA_ANY(value), length, string + 2)] = '\0';
	PG_RETURN_CSTRING(string);
}

Datum
mlpg_sql_model_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			length = message->len - message->cursor;

	PG_RETURN_POINTER(checked_value(pq_getmsgbytes(message, length), (size_t) length));
}

Datum
mlpg_sql_model_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0)));
}

Datum
mlpg_sql_model_to_bytea(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0)));
}

Datum
mlpg_sql_model_from_bytea(PG_FUNCTION_ARGS)
{
	struct varlena *bytes = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));

	PG_RETURN_POINTER(checked_value(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)));
}
