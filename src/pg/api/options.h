/*-------------------------------------------------------------------------
 *
 * options.h
 *	  What fit and train are asked for: learner, its parameters, and the options
 *	  that shape every fit.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_OPTIONS_H
#define MLPG_OPTIONS_H

#include "pg/mlpg_pg.h"

#include "core/learners/learner.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

/* Of fit and train, where none is given. */
#define MLPG_DEFAULT_SEED 42

typedef struct MlpgOptions
{
	const MlpgLearner *learner;
	MlpgParams *params;			/* the learner's, complete */
	List	   *features;		/* of char *; NIL: all */
	List	   *exclude;		/* of char * */
	char	   *weight;			/* column, or NULL */
	char	   *offset;			/* column of raw scores that predict demands too, or NULL */
	char	   *init_score;		/* column of raw scores to start from, or NULL */
	char	   *validation;		/* boolean column of validation rows, or NULL */
	double		validation_share;	/* or their share; 0: none */
	double		calibration_share;	/* of rows kept apart for prediction intervals; 0: none */
	char	   *positive;		/* class, or NULL */
	MlpgWishes *preprocess;		/* what is made of the features, or NULL */
	char	   *loss;			/* as asked, or NULL */
	char	   *task;			/* as asked, or NULL */
	double		underage_cost;	/* NaN: not given */
	double		overage_cost;
	int			n_quantiles;
	double	   *quantiles;
	uint64		seed;
	bool		allow_leakage;

	/* train only, from params */
	char	   *holdout_key;	/* column whose value, not the row's content, decides the part */
	bool		refit_all;
	bool		refit_all_given;
} MlpgOptions;

/* Nothing given. */
extern void mlpg_options_init(MlpgOptions *options);

/*
 * Takes the keys of params: the options above by name, all others as parameters
 * of the learner.  training: the keys that only train has are allowed.
 * Raises UNDEFINED_OBJECT (E5) and INVALID_PARAMETER_VALUE.
 */
extern void mlpg_options_take(MlpgHost *host, MlpgOptions *options, Jsonb *params, bool training);

/* Creates the parameters of the learner that was chosen; before take. */
extern void mlpg_options_learner(MlpgHost *host, MlpgOptions *options, const char *algorithm);

/*
 * Checks the options against each other and the learner, and turns costs and
 * quantiles into its levels.  Returns true when the costs are not what the
 * learner minimises, so that it is only judged by them.
 */
extern bool mlpg_options_settle(MlpgHost *host, MlpgOptions *options);

/*
 * What the type of the target makes of the options: the task, chosen or checked,
 * goes into the plan, and with it what else shapes every fit.  Raises
 * FEATURE_NOT_SUPPORTED when the learner cannot do it.
 */
extern void mlpg_options_plan(const MlpgOptions *options, MlpgPlan *plan, MlpgKind target_kind, Oid target_type);

/* Once the plan knows its features: what is made of them.  host: of memory that lives as long as the plan. */
extern void mlpg_options_features(MlpgHost *host, const MlpgOptions *options, MlpgPlan *plan);

/* Scalar of a jsonb value as text (numbers as written, true, false, lists joined by commas); NULL for null. */
extern char *mlpg_json_text(MlpgHost *host, const JsonbValue *value);

/* The learner's parameters, given and default, as jsonb. */
extern Jsonb *mlpg_params_jsonb(const MlpgParams *params);

#endif							/* MLPG_OPTIONS_H */
