/*-------------------------------------------------------------------------
 *
 * fit.h
 *	  Rows on their way into a model: what train and the aggregate fit share.
 *
 * A MlpgFit is one group's growing state.  It is small at first (a few rows of
 * buffer), so that 100,000 groups fit, and starts a learner's state or a matrix
 * only when a whole block of rows is there.  All its memory comes from the
 * host given with each call, which must be the same arena throughout.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_FIT_H
#define MLPG_FIT_H

#include "core/learners/learner.h"

typedef struct MlpgRing MlpgRing;

typedef struct MlpgFit
{
	const MlpgPlan *plan;
	int64_t		n_rows;			/* rows given so far */
	int64_t		n_dropped;		/* rows left out because the target was NULL; counted by the caller */
	MlpgBlock	block;			/* the rows not yet handed on */
	MlpgDictionary **dictionary;	/* n_features, NULL entries for numbers; NULL without categories and texts */
	MlpgDictionary *classes;	/* classification: by first sight, under the keys of classes.h; else NULL */
	void	   *state;			/* single-pass learners, once a block was full */
	void	   *partial;		/* their scratch */
	MlpgMatrix *matrix;			/* matrix learners, once a block was full */
	MlpgRing   *ring;			/* blocks in the hands of pool threads */
} MlpgFit;

extern void mlpg_fit_init(MlpgHost *host, MlpgFit *fit, const MlpgPlan *plan);

/* The row to be filled next (mlpg_plan_columns doubles); commit adds it. */
extern double *mlpg_fit_next_row(MlpgHost *host, MlpgFit *fit);
extern void mlpg_fit_commit_row(MlpgHost *host, MlpgFit *fit);

/* With keep_rows: all rows given so far are in fit->matrix afterwards. */
extern void mlpg_fit_flush(MlpgHost *host, MlpgFit *fit);

/* The code of a category's text, new ones added at first sight. */
extern int32_t mlpg_fit_code(MlpgHost *host, MlpgFit *fit, int feature, const char *text, int32_t length);

/*
 * What goes into the target's column: of a classification the code of its class,
 * by text if the target is text, else by value; of a regression the value.
 */
extern double mlpg_fit_target(MlpgHost *host, MlpgFit *fit, double value, const char *text, int32_t length);

/* Adds the rows of other, which has an equal plan. */
extern void mlpg_fit_combine(MlpgHost *host, MlpgFit *fit, MlpgFit *other);

/*
 * Makes the model: bytes from the magic on.  host is the arena of the rows,
 * scratch that of the result and of everything temporary.  extra, if not NULL,
 * gives facts to be put first.  Raises MLPG_DATA_EXCEPTION on too few rows.
 */
extern MlpgWriter *mlpg_fit_finish(MlpgHost *host, MlpgHost *scratch, MlpgFit *fit, MlpgFacts *facts);

/* The state as bytes (the plan is not part of it) and back. */
extern void mlpg_fit_write(MlpgHost *host, MlpgFit *fit, MlpgWriter *writer);
extern void mlpg_fit_read(MlpgHost *host, MlpgFit *fit, const MlpgPlan *plan, MlpgReader *reader);

/* The plan as bytes and back: what a worker needs to go on with a state. */
extern void mlpg_plan_write(const MlpgPlan *plan, MlpgWriter *writer);
extern MlpgPlan *mlpg_plan_read(MlpgReader *reader);
/* Puts preprocessing into a plan whose features are known; raises what mlpg_wishes_settle does. */
extern void mlpg_plan_preprocess(MlpgHost *host, MlpgPlan *plan, MlpgWishes *wishes);
extern bool mlpg_plan_equal(const MlpgPlan *a, const MlpgPlan *b);

#endif							/* MLPG_FIT_H */
