/*-------------------------------------------------------------------------
 *
 * quantreg_large.c
 *	  Quantile regression of many rows through a smaller problem.
 *
 * Portnoy and Koenker (1997): the optimum depends on a row only through the
 * sign of its residual, and for most rows that sign is plain from a rough fit.
 *	 1. fit a sample of about n^(2/3) p^(1/3) rows, chosen by a hash of the row
 *		number;
 *	 2. rows with |residual| above kappa times their leverage's root are out:
 *		those above the fit are replaced by one row, their weighted mean with
 *		their total weight, those below by another.  rho being convex, the loss
 *		of such a glob is never more than that of its rows, and equal when all
 *		have its sign;
 *	 3. solve what is left, a few times the sample, to a vertex;
 *	 4. check the sign of every globbed row at that vertex.  When all are right
 *		(zero is right on both sides) the vertex is optimal for all rows.
 *		Otherwise the wrong ones become rows of their own and 3 goes on from
 *		the vertex it had.
 * When the smaller problem outgrows half the rows the caller solves all of
 * them.  The sample decides the path only: the end is a proven vertex.
 *
 * Rank.  Columns that look dependent in the sample (a rare indicator is all
 * zero there) are tried against all rows: for each the row that contradicts
 * the dependence most joins the sample, until the rank stops growing; a
 * column is only dropped when its dependence holds in every row.
 *
 * Cost: a few passes of 3 n p plus one of n p^2 / 2 (leverages), and the
 * smaller problems.  Memory: one byte a row and the smaller problem.  Sums of
 * globs are compensated and come in block order: free of the number of
 * threads.
 *
 *-------------------------------------------------------------------------
 */
#include "core/math/quantreg_internal.h"

#define LARGE_ROWS 12000		/* fewer are solved directly */
#define SAMPLE_GAP 1e-4			/* of the sample's fit, whose statistical error is larger */
#define REDUCED_GAP 1e-9
#define BAND_GAP 1e-6			/* of the first band's fit */
#define BAND_ROWS 3.2			/* rows kept, in samples */
#define NARROW 8				/* the second band keeps this part of the first, */
#define NARROW_ROWS 4000		/* but not fewer rows, */
#define TIES 0.02				/* and all that are nearer than this part of its width */
#define ROUNDS_MAX 50
#define FACE_ROUNDS 8			/* searches for the lowest vertex */
#define ACCIDENT 100			/* mu: residuals below say nothing about the side */
#define SIDE_SALT UINT64_C(0x71756172)
#define SPAN_THRESHOLD 1e-6
#define STRIP 128
#define FEW_WRONG 20			/* per column: up to here the simplex method goes on, above it the interior point */

/* What became of a row. */
enum
{
	ROW_IN = 0,					/* a row of the smaller problem */
	ROW_ABOVE = 1,				/* globbed */
	ROW_BELOW = -1,
	ROW_WRONG_ABOVE = 2,		/* globbed above, found below */
	ROW_WRONG_BELOW = -2,
	ROW_NOTHING = 3,			/* weight 0 */
	ROW_KEEP = 4				/* to be in whatever the band says */
};

typedef struct LargePass
{
	QrFit	   *fit;
	const MlpgQuantregProblem *problem;
	int8_t	   *state;
	double	   *b;				/* p of the problem, working units but for the columns' scale, */
	double	   *b_low;			/* and the low parts */
	double	   *inverse;		/* p of the problem x ldi: R^-1, likewise */
	int			ldi;
	double		band;			/* kappa */
	double		mu;				/* of the fit that b is from */
	double		coarse;			/* residuals below are tested for zero */
} LargePass;

/* Sums of a pass: for each glob the weight, w y and w x; then rows in or wrong. */
static int
glob_size(const MlpgQuantregProblem *problem)
{
	return problem->p + 2;
}

static double
weight_of(const QrFit *fit, int64_t i)
{
	return fit->problem->w == NULL ? 1 : fit->problem->w[i] * fit->w_scale;
}

/* Adds a strip's globbed rows to the sums. */
static void
add_globs(const LargePass *pass, int64_t at, int count, double *partial)
{
	const MlpgQuantregProblem *problem = pass->problem;
	int			size = glob_size(problem);
	double		weights[2][STRIP];

	for (int k = 0; k < count; k++)
	{
		int8_t		state = pass->state[at + k];
		double		w = weight_of(pass->fit, at + k);
		double		y = problem->y[at + k] * pass->fit->y_scale;

		weights[0][k] = state == ROW_ABOVE ? w : 0;
		weights[1][k] = state == ROW_BELOW ? w : 0;
		partial[0] += weights[0][k];
		partial[1] += weights[0][k] * y;
		partial[size] += weights[1][k];
		partial[size + 1] += weights[1][k] * y;
	}
	for (int side = 0; side < 2; side++)
		qr_multiply_t(problem->x + at * problem->ldx, problem->ldx, problem->p, count, weights[side],
					  partial + side * size + 2);
}

/*
 * The glob for a row that stays out.  Beside a cluster of rows on the fit
 * itself, of which only some are in, the sign of a residual is an accident of
 * rounding; all of them by that sign would pull the others off.  There, sides
 * are drawn so that their mean is the rows' dual value on the central path.
 */
static bool
goes_above(const LargePass *pass, int64_t row, double r, double weight)
{
	double		mu = pass->mu / weight;

	if (fabs(r) > ACCIDENT * mu)
		return r > 0;
	return (double) (qr_hash((uint64_t) row ^ SIDE_SALT) >> 11) * (1.0 / 9007199254740992.0) < qr_central_share(r, mu);
}

/* Puts every row in or out by the band. */
static void
band_block(void *argument, int64_t first, int64_t last, double *partial)
{
	LargePass  *pass = argument;
	const MlpgQuantregProblem *problem = pass->problem;
	double	   *kept = partial + 2 * glob_size(problem);
	double		fitted[STRIP],
				norm2[STRIP];

	for (int64_t at = first; at < last; at += STRIP)
	{
		int			count = last - at < STRIP ? (int) (last - at) : STRIP;
		const double *x = problem->x + at * problem->ldx;

		qr_multiply(x, problem->ldx, problem->p, count, pass->b, fitted);
		qr_leverage(x, problem->ldx, problem->p, count, pass->inverse, pass->ldi, NULL, norm2);
		for (int k = 0; k < count; k++)
		{
			double		r = problem->y[at + k] * pass->fit->y_scale - fitted[k];
			int8_t		state;

			if (problem->w != NULL && problem->w[at + k] == 0)
				state = ROW_NOTHING;
			else if (pass->state[at + k] == ROW_KEEP || !(r * r > pass->band * pass->band * norm2[k]))
			{
				state = ROW_IN;
				*kept += 1;
			}
			else
				state = goes_above(pass, at + k, r, weight_of(pass->fit, at + k)) ? ROW_ABOVE : ROW_BELOW;
			pass->state[at + k] = state;
		}
		add_globs(pass, at, count, partial);
	}
}

/* Marks globbed rows whose residual has the wrong sign and sums the others. */
static void
check_block(void *argument, int64_t first, int64_t last, double *partial)
{
	LargePass  *pass = argument;
	const MlpgQuantregProblem *problem = pass->problem;
	double	   *wrong = partial + 2 * glob_size(problem);	/* and after it the zeros */
	double		fitted[STRIP];

	for (int64_t at = first; at < last; at += STRIP)
	{
		int			count = last - at < STRIP ? (int) (last - at) : STRIP;

		qr_multiply(problem->x + at * problem->ldx, problem->ldx, problem->p, count, pass->b, fitted);
		for (int k = 0; k < count; k++)
		{
			int8_t		state = pass->state[at + k];
			double		r = problem->y[at + k] * pass->fit->y_scale - fitted[k];

			if (state != ROW_ABOVE && state != ROW_BELOW)
				continue;
			if (fabs(r) < pass->coarse)
				r = qr_exact_residual(problem->x + (at + k) * problem->ldx, pass->b, pass->b_low, problem->p,
									  problem->y[at + k] * pass->fit->y_scale);
			if (r == 0)
				wrong[1] += 1;
			else if (r * state < 0)
			{
				pass->state[at + k] = (int8_t) (2 * state);
				wrong[0] += 1;
			}
		}
		add_globs(pass, at, count, partial);
	}
}

/* The two globs as rows 0 and 1 of the smaller problem. */
static void
set_globs(QrFit *fit, QrRows *rows, const double *total)
{
	int			size = glob_size(fit->problem);

	for (int side = 0; side < 2; side++)
	{
		const double *sum = total + side * size;
		double		weight = sum[0] > 0 ? sum[0] : 1;	/* an empty glob is a row of zeros: no loss, no breakpoint */

		for (int j = 0; j < rows->p; j++)
		{
			int			column = fit->column[j];

			rows->x[side * rows->ld + j] = sum[2 + column] * fit->column_scale[column] / weight;
		}
		rows->y[side] = sum[1] / weight;
		rows->w[side] = weight;
		rows->row[side] = -1 - side;
	}
}

/* Moves the rows in the given states into the smaller problem. */
static void
take_rows(QrFit *fit, QrRows *rows, int8_t *state, bool wrong)
{
	int64_t		n = fit->problem->n;

	for (int64_t i = 0; i < n; i++)
	{
		if ((i & 8191) == 0)
			qr_tick(fit, 8192);
		if (wrong ? (state[i] != ROW_WRONG_ABOVE && state[i] != ROW_WRONG_BELOW) : state[i] != ROW_IN)
			continue;
		state[i] = ROW_IN;
		qr_rows_append(fit, rows, i);
		qr_tick(fit, rows->p);
	}
}

/* Rows chosen by hash, with all columns. */
static void
take_sample(QrFit *fit, QrRows *rows, int64_t size)
{
	const MlpgQuantregProblem *problem = fit->problem;
	uint64_t	limit = (uint64_t) ((double) size / (double) problem->n * 18446744073709549568.0);

	qr_rows_create(fit, rows, size + size / 8 + 64, problem->p);
	for (int64_t i = 0; i < problem->n; i++)
	{
		if ((i & 8191) == 0)
			qr_tick(fit, 8192);
		if (qr_hash((uint64_t) i) >= limit)
			continue;
		qr_rows_reserve(fit, rows, rows->m + 1);
		qr_rows_append(fit, rows, i);
		qr_tick(fit, problem->p);
	}
	qr_scale_rows(fit, rows);
}

/*
 * u (p of the problem): the combination that is zero in the sample's rows,
 * column - (kept columns) c.
 */
static void
dependence(QrFit *fit, const QrRows *rows, int column, const bool *dependent, double *u)
{
	MlpgHost   *host = fit->host;
	int			p = rows->p;
	int			rank = fit->rank;
	double	   *left = mlpg_allocate(host, (size_t) rows->m + 1, sizeof(double));
	double	   *side = mlpg_allocate(host, (size_t) p + (size_t) rank + 1, sizeof(double));
	double	   *c = side + p;

	memset(u, 0, sizeof(double) * (size_t) p);
	u[column] = 1;
	for (int pass = 0; pass < 2; pass++)
	{
		int			kept = 0;

		memset(side, 0, sizeof(double) * (size_t) p);
		qr_multiply(rows->x, rows->ld, p, rows->m, u, left);
		qr_multiply_t(rows->x, rows->ld, p, rows->m, left, side);
		for (int j = 0; j < p; j++)
			if (!dependent[j])
				c[kept++] = side[j];
		qr_cholesky_solve(fit->factor, rank, rank, c);
		kept = 0;
		for (int j = 0; j < p; j++)
			if (!dependent[j])
				u[j] -= c[kept++];
		qr_tick(fit, 2 * rows->m * p);
	}
	mlpg_release(host, left);
	mlpg_release(host, side);
}

/* The row that contradicts the dependence of a column most, or -1. */
static int64_t
contradicting_row(QrFit *fit, const QrRows *rows, int column, double *u)
{
	const MlpgQuantregProblem *problem = fit->problem;
	double		fitted[STRIP];
	double		most = 0,
				largest = 0;
	int64_t		found = -1;

	for (int j = 0; j < problem->p; j++)
		u[j] *= fit->column_scale[j];
	for (int64_t at = 0; at < problem->n; at += STRIP)
	{
		int			count = problem->n - at < STRIP ? (int) (problem->n - at) : STRIP;
		const double *x = problem->x + at * problem->ldx;

		qr_multiply(x, problem->ldx, problem->p, count, u, fitted);
		for (int k = 0; k < count; k++)
		{
			double		size = fabs(x[k * problem->ldx + column]);

			if (problem->w != NULL && problem->w[at + k] == 0)
				continue;
			largest = size > largest ? size : largest;
			if (fabs(fitted[k]) > most)
			{
				most = fabs(fitted[k]);
				found = at + k;
			}
		}
		qr_tick(fit, (int64_t) count * problem->p);
	}
	return most > MLPG_QUANTREG_RANK_TOLERANCE * largest * fit->column_scale[column] ? found : -1;
}

/* Rank over all rows: adds to the sample until it has it; leaves the kept columns. */
static void
settle_rank(QrFit *fit, QrRows *rows)
{
	MlpgHost   *host = fit->host;
	int			p = rows->p;
	bool	   *dependent = mlpg_allocate(host, (size_t) p, sizeof(bool));
	double	   *u = mlpg_allocate(host, (size_t) p, sizeof(double));
	int			before = -1;

	for (;;)
	{
		int			rank = qr_rank(fit, rows, dependent);
		int			added = 0;

		fit->rank = rank;
		if (rank == p || rank == before)
			break;
		before = rank;
		for (int j = 0; j < p; j++)
		{
			int64_t		row;

			if (!dependent[j])
				continue;
			dependence(fit, rows, j, dependent, u);
			row = contradicting_row(fit, rows, j, u);
			if (row < 0)
				continue;
			qr_rows_reserve(fit, rows, rows->m + 1);
			qr_rows_append(fit, rows, row);
			added++;
		}
		if (added == 0)
			break;
	}
	qr_keep_columns(fit, dependent, fit->rank);
	qr_rows_keep(fit, rows);
	mlpg_release(host, dependent);
	mlpg_release(host, u);
}

/* b of the working columns into pass->b of the problem's. */
static void
set_coefficients(LargePass *pass, const double *b, const double *b_low)
{
	const QrFit *fit = pass->fit;
	double		size = 1;

	memset(pass->b, 0, sizeof(double) * (size_t) fit->problem->p);
	for (int k = 0; k < fit->rank; k++)
	{
		double		scale = fit->column_scale[fit->column[k]];

		pass->b[fit->column[k]] = b[k] * scale;
		pass->b_low[fit->column[k]] = b_low == NULL ? 0 : b_low[k] * scale;
		size += fabs(b[k]);
	}
	pass->coarse = QR_COARSE * size;
}

/*
 * The inverse of R in the problem's columns: rows of dropped columns are zero.
 * Its triangle starts where the kept columns do, so the kernel may skip what is
 * above the diagonal only when none is dropped.
 */
static void
set_inverse(LargePass *pass)
{
	QrFit	   *fit = pass->fit;
	int			ld = (fit->rank + 3) & ~3;
	double	   *inverse = qr_invert_factor(fit, ld);
	int			p = fit->problem->p;

	pass->ldi = (p + 3) & ~3;
	pass->inverse = mlpg_allocate(fit->host, (size_t) p * (size_t) pass->ldi, sizeof(double));
	for (int i = 0; i < fit->rank; i++)
		for (int j = i; j < fit->rank; j++)
			pass->inverse[(int64_t) fit->column[i] * pass->ldi + fit->column[j]] =
				inverse[(int64_t) i * ld + j] * fit->column_scale[fit->column[i]];
	mlpg_release(fit->host, inverse);
}

/* |residual| of the rows in units of their leverage's root. */
static void
find_distances(QrFit *fit, const QrRows *rows, const double *b, double *distance)
{
	int64_t		m = rows->m;
	double	   *inverse = qr_invert_factor(fit, rows->ld);
	double		norm2[STRIP];

	for (int64_t at = 0; at < m; at += STRIP)
	{
		int			count = m - at < STRIP ? (int) (m - at) : STRIP;

		qr_multiply(rows->x + at * rows->ld, rows->ld, rows->p, count, b, distance + at);
		qr_leverage(rows->x + at * rows->ld, rows->ld, rows->p, count, inverse, rows->ld, NULL, norm2);
		for (int k = 0; k < count; k++)
			distance[at + k] = fabs(rows->y[at + k] - distance[at + k]) / (norm2[k] > 0 ? sqrt(norm2[k]) : 1);
		qr_tick(fit, (int64_t) count * rows->ld * rows->ld / 2);
	}
	mlpg_release(fit->host, inverse);
}

/*
 * The distance below which the given number of rows lies.  When these do not
 * span the columns (a level of a category has no row near), the nearest others
 * that do get distance -1: they are to be kept too.
 */
static double
find_band(QrFit *fit, const QrRows *rows, double *distance, int64_t number)
{
	int64_t		m = rows->m;
	int64_t		left = m;
	double	   *key = mlpg_allocate(fit->host, (size_t) m, sizeof(double));
	int64_t    *index = mlpg_allocate(fit->host, (size_t) m, sizeof(int64_t));
	QrElimination elimination;
	double		band = 0;

	for (int64_t i = 0; i < m; i++)
	{
		key[i] = distance[i];
		index[i] = i;
	}
	qr_heap_build(key, index, m);
	qr_elimination_begin(fit, &elimination, rows->p, SPAN_THRESHOLD);
	for (int64_t k = 0; left > 0 && (k < number || elimination.found < rows->p); k++)
	{
		int64_t		i = qr_heap_pop(key, index, &left);
		bool		spans = qr_elimination_add(&elimination, rows->x + i * rows->ld);

		if (k < number)
			band = distance[i];
		else if (spans)
			distance[i] = -1;
		qr_tick(fit, 16 + (elimination.found < rows->p ? elimination.found * rows->p : 0));
	}
	qr_elimination_end(fit, &elimination);
	mlpg_release(fit->host, key);
	mlpg_release(fit->host, index);
	return band;
}

/* The smaller problem once more: of its rows those nearest to the better fit b stay, the others are globbed. */
static void
narrow_rows(LargePass *pass, QrRows *rows, const double *b, int64_t number)
{
	QrFit	   *fit = pass->fit;
	int			ld = rows->ld;
	double	   *distance = mlpg_allocate(fit->host, (size_t) rows->m, sizeof(double));
	double		band;
	int64_t		kept = 2;

	find_distances(fit, rows, b, distance);
	distance[0] = distance[1] = HUGE_VAL;	/* globs are not near */
	band = find_band(fit, rows, distance, number);
	if (band < TIES * pass->band)
		band = TIES * pass->band;	/* more rows than that are on the fit itself */
	for (int side = 0; side < 2; side++)
	{
		double		weight = rows->w[side];

		for (int j = 0; j < ld; j++)
			rows->x[side * ld + j] *= weight;
		rows->y[side] *= weight;
	}
	for (int64_t i = 2; i < rows->m; i++)
	{
		double	   *x = rows->x + i * ld;
		double		fitted;
		int			side;

		qr_tick(fit, ld);
		if (distance[i] <= band)
		{
			memmove(rows->x + kept * ld, x, sizeof(double) * (size_t) ld);
			rows->y[kept] = rows->y[i];
			rows->w[kept] = rows->w[i];
			rows->row[kept++] = rows->row[i];
			continue;
		}
		qr_multiply(x, ld, rows->p, 1, b, &fitted);
		side = goes_above(pass, rows->row[i], rows->y[i] - fitted, rows->w[i]) ? 0 : 1;
		for (int j = 0; j < ld; j++)
			rows->x[side * ld + j] += rows->w[i] * x[j];
		rows->y[side] += rows->w[i] * rows->y[i];
		rows->w[side] += rows->w[i];
		pass->state[rows->row[i]] = side == 0 ? ROW_ABOVE : ROW_BELOW;
	}
	for (int side = 0; side < 2; side++)
	{
		for (int j = 0; j < ld; j++)
			rows->x[side * ld + j] /= rows->w[side];
		rows->y[side] /= rows->w[side];
	}
	rows->m = kept;
	mlpg_release(fit->host, distance);
}

/* Rows of the wrong sign join the smaller problem; the vertex goes on with its basis, or near it. */
static void
restore_rows(LargePass *pass, QrRows *rows, QrVertex *vertex, const double *total, int64_t wrong)
{
	QrFit	   *fit = pass->fit;

	qr_rows_reserve(fit, rows, rows->m + wrong);
	take_rows(fit, rows, pass->state, true);
	set_globs(fit, rows, total);
	qr_vertex_grow(vertex);
	if (wrong > FEW_WRONG * rows->p)
	{
		qr_interior_point(fit, rows, true, REDUCED_GAP, vertex->b, vertex->scratch, vertex->key);
		qr_vertex_start(vertex, vertex->key);
	}
	else if (!qr_vertex_refresh(vertex))
		qr_vertex_restart(vertex);
}

/* The band around the sample's fit that should hold the given share of all rows. */
static void
sample_band(LargePass *pass, const QrRows *sample, const double *b, double share)
{
	QrFit	   *fit = pass->fit;
	double	   *distance = mlpg_allocate(fit->host, (size_t) sample->m, sizeof(double));

	find_distances(fit, sample, b, distance);
	pass->band = find_band(fit, sample, distance, (int64_t) (share * (double) sample->m));
	for (int64_t i = 0; i < sample->m; i++)
		if (distance[i] < 0)
			pass->state[sample->row[i]] = ROW_KEEP;
	mlpg_release(fit->host, distance);
}

/* Globbed rows of the wrong sign at the vertex: total (2 globs, wrong, zeros) is for those that are right. */
static int64_t
check_rows(LargePass *pass, const QrVertex *vertex, double *total)
{
	QrFit	   *fit = pass->fit;
	int			size = 2 * glob_size(fit->problem) + 2;

	set_coefficients(pass, vertex->b, vertex->b_low);
	qr_for_blocks(fit, fit->problem->n, 3 * fit->problem->p + 8, check_block, pass, size, 0, total);
	fit->zeros_out = (int64_t) total[size - 1];
	fit->rounds++;
	return (int64_t) total[size - 2];
}

/*
 * From a vertex that is optimal for all rows to the lowest that is.  The face
 * of the smaller problem contains that of all rows; where its lowest vertex
 * gives a globbed row the wrong sign, those rows are restored and the search
 * begins again, FACE_ROUNDS times at most: then the vertex it began with stays.
 */
static void
lowest_vertex(LargePass *pass, QrRows *rows, QrVertex *vertex, double *total)
{
	QrFit	   *fit = pass->fit;
	size_t		size = sizeof(int64_t) * (size_t) rows->p;
	int64_t    *proven = mlpg_allocate(fit->host, (size_t) rows->p, sizeof(int64_t));
	int64_t		wrong = 1;

	memcpy(proven, vertex->basis, size);
	for (int k = 0; k < FACE_ROUNDS && wrong > 0; k++)
	{
		qr_vertex_face(vertex);
		if (vertex->unique || memcmp(vertex->basis, proven, size) == 0)
			break;
		wrong = check_rows(pass, vertex, total);
		if (wrong == 0)
			break;
		qr_rows_reserve(fit, rows, rows->m + wrong);
		take_rows(fit, rows, pass->state, true);
		set_globs(fit, rows, total);
		qr_vertex_grow(vertex);
		memcpy(vertex->basis, proven, size);
		qr_vertex_refresh(vertex);
		qr_vertex_optimise(vertex);
	}
	if (wrong > 0 && !vertex->unique)
		check_rows(pass, vertex, total);
	mlpg_release(fit->host, proven);
}

/* Optimises the smaller problem and checks all rows, until none is wrong.  False when it grows too far. */
static bool
check_rounds(LargePass *pass, QrRows *rows, QrVertex *vertex, double *total)
{
	QrFit	   *fit = pass->fit;
	bool		optimal = false;

	while (!optimal && fit->rounds < ROUNDS_MAX)
	{
		int64_t		wrong;

		qr_vertex_optimise(vertex);
		if (!vertex->optimal)
			return false;
		wrong = check_rows(pass, vertex, total);
		optimal = wrong == 0;
		if (optimal)
			break;
		if (rows->m + wrong > fit->problem->n / 2)
			return false;
		restore_rows(pass, rows, vertex, total, wrong);
	}
	if (optimal)
		lowest_vertex(pass, rows, vertex, total);
	return optimal;
}

/* The band around b, the smaller problem and its solution. */
static bool
solve_band(LargePass *pass, QrRows *rows, QrVertex *vertex, double *b)
{
	QrFit	   *fit = pass->fit;
	const MlpgQuantregProblem *problem = fit->problem;
	int			size = 2 * glob_size(problem) + 1;
	double	   *total = mlpg_allocate(fit->host, (size_t) size + 1, sizeof(double));	/* check_rows has one more */
	int64_t		kept;
	bool		solved = false;

	set_coefficients(pass, b, NULL);
	qr_for_blocks(fit, problem->n, (int64_t) 3 * problem->p + (int64_t) problem->p * pass->ldi / 2,
				  band_block, pass, size, 0, total);
	kept = (int64_t) total[size - 1];
	if (kept >= 2 * fit->rank && kept <= problem->n / 2)
	{
		qr_rows_create(fit, rows, kept + kept / 4 + 2, fit->rank);
		rows->m = 2;
		set_globs(fit, rows, total);
		take_rows(fit, rows, pass->state, false);
		if (kept > NARROW_ROWS)
		{
			pass->mu = qr_interior_point(fit, rows, true, BAND_GAP, b, b, NULL);
			narrow_rows(pass, rows, b, kept / NARROW > NARROW_ROWS ? kept / NARROW : NARROW_ROWS);
		}
		qr_vertex_create(fit, rows, vertex);
		qr_interior_point(fit, rows, true, REDUCED_GAP, b, vertex->b, vertex->key);
		qr_vertex_start(vertex, vertex->key);
		solved = check_rounds(pass, rows, vertex, total);
		if (!solved)
		{
			qr_vertex_release(fit, vertex);
			qr_rows_release(fit, rows);
		}
	}
	mlpg_release(fit->host, total);
	return solved;
}

/*
 * Solves a large problem: rows are then those of the smaller one, and vertex is
 * optimal for all.  False when there are too few rows for that to pay, or when
 * it did not work out: nothing is left behind.
 */
bool
qr_large(QrFit *fit, QrRows *rows, QrVertex *vertex)
{
	MlpgHost   *host = fit->host;
	const MlpgQuantregProblem *problem = fit->problem;
	double		n = (double) problem->n;
	int64_t		size = (int64_t) ceil(pow(n, 2.0 / 3.0) * cbrt((double) problem->p));
	LargePass	pass = {.fit = fit, .problem = problem};
	QrRows		sample;
	double	   *b;
	bool		solved = false;

	if (problem->n < LARGE_ROWS || problem->n < 8 * size)
		return false;
	take_sample(fit, &sample, size);
	settle_rank(fit, &sample);
	if (fit->rank > 0 && sample.m > 2 * fit->rank)
	{
		b = mlpg_allocate(host, (size_t) fit->rank, sizeof(double));
		pass.b = mlpg_allocate(host, 2 * (size_t) problem->p, sizeof(double));
		pass.b_low = pass.b + problem->p;
		pass.state = mlpg_allocate(host, (size_t) problem->n, sizeof(int8_t));
		pass.mu = qr_interior_point(fit, &sample, false, SAMPLE_GAP, NULL, b, NULL);
		set_inverse(&pass);
		sample_band(&pass, &sample, b, BAND_ROWS * (double) size / n);
		qr_rows_release(fit, &sample);
		solved = solve_band(&pass, rows, vertex, b);
		mlpg_release(host, pass.inverse);
		if (solved)
			fit->state = pass.state;
		else
			mlpg_release(host, pass.state);
		mlpg_release(host, pass.b);
		mlpg_release(host, b);
	}
	else
		qr_rows_release(fit, &sample);
	if (!solved)
		qr_fit_reset(fit);
	return solved;
}
