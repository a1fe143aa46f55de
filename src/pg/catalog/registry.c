/*-------------------------------------------------------------------------
 *
 * registry.c
 *	  Reading the registry: references, versions, blobs.
 *
 * Problem.  'beverage', 'beverage@challenger' or 'beverage@7' must become one
 * (model_id, version) for a statement, in a few microseconds, in any backend,
 * parallel workers included, and the answer must be the one of the statement's
 * snapshot.
 *
 * Method.  The tables are read as catalogs are: systable_beginscan on the
 * unique index, under the active snapshot.  No SPI (no plan, no CommandId), no
 * row-level security (our own check follows, acl.c), no user switch.  Names
 * are text COLLATE "C", so keys compare by bytes.
 *
 * Nothing here is cached beyond the call.  A cached alias would serve the old
 * champion for ever after a REPEATABLE READ transaction (doc/CATALOG.md, 3);
 * callers resolve once at each executor start and keep decoded versions by
 * (model_id, version), which never change.  mlpg_registry_generation lets
 * long-lived call sites know when to look again.
 *
 * Missing and hidden models raise the same error, E1; who has some right on
 * the model, but not the one needed, gets the same message with a DETAIL.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/catalog/registry.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "common/string.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "pg/catalog/acl.h"
#include "pg/catalog/scan.h"
#include "pg/catalog/tables.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

/* --- scans ------------------------------------------------------------- */

Oid
mlpg_registry_relation(const char *name)
{
	Oid			oid = get_relname_relid(name, get_namespace_oid("mlpg", false));

	if (!OidIsValid(oid))
		elog(ERROR, "relation mlpg.%s is missing", name);
	return oid;
}

void
mlpg_scan_begin(MlpgScan *scan, const char *table, const char *index, int n_keys, ScanKey keys)
{
	scan->pushed = !ActiveSnapshotSet();
	if (scan->pushed)
		PushActiveSnapshot(GetTransactionSnapshot());
	scan->relation = table_open(mlpg_registry_relation(table), AccessShareLock);
	scan->scan = systable_beginscan(scan->relation, mlpg_registry_relation(index), true,
									GetActiveSnapshot(), n_keys, keys);
}

HeapTuple
mlpg_scan_next(MlpgScan *scan)
{
	return systable_getnext(scan->scan);
}

Datum
mlpg_scan_get(MlpgScan *scan, HeapTuple tuple, int column, bool *is_null)
{
	return heap_getattr(tuple, column, RelationGetDescr(scan->relation), is_null);
}

/* A text column, copied; NULL for SQL NULL. */
char *
mlpg_scan_text(MlpgScan *scan, HeapTuple tuple, int column)
{
	bool		is_null;
	Datum		value = mlpg_scan_get(scan, tuple, column, &is_null);

	return is_null ? NULL : TextDatumGetCString(value);
}

int64
mlpg_scan_int8(MlpgScan *scan, HeapTuple tuple, int column)
{
	bool		is_null;
	Datum		value = mlpg_scan_get(scan, tuple, column, &is_null);

	return is_null ? 0 : DatumGetInt64(value);
}

void
mlpg_scan_end(MlpgScan *scan)
{
	systable_endscan(scan->scan);
	table_close(scan->relation, AccessShareLock);
	if (scan->pushed)
		PopActiveSnapshot();
}

void
mlpg_key_text(ScanKey key, int column, const char *value)
{
	ScanKeyInit(key, column, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(value));
	key->sk_collation = C_COLLATION_OID;
}

void
mlpg_key_int8(ScanKey key, int column, int64 value)
{
	ScanKeyInit(key, column, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(value));
}

void
mlpg_key_int4(ScanKey key, int column, int32 value)
{
	ScanKeyInit(key, column, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(value));
}

/* --- references -------------------------------------------------------- */

/* name, name@alias, name@version taken apart. */
typedef struct Reference
{
	char	   *name;
	const char *alias;			/* what follows '@', or champion */
} Reference;

static void
parse_reference(const char *written, Reference *reference)
{
	char	   *at;

	reference->name = pstrdup(written);
	reference->alias = "champion";
	at = strchr(reference->name, '@');
	if (at != NULL)
	{
		*at = '\0';
		reference->alias = at + 1;
	}
}

static bool
all_digits(const char *string)
{
	return *string != '\0' && strspn(string, "0123456789") == strlen(string);
}

/* The model's row; owner as a name.  False when there is no such row. */
static bool
find_model(const char *name, MlpgModelRef *result, char **owner)
{
	MlpgScan	scan;
	ScanKeyData key;
	HeapTuple	tuple;

	mlpg_key_text(&key, MLPG_MODELS_MODEL, name);
	mlpg_scan_begin(&scan, "models", "models_model_key", 1, &key);
	tuple = mlpg_scan_next(&scan);
	if (HeapTupleIsValid(tuple))
	{
		result->model_id = mlpg_scan_int8(&scan, tuple, MLPG_MODELS_MODEL_ID);
		result->version = 0;
		result->name = pstrdup(name);
		*owner = mlpg_scan_text(&scan, tuple, MLPG_MODELS_OWNER);
		result->owner = get_role_oid(*owner, true);
	}
	mlpg_scan_end(&scan);
	return HeapTupleIsValid(tuple);
}

/* The version that an alias stands for; 0 when there is no such alias. */
static int32
find_alias(int64 model_id, const char *alias)
{
	MlpgScan	scan;
	ScanKeyData keys[2];
	HeapTuple	tuple;
	int32		version = 0;
	bool		is_null;

	mlpg_key_int8(&keys[0], MLPG_ALIASES_MODEL_ID, model_id);
	mlpg_key_text(&keys[1], MLPG_ALIASES_ALIAS, alias);
	mlpg_scan_begin(&scan, "aliases", "aliases_pkey", 2, keys);
	tuple = mlpg_scan_next(&scan);
	if (HeapTupleIsValid(tuple))
		version = DatumGetInt32(mlpg_scan_get(&scan, tuple, MLPG_ALIASES_VERSION, &is_null));
	mlpg_scan_end(&scan);
	return version;
}

bool
mlpg_registry_version_exists(int64 model_id, int32 version)
{
	MlpgScan	scan;
	ScanKeyData keys[2];
	bool		found;

	mlpg_key_int8(&keys[0], MLPG_VERSIONS_MODEL_ID, model_id);
	mlpg_key_int4(&keys[1], MLPG_VERSIONS_VERSION, version);
	mlpg_scan_begin(&scan, "model_versions", "model_versions_pkey", 2, keys);
	found = HeapTupleIsValid(mlpg_scan_next(&scan));
	mlpg_scan_end(&scan);
	return found;
}

static int32
find_version(int64 model_id, const char *alias)
{
	char	   *end;
	long		number;

	if (!all_digits(alias))
		return find_alias(model_id, alias);
	errno = 0;
	number = strtol(alias, &end, 10);
	if (errno != 0 || number <= 0 || number > PG_INT32_MAX ||
		!mlpg_registry_version_exists(model_id, (int32) number))
		return 0;
	return (int32) number;
}

/* --- errors ------------------------------------------------------------ */

void
mlpg_raise_no_model(const char *name, bool may_score)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("model \"%s\" does not exist, or you may not use it", name),
			 may_score ? errdetail("You have a privilege on this model, but not the one that this call needs.") : 0,
			 errhint("See mlpg.model_overview; the owner grants use with mlpg.grant_model(...).")));
}

void
mlpg_raise_no_version(const char *name, const char *alias)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("model \"%s\" has no alias or version \"%s\"", name, alias),
			 errhint("Write 'model' for the champion, 'model@alias' for another alias, 'model@7' for a version; "
					 "see mlpg.aliases and mlpg.model_versions.")));
}

/* --- entry points ------------------------------------------------------ */

static bool
resolve(const char *reference, MlpgPrivilege privilege, MlpgModelRef *result, bool raise)
{
	Reference	parsed;
	char	   *owner;

	parse_reference(reference, &parsed);
	if (!find_model(parsed.name, result, &owner))
	{
		if (raise)
			mlpg_raise_no_model(parsed.name, false);
		return false;
	}
	if (!mlpg_acl_check(result->model_id, owner, GetUserId(), privilege))
	{
		if (raise)
			mlpg_raise_no_model(parsed.name,
								mlpg_acl_check(result->model_id, owner, GetUserId(), MLPG_SCORE));
		return false;
	}
	result->version = find_version(result->model_id, parsed.alias);
	if (result->version == 0)
	{
		if (raise)
			mlpg_raise_no_version(parsed.name, parsed.alias);
		return false;
	}
	return true;
}

void
mlpg_registry_resolve(const char *reference, MlpgPrivilege privilege, MlpgModelRef *result)
{
	(void) resolve(reference, privilege, result, true);
}

bool
mlpg_registry_resolve_quietly(const char *reference, MlpgPrivilege privilege, MlpgModelRef *result)
{
	return resolve(reference, privilege, result, false);
}

bool
mlpg_registry_find_model(const char *name, MlpgPrivilege privilege, MlpgModelRef *result)
{
	char	   *owner;

	return find_model(name, result, &owner) &&
		mlpg_acl_check(result->model_id, owner, GetUserId(), privilege);
}

void
mlpg_registry_require_model(const char *name, MlpgPrivilege privilege, MlpgModelRef *result)
{
	char	   *owner;
	const char *at = strchr(name, '@');

	if (at != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is not a plain model name", name),
				 errhint("This call is about the whole model: write \"%s\".", pnstrdup(name, at - name))));
	/* who is about to write sees what the statement so far has written */
	if (privilege == MLPG_OWN)
		PushActiveSnapshot(GetTransactionSnapshot());
	if (!find_model(name, result, &owner))
		mlpg_raise_no_model(name, false);
	if (!mlpg_acl_check(result->model_id, owner, GetUserId(), privilege))
		mlpg_raise_no_model(name, mlpg_acl_check(result->model_id, owner, GetUserId(), MLPG_SCORE));
	if (privilege == MLPG_OWN)
		PopActiveSnapshot();
}

bool
mlpg_registry_may_train(const char *name, MlpgModelRef *result)
{
	char	   *owner;

	bool		found;

	mlpg_check_model_name(name);
	PushActiveSnapshot(GetTransactionSnapshot());
	found = find_model(name, result, &owner);
	if (found && !mlpg_acl_check(result->model_id, owner, GetUserId(), MLPG_OWN))
		mlpg_raise_no_model(name, mlpg_acl_check(result->model_id, owner, GetUserId(), MLPG_SCORE));
	PopActiveSnapshot();
	return found;
}

/* One column of model_blobs, detoasted into the current context; NULL for SQL NULL. */
static struct varlena *
read_blob(int64 model_id, int32 version, bool evaluation)
{
	MlpgScan	scan;
	ScanKeyData keys[2];
	HeapTuple	tuple;
	struct varlena *result = NULL;
	bool		is_null = true;

	mlpg_key_int8(&keys[0], MLPG_BLOBS_MODEL_ID, model_id);
	mlpg_key_int4(&keys[1], MLPG_BLOBS_VERSION, version);
	mlpg_scan_begin(&scan, "model_blobs", "model_blobs_pkey", 2, keys);
	tuple = mlpg_scan_next(&scan);
	if (HeapTupleIsValid(tuple))
	{
		Datum		value = 0;

		if (evaluation)
			value = mlpg_scan_get(&scan, tuple, MLPG_BLOBS_EVALUATION, &is_null);
		if (is_null)
			value = mlpg_scan_get(&scan, tuple, MLPG_BLOBS_BLOB, &is_null);
		if (!is_null)
			result = PG_DETOAST_DATUM_COPY(value);
	}
	mlpg_scan_end(&scan);
	if (result == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("version %d of the model is gone", version),
				 errhint("It was dropped while this statement ran; run it again.")));
	return result;
}

struct varlena *
mlpg_registry_blob(int64 model_id, int32 version)
{
	return read_blob(model_id, version, false);
}

struct varlena *
mlpg_registry_evaluation(int64 model_id, int32 version)
{
	return read_blob(model_id, version, true);
}

static Jsonb *
copy_jsonb(MlpgScan *scan, HeapTuple tuple, int column)
{
	bool		is_null;
	Datum		value = mlpg_scan_get(scan, tuple, column, &is_null);

	return is_null ? NULL : (Jsonb *) PG_DETOAST_DATUM_COPY(value);
}

Jsonb *
mlpg_registry_recipe(int64 model_id)
{
	MlpgScan	scan;
	ScanKeyData key;
	HeapTuple	tuple;
	Jsonb	   *result = NULL;

	mlpg_key_int8(&key, MLPG_MODELS_MODEL_ID, model_id);
	mlpg_scan_begin(&scan, "models", "models_pkey", 1, &key);
	tuple = mlpg_scan_next(&scan);
	if (HeapTupleIsValid(tuple))
		result = copy_jsonb(&scan, tuple, MLPG_MODELS_RECIPE);
	mlpg_scan_end(&scan);
	return result;
}

Jsonb *
mlpg_registry_metrics(int64 model_id, int32 version)
{
	MlpgScan	scan;
	ScanKeyData keys[2];
	HeapTuple	tuple;
	Jsonb	   *result = NULL;

	mlpg_key_int8(&keys[0], MLPG_VERSIONS_MODEL_ID, model_id);
	mlpg_key_int4(&keys[1], MLPG_VERSIONS_VERSION, version);
	mlpg_scan_begin(&scan, "model_versions", "model_versions_pkey", 2, keys);
	tuple = mlpg_scan_next(&scan);
	if (HeapTupleIsValid(tuple))
		result = copy_jsonb(&scan, tuple, MLPG_VERSIONS_METRICS);
	mlpg_scan_end(&scan);
	return result;
}

void
mlpg_check_model_name(const char *name)
{
	const char *problem = NULL;

	if (*name == '\0')
		problem = "it is empty";
	else if (strlen(name) > MLPG_MAX_MODEL_NAME)
		problem = "it is longer than 200 bytes";
	else if (strchr(name, '@') != NULL)
		problem = "\"@\" separates the name from an alias or a version";
	else if (all_digits(name))
		problem = "it is all digits";
	else
	{
		for (const char *c = name; *c; c++)
			if ((unsigned char) *c < ' ' || *c == 0x7f)
				problem = "it holds a control character";
	}
	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid model name \"%s\"", name),
				 errdetail("A model cannot have this name: %s.", problem)));
}

/* --- generation -------------------------------------------------------- */

static uint64 generation = 1;
static bool callbacks_registered = false;
static Oid	watched[4];			/* models, aliases, model_grants, model_versions; as last looked up */

static void
on_relcache(Datum argument, Oid relation)
{
	if (relation == InvalidOid)
		generation++;
	for (int i = 0; i < 4; i++)
		if (relation != InvalidOid && relation == watched[i])
			generation++;
}

/* Role membership and role names decide rights too. */
static void
on_syscache(Datum argument, int cache, uint32 hash)
{
	generation++;
}

static void
watch(void)
{
	static const char *const names[4] = {"models", "aliases", "model_grants", "model_versions"};

	for (int i = 0; i < 4; i++)
		watched[i] = mlpg_registry_relation(names[i]);
	if (!callbacks_registered)
	{
		CacheRegisterRelcacheCallback(on_relcache, (Datum) 0);
		CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, on_syscache, (Datum) 0);
		CacheRegisterSyscacheCallback(AUTHOID, on_syscache, (Datum) 0);
		callbacks_registered = true;
	}
}

uint64
mlpg_registry_generation(void)
{
	if (!callbacks_registered)
		watch();
	return generation;
}

List *
mlpg_registry_relations(void)
{
	List	   *result = NIL;

	watch();
	for (int i = 0; i < 4; i++)
		result = lappend_oid(result, watched[i]);
	return result;
}
