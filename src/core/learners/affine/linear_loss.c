/*-------------------------------------------------------------------------
 *
 * linear_loss.c
 *	  The loss of linear scores over all training rows, as a function of the
 *	  coefficients that is to be minimised.
 *
 *	 F(x) = sum_i w_i loss(y_i, score_i) / sum_i w_i + l2/2 |x|^2 + l1 |x|_1
 *
 * x being coefficients of columns of standard deviation 1 (1/n, by weight), of which the
 * intercept has no penalty.  Unlike dense columns sparse ones are not kept in that
 * scale: they are what they are, and coefficients, gradients and Hessians are divided by
 * their deviation here.  In that scale a rare level is as steep as a common one.
 *
 * Softmax has coefficients for every class, which nothing but a penalty tells from
 * those with the same added for all classes.  Without a penalty the first class is the
 * reference, with scores of 0.  With one the intercepts alone are left undetermined; their sum is held at
 * 0 by adding (sum of intercepts)^2 / 2K, which is 0 at the answer.
 *
 * Method.  Few unknowns (UNKNOWNS_MAX; UNPENALISED_MAX): Newton (newton.c).  With many rows a twentieth of them is
 * fitted first, from where two or three passes over all are enough; the Hessian
 * of the sample serves for the first of them.  The sample is a quarter of every
 * fifth block of rows, so that rows in any order give it all classes.  More unknowns: L-BFGS (lbfgs.c).
 *
 * Without a penalty a column that depends on columns before it is left out (newton.c says
 * when), by the cross-products at the start, where all rows weigh alike.
 *
 * Cost of a pass: 2 multiply-adds a value and score, the loss, and for the Hessian half the
 * columns squared a row and pair of scores.  Memory: unknowns squared for the Hessian, a few
 * times.  Determinism: sums of pieces of rows are added in order.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/linear_loss.h"

#define BLOCK MLPG_DESIGN_BLOCK
#define UNKNOWNS_MAX 512
#define UNPENALISED_MAX 2048	/* their errors and dependences come from a Hessian */
#define SAMPLE_ROWS 40000		/* from so many rows on, ... */
#define SAMPLE_EACH 500			/* ... and so many an unknown, a sample is fitted first */
#define SAMPLE_TOLERANCE 1e-4
#define SAMPLE_BLOCKS 5
#define SAMPLE_SHARE 4
#define FAR 30.0

/* Where the sums are. */
enum
{
	SUM_VALUE = 0,
	SUM_WEIGHT,
	SUM_FAR,
	SUM_GRADIENT
};

static size_t
hessian_sums(const MlpgLinearLoss *p)
{
	return (size_t) p->n_scores * ((size_t) p->n_scores + 1) / 2 * (size_t) p->rows->n_columns * (size_t) p->rows->lda;
}

/* What the unknowns of a column are divided by. */
static double
deviation_of(const MlpgLinearLoss *p, int column)
{
	return p->rows->deviation[column] > 0 ? p->rows->deviation[column] : 1;
}

/* ---------- a pass ---------- */

/* Value, weight, far rows; w is a scratch for the weights. */
static void
add_values(const MlpgLinearLoss *p, int64_t first, int n, const double *score, double *w, double *value, double *sums)
{
	int			n_scores = p->loss->n_outputs;

	mlpg_loss_values(p->loss, p->y + first, score, n, BLOCK, value);
	for (int i = 0; i < n; i++)
	{
		w[i] = p->w ? p->w[first + i] : 1;
		sums[SUM_WEIGHT] += w[i];
		sums[SUM_VALUE] += w[i] > 0 ? w[i] * value[i] : 0;
		for (int s = 0; s < n_scores; s++)
			if (w[i] > 0 && !(fabs(score[s * BLOCK + i]) <= FAR))
			{
				sums[SUM_FAR]++;
				break;
			}
	}
}

static void
add_single(const MlpgLinearLoss *p, const MlpgDesignRows *rows, int64_t first, int64_t last, const double *score, const double *w, double *r, double *sums)
{
	int			n = (int) (last - first);
	double	   *h = r + BLOCK;

	mlpg_loss_derivatives(p->loss, p->y + first, score, n, r, h);
	for (int i = 0; i < n; i++)
	{
		r[i] = w[i] > 0 ? w[i] * r[i] : 0;
		h[i] = p->square_gradients ? r[i] * r[i] : w[i] > 0 ? w[i] * h[i] : 0;
	}
	mlpg_design_rows_add_gradient(rows, first, last, r, sums + SUM_GRADIENT);
	if (p->with_hessian)
		mlpg_design_rows_add_crossprod(rows, first, last, h, sums + SUM_GRADIENT + p->n_unknowns);
}

/* score becomes probabilities. */
static void
add_softmax(const MlpgLinearLoss *p, const MlpgDesignRows *rows, int64_t first, int64_t last, double *score, const double *w, double *r, double *sums)
{
	int			n = (int) (last - first),
				n_columns = p->rows->n_columns;
	double	   *pair = sums + SUM_GRADIENT + p->n_unknowns;
	const double *own = score + (p->reference ? BLOCK : 0);

	mlpg_loss_predict(MLPG_LOSS_SOFTMAX, p->loss->n_outputs, n, BLOCK, score);
	for (int s = 0; s < p->n_scores; s++)
	{
		for (int i = 0; i < n; i++)
			r[i] = w[i] > 0 ? w[i] * (own[s * BLOCK + i] - (p->y[first + i] == s + p->reference)) : 0;
		mlpg_design_rows_add_gradient(rows, first, last, r, sums + SUM_GRADIENT + s * n_columns);
		for (int t = 0; p->with_hessian && t <= s; t++)
		{
			for (int i = 0; i < n; i++)
				r[i] = w[i] > 0 ? w[i] * own[s * BLOCK + i] * ((s == t) - own[t * BLOCK + i]) : 0;
			mlpg_design_rows_add_crossprod(rows, first, last, r, pair);
			pair += (size_t) n_columns * (size_t) p->rows->lda;
		}
	}
}

static void
add_rows(const MlpgDesignRows *rows, int64_t first, int64_t last, void *argument, double *sums, double *scratch)
{
	const MlpgLinearLoss *p = argument;
	int			n_outputs = p->loss->n_outputs;
	double	   *score = scratch,
			   *w = scratch + n_outputs * BLOCK,
			   *r = w + BLOCK;

	if (p->reference)
		memset(score, 0, BLOCK * sizeof(double));
	for (int s = 0; s < p->n_scores; s++)
		mlpg_design_rows_multiply(rows, first, last, p->b + (size_t) s * (size_t) rows->n_columns, score + (s + p->reference) * BLOCK);
	add_values(p, first, (int) (last - first), score, w, r, sums);
	if (n_outputs == 1)
		add_single(p, rows, first, last, score, w, r, sums);
	else
		add_softmax(p, rows, first, last, score, w, r, sums);
}

/* ---------- the function ---------- */

/* The intercepts of all classes, which are only known up to a constant. */
static bool
has_free_intercepts(const MlpgLinearLoss *p)
{
	return p->loss->n_outputs > 1 && !p->reference && p->rows->intercept;
}

static double
add_penalty(const MlpgLinearLoss *p, const double *x, double *gradient)
{
	int			n_columns = p->rows->n_columns;
	double		squares = 0,
				sum = 0;

	for (int s = 0; s < p->n_scores; s++)
		for (int j = p->rows->intercept; j < n_columns; j++)
		{
			squares += x[s * n_columns + j] * x[s * n_columns + j];
			gradient[s * n_columns + j] += p->l2 * x[s * n_columns + j];
		}
	if (!has_free_intercepts(p))
		return p->l2 / 2 * squares;
	for (int s = 0; s < p->n_scores; s++)
		sum += x[s * n_columns];
	for (int s = 0; s < p->n_scores; s++)
		gradient[s * n_columns] += sum / p->n_scores;
	return p->l2 / 2 * squares + sum * sum / 2 / p->n_scores;
}

static void
take_hessian(const MlpgLinearLoss *p, double weight, double *hessian)
{
	int			n_columns = p->rows->n_columns;
	const double *pair = p->sums + SUM_GRADIENT + p->n_unknowns;
	size_t		n = (size_t) p->n_unknowns;

	for (int s = 0; s < p->n_scores; s++)
		for (int t = 0; t <= s; t++, pair += (size_t) n_columns * (size_t) p->rows->lda)
			for (int i = 0; i < n_columns; i++)
				for (int j = 0; j <= i; j++)
				{
					double		h = pair[(size_t) i * (size_t) p->rows->lda + (size_t) j] / weight / deviation_of(p, i) / deviation_of(p, j);
					size_t		si = (size_t) (s * n_columns + i),
								sj = (size_t) (s * n_columns + j),
								ti = (size_t) (t * n_columns + i),
								tj = (size_t) (t * n_columns + j);

					if (s == t && i == j && !(p->rows->intercept && i == 0))
						h += p->l2;
					if (i == 0 && has_free_intercepts(p))
						h += 1.0 / p->n_scores;
					hessian[si * n + tj] = hessian[sj * n + ti] = hessian[ti * n + sj] = hessian[tj * n + si] = h;
				}
}

static double
evaluate(MlpgHost *host, void *argument, const double *x, double *gradient, double *hessian)
{
	MlpgLinearLoss *p = argument;
	int			n_columns = p->rows->n_columns;
	size_t		n_sums = SUM_GRADIENT + (size_t) p->n_unknowns + (hessian ? hessian_sums(p) : 0);
	MlpgDesignRows rows = mlpg_design_rows_sample(p->rows, p->sample ? SAMPLE_BLOCKS : 1, p->sample ? SAMPLE_SHARE : 1);
	double		weight;

	for (int k = 0; k < p->n_unknowns; k++)
		p->b[k] = x[k] / deviation_of(p, k % n_columns);
	p->with_hessian = hessian != NULL;
	memset(p->sums, 0, n_sums * sizeof(double));
	mlpg_design_rows_sum(host, &rows, add_rows, p, n_sums, p->sums, ((size_t) p->loss->n_outputs + 3) * BLOCK, "fitting");
	weight = p->sums[SUM_WEIGHT];
	p->n_far = p->sums[SUM_FAR];
	for (int k = 0; k < p->n_unknowns; k++)
		gradient[k] = p->fixed[k] ? 0 : p->sums[SUM_GRADIENT + k] / weight / deviation_of(p, k % n_columns);
	if (hessian)
		take_hessian(p, weight, hessian);
	return p->sums[SUM_VALUE] / weight + add_penalty(p, x, gradient);
}

static bool
is_far(const void *argument)
{
	return ((const MlpgLinearLoss *) argument)->n_far > 0;
}

/* ---------- the search ---------- */

static void
start(MlpgHost *host, MlpgLinearLoss *p)
{
	int			n_outputs = p->loss->n_outputs;
	double	   *initial = mlpg_allocate(host, (size_t) n_outputs, sizeof(double));
	double		middle = 0;

	memset(p->x, 0, (size_t) p->n_unknowns * sizeof(double));
	if (p->rows->intercept)
	{
		mlpg_loss_initial(host, p->loss, p->y, p->w, p->rows->n_rows, initial);
		for (int k = 0; n_outputs > 1 && k < n_outputs; k++)
			middle += p->reference ? (k == 0 ? initial[0] : 0) : initial[k] / n_outputs;
		for (int s = 0; s < p->n_scores; s++)
			p->x[s * p->rows->n_columns] = initial[s + p->reference] - middle;
	}
	mlpg_release(host, initial);
}

void
mlpg_linear_loss_begin(MlpgHost *host, MlpgLinearLoss *p)
{
	int			n_columns = p->rows->n_columns;
	size_t		n;

	p->host = host;
	p->n_scores = p->loss->n_outputs - (p->reference ? 1 : 0);
	n = mlpg_size_multiply(host, (size_t) p->n_scores, (size_t) n_columns);
	if (n > INT32_MAX / 64)
		mlpg_raise(host, MLPG_LIMIT_EXCEEDED, mlpg_text(host, "There are %d columns for each of %d classes.", n_columns, p->n_scores),
				   "Leave out columns or group rare levels.", "too many coefficients");
	p->n_unknowns = (int) n;
	p->x = mlpg_allocate(host, n + 1, sizeof(double));
	p->b = mlpg_allocate(host, n + 1, sizeof(double));
	p->fixed = mlpg_allocate(host, n + 1, sizeof(bool));
	p->l1_of = mlpg_allocate(host, n + 1, sizeof(double));
	for (int k = 0; k < p->n_unknowns; k++)
		p->l1_of[k] = p->rows->intercept && k % n_columns == 0 ? 0 : p->l1;
	if (p->n_unknowns <= (p->l1 == 0 && p->l2 == 0 ? UNPENALISED_MAX : UNKNOWNS_MAX))
		p->hessian = mlpg_allocate(host, n * n + 1, sizeof(double));
	p->sums = mlpg_allocate(host, SUM_GRADIENT + n + (p->hessian ? hessian_sums(p) : 0), sizeof(double));
	start(host, p);
}

void
mlpg_linear_loss_restart(MlpgHost *host, MlpgLinearLoss *p, double l2)
{
	p->l2 = l2;
	start(host, p);
}

void
mlpg_linear_loss_release(MlpgHost *host, MlpgLinearLoss *p)
{
	mlpg_release(host, p->x);
	mlpg_release(host, p->b);
	mlpg_release(host, p->fixed);
	mlpg_release(host, p->l1_of);
	if (p->hessian)
		mlpg_release(host, p->hessian);
	mlpg_release(host, p->sums);
}

/* Columns that depend on those before, for all scores: at the start each score's own block is a multiple of the cross-products. */
static void
leave_out(MlpgHost *host, MlpgLinearLoss *p, double *gradient)
{
	int			n_columns = p->rows->n_columns;

	(void) evaluate(host, p, p->x, gradient, p->hessian);
	p->n_fixed = mlpg_newton_dependent(host, p->hessian, n_columns, p->n_unknowns, p->fixed);
	for (int k = n_columns; k < p->n_unknowns; k++)
		p->fixed[k] = p->fixed[k - n_columns];
	p->ranked = true;
}

/* Starts from the minimum of a sample, if it has one; true: its Hessian is there. */
static bool
try_sample(MlpgHost *host, MlpgLinearLoss *p, MlpgObjective *o)
{
	MlpgStopRule rule = {SAMPLE_TOLERANCE, p->max_iterations};
	MlpgMinimum m = {0};

	if (p->rows->n_rows < SAMPLE_ROWS || p->rows->n_rows / SAMPLE_EACH < p->n_unknowns)
		return false;
	m.x = mlpg_allocate(host, (size_t) p->n_unknowns + 1, sizeof(double));
	memcpy(m.x, p->x, (size_t) p->n_unknowns * sizeof(double));
	p->sample = true;
	mlpg_newton_minimise(host, o, &rule, p->fixed, p->hessian, false, &m);
	p->sample = false;
	if (m.converged)
		memcpy(p->x, m.x, (size_t) p->n_unknowns * sizeof(double));
	mlpg_release(host, m.x);
	return m.converged;
}

void
mlpg_linear_loss_minimise(MlpgHost *host, MlpgLinearLoss *p)
{
	MlpgObjective o = {.n = p->n_unknowns, .argument = p, .evaluate = evaluate, .l1 = p->l1 > 0 ? p->l1_of : NULL};
	MlpgStopRule rule = {p->tolerance, p->max_iterations};

	p->minimum.x = p->x;
	if (p->l1 == 0 && p->l2 == 0 && p->loss->link != MLPG_LOSS_IDENTITY)
		o.is_far = is_far;
	if (p->hessian == NULL)
	{
		mlpg_lbfgs_minimise(host, &o, &rule, &p->minimum);
		return;
	}
	if (p->l1 == 0 && p->l2 == 0 && !p->ranked)
	{
		double	   *gradient = mlpg_allocate(host, (size_t) p->n_unknowns + 1, sizeof(double));

		leave_out(host, p, gradient);
		mlpg_release(host, gradient);
	}
	mlpg_newton_minimise(host, &o, &rule, p->fixed, p->hessian, try_sample(host, p, &o), &p->minimum);
}

double
mlpg_linear_loss_evaluate(MlpgHost *host, MlpgLinearLoss *p, double *gradient)
{
	return evaluate(host, p, p->x, gradient, p->hessian);
}

void
mlpg_linear_loss_square_gradients(MlpgHost *host, MlpgLinearLoss *p, double *out)
{
	double	   *gradient = mlpg_allocate(host, (size_t) p->n_unknowns + 1, sizeof(double));

	p->square_gradients = true;
	(void) evaluate(host, p, p->x, gradient, out);
	p->square_gradients = false;
	mlpg_release(host, gradient);
}

/* ---------- answers ---------- */

void
mlpg_linear_loss_coefficients(const MlpgLinearLoss *p, double *out)
{
	int			n_columns = p->rows->n_columns;

	for (int k = 0; k < p->n_unknowns; k++)
		p->b[k] = p->x[k] / deviation_of(p, k % n_columns);
	for (int s = 0; s < p->n_scores; s++)
		mlpg_design_rows_original(p->rows, p->b + (size_t) s * (size_t) n_columns, out + (size_t) s * (size_t) n_columns);
}

void
mlpg_linear_loss_errors(MlpgHost *host, const MlpgLinearLoss *p, const double *covariance, double *out)
{
	size_t		m = (size_t) p->rows->n_columns,
				n = (size_t) p->n_unknowns;
	double	   *own = mlpg_allocate(host, m * m + 1, sizeof(double));

	for (size_t s = 0; s < (size_t) p->n_scores; s++)
	{
		for (size_t i = 0; i < m; i++)
			for (size_t j = 0; j < m; j++)
				own[i * m + j] = covariance[(s * m + i) * n + s * m + j] / deviation_of(p, (int) i) / deviation_of(p, (int) j);
		mlpg_design_rows_original_errors(p->rows, own, out + s * m);
		for (size_t c = 0; c < m; c++)
			if (p->fixed[s * m + c])
				out[s * m + (size_t) p->rows->term[c]] = NAN;
	}
	mlpg_release(host, own);
}
