/*-------------------------------------------------------------------------
 *
 * loss.h
 *	  The losses that boosting minimises: one table for all learners.
 *
 * A loss is a line in loss_list.h and a few row functions in loss_row.c.  A
 * MlpgLoss is one with its parameter, ready to use; it is small, is passed by
 * pointer and never changes.
 *
 * Raw scores, gradients and hessians are stored output by output: that of
 * output k of row i stands at k * stride + i (softmax has one output a class,
 * all other losses one; with one output the stride is not read).
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_LOSS_H
#define MLPG_LOSS_H

#include "core/host.h"

/* From raw score to prediction. */
typedef enum MlpgLossLink
{
	MLPG_LOSS_IDENTITY = 0,
	MLPG_LOSS_EXP,
	MLPG_LOSS_SIGMOID,
	MLPG_LOSS_SOFTMAX
} MlpgLossLink;

typedef enum MlpgLossId
{
#define LOSS(id, name, link, flags, parameter, summary) MLPG_LOSS_ID_##name = id,
#include "core/math/loss_list.h"
#undef LOSS
} MlpgLossId;

typedef struct MlpgLossRow MlpgLossRow; /* the functions of a loss: loss_row.h */

typedef struct MlpgLoss
{
	MlpgLossId	id;
	const char *name;
	const char *summary;
	MlpgLossLink link;
	bool		constant_hessian;	/* the hessian of a row is its weight (1 without weights) */
	bool		refits_leaves;	/* leaf = the level-quantile of its residuals y - f */
	const char *parameter_name; /* what parameter is called, or NULL */
	double		parameter;		/* alpha, level, a, max_delta_step, power; NaN: none */
	double		level;			/* refits_leaves: of the quantile, 0.5 for absolute */
	int			n_outputs;		/* raw scores a row: classes for softmax, else 1 */
	const MlpgLossRow *row;
} MlpgLoss;

/* What there is. */
extern int	mlpg_loss_count(void);
extern const char *mlpg_loss_name(int position);	/* 0 .. count - 1, in the order of loss_list.h */
extern bool mlpg_loss_find(const char *name, MlpgLossId *id);

/*
 * A loss with its parameter (NaN: its default; newsvendor: the level,
 * underage / (underage + overage)) and, for softmax, its number of classes.
 * Raises MLPG_INVALID_PARAMETER with the range.
 */
extern MlpgLoss mlpg_loss_make(MlpgHost *host, MlpgLossId id, double parameter, int n_classes);

/*
 * Is the target in the loss's domain?  Raises MLPG_DATA_EXCEPTION with the
 * reason and the number of rows outside; w may be NULL (a row of weight 0 counts too).
 */
extern void mlpg_loss_check_target(MlpgHost *host, const MlpgLoss *loss, const double *y, const double *w, int64_t n);

/* Why y is outside the domain (a sentence), or NULL. */
extern const char *mlpg_loss_refuses(const MlpgLoss *loss, double y);

/*
 * Gradients and hessians of n rows, times their weights (w may be NULL); hessian
 * may be NULL where it is constant.  For pool tasks: no host.
 */
extern void mlpg_loss_gradients(const MlpgLoss *loss, const double *y, const double *w, const double *score,
								int64_t n, int64_t stride, float *gradient, float *hessian);

/*
 * The same of losses with one output in double precision, without weights; the hessian is set in
 * any case.  For pool tasks.
 */
extern void mlpg_loss_derivatives(const MlpgLoss *loss, const double *y, const double *score, int64_t n,
								  double *gradient, double *hessian);

/* The reported loss of each of n rows, without weights.  For pool tasks. */
extern void mlpg_loss_values(const MlpgLoss *loss, const double *y, const double *score,
							 int64_t n, int64_t stride, double *out);

/* Its weighted mean over all rows, whatever their order. */
extern double mlpg_loss_mean(MlpgHost *host, const MlpgLoss *loss, const double *y, const double *w,
							 const double *score, int64_t n, int64_t stride);

/* The best constant raw score of each output (n_outputs), whatever the order of the rows; targets are checked. */
extern void mlpg_loss_initial(MlpgHost *host, const MlpgLoss *loss, const double *y, const double *w, int64_t n,
							  double *initial);

/* Raw scores to predictions, in place; and back (softmax: log of the probability). */
extern void mlpg_loss_predict(MlpgLossLink link, int n_outputs, int64_t n, int64_t stride, double *score);
extern double mlpg_loss_raw(MlpgLossLink link, double prediction);

/* How much of total (> 0) weight the lower order statistic at a level holds, 1 .. total: level * total, rounded up. */
static inline int64_t
mlpg_lower_rank(double level, int64_t total)
{
	/* a level such as 0.28 is not a double: 0.28 * 25 comes out above 7 and still is 7 */
	double		need = ceil(level * (double) total * (1 - 0x1p-50));

	return need < 1 ? 1 : need < (double) total ? (int64_t) need : total;
}

/*
 * The lower weighted order statistic: the smallest value r such that the
 * values <= r hold at least level of all weight.  values (and weights, which
 * may be NULL) are reordered; weights are integers (fixed.h), so that no order
 * matters.  NaN when all weights are 0 or n is 0.  For pool tasks.
 */
extern double mlpg_lower_quantile(double *values, int64_t *weights, int64_t n, double level);

#endif							/* MLPG_LOSS_H */
