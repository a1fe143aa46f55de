/*-------------------------------------------------------------------------
 *
 * descent.c
 *	  Coordinate descent on a quadratic with an elastic net penalty.
 *
 * Problem.  Minimise g'd + d'Hd/2 + sum_j l1_j |b_j| + l2_j b_j^2 / 2 over b = reference + d.
 *
 * Method.  One term at a time is set to its minimum, the others held,
 *
 *		b_j <- S(h_jj b_j - gradient_j, l1_j) / (h_jj + l2_j),	S(z, t) = sign(z) max(|z| - t, 0)
 *
 * over and over (Fu 1998; Friedman, Hastie and Tibshirani 2010).  Convergence is
 * linear, its rate set by how alike the terms are.  Two ways to keep the gradient:
 *
 *	 gram		H is at hand; a term that moves by d adds d times its row of H to the gradient
 *				of all ("covariance updates").  n_terms operations a move, whatever the rows.
 *	 columns	u = -gradient by row is kept; the gradient of a term is -x_j'u, and a move takes
 *				v x_j d from u ("naive updates").  As many operations as the column has
 *				entries.  Sweeps over the terms that are not zero alternate with sweeps over
 *				all; the last one is over all.
 *
 * The intercept is eliminated, not swept: with V = H_00 and m_j = H_0j / V it is
 * always at its minimum when d_0 = -(g_0 / V + sum_j m_j d_j), and what remains is a quadratic with
 * h_jk - V m_j m_k.  A sweep over the intercept would crawl where levels of a category add up to it.  By
 * columns, x_j - m_j must not become dense: u is held as u + c v, and c moves by m_j d.
 *
 * Determinism: one thread, fixed order.  No NaN comes here.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/descent.h"

#define CHECK_WORK 1000000		/* operations between calls of mlpg_check */

static inline double
soft(double z, double threshold)
{
	return z > threshold ? z - threshold : z < -threshold ? z + threshold : 0;
}

/* Counts work and lets the host look in from time to time. */
static inline void
worked(MlpgHost *host, int64_t *work, int64_t more)
{
	*work += more;
	if (*work >= CHECK_WORK)
	{
		mlpg_check(host, NULL, 0, 0);
		*work = 0;
	}
}

/* ---------- gram ---------- */

void
mlpg_gram_prepare(MlpgGram *gram)
{
	size_t		lda = (size_t) gram->lda;
	int			n = gram->n_terms;

	for (int i = 0; i < n; i++)
		for (int j = 0; j < i; j++)
			gram->h[(size_t) j * lda + (size_t) i] = gram->h[(size_t) i * lda + (size_t) j];
	memset(gram->center, 0, (size_t) n * sizeof(double));
	gram->weight = gram->intercept ? gram->h[0] : 0;
	if (!(gram->weight > 0))
		return;
	for (int j = 1; j < n; j++)
		gram->center[j] = gram->h[j] / gram->weight;
	for (int i = 1; i < n; i++)
		for (int j = 1; j < n; j++)
			gram->h[(size_t) i * lda + (size_t) j] -= gram->weight * gram->center[i] * gram->center[j];
}

/* gradient += step * row of H */
static void
add_row(double *gradient, const double *h, double step, int n)
{
	for (int j = 0; j < n; j++)
		gradient[j] += step * h[j];
}

static double
sweep_gram(const MlpgQuadratic *q, const MlpgGram *gram, double *b, double *gradient)
{
	double		largest = 0;

	for (int j = q->intercept; j < q->n_terms; j++)
	{
		const double *row = gram->h + (size_t) j * (size_t) gram->lda;
		double		h = row[j];

		if (b[j] == 0 && fabs(gradient[j]) <= q->l1[j])
			continue;
		if (!(h > 0))
			continue;

		double		step = soft(h * b[j] - gradient[j], q->l1[j]) / (h + q->l2[j]) - b[j];

		if (step == 0)
			continue;
		b[j] += step;
		add_row(gradient, row, step, q->n_terms);
		largest = fmax(largest, h * step * step);
	}
	return largest;
}

void
mlpg_descend_gram(MlpgHost *host, const MlpgQuadratic *q, const MlpgGram *gram, double *b, double *work, MlpgDescent *result)
{
	int			n = q->n_terms;
	double		g0 = q->intercept ? q->gradient[0] : 0;
	int64_t		done = 0;

	for (int j = q->intercept; j < n; j++)
		work[j] = q->gradient[j] - gram->center[j] * g0;
	for (int j = q->intercept; j < n; j++)
		if (b[j] != q->reference[j])
			add_row(work, gram->h + (size_t) j * (size_t) gram->lda, b[j] - q->reference[j], n);
	*result = (MlpgDescent) {0};
	while (result->sweeps < q->max_sweeps && !result->converged)
	{
		result->converged = !(sweep_gram(q, gram, b, work) >= q->tolerance);
		result->sweeps++;
		worked(host, &done, (int64_t) n * n);
	}

	if (q->intercept)
	{
		b[0] = q->reference[0] - g0 / gram->weight;
		result->smooth = -0.5 * g0 * g0 / gram->weight;
	}
	for (int j = q->intercept; j < n; j++)
	{
		double		d = b[j] - q->reference[j];

		if (d == 0)
			continue;
		if (q->intercept)
			b[0] -= gram->center[j] * d;
		result->smooth += 0.5 * d * (q->gradient[j] - gram->center[j] * g0 + work[j]);
		result->step = fmax(result->step, gram->h[(size_t) j * (size_t) gram->lda + (size_t) j] * d * d);
	}
	if (q->intercept)
		result->step = fmax(result->step, gram->weight * (b[0] - q->reference[0]) * (b[0] - q->reference[0]));
}

/* ---------- columns ---------- */

/* x'u; four sums, so that additions need not wait for each other. */
static double
column_dot(const MlpgColumn *c, const double *u)
{
	double		sum[4] = {0};
	int64_t		i = 0;

	if (c->row == NULL)
		for (; i + 4 <= c->n; i += 4)
			for (int k = 0; k < 4; k++)
				sum[k] += c->value[i + k] * u[i + k];
	else if (c->value == NULL)
		for (; i + 4 <= c->n; i += 4)
			for (int k = 0; k < 4; k++)
				sum[k] += u[c->row[i + k]];
	else
		for (; i + 4 <= c->n; i += 4)
			for (int k = 0; k < 4; k++)
				sum[k] += c->value[i + k] * u[c->row[i + k]];
	for (; i < c->n; i++)
		sum[0] += (c->value ? c->value[i] : 1) * u[c->row ? c->row[i] : i];
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* u -= step * v x */
static void
column_take(const MlpgColumn *c, const double *v, double step, double *u)
{
	if (c->row == NULL)
		for (int64_t i = 0; i < c->n; i++)
			u[i] -= step * (v[i] * c->value[i]);
	else if (c->value == NULL)
		for (int64_t i = 0; i < c->n; i++)
			u[c->row[i]] -= step * v[c->row[i]];
	else
		for (int64_t i = 0; i < c->n; i++)
			u[c->row[i]] -= step * (v[c->row[i]] * c->value[i]);
}

static double
column_square(const MlpgColumn *c, const double *v)
{
	double		sum = 0;

	for (int64_t i = 0; i < c->n; i++)
	{
		double		x = c->value ? c->value[i] : 1;

		sum += v[c->row ? c->row[i] : i] * x * x;
	}
	return sum;
}

void
mlpg_curvature_measure(MlpgHost *host, MlpgCurvature *curvature, bool intercept, int first)
{
	int64_t		done = 0;

	if (first == 0)
	{
		curvature->weight = 0;
		for (int64_t i = 0; intercept && i < curvature->n_rows; i++)
			curvature->weight += curvature->v[i];
	}
	for (int k = first; k < curvature->n_columns; k++)
	{
		const MlpgColumn *column = &curvature->column[k];

		curvature->square[k] = column_square(column, curvature->v);
		curvature->center[k] = 0;
		if (curvature->weight > 0)
		{
			double		sum = column_dot(column, curvature->v);

			curvature->center[k] = sum / curvature->weight;
			curvature->square[k] -= sum * curvature->center[k];
		}
		worked(host, &done, 3 * column->n);
	}
}

/* What a descent by columns holds on the way. */
typedef struct Walk
{
	MlpgHost   *host;
	const MlpgQuadratic *q;
	const MlpgCurvature *curvature;
	double	   *u;				/* plus shift times v is the negative gradient by row */
	double		shift;
	double	   *b;
	int64_t		done;
} Walk;

static double
column_gradient(const Walk *walk, int k)
{
	const MlpgCurvature *c = walk->curvature;

	return -column_dot(&c->column[k], walk->u) - walk->shift * c->center[k] * c->weight;
}

static double
sweep_columns(Walk *walk, bool all)
{
	const MlpgCurvature *c = walk->curvature;
	double		largest = 0;

	for (int k = 0; k < c->n_columns; k++)
	{
		const MlpgColumn *column = &c->column[k];
		int			j = column->term;
		double		h = c->square[k];

		if ((walk->b[j] == 0 && (!all || isinf(walk->q->l1[j]))) || !(h > 0))
			continue;

		double		z = h * walk->b[j] - column_gradient(walk, k);
		double		step = soft(z, walk->q->l1[j]) / (h + walk->q->l2[j]) - walk->b[j];

		worked(walk->host, &walk->done, column->n);
		if (step == 0)
			continue;
		walk->b[j] += step;
		column_take(column, c->v, step, walk->u);
		walk->shift += c->center[k] * step;
		largest = fmax(largest, h * step * step);
		worked(walk->host, &walk->done, column->n);
	}
	return largest;
}

void
mlpg_descend_columns(MlpgHost *host, const MlpgQuadratic *q, const MlpgCurvature *curvature, double *u, double *b, MlpgDescent *result)
{
	double		g0 = q->intercept ? q->gradient[0] : 0;
	Walk		walk = {.host = host, .q = q, .curvature = curvature, .u = u, .b = b};

	*result = (MlpgDescent) {0};
	if (q->intercept)
	{
		walk.shift = g0 / curvature->weight;
		result->smooth = -0.5 * g0 * walk.shift;
	}
	while (result->sweeps < q->max_sweeps && !result->converged)
	{
		result->converged = !(sweep_columns(&walk, true) >= q->tolerance);
		result->sweeps++;
		while (!result->converged && result->sweeps++ < q->max_sweeps && sweep_columns(&walk, false) >= q->tolerance)
			;
	}
	for (int k = 0; k < curvature->n_columns; k++)
	{
		int			j = curvature->column[k].term;
		double		d = b[j] - q->reference[j];

		if (d == 0)
			continue;
		result->smooth += 0.5 * d * (q->gradient[j] - curvature->center[k] * g0 + column_gradient(&walk, k));
		result->step = fmax(result->step, curvature->square[k] * d * d);
	}
	if (q->intercept)
	{
		b[0] = q->reference[0] - walk.shift;
		result->step = fmax(result->step, curvature->weight * walk.shift * walk.shift);
	}
}
