/*-------------------------------------------------------------------------
 *
 * registry.c
 *	  SQL entry points of the registry: rights, aliases, names, owners, drops.
 *
 * Each function that writes has the same shape: take the arguments, find the
 * model as its owner (mlpg_registry_require_model, or E1), and run one fixed
 * statement through pg/catalog/writer.h.  They return whether anything
 * changed, so that calling one twice is harmless and can be told.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/mlpg_pg.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pg/catalog/acl.h"
#include "pg/catalog/alias.h"
#include "pg/catalog/registry.h"
#include "pg/catalog/writer.h"
#include "pg/ingest/source.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

MLPG_SQL_FUNCTION(mlpg_sql_registry_changed);
MLPG_SQL_FUNCTION(mlpg_sql_visible_models);
MLPG_SQL_FUNCTION(mlpg_sql_has_model_privilege);
MLPG_SQL_FUNCTION(mlpg_sql_grant_model);
MLPG_SQL_FUNCTION(mlpg_sql_revoke_model);
MLPG_SQL_FUNCTION(mlpg_sql_grant_usage);
MLPG_SQL_FUNCTION(mlpg_sql_set_alias);
MLPG_SQL_FUNCTION(mlpg_sql_set_tag);
MLPG_SQL_FUNCTION(mlpg_sql_describe_model);
MLPG_SQL_FUNCTION(mlpg_sql_rename_model);
MLPG_SQL_FUNCTION(mlpg_sql_set_owner);
MLPG_SQL_FUNCTION(mlpg_sql_drop_version);
MLPG_SQL_FUNCTION(mlpg_sql_drop_model);
MLPG_SQL_FUNCTION(mlpg_sql_version_at);
MLPG_SQL_FUNCTION(mlpg_sql_canonical_source);

/* --- arguments --------------------------------------------------------- */

/* A text argument that may not be NULL. */
static char *
arg_text(FunctionCallInfo fcinfo, int i, const char *name)
{
	if (PG_ARGISNULL(i))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name)));
	return text_to_cstring(PG_GETARG_TEXT_PP(i));
}

static char *
arg_text_or_null(FunctionCallInfo fcinfo, int i)
{
	return PG_ARGISNULL(i) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(i));
}

static char *
current_user_name(void)
{
	return GetUserNameFromId(GetUserId(), false);
}

/* --- invalidation and rights ------------------------------------------- */

/* Statement trigger: plans and rights that hang on this table are looked up again. */
Datum
mlpg_sql_registry_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("mlpg.registry_changed may be called by the registry's triggers only")));
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	return PointerGetDatum(NULL);
}

Datum
mlpg_sql_visible_models(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	int64	   *ids;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;
		MlpgPrivilege privilege = mlpg_acl_parse(text_to_cstring(PG_GETARG_TEXT_PP(0)), true);
		int			n;

		call = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		call->user_fctx = mlpg_acl_visible(GetUserId(), privilege, &n);
		call->max_calls = n;
		MemoryContextSwitchTo(old);
	}
	call = SRF_PERCALL_SETUP();
	ids = call->user_fctx;
	if (call->call_cntr < call->max_calls)
	{
		/* the macro counts the call before it evaluates its argument */
		int64		id = ids[call->call_cntr];

		SRF_RETURN_NEXT(call, Int64GetDatum(id));
	}
	SRF_RETURN_DONE(call);
}

Datum
mlpg_sql_has_model_privilege(PG_FUNCTION_ARGS)
{
	MlpgModelRef ref;

	PG_RETURN_BOOL(mlpg_registry_find_model(text_to_cstring(PG_GETARG_TEXT_PP(0)),
											mlpg_acl_parse(text_to_cstring(PG_GETARG_TEXT_PP(1)), true), &ref));
}

Datum
mlpg_sql_grant_model(PG_FUNCTION_ARGS)
{
	char	   *role = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *privilege = text_to_cstring(PG_GETARG_TEXT_PP(2));
	MlpgModelRef ref;
	MlpgArguments args = {0};

	(void) mlpg_acl_parse(privilege, false);
	mlpg_registry_require_model(text_to_cstring(PG_GETARG_TEXT_PP(0)), MLPG_OWN, &ref);
	if (strcmp(role, "public") != 0)
		(void) get_role_oid(role, false);

	mlpg_arg_int8(&args, ref.model_id);
	mlpg_arg_text(&args, role);
	mlpg_arg_text(&args, privilege);
	mlpg_arg_text(&args, current_user_name());
	PG_RETURN_BOOL(mlpg_registry_execute("INSERT INTO mlpg.model_grants (model_id, grantee, privilege, granted_by)"
										 " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", &args) > 0);
}

/* Score is part of read: revoking score leaves neither. */
Datum
mlpg_sql_revoke_model(PG_FUNCTION_ARGS)
{
	char	   *privilege = text_to_cstring(PG_GETARG_TEXT_PP(2));
	MlpgModelRef ref;
	MlpgArguments args = {0};

	(void) mlpg_acl_parse(privilege, false);
	mlpg_registry_require_model(text_to_cstring(PG_GETARG_TEXT_PP(0)), MLPG_OWN, &ref);
	mlpg_arg_int8(&args, ref.model_id);
	mlpg_arg_text(&args, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	mlpg_arg_text(&args, privilege);
	PG_RETURN_BOOL(mlpg_registry_execute("DELETE FROM mlpg.model_grants WHERE model_id = $1 AND grantee = $2"
										 " AND ($3 = 'score' OR privilege = $3)", &args) > 0);
}

/* GRANT on the routines of a class; the statements are made from the catalog. */
static void
grant_routines(void *argument)
{
	char	  **names = argument;	/* quoted role, class */
	MlpgArguments args = {0};
	StringInfoData statements;
	uint64		n;

	mlpg_arg_text(&args, names[1]);
	args.nulls[args.n] = '\0';
	if (SPI_execute_with_args("SELECT r::pg_catalog.text FROM mlpg.usage_routines($1) r ORDER BY 1", args.n,
							  args.types, args.values, args.nulls, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the routines of class \"%s\"", names[1]);
	n = SPI_processed;
	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unrecognized usage class \"%s\"", names[1]),
				 errhint("Valid classes: \"train\".")));
	initStringInfo(&statements);
	for (uint64 i = 0; i < n; i++)
		appendStringInfo(&statements, "GRANT EXECUTE ON ROUTINE %s TO %s;",
						 SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1), names[0]);
	if (SPI_execute(statements.data, false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "could not grant the routines of class \"%s\"", names[1]);
}

Datum
mlpg_sql_grant_usage(PG_FUNCTION_ARGS)
{
	char	   *role = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *names[2];

	if (!has_privs_of_role(GetUserId(), mlpg_registry_owner()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to grant usage of mlpg"),
				 errhint("The owner of the registry (%s) or a superuser grants it.",
						 GetUserNameFromId(mlpg_registry_owner(), false))));
	if (strcmp(role, "public") == 0)
		names[0] = pstrdup("PUBLIC");
	else
	{
		(void) get_role_oid(role, false);
		names[0] = pstrdup(quote_identifier(role));
	}
	names[1] = text_to_cstring(PG_GETARG_TEXT_PP(1));
	mlpg_as_registry_owner(grant_routines, names);
	PG_RETURN_BOOL(true);
}

/* --- aliases, tags, descriptions ---------------------------------------- */

Datum
mlpg_sql_set_alias(PG_FUNCTION_ARGS)
{
	char	   *model = arg_text(fcinfo, 0, "model");
	char	   *alias = arg_text(fcinfo, 1, "alias");
	MlpgModelRef ref;
	MlpgMove	move = {0};
	int32		from_version;

	mlpg_check_alias(alias);
	mlpg_registry_require_model(model, MLPG_OWN, &ref);
	move.model_id = ref.model_id;
	move.model = ref.name;
	move.alias = alias;
	move.to_version = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2);
	move.action = PG_ARGISNULL(2) ? "retire" : "deploy";
	move.reason = "set_alias";
	if (!PG_ARGISNULL(2) && move.to_version <= 0)
		mlpg_raise_no_version(ref.name, psprintf("%d", move.to_version));
	PG_RETURN_BOOL(mlpg_alias_move(&move, &from_version));
}

Datum
mlpg_sql_set_tag(PG_FUNCTION_ARGS)
{
	char	   *model = arg_text(fcinfo, 0, "model");
	char	   *tag = arg_text(fcinfo, 1, "tag");
	char	   *value = arg_text_or_null(fcinfo, 2);
	bool		of_version = strchr(model, '@') != NULL;
	MlpgModelRef ref;
	MlpgArguments args = {0};

	if (of_version)
		mlpg_registry_resolve(model, MLPG_OWN, &ref);
	else
		mlpg_registry_require_model(model, MLPG_OWN, &ref);
	mlpg_arg_int8(&args, ref.model_id);
	mlpg_arg_text(&args, tag);
	mlpg_arg_text(&args, value);
#define NEW_TAGS "CASE WHEN $3 IS NULL THEN tags - $2 ELSE tags || pg_catalog.jsonb_build_object($2, $3) END"
	if (!of_version)
		PG_RETURN_BOOL(mlpg_registry_execute("UPDATE mlpg.models SET tags = " NEW_TAGS
											 " WHERE model_id = $1 AND tags <> " NEW_TAGS, &args) > 0);
	mlpg_arg_int4(&args, ref.version);
	PG_RETURN_BOOL(mlpg_registry_execute("UPDATE mlpg.model_versions SET tags = " NEW_TAGS
										 " WHERE model_id = $1 AND version = $4 AND tags <> " NEW_TAGS, &args) > 0);
#undef NEW_TAGS
}

Datum
mlpg_sql_describe_model(PG_FUNCTION_ARGS)
{
	MlpgModelRef ref;
	MlpgArguments args = {0};

	mlpg_registry_require_model(arg_text(fcinfo, 0, "model"), MLPG_OWN, &ref);
	mlpg_arg_int8(&args, ref.model_id);
	mlpg_arg_text(&args, arg_text_or_null(fcinfo, 1));
	PG_RETURN_BOOL(mlpg_registry_execute("UPDATE mlpg.models SET description = $2"
										 " WHERE model_id = $1 AND description IS DISTINCT FROM $2", &args) > 0);
}

/* --- names and owners --------------------------------------------------- */

Datum
mlpg_sql_rename_model(PG_FUNCTION_ARGS)
{
	char	   *new_name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	MlpgModelRef ref;
	MlpgArguments args = {0};

	mlpg_check_model_name(new_name);
	mlpg_registry_require_model(text_to_cstring(PG_GETARG_TEXT_PP(0)), MLPG_OWN, &ref);
	if (strcmp(ref.name, new_name) == 0)
		PG_RETURN_BOOL(false);
	mlpg_arg_text(&args, new_name);
	if (mlpg_registry_execute("SELECT 1 FROM mlpg.models WHERE model = $1", &args) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("model \"%s\" already exists", new_name)));
	mlpg_arg_int8(&args, ref.model_id);
	PG_RETURN_BOOL(mlpg_registry_execute("UPDATE mlpg.models SET model = $1 WHERE model_id = $2", &args) > 0);
}

/* As ALTER ... OWNER TO: the caller owns the model and is a member of the new owner. */
Datum
mlpg_sql_set_owner(PG_FUNCTION_ARGS)
{
	char	   *role = text_to_cstring(PG_GETARG_TEXT_PP(1));
	MlpgModelRef ref;
	MlpgArguments args = {0};

	mlpg_registry_require_model(text_to_cstring(PG_GETARG_TEXT_PP(0)), MLPG_OWN, &ref);
	check_can_set_role(GetUserId(), get_role_oid(role, false));
	mlpg_arg_int8(&args, ref.model_id);
	mlpg_arg_text(&args, role);
	PG_RETURN_BOOL(mlpg_registry_execute("UPDATE mlpg.models SET owner = $2 WHERE model_id = $1 AND owner <> $2",
										 &args) > 0);
}

/* --- drops -------------------------------------------------------------- */

Datum
mlpg_sql_drop_version(PG_FUNCTION_ARGS)
{
	int32		version = PG_GETARG_INT32(1);
	MlpgModelRef ref;
	MlpgArguments args = {0};
	Datum		alias;
	bool		is_null;

	mlpg_registry_require_model(text_to_cstring(PG_GETARG_TEXT_PP(0)), MLPG_OWN, &ref);
	mlpg_arg_int8(&args, ref.model_id);
	mlpg_registry_execute("SELECT 1 FROM mlpg.models WHERE model_id = $1 FOR NO KEY UPDATE", &args);
	mlpg_arg_int4(&args, version);
	if (mlpg_registry_query("SELECT pg_catalog.string_agg(pg_catalog.quote_ident(alias), ', ' ORDER BY alias)"
							" FROM mlpg.aliases WHERE model_id = $1 AND version = $2",
							&args, 1, &alias, &is_null) == 1 && !is_null)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot drop version %d of model \"%s\"", version, ref.name),
				 errdetail("Aliases that point to it: %s.", TextDatumGetCString(alias)),
				 errhint("Deploy another version, or retire the alias with mlpg.set_alias(%s, ..., NULL), first.",
						 quote_literal_cstr(ref.name))));
	if (mlpg_registry_execute("DELETE FROM mlpg.model_versions WHERE model_id = $1 AND version = $2", &args) == 0)
		mlpg_raise_no_version(ref.name, psprintf("%d", version));
	PG_RETURN_BOOL(true);
}

Datum
mlpg_sql_drop_model(PG_FUNCTION_ARGS)
{
	bool		force = PG_GETARG_BOOL(1);
	MlpgModelRef ref;
	MlpgArguments args = {0};
	Datum		n;
	bool		is_null;

	mlpg_registry_require_model(text_to_cstring(PG_GETARG_TEXT_PP(0)), MLPG_OWN, &ref);
	mlpg_arg_int8(&args, ref.model_id);
	mlpg_registry_execute("SELECT 1 FROM mlpg.models WHERE model_id = $1 FOR UPDATE", &args);
	if (!force && mlpg_registry_query("SELECT pg_catalog.count(*) FROM mlpg.predictions WHERE model_id = $1",
									  &args, 1, &n, &is_null) == 1 && DatumGetInt64(n) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot drop model \"%s\" because predictions were logged with it", ref.name),
				 errdetail("Dropping it would delete " INT64_FORMAT " predictions and their errors.", DatumGetInt64(n)),
				 errhint("Use mlpg.drop_model(%s, force => true) to delete them too.",
						 quote_literal_cstr(ref.name))));
	PG_RETURN_BOOL(mlpg_registry_execute("DELETE FROM mlpg.models WHERE model_id = $1", &args) > 0);
}

/* --- history and sources ------------------------------------------------- */

Datum
mlpg_sql_version_at(PG_FUNCTION_ARGS)
{
	char	   *alias = text_to_cstring(PG_GETARG_TEXT_PP(2));
	MlpgModelRef ref;
	int32		version;

	mlpg_registry_require_model(text_to_cstring(PG_GETARG_TEXT_PP(0)), MLPG_SCORE, &ref);
	version = mlpg_alias_at(ref.model_id, alias, PG_GETARG_TIMESTAMPTZ(1));
	if (version == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(version);
}

Datum
mlpg_sql_canonical_source(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(mlpg_canonical_source(text_to_cstring(PG_GETARG_TEXT_PP(0)))));
}
