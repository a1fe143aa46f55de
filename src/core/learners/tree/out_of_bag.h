/*-------------------------------------------------------------------------
 *
 * out_of_bag.h
 *	  What a forest says of rows that its trees have not seen.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_OUT_OF_BAG_H
#define MLPG_OUT_OF_BAG_H

#include "core/learners/training.h"
#include "core/learners/tree/deep.h"

typedef struct MlpgOutOfBag
{
	const MlpgTrainingRows *rows;
	int			n_classes;		/* 0: regression */
	int			n_outputs;

	/* rows that the tree at hand does not see: the caller's to set */
	uint32_t   *id;				/* room for all */
	int64_t		n_rows;

	double	   *sum;			/* n_outputs x rows: answers of the trees that have not seen the row */
	uint32_t   *n_trees;		/* rows: how many */
	MlpgCurvePoint *point;
	int			n_points;
} MlpgOutOfBag;

/* Bytes a row. */
extern size_t mlpg_out_of_bag_row_size(int n_outputs);

/* To be judged so many times at most. */
extern MlpgOutOfBag *mlpg_out_of_bag_create(MlpgHost *host, const MlpgTrainingRows *rows, int n_classes, int n_outputs, int n_judgements);

/* Adds what the tree just grown, for an output, answers the rows it has not seen. */
extern void mlpg_out_of_bag_answer(MlpgHost *host, MlpgOutOfBag *out_of_bag, const MlpgDeep *deep, int output);

/* Judges the mean answers after so many iterations. */
extern void mlpg_out_of_bag_judge(MlpgHost *host, MlpgOutOfBag *out_of_bag, int step);

/* The curve, and its last values as facts. */
extern void mlpg_out_of_bag_report(MlpgHost *host, const MlpgOutOfBag *out_of_bag, int last_step, MlpgFacts *facts);

#endif							/* MLPG_OUT_OF_BAG_H */
