/*-------------------------------------------------------------------------
 *
 * writer.h
 *	  Writing the registry: one fixed statement at a time, as its owner.
 *
 * Nobody is granted INSERT, UPDATE, DELETE or TRUNCATE on a registry table.
 * A C function checks the right of GetUserId() first and then calls
 * mlpg_registry_execute or mlpg_registry_query with a constant, fully
 * qualified, parameterised statement.  Names and values of the caller travel
 * as parameters only.
 *
 * Typical use:
 *
 *	MlpgArguments args = {0};
 *
 *	mlpg_arg_int8(&args, model_id);			-- $1
 *	mlpg_arg_text(&args, role);				-- $2, NULL pointer = SQL NULL
 *	n = mlpg_registry_execute("DELETE FROM mlpg.model_grants"
 *							  " WHERE model_id = $1 AND grantee = $2", &args);
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_WRITER_H
#define MLPG_WRITER_H

#include "pg/mlpg_pg.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#define MLPG_MAX_ARGUMENTS 40

/* Where the name of everything that runs on the registry's behalf is looked up. */
#define MLPG_SAFE_SEARCH_PATH "pg_catalog, pg_temp"

typedef struct MlpgArguments
{
	int			n;
	Oid			types[MLPG_MAX_ARGUMENTS];
	Datum		values[MLPG_MAX_ARGUMENTS];
	char		nulls[MLPG_MAX_ARGUMENTS + 1];	/* 'n' or ' ', as SPI wants */
} MlpgArguments;

extern void mlpg_arg_datum(MlpgArguments *args, Oid type, Datum value, bool is_null);
extern void mlpg_arg_text(MlpgArguments *args, const char *value);	/* NULL allowed */
extern void mlpg_arg_int4(MlpgArguments *args, int32 value);
extern void mlpg_arg_int8(MlpgArguments *args, int64 value);
extern void mlpg_arg_float8(MlpgArguments *args, float8 value); /* NaN = NULL */
extern void mlpg_arg_bool(MlpgArguments *args, bool value);
extern void mlpg_arg_jsonb(MlpgArguments *args, const Jsonb *value);	/* NULL allowed */
extern void mlpg_arg_timestamptz(MlpgArguments *args, TimestampTz value);	/* 0 = NULL */

/* The owner of table mlpg.models: everything is written as this role. */
extern Oid	mlpg_registry_owner(void);

/*
 * Runs body(argument) with the rights of another role and restores user,
 * security context and settings on every way out.  Inside, search_path is
 * MLPG_SAFE_SEARCH_PATH.
 *
 * as_registry_owner: for fixed statements on the registry only; never call
 * anything of a user's inside.  SPI is connected.
 *
 * as_model_owner: for stored SQL.  SECURITY_RESTRICTED_OPERATION is set.
 * The caller has checked that GetUserId() has the owner's privileges.
 */
extern void mlpg_as_registry_owner(void (*body) (void *argument), void *argument);
extern void mlpg_as_model_owner(Oid owner, void (*body) (void *argument), void *argument);

/* One statement as the registry's owner; returns the number of rows. */
extern uint64 mlpg_registry_execute(const char *statement, MlpgArguments *args);

/*
 * The same for a statement that returns rows: the first row's columns, copied
 * into the current context.  n_columns must match.  Returns the number of rows
 * (0: values are untouched).
 */
extern uint64 mlpg_registry_query(const char *statement, MlpgArguments *args,
								  int n_columns, Datum *values, bool *nulls);

/* OID of type mlpg.model. */
extern Oid	mlpg_model_type_oid(void);

#endif							/* MLPG_WRITER_H */
