/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  The only file that mentions PG_VERSION_NUM: supported servers are 15 to 18,
 *	  and code is written in the newest spelling.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_COMPAT_H
#define MLPG_COMPAT_H

#include "postgres.h"
#include "fmgr.h"

#if PG_VERSION_NUM < 150000
#error "mlpg needs PostgreSQL 15 or newer"
#endif

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 16: PGDLLEXPORT exports from a library built with hidden visibility; before, it is empty outside of Windows. */
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

/* 18: PG_MODULE_MAGIC_EXT names the module and its version. */
#ifndef PG_MODULE_MAGIC_EXT
#define PG_MODULE_MAGIC_EXT(...) PG_MODULE_MAGIC
#endif

/* 18: variables say whose row of RETURNING they are of. */
#if PG_VERSION_NUM >= 180000
#define mlpg_expand_rte(entry, number, up, names, fields) \
	expandRTE(entry, number, up, VAR_RETURNING_DEFAULT, -1, false, names, fields)
#else
#define mlpg_expand_rte(entry, number, up, names, fields) \
	expandRTE(entry, number, up, -1, false, names, fields)
#endif

/* 17: the DSM registry replaces ShmemInitStruct at run time. */
#if PG_VERSION_NUM >= 170000
#define MLPG_HAVE_DSM_REGISTRY 1
#endif

/* 16: ACL checks are by object class. */
#if PG_VERSION_NUM < 160000
#define object_aclcheck(classid, objectid, roleid, mode) \
	((classid) == NamespaceRelationId ? pg_namespace_aclcheck(objectid, roleid, mode) : \
	 (classid) == ProcedureRelationId ? pg_proc_aclcheck(objectid, roleid, mode) : \
	 pg_type_aclcheck(objectid, roleid, mode))
#define check_can_set_role(member, role) check_is_member_of_role(member, role)
#endif

#endif							/* MLPG_COMPAT_H */
