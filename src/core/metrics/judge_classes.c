/*-------------------------------------------------------------------------
 *
 * judge_classes.c
 *	  Judging classifiers beside the naive one.
 *
 * The main metric is log_loss, the mean negative logarithm of the probability
 * that the model gave to what happened: it rewards honest probabilities and
 * exists for any number of classes.  accuracy and mcc are beside it; of two classes
 * brier, auc, average_precision and the f1 of the event; of more f1_macro.  The
 * event is the positive class, else the second one.  The naive classifier answers
 * the classes' shares in the training part.
 *
 * A class that the training part did not have has probability 0: the row counts
 * as the worst that log_loss knows, and as a miss; the metrics of two classes' probabilities
 * leave it out.
 *
 * Two models are compared by such a metric of all rows as a whole; the standard error of
 * the difference is that of the delete-a-group jackknife (Quenouille 1956, Tukey 1958): with
 * G groups and d_g the difference without group g, sqrt((G-1)/G sum (d_g - mean)^2).
 *
 * Cost: O(rows), of ranks O(rows log rows); of a comparison 42 times that.  Determinism: sums exact to 1e-15 (sum.c),
 * metrics of ranks and counts exact.
 *
 *-------------------------------------------------------------------------
 */
#include "core/metrics/judge.h"

#include "core/math/sort.h"
#include "core/metrics/cells.h"
#include "core/metrics/scores.h"

#define ROWS_A_CHECK 65536

/* No metrics of row terms: they are found here only. */
enum
{
	AUC, AVERAGE_PRECISION, F1, F1_MACRO, MCC, N_WHOLE
};

static const MlpgMetric whole[N_WHOLE] = {
	[AUC] = {.name = "auc", .goal = MLPG_GOAL_HIGHER, .summary = "area under the ROC curve"},
	[AVERAGE_PRECISION] = {.name = "average_precision", .goal = MLPG_GOAL_HIGHER, .summary = "mean precision at the rows that happened"},
	[F1] = {.name = "f1", .goal = MLPG_GOAL_HIGHER, .summary = "harmonic mean of precision and recall of the event"},
	[F1_MACRO] = {.name = "f1_macro", .goal = MLPG_GOAL_HIGHER, .summary = "mean F1 of the classes"},
	[MCC] = {.name = "mcc", .goal = MLPG_GOAL_HIGHER, .summary = "Matthews' correlation of actual and predicted class"},
};

MlpgClassRows *
mlpg_class_rows_create(MlpgHost *host, int64_t n, int n_classes)
{
	MlpgClassRows *rows = mlpg_allocate(host, 1, sizeof(MlpgClassRows));

	rows->n = n;
	rows->n_classes = n_classes;
	rows->event = 1;
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
	memset(judge, 0, sizeof(*judge));
	judge->metric[judge->n++] = mlpg_metric_find("log_loss");
	judge->metric[judge->n++] = mlpg_metric_find("accuracy");
	if (n_classes == 2)
	{
		judge->metric[judge->n++] = mlpg_metric_find("brier");
		judge->metric[judge->n++] = &whole[AUC];
		judge->metric[judge->n++] = &whole[AVERAGE_PRECISION];
	}
	judge->metric[judge->n++] = &whole[n_classes == 2 ? F1 : F1_MACRO];
	judge->metric[judge->n++] = &whole[MCC];
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

/* Ranks do not change when the probability of the first class is read as minus that of the second. */
static double
value_of_ranks(MlpgHost *host, const MlpgMetric *metric, const MlpgClassRows *rows)
{
	MlpgScores	scores = {0};
	double		sign = rows->event == 1 ? 1 : -1,
				value;

	for (int64_t i = 0; i < rows->n; i++)
	{
		if (i % ROWS_A_CHECK == 0)
			mlpg_check(host, "judging", i, rows->n);
		if (rows->actual[i] >= 0)
			mlpg_scores_add(host, &scores, rows->actual[i] == rows->event, sign * rows->second[i]);
	}
	mlpg_scores_settle(host, &scores);
	value = metric == &whole[AUC] ? mlpg_scores_auc(host, &scores) : mlpg_scores_average_precision(host, &scores);
	mlpg_scores_release(host, &scores);
	return value;
}

static double
value_of_counts(MlpgHost *host, const MlpgMetric *metric, const MlpgClassRows *rows)
{
	MlpgClassTotals totals;
	double		value;

	/* the last class: those that the model does not know */
	mlpg_class_totals_init(host, &totals, rows->n_classes + 1);
	for (int64_t i = 0; i < rows->n; i++)
	{
		if (i % ROWS_A_CHECK == 0)
			mlpg_check(host, "judging", i, rows->n);
		mlpg_class_totals_add(&totals, rows->actual[i] < 0 ? rows->n_classes : (int) rows->actual[i], (int) rows->predicted[i], 1);
	}
	value = metric == &whole[MCC] ? mlpg_class_mcc(&totals) :
		metric == &whole[F1] ? mlpg_class_f1(&totals, rows->event) : mlpg_class_f1_macro(&totals);
	mlpg_class_totals_release(host, &totals);
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

		if (i % ROWS_A_CHECK == 0)
			mlpg_check(host, "judging", i, rows->n);
		if (mlpg_class_inputs(metric, rows->actual[i], rows->p[i], rows->predicted[i], rows->second ? rows->second[i] : NAN, inputs))
			mlpg_metric_add_row(host, &state, inputs);
	}
	value = mlpg_metric_value(&state, &is_null);
	return is_null ? NAN : value;
}

bool
mlpg_judge_is_whole(const MlpgMetric *metric)
{
	return metric >= whole && metric < whole + N_WHOLE;
}

bool
mlpg_judge_needs_known(const MlpgMetric *metric)
{
	return metric == &whole[AUC] || metric == &whole[AVERAGE_PRECISION] || strcmp(metric->name, "brier") == 0;
}

double
mlpg_judge_class_metric(MlpgHost *host, const MlpgMetric *metric, const MlpgClassRows *rows)
{
	if (metric == &whole[AUC] || metric == &whole[AVERAGE_PRECISION])
		return value_of_ranks(host, metric, rows);
	if (mlpg_judge_is_whole(metric))
		return value_of_counts(host, metric, rows);
	return mean_of_terms(host, metric, rows);
}

void
mlpg_judge_classes(MlpgHost *host, const MlpgJudge *judge, const MlpgClassRows *rows, double *values)
{
	for (int k = 0; k < judge->n; k++)
		values[k] = mlpg_judge_class_metric(host, judge->metric[k], rows);
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
	naive->event = rows->event;
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

/* ---- comparing two models by a metric of all rows ---- */

#define GROUPS 20

/* The group of each row, and how many there are. */
static int
group_rows(MlpgHost *host, const double *period, int64_t n, int32_t *group)
{
	int64_t    *position;
	double	   *sorted;
	int64_t		periods = 0;

	if (period == NULL)
	{
		for (int64_t i = 0; i < n; i++)
			group[i] = (int32_t) (i % GROUPS);
		return n < GROUPS ? (int) n : GROUPS;
	}
	position = mlpg_allocate(host, (size_t) n + 1, sizeof(int64_t));
	sorted = mlpg_allocate(host, (size_t) n + 1, sizeof(double));
	for (int64_t i = 0; i < n; i++)
	{
		position[i] = i;
		sorted[i] = period[i];
	}
	mlpg_sort(host, sorted, position, n);
	for (int64_t i = 0; i < n; i++)
	{
		if (i > 0 && sorted[i] != sorted[i - 1])
			periods++;
		group[position[i]] = (int32_t) (periods % GROUPS);
	}
	mlpg_release(host, position);
	mlpg_release(host, sorted);
	return n == 0 ? 0 : periods + 1 < GROUPS ? (int) periods + 1 : GROUPS;
}

/*
 * The value without the rows of a group (-1: with all); part has room for all rows.  An
 * answer that is always the same is worth nothing, though its mcc is 0/0.
 */
static double
value_without(MlpgHost *host, const MlpgMetric *metric, const MlpgClassRows *rows, const int32_t *group, int left_out, MlpgClassRows *part)
{
	double		value;

	part->n = 0;
	part->event = rows->event;
	for (int64_t i = 0; i < rows->n; i++)
	{
		if (group[i] == left_out)
			continue;
		part->actual[part->n] = rows->actual[i];
		part->p[part->n] = rows->p[i];
		part->predicted[part->n] = rows->predicted[i];
		if (part->second != NULL)
			part->second[part->n] = rows->second[i];
		part->n++;
	}
	value = mlpg_judge_class_metric(host, metric, part);
	return metric == &whole[MCC] && isnan(value) ? 0 : value;
}

double
mlpg_judge_class_gain(MlpgHost *host, const MlpgMetric *metric, const MlpgClassRows *rows, const MlpgClassRows *rival,
					  const double *period, double *gain)
{
	int32_t    *group = mlpg_allocate(host, (size_t) rows->n + 1, sizeof(int32_t));
	MlpgClassRows *part[2] = {
		mlpg_class_rows_create(host, rows->n, rows->n_classes), mlpg_class_rows_create(host, rows->n, rival->n_classes)
	};
	int			n_groups = group_rows(host, period, rows->n, group);
	double		without[GROUPS],
				mean,
				error;

	*gain = value_without(host, metric, rows, group, -1, part[0]) - value_without(host, metric, rival, group, -1, part[1]);
	if (n_groups < 2)
		return NAN;
	for (int g = 0; g < n_groups; g++)
		without[g] = value_without(host, metric, rows, group, g, part[0]) - value_without(host, metric, rival, group, g, part[1]);
	/* the standard error of a mean has the factor 1 / (G (G-1)), the jackknife's (G-1) / G */
	error = mlpg_mean_with_error(without, n_groups, &mean);
	return error * (n_groups - 1);
}
