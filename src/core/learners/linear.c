/*-------------------------------------------------------------------------
 *
 * linear.c
 *	  Linear least squares, with a ridge penalty on request, in one pass.
 *
 * Problem.  Minimise (1/W) sum_i w_i (y_i - b_0 - z_i'b)^2 / 2 + l2/2 |b_s|^2,
 * z the design of encode.c, W the sum of weights, b_s the coefficients on
 * columns of unit variance (1/n), the intercept not penalised.
 *
 * Method.  The normal equations, which lose no digits that matter because the
 * cross-products are kept in double-double (crossprod.c) and solved in
 * double-double (ddsolve.c).  Certified problems of NIST come out with 11 to 15
 * digits in any order of the rows.  The state adds up, so the same code is a
 * parallel aggregate, and nothing but the state is kept.
 *
 * The state is that of affine/moments.c: dense columns by cross-products,
 * indicators (levels of categories, missing values, n-grams of texts) sparsely.
 *
 * Rank.  A term whose squared distance from the terms before it is below 1e-24
 * of its squared length is dropped (NULL estimate), with a WARNING that names
 * it.  The relative error of a coefficient is about 1e-27 over the squared
 * distance from all other terms, as a share of the squared length (measured on
 * near-copies, polynomials and Wilkinson's triangle against 113 bits); where
 * less than 7 digits remain, a WARNING says how many.
 *
 * Standard errors are those of unpenalised least squares with independent errors
 * of equal variance (Student's t with rows - rank degrees of freedom, rows of
 * weight zero not counted); with a penalty, or no degree of freedom, there are none.
 * R squared is about the mean with an intercept, about zero without (as R and NIST).
 *
 * Robust errors (affine/sandwich.c) take each row's residual, so with "robust" all
 * rows are kept and read again once the coefficients are there: that is then a
 * matrix learner, with the same coefficients.  So it is with texts, whose n-grams are
 * known when all have been read.  With more of them than rows, those that depend on the
 * ones before are dropped, and the rest goes through all targets: then a penalty is wanted.
 *
 * Intervals.  With "intervals" the model keeps what the error of a new row depends
 * on (affine/spread.c), unless there is a penalty or the terms are more than 1,000.
 *
 * Cost.  d dense columns: 2d(d+1) fused operations a row, about 60 ns at d = 30;
 * d additions a row and indicator that holds; (terms)^3/3 double-double
 * operations once.  Memory: 16 bytes * (d^2/2 + indicators * d + indicators^2/2), and 32 a pair of terms for the solution.
 * Determinism: order-fixed; blocks are summed on their own and added in order.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/frame.h"
#include "core/learners/affine/irls.h"
#include "core/learners/affine/moments.h"
#include "core/learners/affine/sandwich.h"
#include "core/learners/affine/spread.h"
#include "core/math/ddsolve.h"
#include "core/math/dist.h"

#include <float.h>

#define RANK_TOLERANCE 1e-24
#define DIGITS 26				/* of a coefficient whose term is orthogonal to the others; log10 of the share is lost */
#define DIGITS_WANTED 7
#define DENORMAL_EXPONENT (-1074)	/* of the smallest double */
#define PAIR_BYTES 40.0			/* of two terms: the state's, the matrix's and its inverse's */

static const MlpgParamSpec params[] = {
	MLPG_FRAME_L2,
	MLPG_FRAME_INTERCEPT,
	MLPG_FRAME_UNSEEN,
	{"robust", MLPG_PARAM_CHOICE, NULL, 0, 0, false, MLPG_SANDWICH_CHOICES, "standard errors that hold for any variances; keeps all rows", NULL},
	{"intervals", MLPG_PARAM_BOOLEAN, "false", 0, 0, false, NULL, "keep what prediction intervals take; train: true", NULL},
};

typedef struct Solution
{
	int			n_terms;
	int			rank;
	double	   *estimate;
	double	   *std_error;		/* NULL: none */
	double	   *spread_factor;	/* NULL: not asked for, or none */
	int			exponent;		/* of the target: rss and tss are over 4^exponent, so that they stay in range */
	double		rss;
	double		tss;
	double		df;
	double		worst;			/* smallest squared distance of a kept column from all others, over its squared length */
	bool		underflow;		/* a coefficient that matters has lost digits */
	bool		lost;			/* the residuals are rounding error of the target's offset */
} Solution;

/* What prediction intervals take, where that is small enough to be kept. */
static void
keep_spread(MlpgTraining *training, const MlpgDesign *design, const MlpgDdMatrix *w, const MlpgMomentColumn *column, Solution *out)
{
	int			t = design->n_terms;
	int		   *exponent = mlpg_allocate(training->host, (size_t) t + 1, sizeof(int));

	for (int j = 0; j < t; j++)
		exponent[j] = column[j].exponent;
	if (t <= MLPG_SPREAD_TERMS_MAX)
		out->spread_factor = mlpg_spread_factor(training->host, training->schema, design, w, exponent);
	mlpg_release(training->host, exponent);
}

/* Standard errors, if wanted, what intervals take, if asked for, and how near to singular the design is. */
static void
judge(MlpgTraining *training, const MlpgDesign *design, const MlpgDdMatrix *r, const MlpgMomentColumn *column,
	  const double *length, const bool *dropped, double l2, Solution *out)
{
	MlpgHost   *host = training->host;
	int			t = out->n_terms;
	double		sigma = sqrt(out->rss / out->df);
	bool		wanted = l2 == 0 && out->df > 0;
	double	   *diagonal = mlpg_allocate(host, (size_t) t + 1, sizeof(double));
	MlpgDdMatrix *w = mlpg_ddmatrix_inverse(host, r, t, dropped, diagonal);

	if (l2 == 0 && mlpg_params_boolean(training->plan->params, "intervals"))
		keep_spread(training, design, w, column, out);
	mlpg_ddmatrix_release(host, w);
	out->worst = 1;
	for (int j = 0; j < t; j++)
	{
		/* fmin would pass over a NaN, which stands for a column that no digit is left of */
		double		share = dropped[j] ? 1 : 1 / (diagonal[j] * length[j]);

		if (!(share >= out->worst))
			out->worst = share > 0 ? share : 0;
		if (wanted)
			diagonal[j] = ldexp(sigma * sqrt(diagonal[j]), out->exponent - column[j].exponent);
	}
	if (wanted)
		out->std_error = diagonal;
}

static void
solve(MlpgTraining *training, const MlpgMoments *state, MlpgDesign *design, double l2, Solution *out)
{
	MlpgHost   *host = training->host;
	int			t = design->n_terms;
	MlpgMomentColumn	   *column = mlpg_moments_columns(training, state, design);
	MlpgDdMatrix *a = mlpg_ddmatrix_create(host, t + 1);
	double	   *tolerance = mlpg_allocate(host, (size_t) t + 1, sizeof(double));
	double	   *penalty = mlpg_allocate(host, (size_t) t + 1, sizeof(double));
	double	   *length = mlpg_allocate(host, (size_t) t + 1, sizeof(double));
	bool	   *dropped = mlpg_allocate(host, (size_t) t + 1, sizeof(bool));
	MlpgDd	   *b = mlpg_allocate(host, (size_t) t + 1, sizeof(MlpgDd));
	double		weight = mlpg_dd_value(mlpg_crossprod_get(&state->total, state->shape.d - 1, state->shape.d - 1));
	int			ey = column[t].exponent;
	bool		intercept = t > 0 && design->term[0].kind == MLPG_TERM_INTERCEPT;
	MlpgDd		penalised = mlpg_dd(0);

	for (int i = 0; i <= t; i++)
	{
		for (int j = i; j <= t; j++)
			mlpg_ddmatrix_set(a, i, j, mlpg_moments_product(state, &column[i], &column[j]));
		if (i % 64 == 0)
			mlpg_check(host, "solving", i, t);
	}

	MlpgDd		yy = mlpg_ddmatrix_get(a, t, t);

	out->exponent = ey;
	out->tss = mlpg_dd_value(yy);
	if (intercept)				/* a constant target has no variance, not that of its rounding */
		out->tss = state->minimum[state->shape.d - 2] == state->maximum[state->shape.d - 2] ? 0 : mlpg_moments_variance(state, &column[t], yy) * weight;
	for (int j = 0; j < t; j++)
	{
		size_t		diagonal = (size_t) j * (size_t) (t + 1) + (size_t) j;

		tolerance[j] = RANK_TOLERANCE * a->hi[diagonal];
		if (l2 > 0 && design->term[j].kind != MLPG_TERM_INTERCEPT)
		{
			/* the weights of n-grams are on one scale by themselves (design_rows.c) */
			penalty[j] = l2 * weight * (design->term[j].kind == MLPG_TERM_NGRAM ? 1 :
										mlpg_moments_variance(state, &column[j], mlpg_ddmatrix_get(a, j, j)));
			mlpg_ddmatrix_set(a, j, j, mlpg_dd_add_double(mlpg_ddmatrix_get(a, j, j), penalty[j]));
		}
		length[j] = a->hi[diagonal];
	}
	out->rank = mlpg_ddmatrix_cholesky(host, a, t, tolerance, dropped);
	mlpg_ddmatrix_backsolve(a, t, t, dropped, b);

	out->n_terms = t;
	out->estimate = mlpg_allocate(host, (size_t) t + 1, sizeof(double));
	for (int j = 0; j < t; j++)
	{
		out->estimate[j] = ldexp(mlpg_dd_value(b[j]), ey - column[j].exponent);
		design->term[j].dropped = dropped[j];
		out->underflow |= fabs(out->estimate[j]) < DBL_MIN && fabs(b[j].hi) > 1e-12 &&
			DENORMAL_EXPONENT + column[j].exponent > (ey - 40 > DENORMAL_EXPONENT + 4 ? ey - 40 : DENORMAL_EXPONENT + 4);
		penalised = mlpg_dd_add(penalised, mlpg_dd_multiply_double(mlpg_dd_multiply(b[j], b[j]), penalty[j]));
	}
	out->rss = fmax(0, mlpg_dd_value(mlpg_dd_subtract(mlpg_ddmatrix_get(a, t, t), penalised)));
	/* where offset and spread are alike this is a perfect fit, which needs no warning */
	out->lost = out->rss < 1e-23 * yy.hi && out->tss > 0 && out->tss < 1e-7 * yy.hi;
	out->df = (double) (state->n_positive - out->rank);
	judge(training, design, a, column, length, dropped, l2, out);
	mlpg_ddmatrix_release(host, a);
}

static void
check_solution(MlpgTraining *training, const Solution *s)
{
	int			digits = (int) fmax(0, floor(DIGITS + log10(s->worst)));
	bool		ok = !s->underflow;

	for (int j = 0; j < s->n_terms; j++)
		ok &= isfinite(s->estimate[j]) && !(s->std_error && isinf(s->std_error[j]));
	for (int i = 0; i < training->schema->n_features; i++)
		ok &= isfinite(training->schema->feature[i].mean);
	if (!ok)
		mlpg_raise(training->host, MLPG_DATA_EXCEPTION, "A coefficient or mean is outside the range of double precision.",
				   "Express very large or very small columns in other units.", "values are too large or too small to fit a linear model");
	if (digits < DIGITS_WANTED)
		mlpg_fact(training->host, training->facts, "warning",
				  "design is nearly singular: of the digits of a coefficient as few as %d may be correct", digits);
	if (s->lost)
		mlpg_fact(training->host, training->facts, "warning",
				  "target is too far from zero for its spread: residuals are lost in rounding, standard errors and R squared are not reliable; subtract a constant from the target");
}

static void
number_fact(MlpgTraining *training, const char *name, double value)
{
	mlpg_fact_number(training->host, training->facts, name, value);
}

static void
report(MlpgTraining *training, const Solution *s, bool intercept)
{
	double		r2 = s->tss > 0 ? 1 - s->rss / s->tss : NAN;
	double		model_df = s->rank - (intercept ? 1 : 0);
	double		total_df = s->df + model_df;

	number_fact(training, intercept ? "r_squared" : "r_squared_about_zero", r2);
	if (s->std_error != NULL)
	{
		double		f = (s->tss - s->rss) / model_df / (s->rss / s->df);

		number_fact(training, "adjusted_r_squared", 1 - (1 - r2) * total_df / s->df);
		number_fact(training, "residual_std_error", ldexp(sqrt(s->rss / s->df), s->exponent));
		number_fact(training, "df_residual", s->df);
		if (model_df > 0 && s->rss > 0)
		{
			number_fact(training, "f_statistic", f);
			number_fact(training, "f_p_value", mlpg_f_upper(f, model_df, s->df));
		}
	}
}

/* Of the residuals; NaN when it is none in double precision. */
static double
variance_of(const Solution *s)
{
	double		variance = ldexp(s->rss / s->df, 2 * s->exponent);

	return isfinite(variance) && (variance >= DBL_MIN || s->rss == 0) ? variance : NAN;
}

/* ---------- robust errors ---------- */

static void
residual_body(int64_t first, int64_t last, void *argument, double *score, double *weight)
{
	const MlpgIrls *fit = argument;

	for (int64_t i = first; i < last; i++)
	{
		weight[i - first] = fit->w ? fit->w[i] : 1;
		score[i - first] = weight[i - first] * (fit->y[i] - fit->eta[i]);
	}
}

/* Divides by the power of two above the largest, which loses nothing and keeps squares in range. */
static int
to_unit(double *x, int64_t n)
{
	double		most = 0;
	int			exponent;

	for (int64_t i = 0; i < n; i++)
		most = fmax(most, fabs(x[i]));
	frexp(most, &exponent);
	for (int64_t i = 0; i < n; i++)
		x[i] = ldexp(x[i], -exponent);
	return exponent;
}

/* By term; the residuals are those of the same fit, made once more on columns that are centred. */
static double *
robust_errors(MlpgTraining *training, const MlpgDesign *design, MlpgSandwich kind, int64_t n_positive)
{
	MlpgHost   *host = training->host;
	const MlpgPlan *plan = training->plan;
	size_t		t = (size_t) design->n_terms;
	double	   *out = mlpg_allocate(host, t + 1, sizeof(double));
	double	   *y = mlpg_training_column(training, plan->n_features),
			   *w = mlpg_training_column(training, mlpg_plan_weight_column(plan));
	MlpgIrls	fit = {.host = host, .max_iterations = 20, .y = y, .w = w};
	int			exponent = to_unit(y, training->n_rows);

	if (w)
		(void) to_unit(w, training->n_rows);
	fit.rows = mlpg_design_rows_create(training, design, true, fit.w);
	mlpg_irls_prepare(&fit);
	mlpg_irls_fit(&fit);
	mlpg_design_rows_original_errors(fit.rows, mlpg_sandwich(host, fit.rows, kind, residual_body, &fit,
															 mlpg_irls_unscaled_covariance(&fit), n_positive, fit.rank), out);
	for (size_t j = 0; j < t; j++)
		out[j] = ldexp(out[j], exponent);
	for (int c = 0; c < (int) t; c++)
		if (fit.dropped[c])
			out[fit.rows->term[c]] = NAN;
	return out;
}

static bool
linear_wants_rows(const MlpgPlan *plan)
{
	bool		texts = false;

	for (int i = 0; i < plan->n_features; i++)
		texts |= plan->kind[i] == MLPG_TEXT;
	return texts || mlpg_params_value(plan->params, "robust")->text != NULL;
}

/* ---------- the fit ---------- */

/* Means of the design's columns, for explanations. */
static double *
column_means(MlpgTraining *training, const MlpgMoments *state, const MlpgDesign *design, double weight)
{
	MlpgMomentColumn *column = mlpg_moments_columns(training, state, design);
	MlpgMomentColumn one = {.base = state->shape.d - 1, .other = -1, .exponent = state->total.exponent[state->shape.d - 1]};
	double	   *means = mlpg_allocate(training->host, (size_t) design->n_terms + 1, sizeof(double));

	for (int j = 0; j < design->n_terms; j++)
		means[j] = ldexp(mlpg_dd_value(mlpg_moments_product(state, &column[j], &one)) / weight, column[j].exponent + one.exponent);
	return means;
}

static void
linear_finish(MlpgTraining *training, void *opaque)
{
	MlpgMoments *state = opaque;
	const MlpgParams *p = training->plan->params;
	const MlpgParamValue *robust = mlpg_params_value(p, "robust");
	bool		intercept = mlpg_params_boolean(p, "intercept");
	double		l2 = mlpg_params_real(p, "l2");
	MlpgAffineModel model = {.n_outputs = 1, .df = NAN, .dispersion = NAN};
	Solution	solution = {0};

	if (mlpg_dd_value(mlpg_crossprod_get(&state->total, state->shape.d - 1, state->shape.d - 1)) <= 0)
		mlpg_training_raise_no_weight(training->host);
	mlpg_moments_describe(training, state);
	model.design = mlpg_frame_design(training, l2 > 0);
	solve(training, state, model.design, l2, &solution);
	if (robust->text && solution.std_error)
		solution.std_error = robust_errors(training, model.design, (MlpgSandwich) robust->number, state->n_positive);
	check_solution(training, &solution);
	mlpg_frame_report_dropped(training, model.design);
	report(training, &solution, intercept);
	model.coefficients = solution.estimate;
	model.std_errors = solution.std_error;
	model.means = column_means(training, state, model.design, mlpg_dd_value(mlpg_crossprod_get(&state->total, state->shape.d - 1, state->shape.d - 1)));
	if (solution.std_error != NULL)
	{
		model.df = solution.df;
		model.dispersion = variance_of(&solution);
	}
	/* a variance that is out of range would make intervals of no width */
	if (solution.std_error == NULL || !isnan(model.dispersion))
		model.spread_factor = solution.spread_factor;
	mlpg_affine_write(training->payload, &model);
}

/* Of the solution, and then of the state and robust errors. */
static void
require_memory(MlpgTraining *training)
{
	const MlpgParams *p = training->plan->params;
	MlpgDesign *design = mlpg_design_create(training->host, training->schema, mlpg_params_boolean(p, "intercept"), mlpg_params_real(p, "l2") == 0);
	double		bytes = PAIR_BYTES;

	if (mlpg_params_value(p, "robust")->text != NULL)
		bytes = fmax(bytes, 8 + MLPG_IRLS_PAIR_BYTES(training->host, true));
	mlpg_affine_require_memory(training, design, bytes * design->n_terms * design->n_terms);
}

/* The same with all rows at hand: codes are ranks already. */
static void
linear_fit(MlpgTraining *training)
{
	MlpgHost   *host = training->host;
	const MlpgPlan *plan = training->plan;
	int			n_columns = mlpg_plan_columns(plan),
				capacity = mlpg_block_rows(n_columns);
	MlpgBlock  *block = mlpg_block_create(host, n_columns, capacity);
	void	   *partial = mlpg_allocate(host, mlpg_moments_partial_size(plan, capacity), 1);
	void	   *state = mlpg_moments_begin(host, plan);

	require_memory(training);
	mlpg_moments_expect(host, training->schema, state);
	training->rank = mlpg_allocate(host, (size_t) plan->n_features + 1, sizeof(int32_t *));
	for (int i = 0; i < plan->n_features; i++)
	{
		int32_t		n = plan->kind[i] == MLPG_CATEGORY ? training->schema->feature[i].dictionary->n : 0;

		training->rank[i] = plan->kind[i] == MLPG_CATEGORY ? mlpg_allocate(host, (size_t) n + 1, sizeof(int32_t)) : NULL;
		for (int32_t k = 0; k < n; k++)
			training->rank[i][k] = k;
	}
	for (int64_t first = 0; first < training->n_rows; first += capacity)
	{
		block->n_rows = training->n_rows - first < capacity ? (int) (training->n_rows - first) : capacity;
		mlpg_matrix_read_rows(training->matrix, first, block->n_rows, block->values, block->stride);
		mlpg_moments_summarise(plan, block, partial);
		mlpg_moments_absorb(host, plan, state, block, partial);
		mlpg_check(host, "fitting", first, training->n_rows);
	}
	linear_finish(training, state);
}

const MlpgLearner mlpg_linear = {
	.name = "linear",
	.summary = "least squares, ridge on request",
	.reference = "Gauss 1809; Hoerl and Kennard 1970",
	.tasks = MLPG_TASK_REGRESSION,
	.columns = MLPG_USES_WEIGHT | MLPG_USES_TEXT,
	.determinism = MLPG_ORDER_FIXED,
	.loss = "squared",
	.single_pass = true,
	.min_rows = 1,
	.params = params,
	.n_params = sizeof(params) / sizeof(params[0]),
	.payload_version = MLPG_AFFINE_PAYLOAD_VERSION,
	.oldest_readable = 1,
	.fit = linear_fit,
	.wants_rows = linear_wants_rows,
	.partial_size = mlpg_moments_partial_size,
	.summarise = mlpg_moments_summarise,
	.begin = mlpg_moments_begin,
	.absorb = mlpg_moments_absorb,
	.combine = mlpg_moments_combine,
	.write_state = mlpg_moments_write,
	.read_state = mlpg_moments_read,
	.finish = linear_finish,
	.open = mlpg_affine_open,
	.predict = mlpg_affine_predict,
	.explain = mlpg_affine_explain,
	.coefficients = mlpg_affine_coefficients,
	.spread = mlpg_affine_spread,
};
