/*-------------------------------------------------------------------------
 *
 * alias.c
 *	  Moving an alias and remembering it.
 *
 * Every change of an alias, by a gate, by hand or by a rollback, goes through
 * mlpg_alias_move and leaves one row in mlpg.deployments, so that "which model
 * ordered that day?" has an answer.  The model's row is locked first: two
 * deployments of one model take turns, and neither is recorded from a version
 * that the other has just replaced.
 *
 * Readers are never blocked: they see the old row of mlpg.aliases until the
 * commit, and the new one in the first statement after it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/catalog/alias.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "pg/catalog/scan.h"
#include "pg/catalog/tables.h"
#include "pg/catalog/writer.h"
#include "utils/builtins.h"

void
mlpg_check_alias(const char *alias)
{
	size_t		length = strlen(alias);

	if (length == 0 || length > MLPG_MAX_MODEL_NAME || strchr(alias, '@') != NULL ||
		strspn(alias, "0123456789") == length)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid alias \"%s\"", alias),
				 errdetail("An alias is 1 to %d bytes long, holds no \"@\" and is not all digits.",
						   MLPG_MAX_MODEL_NAME)));
}

/* The version that the alias points to, under the lock; 0 for none. */
static int32
lock_and_read(const MlpgMove *move)
{
	MlpgArguments args = {0};
	Datum		value;
	bool		is_null;

	mlpg_arg_int8(&args, move->model_id);
	if (mlpg_registry_execute("SELECT 1 FROM mlpg.models WHERE model_id = $1 FOR NO KEY UPDATE", &args) != 1)
		mlpg_raise_no_model(move->model, false);
	mlpg_arg_text(&args, move->alias);
	if (mlpg_registry_query("SELECT version FROM mlpg.aliases WHERE model_id = $1 AND alias = $2",
							&args, 1, &value, &is_null) == 0)
		return 0;
	return DatumGetInt32(value);
}

static void
write_alias(const MlpgMove *move)
{
	MlpgArguments args = {0};

	mlpg_arg_int8(&args, move->model_id);
	mlpg_arg_text(&args, move->alias);
	if (move->to_version == 0)
	{
		mlpg_registry_execute("DELETE FROM mlpg.aliases WHERE model_id = $1 AND alias = $2", &args);
		return;
	}
	mlpg_arg_int4(&args, move->to_version);
	if (mlpg_registry_execute("INSERT INTO mlpg.aliases (model_id, alias, version)"
							  " SELECT v.model_id, $2, v.version FROM mlpg.model_versions v"
							  " WHERE v.model_id = $1 AND v.version = $3"
							  " ON CONFLICT (model_id, alias) DO UPDATE SET version = EXCLUDED.version", &args) != 1)
		mlpg_raise_no_version(move->model, psprintf("%d", move->to_version));
}

bool
mlpg_alias_move(const MlpgMove *move, int32 *from_version)
{
	MlpgArguments args = {0};

	*from_version = lock_and_read(move);
	if (*from_version == move->to_version)
		return false;
	write_alias(move);

	mlpg_arg_int8(&args, move->model_id);
	mlpg_arg_text(&args, move->alias);
	mlpg_arg_int4(&args, *from_version);
	mlpg_arg_int4(&args, move->to_version);
	mlpg_arg_text(&args, move->action);
	mlpg_arg_jsonb(&args, move->gate);
	mlpg_arg_text(&args, move->reason);
	mlpg_arg_text(&args, GetUserNameFromId(GetUserId(), false));
	mlpg_registry_execute("INSERT INTO mlpg.deployments"
						  " (model_id, alias, from_version, to_version, action, gate, reason, decided_by)"
						  " VALUES ($1, $2, NULLIF($3, 0), NULLIF($4, 0), $5, $6, $7, $8)", &args);
	return true;
}

int32
mlpg_alias_at(int64 model_id, const char *alias, TimestampTz at)
{
	MlpgScan	scan;
	ScanKeyData keys[2];
	HeapTuple	tuple;
	int64		newest = 0;
	int32		version = 0;

	mlpg_key_int8(&keys[0], MLPG_DEPLOYMENTS_MODEL_ID, model_id);
	mlpg_key_text(&keys[1], MLPG_DEPLOYMENTS_ALIAS, alias);
	mlpg_scan_begin(&scan, "deployments", "deployments_history", 2, keys);
	while (HeapTupleIsValid(tuple = mlpg_scan_next(&scan)))
	{
		int64		id = mlpg_scan_int8(&scan, tuple, MLPG_DEPLOYMENTS_ID);
		bool		is_null;
		TimestampTz decided_at = DatumGetTimestampTz(mlpg_scan_get(&scan, tuple, MLPG_DEPLOYMENTS_DECIDED_AT, &is_null));

		if (decided_at <= at && id > newest)
		{
			Datum		to_version = mlpg_scan_get(&scan, tuple, MLPG_DEPLOYMENTS_TO_VERSION, &is_null);

			newest = id;
			version = is_null ? 0 : DatumGetInt32(to_version);
		}
	}
	mlpg_scan_end(&scan);
	return version;
}
