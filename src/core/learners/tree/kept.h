/*-------------------------------------------------------------------------
 *
 * kept.h
 *	  Training targets kept in the leaves of a forest: whole distributions
 *	  instead of means.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_KEPT_H
#define MLPG_KEPT_H

#include "core/learners/tree/forest.h"

#define MLPG_KEPT_MAX 64		/* targets a leaf */
#define MLPG_KEPT_TREES_MAX 4096

/* Those of a forest being grown. */
typedef struct MlpgKeptDraft
{
	MlpgHost   *host;
	int			n_levels;
	const double *levels;		/* ascending */
	int			main_level;
	uint32_t	n_values;
	double	   *value;			/* different targets, ascending */
	uint32_t   *rank_of;		/* of each row: which of them */
	int64_t    *weight_of;		/* of each row, in some unit; NULL: all the same */
	const uint64_t *identity;	/* of each row */
	int64_t		n_nodes;
	int64_t		n_kept;
	int64_t		room[2];		/* nodes, kept */
	uint32_t   *end;
	uint32_t   *rank;
	uint32_t   *weight;
	uint64_t   *draw;			/* two a row: scratch */
} MlpgKeptDraft;

/* Memory of host; levels, their number and the main one are the caller's to set. */
extern MlpgKeptDraft *mlpg_kept_begin(MlpgHost *host, const double *y, const double *w, const uint64_t *identity, int64_t n);

/* Bytes a row that it holds while a forest grows, and bytes that the kept take in the model so far. */
extern size_t mlpg_kept_row_size(bool weighted);
extern size_t mlpg_kept_size(const MlpgKeptDraft *draft);

/* The next node of the payload has these rows; an inner node has none. */
extern void mlpg_kept_add(MlpgKeptDraft *draft, const uint32_t *id, uint32_t n, uint64_t tree);

/* Behind the forest. */
extern void mlpg_kept_write(const MlpgKeptDraft *draft, MlpgWriter *payload);

/* Reads what stands behind a forest just opened, whose outputs become its levels. */
extern void mlpg_kept_open(MlpgHost *host, MlpgModel *model, MlpgReader *payload);
extern void mlpg_kept_predict(const MlpgModel *model, const double *rows, int n_rows, int stride, double *out);

#endif							/* MLPG_KEPT_H */
