/*-------------------------------------------------------------------------
 *
 * training.c
 *	  What matrix learners read of their training first: target, weights, offset,
 *	  and the levels that are asked for.
 *
 * A weight is finite and not below 0; a row of weight 0 does not count, and where all are 0
 * there is nothing to learn.
 *
 * Cost: a pass over each column.  Memory: 8 bytes a row and column.  Determinism: the sum of the
 * weights is taken in the order of the rows.  NULL: rows without a target, weight or offset never arrive.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/training.h"

#include "core/math/sort.h"

#define CHECK_ROWS 65536

void
mlpg_training_raise_no_weight(MlpgHost *host)
{
	mlpg_raise(host, MLPG_DATA_EXCEPTION, "The weights of all rows are zero.", NULL, "no row has a weight");
}

double *
mlpg_training_column(const MlpgTraining *training, int column)
{
	double	   *values;

	if (column < 0)
		return NULL;
	values = mlpg_allocate(training->host, (size_t) training->n_rows, sizeof(double));
	mlpg_matrix_read(training->matrix, column, 0, training->n_rows, values);
	return values;
}

void
mlpg_training_weigh(MlpgHost *host, MlpgTrainingRows *rows)
{
	rows->n_weighty = rows->n;
	rows->total = (double) rows->n;
	if (rows->w == NULL)
		return;
	rows->n_weighty = 0;
	rows->total = 0;
	for (int64_t i = 0; i < rows->n; i++)
	{
		rows->n_weighty += rows->w[i] > 0;
		rows->total += rows->w[i];
		if (i % CHECK_ROWS == 0)
			mlpg_check(host, NULL, 0, 0);
	}
	if (rows->n_weighty == 0)
		mlpg_training_raise_no_weight(host);
	if (!isfinite(rows->total))
		mlpg_raise(host, MLPG_DATA_EXCEPTION, "Their sum is out of range.", "Express very large weights in other units.", "weights are too large");
}

void
mlpg_training_columns(const MlpgTraining *training, MlpgTrainingRows *rows)
{
	const MlpgPlan *plan = training->plan;

	rows->n = training->n_rows;
	rows->y = mlpg_training_column(training, plan->n_features);
	rows->w = mlpg_training_column(training, mlpg_plan_weight_column(plan));
	rows->offset = mlpg_training_column(training, mlpg_plan_offset_column(plan));
}

void
mlpg_training_read(const MlpgTraining *training, MlpgTrainingRows *rows)
{
	mlpg_training_columns(training, rows);
	mlpg_training_weigh(training->host, rows);
}

MlpgLevels
mlpg_levels_read(MlpgHost *host, const double *asked, int n)
{
	MlpgLevels	levels = {.level = mlpg_allocate(host, (size_t) n, sizeof(double))};

	memcpy(levels.level, asked, (size_t) n * sizeof(double));
	mlpg_sort(host, levels.level, NULL, n);
	for (int i = 0; i < n; i++)
	{
		if (levels.n == 0 || levels.level[i] > levels.level[levels.n - 1])
			levels.level[levels.n++] = levels.level[i];
		if (levels.level[levels.n - 1] == asked[0])
			levels.main = levels.n - 1;
	}
	return levels;
}
