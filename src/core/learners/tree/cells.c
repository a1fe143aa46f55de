/*-------------------------------------------------------------------------
 *
 * cells.c
 *	  From scores to gradients, and from gradients to the integers that
 *	  histograms add.
 *
 * A gradient becomes the nearest integer of g / s, s a power of two.  s is the
 * least for which the |g| of a tree sum to at most 2^30: then no sum over any of its rows leaves
 * 32 bits.  With a million rows the mean |g| is at least 500 units, with ten thousand 50,000, and
 * one wild row takes nothing from the others (a scale by the largest |g| would).
 * Hessians likewise, up to 2^31 in all; where they are 1 a row they are counts, exactly.  The sum of
 * |g| that sets the scale is itself taken in fixed point, so that the scale, and with it the tree, does not depend on the
 * order of the rows.
 *
 * LightGBM's quantised training (Shi et al. 2022) rounds to 4 to 16 levels at random and
 * therefore depends on order and threads.
 *
 * Cost: three passes over 4 to 8 bytes a row.  Memory: the arrays of boost.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/boost.h"

#include "core/math/fixed.h"

#define GRADIENT_ROOM 0x1p30
#define HESSIAN_ROOM 0x1p31

static void
gradient_rows(MlpgTask *task, int index, void *argument)
{
	MlpgBoost  *b = argument;
	const MlpgBoostRows *rows = b->rows;
	int64_t		first = (int64_t) index * MLPG_BOOST_TASK_ROWS;
	int64_t		n = first + MLPG_BOOST_TASK_ROWS < b->n ? MLPG_BOOST_TASK_ROWS : b->n - first;

	mlpg_loss_gradients(b->loss, rows->y + first, rows->w ? rows->w + first : NULL, b->score + first, n, b->n,
						b->gradient + first, b->hessian ? b->hessian + first : NULL);
}

void
mlpg_boost_gradients(MlpgBoost *b)
{
	b->host->parallel_for(b->host, mlpg_boost_tasks(b->n), gradient_rows, b);
}

/* ---------- cells ---------- */

typedef struct Cells
{
	MlpgBoost  *b;
	const float *gradient;
	const float *hessian;
	double	   *largest;		/* n_threads x 2 */
	MlpgFixed	fixed[2];
	int64_t    *sum;			/* n_threads x 2 */
	float		scale[2];
} Cells;

#define EACH_ROW(c, index) \
	int64_t		first_ = (int64_t) (index) * MLPG_BOOST_TASK_ROWS; \
	int64_t		last_ = first_ + MLPG_BOOST_TASK_ROWS < (c)->b->n_bag ? first_ + MLPG_BOOST_TASK_ROWS : (c)->b->n_bag; \
	for (int64_t j = first_; j < last_; j++)

static inline size_t
row_at(const Cells *c, int64_t j)
{
	return c->b->order ? c->b->order[j] : (size_t) j;
}

static void
largest_rows(MlpgTask *task, int index, void *argument)
{
	Cells	   *c = argument;
	float		g = 0,
				h = 0;

	EACH_ROW(c, index)
	{
		size_t		i = row_at(c, j);
		float		a = fabsf(c->gradient[i]);

		g = a > g ? a : g;
		if (c->hessian)
			h = c->hessian[i] > h ? c->hessian[i] : h;
	}
	double	   *largest = c->largest + 2 * task->thread;

	largest[0] = g > largest[0] ? g : largest[0];
	largest[1] = h > largest[1] ? h : largest[1];
}

static void
sum_rows(MlpgTask *task, int index, void *argument)
{
	Cells	   *c = argument;
	int64_t		g = 0,
				h = 0;

	EACH_ROW(c, index)
	{
		size_t		i = row_at(c, j);

		g += mlpg_fixed_of(c->fixed[0], fabsf(c->gradient[i]));
		if (c->hessian)
			h += mlpg_fixed_of(c->fixed[1], c->hessian[i]);
	}
	c->sum[2 * task->thread] += g;
	c->sum[2 * task->thread + 1] += h;
}

static void
round_rows(MlpgTask *task, int index, void *argument)
{
	Cells	   *c = argument;
	MlpgCell   *cell = c->b->grower->cell;

	EACH_ROW(c, index)
	{
		size_t		i = row_at(c, j);
		int32_t		g = (int32_t) lrintf(c->gradient[i] * c->scale[0]);
		uint32_t	h = c->hessian ? (uint32_t) lrintf(c->hessian[i] * c->scale[1]) : 1;

		cell[i] = mlpg_cell(g, h);
	}
}

/* The power of two by which a sum is brought to at most room; its inverse is the unit. */
static float
scale_to(double sum, double room)
{
	int			exponent;

	frexp(room / sum, &exponent);
	exponent = exponent - 1 > 126 ? 126 : exponent - 1 < -126 ? -126 : exponent - 1;
	return ldexpf(1, exponent);
}

static double
total(const Cells *c, int which)
{
	int64_t		sum = 0;

	for (int t = 0; t < c->b->host->n_threads; t++)
		sum += c->sum[2 * t + which];
	return mlpg_fixed_value(c->fixed[which], sum);
}

static double
largest(const Cells *c, int which)
{
	double		most = 0;

	for (int t = 0; t < c->b->host->n_threads; t++)
		most = c->largest[2 * t + which] > most ? c->largest[2 * t + which] : most;
	return most;
}

bool
mlpg_boost_cells(MlpgBoost *b, int output)
{
	MlpgHost   *host = b->host;
	size_t		threads = (size_t) host->n_threads;
	size_t		at = (size_t) output * (size_t) b->n;
	Cells		c = {.b = b, .gradient = b->gradient + at, .hessian = b->counts ? NULL : b->hessian + at};
	int			n_tasks = mlpg_boost_tasks(b->n_bag);
	double		sum;

	c.largest = mlpg_allocate(host, 2 * threads, sizeof(double));
	c.sum = mlpg_allocate(host, 2 * threads, sizeof(int64_t));
	host->parallel_for(host, n_tasks, largest_rows, &c);
	for (int which = 0; which < 2; which++)
		c.fixed[which] = mlpg_fixed_scale(largest(&c, which), b->n_bag);
	host->parallel_for(host, n_tasks, sum_rows, &c);
	sum = total(&c, 0);
	if (sum > 0)
	{
		c.scale[0] = scale_to(sum, GRADIENT_ROOM);
		c.scale[1] = c.hessian && total(&c, 1) > 0 ? scale_to(total(&c, 1), HESSIAN_ROOM) : 1;
		b->grower->scales.gradient = 1 / (double) c.scale[0];
		b->grower->scales.hessian = 1 / (double) c.scale[1];
		b->grower->scales.counts = b->counts;
		host->parallel_for(host, n_tasks, round_rows, &c);
	}
	mlpg_release(host, c.largest);
	mlpg_release(host, c.sum);
	return sum > 0;
}
