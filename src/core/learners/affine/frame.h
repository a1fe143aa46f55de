/*-------------------------------------------------------------------------
 *
 * frame.h
 *	  What stands around the objective of every linear learner: its parameters and
 *	  design before, its checks and its model after.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_FRAME_H
#define MLPG_FRAME_H

#include "core/learners/affine/affine.h"
#include "core/learners/affine/design_rows.h"
#include "core/learners/training.h"

/* Parameters that mean the same everywhere; a learner with the first two has its design made here. */
#define MLPG_FRAME_INTERCEPT \
	{"intercept", MLPG_PARAM_BOOLEAN, "true", 0, 0, false, NULL, "fit a constant term", NULL}
#define MLPG_FRAME_UNSEEN \
	{"unseen", MLPG_PARAM_CHOICE, NULL, 0, 0, false, "error|null|zero", "answer for categories not seen in training", NULL}
#define MLPG_FRAME_L2 \
	{"l2", MLPG_PARAM_REAL, "0", 0, 1e30, false, NULL, "ridge penalty on standardised columns", NULL}

/*
 * The design by these parameters.  A penalty tells apart columns that add up to the intercept: with one all levels of
 * a category have a term and one not seen has nothing to add; without, the first level is the reference and one
 * not seen has no answer, unless "unseen" says otherwise.
 */
extern MlpgDesign *mlpg_frame_design(const MlpgTraining *training, bool penalised);

/* Raises when a coefficient is not finite, or its standard error (NULL: none; NaN: not available) is infinite. */
extern void mlpg_frame_check_range(MlpgHost *host, const double *coefficients, const double *errors, size_t n);

/* Marks the terms whose columns were left out, and tells which they are. */
extern void mlpg_frame_drop(MlpgTraining *training, MlpgDesign *design, const MlpgDesignRows *rows, const bool *dropped);

/* Tells which terms are dropped: a fact and a warning; missing indicators alone are no warning. */
extern void mlpg_frame_report_dropped(MlpgTraining *training, const MlpgDesign *design);

/* Completes a model with what explanations need, and writes it. */
extern void mlpg_frame_write(MlpgTraining *training, const MlpgDesignRows *rows, MlpgAffineModel *model);

#endif							/* MLPG_FRAME_H */
