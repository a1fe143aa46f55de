/*-------------------------------------------------------------------------
 *
 * out_of_bag.c
 *	  What a forest says of rows that its trees have not seen.
 *
 * Each tree is grown on a share of the rows; the mean over the trees that have not seen a row is
 * judged against its target (Breiman 2001): an honest error without a hold-out, after each
 * iteration.  Of numbers it is the root of the mean squared error, of classes the log loss and the share
 * of wrong answers; rows count by the weights that were given, without those of classes.
 *
 * Cost: a walk down a tree a row.  Memory: 8 bytes a row and output, 8 a row.
 * Determinism: order-free, as sums are exact (math/fixed.h).
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/out_of_bag.h"

#include "core/math/fixed.h"

#define TASK_ROWS 4096
#define PROBABILITY_CUT 0x1p-52 /* as log_loss cuts */

size_t
mlpg_out_of_bag_row_size(int n_outputs)
{
	return (size_t) n_outputs * sizeof(double) + 2 * sizeof(uint32_t);
}

MlpgOutOfBag *
mlpg_out_of_bag_create(MlpgHost *host, const MlpgTrainingRows *rows, int n_classes, int n_outputs, int n_judgements)
{
	MlpgOutOfBag *o = mlpg_allocate(host, 1, sizeof(MlpgOutOfBag));
	size_t		n = (size_t) rows->n;

	o->rows = rows;
	o->n_classes = n_classes;
	o->n_outputs = n_outputs;
	o->id = mlpg_allocate(host, n, sizeof(uint32_t));
	o->sum = mlpg_allocate(host, mlpg_size_multiply(host, n, (size_t) n_outputs), sizeof(double));
	o->n_trees = mlpg_allocate(host, n, sizeof(uint32_t));
	o->point = mlpg_allocate(host, 2 * (size_t) n_judgements, sizeof(MlpgCurvePoint));
	return o;
}

/* ---------- answers ---------- */

typedef struct Answer
{
	MlpgOutOfBag *o;
	const MlpgDeep *deep;
	int			output;
} Answer;

static void
answer_rows(MlpgTask *task, int index, void *argument)
{
	const Answer *a = argument;
	MlpgOutOfBag *o = a->o;
	double	   *sum = o->sum + (size_t) a->output * (size_t) o->rows->n;
	int64_t		first = (int64_t) index * TASK_ROWS,
				last = first + TASK_ROWS < o->n_rows ? first + TASK_ROWS : o->n_rows;

	for (int64_t j = first; j < last; j++)
	{
		uint32_t	i = o->id[j];

		sum[i] += mlpg_deep_leaf(a->deep, mlpg_bins_row(a->deep->bins, i))->answer;
		o->n_trees[i] += a->output == 0;
	}
}

void
mlpg_out_of_bag_answer(MlpgHost *host, MlpgOutOfBag *o, const MlpgDeep *deep, int output)
{
	Answer		a = {o, deep, output};

	host->parallel_for(host, (int) ((o->n_rows + TASK_ROWS - 1) / TASK_ROWS), answer_rows, &a);
}

/* ---------- metrics ---------- */

/* The probability of a class among the answers for a row. */
static double
probability(const MlpgOutOfBag *o, int64_t i, int class)
{
	double		sum = 0;

	if (o->n_outputs == 1)
	{
		double		p = o->sum[i] / o->n_trees[i];

		return class == 1 ? p : 1 - p;
	}
	for (int k = 0; k < o->n_outputs; k++)
		sum += o->sum[(int64_t) k * o->rows->n + i];
	return sum > 0 ? o->sum[(int64_t) class * o->rows->n + i] / sum : 1.0 / o->n_outputs;
}

/* Shares have one divisor: the largest sum has the largest. */
static int
likeliest(const MlpgOutOfBag *o, int64_t i)
{
	int			best = 0;

	if (o->n_outputs == 1)
		return probability(o, i, 1) > 0.5;
	for (int k = 1; k < o->n_outputs; k++)
		if (o->sum[(int64_t) k * o->rows->n + i] > o->sum[(int64_t) best * o->rows->n + i])
			best = k;
	return best;
}

static double
weight_of(const MlpgOutOfBag *o, int64_t i)
{
	return o->n_trees[i] == 0 ? 0 : o->rows->w ? o->rows->w[i] : 1;
}

static void
weight_terms(const void *argument, int64_t first, int n, double *out)
{
	for (int i = 0; i < n; i++)
		out[i] = weight_of(argument, first + i);
}

static void
square_terms(const void *argument, int64_t first, int n, double *out)
{
	const MlpgOutOfBag *o = argument;

	for (int i = 0; i < n; i++)
	{
		double		weight = weight_of(o, first + i);
		double		e = weight > 0 ? o->sum[first + i] / o->n_trees[first + i] - o->rows->y[first + i] : 0;

		out[i] = weight * e * e;
	}
}

static void
log_terms(const void *argument, int64_t first, int n, double *out)
{
	const MlpgOutOfBag *o = argument;

	for (int i = 0; i < n; i++)
	{
		double		weight = weight_of(o, first + i);
		double		p = weight > 0 ? probability(o, first + i, (int) o->rows->y[first + i]) : 1;

		out[i] = -weight * log(p < PROBABILITY_CUT ? PROBABILITY_CUT : p > 1 - PROBABILITY_CUT ? 1 - PROBABILITY_CUT : p);
	}
}

static void
error_terms(const void *argument, int64_t first, int n, double *out)
{
	const MlpgOutOfBag *o = argument;

	for (int i = 0; i < n; i++)
	{
		double		weight = weight_of(o, first + i);

		out[i] = weight > 0 && likeliest(o, first + i) != (int) o->rows->y[first + i] ? weight : 0;
	}
}

static void
add_point(MlpgOutOfBag *o, const char *metric, int step, double value)
{
	MlpgCurvePoint *point = &o->point[o->n_points++];

	point->metric = metric;
	point->step = step;
	point->value = value;
}

void
mlpg_out_of_bag_judge(MlpgHost *host, MlpgOutOfBag *o, int step)
{
	double		weight = mlpg_total(host, weight_terms, o, o->rows->n);

	if (!(weight > 0))
		return;
	if (o->n_classes == 0)
		add_point(o, "oob_rmse", step, sqrt(mlpg_total(host, square_terms, o, o->rows->n) / weight));
	else
	{
		add_point(o, "oob_log_loss", step, mlpg_total(host, log_terms, o, o->rows->n) / weight);
		add_point(o, "oob_error", step, mlpg_total(host, error_terms, o, o->rows->n) / weight);
	}
}

void
mlpg_out_of_bag_report(MlpgHost *host, const MlpgOutOfBag *o, int last_step, MlpgFacts *facts)
{
	for (int i = 0; i < o->n_points; i++)
		if (o->point[i].step == last_step)
			mlpg_fact_text(host, facts, o->point[i].metric, mlpg_number_text(host, o->point[i].value));
	mlpg_fact_curve(host, facts, o->point, o->n_points);
}
