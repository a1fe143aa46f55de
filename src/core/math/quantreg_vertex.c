/*-------------------------------------------------------------------------
 *
 * quantreg_vertex.c
 *	  Vertices of quantile regression: start, walk, proof.
 *
 * A vertex interpolates p rows, the basis B: b = B^-1 y_B.  Its edges are the
 * columns d_j of B^-1 (B d_j = e_j): along d_j only basic residual j moves.
 * With psi_i = tau w_i above and (tau - 1) w_i below, g = sum over non-basic
 * rows of psi_i x_i, the basic dual values are a_j = -g'd_j, and the vertex is
 * optimal when every (tau - 1) w_j <= a_j <= tau w_j (Koenker and Bassett
 * 1978).  Otherwise the loss falls along +d_j at the rate (tau - 1) w_j - a_j
 * or along -d_j at a_j - tau w_j, and the line search of Barrodale and Roberts
 * (1973) passes every row whose crossing leaves the slope negative, so one
 * step does the work of many pivots.
 *
 * Ties.  Data with ties (integers, duplicates, many equal zeros) put more than
 * p rows on one vertex, where a plain simplex method may cycle.  Here every y_i
 * stands for y_i + epsilon e_i, e_i a fixed pseudo-random number of the row and
 * epsilon an infinitesimal: a residual that is zero up to rounding takes its
 * sign from that of the e part, e_i - x_i'B^-1 e_B, and equal breakpoints are
 * ordered by theirs.  The perturbed loss then falls at every step, so no basis
 * comes back.  A basis optimal for the perturbed problem is optimal for the
 * problem itself, as the dual values do not contain y.
 *
 * Rounding.  B^-1 is updated by rank one, and B, b, r and g are computed anew
 * every REFRESH steps and before optimality is believed.  b is refined to twice
 * the precision, and so are residuals that are small, because data whose ties
 * are blurred by rounding (0.1 + 0.2 against 0.3) make vertices that lie one
 * unit in the last place apart: with residuals known to a relative error only
 * far below that, such a cluster is walked like any other part of the polytope,
 * and every step lowers the loss by more than rounding can raise it.  Zero
 * is what is below 1e-24 of |y| + |x|'|b|.  A dual value may pass its bound by
 * 1e-10 of the weight, or by what rounding in g can make of it (that of each
 * term being independent: eps (sum w^2)^(1/2) for columns of size 1).
 *
 * Cost of a step: 2 n p and a selection, p^2; of a refresh 4 n p + p^3.
 * Memory: p^2 and seven numbers a row.  Order-fixed, free of the number of
 * threads.
 *
 *-------------------------------------------------------------------------
 */
#include "core/math/quantreg_internal.h"

#define REFRESH 24				/* steps between two exact computations */
#define REFINEMENTS 10
#define DUAL_TOLERANCE 1e-10
#define LOSSLESS (16 * DBL_EPSILON)	/* of sum w |y|: a loss that is rounding only */
#define STRIP 256
#define PARALLEL_WORK (INT64_C(1) << 21)

/* The perturbation of a row: between 0.5 and 1.5, by its place in the problem. */
static double
perturbation(const QrRows *rows, int64_t i)
{
	uint64_t	h = qr_hash((uint64_t) rows->row[i] ^ UINT64_C(0x6d6c7067));

	return 0.5 + (double) (h >> 11) * (1.0 / 9007199254740992.0);
}

/* The e part of the residual of row i. */
static double
perturbed_residual(const QrVertex *vertex, int64_t i)
{
	const QrRows *rows = vertex->rows;
	const double *x = rows->x + i * rows->ld;
	double		sum = perturbation(rows, i);

	for (int k = 0; k < rows->p; k++)
		sum -= x[k] * vertex->c[k];
	return sum;
}

static double
psi(const QrVertex *vertex, int64_t i)
{
	double		tau = vertex->fit->tau;

	return vertex->sign[i] == 0 ? 0 : vertex->rows->w[i] * (vertex->sign[i] > 0 ? tau : tau - 1);
}

/* Arrays for the rows' capacity. */
void
qr_vertex_create(QrFit *fit, QrRows *rows, QrVertex *vertex)
{
	MlpgHost   *host = fit->host;
	size_t		p = (size_t) rows->p;
	size_t		n = (size_t) rows->capacity;
	double	   *small = mlpg_allocate(host, 3 * p * p + 6 * p + 3, sizeof(double));
	double	   *large = mlpg_allocate(host, mlpg_size_multiply(host, n, 4), sizeof(double));
	int64_t    *places = mlpg_allocate(host, mlpg_size_add(host, mlpg_size_multiply(host, n, 2), p), sizeof(int64_t));

	memset(vertex, 0, sizeof(*vertex));
	vertex->fit = fit;
	vertex->rows = rows;
	vertex->capacity = rows->capacity;
	vertex->dirs = small;
	vertex->matrix = small + p * p;
	vertex->b = small + 3 * p * p + 3;
	vertex->c = vertex->b + p;
	vertex->g = vertex->b + 2 * p;
	vertex->dual = vertex->b + 3 * p;
	vertex->scratch = vertex->b + 4 * p;
	vertex->b_low = vertex->b + 5 * p;
	vertex->r = large;
	vertex->z = large + n;
	vertex->key = large + 2 * n;
	vertex->slope = large + 3 * n;
	vertex->index = places;
	vertex->tie = places + n;
	vertex->basis = places + 2 * n;
	vertex->sign = mlpg_allocate(host, n, 1);
}

/* After rows have been added: arrays that hold them; the basis stays, the rest waits for a refresh. */
void
qr_vertex_grow(QrVertex *vertex)
{
	QrFit	   *fit = vertex->fit;
	QrVertex	larger;

	if (vertex->rows->capacity <= vertex->capacity)
		return;
	qr_vertex_create(fit, vertex->rows, &larger);
	memcpy(larger.basis, vertex->basis, sizeof(int64_t) * (size_t) vertex->rows->p);
	memcpy(larger.b, vertex->b, sizeof(double) * (size_t) vertex->rows->p);
	qr_vertex_release(fit, vertex);
	*vertex = larger;
}

void
qr_vertex_release(QrFit *fit, QrVertex *vertex)
{
	mlpg_release(fit->host, vertex->dirs);
	mlpg_release(fit->host, vertex->r);
	mlpg_release(fit->host, vertex->index);
	mlpg_release(fit->host, vertex->sign);
	memset(vertex, 0, sizeof(*vertex));
}

/* The basis from the candidates, in their order; false when there are not p independent ones. */
static bool
take_basis(QrVertex *vertex, const int64_t *candidate, int64_t n_candidates, double threshold)
{
	const QrRows *rows = vertex->rows;
	QrElimination elimination;
	int			p = rows->p;
	bool		complete;

	qr_elimination_begin(vertex->fit, &elimination, p, threshold);
	for (int64_t k = 0; k < n_candidates && elimination.found < p; k++)
	{
		if (qr_elimination_add(&elimination, rows->x + candidate[k] * rows->ld))
			vertex->basis[elimination.found - 1] = candidate[k];
		qr_tick(vertex->fit, (int64_t) p * (elimination.found + 1));
	}
	complete = elimination.found == p;
	qr_elimination_end(vertex->fit, &elimination);
	return complete;
}

/* dirs = transposed inverse of the basis rows, by Gauss-Jordan with row exchange; false when singular. */
static bool
invert_basis(QrVertex *vertex)
{
	const QrRows *rows = vertex->rows;
	int			p = rows->p;
	int			width = 2 * p;
	double	   *m = vertex->matrix;

	for (int i = 0; i < p; i++)
	{
		memcpy(m + (int64_t) i * width, rows->x + vertex->basis[i] * rows->ld, sizeof(double) * (size_t) p);
		memset(m + (int64_t) i * width + p, 0, sizeof(double) * (size_t) p);
		m[(int64_t) i * width + p + i] = 1;
	}
	for (int k = 0; k < p; k++)
	{
		double	   *row = m + (int64_t) k * width;
		int			best = k;
		double		pivot;

		for (int i = k + 1; i < p; i++)
			if (fabs(m[(int64_t) i * width + k]) > fabs(m[(int64_t) best * width + k]))
				best = i;
		if (best != k)
			for (int j = 0; j < width; j++)
			{
				double		t = row[j];

				row[j] = m[(int64_t) best * width + j];
				m[(int64_t) best * width + j] = t;
			}
		pivot = row[k];
		if (fabs(pivot) < 1e-280)
			return false;
		for (int j = k; j < width; j++)
			row[j] /= pivot;
		for (int i = 0; i < p; i++)
		{
			double	   *other = m + (int64_t) i * width;
			double		factor = other[k];

			if (i == k || factor == 0)
				continue;
			for (int j = k; j < width; j++)
				other[j] -= factor * row[j];
		}
		qr_tick(vertex->fit, (int64_t) 2 * p * p);
	}
	for (int i = 0; i < p; i++)
		for (int j = 0; j < p; j++)
			vertex->dirs[(int64_t) j * p + i] = m[(int64_t) i * width + p + j];
	return true;
}

/* b (high and low parts) = B^-1 y_B, refined until it stops improving; c = B^-1 e_B. */
static void
solve_basis(QrVertex *vertex)
{
	const QrRows *rows = vertex->rows;
	int			p = rows->p;
	double	   *change = vertex->scratch;
	double		last = HUGE_VAL;
	double		size = 0;

	memset(vertex->b, 0, sizeof(double) * (size_t) p);
	memset(vertex->b_low, 0, sizeof(double) * (size_t) p);
	for (int round = 0; round < REFINEMENTS && last > 0; round++)
	{
		double		moved = 0;

		memset(change, 0, sizeof(double) * (size_t) p);
		for (int j = 0; j < p; j++)
		{
			int64_t		i = vertex->basis[j];
			double		left = qr_exact_residual(rows->x + i * rows->ld, vertex->b, vertex->b_low, p, rows->y[i]);

			for (int k = 0; k < p && left != 0; k++)
				change[k] += left * vertex->dirs[(int64_t) j * p + k];
		}
		for (int k = 0; k < p; k++)
			moved = fabs(change[k]) > moved ? fabs(change[k]) : moved;
		if (!(moved < last / 2))
			break;
		for (int k = 0; k < p; k++)
		{
			double		low = vertex->b_low[k] + change[k];
			double		high = vertex->b[k] + low;
			double		back = high - vertex->b[k];

			vertex->b_low[k] = (vertex->b[k] - (high - back)) + (low - back);
			vertex->b[k] = high;
		}
		qr_tick(vertex->fit, (int64_t) 25 * p * p);
		last = moved;
	}
	memset(vertex->c, 0, sizeof(double) * (size_t) p);
	for (int k = 0; k < p; k++)
	{
		double		sum = 0;

		for (int j = 0; j < p; j++)
		{
			const double d = vertex->dirs[(int64_t) j * p + k];

			sum += fabs(d * rows->y[vertex->basis[j]]);
			vertex->c[k] += perturbation(rows, vertex->basis[j]) * d;
		}
		size = sum > size ? sum : size;
	}
	for (int k = 0; k < p; k++)
		if (fabs(vertex->b[k]) <= QR_ZERO * size + QR_TINY)
			vertex->b[k] = vertex->b_low[k] = 0;	/* what refinement has left of a zero */
}

/* Inverts the basis and solves for b and c; false when it is singular. */
bool
qr_vertex_solve(QrVertex *vertex)
{
	if (!invert_basis(vertex))
		return false;
	solve_basis(vertex);
	return true;
}

static void
gradient_block(void *argument, int64_t first, int64_t last, double *partial)
{
	QrVertex   *vertex = argument;
	const QrRows *rows = vertex->rows;
	int			p = rows->p;

	qr_multiply(rows->x + first * rows->ld, rows->ld, p, last - first, vertex->b, vertex->r + first);
	for (int64_t at = first; at < last; at += STRIP)
	{
		int64_t		count = last - at < STRIP ? last - at : STRIP;
		double		weights[STRIP];

		for (int64_t k = 0; k < count; k++)
		{
			int64_t		i = at + k;
			double		r = rows->y[i] - vertex->r[i];

			if (vertex->sign[i] == 0)
				r = 0;
			else if (fabs(r) < vertex->coarse)
				r = qr_exact_residual(rows->x + i * rows->ld, vertex->b, vertex->b_low, p, rows->y[i]);
			if (vertex->sign[i] != 0)
				vertex->sign[i] = r != 0 ? (r > 0 ? 1 : -1) : (perturbed_residual(vertex, i) >= 0 ? 1 : -1);
			vertex->r[i] = r;
			weights[k] = psi(vertex, i);
			partial[p] += weights[k] * r;
			partial[p + 1] += rows->w[i] * fabs(rows->y[i]);
			partial[p + 2] += rows->w[i] * rows->w[i];
		}
		qr_multiply_t(rows->x + at * rows->ld, rows->ld, p, count, weights, partial);
	}
}

/* Everything from the basis anew; false when the basis is singular. */
bool
qr_vertex_refresh(QrVertex *vertex)
{
	const QrRows *rows = vertex->rows;
	int			p = rows->p;
	double	   *total = vertex->matrix;	/* 2 p^2 + 3 places */

	if (!qr_vertex_solve(vertex))
		return false;
	vertex->coarse = 1;
	for (int k = 0; k < p; k++)
		vertex->coarse += fabs(vertex->b[k]);
	vertex->coarse *= QR_COARSE;
	memset(vertex->sign, 1, (size_t) rows->m);
	for (int j = 0; j < p; j++)
		vertex->sign[vertex->basis[j]] = 0;
	qr_for_blocks(vertex->fit, rows->m, rows->ld * 3, gradient_block, vertex, p + 3, 0, total);
	memcpy(vertex->g, total, sizeof(double) * (size_t) p);
	vertex->objective = total[p];
	vertex->size = total[p + 1];
	vertex->noise = 8 * DBL_EPSILON * sqrt(total[p + 2]);
	return true;
}

/*
 * The basis with the smallest scores (destroyed): independent by a wide margin
 * if possible.  The rows have full column rank, so some margin works.
 */
void
qr_vertex_start(QrVertex *vertex, double *score)
{
	QrRows	   *rows = vertex->rows;
	QrFit	   *fit = vertex->fit;
	int			p = rows->p;
	int64_t		n = rows->m;
	int64_t		left = n;
	int64_t		count = 0;
	int64_t		goal = 4 * (int64_t) p + 16;
	double		threshold = 1e-6;

	for (int64_t i = 0; i < n; i++)
		vertex->index[i] = i;
	qr_heap_build(score, vertex->index, n);
	for (;;)
	{
		while (count < n && count < goal)
		{
			vertex->tie[count++] = qr_heap_pop(score, vertex->index, &left);
			qr_tick(fit, 16);
		}
		if (take_basis(vertex, vertex->tie, count, threshold) && qr_vertex_refresh(vertex))
			return;
		if (count < n)
			goal = 8 * count;
		else if (threshold > 0)
			threshold = threshold > 1e-14 ? threshold * 1e-4 : 0;
		else
			/* the columns were found independent, but in double no set of rows says so: 1e300 beside 1 */
			mlpg_raise(fit->host, MLPG_DATA_EXCEPTION,
					   mlpg_text(fit->host, "No %d rows of %lld determine the coefficients in double precision.", p, (long long) n),
					   "Express very large or very small columns in other units.",
					   "values are too far apart in size to fit a quantile");
	}
}

/* What a dual value may pass its bound by, for the edge j. */
static double
dual_tolerance(const QrVertex *vertex, int j)
{
	int			p = vertex->rows->p;
	const double *d = vertex->dirs + (int64_t) j * p;
	double		error = 0;

	for (int k = 0; k < p; k++)
		error += (64 * DBL_EPSILON * fabs(vertex->g[k]) + vertex->noise) * fabs(d[k]);
	return DUAL_TOLERANCE * vertex->rows->w[vertex->basis[j]] + error;
}

/* How fast the loss falls along +d_j (positive when it does) and -d_j; sets the dual value. */
static void
edge_rates(QrVertex *vertex, int j, double *plus, double *minus)
{
	int			p = vertex->rows->p;
	const double *d = vertex->dirs + (int64_t) j * p;
	double		w = vertex->rows->w[vertex->basis[j]];
	double		a = 0;

	for (int k = 0; k < p; k++)
		a -= vertex->g[k] * d[k];
	vertex->dual[j] = a;
	*plus = (vertex->fit->tau - 1) * w - a;
	*minus = a - vertex->fit->tau * w;
}

/* The edge to leave by: its position, and in *direction +1 or -1; -1 when the vertex is optimal. */
static int
choose_edge(QrVertex *vertex, double *direction, double *rate)
{
	int			p = vertex->rows->p;
	double		best = 0;
	int			chosen = -1;

	for (int j = 0; j < p; j++)
	{
		const double *d = vertex->dirs + (int64_t) j * p;
		double		norm2 = 0,
					plus,
					minus,
					excess;

		edge_rates(vertex, j, &plus, &minus);
		excess = plus > minus ? plus : minus;
		if (!(excess > 0 && excess > dual_tolerance(vertex, j)))
			continue;
		for (int k = 0; k < p; k++)
			norm2 += d[k] * d[k];
		if (excess * excess > best * norm2)
		{
			best = excess * excess / norm2;
			chosen = j;
			*direction = plus > minus ? 1 : -1;
			*rate = -excess;
		}
	}
	return chosen;
}

/* Whether the loss neither falls nor rises along direction * d_j of an optimal vertex. */
bool
qr_vertex_flat(QrVertex *vertex, int j, double direction)
{
	double		plus,
				minus;

	edge_rates(vertex, j, &plus, &minus);
	return (direction > 0 ? plus : minus) >= -dual_tolerance(vertex, j);
}

static void
edge_block(void *argument, int64_t first, int64_t last, double *partial)
{
	QrVertex   *vertex = argument;
	const QrRows *rows = vertex->rows;

	qr_multiply(rows->x + first * rows->ld, rows->ld, rows->p, last - first, vertex->scratch, vertex->z + first);
}

static void
swap_breaks(QrVertex *vertex, int64_t i, int64_t j)
{
	double		t = vertex->key[i];
	int64_t		u = vertex->index[i];

	vertex->key[i] = vertex->key[j];
	vertex->key[j] = t;
	t = vertex->slope[i];
	vertex->slope[i] = vertex->slope[j];
	vertex->slope[j] = t;
	vertex->index[i] = vertex->index[j];
	vertex->index[j] = u;
}

/*
 * The smallest breakpoint at which the slope, rate at first, is no longer
 * negative (weighted selection by three-way partition).  False when all of
 * them together do not turn the slope: rounding, as the loss is bounded.  The
 * sums of a part and of its parts may differ by rounding; then the last
 * breakpoint below the bound found is the one.
 */
static bool
select_break(QrVertex *vertex, int64_t n, double rate, double *step)
{
	int64_t		low = 0,
				high = n;
	bool		bounded = false;

	while (low < high)
	{
		double		a = vertex->key[low],
					b = vertex->key[low + (high - low) / 2],
					c = vertex->key[high - 1];
		double		pivot = a < b ? (b < c ? b : (a < c ? c : a)) : (a < c ? a : (b < c ? c : b));
		int64_t		less = low,
					at = low,
					more = high;
		double		sum_less = 0,
					sum_equal = 0;

		while (at < more)
		{
			if (vertex->key[at] < pivot)
			{
				sum_less += vertex->slope[at];
				swap_breaks(vertex, less++, at++);
			}
			else if (vertex->key[at] > pivot)
				swap_breaks(vertex, at, --more);
			else
				sum_equal += vertex->slope[at++];
		}
		if (rate + sum_less >= 0)
		{
			high = less;
			bounded = true;
			continue;
		}
		*step = pivot;
		if (rate + sum_less + sum_equal >= 0)
			return true;
		rate += sum_less + sum_equal;
		low = more;
	}
	return bounded;
}

/* A non-basic row goes over to the other side. */
static void
flip_row(QrVertex *vertex, int64_t i)
{
	const QrRows *rows = vertex->rows;
	const double *x = rows->x + i * rows->ld;
	double		change = -vertex->sign[i] * rows->w[i];

	for (int k = 0; k < rows->p; k++)
		vertex->g[k] += change * x[k];
	vertex->sign[i] = (int8_t) -vertex->sign[i];
}

/* Whether the breakpoint at key may be the one at step, but for rounding in z. */
static bool
meets(const QrVertex *vertex, int64_t i, double key, double step)
{
	const QrRows *rows = vertex->rows;
	const double *x = rows->x + i * rows->ld;
	double		size = 0;

	if (!(fabs(key - step) <= 1e-7 * step))
		return false;
	for (int k = 0; k < rows->p; k++)
		size += fabs(x[k] * vertex->scratch[k]);
	return fabs((key - step) * vertex->z[i]) <= 8 * DBL_EPSILON * (fabs(vertex->r[i]) + step * size);
}

/*
 * Among the rows that meet at step, the one that the perturbation makes the
 * basic one.  With flip the rows passed before it change sides.  Those that
 * stay at zero are left in vertex->tie; their number goes to *n_ties.
 */
static int64_t
enter_row(QrVertex *vertex, int64_t n, double rate, double direction, double step, bool flip, int64_t *n_ties)
{
	int64_t		ties = 0;
	int64_t		left;

	for (int64_t k = 0; k < n; k++)
	{
		int64_t		i = vertex->index[k];

		if (vertex->key[k] == step || meets(vertex, i, vertex->key[k], step))
			vertex->tie[ties++] = i;
		else if (vertex->key[k] < step)
		{
			rate += vertex->slope[k];
			if (flip)
				flip_row(vertex, i);
		}
	}
	*n_ties = ties;
	if (ties == 1)
		return vertex->tie[0];
	for (int64_t k = 0; k < ties; k++)
	{
		vertex->index[k] = vertex->tie[k];
		vertex->key[k] = perturbed_residual(vertex, vertex->tie[k]) / (direction * vertex->z[vertex->tie[k]]);
	}
	qr_heap_build(vertex->key, vertex->index, ties);
	for (left = ties;;)
	{
		int64_t		i = qr_heap_pop(vertex->key, vertex->index, &left);

		rate += vertex->rows->w[i] * fabs(vertex->z[i]);
		if (rate >= 0 || left == 0)
			return i;
		if (flip)
			flip_row(vertex, i);
	}
}

/* Row entering takes the place of basis row j after a move by step along direction * d_j. */
static void
exchange(QrVertex *vertex, int j, int64_t entering, double direction, double step, int64_t ties)
{
	const QrRows *rows = vertex->rows;
	int			p = rows->p;
	int64_t		leaving = vertex->basis[j];
	const double *x = rows->x + entering * rows->ld;
	double	   *d = vertex->dirs + (int64_t) j * p;
	double		pivot = vertex->z[entering];
	double		along = direction * step;
	double		perturbed = perturbed_residual(vertex, entering) / pivot;
	double		out,
				in = psi(vertex, entering);

	for (int k = 0; k < p; k++)
	{
		vertex->b[k] += along * d[k];
		vertex->c[k] += perturbed * d[k];
	}
	if (step != 0)
		for (int64_t i = 0; i < rows->m; i++)
			vertex->r[i] -= along * vertex->z[i];
	for (int64_t k = 0; k < ties; k++)
		vertex->r[vertex->tie[k]] = 0;
	vertex->r[leaving] = -along;
	vertex->sign[leaving] = direction > 0 ? -1 : 1;
	vertex->sign[entering] = 0;
	out = psi(vertex, leaving);
	for (int k = 0; k < p; k++)
		vertex->g[k] += out * rows->x[leaving * rows->ld + k] - in * x[k];
	vertex->basis[j] = entering;
	for (int k = 0; k < p; k++)
		d[k] /= pivot;
	for (int i = 0; i < p; i++)
	{
		double	   *other = vertex->dirs + (int64_t) i * p;
		double		factor = 0;

		if (i == j)
			continue;
		for (int k = 0; k < p; k++)
			factor += x[k] * other[k];
		for (int k = 0; k < p; k++)
			other[k] -= factor * d[k];
	}
}

/* z = X d_j for the edge, and the breakpoints along it; their number. */
static int64_t
find_breaks(QrVertex *vertex, int j, double direction)
{
	const QrRows *rows = vertex->rows;
	int			p = rows->p;
	const double *d = vertex->dirs + (int64_t) j * p;
	double		size = 0;
	int64_t		n = 0;

	for (int k = 0; k < p; k++)
	{
		vertex->scratch[k] = d[k];
		size = fabs(d[k]) > size ? fabs(d[k]) : size;
	}
	if (rows->m * rows->ld > PARALLEL_WORK)
		qr_for_blocks(vertex->fit, rows->m, rows->ld, edge_block, vertex, 0, 0, NULL);
	else
		edge_block(vertex, 0, rows->m, NULL);
	for (int64_t i = 0; i < rows->m; i++)
	{
		double		sz = direction * vertex->z[i];

		if (sz * vertex->sign[i] > 1e-12 * size)
		{
			vertex->key[n] = vertex->r[i] / sz;
			vertex->slope[n] = rows->w[i] * fabs(sz);
			vertex->index[n++] = i;
		}
	}
	return n;
}

/* One step of the simplex method along edge j; false when rounding leaves no breakpoint. */
static bool
walk_edge(QrVertex *vertex, int j, double direction, double rate, bool *doubtful)
{
	const QrRows *rows = vertex->rows;
	int64_t		n = find_breaks(vertex, j, direction);
	int64_t		entering,
				ties;
	double		step = 0,
				largest = 0;

	if (!select_break(vertex, n, rate, &step))
		return false;
	entering = enter_row(vertex, n, rate, direction, step, true, &ties);
	for (int k = 0; k < rows->p; k++)
		largest = fabs(vertex->scratch[k]) > largest ? fabs(vertex->scratch[k]) : largest;
	*doubtful = fabs(vertex->z[entering]) < 1e-7 * largest;
	exchange(vertex, j, entering, direction, step, ties);
	vertex->fit->pivots++;
	qr_tick(vertex->fit, rows->m * (rows->ld + 8) + (int64_t) 2 * rows->p * rows->p);
	return true;
}

/*
 * The row that would take the place of basis row j at the end of a flat edge,
 * or -1; *moved: the coefficients would change.  The vertex stays as it is.
 */
int64_t
qr_vertex_neighbour(QrVertex *vertex, int j, double direction, bool *moved)
{
	int64_t		n = find_breaks(vertex, j, direction);
	int64_t		ties;
	double		step = 0;

	qr_tick(vertex->fit, vertex->rows->m * (vertex->rows->ld + 8));
	if (!select_break(vertex, n, -DBL_MIN, &step))
		return -1;
	*moved = step != 0;
	return enter_row(vertex, n, -DBL_MIN, direction, step, false, &ties);
}

/* Starts again from the smallest residuals, after the basis has become singular. */
void
qr_vertex_restart(QrVertex *vertex)
{
	for (int64_t i = 0; i < vertex->rows->m; i++)
		vertex->key[i] = fabs(vertex->r[i]);
	qr_vertex_start(vertex, vertex->key);
}

/* A loss that is only rounding leaves nothing to gain: optimal, with the dual solution zero. */
static void
without_loss(QrVertex *vertex)
{
	vertex->lossless = vertex->objective <= LOSSLESS * vertex->size;
	if (!vertex->lossless)
		return;
	vertex->optimal = true;
	memset(vertex->dual, 0, sizeof(double) * (size_t) vertex->rows->p);
}

/* From a refreshed vertex to an optimal one. */
void
qr_vertex_optimise(QrVertex *vertex)
{
	const QrRows *rows = vertex->rows;
	int64_t		limit = 2000 + 100 * (int64_t) rows->p + 4 * rows->m;
	int64_t		careful = 200 + 20 * (int64_t) rows->p;	/* steps after which every step is exact */
	int			since = 0;

	vertex->optimal = false;
	without_loss(vertex);
	for (int64_t step = 0; step < limit && !vertex->optimal; step++)
	{
		double		direction = 1,
					rate = 0;
		bool		doubtful = false;
		int			j = choose_edge(vertex, &direction, &rate);

		if (j < 0 && since == 0)
		{
			vertex->optimal = true;
			return;
		}
		if (j >= 0)
		{
			if (walk_edge(vertex, j, direction, rate, &doubtful))
				since++;
			else if (since == 0)
				return;
			else
				j = -1;
		}
		if (j < 0 || doubtful || since >= REFRESH || step > careful)
		{
			if (!qr_vertex_refresh(vertex))
				qr_vertex_restart(vertex);
			since = 0;
			without_loss(vertex);
		}
	}
}
