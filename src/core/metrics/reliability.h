/*-------------------------------------------------------------------------
 *
 * reliability.h
 *	  How often what had probability p happened, by bins of p.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_RELIABILITY_H
#define MLPG_RELIABILITY_H

#include "core/math/fixed.h"
#include "core/model/blob.h"

#define MLPG_RELIABILITY_MAX_BINS 1000

typedef struct MlpgReliabilityBin
{
	int64_t		n;
	int64_t		n_true;
	MlpgExact	sum;			/* of the probabilities */
} MlpgReliabilityBin;

/* Bins of the same width; a probability at an edge belongs to the bin below. */
typedef struct MlpgReliability
{
	int			n_bins;
	MlpgReliabilityBin *bin;
} MlpgReliability;

/* Raises when the number of bins is out of range. */
extern void mlpg_reliability_init(MlpgHost *host, MlpgReliability *reliability, int64_t n_bins);
extern void mlpg_reliability_add(MlpgReliability *reliability, bool actual, double p);	/* 0 <= p <= 1 */
extern double mlpg_reliability_edge(const MlpgReliability *reliability, int k);	/* the lower edge of bin k */
extern double mlpg_reliability_mean(const MlpgReliabilityBin *bin); /* of the probabilities */

/* other has as many bins */
extern void mlpg_reliability_merge(MlpgReliability *reliability, const MlpgReliability *other);
extern void mlpg_reliability_write(const MlpgReliability *reliability, MlpgWriter *writer);
extern void mlpg_reliability_read(MlpgReliability *reliability, MlpgReader *reader);

#endif							/* MLPG_RELIABILITY_H */
