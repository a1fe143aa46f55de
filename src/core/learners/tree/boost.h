/*-------------------------------------------------------------------------
 *
 * boost.h
 *	  Gradient boosting of one ensemble: a loss, binned rows, trees.
 *
 * boost.c is the loop; bag.c chooses the rows of a tree; cells.c makes cells of
 * gradients; answers.c gives leaves their answers and rows their new scores;
 * judge_rows.c watches the validation rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_BOOST_H
#define MLPG_BOOST_H

#include "core/learners/tree/grow.h"
#include "core/math/loss.h"
#include "core/model/facts.h"

/* What the validation rows are watched by; on their own scale. */
typedef enum MlpgWatch
{
	MLPG_WATCH_LOSS = 0,		/* the loss that is boosted */
	MLPG_WATCH_L1,				/* mean absolute error */
	MLPG_WATCH_L2,				/* mean squared error */
	MLPG_WATCH_RMSE,
	MLPG_WATCH_ERROR,			/* share of rows whose likeliest class is wrong */
	MLPG_WATCH_AUC				/* two classes */
} MlpgWatch;

#define MLPG_WATCHES_MAX 8

typedef struct MlpgBoostRules
{
	int			num_iterations;
	double		learning_rate;
	bool		boost_from_average;
	double		bagging_fraction;	/* 1: all rows */
	int			bagging_freq;	/* 0: all rows, else iterations between draws */
	bool		goss;			/* one-side sampling instead of bagging */
	double		top_rate;
	double		other_rate;
	int			early_stopping_rounds;	/* 0: no early stopping */
	double		early_stopping_min_delta;
	bool		first_metric_only;
	int			n_watches;
	MlpgWatch	watch[MLPG_WATCHES_MAX];
	const char *watch_name[MLPG_WATCHES_MAX];
	uint64_t	seed;
} MlpgBoostRules;

/* The rows, shared by all ensembles of a model. */
typedef struct MlpgBoostRows
{
	const MlpgBins *bins;
	const double *y;			/* n: targets, or codes of classes */
	const double *w;			/* n weights, or NULL */
	const double *offset;		/* n raw scores to start from, or NULL */
	const uint64_t *identity;	/* n, or NULL where nothing is drawn */
	const uint8_t *validation;	/* n: 1 where a row is for validation; NULL: none is */
} MlpgBoostRows;

/* What boosting made. */
typedef struct MlpgEnsemble
{
	int			n_outputs;
	double	   *base;			/* n_outputs */
	int			n_iterations;	/* kept */
	int			n_trees;		/* n_iterations x n_outputs, less those that could not be split */
	MlpgTree  **tree;
	int64_t		n_nodes;		/* of all that were grown */
	int			n_points;
	MlpgCurvePoint *point;
	bool		stopped_early;
} MlpgEnsemble;

/* ---------- shared by the files named above ---------- */

typedef struct MlpgBoost
{
	MlpgHost   *host;
	const MlpgBoostRules *rules;
	const MlpgBoostRows *rows;
	const MlpgLoss *loss;
	MlpgGrower *grower;
	int64_t		n;				/* rows */
	int64_t		n_fitted;		/* rows that are not for validation */
	int			n_outputs;
	double	   *score;			/* n_outputs x n */
	float	   *gradient;		/* n_outputs x n */
	float	   *hessian;		/* n_outputs x n, NULL: 1 a row */
	bool		counts;			/* hessians are 1 a row */
	double		largest[2];		/* |gradient| and hessian of the rows of the tree at hand */

	/* the rows of a tree: order[0 .. n_bag), the others behind; NULL: all rows in order */
	uint32_t   *order;
	int64_t		n_bag;

	/* scratch */
	int64_t	   *sums;			/* n_threads x num_leaves x 2 */
	double	   *value;			/* num_leaves */
	int64_t	   *weight_units;	/* n: integer weights, where leaves are refitted with weights */
} MlpgBoost;

#define MLPG_BOOST_TASK_ROWS 16384

static inline int
mlpg_boost_tasks(int64_t n)
{
	return (int) ((n + MLPG_BOOST_TASK_ROWS - 1) / MLPG_BOOST_TASK_ROWS);
}

/* bag.c: sets order and n_bag for this iteration (GOSS also scales gradients and hessians). */
extern void mlpg_boost_choose_rows(MlpgBoost *boost, int iteration);

/* cells.c: gradients of all rows; cells of the bag for one output (false: all gradients are 0). */
extern void mlpg_boost_gradients(MlpgBoost *boost);
extern bool mlpg_boost_cells(MlpgBoost *boost, int output);

/* answers.c: value[] of the tree just grown, learning rate included, and the scores that follow. */
extern void mlpg_boost_answer(MlpgBoost *boost, int output);
extern void mlpg_boost_update(MlpgBoost *boost, int output);

/* judge_rows.c */
typedef struct MlpgWatchedRows MlpgWatchedRows;

extern MlpgWatchedRows *mlpg_boost_watch_begin(MlpgBoost *boost);
extern double mlpg_boost_watch(MlpgBoost *boost, MlpgWatchedRows *watched, MlpgWatch watch);

/* ---------- the entry ---------- */

/*
 * Boosts.  phase is shown as progress; trees before (of other ensembles) and
 * all in all give its percentage.  Memory of host; rows of bins stay as they are.
 */
extern MlpgEnsemble *mlpg_boost_run(MlpgHost *host, const MlpgBoostRules *rules, const MlpgBoostRows *rows, const MlpgLoss *loss,
									MlpgGrower *grower, int64_t steps_before, int64_t steps_in_all);

/* Bytes that a run holds besides grower and rows. */
extern size_t mlpg_boost_size(MlpgHost *host, int64_t n, int n_outputs, bool hessians, bool bags, int num_leaves);

#endif							/* MLPG_BOOST_H */
