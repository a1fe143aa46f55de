/*-------------------------------------------------------------------------
 *
 * baseline.c
 *	  The naive models that every other must beat: mean, median, last value, class shares.
 *
 * The answer is the same, whatever the features; so the model has no
 * features and scores any row.  "last" is the target of the last row given, and
 * means something only where the rows have an order.  The naive classifier
 * answers each class with its share of the rows (of their weight).
 *
 * mean: sum in double-double, so that it does not depend on the order of the
 * rows to some 1e-30; median: lower weighted order statistic averaged with the
 * upper one where the weights tie (R's type 2; the usual median).
 *
 * Cost: O(n), median O(n log n).  Memory: the target column again.
 * Determinism: order-free (mean, median, shares).
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/affine.h"
#include "core/learners/training.h"
#include "core/math/dd.h"
#include "core/math/sort.h"

static const MlpgParamSpec params[] = {
	{"statistic", MLPG_PARAM_CHOICE, "mean", 0, 0, false, "mean|median|last", "what to predict; of classes their shares (mean)", NULL},
};

static double
mean_of(const double *y, const double *w, int64_t n)
{
	MlpgDd		sum = mlpg_dd(0),
				weight = mlpg_dd(0);

	for (int64_t i = 0; i < n; i++)
	{
		sum = mlpg_dd_add(sum, w ? mlpg_two_product(y[i], w[i]) : mlpg_dd(y[i]));
		weight = mlpg_dd_add_double(weight, w ? w[i] : 1);
	}
	if (!(weight.hi > 0))
		return NAN;

	double		mean = mlpg_dd_value(mlpg_dd_divide(sum, weight));

	return isfinite(mean) ? mean : INFINITY;
}

static double
median_of(MlpgHost *host, double *y, const double *w, int64_t n)
{
	int64_t    *order = mlpg_allocate(host, (size_t) n, sizeof(int64_t));
	MlpgDd		total = mlpg_dd(0),
				below = mlpg_dd(0);
	int64_t		i = 0;

	for (int64_t k = 0; k < n; k++)
	{
		order[k] = k;
		total = mlpg_dd_add_double(total, w ? w[k] : 1);
	}
	mlpg_sort(host, y, order, n);
	if (total.hi <= 0)
		return NAN;
	for (;; i++)
	{
		below = mlpg_dd_add_double(below, w ? w[order[i]] : 1);

		double		excess = mlpg_dd_value(mlpg_dd_subtract(mlpg_dd_add(below, below), total));

		if (excess > 0)
			return y[i];
		if (excess == 0)
			break;
	}
	/* exactly half the weight is at or below: the middle of this value and the next of positive weight */
	double		lower = y[i++];

	while (w && w[order[i]] == 0)
		i++;
	double		middle = lower + (y[i] - lower) / 2;

	return isfinite(middle) ? middle : lower / 2 + y[i] / 2;
}

static double
number_of(MlpgHost *host, const char *statistic, double *y, const double *w, int64_t n)
{
	double		value;

	if (strcmp(statistic, "mean") == 0)
		value = mean_of(y, w, n);
	else if (strcmp(statistic, "median") == 0)
		value = median_of(host, y, w, n);
	else
		value = y[n - 1];
	if (isinf(value))
		mlpg_raise(host, MLPG_DATA_EXCEPTION, "A sum is outside the range of double precision.",
				   "Express a very large target in other units.", "values are too large to fit a baseline");
	if (isnan(value))
		mlpg_training_raise_no_weight(host);
	return value;
}

/* Shares of the classes 0 .. k - 1, all that the outputs want: of two classes that of the second. */
static double *
shares_of(MlpgHost *host, const double *y, const double *w, int64_t n, int k)
{
	MlpgDd	   *sum = mlpg_allocate(host, (size_t) k, sizeof(MlpgDd));
	MlpgDd		total = mlpg_dd(0);
	double	   *share = mlpg_allocate(host, (size_t) k, sizeof(double));

	for (int64_t i = 0; i < n; i++)
	{
		sum[(int) y[i]] = mlpg_dd_add_double(sum[(int) y[i]], w ? w[i] : 1);
		total = mlpg_dd_add_double(total, w ? w[i] : 1);
	}
	if (!(total.hi > 0))
		mlpg_training_raise_no_weight(host);
	for (int c = 0; c < k; c++)
		share[c] = mlpg_dd_value(mlpg_dd_divide(sum[c], total));
	return k == 2 ? share + 1 : share;
}

static void
baseline_fit(MlpgTraining *training)
{
	MlpgHost   *host = training->host;
	const MlpgPlan *plan = training->plan;
	const char *statistic = mlpg_params_choice(plan->params, "statistic");
	int64_t		n = training->n_rows;
	int			n_classes = mlpg_schema_classes(training->schema);
	double	   *y = mlpg_training_column(training, plan->n_features);
	double	   *w = mlpg_training_column(training, mlpg_plan_weight_column(plan));
	double		value;
	MlpgAffineModel model = {.n_outputs = 1, .df = NAN, .dispersion = NAN, .coefficients = &value};

	mlpg_check(host, "fitting baseline", 0, n);
	if (n_classes == 0)
		value = number_of(host, statistic, y, w, n);
	else if (strcmp(statistic, "mean") != 0)
		mlpg_raise(host, MLPG_NOT_SUPPORTED, "The naive model of a classification answers the shares of the classes.",
				   "Leave out \"statistic\".", "classes have no %s", statistic);
	else
	{
		model.n_outputs = mlpg_class_outputs(n_classes);
		model.coefficients = shares_of(host, y, w, n, n_classes);
	}
	training->schema->n_features = 0;
	training->schema->preprocess = NULL;	/* steps of columns that no prediction needs */
	model.design = mlpg_design_create(host, training->schema, true, true);
	mlpg_affine_write(training->payload, &model);
}

/* Of a classifier the coefficients are probabilities. */
static void
baseline_open(MlpgHost *host, MlpgModel *model, MlpgReader *payload)
{
	const MlpgAffineModel *m;

	mlpg_affine_open(host, model, payload);
	m = model->scorer;
	if (m->design->n_terms != 1 || model->schema->n_features != 0)
		mlpg_reader_corrupt(payload, "a baseline answers one number");
	for (int o = 0; o < m->n_outputs && model->schema->classes != NULL; o++)
		if (!(m->coefficients[o] >= 0 && m->coefficients[o] <= 1))
			mlpg_reader_corrupt(payload, "a probability is out of range");
}

const MlpgLearner mlpg_baseline = {
	.name = "baseline",
	.summary = "mean, median, last value, class shares",
	.reference = "",
	.tasks = MLPG_TASK_REGRESSION | MLPG_TASK_CLASSIFICATION,
	.columns = MLPG_USES_WEIGHT,
	.determinism = MLPG_ORDER_FREE,
	.loss = "squared",
	.single_pass = false,
	.min_rows = 1,
	.params = params,
	.n_params = sizeof(params) / sizeof(params[0]),
	.payload_version = MLPG_AFFINE_PAYLOAD_VERSION,
	.oldest_readable = 1,
	.fit = baseline_fit,
	.open = baseline_open,
	.predict = mlpg_affine_predict,
	.coefficients = mlpg_affine_coefficients,
};
