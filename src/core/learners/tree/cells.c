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
 * Cost: three passes over 4 to 8 bytes a row, with vectors a tenth of what the loss's gradients
 * take.  The rounded numbers are added up on the way: sums of the root.  Memory: the arrays of boost.h.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/boost.h"

#include "core/math/fixed.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

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

#define PIECE 1024				/* rows, gathered where a tree has not all of them */

static void
task_rows(const Cells *c, int index, int64_t *first, int64_t *last)
{
	*first = (int64_t) index * MLPG_BOOST_TASK_ROWS;
	*last = *first + MLPG_BOOST_TASK_ROWS < c->b->n_bag ? *first + MLPG_BOOST_TASK_ROWS : c->b->n_bag;
}

/* Values of the tree's rows j .. j + n: in their place, or gathered in room. */
static const float *
values_of(const Cells *c, const float *values, int64_t j, int n, float *room)
{
	const uint32_t *order = c->b->order;

	if (values == NULL || order == NULL)
		return values ? values + j : NULL;
	for (int i = 0; i < n; i++)
		room[i] = values[order[j + i]];
	return room;
}

/* Calls what follows for pieces of n rows from j on, whose values are g and h (h may be NULL). */
#define EACH_PIECE(c, index, j, n, g, h) \
	int64_t		j, last_; \
	float		room_[2][PIECE]; \
	const float *g, *h; \
	task_rows(c, index, &j, &last_); \
	for (int n; n = last_ - j < PIECE ? (int) (last_ - j) : PIECE, g = values_of(c, (c)->gradient, j, n, room_[0]), \
		 h = values_of(c, (c)->hessian, j, n, room_[1]), n > 0; j += n)

static void
largest_rows(MlpgTask *task, int index, void *argument)
{
	Cells	   *c = argument;
	double	   *largest = c->largest + 2 * task->thread;

	EACH_PIECE(c, index, j, n, g, h)
	{
		largest[0] = fmax(largest[0], mlpg_fixed_maximum_float(g, n));
		if (h)
			largest[1] = fmax(largest[1], mlpg_fixed_maximum_float(h, n));
	}
}

static void
sum_rows(MlpgTask *task, int index, void *argument)
{
	Cells	   *c = argument;
	int64_t    *sum = c->sum + 2 * task->thread;

	EACH_PIECE(c, index, j, n, g, h)
	{
		sum[0] += mlpg_fixed_sizes_float(c->fixed[0], g, n);
		if (h)
			sum[1] += mlpg_fixed_sizes_float(c->fixed[1], h, n);
	}
}

static void
round_from(int i, const Cells *c, const float *gradient, const float *hessian, int n, MlpgCell *cell, int64_t *sum)
{
	for (; i < n; i++)
	{
		int32_t		g = (int32_t) lrintf(gradient[i] * c->scale[0]);
		uint32_t	h = hessian ? (uint32_t) lrintf(hessian[i] * c->scale[1]) : 1;

		cell[i] = mlpg_cell(g, h);
		sum[0] += g;
		sum[1] += h;
	}
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void
round_avx2(const Cells *c, const float *gradient, const float *hessian, int n, MlpgCell *cell, int64_t *sum)
{
	const __m128 scale_g = _mm_set1_ps(c->scale[0]);
	const __m128 scale_h = _mm_set1_ps(c->scale[1]);
	__m256i		sum_g = _mm256_setzero_si256();
	__m256i		sum_h = _mm256_setzero_si256();
	int64_t		lane[2][4];
	int			i = 0;

	for (; i + 4 <= n; i += 4)
	{
		__m256i		g = _mm256_cvtepi32_epi64(_mm_cvtps_epi32(_mm_mul_ps(_mm_loadu_ps(gradient + i), scale_g)));
		__m256i		h = hessian ? _mm256_cvtepu32_epi64(_mm_cvtps_epi32(_mm_mul_ps(_mm_loadu_ps(hessian + i), scale_h)))
			: _mm256_set1_epi64x(1);

		_mm256_storeu_si256((__m256i *) (cell + i), _mm256_or_si256(_mm256_slli_epi64(g, 32), h));
		sum_g = _mm256_add_epi64(sum_g, g);
		sum_h = _mm256_add_epi64(sum_h, h);
	}
	_mm256_storeu_si256((__m256i *) lane[0], sum_g);
	_mm256_storeu_si256((__m256i *) lane[1], sum_h);
	for (int which = 0; which < 2; which++)
		sum[which] += lane[which][0] + lane[which][1] + lane[which][2] + lane[which][3];
	round_from(i, c, gradient, hessian, n, cell, sum);
}
#endif

static void
round_values(const Cells *c, const float *gradient, const float *hessian, int n, MlpgCell *cell, int64_t *sum)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
	{
		round_avx2(c, gradient, hessian, n, cell, sum);
		return;
	}
#endif
	round_from(0, c, gradient, hessian, n, cell, sum);
}

/* Cells of the rows, and the sums of their integers. */
static void
round_rows(MlpgTask *task, int index, void *argument)
{
	Cells	   *c = argument;
	const uint32_t *order = c->b->order;
	MlpgCell   *cell = c->b->grower->cell;
	MlpgCell	room[PIECE];

	EACH_PIECE(c, index, j, n, g, h)
	{
		round_values(c, g, h, n, order ? room : cell + j, c->sum + 2 * task->thread);
		for (int i = 0; order && i < n; i++)
			cell[order[j + i]] = room[i];
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

static int64_t
total(const Cells *c, int which)
{
	int64_t		sum = 0;

	for (int t = 0; t < c->b->host->n_threads; t++)
		sum += c->sum[2 * t + which];
	return sum;
}

static double
largest(const Cells *c, int which)
{
	double		most = 0;

	for (int t = 0; t < c->b->host->n_threads; t++)
		most = fmax(most, c->largest[2 * t + which]);
	return most;
}

/* Sets the scales; false when all gradients are 0. */
static bool
set_scales(Cells *c, int n_tasks)
{
	MlpgBoost  *b = c->b;
	double		sum[2];

	b->host->parallel_for(b->host, n_tasks, largest_rows, c);
	for (int which = 0; which < 2; which++)
	{
		b->largest[which] = largest(c, which);
		/* where there are few rows a term would have more than 51 bits */
		c->fixed[which] = mlpg_fixed_scale(b->largest[which], b->n_bag < 2048 ? 2048 : b->n_bag);
	}
	b->host->parallel_for(b->host, n_tasks, sum_rows, c);
	for (int which = 0; which < 2; which++)
		sum[which] = mlpg_fixed_value(c->fixed[which], total(c, which));
	if (!(sum[0] > 0))
		return false;
	c->scale[0] = scale_to(sum[0], GRADIENT_ROOM);
	c->scale[1] = sum[1] > 0 ? scale_to(sum[1], HESSIAN_ROOM) : 1;
	return true;
}

bool
mlpg_boost_cells(MlpgBoost *b, int output)
{
	MlpgHost   *host = b->host;
	MlpgGrower *g = b->grower;
	size_t		sums = 2 * (size_t) host->n_threads;
	size_t		at = (size_t) output * (size_t) b->n;
	Cells		c = {.b = b, .gradient = b->gradient + at, .hessian = b->counts ? NULL : b->hessian + at};
	int			n_tasks = mlpg_boost_tasks(b->n_bag);
	bool		any;

	c.largest = mlpg_allocate(host, sums, sizeof(double));
	c.sum = mlpg_allocate(host, sums, sizeof(int64_t));
	any = set_scales(&c, n_tasks);
	if (any)
	{
		memset(c.sum, 0, sums * sizeof(int64_t));
		host->parallel_for(host, n_tasks, round_rows, &c);
		g->scales.gradient = 1 / (double) c.scale[0];
		g->scales.hessian = 1 / (double) c.scale[1];
		g->scales.counts = b->counts;
		g->sum_gradient = total(&c, 0);
		g->sum_hessian = total(&c, 1);
	}
	mlpg_release(host, c.largest);
	mlpg_release(host, c.sum);
	return any;
}
