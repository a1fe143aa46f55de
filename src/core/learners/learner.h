/*-------------------------------------------------------------------------
 *
 * learner.h
 *	  THE contract: what a learner is.
 *
 * A learner is one const struct in one file of this folder, and one line in
 * learner_list.h.  It knows no Datum, no SQL and no table name.  What a caller
 * asks for is a MlpgPlan; rows are gathered by a MlpgFit (fit.h), which hands
 * them to the learner in one of two ways:
 *
 *	 matrix learners	 fit() sees all rows at once (training->matrix);
 *	 single-pass learners keep a state: blocks of rows are summarised (by pool
 *						 threads) and absorbed (in row order, by the leader),
 *						 states combine, finish() makes the model.  So the
 *						 same code is a parallel aggregate.
 *
 * Both write a payload; open() validates it and prepares scoring.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_LEARNER_H
#define MLPG_LEARNER_H

#include "core/matrix/encode.h"
#include "core/matrix/matrix.h"
#include "core/model/blob.h"
#include "core/model/facts.h"
#include "core/model/params.h"
#include "core/model/steps.h"

typedef struct MlpgLearner MlpgLearner;
struct MlpgForest;
struct MlpgCalibration;
struct MlpgPath;

/* Tasks */
#define MLPG_TASK_REGRESSION		(1u << 0)
#define MLPG_TASK_QUANTILE			(1u << 1)	/* several levels in one model */
#define MLPG_TASK_CLASSIFICATION	(1u << 2)

/* Columns beside features and target that a learner can use */
#define MLPG_USES_WEIGHT			(1u << 0)
#define MLPG_USES_OFFSET			(1u << 1)	/* starts from a raw score a row: parameter "init_score" */
#define MLPG_USES_VALIDATION		(1u << 2)	/* keeps rows apart to stop early: a column, or a share by hash */
#define MLPG_ADDS_OFFSET			(1u << 3)	/* and adds such a score when it predicts: parameter "offset" */
#define MLPG_USES_TEXT				(1u << 4)	/* features may be texts, read by their n-grams */

/* How far the same rows give the same bytes (doc/NUMERICS.md, 1) */
typedef enum MlpgDeterminism
{
	MLPG_ORDER_FREE,			/* whatever the order of the rows */
	MLPG_ORDER_FIXED			/* for the same order; parallel fit within tolerance */
} MlpgDeterminism;

/* What is asked for: shared by all groups of a call, never changed once made. */
typedef struct MlpgPlan
{
	const MlpgLearner *learner;
	MlpgParams *params;
	int			n_features;
	char	  **name;			/* n_features */
	MlpgKind   *kind;			/* n_features */
	char	   *target;			/* name of the target, or "" */
	uint32_t	task;			/* MLPG_TASK_REGRESSION or MLPG_TASK_CLASSIFICATION */
	MlpgKind	target_kind;	/* of the target as given; MLPG_CATEGORY: text, whose classes are the task */
	char	   *positive;		/* class asked for as the positive one, or NULL */
	bool		array_form;
	bool		weighted;		/* columns that follow the target, in this order: weight, ... */
	bool		has_offset;		/* ... raw score to start from, ... */
	bool		has_validation; /* ... 1 where the row is a validation row, else 0 */
	char	   *offset;			/* name of the offset if predict must have it too, else NULL (init_score) */
	double		validation_share;	/* validation rows to be chosen by hash; 0: none */
	double		calibration_share;	/* regression: rows kept apart for prediction intervals; 0: none */
	bool		keep_rows;		/* rows go into a matrix whatever the learner: hold-outs */
	uint64_t	seed;
	const char *encoding;		/* of all texts */
	MlpgWishes *preprocess;		/* what is made of the features before the learner sees them, or NULL */
	uint32_t   *buckets;		/* n_features: buckets that a category is hashed into, or 0; NULL: none is hashed */
} MlpgPlan;

/* Positions of the columns of blocks and matrix behind the features and the target; -1: there is none. */
static inline int
mlpg_plan_weight_column(const MlpgPlan *plan)
{
	return plan->weighted ? plan->n_features + 1 : -1;
}

static inline int
mlpg_plan_offset_column(const MlpgPlan *plan)
{
	return plan->has_offset ? plan->n_features + 1 + plan->weighted : -1;
}

static inline int
mlpg_plan_validation_column(const MlpgPlan *plan)
{
	return plan->has_validation ? plan->n_features + 1 + plan->weighted + plan->has_offset : -1;
}

/* MLPG_USES_... of what the plan asks for. */
static inline uint32_t
mlpg_plan_uses(const MlpgPlan *plan)
{
	return (plan->weighted ? MLPG_USES_WEIGHT : 0) | (plan->has_offset ? MLPG_USES_OFFSET : 0) | (plan->offset ? MLPG_ADDS_OFFSET : 0) |
		(plan->has_validation || plan->validation_share > 0 ? MLPG_USES_VALIDATION : 0);
}

/* Whether rows hold a feature as a code into a dictionary while they are gathered. */
static inline bool
mlpg_plan_codes(const MlpgPlan *plan, int feature)
{
	return plan->kind[feature] == MLPG_CATEGORY || plan->kind[feature] == MLPG_TEXT;
}

/* Columns of blocks and matrix: features, target, weight, offset, validation. */
static inline int
mlpg_plan_columns(const MlpgPlan *plan)
{
	return plan->n_features + 1 + plan->weighted + plan->has_offset + plan->has_validation;
}

/*
 * One fit being finished.  A classification's target column holds codes 0 .. K-1
 * in class order, K = mlpg_schema_classes(schema) >= 2: in the matrix they are so
 * already; single-pass learners met them at first sight, as they did categories.
 */
typedef struct MlpgTraining
{
	MlpgHost   *host;			/* scratch; the payload is written here too */
	const MlpgPlan *plan;
	MlpgSchema *schema;			/* dictionaries sorted; statistics set (by finish() itself in single-pass learners) */
	MlpgFacts  *facts;
	MlpgMatrix *matrix;			/* matrix learners, who may release its rows: codes as in the schema */
	int64_t		n_rows;
	int32_t   **rank;			/* single-pass: first-sight code -> code, per feature and at n_features the target's; NULL where there are no codes */
	MlpgWriter *payload;
} MlpgTraining;

/* A model ready to score. */
typedef struct MlpgModel
{
	const MlpgLearner *learner;
	MlpgSchema *schema;			/* of the rows that the learner scores */
	const MlpgSchema *input;	/* of the rows as they come; without preprocessing the same */
	double	   *row;			/* such a row, for whoever reads rows: one at a time */
	MlpgParams *params;
	MlpgFacts  *facts;
	uint16_t	payload_version;
	int			n_outputs;		/* classification: 1 (probability of the second class), or one a class */
	int			main_output;	/* what predict answers; -1: nothing without a level.  Classification: not the learner's to set */
	const double *levels;		/* n_outputs quantile levels, ascending, or NULL */
	const struct MlpgCalibration *calibration;	/* scores of rows that were kept apart (calibration.h), or NULL */
	double		spread_df;		/* degrees of freedom of spread(); 0: none is left; NaN: the model has no spread */
	void	   *scorer;			/* the learner's own */
	size_t		n_bytes;		/* of the blob */
} MlpgModel;

typedef struct MlpgCoefficient
{
	char	   *term;
	double		level;			/* quantile level, NaN if none */
	double		estimate;		/* NaN: dropped */
	double		std_error;		/* NaN: not available */
	double		statistic;
	double		p_value;
} MlpgCoefficient;

struct MlpgLearner
{
	/* identity */
	const char *name;
	const char *summary;		/* one line, under 60 characters */
	const char *reference;		/* author, year */

	/* abilities */
	uint32_t	tasks;			/* MLPG_TASK_... */
	uint32_t	columns;		/* MLPG_USES_... */
	MlpgDeterminism determinism;
	const char *loss;			/* what it minimises: 'squared', 'quantile', ... */
	bool		single_pass;
	int			min_rows;		/* rows below which there is no answer at all */

	/* parameters */
	const MlpgParamSpec *params;
	int			n_params;

	/* format */
	uint16_t	payload_version;
	uint16_t	oldest_readable;

	/* matrix learners */
	void		(*fit) (MlpgTraining *training);

	/*
	 * Optional: sets parameters to what a fit found on its validation rows
	 * (iterations), so that all rows can be fitted without any.
	 */
	void		(*found) (MlpgHost *host, MlpgParams *params, const MlpgFacts *facts);

	/* optional, single-pass learners: whether what is asked for takes all rows at once, so that fit() makes the model */
	bool		(*wants_rows) (const MlpgPlan *plan);

	/* single-pass learners; summarise runs in pool threads: no host, no raise */
	size_t		(*partial_size) (const MlpgPlan *plan, int capacity);	/* bytes of one summary of a block */
	void		(*summarise) (const MlpgPlan *plan, const MlpgBlock *block, void *partial);
	void	   *(*begin) (MlpgHost *host, const MlpgPlan *plan);
	void		(*absorb) (MlpgHost *host, const MlpgPlan *plan, void *state, const MlpgBlock *block, const void *partial);
	void		(*combine) (MlpgHost *host, const MlpgPlan *plan, void *state, const void *other, int32_t *const *code);
	void		(*write_state) (const MlpgPlan *plan, const void *state, MlpgWriter *writer);
	void	   *(*read_state) (const MlpgPlan *plan, const int32_t *n_codes, MlpgReader *reader);	/* n_codes: of each feature, at n_features classes */
	void		(*finish) (MlpgTraining *training, void *state);

	/* models; open raises MLPG_DATA_CORRUPTED on a bad payload */
	void		(*open) (MlpgHost *host, MlpgModel *model, MlpgReader *payload);
	void		(*predict) (const MlpgModel *model, const double *rows, int n_rows, int stride, double *out);
	MlpgCoefficient *(*coefficients) (MlpgHost *host, const MlpgModel *model, int *n);	/* optional */

	/* optional: prepares a model for predictions of many rows at once, which stay the same */
	void		(*hasten) (MlpgHost *host, MlpgModel *model);

	/* optional: n_outputs x (n_features + 1) contributions to the raw score, the last of each output its base; host: scratch */
	void		(*explain) (MlpgHost *host, const MlpgModel *model, const double *row, double *out);

	/* optional, where spread_df is above 0: standard error of a new row about its prediction, of Student's t; host: scratch */
	double		(*spread) (MlpgHost *host, const MlpgModel *model, const double *row);

	/* optional: models made of trees show them (tree/forest.h) */
	const struct MlpgForest *(*forest) (const MlpgModel *model);

	/* optional: models that keep the regularisation path they were chosen from (affine/path.h) */
	const struct MlpgPath *(*path) (const MlpgModel *model);
};

/* The learners there are */
#define LEARNER(id, symbol) extern const MlpgLearner mlpg_##symbol;
#include "core/learners/learner_list.h"
#undef LEARNER

/* registry.c */
extern const MlpgLearner *mlpg_learner_find(const char *name);	/* NULL if unknown */
extern const MlpgLearner *mlpg_learner_require(MlpgHost *host, const char *name);	/* raises with a guess */
extern int	mlpg_learner_count(void);
extern const MlpgLearner *mlpg_learner_at(int position);
extern uint16_t mlpg_learner_id(const MlpgLearner *learner);

/* Whether the rows of a plan are summarised as they come, or all of them are seen at once. */
static inline bool
mlpg_plan_single_pass(const MlpgPlan *plan)
{
	return plan->learner->single_pass && (plan->learner->wants_rows == NULL || !plan->learner->wants_rows(plan));
}

/* Whether a learner has a task; those of quantiles are regressions. */
static inline bool
mlpg_learner_fits(const MlpgLearner *learner, uint32_t task)
{
	uint32_t	regression = MLPG_TASK_REGRESSION | MLPG_TASK_QUANTILE;

	return (learner->tasks & (task == MLPG_TASK_REGRESSION ? regression : task)) != 0;
}

/* Checks a blob (from the magic on), which must outlive the result, and makes it ready to score; memory from host. */
extern MlpgModel *mlpg_model_open(MlpgHost *host, const void *data, size_t length);

/* Puts the outputs of several levels in order, so that they do not cross. */
extern void mlpg_model_arrange(const MlpgModel *model, double *outputs);

/* What predict answers of a regression's outputs: the main one; of several levels, which must not cross, the main one once they are in order. */
extern double mlpg_model_answer(const MlpgModel *model, double *outputs);

/* Predictions at any levels of a quantile model: rearranged, then linear between levels. */
extern void mlpg_model_check_levels(MlpgHost *host, const MlpgModel *model, const double *levels, int n);
extern void mlpg_model_quantiles(const MlpgModel *model, double *outputs, const double *levels, int n, double *out);

/* Of a classifier's outputs: the probability of a class, and the likeliest class, the lower of two alike; -1 if they are NaN. */
extern double mlpg_model_probability(const MlpgModel *model, const double *outputs, int class);
extern int	mlpg_model_class(const MlpgModel *model, const double *outputs);

#endif							/* MLPG_LEARNER_H */
