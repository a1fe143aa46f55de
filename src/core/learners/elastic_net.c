/*-------------------------------------------------------------------------
 *
 * elastic_net.c
 *	  Linear, logistic and Poisson regression with an elastic net penalty: the whole
 *	  regularisation path, lambda by cross-validation.
 *
 * Problem.  Minimise
 *
 *		(1/W) sum_i w_i loss(y_i, b_0 + z_i'b) + lambda (l1_ratio |b|_1 + (1 - l1_ratio)/2 |b|^2)
 *
 * over the design z of encode.c, all columns taken as of unit variance (1/n), the intercept free
 * (Zou and Hastie 2005); n-grams of texts as they are, since each text has length 1.  loss is (y - eta)^2 / 2, log(1 + e^eta) - y eta, or e^eta - y eta.
 *
 * Path.  lambda runs from the smallest that leaves nothing but the intercept, in n_lambda
 * geometric steps, down to lambda_min_ratio times that.  As in glmnet it ends early, from the fifth lambda
 * on, when the deviance explained is above 0.999 or has gained too little: less than 1e-5 of itself (gaussian), less than
 * 1e-5 (binomial), less than 1e-4 of itself in four lambdas (poisson).  affine/penalised.c fits each from the one before.
 *
 * Cross-validation.  Rows are dealt to folds by who they are, not where they are (matrix/sample.c),
 * as evenly as can be, each class on its own.  Every fold's fit is a path of its own over the same
 * lambdas, with deviations of its own training rows.  cv_mean is the mean deviance of rows left out; its standard error is
 * from fold to fold: sqrt(sum_f W_f (m_f - m)^2 / W / (folds - 1)), as cv.glmnet's.  "min" takes the lambda of the
 * least cv_mean, "1se" the largest whose cv_mean is within a standard error of that.  Without folds the
 * model is the last of the path.
 *
 * The target of gaussian is brought to deviation 1 meanwhile, so that nothing depends on its unit.
 *
 * Memory: the rows of the design, and what penalised.c needs; 8 bytes a row and 2 more for folds.
 * NULL: missing numbers take their mean plus an indicator; rows without a target never
 * arrive.  Determinism: order-fixed, the same for any number of threads.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/frame.h"
#include "core/learners/affine/path.h"
#include "core/learners/affine/penalised.h"
#include "core/math/sum.h"
#include "core/matrix/sample.h"

#include <float.h>

#define LEAST_STEPS 5			/* of a path that ends early */
#define ENOUGH_EXPLAINED 0.999
#define LEAST_GAIN 1e-5
#define LEAST_GAIN_OF_FOUR 1e-4
#define RATIO_TALL 1e-4			/* lambda_min_ratio with more rows than terms */
#define RATIO_WIDE 1e-2
#define APPROACH 0.7			/* from lambda to lambda, on the way to one that is given */
#define BATCH_NUMBERS 4000000	/* coefficients held for rows left out */

static bool lambda_is_valid(const char *text);

static const MlpgParamSpec params[] = {
	{"family", MLPG_PARAM_CHOICE, NULL, 0, 0, false, "gaussian|binomial|poisson", "loss; by default binomial for classes, else gaussian", NULL},
	{"l1_ratio", MLPG_PARAM_REAL, "1", 0, 1, false, NULL, "share of the L1 penalty; 1: lasso, 0: ridge", NULL},
	{"lambda", MLPG_PARAM_TEXT, "min", 0, 0, false, "min, 1se, or a number not less than 0", "penalty: a number, or chosen by cross-validation", lambda_is_valid},
	{"n_lambda", MLPG_PARAM_INTEGER, "100", 2, 10000, false, NULL, "lambdas of the path", NULL},
	{"lambda_min_ratio", MLPG_PARAM_REAL, NULL, 0, 1, true, NULL, "last lambda as a share of the first", NULL},
	{"folds", MLPG_PARAM_INTEGER, "10", 0, 1000, false, NULL, "parts for cross-validation; below 2: none, the path's last", NULL},
	{"tolerance", MLPG_PARAM_REAL, "1e-7", 1e-26, 0.1, false, NULL, "squared step, of the null deviance, that ends a fit", NULL},
	MLPG_FRAME_INTERCEPT,
	MLPG_FRAME_UNSEEN,
};

typedef struct Fit
{
	MlpgTraining *t;
	MlpgHost   *host;
	const MlpgParams *params;
	MlpgDesign *design;
	MlpgPenalisedProblem problem;
	double		l1_ratio;
	MlpgTrainingRows rows;		/* gaussian: the target less its offset and the mean, over the unit */
	double		mean;
	double		unit;			/* the fit's lambda times this is the one that is shown */
	uint16_t   *fold;			/* n */
	int			n_folds;		/* 0: lambda is given */
	MlpgPath   *path;
	double	   *coefficients;	/* n_terms: scratch */
	int64_t		passes;
	bool		converged;
	int			step_done;		/* of n_all_steps, for progress */
	int			n_all_steps;
} Fit;

/* ---------- parameters ---------- */

static bool
lambda_is_valid(const char *text)
{
	double		number;

	if (strcmp(text, "min") == 0 || strcmp(text, "1se") == 0)
		return true;
	return mlpg_params_number(&text, &number) && *text == '\0' && number >= 0;
}

/* The lambda given, or NaN. */
static double
given_lambda(const Fit *f)
{
	const char *text = mlpg_params_choice(f->params, "lambda");
	double		number;

	return strcmp(text, "1se") != 0 && mlpg_params_number(&text, &number) ? number : NAN;
}

static void
read_family(Fit *f)
{
	const MlpgParamValue *asked = mlpg_params_value(f->params, "family");
	int			n_classes = mlpg_schema_classes(f->t->schema);

	f->problem.family = asked->text ? (MlpgPenalisedFamily) asked->number : n_classes > 0 ? MLPG_PENALISED_BINOMIAL : MLPG_PENALISED_GAUSSIAN;
	if (n_classes > 2)
		mlpg_raise(f->host, MLPG_NOT_SUPPORTED, NULL, "Use learner \"logistic\" with an L1 penalty.",
				   "elastic_net takes two classes; the target has %d", n_classes);
	if (n_classes > 0 && f->problem.family != MLPG_PENALISED_BINOMIAL)
		mlpg_raise(f->host, MLPG_INVALID_PARAMETER, NULL, "Its family is binomial.", "family \"%s\" does not fit a target of classes", asked->text);
	if (n_classes == 0 && f->problem.family == MLPG_PENALISED_BINOMIAL)
		mlpg_raise(f->host, MLPG_INVALID_PARAMETER, NULL, "Give task 'classification', or a boolean or text target.",
				   "family \"binomial\" needs classes");
}

/* ---------- rows ---------- */

static inline double
weight_of(const Fit *f, int64_t i)
{
	return f->rows.w ? f->rows.w[i] : 1;
}

/* Both classes need weight, counts a positive sum. */
static void
check_target(const Fit *f)
{
	int64_t		negative = 0;
	bool		above = false,
				below = false;

	for (int64_t i = 0; i < f->rows.n; i++)
	{
		negative += f->rows.y[i] < 0;
		above |= weight_of(f, i) > 0 && f->rows.y[i] > 0;
		below |= weight_of(f, i) > 0 && f->rows.y[i] <= 0;
	}
	if (f->problem.family == MLPG_PENALISED_POISSON && negative > 0)
		mlpg_raise(f->host, MLPG_DATA_EXCEPTION, mlpg_text(f->host, "%lld rows have a target below 0.", (long long) negative), NULL,
				   "family \"poisson\" needs targets of 0 or more");
	if (f->problem.family == MLPG_PENALISED_POISSON && !above)
		mlpg_raise(f->host, MLPG_DATA_EXCEPTION, "The targets of all rows with a weight are 0.", NULL, "family \"poisson\" needs a target above 0");
	if (f->problem.family == MLPG_PENALISED_BINOMIAL && !(above && below))
		mlpg_raise(f->host, MLPG_DATA_EXCEPTION, "All rows of the other class have weight 0.", NULL, "only one class has a weight");
}

/* Mean (0 without an intercept) and deviation from it, of targets that sums of squares could take out of range. */
static void
scale_target(Fit *f)
{
	MlpgSum		weight = {0},
				sum = {0},
				square = {0};
	double		low = INFINITY,
				high = -INFINITY,
				size;

	for (int64_t i = 0; i < f->rows.n; i++)
	{
		f->rows.y[i] -= f->rows.offset ? f->rows.offset[i] : 0;
		if (weight_of(f, i) > 0)
		{
			low = fmin(low, f->rows.y[i]);
			high = fmax(high, f->rows.y[i]);
		}
	}
	size = fmax(fabs(low), fabs(high));
	if (!isfinite(size))
		mlpg_raise(f->host, MLPG_DATA_EXCEPTION, "A target less its offset is outside the range of double precision.", NULL, "values are too large to fit a linear model");
	for (int64_t i = 0; i < f->rows.n && size > 0; i++)
	{
		mlpg_sum_add(&weight, weight_of(f, i));
		mlpg_sum_add(&sum, weight_of(f, i) * (f->rows.y[i] / size));
	}
	f->mean = size > 0 && f->problem.rows->intercept ? sum.high / weight.high * size : 0;
	for (int64_t i = 0; i < f->rows.n && size > 0; i++)
	{
		double		d = f->rows.y[i] / size - f->mean / size;

		mlpg_sum_add(&square, weight_of(f, i) * d * d);
	}
	if (size > 0 && !(low == high && f->problem.rows->intercept))
		f->unit = sqrt(square.high / weight.high) * size;
	else
		f->unit = 0;			/* a constant: nothing to explain */
	for (int64_t i = 0; i < f->rows.n; i++)
		f->rows.y[i] = f->unit > 0 ? (f->rows.y[i] - f->mean) / f->unit : 0;
}

static void
deal_folds(Fit *f)
{
	int64_t		folds = mlpg_params_integer(f->params, "folds");
	bool		classes = f->problem.family == MLPG_PENALISED_BINOMIAL;
	uint64_t   *identity;

	if (!isnan(given_lambda(f)) || folds < 2 || f->rows.n < 2)
		return;
	f->n_folds = (int) (folds < f->rows.n ? folds : f->rows.n);
	identity = mlpg_sample_identify(f->host, f->t->matrix, f->t->plan->seed);
	f->fold = mlpg_sample_deal(f->host, identity, f->rows.n, classes ? f->rows.y : NULL, 2, f->n_folds);
	mlpg_release(f->host, identity);
}

static void
read_rows(Fit *f)
{
	mlpg_training_read(f->t, &f->rows);
	check_target(f);
	deal_folds(f);
	f->design = mlpg_frame_design(f->t, true);
	f->coefficients = mlpg_allocate(f->host, (size_t) f->design->n_terms + 1, sizeof(double));
	f->problem.rows = mlpg_design_rows_create(f->t, f->design, true, f->rows.w);
	f->unit = 1;
	if (f->problem.family == MLPG_PENALISED_GAUSSIAN)
		scale_target(f);
}

/* Of a design with texts, which columns are n-grams. */
static bool *
n_grams(const Fit *f)
{
	const MlpgDesignRows *rows = f->problem.rows;
	bool	   *out = NULL;

	for (int c = 0; c < rows->n_columns; c++)
		if (f->design->term[rows->term[c]].kind == MLPG_TERM_NGRAM)
		{
			if (out == NULL)
				out = mlpg_allocate(f->host, (size_t) rows->n_columns, sizeof(bool));
			out[c] = true;
		}
	return out;
}

static void
pose(Fit *f)
{
	bool		gaussian = f->problem.family == MLPG_PENALISED_GAUSSIAN;

	f->l1_ratio = mlpg_params_real(f->params, "l1_ratio");
	f->problem.y = f->rows.y;
	f->problem.w = f->rows.w;
	f->problem.offset = gaussian ? NULL : f->rows.offset;
	f->problem.unscaled = n_grams(f);
	f->problem.l1_share = f->l1_ratio;
	f->problem.l2_share = (1 - f->l1_ratio) * (gaussian && f->unit > 0 ? f->unit : 1);
	f->problem.tolerance = mlpg_params_real(f->params, "tolerance");
	if (!mlpg_penalised_is_small(f->problem.rows, f->problem.family))
		f->problem.screened = mlpg_screened_create(f->host, f->problem.rows);
}

/* ---------- the path ---------- */

/* Coefficients by term, in the units of the columns and the target. */
static void
original(const Fit *f, const double *b, double *out)
{
	bool		gaussian = f->problem.family == MLPG_PENALISED_GAUSSIAN;

	mlpg_design_rows_original(f->problem.rows, b, out);
	for (int j = 0; gaussian && j < f->design->n_terms; j++)
		out[j] *= f->unit;
	if (gaussian && f->problem.rows->intercept)
		out[0] += f->mean;
	mlpg_frame_check_range(f->host, out, NULL, (size_t) f->design->n_terms);
}

/* Fits at a lambda of the path, given as shown, and keeps it. */
static void
take_step(Fit *f, MlpgPenalised *fit, double lambda)
{
	double		null_deviance = mlpg_penalised_null_deviance(fit);
	MlpgPathStep *step;

	mlpg_check(f->host, "fitting the path", f->step_done++, f->n_all_steps);
	mlpg_penalised_solve(fit, f->unit > 0 ? lambda / f->unit : lambda);
	original(f, mlpg_penalised_coefficients(fit), f->coefficients);
	step = mlpg_path_add(f->host, f->path, f->design, lambda, f->coefficients);
	if (null_deviance > 0)
		step->deviance_explained = 1 - mlpg_penalised_deviance(fit) / null_deviance;
}

/* Whether glmnet would go no further. */
static bool
is_enough(const Fit *f)
{
	int			k = f->path->n_steps - 1;
	const MlpgPathStep *step = &f->path->step[k];
	double		explained = step->deviance_explained;

	if (k + 1 < LEAST_STEPS)
		return false;
	if (explained > ENOUGH_EXPLAINED)
		return true;
	switch (f->problem.family)
	{
		case MLPG_PENALISED_GAUSSIAN:
			return explained - step[-1].deviance_explained < LEAST_GAIN * explained;
		case MLPG_PENALISED_BINOMIAL:
			return explained - step[-1].deviance_explained < LEAST_GAIN;
		case MLPG_PENALISED_POISSON:
			break;
	}
	return explained - step[-4].deviance_explained < LEAST_GAIN_OF_FOUR * explained;
}

static void
whole_path(Fit *f, MlpgPenalised *fit)
{
	int			n = (int) mlpg_params_integer(f->params, "n_lambda");
	const MlpgParamValue *asked = mlpg_params_value(f->params, "lambda_min_ratio");
	double		ratio = asked->text ? asked->number : f->rows.n < f->problem.rows->n_columns - f->problem.rows->intercept ? RATIO_WIDE : RATIO_TALL;
	double		lambda = mlpg_penalised_largest(fit) * (f->unit > 0 ? f->unit : 1);
	double		factor = pow(ratio, 1.0 / (n - 1));

	for (int k = 0; k < n; k++, lambda *= factor)
	{
		take_step(f, fit, lambda);
		if (!(lambda > 0) || is_enough(f))
			return;
	}
}

/* One lambda; with screening it is approached, so that strong rules have something to say. */
static void
one_lambda(Fit *f, MlpgPenalised *fit, double lambda)
{
	double		target = f->unit > 0 ? lambda / f->unit : lambda;

	if (f->problem.screened && target > 0)
		for (double on_the_way = APPROACH * mlpg_penalised_largest(fit); on_the_way > target; on_the_way *= APPROACH)
			mlpg_penalised_solve(fit, on_the_way);
	take_step(f, fit, lambda);
}

static void
account(Fit *f, MlpgPenalised *fit)
{
	f->passes += mlpg_penalised_passes(fit);
	f->converged &= mlpg_penalised_converged(fit);
}

/* ---------- cross-validation ---------- */

typedef struct LeftOut
{
	const Fit  *f;
	int			fold;
	int			n_fits;			/* in this batch */
	const double *b;			/* n_fits x n_columns */
} LeftOut;

/* Weighted deviance of the fold's rows under each fit, and behind them the weight. */
static void
left_out_block(const MlpgDesignRows *rows, int64_t first, int64_t last, void *argument, double *sums, double *scratch)
{
	const LeftOut *l = argument;
	const MlpgPenalisedProblem *p = &l->f->problem;
	double	   *y = scratch,
			   *w = y + MLPG_DESIGN_BLOCK,
			   *offset = w + MLPG_DESIGN_BLOCK,
			   *eta = offset + MLPG_DESIGN_BLOCK;
	int			row[MLPG_DESIGN_BLOCK];
	int			n = 0;

	for (int64_t i = first; i < last; i++)
		if (l->f->fold[i] == l->fold && weight_of(l->f, i) > 0)
		{
			y[n] = p->y[i];
			w[n] = weight_of(l->f, i);
			offset[n] = p->offset ? p->offset[i] : 0;
			sums[l->n_fits] += w[n];
			row[n++] = (int) (i - first);
		}
	for (int k = 0; k < l->n_fits; k++)
	{
		for (int i = 0; i < n; i++)
		{
			mlpg_design_rows_multiply(rows, first + row[i], first + row[i] + 1, l->b + (size_t) k * (size_t) rows->n_columns, &eta[i]);
			eta[i] += offset[i];
		}
		sums[k] += mlpg_penalised_block_deviance(p->family, y, w, n, eta, eta + MLPG_DESIGN_BLOCK);
	}
}

/* What a fold says of each step: mean deviances, and its weight. */
typedef struct Verdict
{
	double		weight;			/* 0: no verdict */
	double	   *mean;			/* steps */
} Verdict;

static void
judge_batch(const Fit *f, const LeftOut *left_out, int first, Verdict *verdict)
{
	double	   *sums = mlpg_allocate(f->host, (size_t) left_out->n_fits + 1, sizeof(double));

	mlpg_design_rows_sum(f->host, f->problem.rows, left_out_block, (LeftOut *) left_out, (size_t) left_out->n_fits + 1, sums, 5 * MLPG_DESIGN_BLOCK, NULL);
	verdict->weight = sums[left_out->n_fits];
	for (int k = 0; k < left_out->n_fits; k++)
		verdict->mean[first + k] = sums[k] / verdict->weight;
	mlpg_release(f->host, sums);
}

/* The path without a fold, judged on it. */
static void
validate_fold(Fit *f, int fold, double *w, Verdict *verdict)
{
	MlpgPenalisedProblem problem = f->problem;
	size_t		n = (size_t) problem.rows->n_columns;
	int			capacity = n * (size_t) f->path->n_steps <= BATCH_NUMBERS ? f->path->n_steps : (int) (BATCH_NUMBERS / n) + 1;
	double		inside = 0;
	double	   *b;
	LeftOut		left_out = {.f = f, .fold = fold};
	MlpgPenalised *fit;

	verdict->mean = mlpg_allocate(f->host, (size_t) f->path->n_steps, sizeof(double));
	for (int64_t i = 0; i < f->rows.n; i++)
		inside += w[i] = f->fold[i] == fold ? 0 : weight_of(f, i);
	if (!(inside > 0))
		return;
	problem.w = w;
	b = mlpg_allocate(f->host, mlpg_size_multiply(f->host, (size_t) capacity, n + 1), sizeof(double));
	fit = mlpg_penalised_create(f->host, &problem);
	for (int k = 0; k < f->path->n_steps; k++)
	{
		double		lambda = f->path->step[k].lambda;

		mlpg_check(f->host, "cross-validating", f->step_done++, f->n_all_steps);
		mlpg_penalised_solve(fit, f->unit > 0 ? lambda / f->unit : lambda);
		memcpy(b + (size_t) left_out.n_fits++ * n, mlpg_penalised_coefficients(fit), n * sizeof(double));
		if (left_out.n_fits == capacity || k + 1 == f->path->n_steps)
		{
			left_out.b = b;
			judge_batch(f, &left_out, k + 1 - left_out.n_fits, verdict);
			left_out.n_fits = 0;
		}
	}
	account(f, fit);
	mlpg_penalised_release(fit);
	mlpg_release(f->host, b);
}

static void
sum_up(Fit *f, const Verdict *verdict)
{
	for (int k = 0; k < f->path->n_steps; k++)
	{
		MlpgPathStep *step = &f->path->step[k];
		double		weight = 0,
					sum = 0,
					square = 0;
		int			n = 0;

		for (int i = 0; i < f->n_folds; i++)
			if (verdict[i].weight > 0)
			{
				weight += verdict[i].weight;
				sum += verdict[i].weight * verdict[i].mean[k];
				n++;
			}
		if (n < 2)
			continue;
		for (int i = 0; i < f->n_folds; i++)
			if (verdict[i].weight > 0)
				square += verdict[i].weight * (verdict[i].mean[k] - sum / weight) * (verdict[i].mean[k] - sum / weight);
		step->cv_mean = sum / weight;
		step->cv_stddev = sqrt(square / weight / (n - 1));
	}
}

static void
validate(Fit *f)
{
	Verdict    *verdict = mlpg_allocate(f->host, (size_t) f->n_folds, sizeof(Verdict));
	double	   *w = mlpg_allocate(f->host, (size_t) f->rows.n, sizeof(double));

	f->step_done = 0;
	f->n_all_steps = f->n_folds * f->path->n_steps;
	for (int i = 0; i < f->n_folds; i++)
		validate_fold(f, i, w, &verdict[i]);
	sum_up(f, verdict);
}

/* The step of least cv_mean, and the first one within a standard error of it. */
static void
choose(const MlpgPath *path, int *least, int *simplest)
{
	double		bound;

	*least = *simplest = 0;
	for (int k = 1; k < path->n_steps; k++)
		if (path->step[k].cv_mean < path->step[*least].cv_mean)
			*least = k;
	bound = path->step[*least].cv_mean + path->step[*least].cv_stddev;
	while (*simplest < *least && !(path->step[*simplest].cv_mean <= bound))
		(*simplest)++;
}

/* ---------- the model ---------- */

static void
number_fact(const Fit *f, const char *name, double value)
{
	mlpg_fact_number(f->host, f->t->facts, name, value);
}

static void
report(const Fit *f, double null_deviance)
{
	static const char *const families[] = {"gaussian", "binomial", "poisson"};
	const MlpgPath *path = f->path;
	const MlpgPathStep *step = &path->step[path->chosen];
	double		squared_unit = f->problem.family == MLPG_PENALISED_GAUSSIAN ? f->unit * f->unit : 1;
	double		norm;
	int			n = mlpg_path_norm(path, path->chosen, f->design, &norm);

	mlpg_fact(f->host, f->t->facts, "family", "%s", families[f->problem.family]);
	number_fact(f, "lambda", step->lambda);
	mlpg_fact(f->host, f->t->facts, "n_nonzero", "%d", n);
	number_fact(f, "null_deviance", null_deviance * squared_unit);
	number_fact(f, "deviance", null_deviance * squared_unit * (1 - step->deviance_explained));
	number_fact(f, "deviance_explained", step->deviance_explained);
	mlpg_fact(f->host, f->t->facts, "lambdas", "%d", path->n_steps);
	mlpg_fact(f->host, f->t->facts, "passes", "%lld", (long long) f->passes);
	if (!f->converged)
		mlpg_fact(f->host, f->t->facts, "warning", "elastic_net did not converge at every lambda: standardise or drop columns that are nearly alike, or raise l1_ratio below 1 or tolerance");
}

static void
choose_step(Fit *f)
{
	double		squared_unit = f->problem.family == MLPG_PENALISED_GAUSSIAN ? f->unit * f->unit : 1;
	int			least,
				simplest;

	choose(f->path, &least, &simplest);
	if (isnan(f->path->step[least].cv_mean))
		return;
	for (int k = 0; k < f->path->n_steps; k++)
	{
		MlpgPathStep *step = &f->path->step[k];

		step->cv_mean = fmin(step->cv_mean * squared_unit, DBL_MAX);
		step->cv_stddev = fmin(step->cv_stddev * squared_unit, DBL_MAX);
	}
	f->path->chosen = strcmp(mlpg_params_choice(f->params, "lambda"), "1se") == 0 ? simplest : least;
	number_fact(f, "lambda_min", f->path->step[least].lambda);
	number_fact(f, "lambda_1se", f->path->step[simplest].lambda);
	number_fact(f, "cv_mean", f->path->step[f->path->chosen].cv_mean);
	number_fact(f, "cv_stddev", f->path->step[f->path->chosen].cv_stddev);
	mlpg_fact(f->host, f->t->facts, "folds", "%d", f->n_folds);
}

static void
write_model(Fit *f)
{
	static const MlpgAffineLink links[] = {MLPG_AFFINE_IDENTITY, MLPG_AFFINE_LOGIT, MLPG_AFFINE_LOG};
	MlpgAffineModel model = {.n_outputs = 1, .df = NAN, .dispersion = NAN, .design = f->design, .coefficients = f->coefficients};

	model.link.id = links[f->problem.family];
	mlpg_path_coefficients(f->path, f->path->chosen, f->design->n_terms, f->coefficients);
	mlpg_frame_write(f->t, f->problem.rows, &model);
	mlpg_path_write(f->t->payload, f->path);
}

static void
elastic_net_fit(MlpgTraining *t)
{
	Fit			f = {.t = t, .host = t->host, .params = t->plan->params, .converged = true};
	MlpgPenalised *fit;
	double		null_deviance,
				lambda = given_lambda(&f);

	read_family(&f);
	read_rows(&f);
	pose(&f);
	f.path = mlpg_allocate(f.host, 1, sizeof(MlpgPath));
	f.n_all_steps = isnan(lambda) ? (int) mlpg_params_integer(f.params, "n_lambda") : 1;
	fit = mlpg_penalised_create(f.host, &f.problem);
	null_deviance = mlpg_penalised_null_deviance(fit);
	if (isnan(lambda))
		whole_path(&f, fit);
	else
		one_lambda(&f, fit, lambda);
	f.path->chosen = f.path->n_steps - 1;
	account(&f, fit);
	mlpg_penalised_release(fit);
	if (f.n_folds > 1 && f.path->n_steps > 1)
	{
		validate(&f);
		choose_step(&f);
	}
	report(&f, null_deviance);
	write_model(&f);
}

/* All rows are fitted with the lambda found on a part of them. */
static void
elastic_net_found(MlpgHost *host, MlpgParams *p, const MlpgFacts *facts)
{
	const char *lambda = mlpg_fact_find(facts, "lambda");

	if (lambda != NULL)
		mlpg_params_set(host, p, "lambda", lambda);
}

static const MlpgPath *
path_of(const MlpgModel *model)
{
	return ((const MlpgPathModel *) model->scorer)->path;
}

const MlpgLearner mlpg_elastic_net = {
	.name = "elastic_net",
	.summary = "lasso and elastic net, lambda by cross-validation",
	.reference = "Zou and Hastie 2005; Friedman et al. 2010",
	.tasks = MLPG_TASK_REGRESSION | MLPG_TASK_CLASSIFICATION,
	.columns = MLPG_USES_WEIGHT | MLPG_USES_OFFSET | MLPG_ADDS_OFFSET | MLPG_USES_TEXT,
	.determinism = MLPG_ORDER_FIXED,
	.loss = "squared",
	.single_pass = false,
	.min_rows = 1,
	.params = params,
	.n_params = sizeof(params) / sizeof(params[0]),
	.payload_version = MLPG_AFFINE_PAYLOAD_VERSION,
	.oldest_readable = 2,
	.fit = elastic_net_fit,
	.found = elastic_net_found,
	.open = mlpg_path_open,
	.predict = mlpg_affine_predict,
	.coefficients = mlpg_affine_coefficients,
	.explain = mlpg_affine_explain,
	.path = path_of,
};
