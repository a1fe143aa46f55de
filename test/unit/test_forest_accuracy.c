/*-------------------------------------------------------------------------
 *
 * test_forest_accuracy.c
 *	  Random forests beside scikit-learn's on real data.
 *
 * What scikit-learn 1.2.1 reaches on the same rows:
 *
 *	 satellite, rows 1 to 4435 against the rest: RandomForestClassifier(200,
 *	 random_state=s), s = 0, 1, 2: accuracy 0.9120, 0.9100, 0.9115, log loss
 *	 0.2616, 0.2643, 0.2623
 *	 california_housing, every 5th row (the first too) against the others,
 *	 total_bedrooms NULL as its median 537.87, ocean_proximity one-hot:
 *	 RandomForestRegressor(100, max_features=1/3, random_state=s), s = 0, 1:
 *	 RMSE 48425, 48075
 *
 * The files are in ../shared/data; without them the test says that it skips.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

/* Rows of a file of numbers and, in one column, texts, which become their place among the texts met; NULL: there is no file. */
static double *
read_rows(const char *path, int n_columns, int text_column, int *n)
{
	FILE	   *file = fopen(path, "r");
	static char line[8192];
	char		texts[16][40];
	int			n_texts = 0,
				room = 0;
	double	   *rows = NULL;

	*n = 0;
	if (file == NULL || fgets(line, sizeof(line), file) == NULL)
		return NULL;
	while (fgets(line, sizeof(line), file) != NULL)
	{
		char	   *at = line;

		if (*n == room)
		{
			room = 2 * room + 1000;
			rows = realloc(rows, sizeof(double) * (size_t) room * (size_t) n_columns);
		}
		for (int j = 0; j < n_columns; j++)
		{
			size_t		length = strcspn(at, ",\r\n");
			double	   *value = &rows[*n * n_columns + j];
			int			k = 0;

			at[length] = '\0';
			if (j != text_column)
				*value = length > 0 ? strtod(at, NULL) : NAN;
			else
			{
				for (; k < n_texts && strcmp(texts[k], at) != 0; k++);
				if (k == n_texts)
					snprintf(texts[n_texts++], sizeof(texts[0]), "%.39s", at);
				*value = k;
			}
			at += length + 1;
		}
		(*n)++;
	}
	fclose(file);
	return rows;
}

static double
predict_row(const MlpgModel *model, const double *row, double *out)
{
	model->learner->predict(model, row, 1, model->schema->n_features, out);
	return out[0];
}

static void
test_satellite(void)
{
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = test_plan(host, "random_forest", 36, NULL, false);
	MlpgFit		fit;
	MlpgModel  *model;
	int			n,
				right = 0;
	double	   *rows = read_rows("../shared/data/satellite/satellite.csv", 37, 36, &n);
	double		loss = 0;

	if (rows == NULL)
	{
		harness_note("skipped: ../shared/data/satellite is absent");
		harness_free(host);
		return;
	}
	plan->task = MLPG_TASK_CLASSIFICATION;
	mlpg_params_set(host, plan->params, "num_iterations", "200");
	mlpg_fit_init(host, &fit, plan);
	for (int i = 0; i < 4435; i++)
	{
		double	   *to = mlpg_fit_next_row(host, &fit);

		memcpy(to, rows + 37 * i, 37 * sizeof(double));
		to[36] = mlpg_fit_target(host, &fit, rows[37 * i + 36], NULL, 0);
		mlpg_fit_commit_row(host, &fit);
	}
	model = test_open(host, test_finish(host, &fit));
	for (int i = 4435; i < n; i++)
	{
		double		out[6];
		int			class = (int) rows[37 * i + 36];

		predict_row(model, rows + 37 * i, out);
		right += mlpg_model_class(model, out) == class;
		loss -= log(fmax(out[class], 0x1p-52));
	}
	harness_note("satellite: accuracy %.4f, log loss %.4f, out of the bag %.4f, %.4f", (double) right / (n - 4435), loss / (n - 4435),
				 1 - test_fact(model, "oob_error"), test_fact(model, "oob_log_loss"));
	CHECK((double) right / (n - 4435) > 0.912 - 0.005);
	CHECK(loss / (n - 4435) < 0.2627 * 1.02);
	CHECK(test_fact(model, "oob_error") < 0.095);
	free(rows);
	harness_free(host);
}

static void
test_housing(void)
{
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = test_plan(host, "random_forest", 9, "nnnnnnnnc", false);
	MlpgFit		fit;
	MlpgModel  *model;
	int			n,
				n_judged = 0;
	double	   *rows = read_rows("../shared/data/california_housing/housing.csv", 10, 9, &n);
	double		squares = 0;

	if (rows == NULL)
	{
		harness_note("skipped: ../shared/data/california_housing is absent");
		harness_free(host);
		return;
	}
	/* the target is the last but one column, the texts the last */
	for (int i = 0; i < n; i++)
	{
		double		target = rows[10 * i + 8];

		rows[10 * i + 8] = rows[10 * i + 9];
		rows[10 * i + 9] = target;
	}
	mlpg_fit_init(host, &fit, plan);
	for (int i = 0; i < n; i++)
		if (i % 5 > 0)
			test_feed(host, &fit, rows + 10 * i, 1);
	model = test_open(host, test_finish(host, &fit));
	for (int i = 0; i < n; i += 5)
	{
		double		out,
					row[9];
		char		text[16];

		memcpy(row, rows + 10 * i, sizeof(row));
		row[8] = mlpg_dictionary_find(model->schema->feature[8].dictionary, text, snprintf(text, sizeof(text), "c%.0f", row[8]));
		predict_row(model, row, &out);
		squares += (out - rows[10 * i + 9]) * (out - rows[10 * i + 9]);
		n_judged++;
	}
	harness_note("california_housing: RMSE %.0f, out of the bag %.0f", sqrt(squares / n_judged), test_fact(model, "oob_rmse"));
	CHECK(sqrt(squares / n_judged) < 48250 * 1.015);
	CHECK(fabs(test_fact(model, "oob_rmse") / sqrt(squares / n_judged) - 1) < 0.05);
	free(rows);
	harness_free(host);
}

int
main(void)
{
	test_satellite();
	test_housing();
	return harness_done();
}
