/*-------------------------------------------------------------------------
 *
 * site.h
 *	  A call site: one predict in one plan, and the models it scores with.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_SITE_H
#define MLPG_SITE_H

#include "pg/mlpg_pg.h"

#include "access/tupdesc.h"
#include "core/learners/interval.h"
#include "pg/bind/bind.h"
#include "pg/bind/record.h"
#include "pg/catalog/cache.h"
#include "utils/hsearch.h"

/* One model at one call site, ready to score rows. */
typedef struct MlpgScorer
{
	MemoryContext context;
	size_t		bytes;			/* of the context */
	uint64		hash;			/* key: hash_key of what the call was given */
	char	   *key;			/* the reference, the TOAST pointer, or the value's bytes */
	size_t		key_length;
	int			key_kind;
	dlist_node	node;			/* most recently used first */

	/* by name: what the resolution depended on */
	struct
	{
		uint64		generation;
		uint64		completed;	/* transactions completed when the snapshot was taken */
		TransactionId xmin;
		TransactionId xmax;
		uint32		xcnt;
		CommandId	command;
		Oid			user;
		bool		valid;
	}			seen;
	MlpgLoaded *loaded;			/* by name: pinned */

	/* what to score with */
	const MlpgModel *model;
	const char *label;			/* 'model "beverage"' or 'the model' */
	MlpgRecord *record;			/* binding of composite rows */
	MlpgBinding *arguments;		/* binding of rewritten calls */
	double	   *row;			/* mlpg_schema_columns */
	double	   *outputs;		/* n_outputs */
	MlpgIntervalRule *interval;	/* of the coverage asked for last, or NULL */
} MlpgScorer;

typedef struct MlpgSite
{
	MemoryContext context;
	MlpgHost   *host;			/* for messages of the core */
	HTAB	   *table;			/* of scorers, by hash; NULL until a second one comes */
	MlpgScorer *last;			/* used last */
	dlist_head	recent;
	size_t		bytes;			/* of all scorers */
	int			n_scorers;
	MlpgPrivilege privilege;	/* that models by name are asked with; MLPG_SCORE unless changed */
	bool		by_name;
	int			form;			/* of the rows; the api's */
	MlpgColumns columns;		/* rewritten calls: names and types of the arguments */
	TupleDesc	result;			/* of calls that answer a row, or NULL */
	bool		warned;			/* that there are no bounds */
} MlpgSite;

extern MlpgSite *mlpg_site_create(MemoryContext parent);

/* The model that a reference means for this statement and user; raises E1. */
extern MlpgScorer *mlpg_site_by_name(MlpgSite *site, const text *reference);

/* The model that is the value, an mlpg.model as it was passed: not detoasted. */
extern MlpgScorer *mlpg_site_by_value(MlpgSite *site, Datum value);

#endif							/* MLPG_SITE_H */
