/*-------------------------------------------------------------------------
 *
 * newton.c
 *	  Newton's method for smooth convex functions of a few hundred unknowns, with
 *	  L1 penalties on request.
 *
 * A step minimises the quadratic model at the point, plus the L1 penalty if there is one:
 * without, one Cholesky solve; with, coordinate descent on the model (a proximal
 * Newton step; Lee, Sun and Saunders 2014), which sets coefficients to exact zeros.  A step
 * that does not lower the function enough (Armijo 1966) is halved until it does.
 *
 * The Hessian is the dear part of an evaluation.  Where the Newton decrement is
 * below CHORD the old one mostly is near enough that a step gains three digits without a
 * new one (if it gains less than one digit there is a new one from then on); and one step more is free when the gradient is below the
 * tolerance: it is taken, and the gradient reported is that before it.
 *
 * When the decrease that a step promises is below the rounding error of the function,
 * values cannot judge it: then it is taken if it makes the gradient smaller, and the search
 * is over if not.
 *
 * Where there is no minimum (separated classes) the gradient vanishes while steps
 * do not.  So a small gradient counts only with a small step, and a search
 * whose steps do not become small far out is given up.
 *
 * A pivot of the Hessian below PIVOT of its diagonal is rounding error: that
 * unknown stays for this step.  Cost of a step: n^3 / 3, with L1 n^2 a sweep.  Memory: n^2 doubles.
 * Determinism: no threads but those of the function.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/minimise.h"

#define CHORD 1e-3
#define PIVOT 1e-15
#define DEPENDENT 1e-11			/* squared distance from the columns before, over squared length */
#define CHORD_GAIN 0.1			/* of a chord step, at least: the gradient becomes so small a share of what it was */
#define SMALL_STEP 1e-4			/* relative to each unknown, or absolute where that is below 1 */
#define ARMIJO 1e-4
#define ROUNDING 1e-12			/* relative error of the function's differences */
#define HALVINGS 40
#define SWEEPS 10000
#define SWEEP_TOLERANCE 1e-3	/* of the gradient when the step began */

typedef struct Search
{
	MlpgHost   *host;
	const MlpgObjective *o;
	const bool *fixed;
	int			n;
	double	   *hessian;
	double	   *factor;			/* n x n, lower */
	bool		factored;
	bool	   *skipped;		/* no pivot */
	double	   *column;			/* scratch */
	double	   *gradient;
	double	   *next_gradient;
	double	   *next;
	double	   *step;
	bool		always_renew;	/* an old Hessian has not served */
} Search;

static double *
vector(MlpgHost *host, int n)
{
	return mlpg_allocate(host, (size_t) n + 1, sizeof(double));
}

static bool
is_small(const double *step, const double *x, int n)
{
	for (int j = 0; j < n; j++)
		if (!(fabs(step[j]) <= SMALL_STEP * (1 + fabs(x[j]))))
			return false;
	return true;
}

/*
 * Lower Cholesky factor in place, outer products so that loops vectorise; the upper
 * triangle is left alone.  Columns skipped on entry, or with a pivot of at most floor of
 * their diagonal, are skipped.  Returns how many were of the latter.
 */
static int
factorise(MlpgHost *host, double *a, int n, int ld, double floor, bool *skipped, double *column)
{
	int			n_lost = 0;

	for (int j = 0; j < n; j++)
		column[j] = a[(size_t) j * (size_t) ld + (size_t) j] * floor;
	for (int k = 0; k < n; k++)
	{
		double		pivot = a[(size_t) k * (size_t) ld + (size_t) k];

		if (!skipped[k] && !(pivot > column[k]))
		{
			skipped[k] = true;
			n_lost++;
		}
		if (skipped[k])
			continue;
		pivot = sqrt(pivot);
		a[(size_t) k * (size_t) ld + (size_t) k] = pivot;

		double	   *below = column + n;

		for (int i = k + 1; i < n; i++)
			below[i] = a[(size_t) i * (size_t) ld + (size_t) k] /= pivot;
		for (int i = k + 1; i < n; i++)
		{
			double	   *row = a + (size_t) i * (size_t) ld;
			double		factor = below[i];

			if (!skipped[i] && factor != 0)
				for (int j = k + 1; j <= i; j++)
					row[j] -= factor * below[j];
		}
		if (k % 32 == 0)
			mlpg_check(host, NULL, 0, 0);
	}
	return n_lost;
}

/* x = (L L')^-1 x, zero where skipped */
static void
solve(const double *l, int n, const bool *skipped, double *x)
{
	for (int i = 0; i < n; i++)
	{
		double		sum = x[i];

		if (skipped[i])
		{
			x[i] = 0;
			continue;
		}
		for (int j = 0; j < i; j++)
			sum -= skipped[j] ? 0 : l[(size_t) i * (size_t) n + (size_t) j] * x[j];
		x[i] = sum / l[(size_t) i * (size_t) n + (size_t) i];
	}
	for (int i = n - 1; i >= 0; i--)
	{
		if (skipped[i])
			continue;
		x[i] /= l[(size_t) i * (size_t) n + (size_t) i];
		for (int j = 0; j < i; j++)
			x[j] -= l[(size_t) i * (size_t) n + (size_t) j] * x[i];
	}
	for (int i = 0; i < n; i++)
		x[i] = skipped[i] ? 0 : x[i];
}

static void
mark(const bool *fixed, int n, bool *skipped)
{
	for (int j = 0; j < n; j++)
		skipped[j] = fixed && fixed[j];
}

int
mlpg_newton_dependent(MlpgHost *host, const double *a, int m, int ld, bool *dependent)
{
	double	   *factor = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) m + 1, (size_t) m + 1), sizeof(double));
	double	   *column = vector(host, 2 * m);
	int			n;

	for (int i = 0; i < m; i++)
		memcpy(factor + (size_t) i * (size_t) m, a + (size_t) i * (size_t) ld, (size_t) m * sizeof(double));
	memset(dependent, 0, (size_t) m * sizeof(bool));
	n = factorise(host, factor, m, m, DEPENDENT, dependent, column);
	mlpg_release(host, factor);
	mlpg_release(host, column);
	return n;
}

void
mlpg_newton_inverse(MlpgHost *host, const double *a, int n, const bool *fixed, double *inverse)
{
	size_t		size = mlpg_size_multiply(host, (size_t) n + 1, (size_t) n + 1);
	double	   *factor = mlpg_allocate(host, size, sizeof(double));
	double	   *column = vector(host, 2 * n);
	bool	   *skipped = mlpg_allocate(host, (size_t) n + 1, sizeof(bool));

	memcpy(factor, a, (size_t) n * (size_t) n * sizeof(double));
	mark(fixed, n, skipped);
	factorise(host, factor, n, n, PIVOT, skipped, column);
	for (int j = 0; j < n; j++)
	{
		double	   *row = inverse + (size_t) j * (size_t) n;

		memset(row, 0, (size_t) n * sizeof(double));
		row[j] = 1;
		solve(factor, n, skipped, row);
		mlpg_check(host, NULL, 0, 0);
	}
	mlpg_release(host, factor);
	mlpg_release(host, column);
	mlpg_release(host, skipped);
}

/* ---------- steps ---------- */

static void
plain_step(Search *s)
{
	int			n = s->n;

	if (!s->factored)
	{
		memcpy(s->factor, s->hessian, (size_t) n * (size_t) n * sizeof(double));
		mark(s->fixed, n, s->skipped);
		factorise(s->host, s->factor, n, n, PIVOT, s->skipped, s->column);
		s->factored = true;
	}
	for (int j = 0; j < n; j++)
		s->step[j] = -s->gradient[j];
	solve(s->factor, n, s->skipped, s->step);
}

/* Where h z^2 / 2 - b z + l1 |z| is least. */
static double
shrunk(double b, double l1, double h)
{
	return b > l1 ? (b - l1) / h : b < -l1 ? (b + l1) / h : 0;
}

/* Coordinate descent on the model: slope holds its gradient at x + step. */
static void
proximal_step(Search *s, const double *x)
{
	int			n = s->n;
	double	   *slope = s->column;
	double		enough = 0;

	memset(s->step, 0, (size_t) n * sizeof(double));
	memcpy(slope, s->gradient, (size_t) n * sizeof(double));
	for (int j = 0; j < n; j++)
		enough = fmax(enough, fabs(mlpg_subgradient(s->o, x, s->gradient, j)));
	enough *= SWEEP_TOLERANCE;
	for (int sweep = 0; sweep < SWEEPS; sweep++)
	{
		double		most = 0;	/* change of a slope by a coordinate's move */

		for (int j = 0; j < n; j++)
		{
			const double *row = s->hessian + (size_t) j * (size_t) n;
			double		z = x[j] + s->step[j],
						to,
						move;

			if ((s->fixed && s->fixed[j]) || !(row[j] > 0))
				continue;
			to = shrunk(row[j] * z - slope[j], s->o->l1[j], row[j]);
			move = to - z;
			if (move == 0)
				continue;
			s->step[j] = to == 0 ? -x[j] : s->step[j] + move;	/* x + step is zero exactly */
			most = fmax(most, row[j] * fabs(move));
			for (int k = 0; k < n; k++)
				slope[k] += move * row[k];
		}
		if (most <= enough)
			break;
		mlpg_check(s->host, NULL, 0, 0);
	}
}

/* Sets the step; how much the model promises to first order. */
static double
choose_step(Search *s, const double *x)
{
	double		gain = 0;

	if (s->o->l1)
		proximal_step(s, x);
	else
		plain_step(s);
	for (int j = 0; j < s->n; j++)
	{
		double		l1 = s->o->l1 ? s->o->l1[j] : 0;

		gain -= s->gradient[j] * s->step[j] + l1 * (fabs(x[j] + s->step[j]) - fabs(x[j]));
	}
	return gain;
}

static double
gradient_size(const Search *s, const double *x, const double *gradient)
{
	double		most = 0;

	for (int j = 0; j < s->n; j++)
		if (!(s->fixed && s->fixed[j]) && !(fabs(mlpg_subgradient(s->o, x, gradient, j)) <= most))
			most = fabs(mlpg_subgradient(s->o, x, gradient, j));
	return most;
}

/* Does a step promise less than differences of the function can show? */
static bool
is_invisible(double gain, const MlpgMinimum *m)
{
	return gain <= ROUNDING * fabs(m->value);
}

/* Moves along the step as far as it helps; false: no way on. */
static bool
advance(Search *s, double gain, bool renew, MlpgMinimum *m)
{
	bool		invisible = is_invisible(gain, m);
	double		t = 1;

	for (int i = 0; i < (invisible ? 1 : HALVINGS); i++, t *= 0.5)
	{
		double		value,
					gradient;

		for (int j = 0; j < s->n; j++)
			s->next[j] = m->x[j] + t * s->step[j];
		value = s->o->evaluate(s->host, s->o->argument, s->next, s->next_gradient, renew ? s->hessian : NULL) + mlpg_penalty(s->o, s->next);
		s->factored = s->factored && !renew;
		m->evaluations++;
		gradient = gradient_size(s, s->next, s->next_gradient);
		if (invisible ? gradient < 0.5 * m->gradient : value <= m->value - ARMIJO * t * gain + 0.1 * ROUNDING * fabs(m->value))
		{
			memcpy(m->x, s->next, (size_t) s->n * sizeof(double));
			memcpy(s->gradient, s->next_gradient, (size_t) s->n * sizeof(double));
			m->value = value;
			m->gradient = gradient;
			return true;
		}
	}
	return false;
}

static void
search(Search *s, const MlpgStopRule *rule, bool known, MlpgMinimum *m)
{
	m->value = s->o->evaluate(s->host, s->o->argument, m->x, s->gradient, known ? NULL : s->hessian) + mlpg_penalty(s->o, m->x);
	m->evaluations++;
	m->gradient = gradient_size(s, m->x, s->gradient);
	for (;; m->iterations++)
	{
		double		gain = choose_step(s, m->x);
		double		before = m->gradient;
		bool		small = is_small(s->step, m->x, s->n),
					renew = gain > CHORD * CHORD || s->always_renew;

		if (m->gradient <= rule->tolerance && small)
		{
			for (int j = 0; j < s->n; j++)
				m->x[j] += s->step[j];
			m->converged = true;
			return;
		}
		m->unbounded = !small && s->o->is_far && s->o->is_far(s->o->argument);
		if (m->unbounded || m->iterations >= rule->max_iterations)
			return;
		if (!advance(s, gain, renew, m))
		{
			/* as far as double precision goes: the minimum, or so far out that nothing is left of the gradient */
			m->converged = small && is_invisible(gain, m);
			m->unbounded = !small && s->o->is_far;
			return;
		}
		s->always_renew = s->always_renew || (!renew && m->gradient > CHORD_GAIN * before);
	}
}

void
mlpg_newton_minimise(MlpgHost *host, const MlpgObjective *objective, const MlpgStopRule *rule, const bool *fixed,
					 double *hessian, bool known, MlpgMinimum *minimum)
{
	int			n = objective->n;
	Search		s = {.host = host, .o = objective, .fixed = fixed, .n = n, .hessian = hessian};

	s.factor = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) n + 1, (size_t) n + 1), sizeof(double));
	s.skipped = mlpg_allocate(host, (size_t) n + 1, sizeof(bool));
	s.column = vector(host, 2 * n);
	s.gradient = vector(host, n);
	s.next_gradient = vector(host, n);
	s.next = vector(host, n);
	s.step = vector(host, n);
	minimum->iterations = minimum->evaluations = 0;
	minimum->converged = minimum->unbounded = false;
	search(&s, rule, known, minimum);
	mlpg_release(host, s.factor);
	mlpg_release(host, s.skipped);
	mlpg_release(host, s.column);
	mlpg_release(host, s.gradient);
	mlpg_release(host, s.next_gradient);
	mlpg_release(host, s.next);
	mlpg_release(host, s.step);
}
