/*-------------------------------------------------------------------------
 *
 * cache.h
 *	  Models decoded and ready to score, kept for the session.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_CACHE_H
#define MLPG_CACHE_H

#include "pg/mlpg_pg.h"

#include "core/learners/learner.h"
#include "lib/ilist.h"
#include "pg/catalog/registry.h"

/* A version of the registry, decoded.  Pinned by whoever holds a pointer to it. */
typedef struct MlpgLoaded
{
	struct
	{
		int64		model_id;
		int32		version;
		Oid			registry;	/* the table it was read from: a re-created extension counts from 1 again */
	}			key;			/* 16 bytes without padding: hashed as it is */
	MemoryContext context;		/* holds all of it */
	MlpgModel  *model;
	size_t		bytes;			/* of the context */
	int			pins;
	bool		kept;			/* in the cache: survives its last pin */
	dlist_node	node;			/* most recently used first */
} MlpgLoaded;

/* The decoded version, with one pin more.  The right was checked by resolving the reference. */
extern MlpgLoaded *mlpg_cache_pin(const MlpgModelRef *reference);
extern void mlpg_cache_unpin(MlpgLoaded *loaded);

/*
 * Decodes and checks a model's bytes (from the magic on, which must outlive
 * the result) with memory of arena; texts are in the database's encoding
 * afterwards.  Raises on anything that is not a model.
 */
extern MlpgModel *mlpg_model_decode(MemoryContext arena, const void *data, size_t length);

/* The same for checking alone: everything is released again. */
extern void mlpg_model_check(const void *data, size_t length);

#endif							/* MLPG_CACHE_H */
