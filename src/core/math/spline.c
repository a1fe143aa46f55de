/*-------------------------------------------------------------------------
 *
 * spline.c
 *	  Bases of natural cubic splines.
 *
 * A natural cubic spline is cubic between its knots, has two continuous
 * derivatives, and goes on as a straight line beyond the outer knots, where a
 * polynomial would run away.  With m knots and without a constant that is a space of
 * m - 1 dimensions, spanned as R's splines::ns spans it (Hastie 1992): cubic
 * B-splines (de Boor 1978) on the knots, the outer ones fourfold, less the first;
 * of these m + 1 columns, what two Householder reflections leave of the
 * conditions that the second derivative is zero at both ends.
 *
 * Signs and order of the columns are those of ns (its reflections are LINPACK's dqrdc), so that
 * coefficients compare.
 *
 * Cost of a row: 12 operations for the four B-splines that are not zero and
 * 8 for each column.
 *
 *-------------------------------------------------------------------------
 */
#include "core/math/spline.h"

/* Knot i of the B-splines: the outer ones fourfold. */
static double
knot_at(const MlpgSpline *s, int i)
{
	i -= 3;
	return s->knot[i < 0 ? 0 : i >= s->n_knots ? s->n_knots - 1 : i];
}

/* The span of x: knot[span] <= x < knot[span + 1], the last one closed. */
static int
find_span(const MlpgSpline *s, double x)
{
	int			low = 0,
				high = s->n_knots - 1;

	while (high - low > 1)
	{
		int			middle = (low + high) / 2;

		if (x < s->knot[middle])
			high = middle;
		else
			low = middle;
	}
	return low;
}

/*
 * The derivative-th derivative at x of B-spline i of an order (degree + 1), seen
 * from within the span.  The recursions of de Boor; for setting up only.
 */
static double
bspline(const MlpgSpline *s, int i, int order, int span, double x, int derivative)
{
	double		left,
				right,
				low,
				high;

	if (order == 1)
		return derivative == 0 && i == span + 3 ? 1 : 0;
	low = knot_at(s, i + order - 1) - knot_at(s, i);
	high = knot_at(s, i + order) - knot_at(s, i + 1);
	left = low > 0 ? bspline(s, i, order - 1, span, x, derivative > 0 ? derivative - 1 : 0) / low : 0;
	right = high > 0 ? bspline(s, i + 1, order - 1, span, x, derivative > 0 ? derivative - 1 : 0) / high : 0;
	if (derivative > 0)
		return (order - 1) * (left - right);
	return (x - knot_at(s, i)) * left + (knot_at(s, i + order) - x) * right;
}

/* The four cubic B-splines that are not zero in a span (The NURBS Book, A2.2). */
static void
four_bsplines(const MlpgSpline *s, int span, double x, double *out)
{
	double		left[4],
				right[4];

	out[0] = 1;
	for (int j = 1; j <= 3; j++)
	{
		double		saved = 0;

		left[j] = x - knot_at(s, span + 4 - j);
		right[j] = knot_at(s, span + 3 + j) - x;
		for (int r = 0; r < j; r++)
		{
			double		part = out[r] / (right[r + 1] + left[j - r]);

			out[r] = saved + right[r + 1] * part;
			saved = left[j - r] * part;
		}
		out[j] = saved;
	}
}

/* Makes a reflection of x[from .. n), as LINPACK's dqrdc leaves it behind. */
static void
make_reflection(double *x, int from, int n)
{
	double		square = 0,
				norm;

	for (int i = from; i < n; i++)
		square += x[i] * x[i];
	norm = copysign(sqrt(square), x[from]);
	for (int i = from; i < n; i++)
		x[i] /= norm;
	x[from] += 1;
}

static void
reflect(const double *x, int from, int n, double *y)
{
	double		t = 0;

	for (int i = from; i < n; i++)
		t -= x[i] * y[i];
	t /= x[from];
	for (int i = from; i < n; i++)
		y[i] += t * x[i];
}

/* What B-splines (all but the first) weigh in each column: rows of Q but its first two columns. */
static void
set_mix(MlpgHost *host, MlpgSpline *s)
{
	int			n = s->n_knots + 1;
	int			last = s->n_knots - 2;
	double	   *a = mlpg_allocate(host, (size_t) n, sizeof(double));
	double	   *b = mlpg_allocate(host, (size_t) n, sizeof(double));
	double	   *e = mlpg_allocate(host, (size_t) n, sizeof(double));

	for (int i = 0; i < n; i++)
	{
		a[i] = bspline(s, i + 1, 4, 0, s->knot[0], 2);
		b[i] = bspline(s, i + 1, 4, last, s->knot[s->n_knots - 1], 2);
	}
	make_reflection(a, 0, n);
	reflect(a, 0, n, b);
	make_reflection(b, 1, n);
	for (int i = 0; i < n; i++)
	{
		memset(e, 0, (size_t) n * sizeof(double));
		e[i] = 1;
		reflect(a, 0, n, e);
		reflect(b, 1, n, e);
		memcpy(s->mix + (size_t) i * (size_t) s->n_columns, e + 2, (size_t) s->n_columns * sizeof(double));
	}
	mlpg_release(host, a);
	mlpg_release(host, b);
	mlpg_release(host, e);
}

static void
set_outer(MlpgSpline *s)
{
	for (int end = 0; end < 2; end++)
		for (int derivative = 0; derivative < 2; derivative++)
		{
			double	   *out = s->outer + (end * 2 + derivative) * s->n_columns;
			int			span = end == 0 ? 0 : s->n_knots - 2;

			for (int i = span; i < span + 4; i++)
				for (int c = 0; i > 0 && c < s->n_columns; c++)
					out[c] += bspline(s, i, 4, span, s->knot[end == 0 ? 0 : s->n_knots - 1], derivative) *
						s->mix[(size_t) (i - 1) * (size_t) s->n_columns + (size_t) c];
		}
}

MlpgSpline *
mlpg_spline_create(MlpgHost *host, const double *knot, int n_knots)
{
	MlpgSpline *s = mlpg_allocate(host, 1, sizeof(MlpgSpline));

	s->n_knots = n_knots;
	s->n_columns = n_knots - 1;
	s->knot = mlpg_allocate(host, (size_t) n_knots, sizeof(double));
	memcpy(s->knot, knot, (size_t) n_knots * sizeof(double));
	s->mix = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) n_knots + 1, (size_t) s->n_columns), sizeof(double));
	s->outer = mlpg_allocate(host, (size_t) s->n_columns * 4, sizeof(double));
	set_mix(host, s);
	set_outer(s);
	return s;
}

void
mlpg_spline_row(const MlpgSpline *s, double x, double *out)
{
	double		first = s->knot[0],
				last = s->knot[s->n_knots - 1];
	double		b[4];
	int			span;

	if (x < first || x > last)
	{
		const double *value = s->outer + (x < first ? 0 : 2 * s->n_columns);
		double		beyond = x - (x < first ? first : last);

		for (int c = 0; c < s->n_columns; c++)
			out[c] = value[c] + beyond * value[s->n_columns + c];
		return;
	}
	span = find_span(s, x);
	four_bsplines(s, span, x, b);
	memset(out, 0, (size_t) s->n_columns * sizeof(double));
	for (int i = 0; i < 4; i++)
		for (int c = 0; span + i > 0 && c < s->n_columns; c++)
			out[c] += b[i] * s->mix[(size_t) (span + i - 1) * (size_t) s->n_columns + (size_t) c];
}
