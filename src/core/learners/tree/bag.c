/*-------------------------------------------------------------------------
 *
 * bag.c
 *	  Which rows a tree is grown on.
 *
 * Bagging (Friedman 2002): every bagging_freq iterations a new share
 * bagging_fraction of the rows.  GOSS (Ke et al. 2017): the rows with the largest
 * |gradient * hessian|, a share top_rate, and of the others a share other_rate of
 * all, whose gradients count (1 - top_rate) / other_rate times; none in the first 1 / learning_rate
 * iterations, as in LightGBM.  Validation rows are in no tree.
 *
 * Rows are drawn by their identity (sample.h), not by their place: the same rows
 * in any order give the same trees.  So a share is one in expectation, where LightGBM draws an exact number.
 *
 * Cost: O(rows) a draw.  Memory: 4 bytes a row, only where rows are chosen.
 * Determinism: order-free (order[] is ascending on both sides).
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/boost.h"

#include "core/math/sort.h"
#include "core/matrix/sample.h"

/* Rows of which chosen(row) holds come first; both parts ascend. */
static void
divide(MlpgBoost *b, bool (*chosen) (const MlpgBoost *, int64_t, const void *), const void *argument)
{
	uint32_t   *rest = b->grower->moved;	/* free between trees */
	int64_t		n_rest = 0;

	b->n_bag = 0;
	for (int64_t i = 0; i < b->n; i++)
	{
		bool		in = !(b->rows->validation && b->rows->validation[i]) && chosen(b, i, argument);

		b->order[b->n_bag] = (uint32_t) i;
		rest[n_rest] = (uint32_t) i;
		b->n_bag += in;
		n_rest += !in;
		if (i % 100000 == 0)
			mlpg_check(b->host, NULL, 0, 0);
	}
	memcpy(b->order + b->n_bag, rest, (size_t) n_rest * sizeof(uint32_t));
}

static bool
every_row(const MlpgBoost *b, int64_t row, const void *argument)
{
	return true;
}

typedef struct Draw
{
	uint64_t	stream;
	uint64_t	below;
} Draw;

static bool
drawn(const MlpgBoost *b, int64_t row, const void *argument)
{
	const Draw *draw = argument;

	return mlpg_sample_draw(b->rows->identity[row], draw->stream) < draw->below;
}

/* ---------- GOSS ---------- */

typedef struct Side
{
	const double *size;			/* |gradient * hessian|, over all outputs */
	double		bar;			/* from here on a row is in */
	Draw		draw;			/* of the others */
} Side;

static bool
large_or_drawn(const MlpgBoost *b, int64_t row, const void *argument)
{
	const Side *side = argument;

	return side->size[row] >= side->bar || drawn(b, row, &side->draw);
}

static void
row_sizes(MlpgTask *task, int index, void *argument)
{
	MlpgBoost  *b = argument;
	double	   *size = (double *) b->grower->cell;
	int64_t		first = (int64_t) index * MLPG_BOOST_TASK_ROWS;
	int64_t		last = first + MLPG_BOOST_TASK_ROWS < b->n ? first + MLPG_BOOST_TASK_ROWS : b->n;

	for (int64_t i = first; i < last; i++)
	{
		size[i] = 0;
		for (int k = 0; k < b->n_outputs; k++)
		{
			size_t		at = (size_t) k * (size_t) b->n + (size_t) i;

			size[i] += fabs((double) b->gradient[at] * (b->hessian ? b->hessian[at] : 1));
		}
	}
}

/* The size that the n-th largest of the fitted rows has. */
static double
size_at_rank(MlpgBoost *b, const double *size, int64_t rank)
{
	double	   *copy = mlpg_allocate(b->host, (size_t) b->n_fitted, sizeof(double));
	int64_t		n = 0;
	double		bar;

	for (int64_t i = 0; i < b->n; i++)
		if (!(b->rows->validation && b->rows->validation[i]))
			copy[n++] = size[i];
	bar = mlpg_select(copy, n, n - rank);
	mlpg_release(b->host, copy);
	return bar;
}

static void
one_side(MlpgBoost *b, int iteration)
{
	double	   *size = (double *) b->grower->cell;
	int64_t		top = (int64_t) ((double) b->n_fitted * b->rules->top_rate);
	int64_t		n_top = 0;
	Side		side = {.size = size};
	double		share,
				factor;

	b->host->parallel_for(b->host, mlpg_boost_tasks(b->n), row_sizes, b);
	side.bar = size_at_rank(b, size, top < 1 ? 1 : top);
	for (int64_t i = 0; i < b->n; i++)
		n_top += size[i] >= side.bar && !(b->rows->validation && b->rows->validation[i]);
	share = n_top < b->n_fitted ? b->rules->other_rate * (double) b->n_fitted / (double) (b->n_fitted - n_top) : 1;
	side.draw.stream = MLPG_STREAM_GOSS + (uint64_t) iteration;
	side.draw.below = mlpg_sample_threshold(share < 1 ? share : 1);
	divide(b, large_or_drawn, &side);
	factor = share < 1 ? 1 / share : 1;
	for (int64_t j = 0; j < b->n_bag; j++)
	{
		size_t		i = b->order[j];

		for (int k = 0; size[i] < side.bar && k < b->n_outputs; k++)
		{
			b->gradient[(size_t) k * (size_t) b->n + i] *= (float) factor;
			b->hessian[(size_t) k * (size_t) b->n + i] *= (float) factor;
		}
	}
}

void
mlpg_boost_choose_rows(MlpgBoost *b, int iteration)
{
	const MlpgBoostRules *rules = b->rules;

	if (b->order == NULL)
		b->n_bag = b->n;
	else if (rules->goss && iteration >= floor(1 / rules->learning_rate))
		one_side(b, iteration);
	else if (!rules->goss && rules->bagging_freq > 0 && rules->bagging_fraction < 1)
	{
		Draw		draw = {MLPG_STREAM_BAGGING + (uint64_t) (iteration / rules->bagging_freq), mlpg_sample_threshold(rules->bagging_fraction)};

		if (iteration % rules->bagging_freq == 0)
			divide(b, drawn, &draw);
	}
	else if (iteration == 0)
		divide(b, every_row, NULL);
}
