/*-------------------------------------------------------------------------
 *
 * acl.c
 *	  Who may do what with a model.
 *
 * Three rights, each including the one before: score (predict), read
 * (coefficients, metrics, recipe, error views), own (all that writes, and the
 * blob).  A role has a right when it is a superuser, has the privileges of the
 * model's owner, or, for score and read, when model_grants has a row for
 * public or for a role whose privileges it has.
 *
 * Owners and grantees are stored by name.  A name without a role gives rights
 * to nobody; a role that is created later under the name gets them, which
 * doc/registry.md tells administrators.
 *
 * Cost: has_privs_of_role caches memberships; model_grants is read by prefix
 * of its primary key, under the active snapshot.  The list of visible models
 * reads both tables once, in the order of their primary keys, and merges.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/catalog/acl.h"

#include "miscadmin.h"
#include "pg/catalog/scan.h"
#include "pg/catalog/tables.h"
#include "storage/shmem.h"
#include "utils/acl.h"
#include "utils/builtins.h"

/* Whether role has the privileges of the role with this name. */
static bool
is_member(Oid role, const char *name)
{
	Oid			other = get_role_oid(name, true);

	return OidIsValid(other) && has_privs_of_role(role, other);
}

static bool
grant_covers(const char *granted, MlpgPrivilege wanted)
{
	return wanted == MLPG_SCORE || (wanted == MLPG_READ && strcmp(granted, "read") == 0);
}

static bool
grant_applies(MlpgScan *scan, HeapTuple tuple, Oid role, MlpgPrivilege wanted)
{
	char	   *grantee;
	char	   *granted = mlpg_scan_text(scan, tuple, MLPG_GRANTS_PRIVILEGE);

	if (!grant_covers(granted, wanted))
		return false;
	grantee = mlpg_scan_text(scan, tuple, MLPG_GRANTS_GRANTEE);
	return strcmp(grantee, "public") == 0 || is_member(role, grantee);
}

bool
mlpg_acl_check(int64 model_id, const char *owner, Oid role, MlpgPrivilege privilege)
{
	MlpgScan	scan;
	ScanKeyData key;
	HeapTuple	tuple;
	bool		granted = false;

	if (superuser_arg(role) || is_member(role, owner))
		return true;
	if (privilege == MLPG_OWN)
		return false;

	mlpg_key_int8(&key, MLPG_GRANTS_MODEL_ID, model_id);
	mlpg_scan_begin(&scan, "model_grants", "model_grants_pkey", 1, &key);
	while (!granted && HeapTupleIsValid(tuple = mlpg_scan_next(&scan)))
		granted = grant_applies(&scan, tuple, role, privilege);
	mlpg_scan_end(&scan);
	return granted;
}

MlpgPrivilege
mlpg_acl_parse(const char *privilege, bool allow_own)
{
	if (strcmp(privilege, "score") == 0)
		return MLPG_SCORE;
	if (strcmp(privilege, "read") == 0)
		return MLPG_READ;
	if (allow_own && strcmp(privilege, "own") == 0)
		return MLPG_OWN;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unrecognized privilege \"%s\"", privilege),
			 allow_own ? errhint("Valid privileges are \"score\", \"read\" and \"own\".") :
			 errhint("Valid privileges are \"score\" and \"read\".")));
}

/* A growing array of ids. */
typedef struct IdList
{
	int64	   *ids;
	int			n;
	int			allocated;
} IdList;

static void
append_id(IdList *list, int64 id)
{
	if (list->n == list->allocated)
	{
		list->allocated = list->allocated == 0 ? 64 : list->allocated * 2;
		list->ids = list->ids == NULL ?
			palloc(mul_size(list->allocated, sizeof(int64))) :
			repalloc(list->ids, mul_size(list->allocated, sizeof(int64)));
	}
	list->ids[list->n++] = id;
}

static int
compare_ids(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return (x > y) - (x < y);
}

int64 *
mlpg_acl_visible(Oid role, MlpgPrivilege privilege, int *n)
{
	IdList		list = {0};
	MlpgScan	scan;
	HeapTuple	tuple;
	bool		all = superuser_arg(role);
	int			kept = 0;

	mlpg_scan_begin(&scan, "models", "models_pkey", 0, NULL);
	while (HeapTupleIsValid(tuple = mlpg_scan_next(&scan)))
		if (all || is_member(role, mlpg_scan_text(&scan, tuple, MLPG_MODELS_OWNER)))
			append_id(&list, mlpg_scan_int8(&scan, tuple, MLPG_MODELS_MODEL_ID));
	mlpg_scan_end(&scan);

	if (!all && privilege != MLPG_OWN)
	{
		mlpg_scan_begin(&scan, "model_grants", "model_grants_pkey", 0, NULL);
		while (HeapTupleIsValid(tuple = mlpg_scan_next(&scan)))
			if (grant_applies(&scan, tuple, role, privilege))
				append_id(&list, mlpg_scan_int8(&scan, tuple, MLPG_GRANTS_MODEL_ID));
		mlpg_scan_end(&scan);
	}

	if (list.n > 1)
		qsort(list.ids, list.n, sizeof(int64), compare_ids);
	for (int i = 0; i < list.n; i++)
		if (i == 0 || list.ids[i] != list.ids[kept - 1])
			list.ids[kept++] = list.ids[i];
	*n = kept;
	return list.ids;
}
