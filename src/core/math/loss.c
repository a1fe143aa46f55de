/*-------------------------------------------------------------------------
 *
 * loss.c
 *	  The loss table: what a loss is, its domain, its gradients and its start.
 *
 * The formulas are in loss_row.c.  Here is what all losses share: parameters,
 * the domain of the target, weights, conversion to float, order-free means and
 * the constant to start from, which minimises the weighted loss:
 *
 *	 squared, huber			the mean (as LightGBM starts huber)
 *	 absolute, quantile, newsvendor	the lower weighted order statistic at the level
 *	 expectile				where weights 2 tau and 2 (1 - tau) balance, by Newton steps from
 *							the mean: exact after finitely many (Newey and Powell 1987)
 *	 linex					log(mean of exp(a y)) / a
 *	 poisson, gamma, tweedie	log of the mean
 *	 logistic, softmax		log-odds of the share, log of each share
 *
 * All of it is computed with sums that are exact (fixed.c) or with integer
 * counts, so the order of the rows does not matter, nor do threads.  Order
 * statistics are found by counting the digits of the values' bit patterns from
 * the top (radix selection), 16 bits at a time: four passes over the rows and no
 * copy of them.
 *
 * Cost: a pass of gradients 1 to 4 ns a row and output.  Memory: order statistics
 * take 512 kB a thread, everything else a few kB.
 *
 * NULL: targets are present; a NaN target is outside every domain.
 *
 *-------------------------------------------------------------------------
 */
#include "core/math/loss_row.h"

#include "core/math/exp.h"
#include "core/math/fixed.h"
#include "core/math/sort.h"

#include <float.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define BLOCK MLPG_LOSS_BLOCK
#define PASS_ROWS 16384			/* of a task */
#define LEAST_SHARE 1e-15		/* a class that is not there, as in LightGBM */

enum
{
	CONSTANT_HESSIAN = 1,
	REFITS_LEAVES = 2
};

typedef enum Parameter
{
	NO_PARAMETER,
	ALPHA,
	LEVEL,
	LINEX_A,
	MAX_DELTA_STEP,
	POWER
} Parameter;

static const struct
{
	const char *name;
	double		initial;
	double		minimum;		/* both excluded */
	double		maximum;
	const char *range;
}			parameters[] = {
	[NO_PARAMETER] = {NULL, NAN, 0, 0, NULL},
	[ALPHA] = {"alpha", 0.9, 0, DBL_MAX, "It must be above 0."},
	[LEVEL] = {"quantile", 0.5, 0, 1, "It must be between 0 and 1, both excluded."},
	[LINEX_A] = {"a", 1, -1e6, 1e6, "It must not be 0, and be between -1e6 and 1e6."},
	[MAX_DELTA_STEP] = {"max_delta_step", 0.7, 0, 100, "It must be above 0 and below 100."},
	[POWER] = {"power", 1.5, 1, 2, "It must be between 1 and 2, both excluded."},
};

#define IDENTITY MLPG_LOSS_IDENTITY
#define EXP MLPG_LOSS_EXP
#define SIGMOID MLPG_LOSS_SIGMOID
#define SOFTMAX MLPG_LOSS_SOFTMAX

static const struct
{
	MlpgLossId	id;
	const char *name;
	MlpgLossLink link;
	int			flags;
	Parameter	parameter;
	const char *summary;
	const MlpgLossRow *row;
}			losses[] = {
#define LOSS(id, name, link, flags, parameter, summary) \
	{MLPG_LOSS_ID_##name, #name, link, flags, parameter, summary, &mlpg_loss_row_##name},
#include "core/math/loss_list.h"
#undef LOSS
};

#define N_LOSSES ((int) (sizeof(losses) / sizeof(losses[0])))

int
mlpg_loss_count(void)
{
	return N_LOSSES;
}

const char *
mlpg_loss_name(int position)
{
	return losses[position].name;
}

bool
mlpg_loss_find(const char *name, MlpgLossId *id)
{
	for (int k = 0; k < N_LOSSES; k++)
		if (strcmp(losses[k].name, name) == 0)
		{
			*id = losses[k].id;
			return true;
		}
	return false;
}

MlpgLoss
mlpg_loss_make(MlpgHost *host, MlpgLossId id, double parameter, int n_classes)
{
	MlpgLoss	loss = {.id = id, .n_outputs = 1};
	int			k = 0;
	Parameter	p;

	while (k < N_LOSSES - 1 && losses[k].id != id)
		k++;
	p = losses[k].parameter;
	if (isnan(parameter))
		parameter = parameters[p].initial;
	if (p != NO_PARAMETER && !(parameter > parameters[p].minimum && parameter < parameters[p].maximum &&
							   (p != LINEX_A || parameter != 0)))
		mlpg_raise(host, MLPG_INVALID_PARAMETER, parameters[p].range, NULL,
				   "parameter \"%s\" of loss \"%s\" is out of range: %.15g", parameters[p].name, losses[k].name, parameter);
	if (losses[k].link == SOFTMAX)
	{
		if (n_classes < 2)
			mlpg_raise(host, MLPG_INVALID_PARAMETER, NULL, NULL, "loss \"softmax\" needs two or more classes");
		loss.n_outputs = n_classes;
	}
	loss.name = losses[k].name;
	loss.summary = losses[k].summary;
	loss.link = losses[k].link;
	loss.constant_hessian = losses[k].flags & CONSTANT_HESSIAN;
	loss.refits_leaves = losses[k].flags & REFITS_LEAVES;
	loss.parameter_name = parameters[p].name;
	loss.parameter = parameter;
	loss.level = p == LEVEL ? parameter : 0.5;
	loss.row = losses[k].row;
	return loss;
}

/* ---------- domain ---------- */

const char *
mlpg_loss_refuses(const MlpgLoss *loss, double y)
{
	if (!(fabs(y) <= DBL_MAX))
		return "The target must be a finite number.";
	return loss->row->refuses ? loss->row->refuses(loss, y) : NULL;
}

void
mlpg_loss_check_target(MlpgHost *host, const MlpgLoss *loss, const double *y, const double *w, int64_t n)
{
	const char *why = NULL;
	int64_t		refused = 0;
	bool		any = false;

	for (int64_t i = 0; i < n; i++)
	{
		const char *reason = mlpg_loss_refuses(loss, y[i]);

		if (reason)
		{
			why = reason;
			refused++;
		}
		any |= y[i] > 0 && (w == NULL || w[i] > 0);
		if (i % PASS_ROWS == 0)
			mlpg_check(host, NULL, 0, 0);
	}
	if (refused > 0)
		mlpg_raise(host, MLPG_DATA_EXCEPTION, why, NULL, "%lld of %lld targets are outside the range of loss \"%s\"",
				   (long long) refused, (long long) n, loss->name);
	if (loss->link == EXP && !any)
		mlpg_raise(host, MLPG_DATA_EXCEPTION, "The prediction is exp(score), which is never 0.", NULL,
				   "loss \"%s\" needs a target above 0 in some row with a weight", loss->name);
}

/* ---------- gradients ---------- */

/* Up to a block of rows: the largest score of each, and the sum of exp(score - largest) over the classes. */
static void
softmax_sums(int n_outputs, const double *score, int n, int64_t stride, double *most, double *sum)
{
	double		p[BLOCK];

	memcpy(most, score, (size_t) n * sizeof(double));
	memset(sum, 0, (size_t) n * sizeof(double));
	for (int k = 1; k < n_outputs; k++)
		for (int i = 0; i < n; i++)
			most[i] = score[k * stride + i] > most[i] ? score[k * stride + i] : most[i];
	for (int k = 0; k < n_outputs; k++)
	{
		for (int i = 0; i < n; i++)
			p[i] = score[k * stride + i] - most[i];
		mlpg_exp_block(p, n, p);
		for (int i = 0; i < n; i++)
			sum[i] += p[i];
	}
}

/* A block of x, or of w * x, as floats: the largest float stands for what is beyond, so all are finite. */
static void
store(const double *x, const double *w, float *out)
{
	double		product[BLOCK];

	if (w)
	{
		for (int i = 0; i < BLOCK; i++)
		{
			double		finite = x[i] > DBL_MAX ? DBL_MAX : x[i];

			finite = finite < -DBL_MAX ? -DBL_MAX : finite;
			product[i] = w[i] * finite; /* 0 where the weight is */
		}
		x = product;
	}
#if defined(__x86_64__)
	for (int i = 0; i < BLOCK; i += 4)
	{
		__m128		four = _mm_movelh_ps(_mm_cvtpd_ps(_mm_loadu_pd(x + i)), _mm_cvtpd_ps(_mm_loadu_pd(x + i + 2)));

		_mm_storeu_ps(out + i, _mm_max_ps(_mm_min_ps(four, _mm_set1_ps(FLT_MAX)), _mm_set1_ps(-FLT_MAX)));
	}
#else
	for (int i = 0; i < BLOCK; i++)
	{
		float		nearest = (float) x[i];

		nearest = nearest > FLT_MAX ? FLT_MAX : nearest;
		out[i] = nearest < -FLT_MAX ? -FLT_MAX : nearest;
	}
#endif
}

/* A whole block of a loss with one output. */
static void
block_gradients(const MlpgLoss *loss, const double *y, const double *w, const double *score,
				double *h, float *gradient, float *hessian)
{
	double		g[BLOCK];

	loss->row->gradients(loss, y, score, g, h);
	store(g, w, gradient);
	if (hessian)
		store(h, w, hessian);
}

/* Up to a block of all classes: probabilities from exp(score - largest), p - [y = k], K / (K - 1) p (1 - p). */
static void
softmax_gradients(const MlpgLoss *loss, const double *y, const double *w, const double *score,
				  int n, int64_t stride, float *gradient, float *hessian)
{
	double		factor = (double) loss->n_outputs / (loss->n_outputs - 1);
	double		most[BLOCK],
				sum[BLOCK],
				p[BLOCK];

	softmax_sums(loss->n_outputs, score, n, stride, most, sum);
	for (int k = 0; k < loss->n_outputs; k++)
	{
		for (int i = 0; i < n; i++)
			p[i] = score[k * stride + i] - most[i];
		mlpg_exp_block(p, n, p);
		for (int i = 0; i < n; i++)
		{
			double		weight = w ? w[i] : 1;
			double		here = p[i] / sum[i];

			gradient[k * stride + i] = (float) ((here - (y[i] == k)) * weight);
			hessian[k * stride + i] = (float) (factor * here * (1 - here) * weight);
		}
	}
}

void
mlpg_loss_gradients(const MlpgLoss *loss, const double *y, const double *w, const double *score,
					int64_t n, int64_t stride, float *gradient, float *hessian)
{
	double		h[BLOCK];
	int64_t		first = 0;

	for (; loss->link == SOFTMAX && first < n; first += BLOCK)
		softmax_gradients(loss, y + first, w ? w + first : NULL, score + first, n - first < BLOCK ? (int) (n - first) : BLOCK,
						  stride, gradient + first, hessian + first);
	for (int i = 0; i < BLOCK; i++)
		h[i] = 1;
	for (; first + BLOCK <= n; first += BLOCK)
		block_gradients(loss, y + first, w ? w + first : NULL, score + first, h, gradient + first, hessian ? hessian + first : NULL);
	if (first < n)
	{
		/* what is left, as a whole block of its own */
		double		rows[3][BLOCK] = {{0}};
		float		out[2][BLOCK];
		size_t		rest = (size_t) (n - first);

		memcpy(rows[0], y + first, rest * sizeof(double));
		memcpy(rows[1], score + first, rest * sizeof(double));
		if (w)
			memcpy(rows[2], w + first, rest * sizeof(double));
		block_gradients(loss, rows[0], w ? rows[2] : NULL, rows[1], h, out[0], out[1]);
		memcpy(gradient + first, out[0], rest * sizeof(float));
		if (hessian)
			memcpy(hessian + first, out[1], rest * sizeof(float));
	}
}

void
mlpg_loss_derivatives(const MlpgLoss *loss, const double *y, const double *score, int64_t n, double *gradient, double *hessian)
{
	double		rows[4][BLOCK] = {{0}};
	int64_t		first = 0;
	size_t		rest;

	for (int64_t i = 0; i < n; i++)
		hessian[i] = 1;
	for (; first + BLOCK <= n; first += BLOCK)
		loss->row->gradients(loss, y + first, score + first, gradient + first, hessian + first);
	if (first == n)
		return;
	/* what is left, as a whole block of its own */
	rest = (size_t) (n - first) * sizeof(double);
	memcpy(rows[0], y + first, rest);
	memcpy(rows[1], score + first, rest);
	for (int i = 0; i < BLOCK; i++)
		rows[3][i] = 1;
	loss->row->gradients(loss, rows[0], rows[1], rows[2], rows[3]);
	memcpy(gradient + first, rows[2], rest);
	memcpy(hessian + first, rows[3], rest);
}

/* ---------- values ---------- */

/* -log of the probability of each row's class. */
static void
softmax_values(const MlpgLoss *loss, const double *y, const double *score, int n, int64_t stride, double *out)
{
	double		most[BLOCK],
				sum[BLOCK];

	softmax_sums(loss->n_outputs, score, n, stride, most, sum);
	for (int i = 0; i < n; i++)
		out[i] = log(sum[i]) - (score[(int64_t) y[i] * stride + i] - most[i]);
}

void
mlpg_loss_values(const MlpgLoss *loss, const double *y, const double *score, int64_t n, int64_t stride, double *out)
{
	int64_t		first = 0;

	for (; loss->link == SOFTMAX && first < n; first += BLOCK)
		softmax_values(loss, y + first, score + first, n - first < BLOCK ? (int) (n - first) : BLOCK, stride, out + first);
	for (; first + BLOCK <= n; first += BLOCK)
		loss->row->values(loss, y + first, score + first, out + first);
	if (first < n)
	{
		double		rows[3][BLOCK] = {{0}};
		size_t		rest = (size_t) (n - first);

		memcpy(rows[0], y + first, rest * sizeof(double));
		memcpy(rows[1], score + first, rest * sizeof(double));
		loss->row->values(loss, rows[0], rows[1], rows[2]);
		memcpy(out + first, rows[2], rest * sizeof(double));
	}
}

/* What the sums below are taken over; in the host's memory (fixed.h). */
typedef struct Rows
{
	MlpgLoss	loss;
	const double *y;
	const double *w;			/* or NULL */
	const double *score;
	int64_t		stride;
	double		shift;			/* see each */
} Rows;

static Rows *
rows_create(MlpgHost *host, const MlpgLoss *loss, const double *y, const double *w)
{
	Rows	   *rows = mlpg_allocate(host, 1, sizeof(Rows));

	rows->loss = *loss;
	rows->y = y;
	rows->w = w;
	return rows;
}

static inline double
weight_of(const Rows *r, int64_t i)
{
	return r->w ? r->w[i] : 1;
}

static void
weight_terms(const void *argument, int64_t first, int n, double *out)
{
	const Rows *r = argument;

	for (int i = 0; i < n; i++)
		out[i] = weight_of(r, first + i);
}

static double
sum_of_weights(MlpgHost *host, Rows *rows, int64_t n)
{
	return rows->w ? mlpg_total(host, weight_terms, rows, n) : (double) n;
}

static void
value_terms(const void *argument, int64_t first, int n, double *out)
{
	const Rows *r = argument;

	mlpg_loss_values(&r->loss, r->y + first, r->score + first, n, r->stride, out);
	for (int i = 0; r->w && i < n; i++)
		out[i] = r->w[first + i] == 0 ? 0 : out[i] * r->w[first + i];
}

double
mlpg_loss_mean(MlpgHost *host, const MlpgLoss *loss, const double *y, const double *w,
			   const double *score, int64_t n, int64_t stride)
{
	Rows	   *rows = rows_create(host, loss, y, w);
	double		mean;

	rows->score = score;
	rows->stride = stride;
	mean = mlpg_total(host, value_terms, rows, n) / sum_of_weights(host, rows, n);
	mlpg_release(host, rows);
	return mean;
}

/* ---------- order statistics ---------- */

double
mlpg_lower_quantile(double *values, int64_t *weights, int64_t n, double level)
{
	int64_t		total = n,
				need;

	if (weights)
	{
		total = 0;
		for (int64_t i = 0; i < n; i++)
			total += weights[i];
	}
	if (n == 0 || total == 0)
		return NAN;
	need = mlpg_lower_rank(level, total);
	return weights ? mlpg_select_weighted(values, weights, n, need) : mlpg_select(values, n, need - 1);
}

#define DIGITS 65536			/* values of 16 bits */

typedef struct Count
{
	const Rows *rows;
	int64_t		n;
	MlpgFixed	fixed;			/* of the weights */
	int			shift;			/* the digit counted: bits shift .. shift + 15 */
	uint64_t	prefix;			/* bits above it that a value must have */
	int			n_classes;
	int64_t    *weight;			/* n_threads x DIGITS or n_classes */
} Count;

static Count *
count_create(MlpgHost *host, const Rows *rows, int64_t n, int n_weights)
{
	Count	   *c = mlpg_allocate(host, 1, sizeof(Count));

	c->rows = rows;
	c->n = n;
	c->fixed = mlpg_fixed_scale(rows->w ? mlpg_fixed_maximum(rows->w, NULL, n) : 1, n);
	c->weight = mlpg_allocate(host, (size_t) host->n_threads * (size_t) n_weights, sizeof(int64_t));
	return c;
}

static void
count_release(MlpgHost *host, Count *c)
{
	mlpg_release(host, c->weight);
	mlpg_release(host, c);
}

/* One weight of all threads, which becomes that of the first. */
static int64_t
add_threads(const MlpgHost *host, Count *c, int n_weights, int k)
{
	for (int t = 1; t < host->n_threads; t++)
		c->weight[k] += c->weight[(size_t) t * (size_t) n_weights + (size_t) k];
	return c->weight[k];
}

static void
count_task(MlpgTask *task, int index, void *argument)
{
	Count	   *c = argument;
	const double *y = c->rows->y,
			   *w = c->rows->w;
	int64_t    *weight = c->weight + (size_t) task->thread * DIGITS;
	int64_t		first = (int64_t) index * PASS_ROWS;
	int64_t		last = first + PASS_ROWS < c->n ? first + PASS_ROWS : c->n;

	for (int64_t i = first; i < last; i++)
	{
		uint64_t	bits = mlpg_sort_key(y[i]);

		/* two shifts: by 64 there is none */
		if (bits >> c->shift >> 16 == c->prefix)
			weight[bits >> c->shift & (DIGITS - 1)] += w ? mlpg_fixed_of(c->fixed, w[i]) : 1;
	}
}

static double
quantile_of_rows(MlpgHost *host, const Rows *rows, int64_t n, double level)
{
	Count	   *c = count_create(host, rows, n, DIGITS);
	int64_t		need = -1;
	double		value;

	for (c->shift = 48; c->shift >= 0; c->shift -= 16)
	{
		int64_t		sum = 0;
		int			digit = 0;

		memset(c->weight, 0, (size_t) host->n_threads * DIGITS * sizeof(int64_t));
		host->parallel_for(host, (int) ((n + PASS_ROWS - 1) / PASS_ROWS), count_task, c);
		for (int d = 0; d < DIGITS; d++)
			sum += add_threads(host, c, DIGITS, d);
		if (need < 0)
			need = mlpg_lower_rank(level, sum);
		while (digit < DIGITS - 1 && need > c->weight[digit])
			need -= c->weight[digit++];
		c->prefix = c->prefix << 16 | (uint64_t) digit;
	}
	value = mlpg_sort_unkey(c->prefix);
	count_release(host, c);
	return value;
}

/* ---------- the start ---------- */

/* Each target's part of the mean. */
static void
mean_terms(const void *argument, int64_t first, int n, double *out)
{
	const Rows *r = argument;

	for (int i = 0; i < n; i++)
		out[i] = r->y[first + i] * (weight_of(r, first + i) / r->shift);
}

static double
mean_of_rows(MlpgHost *host, Rows *rows, int64_t n, double weights)
{
	double		mean = mlpg_fixed_total(host, rows->y, rows->w, n) / weights;

	if (isfinite(mean))
		return mean;
	/* the sum is out of range, the mean is not */
	rows->shift = weights;
	return mlpg_total(host, mean_terms, rows, n);
}

static double
expectile_slope(const Rows *r, int64_t i)
{
	return weight_of(r, i) * (r->y[i] < r->shift ? 1 - r->loss.parameter : r->loss.parameter);
}

static void
expectile_slopes(const void *argument, int64_t first, int n, double *out)
{
	for (int i = 0; i < n; i++)
		out[i] = expectile_slope(argument, first + i);
}

static void
expectile_errors(const void *argument, int64_t first, int n, double *out)
{
	const Rows *r = argument;

	for (int i = 0; i < n; i++)
		out[i] = expectile_slope(r, first + i) * (r->y[first + i] - r->shift);
}

/* Newton's method on a function that is linear between the targets; 100 steps are more than any data took. */
static double
expectile_of_rows(MlpgHost *host, Rows *rows, int64_t n, double weights)
{
	rows->shift = mean_of_rows(host, rows, n, weights);
	for (int step = 0; step < 100; step++)
	{
		double		slope = mlpg_total(host, expectile_slopes, rows, n);
		double		next = rows->shift + mlpg_total(host, expectile_errors, rows, n) / slope;

		if (!(fabs(next - rows->shift) > 1e-15 * fabs(next)))
			break;
		rows->shift = next;
	}
	return rows->shift;
}

static void
linex_terms(const void *argument, int64_t first, int n, double *out)
{
	const Rows *r = argument;

	for (int i = 0; i < n; i++)
		out[i] = r->loss.parameter * r->y[first + i] - r->shift;
	mlpg_exp_block(out, n, out);
	for (int i = 0; i < n; i++)
		out[i] = weight_of(r, first + i) == 0 ? 0 : weight_of(r, first + i) * out[i];
}

/* About the largest a y, so that nothing overflows. */
static double
linex_of_rows(MlpgHost *host, Rows *rows, int64_t n, double weights)
{
	double		a = rows->loss.parameter;
	double		most = -INFINITY;

	for (int64_t i = 0; i < n; i++)
	{
		double		x = a * rows->y[i];

		if (x > most && weight_of(rows, i) > 0)
			most = x;
		if (i % PASS_ROWS == 0)
			mlpg_check(host, NULL, 0, 0);
	}
	rows->shift = most;
	return (most + log(mlpg_total(host, linex_terms, rows, n) / weights)) / a;
}

static void
class_task(MlpgTask *task, int index, void *argument)
{
	Count	   *c = argument;
	const double *y = c->rows->y,
			   *w = c->rows->w;
	int64_t    *weight = c->weight + (size_t) task->thread * (size_t) c->n_classes;
	int64_t		first = (int64_t) index * PASS_ROWS;
	int64_t		last = first + PASS_ROWS < c->n ? first + PASS_ROWS : c->n;

	for (int64_t i = first; i < last; i++)
		weight[(int) y[i]] += w ? mlpg_fixed_of(c->fixed, w[i]) : 1;
}

/* The share of each class in all weight. */
static void
class_shares(MlpgHost *host, const Rows *rows, int64_t n, int n_classes, double *share)
{
	Count	   *c = count_create(host, rows, n, n_classes);
	int64_t		sum = 0;

	c->n_classes = n_classes;
	host->parallel_for(host, (int) ((n + PASS_ROWS - 1) / PASS_ROWS), class_task, c);
	for (int k = 0; k < n_classes; k++)
		sum += add_threads(host, c, n_classes, k);
	for (int k = 0; k < n_classes; k++)
	{
		share[k] = (double) c->weight[k] / (double) sum;
		share[k] = share[k] < LEAST_SHARE ? LEAST_SHARE : share[k];
	}
	count_release(host, c);
}

void
mlpg_loss_initial(MlpgHost *host, const MlpgLoss *loss, const double *y, const double *w, int64_t n, double *initial)
{
	Rows	   *rows = rows_create(host, loss, y, w);
	double		weights = sum_of_weights(host, rows, n);

	if (!(weights > 0))
		mlpg_raise(host, MLPG_DATA_EXCEPTION, "The weights of all rows are zero.", NULL, "no row has a weight");
	if (loss->refits_leaves)
		initial[0] = quantile_of_rows(host, rows, n, loss->level);
	else if (loss->id == MLPG_LOSS_ID_expectile)
		initial[0] = expectile_of_rows(host, rows, n, weights);
	else if (loss->id == MLPG_LOSS_ID_linex)
		initial[0] = linex_of_rows(host, rows, n, weights);
	else if (loss->link == SOFTMAX)
	{
		class_shares(host, rows, n, loss->n_outputs, initial);
		for (int k = 0; k < loss->n_outputs; k++)
			initial[k] = log(initial[k]);
	}
	else if (loss->link == SIGMOID)
	{
		double		share[2];

		class_shares(host, rows, n, 2, share);
		initial[0] = log(share[1] / share[0]);
	}
	else
		initial[0] = mlpg_loss_raw(loss->link, mean_of_rows(host, rows, n, weights));
	mlpg_release(host, rows);
}

/* ---------- links ---------- */

static void
softmax_predict(int n_outputs, int n, int64_t stride, double *score)
{
	double		most[BLOCK],
				sum[BLOCK];

	softmax_sums(n_outputs, score, n, stride, most, sum);
	for (int k = 0; k < n_outputs; k++)
	{
		for (int i = 0; i < n; i++)
			score[k * stride + i] -= most[i];
		mlpg_exp_block(score + k * stride, n, score + k * stride);
		for (int i = 0; i < n; i++)
			score[k * stride + i] /= sum[i];
	}
}

void
mlpg_loss_predict(MlpgLossLink link, int n_outputs, int64_t n, int64_t stride, double *score)
{
	if (link == SOFTMAX)
		for (int64_t first = 0; first < n; first += BLOCK)
			softmax_predict(n_outputs, n - first < BLOCK ? (int) (n - first) : BLOCK, stride, score + first);
	else if (link == EXP)
		mlpg_exp_block(score, n, score);
	else if (link == SIGMOID)
	{
		for (int64_t i = 0; i < n; i++)
			score[i] = -score[i];
		mlpg_exp_block(score, n, score);
		for (int64_t i = 0; i < n; i++)
			score[i] = 1 / (1 + score[i]);
	}
}

double
mlpg_loss_raw(MlpgLossLink link, double prediction)
{
	switch (link)
	{
		case MLPG_LOSS_IDENTITY:
			return prediction;
		case MLPG_LOSS_SIGMOID:
			return log(prediction / (1 - prediction));
		default:
			return log(prediction);
	}
}
