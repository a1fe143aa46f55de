/*-------------------------------------------------------------------------
 *
 * tally.h
 *	  How often each number was seen: a multiset of doubles, in order when asked.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_TALLY_H
#define MLPG_TALLY_H

#include "core/math/sort.h"
#include "core/model/blob.h"

/* All zero is the empty one. */
typedef struct MlpgTally
{
	int64_t		n_sorted;		/* entries in order */
	int64_t		max_sorted;
	uint64_t   *key;			/* ascending; see mlpg_sort_key */
	uint64_t   *count;			/* how often each was seen, and none is there twice; NULL: once each, twice as two entries */
	int64_t		n_fresh;		/* numbers that came since, in any order */
	int64_t		max_fresh;
	uint64_t   *fresh;
} MlpgTally;

/* Makes room for one number more, by putting the fresh ones into order where there are many. */
extern void mlpg_tally_make_room(MlpgHost *host, MlpgTally *tally);

/* A finite number. */
static inline void
mlpg_tally_add(MlpgHost *host, MlpgTally *tally, double x)
{
	if (tally->n_fresh == tally->max_fresh)
		mlpg_tally_make_room(host, tally);
	tally->fresh[tally->n_fresh++] = mlpg_sort_key(x);
}

/* Puts all into order: afterwards nothing is fresh. */
extern void mlpg_tally_settle(MlpgHost *host, MlpgTally *tally);

/* Adds all of other, which is settled. */
extern void mlpg_tally_merge(MlpgHost *host, MlpgTally *tally, const MlpgTally *other);

/*
 * Steps down through a settled tally: *at is one past the entry to look at, at
 * first n_sorted.  Passes over all entries of one key and returns how often it was seen.
 */
extern uint64_t mlpg_tally_down(const MlpgTally *tally, int64_t *at);

/* As bytes (of a settled tally) and back; bytes are not trusted. */
extern void mlpg_tally_write(const MlpgTally *tally, MlpgWriter *writer);
extern void mlpg_tally_read(MlpgTally *tally, MlpgReader *reader);

#endif							/* MLPG_TALLY_H */
