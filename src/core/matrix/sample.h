/*-------------------------------------------------------------------------
 *
 * sample.h
 *	  Who a row is, whatever its place: random choices that do not depend on
 *	  the order of the rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_SAMPLE_H
#define MLPG_SAMPLE_H

#include "core/matrix/matrix.h"

/*
 * One 64-bit identity a row (allocated here): a hash of all its columns, of the
 * seed, and of its number among the rows that are equal to it.  The identities
 * of a shuffled matrix are the same ones, each with a row of the same content.
 */
extern uint64_t *mlpg_sample_identify(MlpgHost *host, const MlpgMatrix *matrix, uint64_t seed);

/* A bijection in which every bit of x moves every bit of the result (Steele, Lea and Flood 2014). */
static inline uint64_t
mlpg_sample_mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
	return x ^ (x >> 31);
}

/* What a stream of draws is for; a stream is one of these plus an iteration (below 2^32) or class or tree. */
#define MLPG_STREAM_CUTS		(UINT64_C(1) << 32)
#define MLPG_STREAM_BAGGING		(UINT64_C(2) << 32)
#define MLPG_STREAM_GOSS		(UINT64_C(3) << 32)
#define MLPG_STREAM_VALIDATION	(UINT64_C(4) << 32)
#define MLPG_STREAM_TREE		(UINT64_C(5) << 32)	/* in and out of the bag of a forest's tree */
#define MLPG_STREAM_LEAF		(UINT64_C(6) << 32)	/* rows kept in leaves */
#define MLPG_STREAM_FOLDS		(UINT64_C(8) << 32)	/* cross-validation */
#define MLPG_STREAM_FEATURES	(UINT64_C(7) << 32)	/* identities are (seed, feature) there */
#define MLPG_STREAM_CALIBRATION (UINT64_C(8) << 32)

/* A draw, uniform over 64 bits, of a row for a stream. */
static inline uint64_t
mlpg_sample_draw(uint64_t identity, uint64_t stream)
{
	return mlpg_sample_mix(identity + (stream + 1) * UINT64_C(0x9E3779B97F4A7C15));
}

/* A row is in a share (0 .. 1) of all when its draw is below this; a share of 1 needs no draw. */
extern uint64_t mlpg_sample_threshold(double share);

/*
 * Deals n rows to n_parts parts (2 .. 65535) that are as even as can be, in each class (0 .. n_classes - 1; NULL: there
 * are none) on its own: the part of every row (allocated here).
 */
extern uint16_t *mlpg_sample_deal(MlpgHost *host, const uint64_t *identity, int64_t n, const double *class, int n_classes, int n_parts);

/* A draw as a number in (0, 1). */
static inline double
mlpg_sample_uniform(uint64_t draw)
{
	return ((double) (draw >> 12) + 0.5) * 0x1p-52;
}

#endif							/* MLPG_SAMPLE_H */
