/*-------------------------------------------------------------------------
 *
 * quantreg_rank.c
 *	  Working rows of quantile regression, their scale and their rank.
 *
 * Columns are scaled by powers of two to a largest value in [0.5, 1), which
 * changes no digit.  The rank is decided in column order, as R's lm does: a
 * column is dropped when the share of its norm that the kept columns before
 * it leave unexplained is at most MLPG_QUANTREG_RANK_TOLERANCE, so that it is
 * always the later one of dependent columns that goes.
 *
 * The triangle R of X = QR comes cheaply from Cholesky on X'X when that is
 * sound (every pivot above 1e-9 of its diagonal), and otherwise, or when the
 * rows are few, from Householder reflections over blocks of rows (sequential
 * TSQR: Golub 1965, Demmel et al. 2012), which see a share of 1e-14 without
 * squaring it.  Cost: n p^2 and 2 n p^2.  Then Gram-Schmidt with
 * reorthogonalisation on the columns of R (p x p) picks the kept ones.
 *
 * Independent rows, which a basis needs, come from an elimination with the
 * largest element of each row as its pivot: p^2 a row.
 *
 *-------------------------------------------------------------------------
 */
#include "core/math/quantreg_internal.h"

#define TSQR_ROWS 256			/* rows folded into R at a time */
#define DIRECT_WORK 20000		/* n p^2 up to which reflections are used at once */
#define CHOLESKY_SOUND 1e-9

void
qr_rows_create(QrFit *fit, QrRows *rows, int64_t capacity, int p)
{
	MlpgHost   *host = fit->host;

	memset(rows, 0, sizeof(*rows));
	if (capacity < 1)
		capacity = 1;
	rows->p = p;
	rows->ld = (p + 3) & ~3;
	rows->capacity = capacity;
	rows->x_count = mlpg_size_multiply(host, (size_t) capacity, (size_t) rows->ld);
	rows->x = mlpg_allocate(host, rows->x_count, sizeof(double));
	rows->y = mlpg_allocate(host, (size_t) capacity, sizeof(double));
	rows->w = mlpg_allocate(host, (size_t) capacity, sizeof(double));
	rows->row = mlpg_allocate(host, (size_t) capacity, sizeof(int64_t));
}

void
qr_rows_reserve(QrFit *fit, QrRows *rows, int64_t capacity)
{
	MlpgHost   *host = fit->host;
	size_t		old = (size_t) rows->capacity;
	size_t		new = (size_t) (capacity + capacity / 4);
	size_t		count;

	if (capacity <= rows->capacity)
		return;
	count = mlpg_size_multiply(host, new, (size_t) rows->ld);
	if (count > rows->x_count)
	{
		rows->x = mlpg_resize(host, rows->x, rows->x_count, count, sizeof(double));
		rows->x_count = count;
	}
	rows->y = mlpg_resize(host, rows->y, old, new, sizeof(double));
	rows->w = mlpg_resize(host, rows->w, old, new, sizeof(double));
	rows->row = mlpg_resize(host, rows->row, old, new, sizeof(int64_t));
	rows->capacity = (int64_t) new;
}

void
qr_rows_release(QrFit *fit, QrRows *rows)
{
	mlpg_release(fit->host, rows->x);
	mlpg_release(fit->host, rows->y);
	mlpg_release(fit->host, rows->w);
	mlpg_release(fit->host, rows->row);
	memset(rows, 0, sizeof(*rows));
}

/* Adds a row of the problem, which must fit; rows of weight zero are passed over. */
void
qr_rows_append(QrFit *fit, QrRows *rows, int64_t row)
{
	const MlpgQuantregProblem *problem = fit->problem;
	const double *from = problem->x + row * problem->ldx;
	double	   *to = rows->x + rows->m * rows->ld;
	double		weight = problem->w == NULL ? 1.0 : problem->w[row];

	if (weight == 0)
		return;
	for (int j = 0; j < rows->p; j++)
	{
		int			column = fit->column[j];

		to[j] = from[column] * fit->column_scale[column];
	}
	for (int j = rows->p; j < rows->ld; j++)
		to[j] = 0;
	rows->y[rows->m] = problem->y[row] * fit->y_scale;
	rows->w[rows->m] = weight * fit->w_scale;
	rows->row[rows->m] = row;
	rows->m++;
}

/* Leaves the kept columns (fit->column, fit->rank) only. */
void
qr_rows_keep(QrFit *fit, QrRows *rows)
{
	int			ld = (fit->rank + 3) & ~3;
	bool		ascending_identity = fit->rank == rows->p;

	if (ascending_identity)
		return;
	for (int64_t i = 0; i < rows->m; i++)
	{
		const double *from = rows->x + i * rows->ld;
		double	   *to = rows->x + i * ld;

		for (int j = 0; j < fit->rank; j++)
			to[j] = from[fit->column[j]];	/* kept columns ascend, so nothing unread is overwritten */
		for (int j = fit->rank; j < ld; j++)
			to[j] = 0;
		qr_tick(fit, fit->rank);
	}
	rows->p = fit->rank;
	rows->ld = ld;
}

/* Folds count rows (destroyed) into the triangle r. */
static void
fold_rows(QrFit *fit, double *r, int p, int ld, double *rows, int64_t count, double *w)
{
	for (int k = 0; k < p; k++)
	{
		double	   *top = r + (int64_t) k * ld;
		double		square = 0;
		double		beta,
					head,
					tau;

		for (int64_t i = 0; i < count; i++)
			square += rows[i * ld + k] * rows[i * ld + k];
		if (square == 0)
			continue;
		beta = sqrt(top[k] * top[k] + square);
		if (top[k] > 0)
			beta = -beta;
		head = top[k] - beta;
		tau = (beta - top[k]) / beta;
		memcpy(w, top, sizeof(double) * (size_t) p);
		for (int64_t i = 0; i < count; i++)
		{
			double	   *row = rows + i * ld;
			double		v = row[k] / head;

			row[k] = v;
			for (int j = k + 1; j < p; j++)
				w[j] += v * row[j];
		}
		for (int j = k + 1; j < p; j++)
			top[j] -= (w[j] *= tau);
		for (int64_t i = 0; i < count; i++)
		{
			double	   *row = rows + i * ld;
			double		v = row[k];

			if (v != 0)
				for (int j = k + 1; j < p; j++)
					row[j] -= v * w[j];
		}
		top[k] = beta;
		qr_tick(fit, 2 * count * (p - k));
	}
}

static void
triangle_by_reflections(QrFit *fit, const QrRows *rows, double *r)
{
	MlpgHost   *host = fit->host;
	int			ld = rows->ld;
	int64_t		most = rows->m < TSQR_ROWS ? rows->m : TSQR_ROWS;
	double	   *block = mlpg_allocate(host, (size_t) (most + 1) * (size_t) ld, sizeof(double));

	for (int64_t first = 0; first < rows->m; first += TSQR_ROWS)
	{
		int64_t		count = rows->m - first < TSQR_ROWS ? rows->m - first : TSQR_ROWS;

		memcpy(block, rows->x + first * ld, sizeof(double) * (size_t) (count * ld));
		fold_rows(fit, r, rows->p, ld, block, count, block + most * ld);
	}
	mlpg_release(host, block);
}

typedef struct GramPass
{
	const QrRows *rows;
	const double *ones;			/* CHUNKed: 256 ones */
} GramPass;

static void
gram_block(void *argument, int64_t first, int64_t last, double *partial)
{
	GramPass   *pass = argument;
	const QrRows *rows = pass->rows;

	for (int64_t i = first; i < last; i += TSQR_ROWS)
		qr_gram(rows->x + i * rows->ld, rows->ld, rows->ld, last - i < TSQR_ROWS ? last - i : TSQR_ROWS,
				pass->ones, partial, rows->ld);
}

/* R by Cholesky; false when a pivot is too small to be believed. */
static bool
triangle_by_gram(QrFit *fit, const QrRows *rows, double *r)
{
	MlpgHost   *host = fit->host;
	int			p = rows->p;
	int			ld = rows->ld;
	double	   *ones = mlpg_allocate(host, TSQR_ROWS, sizeof(double));
	double	   *diagonal = mlpg_allocate(host, (size_t) ld, sizeof(double));
	GramPass	pass = {rows, ones};
	bool		sound;

	for (int k = 0; k < TSQR_ROWS; k++)
		ones[k] = 1;
	qr_for_blocks(fit, rows->m, (int64_t) ld * ld / 2 + 1, gram_block, &pass, ld * ld, 0, r);
	sound = qr_cholesky(fit, r, p, ld, diagonal);
	for (int k = 0; k < p && sound; k++)
		sound = r[(int64_t) k * ld + k] * r[(int64_t) k * ld + k] > CHOLESKY_SOUND * diagonal[k];
	mlpg_release(host, ones);
	mlpg_release(host, diagonal);
	return sound;
}

/*
 * Picks the independent columns of the triangle r in order; q receives their
 * orthonormal basis, factor (p x p, rank used) the triangle of the kept ones.
 */
static int
pick_columns(QrFit *fit, const double *r, int p, int ld, bool *dependent, double *factor)
{
	MlpgHost   *host = fit->host;
	double	   *q = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) p, (size_t) p), sizeof(double));
	double	   *v = mlpg_allocate(host, (size_t) p, sizeof(double));
	int			rank = 0;

	for (int j = 0; j < p; j++)
	{
		double		before = 0,
					after = 0;

		for (int i = 0; i < p; i++)
		{
			v[i] = i <= j ? r[(int64_t) i * ld + j] : 0;
			before += v[i] * v[i];
		}
		for (int pass = 0; pass < 2; pass++)
			for (int k = 0; k < rank; k++)
			{
				const double *basis = q + (int64_t) k * p;
				double		dot = 0;

				for (int i = 0; i < p; i++)
					dot += basis[i] * v[i];
				for (int i = 0; i < p; i++)
					v[i] -= dot * basis[i];
				factor[(int64_t) k * p + rank] = pass == 0 ? dot : factor[(int64_t) k * p + rank] + dot;
			}
		for (int i = 0; i < p; i++)
			after += v[i] * v[i];
		before = sqrt(before);
		after = sqrt(after);
		dependent[j] = !(after > MLPG_QUANTREG_RANK_TOLERANCE * before);
		qr_tick(fit, (int64_t) 4 * p * rank);
		if (dependent[j])
			continue;
		for (int i = 0; i < p; i++)
			q[(int64_t) rank * p + i] = v[i] / after;
		factor[(int64_t) rank * p + rank] = after;
		rank++;
	}
	mlpg_release(host, q);
	mlpg_release(host, v);
	return rank;
}

/*
 * The rank of the rows, which hold all columns: fills dependent (p), and
 * fit->factor with the triangle of the independent ones.
 */
int
qr_rank(QrFit *fit, QrRows *rows, bool *dependent)
{
	MlpgHost   *host = fit->host;
	int			p = rows->p;
	int			ld = rows->ld;
	size_t		square = mlpg_size_multiply(host, (size_t) ld, (size_t) ld);
	double	   *r = mlpg_allocate(host, square, sizeof(double));
	double	   *factor = mlpg_allocate(host, square, sizeof(double));
	bool		sound = false;
	int			rank;

	if (rows->m * p * p > DIRECT_WORK)
		sound = triangle_by_gram(fit, rows, r);
	if (!sound)
	{
		memset(r, 0, square * sizeof(double));
		triangle_by_reflections(fit, rows, r);
	}
	rank = pick_columns(fit, r, p, ld, dependent, factor);
	mlpg_release(host, fit->factor);
	fit->factor = mlpg_allocate(host, (size_t) rank * (size_t) rank + 1, sizeof(double));
	for (int i = 0; i < rank; i++)
		for (int j = i; j < rank; j++)
			fit->factor[i * rank + j] = factor[(int64_t) i * p + j];
	fit->factor_rows = (double) rows->m;
	mlpg_release(host, r);
	mlpg_release(host, factor);
	return rank;
}

/* An elimination that takes p independent rows one by one. */
void
qr_elimination_begin(QrFit *fit, QrElimination *elimination, int p, double threshold)
{
	elimination->p = p;
	elimination->found = 0;
	elimination->threshold = threshold;
	elimination->pivots = mlpg_allocate(fit->host, (size_t) p * ((size_t) p + 1), sizeof(double));
	elimination->column = mlpg_allocate(fit->host, (size_t) p, sizeof(int));
}

/* Whether the row is independent of those taken: more than threshold of its largest value is left. */
bool
qr_elimination_add(QrElimination *elimination, const double *row)
{
	int			p = elimination->p;
	int			found = elimination->found;
	double	   *v = elimination->pivots + (int64_t) p * p;
	double		before = 0,
				after = 0;
	int			best = 0;

	if (found == p)
		return false;
	for (int j = 0; j < p; j++)
	{
		v[j] = row[j];
		before = fabs(v[j]) > before ? fabs(v[j]) : before;
	}
	for (int i = 0; i < found; i++)
	{
		const double *pivot = elimination->pivots + (int64_t) i * p;
		double		factor = v[elimination->column[i]];

		for (int j = 0; j < p && factor != 0; j++)
			v[j] -= factor * pivot[j];
		v[elimination->column[i]] = 0;
	}
	for (int j = 0; j < p; j++)
		if (fabs(v[j]) > after)
		{
			after = fabs(v[j]);
			best = j;
		}
	if (!(after > elimination->threshold * before))
		return false;
	for (int j = 0; j < p; j++)
		elimination->pivots[(int64_t) found * p + j] = v[j] / v[best];
	elimination->column[found] = best;
	elimination->found++;
	return true;
}

void
qr_elimination_end(QrFit *fit, QrElimination *elimination)
{
	mlpg_release(fit->host, elimination->pivots);
	mlpg_release(fit->host, elimination->column);
}
