/*-------------------------------------------------------------------------
 *
 * judge.h
 *	  Which metrics a model is judged by, and the naive models beside it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_JUDGE_H
#define MLPG_JUDGE_H

#include "core/metrics/metric.h"

#define MLPG_JUDGE_MAX 12		/* metrics */
#define MLPG_NAIVE_MAX 4		/* naive models */

/* The metrics with their parameters; the first is the main one. */
typedef struct MlpgJudge
{
	int			n;
	const MlpgMetric *metric[MLPG_JUDGE_MAX];
	double		parameters[MLPG_JUDGE_MAX][MLPG_METRIC_MAX_PARAMETERS];
} MlpgJudge;

/* A model that answers one number. */
typedef struct MlpgNaive
{
	char	   *name;
	double		answer;
} MlpgNaive;

/* Costs NaN: none.  level NaN: the model answers a mean. */
extern void mlpg_judge_init(MlpgJudge *judge, double underage_cost, double overage_cost, double level);

/* What a classifier answered for rows of known class. */
typedef struct MlpgClassRows
{
	int64_t		n;
	int			n_classes;
	int			event;			/* of two classes the one that metrics of two are about: 1, until set otherwise */
	double	   *actual;			/* class; -1: one that the model does not know */
	double	   *p;				/* probability of that class, 0 if it is unknown; NaN: no answer */
	double	   *predicted;		/* the likeliest class */
	double	   *second;			/* of two classes the probability of the second; else NULL */
} MlpgClassRows;

extern MlpgClassRows *mlpg_class_rows_create(MlpgHost *host, int64_t n, int n_classes);

/* The metrics of a classification: log_loss first. */
extern void mlpg_judge_init_classes(MlpgJudge *judge, int n_classes);

/* Moves the rows that have an answer to the front; returns how many had none. */
extern int64_t mlpg_class_rows_keep_answered(MlpgClassRows *rows);

/* Values of all metrics over rows that have an answer. */
extern void mlpg_judge_classes(MlpgHost *host, const MlpgJudge *judge, const MlpgClassRows *rows, double *values);

/* One of them; NaN: no value. */
extern double mlpg_judge_class_metric(MlpgHost *host, const MlpgMetric *metric, const MlpgClassRows *rows);

/* Whether it has no loss of a row, but a value for all rows. */
extern bool mlpg_judge_is_whole(const MlpgMetric *metric);

/*
 * By how much such a metric is better for one model than for a rival, on the same rows, and
 * the standard error of that (NaN: none): the jackknife that leaves out one of up to 20 groups
 * of rows at a time.  period: rows with the same value stay in one group; NULL: every 20th row is one.
 */
extern double mlpg_judge_class_gain(MlpgHost *host, const MlpgMetric *metric, const MlpgClassRows *rows, const MlpgClassRows *rival,
									const double *period, double *gain);

/* Whether it leaves out rows of a class that the model does not know. */
extern bool mlpg_judge_needs_known(const MlpgMetric *metric);

/* What a metric of row terms reads of a row; false where the row has no value: a class unknown to a metric of two classes. */
extern bool mlpg_class_inputs(const MlpgMetric *metric, double actual, double p, double predicted, double second, double *inputs);

/* The naive classifier on the same rows: the classes' shares in the training part. */
extern MlpgClassRows *mlpg_naive_classes(MlpgHost *host, const MlpgClassRows *rows, const int64_t *count, int n_classes);

/* Position of a metric by name, -1 if the judge does not have it. */
extern int	mlpg_judge_find(const MlpgJudge *judge, const char *name);

/* Values of all metrics; pairs with a NaN prediction are skipped; NaN: no value.  Returns the pairs judged. */
extern int64_t mlpg_judge_rows(MlpgHost *host, const MlpgJudge *judge, const double *actual, const double *yhat, int64_t n, double *values);

/* The same for a prediction that is one number. */
extern void mlpg_judge_constant(MlpgHost *host, const MlpgJudge *judge, const double *actual, double answer, int64_t n, double *values);

/*
 * What a unit of mean row loss is in the metric's own unit (to first order):
 * value is the metric of a model, loss and rival the mean row losses of it and of another.
 */
extern double mlpg_loss_unit(const MlpgMetric *metric, double value, double loss, double rival);

/*
 * Standard error, in its own unit, of the main metric's value, or, with a rival,
 * of the paired difference; NaN when there is none.  The rival's answers are
 * rival_step apart; 0: it has one for all rows.  Of a classifier actual is NULL
 * and the answers are the probabilities of what happened.
 */
extern double mlpg_judge_error(MlpgHost *host, const MlpgJudge *judge, const double *actual, const double *yhat,
							   const double *rival, int rival_step, int64_t n, double value);

/* Mean of values and the standard error of that mean (NaN below 2 values). */
extern double mlpg_mean_with_error(const double *values, int64_t n, double *mean);

/* Means of values by equal order; returns how many. means has room for n. */
extern int64_t mlpg_period_means(MlpgHost *host, const double *values, const double *order, int64_t n, double *means);

/*
 * Naive models of training targets (n > 0; reordered here): the quantile at a
 * level (NaN: none), mean, median, and last (NaN: none).  Returns how many.
 */
extern int	mlpg_naive_models(MlpgHost *host, double *targets, int64_t n, double level, double last, MlpgNaive *naive);

#endif							/* MLPG_JUDGE_H */
