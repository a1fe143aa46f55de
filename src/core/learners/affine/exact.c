/*-------------------------------------------------------------------------
 *
 * exact.c
 *	  Weighted cross-products of a held design in double-double.
 *
 * Where columns nearly depend on one another, cross-products in double cannot say
 * whether they do: squared distances drown in 1e-16 of squared lengths.  The
 * kernel of linear.c (math/crossprod.c) keeps 106 bits of every sum, so that
 * the distance of a column from the others is known as far as the columns are.
 *
 * Sparse columns are written out, so this is for designs of few columns.
 * Cost: 2 d^2 fused operations a row, 120 ns at 30 columns.  Memory: 16 bytes * d^2 / 2 for
 * each of 64 pieces.  Determinism: pieces are added in order.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/exact.h"

typedef struct Work
{
	const MlpgDesignRows *rows;
	MlpgExactBody body;
	void	   *argument;
	int			d;
	int			stride;
	MlpgCrossprod *total;		/* n_pieces */
	double	   *memory;			/* n_threads x size */
	int		   *exponent;		/* n_threads x stride */
	size_t		size;
	int64_t		from;			/* rows of each piece that this step takes */
	int64_t		step;
} Work;

#define STEP_UNITS 20000000		/* fused operations of a task, about: a few ms, so that cancel is quick */

void
mlpg_exact_rows(const MlpgDesignRows *rows, int64_t first, int64_t last, const double *root, double *z, int stride)
{
	for (int64_t i = first; i < last; i++, z += stride)
	{
		const double *x = mlpg_design_rows_dense(rows, i);

		for (int k = 0; k < rows->n_dense; k++)
			z[k] = root[i - first] * x[k];
		memset(z + rows->n_dense, 0, (size_t) (stride - rows->n_dense) * sizeof(double));
		for (int64_t e = rows->start ? rows->start[i] : 0; rows->start && e < rows->start[i + 1]; e++)
			z[rows->column[e]] = rows->value ? root[i - first] * rows->value[e] : root[i - first];
	}
}

/* Divides each column by the power of two above its largest value. */
static void
scale_columns(const Work *work, double *z, int64_t n, int *exponent)
{
	for (int k = 0; k < work->stride; k++)
	{
		double		largest = 0;

		for (int64_t i = 0; i < n; i++)
			largest = fmax(largest, fabs(z[i * work->stride + k]));
		exponent[k] = MLPG_EXPONENT_NONE;
		if (largest == 0)
			continue;
		frexp(largest, &exponent[k]);
		for (int64_t i = 0; i < n; i++)
			z[i * work->stride + k] = ldexp(z[i * work->stride + k], -exponent[k]);
	}
}

static void
add_piece(MlpgTask *task, int index, void *argument)
{
	const Work *work = argument;
	const MlpgDesignRows *rows = work->rows;
	double	   *z = work->memory + (size_t) task->thread * work->size;
	double	   *hi = z + (size_t) MLPG_DESIGN_BLOCK * (size_t) work->stride;
	double	   *lo = hi + (size_t) work->d * (size_t) work->stride;
	double	   *memory = lo + (size_t) work->d * (size_t) work->stride;	/* of the rows, then the body's scratch */
	int		   *exponent = work->exponent + (size_t) task->thread * (size_t) work->stride;

	int64_t		begin = rows->piece[index] + work->from,
				end = rows->piece[index + 1] < begin + work->step ? rows->piece[index + 1] : begin + work->step;

	for (int64_t first = begin; first < end; first += MLPG_DESIGN_BLOCK)
	{
		int64_t		last = first + MLPG_DESIGN_BLOCK < end ? first + MLPG_DESIGN_BLOCK : end;

		if (atomic_load_explicit(task->stop, memory_order_relaxed))
			return;

		MlpgDesignRows at = mlpg_design_rows_at(rows, first, last, memory);

		work->body(&at, first, last, work->argument, z, work->stride, memory + mlpg_design_rows_memory(rows));
		scale_columns(work, z, last - first, exponent);
		mlpg_crossprod_block(z, (int) (last - first), work->d, work->stride, hi, lo);
		mlpg_crossprod_add_block(&work->total[index], exponent, work->stride, hi, lo);
	}
}

MlpgCrossprod *
mlpg_exact_crossprod(MlpgHost *host, const MlpgDesignRows *rows, MlpgExactBody body, void *argument, size_t n_scratch, const char *phase)
{
	Work		work = {.rows = rows, .body = body, .argument = argument, .d = rows->n_columns + 1};

	work.stride = mlpg_crossprod_stride(work.d);
	work.size = (size_t) MLPG_DESIGN_BLOCK * (size_t) work.stride + 2 * (size_t) work.d * (size_t) work.stride +
		mlpg_design_rows_memory(rows) + n_scratch;
	work.memory = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) host->n_threads, work.size), sizeof(double));
	work.exponent = mlpg_allocate(host, (size_t) host->n_threads * (size_t) work.stride, sizeof(int));
	work.total = mlpg_allocate(host, (size_t) rows->n_pieces + 1, sizeof(MlpgCrossprod));
	for (int p = 0; p <= rows->n_pieces; p++)
		mlpg_crossprod_init(host, &work.total[p], work.d);
	work.step = (1 + STEP_UNITS / (2 * (int64_t) work.d * work.d * MLPG_DESIGN_BLOCK)) * MLPG_DESIGN_BLOCK;
	for (; rows->n_pieces > 0 && work.from < rows->piece[1]; work.from += work.step)
	{
		mlpg_check(host, phase, work.from * rows->n_pieces, rows->n_rows);
		host->parallel_for(host, rows->n_pieces, add_piece, &work);
	}
	for (int p = 0; p <= rows->n_pieces; p++)
	{
		MlpgCrossprod *total = &work.total[p];

		if (p > 0)
			mlpg_crossprod_add(&work.total[0], total);
		if (p > 0)
		{
			mlpg_release(host, total->exponent);
			mlpg_release(host, total->hi);
			mlpg_release(host, total->lo);
		}
	}
	mlpg_release(host, work.memory);
	mlpg_release(host, work.exponent);
	return &work.total[0];
}
