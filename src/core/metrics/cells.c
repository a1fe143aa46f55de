/*-------------------------------------------------------------------------
 *
 * cells.c
 *	  The confusion matrix, kept as the pairs of classes that occur, and its metrics.
 *
 * With a_k rows of class k, p_k rows said to be of it, h_k rows that are both, n rows in
 * all and h = sum h_k of them right:
 *
 *	 precision, recall, F1 of a class	h_k/p_k, h_k/a_k, 2 h_k/(a_k + p_k)
 *	 macro	the mean of these over the classes that occur, actual or predicted, each
 *			weighing the same; a class that is never predicted (never actual) has
 *			precision (recall) 0 there, as scikit-learn has it
 *	 micro	the same from the sums over all classes: h/n for all three
 *	 mcc	(n h - sum a_k p_k) / sqrt((n^2 - sum a_k^2) (n^2 - sum p_k^2)): Matthews 1975, for
 *			any number of classes Gorodkin 2004; no value when all rows are, or are said to
 *			be, of one class
 *
 * Cost: three look-ups by hash a row.  Memory: some 60 bytes a pair that occurs.  Determinism: counts and sums are
 * integers of up to 128 bits, means over classes exact sums (math/fixed.h); the order of rows shows nowhere.  NULL: the callers'.
 *
 *-------------------------------------------------------------------------
 */
#include "core/metrics/cells.h"

#include "core/math/fixed.h"

#define CELLS_A_CHECK 65536

void
mlpg_cells_init(MlpgHost *host, MlpgCells *cells)
{
	memset(cells, 0, sizeof(*cells));
	cells->label = mlpg_dictionary_create(host);
	cells->pair = mlpg_dictionary_create(host);
}

static void
add_codes(MlpgHost *host, MlpgCells *cells, int32_t actual, int32_t predicted, int64_t n)
{
	int32_t		codes[2] = {actual, predicted};
	int32_t		at = mlpg_dictionary_add(host, cells->pair, (const char *) codes, (int32_t) sizeof(codes));

	if (at >= cells->max_count)
	{
		int32_t		more = cells->max_count == 0 ? 8 : cells->max_count * 2;

		cells->count = mlpg_resize(host, cells->count, (size_t) cells->max_count, (size_t) more, sizeof(int64_t));
		cells->max_count = more;
	}
	cells->count[at] += n;
}

void
mlpg_cells_add(MlpgHost *host, MlpgCells *cells, const char *actual, int32_t actual_length,
			   const char *predicted, int32_t predicted_length, int64_t n)
{
	int32_t		a = mlpg_dictionary_add(host, cells->label, actual, actual_length);
	int32_t		p = mlpg_dictionary_add(host, cells->label, predicted, predicted_length);

	add_codes(host, cells, a, p, n);
}

static MlpgCell
cell_at(const MlpgCells *cells, int32_t i)
{
	MlpgCell	cell = {.n = cells->count[i]};

	memcpy(&cell.actual, cells->pair->text[i], sizeof(int32_t));
	memcpy(&cell.predicted, cells->pair->text[i] + sizeof(int32_t), sizeof(int32_t));
	return cell;
}

void
mlpg_cells_merge(MlpgHost *host, MlpgCells *cells, const MlpgCells *other)
{
	const MlpgDictionary *label = other->label;

	for (int32_t i = 0; i < other->pair->n; i++)
	{
		MlpgCell	cell = cell_at(other, i);

		if (i % CELLS_A_CHECK == 0)
			mlpg_check(host, NULL, i, other->pair->n);
		mlpg_cells_add(host, cells, label->text[cell.actual], label->length[cell.actual],
					   label->text[cell.predicted], label->length[cell.predicted], cell.n);
	}
}

MlpgCell *
mlpg_cells_list(MlpgHost *host, const MlpgCells *cells)
{
	MlpgCell   *list = mlpg_allocate(host, (size_t) cells->pair->n + 1, sizeof(MlpgCell));

	for (int32_t i = 0; i < cells->pair->n; i++)
		list[i] = cell_at(cells, i);
	return list;
}

/* Counting sort by predicted or actual class; stable. */
static MlpgCell *
sort_by(MlpgHost *host, const MlpgCell *list, int32_t n, int32_t n_labels, bool by_actual)
{
	MlpgCell   *sorted = mlpg_allocate(host, (size_t) n + 1, sizeof(MlpgCell));
	int32_t    *start = mlpg_allocate(host, (size_t) n_labels + 1, sizeof(int32_t));

	for (int32_t i = 0; i < n; i++)
		start[(by_actual ? list[i].actual : list[i].predicted) + 1]++;
	for (int32_t k = 0; k < n_labels; k++)
		start[k + 1] += start[k];
	for (int32_t i = 0; i < n; i++)
		sorted[start[by_actual ? list[i].actual : list[i].predicted]++] = list[i];
	mlpg_release(host, start);
	return sorted;
}

MlpgCell *
mlpg_cells_sort(MlpgHost *host, MlpgCells *cells)
{
	int32_t		n = cells->pair->n,
				n_labels = cells->label->n;
	MlpgCell   *list = mlpg_cells_list(host, cells);
	int32_t    *rank = mlpg_dictionary_sort(host, cells->label);

	for (int32_t i = 0; i < n; i++)
	{
		list[i].actual = rank[list[i].actual];
		list[i].predicted = rank[list[i].predicted];
	}
	return sort_by(host, sort_by(host, list, n, n_labels, false), n, n_labels, true);
}

/* ---- bytes ---- */

void
mlpg_cells_write(const MlpgCells *cells, MlpgWriter *writer)
{
	mlpg_write_u32(writer, (uint32_t) cells->label->n);
	for (int32_t i = 0; i < cells->label->n; i++)
		mlpg_write_text_n(writer, cells->label->text[i], (size_t) cells->label->length[i]);
	mlpg_write_u32(writer, (uint32_t) cells->pair->n);
	for (int32_t i = 0; i < cells->pair->n; i++)
	{
		MlpgCell	cell = cell_at(cells, i);

		mlpg_write_u32(writer, (uint32_t) cell.actual);
		mlpg_write_u32(writer, (uint32_t) cell.predicted);
		mlpg_write_u64(writer, (uint64_t) cell.n);
	}
}

void
mlpg_cells_read(MlpgCells *cells, MlpgReader *reader)
{
	MlpgHost   *host = reader->host;
	uint32_t	n_labels = mlpg_read_count(reader, 4),
				n_pairs;
	uint64_t	rest = UINT64_C(1) << 53;

	mlpg_cells_init(host, cells);
	for (uint32_t i = 0; i < n_labels; i++)
	{
		int32_t		length;
		char	   *text = mlpg_read_text(reader, &length);

		if (mlpg_dictionary_add(host, cells->label, text, length) != (int32_t) i)
			mlpg_reader_corrupt(reader, "a class is there twice");
	}
	n_pairs = mlpg_read_count(reader, 16);
	for (uint32_t i = 0; i < n_pairs; i++)
	{
		uint32_t	actual = mlpg_read_u32(reader),
					predicted = mlpg_read_u32(reader);
		uint64_t	n = mlpg_read_u64(reader);

		if (actual >= n_labels || predicted >= n_labels || n == 0 || n > rest)
			mlpg_reader_corrupt(reader, "a count of the confusion matrix is out of range");
		rest -= n;
		add_codes(host, cells, (int32_t) actual, (int32_t) predicted, (int64_t) n);
		if (cells->pair->n != (int32_t) i + 1)
			mlpg_reader_corrupt(reader, "a pair of classes is there twice");
	}
}

/* ---- metrics ---- */

void
mlpg_class_totals_init(MlpgHost *host, MlpgClassTotals *totals, int n_classes)
{
	memset(totals, 0, sizeof(*totals));
	totals->n_classes = n_classes;
	totals->actual = mlpg_allocate(host, (size_t) n_classes + 1, sizeof(int64_t));
	totals->predicted = mlpg_allocate(host, (size_t) n_classes + 1, sizeof(int64_t));
	totals->both = mlpg_allocate(host, (size_t) n_classes + 1, sizeof(int64_t));
}

void
mlpg_class_totals_release(MlpgHost *host, MlpgClassTotals *totals)
{
	mlpg_release(host, totals->actual);
	mlpg_release(host, totals->predicted);
	mlpg_release(host, totals->both);
}

void
mlpg_class_totals_add(MlpgClassTotals *totals, int actual, int predicted, int64_t n)
{
	totals->n += n;
	totals->actual[actual] += n;
	totals->predicted[predicted] += n;
	if (actual != predicted)
		return;
	totals->both[actual] += n;
	totals->right += n;
}

void
mlpg_cells_totals(MlpgHost *host, const MlpgCells *cells, MlpgClassTotals *totals)
{
	mlpg_class_totals_init(host, totals, cells->label->n);
	for (int32_t i = 0; i < cells->pair->n; i++)
	{
		MlpgCell	cell = cell_at(cells, i);

		mlpg_class_totals_add(totals, cell.actual, cell.predicted, cell.n);
	}
}

static double
ratio(double numerator, double denominator)
{
	return denominator == 0 ? NAN : numerator / denominator;
}

double
mlpg_class_share_right(const MlpgClassTotals *totals)
{
	return ratio((double) totals->right, (double) totals->n);
}

double
mlpg_class_f1(const MlpgClassTotals *totals, int class)
{
	return ratio(2.0 * (double) totals->both[class], (double) totals->actual[class] + (double) totals->predicted[class]);
}

/* The mean of both / of over the classes that occur, 0 where of is 0; F1 where of is NULL.  Classes come in any order. */
static double
macro(const MlpgClassTotals *totals, const int64_t *of)
{
	MlpgExact	sum = {0};
	int			n = 0;

	for (int k = 0; k < totals->n_classes; k++)
	{
		if (totals->actual[k] == 0 && totals->predicted[k] == 0)
			continue;
		n++;
		if (of == NULL)
			mlpg_exact_add(&sum, mlpg_class_f1(totals, k));
		else if (of[k] > 0)
			mlpg_exact_add(&sum, (double) totals->both[k] / (double) of[k]);
	}
	return ratio(mlpg_exact_value(&sum), n);
}

double
mlpg_class_precision_macro(const MlpgClassTotals *totals)
{
	return macro(totals, totals->predicted);
}

double
mlpg_class_recall_macro(const MlpgClassTotals *totals)
{
	return macro(totals, totals->actual);
}

double
mlpg_class_f1_macro(const MlpgClassTotals *totals)
{
	return macro(totals, NULL);
}

double
mlpg_class_mcc(const MlpgClassTotals *totals)
{
	MlpgWide	n = totals->n,
				covariance = n * totals->right,
				spread_actual = n * n,
				spread_predicted = n * n;

	for (int k = 0; k < totals->n_classes; k++)
	{
		covariance -= (MlpgWide) totals->actual[k] * totals->predicted[k];
		spread_actual -= (MlpgWide) totals->actual[k] * totals->actual[k];
		spread_predicted -= (MlpgWide) totals->predicted[k] * totals->predicted[k];
	}
	if (spread_actual == 0 || spread_predicted == 0)
		return NAN;
	return (double) covariance / sqrt((double) spread_actual * (double) spread_predicted);
}
