/*-------------------------------------------------------------------------
 *
 * metric.h
 *	  Metrics: one implementation for the SQL aggregates, train and monitors.
 *
 * A metric is a line in metric_list.h and a function that turns a row into at
 * most two terms.  Everything else is common: the sums, the merging of partial
 * states, the checks and the messages.
 *
 * Rows with a NULL are the caller's to leave out; a NaN or an infinity that
 * arrives here is refused.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_METRIC_H
#define MLPG_METRIC_H

#include "core/host.h"
#include "core/math/sum.h"

#define MLPG_METRIC_MAX_INPUTS 3
#define MLPG_METRIC_MAX_PARAMETERS 2
#define MLPG_METRIC_MAX_ARGUMENTS 4 /* inputs and parameters together */
#define MLPG_METRIC_MAX_TERMS 2

typedef enum MlpgMetricForm
{
	MLPG_FORM_MEAN = 1,
	MLPG_FORM_ROOT_MEAN,
	MLPG_FORM_RATIO,
	MLPG_FORM_ONE_MINUS,
	MLPG_FORM_DETERMINATION
} MlpgMetricForm;

typedef enum MlpgMetricGoal
{
	MLPG_GOAL_LOWER = 1,
	MLPG_GOAL_HIGHER,
	MLPG_GOAL_ZERO,
	MLPG_GOAL_NONE
} MlpgMetricGoal;

/* What a row did: it counts, it has no value for this metric, or it is outside the metric's domain. */
typedef enum MlpgMetricRow
{
	MLPG_ROW_COUNTS = 0,
	MLPG_ROW_SKIPPED,
	MLPG_ROW_REFUSED
} MlpgMetricRow;

typedef struct MlpgMetricInputs
{
	int			n;
	const char *names[MLPG_METRIC_MAX_INPUTS];	/* the first is always "actual" */
} MlpgMetricInputs;

typedef struct MlpgMetricParameters
{
	int			n;
	const char *names[MLPG_METRIC_MAX_PARAMETERS];
	bool		(*is_valid) (double value);
	const char *range;			/* "must be ..." */
} MlpgMetricParameters;

/* why is set with MLPG_ROW_REFUSED: a complete sentence for the error's detail. */
typedef MlpgMetricRow (*MlpgMetricTerms) (const double *parameters, const double *inputs,
										  double *terms, const char **why);

typedef struct MlpgMetric
{
	int			id;
	const char *name;
	MlpgMetricForm form;
	MlpgMetricGoal goal;
	const MlpgMetricInputs *inputs;
	const MlpgMetricParameters *parameters;
	const char *summary;
	MlpgMetricTerms terms;
} MlpgMetric;

/*
 * Plain doubles only: this struct is, byte for byte, the data part of the
 * float8[] that is the transition state of the SQL aggregates.  It names its
 * metric by id, because pointers do not travel.
 */
typedef struct MlpgMetricState
{
	double		magic;			/* MLPG_METRIC_MAGIC: this layout */
	double		id;				/* MlpgMetric.id */
	double		n_rows;			/* rows that count */
	double		n_skipped;		/* rows without a value, such as actual = 0 for mape */
	double		has_parameters; /* 0 until parameters[] are known, then 1 */
	double		parameters[MLPG_METRIC_MAX_PARAMETERS];
	double		shift;			/* DETERMINATION: the first actual; moments are about it */
	MlpgSum		sums[MLPG_METRIC_MAX_TERMS + 1];
} MlpgMetricState;

#define MLPG_METRIC_MAGIC 1835823207.0	/* "mlpg" in ASCII */
#define MLPG_METRIC_STATE_DOUBLES ((int) (sizeof(MlpgMetricState) / sizeof(double)))
#define MLPG_METRIC_FRESH_DOUBLES 2 /* magic and id: a state before its first row, as in INITCOND */

/* registry */
extern const MlpgMetric *mlpg_metric_find(const char *name);	/* NULL when unknown */
extern const MlpgMetric *mlpg_metric_by_id(double id);	/* NULL when unknown */
extern int	mlpg_metric_list(const MlpgMetric **metrics, int max);	/* number of metrics; fills at most max */

/*
 * A state: set up, feed, combine, read.  init raises on parameters out of range
 * (NULL: none, or not known yet), add and combine on what they refuse.
 */
extern void mlpg_metric_init(MlpgHost *host, MlpgMetricState *state, const MlpgMetric *metric,
							 const double *parameters);
extern void mlpg_metric_add(MlpgHost *host, MlpgMetricState *state, double actual, double yhat);
extern void mlpg_metric_add_row(MlpgHost *host, MlpgMetricState *state, const double *inputs);
extern void mlpg_metric_combine(MlpgHost *host, MlpgMetricState *state, const MlpgMetricState *other);
extern double mlpg_metric_value(const MlpgMetricState *state, bool *is_null);	/* not finite: overflow */

/* The same without a host: they return false where the others raise, and refuse_* says why. */
extern bool mlpg_metric_try_row(MlpgMetricState *state, const double *parameters, const double *inputs);
extern bool mlpg_metric_try_combine(MlpgMetricState *state, const MlpgMetricState *other);
MLPG_NORETURN extern void mlpg_metric_refuse_row(MlpgHost *host, const MlpgMetricState *state,
												 const double *parameters, const double *inputs);
MLPG_NORETURN extern void mlpg_metric_refuse_combine(MlpgHost *host, const MlpgMetricState *state,
													 const MlpgMetricState *other);

/* Is this array a state (whole or fresh)?  Accepts nothing that the functions above could trip over. */
extern const MlpgMetric *mlpg_metric_check_state(const double *values, int n);

/*
 * The loss of one row, for paired comparisons of two models on the same rows:
 * the smaller its sum, the better the metric.  False where the metric has none
 * (bias, coverage) or the row has no value.
 */
extern bool mlpg_metric_has_row_loss(const MlpgMetric *metric);
extern bool mlpg_metric_row_loss(const MlpgMetric *metric, const double *parameters,
								 const double *inputs, double *loss);

/* A number as it reads in a message: NaN, Infinity, or up to 15 digits. */
extern const char *mlpg_metric_number(MlpgHost *host, double value);

/* Is value a better than value b?  Never for a metric without a goal. */
extern bool mlpg_metric_is_better(const MlpgMetric *metric, double a, double b);

/* terms of each metric: regression.c, demand.c, classification.c */
#define METRIC(id, name, form, goal, inputs, parameters, summary) \
	extern MlpgMetricRow mlpg_terms_##name(const double *parameters, const double *inputs, \
										   double *terms, const char **why);
#include "core/metrics/metric_list.h"
#undef METRIC

/* demand.c: orders */
extern double mlpg_newsvendor_level(double underage_cost, double overage_cost);
extern void mlpg_rearrange(double *quantiles, int n);
extern double mlpg_quantile_at(const double *levels, const double *quantiles, int n, double level);
extern double mlpg_newsvendor(const double *levels, double *quantiles, int n,
							  double underage_cost, double overage_cost);	/* NaN: refused */
MLPG_NORETURN extern void mlpg_newsvendor_refuse(MlpgHost *host, const double *levels, const double *quantiles,
												 int n, double underage_cost, double overage_cost);

#endif							/* MLPG_METRIC_H */
