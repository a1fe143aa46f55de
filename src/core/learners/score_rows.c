/*-------------------------------------------------------------------------
 *
 * score_rows.c
 *	  Scoring rows that were kept as training reads them.
 *
 * Rows kept apart (hold-outs, calibrations) hold the codes of their own
 * dictionaries; a model has others.  Codes are translated by their texts, then the
 * rows go the way of any other: steps of preprocessing, the column that is added to the
 * score, the learner.  A block at a time; memory as little.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/score_rows.h"

/* What the codes of categories and texts are to the model; -1: a category that it has not seen. */
static double **
map_codes(MlpgHost *host, const MlpgModel *model, MlpgDictionary *const *dictionary)
{
	const MlpgSchema *input = model->input;
	double	  **map = input != model->schema ? mlpg_preprocess_texts(host, model->schema->preprocess, dictionary) :
		mlpg_allocate(host, (size_t) input->n_features + 1, sizeof(double *));

	for (int j = 0; j < input->n_features; j++)
	{
		const MlpgDictionary *from;

		if (input->feature[j].kind != MLPG_CATEGORY)
			continue;
		from = dictionary[j];
		map[j] = mlpg_allocate(host, (size_t) from->n + 1, sizeof(double));
		/* a hashed one is kept by its bucket */
		for (int32_t c = 0; c < from->n; c++)
			map[j][c] = mlpg_dictionary_find(input->feature[j].dictionary, from->text[c], from->length[c]);
	}
	return map;
}

/* A row as the model's input has it; returns its target. */
static double
prepare_row(const MlpgModel *model, const MlpgPlan *plan, double *row, double *const *map)
{
	double	   *behind = row + model->input->n_features;
	double		target = row[plan->n_features];

	for (int j = 0; j < model->input->n_features; j++)
		if (map[j] != NULL && row[j] == row[j])
			row[j] = map[j][(int32_t) row[j]];
	if (model->schema->offset != NULL)	/* where the model wants it */
		*behind = row[mlpg_plan_offset_column(plan)];
	return target;
}

/* Scores rows as they come, by way of made if they are preprocessed. */
static void
predict_rows(const MlpgModel *model, const double *rows, int n, int stride, double *made, double *out)
{
	int			made_stride = mlpg_schema_columns(model->schema);

	for (int i = 0; i < n && made != NULL; i++)
		mlpg_preprocess_row(model->schema->preprocess, rows + (size_t) i * (size_t) stride, made + (size_t) i * (size_t) made_stride);
	model->learner->predict(model, made ? made : rows, n, made ? made_stride : stride, out);
}

void
mlpg_score_kept(MlpgHost *host, const MlpgModel *model, MlpgFit *kept, MlpgDictionary *const *dictionary,
				MlpgTakeScored take, void *argument)
{
	int64_t		n = kept->n_rows;
	int			stride = kept->block.stride;
	int			part = mlpg_block_rows(kept->block.n_columns);
	double	   *rows = mlpg_allocate(host, (size_t) part * (size_t) stride, sizeof(double));
	double	   *out = mlpg_allocate(host, (size_t) part * (size_t) model->n_outputs, sizeof(double));
	double	   *target = mlpg_allocate(host, (size_t) part, sizeof(double));
	double	  **map = map_codes(host, model, dictionary);
	double	   *made = model->input == model->schema ? NULL :
		mlpg_allocate(host, mlpg_size_multiply(host, (size_t) part, (size_t) mlpg_schema_columns(model->schema) + 1), sizeof(double));

	mlpg_fit_flush(host, kept);
	for (int64_t first = 0; first < n; first += part)
	{
		int			m = n - first < part ? (int) (n - first) : part;

		mlpg_matrix_read_rows(kept->matrix, first, m, rows, stride);
		for (int i = 0; i < m; i++)
			target[i] = prepare_row(model, kept->plan, rows + (size_t) i * (size_t) stride, map);
		predict_rows(model, rows, m, stride, made, out);
		for (int i = 0; i < m; i++)
			take(model, first + i, target[i], out + (size_t) i * (size_t) model->n_outputs, argument);
		mlpg_check(host, "judging", first, n);
	}
}
