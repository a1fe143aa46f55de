/*-------------------------------------------------------------------------
 *
 * acl.h
 *	  Rights on models.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_ACL_H
#define MLPG_ACL_H

#include "pg/catalog/registry.h"

/* Whether a role may do something with a model whose owner is named. */
extern bool mlpg_acl_check(int64 model_id, const char *owner, Oid role, MlpgPrivilege privilege);

/* 'score', 'read' or 'own'; raises INVALID_PARAMETER_VALUE otherwise. */
extern MlpgPrivilege mlpg_acl_parse(const char *privilege, bool allow_own);

/* model_ids on which a role has a privilege: a palloc'd array. */
extern int64 *mlpg_acl_visible(Oid role, MlpgPrivilege privilege, int *n);

#endif							/* MLPG_ACL_H */
