/*-------------------------------------------------------------------------
 *
 * ngrams.h
 *	  Texts as weighted character n-grams, hashed into buckets.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_NGRAMS_H
#define MLPG_NGRAMS_H

#include "core/matrix/hash.h"

#define MLPG_NGRAM_MAX 10		/* characters */
#define MLPG_NGRAM_BUCKETS 262144	/* unless said otherwise */

/* How a text column is read: what training fitted. */
typedef struct MlpgNgrams
{
	int			shortest;		/* characters */
	int			longest;
	uint32_t	buckets;
	uint32_t	documents;		/* texts of training */
	int32_t		n;				/* buckets that they fall into */
	uint32_t   *bucket;			/* n, ascending */
	uint32_t   *frequency;		/* n: documents that have an n-gram there */
	double	   *rarity;			/* n: inverse document frequency */
	int32_t    *position;		/* buckets: position among the n, -1 if not there; while counting, documents */
} MlpgNgrams;

typedef struct MlpgNgram
{
	uint32_t	position;		/* among the n buckets */
	double		weight;			/* not rounded: n-grams that always come together are exactly dependent */
} MlpgNgram;

/* A text as a model sees it.  Weights have length 1 (or there are none). */
typedef struct MlpgTextGrams
{
	uint64_t	content;		/* hash of the text: tells it from others, whatever the address */
	int32_t		n;
	MlpgNgram	gram[];			/* n, ascending by position */
} MlpgTextGrams;

/* A text's value in a row is where its n-grams are: bits of the address, never NaN. */
static inline double
mlpg_text_value(const MlpgTextGrams *grams)
{
	uint64_t	bits = (uint64_t) (uintptr_t) grams;
	double		value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline const MlpgTextGrams *
mlpg_value_text(double value)
{
	uint64_t	bits;

	memcpy(&bits, &value, sizeof(bits));
	return (const MlpgTextGrams *) (uintptr_t) bits;
}

/* Training: create, count each different text, settle. */
extern MlpgNgrams *mlpg_ngrams_create(MlpgHost *host, int shortest, int longest, uint32_t buckets);
extern void mlpg_ngrams_count(MlpgHost *host, MlpgNgrams *ngrams, const char *text, int32_t length, int64_t times);
extern void mlpg_ngrams_settle(MlpgHost *host, MlpgNgrams *ngrams);

/* Sets what follows from buckets and frequencies. */
extern void mlpg_ngrams_complete(MlpgHost *host, MlpgNgrams *ngrams);

/*
 * Reads a text (UTF-8, in normal form KC; bytes that are not UTF-8 count as a character each).
 * room: bytes needed for the result, which is at the start of it, and for the work.
 */
extern size_t mlpg_ngrams_room(const MlpgNgrams *ngrams, const char *text, int32_t length);
extern const MlpgTextGrams *mlpg_ngrams_read(const MlpgNgrams *ngrams, const char *text, int32_t length, void *room);

/* The same into memory of the host, no more than is needed. */
extern const MlpgTextGrams *mlpg_ngrams_keep(MlpgHost *host, const MlpgNgrams *ngrams, const char *text, int32_t length);

#endif							/* MLPG_NGRAMS_H */
