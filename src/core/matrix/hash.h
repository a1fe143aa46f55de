/*-------------------------------------------------------------------------
 *
 * hash.h
 *	  Hashing texts into buckets: what models are made of for good.
 *
 * MurmurHash3, 32 bits, seed 0 (Appleby 2011), and from it bucket and sign as
 * scikit-learn's FeatureHasher has them (Weinberger et al. 2009).  Models on
 * disk depend on every bit of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_HASH_H
#define MLPG_HASH_H

#include "core/host.h"

#define MLPG_BUCKETS_MAX (1u << 20)
#define MLPG_BUCKET_LABEL 8		/* bytes of a label with its end */

extern uint32_t mlpg_hash_bytes(const char *bytes, size_t length);

/* 0 .. buckets - 1 */
static inline uint32_t
mlpg_hash_bucket(uint32_t hash, uint32_t buckets)
{
	uint32_t	magnitude = hash >> 31 ? 0u - hash : hash;

	/* what has no counterpart among the positive numbers goes where FeatureHasher puts it */
	return hash == UINT32_C(0x80000000) ? (UINT32_C(0x7FFFFFFF) - (buckets - 1)) % buckets : magnitude % buckets;
}

/* The number of a category's bucket, with zeros before it so that labels of one feature are in order; length of all of them. */
extern int32_t mlpg_bucket_label(const char *text, int32_t length, uint32_t buckets, char *label);

/* Whether a text is such a label. */
extern bool mlpg_is_bucket_label(const char *label, int32_t length, uint32_t buckets);

#endif							/* MLPG_HASH_H */
