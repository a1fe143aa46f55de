/*-------------------------------------------------------------------------
 *
 * preprocess_fit.c
 *	  What the steps of preprocessing take from the rows of training.
 *
 * Bins and splines take quantiles of their column (linear between order statistics: type 7
 * of Hyndman and Fan 1996), equal ones once; a spline of a column of one value is the
 * column itself.  N-grams take how many texts have each bucket (ngrams.c), a cross the combinations that
 * occur, a logarithm nothing but that all values are above -1.  What a step does is in preprocess.c.
 *
 * All rows of the matrix count, each once, whatever its weight; missing values count nowhere.
 *
 * Cost: a sort of each column with bins or splines and of each cross; two passes over each
 * different text.  Memory: 8 bytes a row, for one column or cross at a time.
 * Determinism: the order of rows has no say.
 *
 *-------------------------------------------------------------------------
 */
#include "core/matrix/preprocess_internal.h"

#include "core/math/sort.h"

#define PART 1024				/* rows read at a time */

/* The values of a column that are there, ascending. */
static double *
sorted_values(MlpgHost *host, const MlpgMatrix *matrix, int column, int64_t *n)
{
	int64_t		rows = mlpg_matrix_rows(matrix);
	double	   *values = mlpg_allocate(host, (size_t) rows + PART, sizeof(double));

	*n = 0;
	for (int64_t first = 0; first < rows; first += PART)
	{
		int64_t		part = rows - first < PART ? rows - first : PART;
		double	   *to = values + *n;

		mlpg_matrix_read(matrix, column, first, part, to);
		for (int64_t i = 0; i < part; i++)
			if (to[i] == to[i])
				values[(*n)++] = to[i] + 0.0;
		if (first % (64 * PART) == 0)
			mlpg_check(host, "preprocessing", first, rows);
	}
	mlpg_sort(host, values, NULL, *n);
	return values;
}

static double
quantile(const double *sorted, int64_t n, double level)
{
	double		at = level * (double) (n - 1);
	int64_t		below = (int64_t) at;
	double		share = at - (double) below;

	return below + 1 < n ? sorted[below] + share * (sorted[below + 1] - sorted[below]) : sorted[n - 1];
}

/* Quantiles at k / parts for k = 0 .. parts, equal ones once. */
static double *
quantiles_of(MlpgHost *host, const MlpgMatrix *matrix, int column, int parts, int *n_different)
{
	int64_t		n;
	double	   *sorted = sorted_values(host, matrix, column, &n);
	double	   *out = mlpg_allocate(host, (size_t) parts + 1, sizeof(double));

	*n_different = 0;
	for (int k = 0; n > 0 && k <= parts; k++)
	{
		double		q = quantile(sorted, n, (double) k / parts);

		if (*n_different == 0 || q > out[*n_different - 1])
			out[(*n_different)++] = q;
	}
	mlpg_release(host, sorted);
	return out;
}

static void
fit_log(MlpgHost *host, const MlpgFeature *feature)
{
	if (feature->minimum > -1)
		return;
	mlpg_raise(host, MLPG_DATA_EXCEPTION, mlpg_text(host, "Its smallest value is %.10g.", feature->minimum),
			   "Leave the column out of \"log\", or add a constant to it in the source.",
			   "column \"%s\" has values of -1 and below, of which log(1 + x) is none", feature->name);
}

static void
fit_ngrams(MlpgHost *host, const MlpgWish *wish, const MlpgMatrix *matrix, int column, MlpgFeature *feature)
{
	const MlpgDictionary *texts = feature->dictionary;
	int64_t		rows = mlpg_matrix_rows(matrix);
	int64_t    *times = mlpg_allocate(host, (size_t) texts->n + 1, sizeof(int64_t));
	double	   *code = mlpg_allocate(host, PART, sizeof(double));

	for (int64_t first = 0; first < rows; first += PART)
	{
		int64_t		part = rows - first < PART ? rows - first : PART;

		mlpg_matrix_read(matrix, column, first, part, code);
		for (int64_t i = 0; i < part; i++)
			if (code[i] == code[i])
				times[(int32_t) code[i]]++;
	}
	feature->ngrams = mlpg_ngrams_create(host, (int) wish->number[0], (int) wish->number[1], wish->number[2]);
	for (int32_t k = 0; k < texts->n; k++)
	{
		if (times[k] > 0)
			mlpg_ngrams_count(host, feature->ngrams, texts->text[k], texts->length[k], times[k]);
		if (k % 16 == 0)
			mlpg_check(host, "counting n-grams", k, texts->n);
	}
	mlpg_ngrams_settle(host, feature->ngrams);
	mlpg_release(host, times);
	mlpg_release(host, code);
}

static void
fit_column(MlpgHost *host, const MlpgWish *wish, const MlpgMatrix *matrix, int column, MlpgFeature *feature, MlpgStep *step)
{
	double	   *quantiles;
	int			n;

	step->kind = wish->kind;
	switch (wish->kind)
	{
		case MLPG_STEP_LOG:
			fit_log(host, feature);
			break;
		case MLPG_STEP_BUCKETIZE:
			quantiles = quantiles_of(host, matrix, column, (int) wish->number[0], &n);
			step->value = quantiles + 1;
			step->n = n > 2 ? n - 2 : 0;
			break;
		case MLPG_STEP_SPLINE:
			step->value = quantiles_of(host, matrix, column, (int) wish->number[0], &step->n);
			if (step->n < 2)	/* one value: a constant column, as it is */
				*step = (MlpgStep) {.kind = MLPG_STEP_COPY};
			break;
		case MLPG_STEP_NGRAMS:
			fit_ngrams(host, wish, matrix, column, feature);
			break;
		default:
			break;
	}
}

/* The wish that is about an input column alone. */
static const MlpgWish *
wish_of(const MlpgWishes *wishes, const char *name)
{
	static const MlpgWish copy = {.kind = MLPG_STEP_COPY};

	for (int k = 0; k < wishes->n; k++)
		if (wishes->wish[k].kind < MLPG_STEP_CROSS && strcmp(wishes->wish[k].name[0], name) == 0)
			return &wishes->wish[k];
	return &copy;
}

/* The output column that an input column became: of a spline the first. */
static int
made_of(const MlpgPreprocess *p, const char *name)
{
	int			column = 0;

	for (int s = 0; s < p->input->n_features; s++)
	{
		if (strcmp(p->input->feature[s].name, name) == 0)
			return column;
		column += p->step[s].kind == MLPG_STEP_SPLINE ? p->step[s].n - 1 : 1;
	}
	return -1;
}

static void
start_cross(MlpgHost *host, const MlpgPreprocess *p, const MlpgWish *wish, MlpgStep *step)
{
	step->kind = MLPG_STEP_CROSS;
	step->n_inputs = wish->n_names;
	step->input = mlpg_allocate(host, (size_t) wish->n_names + 1, sizeof(int));
	for (int i = 0; i < wish->n_names; i++)
		step->input[i] = made_of(p, wish->name[i]);
}

/* All numbers that are numbers still. */
static void
start_polynomial(MlpgHost *host, const MlpgPreprocess *p, const MlpgWishes *wishes, const MlpgWish *wish, MlpgStep *step)
{
	step->kind = MLPG_STEP_POLYNOMIAL;
	step->degree = wish->number[0];
	step->input = mlpg_allocate(host, (size_t) p->input->n_features + 1, sizeof(int));
	for (int s = 0; s < p->input->n_features; s++)
		if (p->input->feature[s].kind == MLPG_NUMBER && wish_of(wishes, p->input->feature[s].name)->kind <= MLPG_STEP_LOG)
			step->input[step->n_inputs++] = made_of(p, p->input->feature[s].name);
}

/* Turns the values of an input column into the categories that its step makes of them. */
static void
categorise(const MlpgStep *step, double *values, int64_t n)
{
	if (step->kind != MLPG_STEP_BUCKETIZE)
		return;
	for (int64_t i = 0; i < n; i++)
		if (values[i] == values[i])
			values[i] = mlpg_count_up_to(step->value, step->n, values[i]);
}

/* The combinations that the rows of the matrix have, each once, ascending. */
static void
fit_cross(MlpgHost *host, const MlpgPreprocess *p, const MlpgMatrix *matrix, MlpgStep *step)
{
	int64_t		rows = mlpg_matrix_rows(matrix);
	double	   *seen = mlpg_allocate(host, (size_t) rows + 1, sizeof(double));
	double	   *code = mlpg_allocate(host, PART, sizeof(double));
	double		combinations;
	int64_t		n = 0,
				different = 0;

	if (mlpg_measure_cross(host, p, step, &combinations) != NULL)
		mlpg_raise(host, MLPG_LIMIT_EXCEEDED, mlpg_text(host, "There can be %g.", combinations),
				   "Cross fewer columns, or hash them first.", "a cross has too many combinations");
	for (int64_t first = 0; first < rows; first += PART)
	{
		int64_t		part = rows - first < PART ? rows - first : PART;
		double	   *number = seen + first;

		for (int i = 0; i < step->n_inputs; i++)
		{
			int			source = mlpg_source_of(p, step->input[i]);

			mlpg_matrix_read(matrix, source, first, part, code);
			categorise(&p->step[source], code, part);
			for (int64_t k = 0; k < part; k++)
				number[k] = mlpg_combine(number[k], code[k], step->size[i]);
		}
		mlpg_check(host, "crossing categories", first, rows);
	}
	for (int64_t i = 0; i < rows; i++)
		if (seen[i] == seen[i])
			seen[n++] = seen[i];
	mlpg_sort(host, seen, NULL, n);
	for (int64_t i = 0; i < n; i++)
		if (different == 0 || seen[i] != seen[different - 1])
			seen[different++] = seen[i];
	if (different > INT32_MAX / 8)
		mlpg_raise(host, MLPG_LIMIT_EXCEEDED, NULL, "Cross fewer columns, or hash them first.",
				   "a cross has too many combinations: %lld", (long long) different);
	step->value = seen;
	step->n = (int) different;
	mlpg_release(host, code);
}

MlpgPreprocess *
mlpg_preprocess_fit(MlpgHost *host, const MlpgWishes *wishes, const MlpgMatrix *matrix, MlpgSchema *input)
{
	MlpgPreprocess *p = mlpg_allocate(host, 1, sizeof(MlpgPreprocess));
	const char *wrong;

	p->input = input;
	p->step = mlpg_allocate(host, (size_t) input->n_features + (size_t) wishes->n + 1, sizeof(MlpgStep));
	p->n_steps = input->n_features;
	for (int s = 0; s < input->n_features; s++)
		fit_column(host, wish_of(wishes, input->feature[s].name), matrix, s, &input->feature[s], &p->step[s]);
	wrong = mlpg_preprocess_complete(host, p);
	for (int k = 0; k < wishes->n && wrong == NULL; k++)
	{
		if (wishes->wish[k].kind < MLPG_STEP_CROSS)
			continue;

		MlpgStep   *step = &p->step[p->n_steps++];

		if (wishes->wish[k].kind == MLPG_STEP_CROSS)
		{
			start_cross(host, p, &wishes->wish[k], step);
			fit_cross(host, p, matrix, step);
		}
		else
			start_polynomial(host, p, wishes, &wishes->wish[k], step);
	}
	if (wrong == NULL)
		wrong = mlpg_preprocess_complete(host, p);
	if (wrong != NULL)
		mlpg_raise(host, MLPG_INTERNAL, NULL, NULL, "preprocessing made %s", wrong);
	return p;
}
