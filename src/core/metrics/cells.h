/*-------------------------------------------------------------------------
 *
 * cells.h
 *	  The confusion matrix of a classifier, and what is read off it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_CELLS_H
#define MLPG_CELLS_H

#include "core/matrix/schema.h"
#include "core/model/blob.h"

/* Rows by actual and predicted class: only the pairs that occur. */
typedef struct MlpgCells
{
	MlpgDictionary *label;		/* classes by first sight, or in byte order once sorted */
	MlpgDictionary *pair;		/* two codes of classes, actual and predicted, as 8 bytes */
	int64_t    *count;			/* of each pair */
	int32_t		max_count;
} MlpgCells;

extern void mlpg_cells_init(MlpgHost *host, MlpgCells *cells);
extern void mlpg_cells_add(MlpgHost *host, MlpgCells *cells, const char *actual, int32_t actual_length,
						   const char *predicted, int32_t predicted_length, int64_t n);
extern void mlpg_cells_merge(MlpgHost *host, MlpgCells *cells, const MlpgCells *other);
extern void mlpg_cells_write(const MlpgCells *cells, MlpgWriter *writer);
extern void mlpg_cells_read(MlpgCells *cells, MlpgReader *reader);

/* One pair; of sorted cells by actual, then predicted, in the byte order of their names. */
typedef struct MlpgCell
{
	int32_t		actual;			/* codes in label */
	int32_t		predicted;
	int64_t		n;
} MlpgCell;

extern MlpgCell *mlpg_cells_list(MlpgHost *host, const MlpgCells *cells);	/* pair->n cells, by first sight */
extern MlpgCell *mlpg_cells_sort(MlpgHost *host, MlpgCells *cells);	/* the same in order; labels are sorted too, so nothing can be added */

/* Rows of each class; a class that a model does not know may be one of them. */
typedef struct MlpgClassTotals
{
	int			n_classes;
	int64_t		n;
	int64_t		right;
	int64_t    *actual;			/* n_classes: rows of the class, */
	int64_t    *predicted;		/* rows said to be of it, */
	int64_t    *both;			/* and rows that are both */
} MlpgClassTotals;

extern void mlpg_class_totals_init(MlpgHost *host, MlpgClassTotals *totals, int n_classes);
extern void mlpg_class_totals_release(MlpgHost *host, MlpgClassTotals *totals);
extern void mlpg_class_totals_add(MlpgClassTotals *totals, int actual, int predicted, int64_t n);
extern void mlpg_cells_totals(MlpgHost *host, const MlpgCells *cells, MlpgClassTotals *totals);

/* NaN: a denominator of 0. */
extern double mlpg_class_mcc(const MlpgClassTotals *totals);
extern double mlpg_class_share_right(const MlpgClassTotals *totals);
extern double mlpg_class_precision_macro(const MlpgClassTotals *totals);
extern double mlpg_class_recall_macro(const MlpgClassTotals *totals);
extern double mlpg_class_f1_macro(const MlpgClassTotals *totals);
extern double mlpg_class_f1(const MlpgClassTotals *totals, int class);

#endif							/* MLPG_CELLS_H */
