/*-------------------------------------------------------------------------
 *
 * quantreg_ipm.c
 *	  The Frisch-Newton interior point method for quantile regression.
 *
 * Portnoy and Koenker (1997) solve the dual with bounded variables
 *
 *		max y'a   subject to  X'a = (1 - tau) X'w,  0 <= a <= w
 *
 * by a primal-dual path following method with Mehrotra's (1992) predictor and
 * corrector.  With s = w - a, the residual split r = y - Xb = p - q, p, q > 0,
 * and complementarity s p = mu, a q = mu, a Newton step is
 *
 *		D   = 1 / (p/s + q/a)
 *		v   = D (r + (sm - da dq)/a - (sm + da dp)/s)      (predictor: v = D r)
 *		X'DX db = X'(v + a) - (1 - tau) X'w
 *		da  = v - D X db,  ds = -da,  dr = -X db
 *		dp  = (sm + da' dp')/s - p + (p/s) da
 *		dq  = (sm - da' dq')/a - q - (q/a) da
 *
 * where ' marks the predictor's step, and r = p - q holds throughout.  The right-hand side uses the current
 * X'a, so that rounding does not accumulate in the equality.  The rows are
 * first multiplied by the inverse of R (X'X = R'R), after which X'DX is about
 * as well conditioned as D allows whatever the units of the columns.
 *
 * Cost an iteration: n p^2 / 2 for X'DX, 4 n p for the rest, 12 to 25
 * iterations.  Memory: a copy of the rows and eight numbers a row.
 * Deterministic for any number of threads (see qr_for_blocks).  The answer is
 * only where the simplex method starts, so this method need not, and does
 * not, report failure: it stops when the gap is reached or nothing moves.
 *
 *-------------------------------------------------------------------------
 */
#include "core/math/quantreg_internal.h"

#define STEP_SHARE 0.99995		/* of the way to the boundary */
#define WARM_SHARE 0.3			/* mu at the start, in mean absolute residuals */
#define COLD_SHARE 0.1			/* likewise what is added to both parts of a residual */
#define CENTRE_SHARE 0.3		/* of the tolerance: where mu stays when the end is to be central */
#define ITERATIONS_MAX 60
#define STRIP 256				/* rows handled between two kernels, so that vectors stay in cache */

typedef struct InteriorPoint
{
	QrFit	   *fit;
	const QrRows *rows;
	int			p;
	int			ld;
	double		tau;
	double	   *x;				/* whitened rows */
	double	   *a,				/* dual, and its distance from the upper bound */
			   *s,
			   *above,			/* p, q: positive and negative part of the residual */
			   *below,
			   *r,				/* y - Xb */
			   *d,
			   *t,				/* X db of the predictor, then of the corrector */
			   *v;
	double		target;			/* sigma mu */
	double		mu;				/* mean complementarity product, before the last step */
	double		dual_step;
	double		primal_step;
	const double *step;			/* db */
	bool		corrector;
	bool		centre;			/* end near the central path, not beyond the tolerance */
} InteriorPoint;

/* x = rows R^-1 */
typedef struct Whiten
{
	const QrRows *rows;
	const double *inverse;
	double	   *x;
} Whiten;

static void
whiten_block(void *argument, int64_t first, int64_t last, double *partial)
{
	Whiten	   *pass = argument;
	int			ld = pass->rows->ld;

	qr_leverage(pass->rows->x + first * ld, ld, pass->rows->p, last - first, pass->inverse, ld,
				pass->x + first * ld, NULL);
}

/* Inverse of fit->factor as p x ld rows, scaled to rows of unit mean square. */
double *
qr_invert_factor(QrFit *fit, int ld)
{
	int			p = fit->rank;
	double	   *inverse = mlpg_allocate(fit->host, (size_t) p * (size_t) ld + 1, sizeof(double));

	for (int j = 0; j < p; j++)
		for (int i = j; i >= 0; i--)
		{
			double		sum = i == j ? 1 : 0;

			for (int k = i + 1; k <= j; k++)
				sum -= fit->factor[(int64_t) i * p + k] * inverse[(int64_t) k * ld + j];
			inverse[(int64_t) i * ld + j] = sum / fit->factor[(int64_t) i * p + i];
			qr_tick(fit, j - i);
		}
	for (int64_t k = 0; k < (int64_t) p * ld; k++)
		inverse[k] *= sqrt(fit->factor_rows);
	return inverse;
}

static void
least_squares_block(void *argument, int64_t first, int64_t last, double *partial)
{
	InteriorPoint *ip = argument;
	const double *w = ip->rows->w;
	double		wy[STRIP];

	for (int64_t at = first; at < last; at += STRIP)
	{
		int			count = last - at < STRIP ? (int) (last - at) : STRIP;
		const double *x = ip->x + at * ip->ld;

		for (int k = 0; k < count; k++)
			wy[k] = w[at + k] * ip->rows->y[at + k];
		qr_gram(x, ip->ld, ip->ld, count, w + at, partial, ip->ld);
		qr_multiply_t(x, ip->ld, ip->p, count, wy, partial + (int64_t) ip->ld * ip->ld);
	}
}

/* D and v of the predictor; X'DX and X'(v + a). */
static void
predictor_block(void *argument, int64_t first, int64_t last, double *partial)
{
	InteriorPoint *ip = argument;
	double		both[STRIP];

	for (int64_t at = first; at < last; at += STRIP)
	{
		int			count = last - at < STRIP ? (int) (last - at) : STRIP;
		const double *x = ip->x + at * ip->ld;
		double	   *d = ip->d + at;

		for (int k = 0; k < count; k++)
		{
			int64_t		i = at + k;
			double		as = ip->a[i] * ip->s[i];

			d[k] = as / (ip->above[i] * ip->a[i] + ip->below[i] * ip->s[i]);
			ip->v[i] = d[k] * ip->r[i];
			both[k] = ip->v[i] + ip->a[i];
		}
		qr_gram(x, ip->ld, ip->ld, count, d, partial, ip->ld);
		qr_multiply_t(x, ip->ld, ip->p, count, both, partial + (int64_t) ip->ld * ip->ld);
	}
}

/* v of the corrector, from the predictor's step (t); X'(v + a). */
static void
corrector_block(void *argument, int64_t first, int64_t last, double *partial)
{
	InteriorPoint *ip = argument;
	double		both[STRIP];

	for (int64_t at = first; at < last; at += STRIP)
	{
		int			count = last - at < STRIP ? (int) (last - at) : STRIP;

		for (int k = 0; k < count; k++)
		{
			int64_t		i = at + k;
			double		inverse_a = 1 / ip->a[i];
			double		inverse_s = 1 / ip->s[i];
			double		da = ip->v[i] - ip->d[i] * ip->t[i];
			double		dp = -ip->above[i] + ip->above[i] * inverse_s * da;
			double		dq = -ip->below[i] - ip->below[i] * inverse_a * da;
			double		up = (ip->target + da * dp) * inverse_s;
			double		down = (ip->target - da * dq) * inverse_a;

			/* what the step needs takes the place of what it does not: t, d */
			ip->v[i] = ip->d[i] * (ip->r[i] + down - up);
			ip->t[i] = up;
			ip->d[i] = down;
			both[k] = ip->v[i] + ip->a[i];
		}
		qr_multiply_t(ip->x + at * ip->ld, ip->ld, ip->p, count, both, partial);
	}
}

/* The largest of 1 / distance to the boundary, for dual and primal; sums of products for mu. */
enum
{
	SUM_GAP,					/* a q + s p */
	SUM_DUAL,					/* da q - da p */
	SUM_PRIMAL,					/* a dq + s dp */
	SUM_BOTH,					/* da dq - da dp */
	SUM_OBJECTIVE,				/* w (tau p + (1 - tau) q) */
	N_SUMS,
	MAX_DUAL = N_SUMS,
	MAX_PRIMAL,
	N_TOTALS
};

static void
step_block(void *argument, int64_t first, int64_t last, double *partial)
{
	InteriorPoint *ip = argument;
	double		fitted[STRIP];
	double		most_dual = partial[MAX_DUAL];
	double		most_primal = partial[MAX_PRIMAL];

	for (int64_t at = first; at < last; at += STRIP)
	{
		int			count = last - at < STRIP ? (int) (last - at) : STRIP;

		qr_multiply(ip->x + at * ip->ld, ip->ld, ip->p, count, ip->step, fitted);
		for (int k = 0; k < count; k++)
		{
			int64_t		i = at + k;
			double		a = ip->a[i],
						s = ip->s[i],
						p = ip->above[i],
						q = ip->below[i];
			double		inverse_a = 1 / a,
						inverse_s = 1 / s;
			double		da,
						dp,
						dq,
						most;

			if (ip->corrector)
			{
				double		weight = 1 / (p * inverse_s + q * inverse_a);

				da = ip->v[i] - weight * fitted[k];
				dp = ip->t[i] - p + p * inverse_s * da;
				dq = ip->d[i] - q - q * inverse_a * da;
				/* from here on t is da, d dp, and v dq */
				ip->t[i] = da;
				ip->d[i] = dp;
				ip->v[i] = dq;
			}
			else
			{
				ip->t[i] = fitted[k];
				da = ip->v[i] - ip->d[i] * fitted[k];
				dp = -p + p * inverse_s * da;
				dq = -q - q * inverse_a * da;
			}
			most = -da * inverse_a > da * inverse_s ? -da * inverse_a : da * inverse_s;
			most_dual = most > most_dual ? most : most_dual;
			most = -dp / p > -dq / q ? -dp / p : -dq / q;
			most_primal = most > most_primal ? most : most_primal;
			partial[SUM_GAP] += a * q + s * p;
			partial[SUM_DUAL] += da * (q - p);
			partial[SUM_PRIMAL] += a * dq + s * dp;
			partial[SUM_BOTH] += da * (dq - dp);
			partial[SUM_OBJECTIVE] += ip->rows->w[i] * (ip->tau * p + (1 - ip->tau) * q);
		}
	}
	partial[MAX_DUAL] = most_dual;
	partial[MAX_PRIMAL] = most_primal;
}

static void
update_block(void *argument, int64_t first, int64_t last, double *partial)
{
	InteriorPoint *ip = argument;

	for (int64_t i = first; i < last; i++)
	{
		ip->a[i] += ip->dual_step * ip->t[i];
		ip->s[i] -= ip->dual_step * ip->t[i];
		ip->above[i] += ip->primal_step * ip->d[i];
		ip->below[i] += ip->primal_step * ip->v[i];
		ip->r[i] = ip->above[i] - ip->below[i];
	}
}

/* The residuals of b, and how large they are. */
static void
residual_block(void *argument, int64_t first, int64_t last, double *partial)
{
	InteriorPoint *ip = argument;

	qr_multiply(ip->x + first * ip->ld, ip->ld, ip->p, last - first, ip->step, ip->r + first);
	for (int64_t i = first; i < last; i++)
	{
		ip->r[i] = ip->rows->y[i] - ip->r[i];
		partial[0] += fabs(ip->r[i]);
	}
}

/* From least squares: the dual that is feasible for any tau, whatever the residuals. */
static void
cold_block(void *argument, int64_t first, int64_t last, double *partial)
{
	InteriorPoint *ip = argument;

	for (int64_t i = first; i < last; i++)
	{
		double		r = ip->r[i];

		ip->a[i] = (1 - ip->tau) * ip->rows->w[i];
		ip->s[i] = ip->tau * ip->rows->w[i];
		ip->above[i] = (r > 0 ? r : 0) + ip->target;
		ip->below[i] = (r < 0 ? -r : 0) + ip->target;
		ip->r[i] = ip->above[i] - ip->below[i];
	}
}

/* The share of its upper bound that the dual value of a row has on the central path. */
double
qr_central_share(double r, double mu)
{
	double		root = sqrt(r * r + 4 * mu * mu);

	return r > 0 ? mu / (mu + 2 * mu * mu / (root + r)) : 2 * mu / (2 * mu - r + root);
}

/* From coefficients near the optimum: the centre at their residuals, a q = s p = mu, a + s = w, p - q = r. */
static void
warm_block(void *argument, int64_t first, int64_t last, double *partial)
{
	InteriorPoint *ip = argument;

	for (int64_t i = first; i < last; i++)
	{
		double		r = ip->r[i];
		double		mu = ip->target / ip->rows->w[i];
		double		root = sqrt(r * r + 4 * mu * mu);
		double		large = (2 * mu + fabs(r) + root) / 2;
		double		small = mu + 2 * mu * mu / (root + fabs(r));

		ip->above[i] = r > 0 ? large : small;
		ip->below[i] = r > 0 ? small : large;
		ip->a[i] = ip->target / ip->below[i];
		ip->s[i] = ip->target / ip->above[i];
		ip->r[i] = ip->above[i] - ip->below[i];
	}
}

static void
score_block(void *argument, int64_t first, int64_t last, double *partial)
{
	InteriorPoint *ip = argument;

	for (int64_t i = first; i < last; i++)
	{
		double		divisor = ip->above[i] * ip->a[i] + ip->below[i] * ip->s[i];

		ip->v[i] = divisor > 0 ? -ip->a[i] * ip->s[i] / divisor : 0;
	}
}

/* Coefficients of the whitened rows from those of the rows, and back: R b and R^-1 b up to the scale. */
static void
to_white(const QrFit *fit, const double *b, double *white)
{
	int			p = fit->rank;

	for (int i = 0; i < p; i++)
	{
		double		sum = 0;

		for (int j = i; j < p; j++)
			sum += fit->factor[(int64_t) i * p + j] * b[j];
		white[i] = sum / sqrt(fit->factor_rows);
	}
}

static void
from_white(const double *inverse, int p, int ld, const double *white, double *b)
{
	for (int i = 0; i < p; i++)
	{
		double		sum = 0;

		for (int j = i; j < p; j++)
			sum += inverse[(int64_t) i * ld + j] * white[j];
		b[i] = sum;
	}
}

/* Starts at b (whitened), or at least squares; total is ld x ld + ld scratch. */
static void
set_start(InteriorPoint *ip, bool have_start, double *b, double *total, double *diagonal)
{
	QrFit	   *fit = ip->fit;
	int64_t		m = ip->rows->m;
	int			ld = ip->ld;
	double		size;

	if (!have_start)
	{
		qr_for_blocks(fit, m, (int64_t) ld * ld / 2, least_squares_block, ip, ld * ld + ld, 0, total);
		qr_cholesky(fit, total, ip->p, ld, diagonal);
		memcpy(b, total + (int64_t) ld * ld, sizeof(double) * (size_t) ip->p);
		qr_cholesky_solve(total, ip->p, ld, b);
	}
	ip->step = b;
	qr_for_blocks(fit, m, ld, residual_block, ip, 1, 0, &size);
	ip->target = (have_start ? WARM_SHARE : COLD_SHARE) * size / (double) m;
	if (ip->target == 0)
		ip->target = DBL_EPSILON;
	qr_for_blocks(fit, m, 8, have_start ? warm_block : cold_block, ip, 0, 0, NULL);
}

/* One iteration; false when the gap is reached or the steps have died. */
static bool
iterate(InteriorPoint *ip, double tolerance, const double *share, double *b, double *step,
		double *total, double *diagonal)
{
	QrFit	   *fit = ip->fit;
	int64_t		m = ip->rows->m;
	int			p = ip->p;
	int			ld = ip->ld;
	double	   *side = total + (int64_t) ld * ld;
	double		sums[N_TOTALS];
	double		dual,
				primal,
				mu,
				after;

	qr_for_blocks(fit, m, (int64_t) ld * ld / 2, predictor_block, ip, ld * ld + ld, 0, total);
	qr_cholesky(fit, total, p, ld, diagonal);
	for (int j = 0; j < p; j++)
		step[j] = side[j] - share[j];
	qr_cholesky_solve(total, p, ld, step);
	ip->step = step;
	ip->corrector = false;
	qr_for_blocks(fit, m, ld + 16, step_block, ip, N_SUMS, 2, sums);
	ip->mu = sums[SUM_GAP] / (2 * (double) m);
	if (!(sums[SUM_GAP] > tolerance * sums[SUM_OBJECTIVE] + DBL_EPSILON * (double) m))
		return false;
	dual = sums[MAX_DUAL] > 1 ? 1 / sums[MAX_DUAL] : 1;
	primal = sums[MAX_PRIMAL] > 1 ? 1 / sums[MAX_PRIMAL] : 1;
	mu = sums[SUM_GAP];
	after = mu + dual * sums[SUM_DUAL] + primal * sums[SUM_PRIMAL] + dual * primal * sums[SUM_BOTH];
	after = after > 0 ? after / mu : 0;
	ip->target = after * after * after * mu / (2 * (double) m);
	if (ip->centre && ip->target < CENTRE_SHARE * tolerance * sums[SUM_OBJECTIVE] / (2 * (double) m))
		ip->target = CENTRE_SHARE * tolerance * sums[SUM_OBJECTIVE] / (2 * (double) m);
	ip->corrector = true;
	qr_for_blocks(fit, m, ld + 16, corrector_block, ip, ld, 0, side);
	for (int j = 0; j < p; j++)
		step[j] = side[j] - share[j];
	qr_cholesky_solve(total, p, ld, step);
	qr_for_blocks(fit, m, ld + 16, step_block, ip, N_SUMS, 2, sums);
	ip->dual_step = sums[MAX_DUAL] > STEP_SHARE ? STEP_SHARE / sums[MAX_DUAL] : 1;
	ip->primal_step = sums[MAX_PRIMAL] > STEP_SHARE ? STEP_SHARE / sums[MAX_PRIMAL] : 1;
	if (!(ip->dual_step > 1e-6 || ip->primal_step > 1e-6) || !isfinite(sums[SUM_BOTH]))
		return false;
	qr_for_blocks(fit, m, 8, update_block, ip, 0, 0, NULL);
	for (int j = 0; j < p; j++)
		b[j] += ip->primal_step * step[j];
	return true;
}

static void
share_block(void *argument, int64_t first, int64_t last, double *partial)
{
	InteriorPoint *ip = argument;

	qr_multiply_t(ip->x + first * ip->ld, ip->ld, ip->p, last - first, ip->rows->w + first, partial);
}

/* (1 - tau) X'w, less what the globs take of it: the one above has a = w, the one below a = 0. */
static void
set_share(InteriorPoint *ip, const QrRows *globs, const double *inverse, double *share, double *scratch)
{
	QrFit	   *fit = ip->fit;
	int			p = ip->p;

	qr_for_blocks(fit, ip->rows->m, ip->ld, share_block, ip, ip->ld, 0, share);
	for (int j = 0; j < p; j++)
		share[j] *= 1 - fit->tau;
	for (int side = 0; side < 2 && globs != NULL; side++)
	{
		double		a = globs->w[side] * (side == 0 ? -fit->tau : 1 - fit->tau);

		qr_leverage(globs->x + side * globs->ld, globs->ld, p, 1, inverse, ip->ld, scratch, NULL);
		for (int j = 0; j < p; j++)
			share[j] += a * scratch[j];
	}
}

/*
 * Minimises over the rows to the relative duality gap given; returns mu there.  With globs, rows
 * 0 and 1 are those: they are taken to keep their sides and so only shift the
 * equality.  start_b, when not NULL, are coefficients to begin with.  b (p)
 * receives the coefficients; score (m), when not NULL, how little a row looks
 * like one that the optimum interpolates (smallest first).  Without score the
 * end is near the central path, so that qr_central_share tells of other rows.
 */
double
qr_interior_point(QrFit *fit, const QrRows *rows, bool globs, double tolerance, const double *start_b,
				  double *b, double *score)
{
	MlpgHost   *host = fit->host;
	int			p = rows->p;
	int			ld = rows->ld;
	int			skip = globs ? 2 : 0;
	QrRows		own = *rows;
	size_t		m = (size_t) (rows->m - skip);
	InteriorPoint ip = {.fit = fit, .rows = &own, .p = p, .ld = ld, .tau = fit->tau, .centre = score == NULL};
	double	   *inverse = qr_invert_factor(fit, ld);
	double	   *total = mlpg_allocate(host, (size_t) ld * (size_t) ld + (size_t) ld, sizeof(double));
	double	   *small = mlpg_allocate(host, 4 * (size_t) ld, sizeof(double));
	double	   *white = small,
			   *step = small + ld,
			   *share = small + 2 * ld,
			   *diagonal = small + 3 * ld;
	double	   *vectors = mlpg_allocate(host, mlpg_size_multiply(host, m, 8), sizeof(double));
	Whiten		whiten = {&own, inverse, NULL};

	own.m = rows->m - skip;
	own.x += (int64_t) skip * ld;
	own.y += skip;
	own.w += skip;
	own.row += skip;
	ip.x = mlpg_allocate(host, mlpg_size_multiply(host, m, (size_t) ld), sizeof(double));
	ip.a = vectors;
	ip.s = vectors + m;
	ip.above = vectors + 2 * m;
	ip.below = vectors + 3 * m;
	ip.r = vectors + 4 * m;
	ip.d = vectors + 5 * m;
	ip.t = vectors + 6 * m;
	ip.v = vectors + 7 * m;
	whiten.x = ip.x;
	qr_for_blocks(fit, own.m, (int64_t) ld * ld / 2, whiten_block, &whiten, 0, 0, NULL);
	if (start_b != NULL)
		to_white(fit, start_b, white);
	set_start(&ip, start_b != NULL, white, total, diagonal);
	set_share(&ip, globs ? rows : NULL, inverse, share, step);
	for (int k = 0; k < ITERATIONS_MAX; k++)
	{
		if (!iterate(&ip, tolerance, share, white, step, total, diagonal))
			break;
		fit->iterations++;
	}
	from_white(inverse, p, ld, white, b);
	if (score != NULL)
	{
		qr_for_blocks(fit, own.m, 8, score_block, &ip, 0, 0, NULL);
		memset(score, 0, sizeof(double) * (size_t) skip);
		memcpy(score + skip, ip.v, m * sizeof(double));
	}
	mlpg_release(host, ip.x);
	mlpg_release(host, vectors);
	mlpg_release(host, small);
	mlpg_release(host, total);
	mlpg_release(host, inverse);
	return ip.mu;
}
