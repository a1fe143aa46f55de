/*-------------------------------------------------------------------------
 *
 * lbfgs.c
 *	  Limited-memory BFGS for smooth convex functions of many unknowns, with L1
 *	  penalties on request.
 *
 * The step is minus the gradient times an inverse Hessian that stands in the last
 * PAIRS moves and changes of gradient (Nocedal 1980), by the two-loop recursion; it is
 * halved until the function falls enough (Armijo 1966).  On a convex function
 * every move has a change of gradient along it that is not against it, so no pair is bad;
 * one that is lost in rounding is left out.
 *
 * With L1 (Andrew and Gao 2007, OWL-QN): the subgradient of least length takes the
 * gradient's place; components of the step against it are dropped; and the
 * search stays in the orthant where it began, so that a coefficient which would change
 * sign stops at zero.  Pairs are those of the smooth part.
 *
 * Steps say nothing about whether there is a minimum; where there may be none, a point far out is the end.
 *
 * Cost of an iteration: one evaluation, mostly, and 4 * PAIRS * n.  Memory: (2 * PAIRS + 6) n
 * doubles.  Determinism: no threads but those of the function.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/minimise.h"

#include <float.h>

#define PAIRS 12
#define ARMIJO 1e-4
#define HALVINGS 50
#define ROUNDING 1e-12			/* relative error of the function's differences */

typedef struct Search
{
	MlpgHost   *host;
	const MlpgObjective *o;
	int			n;
	int			n_pairs;		/* so far; the last PAIRS are kept */
	double	   *moved;			/* PAIRS x n */
	double	   *changed;		/* PAIRS x n */
	double		product[PAIRS];
	double	   *gradient;		/* of the smooth part */
	double	   *sub;			/* of the whole */
	double	   *next;
	double	   *next_gradient;
	double	   *step;
} Search;

static double *
vector(MlpgHost *host, size_t n)
{
	return mlpg_allocate(host, n + 1, sizeof(double));
}

static double
dot(const double *a, const double *b, int n)
{
	double		sum[4] = {0};
	int			j = 0;

	for (; j + 4 <= n; j += 4)
		for (int k = 0; k < 4; k++)
			sum[k] += a[j + k] * b[j + k];
	for (; j < n; j++)
		sum[0] += a[j] * b[j];
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void
add_scaled(double *to, double factor, const double *x, int n)
{
	for (int j = 0; j < n; j++)
		to[j] += factor * x[j];
}

/* The subgradient at x, and its largest component (NaN if any is). */
static double
take_subgradient(Search *s, const double *x)
{
	double		most = 0;

	for (int j = 0; j < s->n; j++)
	{
		s->sub[j] = mlpg_subgradient(s->o, x, s->gradient, j);
		if (!(fabs(s->sub[j]) <= most))
			most = fabs(s->sub[j]);
	}
	return most;
}

static void
choose_step(Search *s)
{
	int			n = s->n,
				kept = s->n_pairs < PAIRS ? s->n_pairs : PAIRS;
	double		share[PAIRS];

	for (int j = 0; j < n; j++)
		s->step[j] = -s->sub[j];
	for (int i = 1; i <= kept; i++)
	{
		int			at = (s->n_pairs - i) % PAIRS;

		share[at] = dot(s->moved + (size_t) at * (size_t) n, s->step, n) / s->product[at];
		add_scaled(s->step, -share[at], s->changed + (size_t) at * (size_t) n, n);
	}
	if (kept > 0)
	{
		int			last = (s->n_pairs - 1) % PAIRS;
		const double *changed = s->changed + (size_t) last * (size_t) n;
		double		factor = s->product[last] / dot(changed, changed, n);

		for (int j = 0; j < n; j++)
			s->step[j] *= factor;
	}
	for (int i = kept; i >= 1; i--)
	{
		int			at = (s->n_pairs - i) % PAIRS;
		double		back = dot(s->changed + (size_t) at * (size_t) n, s->step, n) / s->product[at];

		add_scaled(s->step, share[at] - back, s->moved + (size_t) at * (size_t) n, n);
	}
	for (int j = 0; s->o->l1 && j < n; j++)
		if (s->o->l1[j] > 0 && s->step[j] * s->sub[j] >= 0)
			s->step[j] = 0;
}

/* x + t step, within the orthant of x (of the way down where x is zero). */
static void
move(Search *s, const double *x, double t)
{
	for (int j = 0; j < s->n; j++)
	{
		double		side = x[j] != 0 ? x[j] : -s->sub[j];

		s->next[j] = x[j] + t * s->step[j];
		if (s->o->l1 && s->o->l1[j] > 0 && !(s->next[j] * side > 0))
			s->next[j] = 0;
	}
}

/* Keeps the pair of the step just made. */
static void
remember(Search *s, const double *x)
{
	int			at = s->n_pairs % PAIRS;
	double	   *moved = s->moved + (size_t) at * (size_t) s->n,
			   *changed = s->changed + (size_t) at * (size_t) s->n;

	for (int j = 0; j < s->n; j++)
	{
		moved[j] = s->next[j] - x[j];
		changed[j] = s->next_gradient[j] - s->gradient[j];
	}
	s->product[at] = dot(moved, changed, s->n);
	if (s->product[at] > DBL_EPSILON * dot(changed, changed, s->n))
		s->n_pairs++;
}

/* Moves along the step as far as it helps; false: no way on. */
static bool
advance(Search *s, MlpgMinimum *m)
{
	double		t = 1;

	for (int i = 0; i < HALVINGS; i++, t *= 0.5)
	{
		double		value,
					gain = 0;

		move(s, m->x, t);
		for (int j = 0; j < s->n; j++)
			gain -= s->sub[j] * (s->next[j] - m->x[j]);
		value = s->o->evaluate(s->host, s->o->argument, s->next, s->next_gradient, NULL) + mlpg_penalty(s->o, s->next);
		m->evaluations++;
		if (value <= m->value - ARMIJO * gain + 0.01 * ROUNDING * fabs(m->value))
		{
			remember(s, m->x);
			memcpy(m->x, s->next, (size_t) s->n * sizeof(double));
			memcpy(s->gradient, s->next_gradient, (size_t) s->n * sizeof(double));
			m->value = value;
			return true;
		}
		if (gain <= ROUNDING * fabs(m->value))
			break;
	}
	return false;
}

static void
search(Search *s, const MlpgStopRule *rule, MlpgMinimum *m)
{
	m->value = s->o->evaluate(s->host, s->o->argument, m->x, s->gradient, NULL) + mlpg_penalty(s->o, m->x);
	m->evaluations++;
	for (;; m->iterations++)
	{
		m->gradient = take_subgradient(s, m->x);
		m->converged = m->gradient <= rule->tolerance;
		m->unbounded = s->o->is_far && s->o->is_far(s->o->argument);
		if (m->converged || m->unbounded || m->iterations >= rule->max_iterations)
			return;
		choose_step(s);
		if (advance(s, m))
			continue;
		/* from the start again, once: the pairs may have grown stale */
		if (s->n_pairs == 0)
			return;
		s->n_pairs = 0;
	}
}

void
mlpg_lbfgs_minimise(MlpgHost *host, const MlpgObjective *objective, const MlpgStopRule *rule, MlpgMinimum *minimum)
{
	size_t		n = (size_t) objective->n;
	Search		s = {.host = host, .o = objective, .n = objective->n};

	s.moved = vector(host, mlpg_size_multiply(host, n, PAIRS));
	s.changed = vector(host, mlpg_size_multiply(host, n, PAIRS));
	s.gradient = vector(host, n);
	s.sub = vector(host, n);
	s.next = vector(host, n);
	s.next_gradient = vector(host, n);
	s.step = vector(host, n);
	minimum->iterations = minimum->evaluations = 0;
	minimum->converged = minimum->unbounded = false;
	search(&s, rule, minimum);
	mlpg_release(host, s.moved);
	mlpg_release(host, s.changed);
	mlpg_release(host, s.gradient);
	mlpg_release(host, s.sub);
	mlpg_release(host, s.next);
	mlpg_release(host, s.next_gradient);
	mlpg_release(host, s.step);
}
