/*-------------------------------------------------------------------------
 *
 * quantile_errors.c
 *	  Standard errors of linear quantile regression.
 *
 * With f_i the density of the error of row i at its quantile, the coefficients are
 * asymptotically normal with covariance
 *
 *	 tau (1 - tau) (sum f_i x_i x_i')^-1 (sum x_i x_i') (sum f_i x_i x_i')^-1
 *
 * (Koenker, "Quantile Regression", 2005, 3.2 and 4.2).  Three ways:
 *
 *	 iid		all f_i are one f: the sparsity 1 / f is the slope of the residuals around
 *				zero over their share (Koenker and Bassett 1982), the slope by the median
 *				regression that R's quantreg takes;
 *	 nid		f_i = 2 h / (x_i'(b(tau + h) - b(tau - h))), two more fits (Hendricks and
 *				Koenker 1992).  A row whose difference is not positive has f_i = 0;
 *	 bootstrap	the standard deviation of the coefficients over samples of as many
 *				rows, drawn with replacement (xy-pairs).
 *
 * h is the bandwidth of Hall and Sheather (1988) at 95 %, halved until tau - h and
 * tau + h are levels.  All as summary.rq of R's quantreg, but for its absolute
 * tolerance of 1.5e-8, which here is relative to the mean absolute residual.
 *
 * Weights multiply rows and targets, since w rho(r) = rho(w r): with weights that are
 * not frequencies the formula is the robust one.  Rows of weight 0 count for nothing.
 * A bootstrap sample is the same rows with the weights times how often they were drawn.
 *
 * Cost: iid one pass over terms^2 / 2 and a selection; nid two fits and two such
 * passes; bootstrap one fit a sample.  Memory: 8 to 24 bytes a row.  Determinism:
 * order-fixed; the samples depend on the seed and the order of the rows alone.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/quantile_errors.h"

#include "core/math/crossprod.h"
#include "core/math/ddsolve.h"
#include "core/math/dist.h"
#include "core/math/sort.h"
#include "core/matrix/sample.h"

#define EPSILON 0x1p-26			/* residuals below this share of the mean are zero */
#define RANK_TOLERANCE 1e-24
#define PIECE_ROWS 4096			/* depends on nothing, so that sums do not */

typedef struct Errors
{
	MlpgHost   *host;
	const MlpgQuantregProblem *problem;
	const MlpgQuantregResult *result;
	double		tau;
	int64_t		n;				/* rows of weight above 0 */
	int			p;				/* columns kept */
	int		   *column;			/* p */
	double	   *residual;		/* by row, weighted */
	double		tolerance;		/* of residuals */
} Errors;

static inline double
weight_of(const Errors *e, int64_t row)
{
	return e->problem->w ? e->problem->w[row] : 1;
}

static inline double
fitted(const Errors *e, int64_t row, const double *b)
{
	const double *x = e->problem->x + row * e->problem->ldx;
	double		sum = 0;

	for (int k = 0; k < e->p; k++)
		sum += x[e->column[k]] * b[e->column[k]];
	return sum;
}

static void
start(MlpgHost *host, const MlpgQuantregProblem *problem, double tau, const MlpgQuantregResult *result, Errors *e)
{
	double		sum = 0;

	memset(e, 0, sizeof(*e));
	e->host = host;
	e->problem = problem;
	e->result = result;
	e->tau = tau;
	e->column = mlpg_allocate(host, (size_t) problem->p, sizeof(int));
	for (int j = 0; j < problem->p; j++)
		if (!result->dropped[j])
			e->column[e->p++] = j;
	e->residual = mlpg_allocate(host, (size_t) problem->n, sizeof(double));
	for (int64_t i = 0; i < problem->n; i++)
	{
		double		w = weight_of(e, i);

		if (w > 0)
		{
			e->n++;
			e->residual[i] = w * (problem->y[i] - fitted(e, i, result->coefficients));
			sum += fabs(e->residual[i]);
		}
		if (i % 8192 == 0)
			mlpg_check(host, "standard errors", i, problem->n);
	}
	e->tolerance = EPSILON * sum / (double) (e->n > 0 ? e->n : 1);
}

/* Hall and Sheather's. */
static double
bandwidth(double tau, int64_t n)
{
	double		z = mlpg_student_quantile(tau, INFINITY);
	double		density = exp(-z * z / 2) / sqrt(2 * 3.14159265358979323846);

	return cbrt(1 / (double) n) * cbrt(1.959963984540054 * 1.959963984540054) * cbrt(1.5 * density * density / (2 * z * z + 1));
}

/* ---------- cross-products ---------- */

/* Powers of two above the kept columns, each row times its factor (NULL: its weight). */
static int *
column_exponents(const Errors *e, const double *factor)
{
	int		   *exponent = mlpg_allocate(e->host, (size_t) e->p + 1, sizeof(int));
	double	   *greatest = mlpg_allocate(e->host, (size_t) e->p + 1, sizeof(double));

	for (int64_t i = 0; i < e->problem->n; i++)
	{
		const double *x = e->problem->x + i * e->problem->ldx;
		double		f = factor ? factor[i] : weight_of(e, i);

		for (int k = 0; k < e->p; k++)
			greatest[k] = fmax(greatest[k], fabs(x[e->column[k]] * f));
		if (i % 8192 == 0)
			mlpg_check(e->host, "standard errors", i, e->problem->n);
	}
	for (int k = 0; k < e->p; k++)
		(void) frexp(greatest[k], &exponent[k]);
	mlpg_release(e->host, greatest);
	return exponent;
}

/*
 * W with W W' the inverse of the cross-products of the kept columns, rows times their
 * factors, columns over 2^exponent; NULL if these have not full rank.  diagonal: of that inverse.
 */
static MlpgDdMatrix *
inverse_triangle(const Errors *e, const double *factor, const int *exponent, double *diagonal)
{
	MlpgHost   *host = e->host;
	int			p = e->p,
				stride = mlpg_crossprod_stride(p);
	double	   *z = mlpg_allocate(host, MLPG_CROSSPROD_ROWS * (size_t) stride, sizeof(double));
	double	   *hi = mlpg_allocate(host, 2 * (size_t) p * (size_t) stride, sizeof(double));
	double	   *tolerance = mlpg_allocate(host, (size_t) p, sizeof(double));
	bool	   *dropped = mlpg_allocate(host, (size_t) p, sizeof(bool));
	int		   *zero = mlpg_allocate(host, (size_t) p, sizeof(int));	/* they are divided already */
	MlpgDdMatrix *a = mlpg_ddmatrix_create(host, p);
	MlpgDdMatrix *w = NULL;
	MlpgCrossprod total;

	mlpg_crossprod_init(host, &total, p);
	for (int64_t first = 0; first < e->problem->n; first += MLPG_CROSSPROD_ROWS)
	{
		int			m = e->problem->n - first < MLPG_CROSSPROD_ROWS ? (int) (e->problem->n - first) : MLPG_CROSSPROD_ROWS;

		for (int i = 0; i < m; i++)
		{
			const double *x = e->problem->x + (first + i) * e->problem->ldx;
			double		f = factor ? factor[first + i] : weight_of(e, first + i);

			for (int k = 0; k < p; k++)
				z[(size_t) i * (size_t) stride + (size_t) k] = ldexp(x[e->column[k]] * f, -exponent[k]);
		}
		mlpg_crossprod_block(z, m, p, stride, hi, hi + (size_t) p * (size_t) stride);
		mlpg_crossprod_add_block(&total, zero, stride, hi, hi + (size_t) p * (size_t) stride);
		mlpg_check(host, "standard errors", first, e->problem->n);
	}
	for (int i = 0; i < p; i++)
	{
		for (int j = i; j < p; j++)
			mlpg_ddmatrix_set(a, i, j, mlpg_crossprod_get(&total, i, j));
		tolerance[i] = RANK_TOLERANCE * mlpg_dd_value(mlpg_ddmatrix_get(a, i, i));
	}
	if (mlpg_ddmatrix_cholesky(host, a, p, tolerance, dropped) == p)
		w = mlpg_ddmatrix_inverse(host, a, p, dropped, diagonal);
	mlpg_ddmatrix_release(host, a);
	mlpg_release(host, z);
	mlpg_release(host, hi);
	return w;
}

/* ---------- iid ---------- */

static int64_t *
by_size(const Errors *e, double *size)
{
	int64_t    *order = mlpg_allocate(e->host, (size_t) e->n + 1, sizeof(int64_t));
	int64_t		n = 0;

	for (int64_t i = 0; i < e->problem->n; i++)
		if (weight_of(e, i) > 0)
		{
			size[n] = fabs(e->residual[i]);
			order[n++] = i;
		}
	mlpg_sort(e->host, size, order, n);
	return order;
}

/* Slope of the residuals nearest to zero, in their order, over their share; NaN if there are too few. */
static double
sparsity(const Errors *e)
{
	MlpgHost   *host = e->host;
	double	   *size = mlpg_allocate(host, (size_t) e->n + 1, sizeof(double));
	int64_t    *order = by_size(e, size);
	int64_t		n_zero = 0,
				first,
				n;
	double	   *near,
			   *x;
	MlpgQuantregProblem line = {.p = 2, .ldx = 2};
	MlpgQuantregResult solution = {0};
	double		slope = NAN;

	while (n_zero < e->n && size[n_zero] <= e->tolerance)
		n_zero++;
	first = n_zero;
	n = (int64_t) fmax(e->p + 1, ceil((double) e->n * bandwidth(e->tau, e->n))) + 1;
	n = n < e->n - first ? n : e->n - first;
	near = mlpg_allocate(host, (size_t) (n > 0 ? n : 0) + 1, sizeof(double));
	x = mlpg_allocate(host, 2 * (size_t) (n > 0 ? n : 0) + 1, sizeof(double));
	for (int64_t i = 0; i < n; i++)
	{
		near[i] = e->residual[order[first + i]];
		x[2 * i] = 1;
		x[2 * i + 1] = (double) (first + i + 1) / (double) (e->n - e->p);
	}
	if (n > 2)
	{
		mlpg_sort(host, near, NULL, n);
		line.n = n;
		line.x = x;
		line.y = near;
		mlpg_quantreg_solve(host, &line, 0.5, &solution);
		slope = solution.coefficients[1];
		mlpg_quantreg_release(host, &solution);
	}
	mlpg_release(host, near);
	mlpg_release(host, x);
	mlpg_release(host, order);
	mlpg_release(host, size);
	return slope;
}

static void
errors_iid(const Errors *e, double *std_error)
{
	double	   *diagonal = mlpg_allocate(e->host, (size_t) e->p, sizeof(double));
	int		   *exponent = column_exponents(e, NULL);
	double		scale = sparsity(e) * sqrt(e->tau * (1 - e->tau));

	if (inverse_triangle(e, NULL, exponent, diagonal) == NULL)
		return;
	for (int k = 0; k < e->p; k++)
		std_error[e->column[k]] = ldexp(scale * sqrt(diagonal[k]), -exponent[k]);
}

/* ---------- nid ---------- */

/* Square roots of the densities times the weights: what a row of the inner cross-products is multiplied by. */
static double *
density_factors(const Errors *e, int64_t *n_flat)
{
	MlpgHost   *host = e->host;
	double	   *factor = mlpg_allocate(host, (size_t) e->problem->n + 1, sizeof(double));
	double	   *difference = mlpg_allocate(host, (size_t) e->problem->p, sizeof(double));
	double		h = bandwidth(e->tau, e->n);
	MlpgQuantregResult high = {0},
				low = {0};

	while (e->tau - h < 0 || e->tau + h > 1)
		h /= 2;
	mlpg_quantreg_solve(host, e->problem, e->tau + h, &high);
	mlpg_quantreg_solve(host, e->problem, e->tau - h, &low);
	for (int j = 0; j < e->problem->p; j++)
		difference[j] = high.coefficients[j] - low.coefficients[j];
	for (int64_t i = 0; i < e->problem->n; i++)
	{
		double		w = weight_of(e, i);
		double		rise = w * fitted(e, i, difference);

		if (w > 0 && rise > e->tolerance)
			factor[i] = w * sqrt(2 * h / rise);
		else if (w > 0)
			++*n_flat;
	}
	mlpg_quantreg_release(host, &high);
	mlpg_quantreg_release(host, &low);
	mlpg_release(host, difference);
	return factor;
}

typedef struct Sandwich
{
	const Errors *e;
	const double *w;			/* upper triangle p x p, of the inner inverse */
	const int  *exponent;
	double	   *scratch;		/* 2 p a thread */
	double	   *sum;			/* p a piece */
} Sandwich;

/* Adds up the squares of (W W') x: the diagonal of the product of three matrices, none of which is formed. */
static void
sandwich_piece(MlpgTask *task, int index, void *argument)
{
	Sandwich   *s = argument;
	const Errors *e = s->e;
	int			p = e->p;
	double	   *z = s->scratch + 2 * (size_t) task->thread * (size_t) p,
			   *u = z + p,
			   *sum = s->sum + (size_t) index * (size_t) p;
	int64_t		first = (int64_t) index * PIECE_ROWS,
				last = first + PIECE_ROWS < e->problem->n ? first + PIECE_ROWS : e->problem->n;

	for (int64_t i = first; i < last && !atomic_load_explicit(task->stop, memory_order_relaxed); i++)
	{
		const double *x = e->problem->x + i * e->problem->ldx;
		double		weight = weight_of(e, i);

		memset(u, 0, (size_t) p * sizeof(double));
		for (int k = 0; k < p; k++)
		{
			z[k] = ldexp(x[e->column[k]] * weight, -s->exponent[k]);
			for (int j = k; j < p; j++)
				u[j] += s->w[(size_t) k * (size_t) p + (size_t) j] * z[k];
		}
		for (int k = 0; k < p; k++)
		{
			double		v = 0;

			for (int j = k; j < p; j++)
				v += s->w[(size_t) k * (size_t) p + (size_t) j] * u[j];
			sum[k] += v * v;
		}
	}
}

static void
errors_nid(const Errors *e, MlpgQuantileErrorsFound *found)
{
	MlpgHost   *host = e->host;
	int			p = e->p;
	int			n_pieces = (int) ((e->problem->n + PIECE_ROWS - 1) / PIECE_ROWS);
	double	   *factor = density_factors(e, &found->n_flat);
	int		   *exponent = column_exponents(e, factor);
	double	   *diagonal = mlpg_allocate(host, (size_t) p, sizeof(double));
	MlpgDdMatrix *w = inverse_triangle(e, factor, exponent, diagonal);
	Sandwich   *s = mlpg_allocate(host, 1, sizeof(Sandwich));

	mlpg_release(host, factor);
	if (w == NULL)
		return;
	s->e = e;
	s->w = w->hi;
	s->exponent = exponent;
	s->scratch = mlpg_allocate(host, 2 * (size_t) host->n_threads * (size_t) p, sizeof(double));
	s->sum = mlpg_allocate(host, (size_t) n_pieces * (size_t) p, sizeof(double));
	host->parallel_for(host, n_pieces, sandwich_piece, s);
	for (int k = 0; k < p; k++)
	{
		double		sum = 0;

		for (int i = 0; i < n_pieces; i++)
			sum += s->sum[(size_t) i * (size_t) p + (size_t) k];
		found->std_error[e->column[k]] = ldexp(sqrt(e->tau * (1 - e->tau) * sum), -exponent[k]);
	}
	mlpg_ddmatrix_release(host, w);
	mlpg_release(host, s->sum);
}

/* ---------- bootstrap ---------- */

/* Weights of a sample: those of the rows, as often as they are drawn. */
static void
draw_sample(const Errors *e, uint64_t seed, int64_t *row, double *w)
{
	uint64_t	state = mlpg_sample_mix(seed);

	memset(w, 0, (size_t) e->problem->n * sizeof(double));
	for (int64_t i = 0; i < e->n; i++)
	{
		uint64_t	draw = mlpg_sample_mix(state += UINT64_C(0x9E3779B97F4A7C15));
		int64_t		at = row[(int64_t) (((unsigned __int128) draw * (uint64_t) e->n) >> 64)];

		w[at] += weight_of(e, at);
	}
}

static bool
same_rank(const Errors *e, const MlpgQuantregResult *sample)
{
	for (int k = 0; k < e->p; k++)
		if (sample->dropped[e->column[k]])
			return false;
	return true;
}

static void
errors_bootstrap(const Errors *e, const MlpgQuantileErrorsAsked *asked, MlpgQuantileErrorsFound *found)
{
	MlpgHost   *host = e->host;
	int			p = e->p;
	double	   *w = mlpg_allocate(host, (size_t) e->problem->n, sizeof(double));
	int64_t    *row = mlpg_allocate(host, (size_t) e->n, sizeof(int64_t));
	double	   *mean = mlpg_allocate(host, 2 * (size_t) p, sizeof(double)),
			   *square = mean + p;
	MlpgQuantregProblem problem = *e->problem;
	int64_t		n = 0;

	for (int64_t i = 0; i < e->problem->n; i++)
		if (weight_of(e, i) > 0)
			row[n++] = i;
	problem.w = w;
	for (int b = 0; b < asked->samples; b++)
	{
		MlpgQuantregResult sample = {0};

		mlpg_check(host, "bootstrap", b, asked->samples);
		draw_sample(e, asked->seed + (uint64_t) b, row, w);
		mlpg_quantreg_solve(host, &problem, e->tau, &sample);
		if (same_rank(e, &sample))
		{
			found->n_samples++;
			for (int k = 0; k < p; k++)
			{
				double		off = sample.coefficients[e->column[k]] - mean[k];

				mean[k] += off / found->n_samples;
				square[k] += off * (sample.coefficients[e->column[k]] - mean[k]);
			}
		}
		mlpg_quantreg_release(host, &sample);
	}
	/* what most samples cannot tell from other terms has no error of its own */
	for (int k = 0; k < p && 2 * found->n_samples >= asked->samples && found->n_samples > 1; k++)
		found->std_error[e->column[k]] = sqrt(square[k] / (found->n_samples - 1));
	mlpg_release(host, w);
	mlpg_release(host, row);
}

void
mlpg_quantile_errors(MlpgHost *host, const MlpgQuantregProblem *problem, double tau, const MlpgQuantregResult *result,
					 const MlpgQuantileErrorsAsked *asked, MlpgQuantileErrorsFound *found)
{
	Errors	   *e = mlpg_allocate(host, 1, sizeof(Errors));	/* not on the stack: tasks see it */

	memset(found, 0, sizeof(*found));
	found->std_error = mlpg_allocate(host, (size_t) problem->p, sizeof(double));
	for (int j = 0; j < problem->p; j++)
		found->std_error[j] = NAN;
	start(host, problem, tau, result, e);
	if (e->n <= e->p || e->p == 0)
		return;
	if (asked->kind == MLPG_ERRORS_IID)
		errors_iid(e, found->std_error);
	else if (asked->kind == MLPG_ERRORS_NID)
		errors_nid(e, found);
	else
		errors_bootstrap(e, asked, found);
	/* a number that is none, or of no size, is not an error */
	for (int j = 0; j < problem->p; j++)
		if (!isfinite(found->std_error[j]) || found->std_error[j] < 0)
			found->std_error[j] = NAN;
	mlpg_release(host, e->residual);
}
