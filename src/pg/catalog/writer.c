/*-------------------------------------------------------------------------
 *
 * writer.c
 *	  The one place that switches user.
 *
 * Problem.  Registry tables may be changed by nobody, yet people train,
 * deploy and grant every day.  The usual answer, SECURITY DEFINER functions,
 * hands the owner's rights to a whole function body, whatever that calls and
 * whatever the search_path is.  Here the rights are lent to one statement at a
 * time: a constant string of this library, its tables and operators found
 * under "pg_catalog, pg_temp", its values bound as parameters.
 *
 * Rule for callers: check the right with GetUserId() before, never inside; put
 * nothing of a user's inside (no user's table, no user's function).  Stored
 * SQL, which is a user's, runs under mlpg_as_model_owner instead, with
 * SECURITY_RESTRICTED_OPERATION, so that it can neither SET ROLE nor leave
 * temporary objects, cursors or settings behind.
 *
 * Cost.  Two assignments, a GUC nest level and one SPI plan a write; reading
 * for scoring never comes this way (registry.c).  On ERROR the transaction
 * machinery restores the user by itself; PG_FINALLY covers callers that catch.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/catalog/writer.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

void
mlpg_arg_datum(MlpgArguments *args, Oid type, Datum value, bool is_null)
{
	if (args->n >= MLPG_MAX_ARGUMENTS)
		elog(ERROR, "too many arguments for a registry statement");
	args->types[args->n] = type;
	args->values[args->n] = value;
	args->nulls[args->n] = is_null ? 'n' : ' ';
	args->n++;
}

void
mlpg_arg_text(MlpgArguments *args, const char *value)
{
	mlpg_arg_datum(args, TEXTOID, value ? CStringGetTextDatum(value) : (Datum) 0, value == NULL);
}

void
mlpg_arg_int4(MlpgArguments *args, int32 value)
{
	mlpg_arg_datum(args, INT4OID, Int32GetDatum(value), false);
}

void
mlpg_arg_int8(MlpgArguments *args, int64 value)
{
	mlpg_arg_datum(args, INT8OID, Int64GetDatum(value), false);
}

void
mlpg_arg_float8(MlpgArguments *args, float8 value)
{
	mlpg_arg_datum(args, FLOAT8OID, Float8GetDatum(value), isnan(value));
}

void
mlpg_arg_bool(MlpgArguments *args, bool value)
{
	mlpg_arg_datum(args, BOOLOID, BoolGetDatum(value), false);
}

void
mlpg_arg_jsonb(MlpgArguments *args, const Jsonb *value)
{
	mlpg_arg_datum(args, JSONBOID, PointerGetDatum(value), value == NULL);
}

void
mlpg_arg_timestamptz(MlpgArguments *args, TimestampTz value)
{
	mlpg_arg_datum(args, TIMESTAMPTZOID, TimestampTzGetDatum(value), value == 0);
}

static Oid
mlpg_object_in_schema(const char *name, bool is_type)
{
	Oid			schema = get_namespace_oid("mlpg", false);
	Oid			oid = is_type ?
		GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name), ObjectIdGetDatum(schema)) :
		get_relname_relid(name, schema);

	if (!OidIsValid(oid))
		elog(ERROR, "%s mlpg.%s is missing", is_type ? "type" : "table", name);
	return oid;
}

Oid
mlpg_model_type_oid(void)
{
	return mlpg_object_in_schema("model", true);
}

Oid
mlpg_registry_owner(void)
{
	Oid			table = mlpg_object_in_schema("models", false);
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", table);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* Switch, run, switch back. */
static void
run_as(Oid role, int flags, bool spi, void (*body) (void *argument), void *argument)
{
	Oid			saved_user;
	int			saved_context;
	int			nest_level;

	GetUserIdAndSecContext(&saved_user, &saved_context);
	SetUserIdAndSecContext(role, saved_context | SECURITY_LOCAL_USERID_CHANGE | flags);
	nest_level = NewGUCNestLevel();
	PG_TRY();
	{
		(void) set_config_option("search_path", MLPG_SAFE_SEARCH_PATH, PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
		if (spi && SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		body(argument);
		if (spi && SPI_finish() != SPI_OK_FINISH)
			elog(ERROR, "SPI_finish failed");
		AtEOXact_GUC(false, nest_level);
	}
	PG_FINALLY();
	{
		SetUserIdAndSecContext(saved_user, saved_context);
	}
	PG_END_TRY();
}

void
mlpg_as_registry_owner(void (*body) (void *argument), void *argument)
{
	run_as(mlpg_registry_owner(), SECURITY_NOFORCE_RLS, true, body, argument);
}

void
mlpg_as_model_owner(Oid owner, void (*body) (void *argument), void *argument)
{
	run_as(owner, SECURITY_RESTRICTED_OPERATION, false, body, argument);
}

/* One statement and where its first row goes. */
typedef struct Statement
{
	const char *text;
	MlpgArguments *args;
	int			n_columns;
	Datum	   *values;
	bool	   *nulls;
	MemoryContext context;		/* of the caller */
	uint64		n_rows;
} Statement;

static void
run_statement(void *argument)
{
	Statement  *statement = argument;
	MlpgArguments none = {0};
	MlpgArguments *args = statement->args ? statement->args : &none;
	int			code;

	args->nulls[args->n] = '\0';
	code = SPI_execute_with_args(statement->text, args->n, args->types, args->values, args->nulls, false, 0);
	if (code < 0)
		elog(ERROR, "registry statement failed: %s", SPI_result_code_string(code));
	statement->n_rows = SPI_processed;

	if (statement->n_columns > 0 && SPI_processed > 0)
	{
		TupleDesc	desc = SPI_tuptable->tupdesc;
		MemoryContext old;

		if (desc->natts != statement->n_columns)
			elog(ERROR, "registry statement returned %d columns instead of %d", desc->natts, statement->n_columns);
		old = MemoryContextSwitchTo(statement->context);
		for (int i = 0; i < desc->natts; i++)
		{
			Form_pg_attribute attribute = TupleDescAttr(desc, i);
			Datum		value = SPI_getbinval(SPI_tuptable->vals[0], desc, i + 1, &statement->nulls[i]);

			if (statement->nulls[i])
				statement->values[i] = (Datum) 0;
			else if (attribute->attlen == -1)
				statement->values[i] = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
			else
				statement->values[i] = datumCopy(value, attribute->attbyval, attribute->attlen);
		}
		MemoryContextSwitchTo(old);
	}
}

uint64
mlpg_registry_query(const char *statement, MlpgArguments *args, int n_columns, Datum *values, bool *nulls)
{
	Statement	work = {
		.text = statement, .args = args, .n_columns = n_columns,
		.values = values, .nulls = nulls, .context = CurrentMemoryContext
	};

	mlpg_as_registry_owner(run_statement, &work);
	return work.n_rows;
}

uint64
mlpg_registry_execute(const char *statement, MlpgArguments *args)
{
	return mlpg_registry_query(statement, args, 0, NULL, NULL);
}
