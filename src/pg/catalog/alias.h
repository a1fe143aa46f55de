/*-------------------------------------------------------------------------
 *
 * alias.h
 *	  Moving an alias, with its row in deployments.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_ALIAS_H
#define MLPG_ALIAS_H

#include "pg/catalog/registry.h"

#define MLPG_CHAMPION "champion"

/* One decision about an alias. */
typedef struct MlpgMove
{
	int64		model_id;
	const char *model;			/* its name, for messages */
	const char *alias;
	int32		to_version;		/* 0: the alias is retired */
	const char *action;			/* 'deploy' | 'rollback' | 'retire' */
	Jsonb	   *gate;			/* or NULL */
	const char *reason;			/* or NULL */
} MlpgMove;

/*
 * Locks the model, moves the alias and records it.  Returns whether anything
 * changed; *from_version is the version before, 0 for none.  The caller has
 * checked MLPG_OWN.
 */
extern bool mlpg_alias_move(const MlpgMove *move, int32 *from_version);

/* An alias that can be told from a version: not empty, no '@', not all digits. */
extern void mlpg_check_alias(const char *alias);

/* The version an alias stood for at a moment; 0 for none. */
extern int32 mlpg_alias_at(int64 model_id, const char *alias, TimestampTz at);

#endif							/* MLPG_ALIAS_H */
