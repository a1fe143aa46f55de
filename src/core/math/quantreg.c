/*-------------------------------------------------------------------------
 *
 * quantreg.c
 *	  Exact linear quantile regression: the way from rows to a proven vertex.
 *
 * Problem: minimise sum_i w_i rho_tau(y_i - x_i'b), rho_tau(r) = r (tau - [r <
 * 0]) (Koenker and Bassett 1978), a linear program whose optimum is reached at
 * a vertex that interpolates as many rows as the design has rank.
 *
 * Method, by size:
 *	 few rows	the simplex method from a basis near least squares
 *				(quantreg_vertex.c)
 *	 more		Frisch-Newton interior point, then the basis it points at, then
 *				the simplex method to the end (quantreg_ipm.c, quantreg_vertex.c)
 *	 many		a sample, a band around its fit, the rows outside it globbed
 *				into two, that smaller problem as above, a check of every row
 *				(quantreg_large.c)
 * All end the same way: basis solved in twice the precision, signs of all
 * residuals, dual values of the basis within their bounds.  That certificate
 * is the convergence criterion (result->converged); interior point tolerances
 * only decide how near to the end the simplex method starts.
 *
 * Answer.  Where the optimum is unique it does not depend on the path.  Where
 * it is not (a dual value on its bound), result->unique is false and among the
 * optimal vertices that are found by walking the optimal face the one with the
 * lexicographically lowest interpolated rows is taken: see quantreg_face.c.
 * Coefficients are always computed from the lowest-index independent rows that
 * the vertex interpolates, so that a tie cannot change their last bits.
 *
 * Rank: see quantreg_rank.c.  NaN and infinity must not be in the data.
 * Determinism: order-fixed, free of the number of threads.  Memory: where all
 * rows are solved at once, two copies of them and 15 numbers a row; in a large
 * problem that much for about 4 n^(2/3) p^(1/3) rows, and one byte a row.
 *
 *-------------------------------------------------------------------------
 */
#include "core/math/quantreg_internal.h"

#define SIMPLEX_WORK 6000		/* m p up to which the simplex method starts from least squares */
#define GAP 1e-9				/* relative duality gap at which the interior point method hands over */

/* The power of two that brings size into [0.5, 1); 1 for zero. */
static double
power_for(double size)
{
	int			exponent;

	if (size == 0)
		return 1;
	frexp(size, &exponent);
	return ldexp(1, exponent < -1000 ? 1000 : -exponent);
}

/* All columns, unscaled: as before anything is known of the rows. */
void
qr_fit_reset(QrFit *fit)
{
	fit->rank = fit->problem->p;
	for (int j = 0; j < fit->rank; j++)
	{
		fit->column[j] = j;
		fit->column_scale[j] = 1;
	}
	fit->y_scale = 1;
	fit->w_scale = 1;
	fit->zeros_out = 0;
	fit->rounds = 0;
}

static void
begin(QrFit *fit, MlpgHost *host, const MlpgQuantregProblem *problem, double tau)
{
	size_t		p = (size_t) problem->p;

	memset(fit, 0, sizeof(*fit));
	fit->host = host;
	fit->problem = problem;
	fit->tau = tau;
	fit->column = mlpg_allocate(host, p, sizeof(int));
	fit->column_scale = mlpg_allocate(host, p, sizeof(double));
	qr_fit_reset(fit);
}

static void
end(QrFit *fit)
{
	mlpg_release(fit->host, fit->column);
	mlpg_release(fit->host, fit->column_scale);
	mlpg_release(fit->host, fit->factor);
	mlpg_release(fit->host, fit->state);
}

/* Finds the scales of the rows, which hold all columns unscaled, and applies them. */
void
qr_scale_rows(QrFit *fit, QrRows *rows)
{
	double		y_size = 0,
				w_size = 0;

	for (int j = 0; j < rows->p; j++)
		fit->column_scale[j] = 0;
	for (int64_t i = 0; i < rows->m; i++)
	{
		const double *x = rows->x + i * rows->ld;

		for (int j = 0; j < rows->p; j++)
			if (fabs(x[j]) > fit->column_scale[j])
				fit->column_scale[j] = fabs(x[j]);
		if (fabs(rows->y[i]) > y_size)
			y_size = fabs(rows->y[i]);
		if (rows->w[i] > w_size)
			w_size = rows->w[i];
	}
	for (int j = 0; j < rows->p; j++)
		fit->column_scale[j] = power_for(fit->column_scale[j]);
	fit->y_scale = power_for(y_size);
	fit->w_scale = fit->problem->w == NULL ? 1 : power_for(w_size);
	for (int64_t i = 0; i < rows->m; i++)
	{
		double	   *x = rows->x + i * rows->ld;

		for (int j = 0; j < rows->p; j++)
			x[j] *= fit->column_scale[j];
		rows->y[i] *= fit->y_scale;
		rows->w[i] *= fit->w_scale;
	}
	qr_tick(fit, 2 * rows->m * rows->p);
}

/* fit->column: the kept columns in order, then the dropped ones. */
void
qr_keep_columns(QrFit *fit, const bool *dependent, int rank)
{
	int			p = fit->problem->p;
	int			kept = 0,
				dropped = rank;

	for (int j = 0; j < p; j++)
		fit->column[dependent[j] ? dropped++ : kept++] = j;
	fit->rank = rank;
}

/* Scores for a start near least squares: distance of its residuals from their tau-quantile. */
static void
score_least_squares(QrFit *fit, QrRows *rows, QrVertex *vertex)
{
	int			p = rows->p;
	int64_t		m = rows->m;
	int64_t		left = m;
	int64_t		rank = (int64_t) (fit->tau * (double) m);
	double		level = 0;

	memset(vertex->b, 0, sizeof(double) * (size_t) p);
	qr_multiply_t(rows->x, rows->ld, p, m, rows->y, vertex->b);
	qr_cholesky_solve(fit->factor, p, p, vertex->b);
	qr_multiply(rows->x, rows->ld, p, m, vertex->b, vertex->r);
	for (int64_t i = 0; i < m; i++)
	{
		vertex->r[i] = rows->y[i] - vertex->r[i];
		vertex->key[i] = vertex->r[i];
		vertex->index[i] = i;
	}
	qr_heap_build(vertex->key, vertex->index, m);
	for (int64_t k = 0; k <= rank && left > 0; k++)
		level = vertex->r[qr_heap_pop(vertex->key, vertex->index, &left)];
	for (int64_t i = 0; i < m; i++)
		vertex->key[i] = fabs(vertex->r[i] - level);
	qr_tick(fit, 4 * m * p);
}

/* An optimal vertex of the rows; vertex is created. */
void
qr_solve_rows(QrFit *fit, QrRows *rows, QrVertex *vertex)
{
	qr_vertex_create(fit, rows, vertex);
	if (rows->m * rows->p <= SIMPLEX_WORK || rows->m <= 2 * rows->p)
		score_least_squares(fit, rows, vertex);
	else
		qr_interior_point(fit, rows, false, GAP, NULL, vertex->b, vertex->key);
	qr_vertex_start(vertex, vertex->key);
	qr_vertex_optimise(vertex);
	qr_vertex_face(vertex);
}

/* All rows of weight > 0, scaled, with the columns that count. */
static void
gather(QrFit *fit, QrRows *rows)
{
	const MlpgQuantregProblem *problem = fit->problem;
	bool	   *dependent = mlpg_allocate(fit->host, (size_t) problem->p, sizeof(bool));

	qr_rows_create(fit, rows, problem->n, problem->p);
	for (int64_t i = 0; i < problem->n; i++)
	{
		qr_rows_append(fit, rows, i);
		qr_tick(fit, problem->p);
	}
	qr_scale_rows(fit, rows);
	qr_keep_columns(fit, dependent, qr_rank(fit, rows, dependent));
	qr_rows_keep(fit, rows);
	mlpg_release(fit->host, dependent);
}

typedef struct ObjectivePass
{
	const MlpgQuantregProblem *problem;
	const double *b;
	double		tau;
} ObjectivePass;

static void
objective_block(void *argument, int64_t first, int64_t last, double *partial)
{
	ObjectivePass *pass = argument;
	const MlpgQuantregProblem *problem = pass->problem;
	double		fitted[256];

	for (int64_t at = first; at < last; at += 256)
	{
		int			count = last - at < 256 ? (int) (last - at) : 256;
		double		sum = 0;

		qr_multiply(problem->x + at * problem->ldx, problem->ldx, problem->p, count, pass->b, fitted);
		for (int k = 0; k < count; k++)
		{
			double		r = problem->y[at + k] - fitted[k];

			sum += (problem->w == NULL ? 1 : problem->w[at + k]) * r * (r < 0 ? pass->tau - 1 : pass->tau);
		}
		partial[0] += sum;
	}
}

/* The value of a row of the problem in the dual solution. */
static double
dual_value(const QrFit *fit, const QrVertex *vertex, int64_t row)
{
	const QrRows *rows = vertex->rows;
	double		weight = fit->problem->w == NULL ? 1 : fit->problem->w[row];
	bool		above;

	for (int j = 0; j < rows->p; j++)
		if (rows->row[vertex->basis[j]] == row)
			return vertex->dual[j] / fit->w_scale;
	if (vertex->lossless)
		return 0;
	above = fit->state != NULL && fit->state[row] > 0;
	for (int64_t i = 0; i < rows->m; i++)
		if (rows->row[i] == row)
			above = vertex->sign[i] > 0;
	return weight * (above ? fit->tau : fit->tau - 1);
}

/*
 * The coefficients from the lowest rows that the vertex interpolates, into
 * vertex->b, and these rows into result->basis.  If those are too nearly
 * dependent to give the same point, the basis itself stays.
 */
static void
settle(QrFit *fit, QrVertex *vertex, MlpgQuantregResult *result)
{
	const QrRows *rows = vertex->rows;
	int			rank = fit->rank;
	double	   *b = vertex->scratch;
	double		size = 0,
				change = 0;
	bool		found;

	found = fit->zeros_out > 0 ? qr_lowest_of_all(vertex, result->basis) : qr_lowest_rows(vertex, result->basis);
	if (found && qr_solve_exactly(fit, result->basis, b))
	{
		for (int k = 0; k < rank; k++)
		{
			size = fabs(vertex->b[k]) > size ? fabs(vertex->b[k]) : size;
			change = fabs(b[k] - vertex->b[k]) > change ? fabs(b[k] - vertex->b[k]) : change;
		}
		if (change <= 1e-12 * size)
		{
			memcpy(vertex->b, b, sizeof(double) * (size_t) rank);
			return;
		}
	}
	for (int k = 0; k < rank; k++)
	{
		int64_t		row = rows->row[vertex->basis[k]];
		int			at = k;

		for (; at > 0 && result->basis[at - 1] > row; at--)
			result->basis[at] = result->basis[at - 1];
		result->basis[at] = row;
	}
}

/*
 * (loss - sum of a_i y_i) / loss.  The complementary terms w rho(r) - a r are
 * zero by the signs of the residuals, so that only -b'X'a is left.  A loss that
 * is only rounding has the dual solution zero; it is set against sum w |y|.
 */
static double
duality_gap(const QrVertex *vertex)
{
	const QrRows *rows = vertex->rows;
	double		gap = 0;

	if (vertex->lossless)
		return vertex->size > 0 ? vertex->objective / vertex->size : 0;
	for (int k = 0; k < rows->p; k++)
	{
		double		left = vertex->g[k];

		for (int j = 0; j < rows->p; j++)
			left += vertex->dual[j] * rows->x[vertex->basis[j] * rows->ld + k];
		gap -= left * vertex->b[k];
	}
	return gap / vertex->objective;
}

/* What the vertex says, in the caller's units. */
static void
report(QrFit *fit, QrVertex *vertex, MlpgQuantregResult *result)
{
	const MlpgQuantregProblem *problem = fit->problem;
	int			rank = fit->rank;
	ObjectivePass pass = {problem, result->coefficients, fit->tau};

	result->rank = rank;
	result->basis = mlpg_allocate(fit->host, (size_t) rank + 1, sizeof(int64_t));
	result->dual = mlpg_allocate(fit->host, (size_t) rank + 1, sizeof(double));
	result->unique = true;
	result->converged = true;
	if (rank > 0)
	{
		result->gap = duality_gap(vertex);
		result->unique = vertex->unique;
		result->converged = vertex->optimal;
		settle(fit, vertex, result);
	}
	for (int k = 0; k < rank; k++)
	{
		int			column = fit->column[k];

		result->dropped[column] = false;
		result->coefficients[column] = vertex->b[k] * fit->column_scale[column] / fit->y_scale;
		result->dual[k] = result->basis[k] < 0 ? 0 : dual_value(fit, vertex, result->basis[k]);
	}
	qr_for_blocks(fit, problem->n, problem->p + 4, objective_block, &pass, 1, 0, &result->objective);
	result->iterations = fit->iterations;
	result->rounds = fit->rounds;
	result->pivots = fit->pivots;
}

/* Weights must be finite and not negative. */
static void
check_weights(QrFit *fit)
{
	const MlpgQuantregProblem *problem = fit->problem;

	for (int64_t i = 0; problem->w != NULL && i < problem->n; i++)
	{
		if ((i & 8191) == 0)
			qr_tick(fit, 8192);
		if (!(problem->w[i] >= 0 && problem->w[i] <= DBL_MAX))
			mlpg_raise(fit->host, MLPG_DATA_EXCEPTION, NULL, NULL,
					   "weight of row %lld is negative or not finite", (long long) (i + 1));
	}
}

void
mlpg_quantreg_solve(MlpgHost *host, const MlpgQuantregProblem *problem, double tau, MlpgQuantregResult *result)
{
	QrFit		fit;
	QrRows		rows;
	QrVertex	vertex;
	size_t		p = (size_t) problem->p;

	if (!(tau > 0 && tau < 1))
		mlpg_raise(host, MLPG_INVALID_PARAMETER, NULL, NULL, "quantile level must lie between 0 and 1");
	memset(result, 0, sizeof(*result));
	memset(&vertex, 0, sizeof(vertex));
	result->coefficients = mlpg_allocate(host, p, sizeof(double));
	result->dropped = mlpg_allocate(host, p, sizeof(bool));
	memset(result->dropped, 1, p);
	begin(&fit, host, problem, tau);
	check_weights(&fit);
	if (!qr_large(&fit, &rows, &vertex))
	{
		gather(&fit, &rows);
		if (fit.rank > 0)
			qr_solve_rows(&fit, &rows, &vertex);
	}
	report(&fit, &vertex, result);
	qr_vertex_release(&fit, &vertex);
	qr_rows_release(&fit, &rows);
	end(&fit);
}

void
mlpg_quantreg_release(MlpgHost *host, MlpgQuantregResult *result)
{
	mlpg_release(host, result->coefficients);
	mlpg_release(host, result->dropped);
	mlpg_release(host, result->basis);
	mlpg_release(host, result->dual);
	memset(result, 0, sizeof(*result));
}
