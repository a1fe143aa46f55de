/*-------------------------------------------------------------------------
 *
 * judge_classes.c
 *	  Judging classifiers beside the naive one.
 *
 * The main metric is log_loss, the mean negative logarithm of the probability
 * that the model gave to what happened: it rewards honest probabilities and
 * exists for any number of classes.  accuracy is beside it, and of two classes
 * brier and auc, for which the second class is the event.  The naive classifier
 * answers the classes' shares in the training part.
 *
 * A class that the training part did not have has probability 0: the row counts
 * as the worst that log_loss knows, and as a miss; brier and auc leave it out.
 *
 * Cost: O(rows), auc O(rows log rows).  Determinism: sums exact to 1e-15 (sum.c),
 * auc exact.
 *
 *-------------------------------------------------------------------------
 */
#include "core/metrics/judge.h"

/* No metric of row terms: it is found here only. */
static const MlpgMetric auc = {
	.name = "auc", .form = MLPG_FORM_MEAN, .goal = MLPG_GOAL_HIGHER, .summary = "area under the ROC curve"
};

MlpgClassRows *
mlpg_class_rows_create(MlpgHost *host, int64_t n, int n_classes)
{
	MlpgClassRows *rows = mlpg_allocate(host, 1, sizeof(MlpgClassRows));

	rows->n = n;
	rows->actual = mlpg_allocate(host, (size_t) n + 1, sizeof(double));
	rows->p = mlpg_allocate(host, (size_t) n + 1, sizeof(double));
	rows->predicted = mlpg_allocate(host, (size_t) n + 1, sizeof(double));
	if (n_classes == 2)
		rows->second = mlpg_allocate(host, (size_t) n + 1, sizeof(double));
	return rows;
}

void
mlpg_judge_init_classes(MlpgJudge *judge, int n_classes)
{
	static const char *const names[] = {"log_loss", "accuracy", "brier"};

	memset(judge, 0, sizeof(*judge));
	for (int k = 0; k < (n_classes == 2 ? 3 : 2); k++)
		judge->metric[judge->n++] = mlpg_metric_find(names[k]);
	if (n_classes == 2)
		judge->metric[judge->n++] = &auc;
}

int64_t
mlpg_class_rows_keep_answered(MlpgClassRows *rows)
{
	int64_t		n = rows->n,
				m = 0;

	for (int64_t i = 0; i < n; i++)
	{
		if (isnan(rows->p[i]))
			continue;
		rows->actual[m] = rows->actual[i];
		rows->p[m] = rows->p[i];
		rows->predicted[m] = rows->predicted[i];
		if (rows->second != NULL)
			rows->second[m] = rows->second[i];
		m++;
	}
	rows->n = m;
	return n - m;
}

bool
mlpg_class_inputs(const MlpgMetric *metric, double actual, double p, double predicted, double second, double *inputs)
{
	bool		of_happened = strcmp(metric->name, "log_loss") == 0,
				of_class = strcmp(metric->name, "accuracy") == 0;

	inputs[0] = of_happened ? 1 : actual;
	inputs[1] = of_happened ? p : of_class ? predicted : second;
	return of_happened || of_class || actual >= 0;
}

static double
auc_of(MlpgHost *host, const MlpgClassRows *rows)
{
	double	   *score[2];
	int64_t		n[2] = {0, 0};
	double		value;

	for (int k = 0; k < 2; k++)
		score[k] = mlpg_allocate(host, (size_t) rows->n + 1, sizeof(double));
	for (int64_t i = 0; i < rows->n; i++)
		if (rows->actual[i] >= 0)
		{
			int			k = rows->actual[i] == 1;

			score[k][n[k]++] = rows->second[i];
		}
	value = mlpg_auc(host, score[1], n[1], score[0], n[0]);
	mlpg_release(host, score[0]);
	mlpg_release(host, score[1]);
	return value;
}

static double
mean_of_terms(MlpgHost *host, const MlpgMetric *metric, const MlpgClassRows *rows)
{
	MlpgMetricState state;
	bool		is_null;
	double		value;

	mlpg_metric_init(host, &state, metric, NULL);
	for (int64_t i = 0; i < rows->n; i++)
	{
		double		inputs[2];

		if (i % 65536 == 0)
			mlpg_check(host, "judging", i, rows->n);
		if (mlpg_class_inputs(metric, rows->actual[i], rows->p[i], rows->predicted[i], rows->second ? rows->second[i] : NAN, inputs))
			mlpg_metric_add_row(host, &state, inputs);
	}
	value = mlpg_metric_value(&state, &is_null);
	return is_null ? NAN : value;
}

void
mlpg_judge_classes(MlpgHost *host, const MlpgJudge *judge, const MlpgClassRows *rows, double *values)
{
	for (int k = 0; k < judge->n; k++)
		values[k] = judge->metric[k] == &auc ? auc_of(host, rows) : mean_of_terms(host, judge->metric[k], rows);
}

MlpgClassRows *
mlpg_naive_classes(MlpgHost *host, const MlpgClassRows *rows, const int64_t *count, int n_classes)
{
	MlpgClassRows *naive = mlpg_class_rows_create(host, rows->n, n_classes);
	int64_t		total = 0;
	int			likeliest = 0;

	for (int k = 0; k < n_classes; k++)
	{
		total += count[k];
		if (count[k] > count[likeliest])
			likeliest = k;
	}
	for (int64_t i = 0; i < rows->n; i++)
	{
		naive->actual[i] = rows->actual[i];
		naive->p[i] = rows->actual[i] < 0 ? 0 : (double) count[(int) rows->actual[i]] / (double) total;
		naive->predicted[i] = likeliest;
		if (naive->second != NULL)
			naive->second[i] = (double) count[1] / (double) total;
	}
	return naive;
}
