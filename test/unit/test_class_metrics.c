/*-------------------------------------------------------------------------
 *
 * test_class_metrics.c
 *	  Metrics of ranks, of confusion matrices and of calibration, without PostgreSQL.
 *
 * Expected numbers are scikit-learn's (test/golden/class_metrics.py), those of small
 * cases by hand or by the definition.
 *
 *-------------------------------------------------------------------------
 */
#include "harness.h"

#include "class_golden.h"
#include "core/metrics/cells.h"
#include "core/metrics/metric.h"
#include "core/metrics/reliability.h"
#include "core/metrics/scores.h"

#define LENGTH(array) ((int) (sizeof(array) / sizeof((array)[0])))
#define TOLERANCE 1e-12

static uint64_t random_state;

/* splitmix64, as in class_metrics.py */
static double
next_uniform(void)
{
	uint64_t	z = (random_state += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (double) ((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

typedef struct Rows
{
	int			n;
	bool	   *y;
	double	   *p;
} Rows;

static Rows
rows_of(MlpgHost *host, uint64_t seed, int n, int step)
{
	Rows		rows = {n, mlpg_allocate(host, (size_t) n, sizeof(bool)), mlpg_allocate(host, (size_t) n, sizeof(double))};

	random_state = seed;
	for (int i = 0; i < n; i++)
	{
		double		x = next_uniform();

		rows.p[i] = step > 0 ? floor(x * step) / step : x;
		rows.y[i] = next_uniform() < 0.2 + 0.5 * x;
	}
	return rows;
}

static MlpgScores
scores_of(MlpgHost *host, const Rows *rows, int first, int stride)
{
	MlpgScores	scores = {0};

	for (int i = first; i < rows->n; i += stride)
		mlpg_scores_add(host, &scores, rows->y[i], rows->p[i]);
	return scores;
}

/* ---- tallies ---- */

/* All keys of a tally, from the greatest down, each as often as it was seen. */
static double *
unrolled(MlpgHost *host, const MlpgTally *tally, int64_t *n)
{
	double	   *values = mlpg_allocate(host, 1 << 20, sizeof(double));

	*n = 0;
	for (int64_t at = tally->n_sorted; at > 0;)
	{
		double		x = mlpg_sort_unkey(tally->key[at - 1]);

		for (uint64_t k = mlpg_tally_down(tally, &at); k > 0; k--)
			values[(*n)++] = x;
	}
	return values;
}

/* Against mlpg_sort: distinct and repeated numbers, added singly and merged, small and past several settlings. */
static void
test_tally(MlpgHost *host)
{
	static const int sizes[] = {0, 1, 2, 17, 100, 1000, 66000, 300000};
	static const int steps[] = {0, 7, 1000, 60000};

	for (int s = 0; s < LENGTH(sizes); s++)
		for (int d = 0; d < LENGTH(steps); d++)
		{
			int			n = sizes[s];
			Rows		rows = rows_of(host, (uint64_t) (100 + s), n, steps[d]);
			MlpgTally	one = {0},
						two = {0},
						copy;
			MlpgWriter *writer = mlpg_writer_create(host, 0);
			MlpgReader	reader;
			int64_t		m,
						k;
			double	   *values,
					   *others;
			bool		equal = true;

			for (int i = 0; i < n; i++)
			{
				rows.p[i] -= 0.5;
				mlpg_tally_add(host, i % 3 == 0 ? &two : &one, rows.p[i]);
			}
			mlpg_tally_settle(host, &two);
			mlpg_tally_write(&two, writer);
			mlpg_reader_init(&reader, host, writer->data, writer->length, "tally");
			mlpg_tally_read(&copy, &reader);
			mlpg_read_end(&reader);
			mlpg_tally_merge(host, &one, &copy);
			mlpg_tally_settle(host, &one);
			values = unrolled(host, &one, &m);
			CHECK_INT(m, n);
			mlpg_sort(host, rows.p, NULL, n);
			for (int i = 0; i < n; i++)
				equal = equal && values[i] == rows.p[n - 1 - i];
			CHECK(equal);
			CHECK(steps[d] == 0 || n < 60 * steps[d] || one.n_sorted <= steps[d]);
			/* and on from there */
			mlpg_tally_add(host, &one, 0.125);
			mlpg_tally_settle(host, &one);
			others = unrolled(host, &one, &k);
			CHECK(k == n + 1 && others[0] >= 0.125);
			harness_reset(host);
		}
}

/* What is none: each byte changed by itself gives a tally or an error, and nothing else. */
static void
test_hostile_bytes(MlpgHost *host)
{
	Rows		rows = rows_of(host, 5, 300, 10);
	MlpgScores	scores = scores_of(host, &rows, 0, 1);
	MlpgWriter *writer = mlpg_writer_create(host, 0);
	int			refused = 0;

	mlpg_scores_settle(host, &scores);
	mlpg_scores_write(&scores, writer);
	for (size_t i = 0; i < writer->length; i++)
	{
		MlpgScores	other;
		MlpgReader	reader;
		bool		raised;

		writer->data[i] ^= 0x55;
		mlpg_reader_init(&reader, host, writer->data, writer->length, "scores");
		HARNESS_TRY(host, raised, {
			mlpg_scores_read(&other, &reader);
			mlpg_read_end(&reader);
			(void) mlpg_scores_auc(host, &other);
		});
		refused += raised;
		writer->data[i] ^= 0x55;
	}
	CHECK(refused > (int) writer->length / 4);
	for (size_t length = 0; length < writer->length; length++)
	{
		MlpgScores	other;
		MlpgReader	reader;

		mlpg_reader_init(&reader, host, writer->data, length, "scores");
		EXPECT_RAISE(host, MLPG_DATA_CORRUPTED, mlpg_scores_read(&other, &reader));
	}
}

/* ---- ranks ---- */

static double
at_half(MlpgHost *host, const char *name, const Rows *rows)
{
	MlpgMetricState state;
	bool		is_null;
	double		value;

	mlpg_metric_init(host, &state, mlpg_metric_find(name), (double[]) {0.5, 0});
	for (int i = 0; i < rows->n; i++)
		mlpg_metric_add(host, &state, rows->y[i], rows->p[i]);
	value = mlpg_metric_value(&state, &is_null);
	return is_null ? NAN : value;
}

static void
check_set(MlpgHost *host, int s)
{
	Rows		rows = rows_of(host, score_sets[s].seed, score_sets[s].n, score_sets[s].step);
	MlpgScores	scores = scores_of(host, &rows, 0, 1),
				parts = scores_of(host, &rows, 0, 3);
	MlpgCurve	curve;
	int			n = 1;
	double		sum[2] = {0, 0};

	mlpg_scores_settle(host, &scores);
	CHECK_CLOSE(mlpg_scores_auc(host, &scores), score_sets[s].auc, TOLERANCE);
	CHECK_CLOSE(mlpg_scores_average_precision(host, &scores), score_sets[s].average_precision, TOLERANCE);
	CHECK_CLOSE(at_half(host, "precision_at", &rows), score_sets[s].precision_at, TOLERANCE);
	CHECK_CLOSE(at_half(host, "recall_at", &rows), score_sets[s].recall_at, TOLERANCE);
	CHECK_CLOSE(at_half(host, "f1_at", &rows), score_sets[s].f1_at, TOLERANCE);

	for (mlpg_curve_start(host, &scores, &curve); mlpg_curve_next_corner(&curve); n++)
		for (int k = 0; k < 2; k++)
			sum[k] += curve.called[k] / curve.total[k];
	CHECK_INT(n, score_sets[s].n_corners);	/* with the one at infinity, (0, 0) */
	CHECK_CLOSE(sum[0], score_sets[s].sum_fpr, TOLERANCE);
	CHECK_CLOSE(sum[1], score_sets[s].sum_tpr, TOLERANCE);

	n = 0;
	sum[0] = sum[1] = 0;
	for (mlpg_curve_start(host, &scores, &curve); mlpg_curve_next(&curve); n++)
	{
		sum[0] += curve.called[1] / (curve.called[0] + curve.called[1]);
		sum[1] += curve.called[1] / curve.total[1];
	}
	CHECK_INT(n, score_sets[s].n_thresholds);
	CHECK_CLOSE(sum[0], score_sets[s].sum_precision, TOLERANCE);
	CHECK_CLOSE(sum[1], score_sets[s].sum_recall, TOLERANCE);

	/* parts, the last one first: the same bytes */
	for (int k = 2; k > 0; k--)
	{
		MlpgScores	part = scores_of(host, &rows, k, 3);

		mlpg_scores_settle(host, &part);
		mlpg_scores_merge(host, &parts, &part);
	}
	mlpg_scores_settle(host, &parts);
	CHECK(mlpg_scores_auc(host, &parts) == mlpg_scores_auc(host, &scores));
	CHECK(mlpg_scores_average_precision(host, &parts) == mlpg_scores_average_precision(host, &scores));
}

static void
test_curves(MlpgHost *host)
{
	Rows		rows = rows_of(host, 2, 40, 10);
	MlpgScores	scores = scores_of(host, &rows, 0, 1);
	MlpgCurve	curve;
	int			n = 0;

	mlpg_scores_settle(host, &scores);
	for (mlpg_curve_start(host, &scores, &curve); mlpg_curve_next_corner(&curve);)
	{
		n++;
		CHECK_CLOSE(curve.threshold, roc_threshold[n], 0);
		CHECK_CLOSE(curve.called[0] / curve.total[0], roc_fpr[n], TOLERANCE);
		CHECK_CLOSE(curve.called[1] / curve.total[1], roc_tpr[n], TOLERANCE);
	}
	CHECK_INT(n + 1, LENGTH(roc_fpr));
	n = 0;
	for (mlpg_curve_start(host, &scores, &curve); mlpg_curve_next(&curve); n++)
	{
		CHECK_CLOSE(curve.threshold, pr_threshold[n], 0);
		CHECK_CLOSE(curve.called[1] / (curve.called[0] + curve.called[1]), pr_precision[n], TOLERANCE);
		CHECK_CLOSE(curve.called[1] / curve.total[1], pr_recall[n], TOLERANCE);
	}
	CHECK_INT(n, LENGTH(pr_recall));
}

static double
auc_of(MlpgHost *host, int n, const double *y, const double *p)
{
	MlpgScores	scores = {0};

	for (int i = 0; i < n; i++)
		mlpg_scores_add(host, &scores, y[i] == 1, p[i]);
	mlpg_scores_settle(host, &scores);
	return mlpg_scores_auc(host, &scores);
}

/* By the definition, over all pairs; ties, one class only, zeros of both signs, extreme numbers. */
static void
test_auc(MlpgHost *host)
{
	Rows		rows = rows_of(host, 9, 500, 25);
	MlpgScores	scores = scores_of(host, &rows, 0, 1);
	MlpgCurve	curve;
	double		won = 0,
				pairs = 0;

	for (int i = 0; i < rows.n; i++)
		for (int j = 0; j < rows.n; j++)
			if (rows.y[i] && !rows.y[j])
			{
				won += rows.p[i] > rows.p[j] ? 1 : rows.p[i] == rows.p[j] ? 0.5 : 0;
				pairs++;
			}
	mlpg_scores_settle(host, &scores);
	CHECK_CLOSE(mlpg_scores_auc(host, &scores), won / pairs, 0);
	CHECK_CLOSE(auc_of(host, 5, (double[]) {1, 1, 0, 0, 0}, (double[]) {0.5, 0.5, 0.5, 0.5, 0.5}), 0.5, 0);
	CHECK_CLOSE(auc_of(host, 4, (double[]) {1, 1, 0, 0}, (double[]) {3, 2, 1, -1}), 1, 0);
	CHECK_CLOSE(auc_of(host, 4, (double[]) {0, 0, 1, 1}, (double[]) {1.7e308, 5e-324, 0, -1.7e308}), 0, 0);
	CHECK_CLOSE(auc_of(host, 2, (double[]) {1, 0}, (double[]) {-0.0, 0.0}), 0.5, 0);
	CHECK(isnan(auc_of(host, 2, (double[]) {1, 1}, (double[]) {1, 2})));
	CHECK(isnan(auc_of(host, 2, (double[]) {0, 0}, (double[]) {1, 2})));
	CHECK(isnan(auc_of(host, 0, NULL, NULL)));

	memset(&scores, 0, sizeof(scores));
	mlpg_scores_settle(host, &scores);
	mlpg_curve_start(host, &scores, &curve);
	CHECK(!mlpg_curve_next_corner(&curve) && !mlpg_curve_next(&curve));
	mlpg_scores_add(host, &scores, true, 7);
	mlpg_scores_settle(host, &scores);
	mlpg_curve_start(host, &scores, &curve);
	CHECK(mlpg_curve_next_corner(&curve) && curve.threshold == 7 && !mlpg_curve_next_corner(&curve));
}

/* A long sort can be cancelled. */
static void
test_cancel(MlpgHost *host)
{
	Rows		rows = rows_of(host, 3, 400000, 0);
	MlpgScores	scores = {0};

	harness_cancel_at_check(host, 8);
	EXPECT_RAISE(host, MLPG_INTERNAL, {
		for (int i = 0; i < rows.n; i++)
			mlpg_scores_add(host, &scores, rows.y[i], rows.p[i]);
		mlpg_scores_settle(host, &scores);
	});
	harness_cancel_at_check(host, 0);
}

/* ---- confusion ---- */

static void
add_class(MlpgHost *host, MlpgCells *cells, int actual, int predicted)
{
	char	   *a = mlpg_text(host, "class %d", actual),
			   *p = mlpg_text(host, "class %d", predicted);

	mlpg_cells_add(host, cells, a, (int32_t) strlen(a), p, (int32_t) strlen(p), 1);
}

/* As bytes and back. */
static MlpgCells
passed_on(MlpgHost *host, const MlpgCells *cells)
{
	MlpgWriter *writer = mlpg_writer_create(host, 0);
	MlpgReader	reader;
	MlpgCells	copy;

	mlpg_cells_write(cells, writer);
	mlpg_reader_init(&reader, host, writer->data, writer->length, "cells");
	mlpg_cells_read(&copy, &reader);
	mlpg_read_end(&reader);
	return copy;
}

static void
test_cells(MlpgHost *host)
{
	for (int s = 0; s < LENGTH(class_sets); s++)
	{
		MlpgCells	cells[2],
					copy;
		MlpgClassTotals totals;
		MlpgCell   *sorted;
		int64_t		n = 0;
		bool		in_order = true;

		mlpg_cells_init(host, &cells[0]);
		mlpg_cells_init(host, &cells[1]);
		random_state = class_sets[s].seed;
		for (int i = 0; i < class_sets[s].n; i++)
		{
			double		u = next_uniform();
			int			a = (int) (u * next_uniform() * class_sets[s].k);
			int			p = next_uniform() < 0.6 ? a : (int) (next_uniform() * class_sets[s].k);

			add_class(host, &cells[i % 2], a, p);
		}
		copy = passed_on(host, &cells[1]);
		mlpg_cells_merge(host, &cells[0], &copy);
		mlpg_cells_totals(host, &cells[0], &totals);
		CHECK_INT(totals.n, class_sets[s].n);
		CHECK_CLOSE(mlpg_class_mcc(&totals), class_sets[s].mcc, TOLERANCE);
		CHECK_CLOSE(mlpg_class_precision_macro(&totals), class_sets[s].precision_macro, TOLERANCE);
		CHECK_CLOSE(mlpg_class_recall_macro(&totals), class_sets[s].recall_macro, TOLERANCE);
		CHECK_CLOSE(mlpg_class_f1_macro(&totals), class_sets[s].f1_macro, TOLERANCE);
		CHECK_CLOSE(mlpg_class_share_right(&totals), class_sets[s].precision_micro, TOLERANCE);
		CHECK_CLOSE(mlpg_class_share_right(&totals), class_sets[s].f1_micro, TOLERANCE);

		sorted = mlpg_cells_sort(host, &cells[0]);
		for (int i = 0; i < cells[0].pair->n; i++)
		{
			n += sorted[i].n;
			in_order = in_order && (i == 0 || sorted[i - 1].actual < sorted[i].actual ||
									(sorted[i - 1].actual == sorted[i].actual && sorted[i - 1].predicted < sorted[i].predicted));
		}
		CHECK_INT(n, class_sets[s].n);
		CHECK(in_order);
	}
}

/* Denominators of 0, and rows by the billion. */
static void
test_class_edges(MlpgHost *host)
{
	MlpgClassTotals totals;

	mlpg_class_totals_init(host, &totals, 2);
	CHECK(isnan(mlpg_class_mcc(&totals)) && isnan(mlpg_class_share_right(&totals)) && isnan(mlpg_class_f1_macro(&totals)) &&
		  isnan(mlpg_class_f1(&totals, 1)));
	mlpg_class_totals_add(&totals, 1, 0, 3);
	mlpg_class_totals_add(&totals, 0, 0, 1);
	CHECK(isnan(mlpg_class_mcc(&totals)));
	CHECK_CLOSE(mlpg_class_f1(&totals, 1), 0, 0);
	CHECK_CLOSE(mlpg_class_precision_macro(&totals), 0.125, 0);
	mlpg_class_totals_add(&totals, 1, 1, INT64_C(1) << 52);
	mlpg_class_totals_add(&totals, 0, 0, INT64_C(1) << 51);
	CHECK_CLOSE(mlpg_class_mcc(&totals), 1, 1e-14);
}

/* ---- calibration ---- */

static void
check_bins(MlpgHost *host, int n_bins, const double *share, const double *mean, int n_points)
{
	Rows		rows = rows_of(host, 4, 2000, 100);
	MlpgReliability r,
				parts[2];
	MlpgWriter *writer = mlpg_writer_create(host, 0);
	MlpgReader	reader;
	int			n = 0;

	mlpg_reliability_init(host, &parts[0], n_bins);
	mlpg_reliability_init(host, &parts[1], n_bins);
	for (int i = 0; i < rows.n; i++)
		mlpg_reliability_add(&parts[i % 7 == 0], rows.y[i], rows.p[i]);
	mlpg_reliability_write(&parts[1], writer);
	mlpg_reader_init(&reader, host, writer->data, writer->length, "bins");
	mlpg_reliability_read(&r, &reader);
	mlpg_read_end(&reader);
	mlpg_reliability_merge(&r, &parts[0]);
	for (int k = 0; k < n_bins; k++)
	{
		if (r.bin[k].n == 0)
			continue;
		CHECK_CLOSE((double) r.bin[k].n_true / (double) r.bin[k].n, share[n], TOLERANCE);
		CHECK_CLOSE(mlpg_reliability_mean(&r.bin[k]), mean[n], TOLERANCE);
		n++;
	}
	CHECK_INT(n, n_points);
}

static void
test_calibration(MlpgHost *host)
{
	MlpgReliability r;

	check_bins(host, 10, calibration_true_10, calibration_mean_10, LENGTH(calibration_true_10));
	check_bins(host, 7, calibration_true_7, calibration_mean_7, LENGTH(calibration_true_7));

	/* edges belong to the bin below; 3 * (1/10) is above 0.3 */
	mlpg_reliability_init(host, &r, 10);
	mlpg_reliability_add(&r, true, 0);
	mlpg_reliability_add(&r, false, 0.1);
	mlpg_reliability_add(&r, false, 0.3);
	mlpg_reliability_add(&r, true, nextafter(0.5, 1));
	mlpg_reliability_add(&r, true, 1);
	CHECK_INT(r.bin[0].n, 2);
	CHECK_INT(r.bin[0].n_true, 1);
	CHECK_INT(r.bin[2].n, 1);
	CHECK_INT(r.bin[5].n, 1);
	CHECK_INT(r.bin[9].n, 1);
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, mlpg_reliability_init(host, &r, 0));
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, mlpg_reliability_init(host, &r, 1001));
}

int
main(void)
{
	MlpgHost   *host = harness_host();

	test_tally(host);
	test_hostile_bytes(host);
	for (int s = 0; s < LENGTH(score_sets); s++)
		check_set(host, s);
	test_curves(host);
	test_auc(host);
	test_cancel(host);
	test_cells(host);
	test_class_edges(host);
	test_calibration(host);
	harness_free(host);
	return harness_done();
}
