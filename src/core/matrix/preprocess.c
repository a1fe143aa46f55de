/*-------------------------------------------------------------------------
 *
 * preprocess.c
 *	  What is made of the columns of a row before a learner sees them.
 *
 * Column by column:
 *
 *	 log		ln(1 + x) in place of x; x <= -1 is an error where the step is fitted and
 *				missing where it is replayed
 *	 bucketize	in place of a number the category of its bin, between quantiles; a value on an
 *				edge belongs to the upper bin
 *	 spline		in place of a number a basis of natural cubic splines (math/spline.c) with
 *				inner knots at quantiles and outer ones at the extremes
 *	 hash		in place of a category that of its bucket (hash.c)
 *	 ngrams		in place of a category its n-grams (ngrams.c)
 *
 * and then, of columns as these left them,
 *
 *	 cross		one more category: the combination of categories (a boolean is one of two); those
 *				seen in training are levels, others count as none
 *	 polynomial	all products of up to `degree` numbers, in the order of scikit-learn's
 *				PolynomialFeatures
 *
 * A combination is missing where one of its columns is.  As those are features too and say
 * so, it is marked as an echo, for which linear learners keep no indicator.
 *
 * A combination seen is kept as one number, the codes as digits in the mixed radix of
 * the categories' sizes, ascending, so that it is found by bisection: O(log levels).
 *
 * Steps are fitted in preprocess_fit.c, or read from a model (model/steps.c); here they are completed
 * and replayed.  Cost: some ten operations a value, a spline with d columns 8 d, a cross a bisection.
 * Nothing is allocated for a row, so that any thread may replay it.
 *
 *-------------------------------------------------------------------------
 */
#include "core/matrix/preprocess_internal.h"

#include <stdio.h>

#define EXACT_MAX 9007199254740992.0	/* 2^53: numbers up to it are exact */

int64_t
mlpg_polynomial_columns(int64_t n, uint32_t degree)
{
	int64_t		of_degree = n;	/* (n + k - 1 over k) for k = 1, 2, ... */
	int64_t		all = 0;

	for (int64_t k = 2; k <= (int64_t) degree; k++)
	{
		of_degree = of_degree * (n + k - 1) / k;
		all += of_degree;
	}
	return all;
}

/* ---------- names ---------- */

/* A label as it is where it cannot be mistaken, else quoted, so that labels joined can be told apart. */
static char *
quoted(MlpgHost *host, const char *label)
{
	size_t		length = strlen(label);
	char	   *out;
	size_t		n = 0;

	if (strpbrk(label, "&\"") == NULL)
		return mlpg_text_copy(host, label, length);
	out = mlpg_allocate(host, 2 * length + 3, 1);
	out[n++] = '"';
	for (size_t i = 0; i < length; i++)
	{
		if (label[i] == '"')
			out[n++] = '"';
		out[n++] = label[i];
	}
	out[n] = '"';
	return out;
}

/* "02: 23 to 31"; as many digits as the last bin has, so that names are in the order of bins. */
static char *
bin_name(MlpgHost *host, const MlpgStep *step, int bin)
{
	int			width = snprintf(NULL, 0, "%d", step->n + 1);

	if (step->n == 0)
		return mlpg_text(host, "1: all");
	if (bin == 0)
		return mlpg_text(host, "%0*d: below %.10g", width, 1, step->value[0]);
	if (bin == step->n)
		return mlpg_text(host, "%0*d: from %.10g", width, bin + 1, step->value[bin - 1]);
	return mlpg_text(host, "%0*d: %.10g to %.10g", width, bin + 1, step->value[bin - 1], step->value[bin]);
}

static const char *
category_name(const MlpgFeature *feature, uint32_t code)
{
	return feature->kind == MLPG_BOOLEAN ? (code ? "true" : "false") : feature->dictionary->text[code];
}

static char *
join(MlpgHost *host, char *joined, const char *with, const char *more)
{
	return joined == NULL ? mlpg_text_copy(host, more, strlen(more)) : mlpg_text(host, "%s%s%s", joined, with, more);
}

/* ---------- completing ---------- */

static MlpgFeature *
output_feature(MlpgPreprocess *p, int column, MlpgKind kind, char *name)
{
	MlpgFeature *feature = &p->output->feature[column];

	feature->name = name;
	feature->kind = kind;
	return feature;
}

static const char *
complete_bins(MlpgHost *host, MlpgPreprocess *p, const MlpgStep *step, const MlpgFeature *source)
{
	MlpgFeature *feature = output_feature(p, step->first, MLPG_CATEGORY, mlpg_text(host, "bucketize(%s)", source->name));

	feature->dictionary = mlpg_dictionary_create(host);
	for (int k = 0; k <= step->n; k++)
	{
		char	   *name = bin_name(host, step, k);

		if (mlpg_dictionary_add(host, feature->dictionary, name, (int32_t) strlen(name)) != k)
			return "edges of bins that do not ascend";
	}
	return NULL;
}

static const char *
complete_spline(MlpgHost *host, MlpgPreprocess *p, MlpgStep *step, const MlpgFeature *source)
{
	step->spline = mlpg_spline_create(host, step->value, step->n);
	for (int c = 0; c < step->n_columns; c++)
	{
		MlpgFeature *feature = output_feature(p, step->first + c, MLPG_NUMBER, mlpg_text(host, "spline(%s) %d", source->name, c + 1));

		feature->echo = c > 0;
	}
	return NULL;
}

static const char *
complete_hash(MlpgHost *host, MlpgPreprocess *p, const MlpgStep *step, const MlpgFeature *source)
{
	const MlpgDictionary *labels = source->dictionary;
	MlpgFeature *feature = output_feature(p, step->first, MLPG_CATEGORY, mlpg_text(host, "hash(%s)", source->name));

	for (int32_t k = 0; k < labels->n; k++)
		if (!mlpg_is_bucket_label(labels->text[k], labels->length[k], source->buckets))
			return "a bucket that is none";
	feature->dictionary = source->dictionary;
	feature->forgiving = true;
	return NULL;
}

static const char *
complete_column(MlpgHost *host, MlpgPreprocess *p, MlpgStep *step, const MlpgFeature *source)
{
	bool		is_number = source->kind == MLPG_NUMBER;
	bool		is_time = source->kind == MLPG_DATE || source->kind == MLPG_TIMESTAMP;
	MlpgFeature *feature;

	for (int k = 0; k < step->n; k++)
		if (!isfinite(step->value[k]) || (k > 0 && !(step->value[k] > step->value[k - 1])))
			return "edges or knots that do not ascend";
	if ((step->kind == MLPG_STEP_HASH) != (source->buckets > 0) || (step->kind == MLPG_STEP_NGRAMS) != (source->kind == MLPG_TEXT))
		return "a step that does not go with its column";
	switch (step->kind)
	{
		case MLPG_STEP_BUCKETIZE:
			return is_number ? complete_bins(host, p, step, source) : "bins of what is no number";
		case MLPG_STEP_SPLINE:
			return is_number || is_time ? complete_spline(host, p, step, source) : "a spline of what is no number";
		case MLPG_STEP_HASH:
			return complete_hash(host, p, step, source);
		case MLPG_STEP_LOG:
			if (!is_number)
				return "a logarithm of what is no number";
			(void) output_feature(p, step->first, MLPG_NUMBER, mlpg_text(host, "log1p(%s)", source->name));
			return NULL;
		default:
			feature = output_feature(p, step->first, source->kind, source->name);
			feature->dictionary = source->dictionary;
			feature->ngrams = source->ngrams;
			return NULL;
	}
}

const char *
mlpg_measure_cross(MlpgHost *host, const MlpgPreprocess *p, MlpgStep *step, double *combinations)
{
	step->size = mlpg_allocate(host, (size_t) step->n_inputs + 1, sizeof(uint32_t));
	*combinations = 1;
	for (int i = 0; i < step->n_inputs; i++)
	{
		const MlpgFeature *feature = &p->output->feature[step->input[i]];

		if (feature->kind != MLPG_CATEGORY && feature->kind != MLPG_BOOLEAN)
			return "a cross of what is no category";
		step->size[i] = feature->kind == MLPG_BOOLEAN ? 2 : (uint32_t) feature->dictionary->n;
		*combinations *= step->size[i];
	}
	return *combinations > EXACT_MAX ? "more combinations than numbers can tell apart" : NULL;
}

static const char *
complete_cross(MlpgHost *host, MlpgPreprocess *p, MlpgStep *step)
{
	double		combinations;
	const char *wrong = mlpg_measure_cross(host, p, step, &combinations);
	uint32_t   *code = mlpg_allocate(host, (size_t) step->n_inputs + 1, sizeof(uint32_t));
	char	   *name = NULL;
	MlpgFeature *feature;

	for (int i = 0; wrong == NULL && i < step->n_inputs; i++)
		name = join(host, name, " & ", p->output->feature[step->input[i]].name);
	if (wrong != NULL)
		return wrong;
	feature = output_feature(p, step->first, MLPG_CATEGORY, name);
	feature->dictionary = mlpg_dictionary_create(host);
	feature->echo = feature->forgiving = true;
	if (step->n_inputs == 2)
		feature->implied = mlpg_allocate(host, (size_t) step->n + 1, sizeof(bool));
	for (int k = 0; k < step->n; k++)
	{
		double		rest = step->value[k];
		char	   *label = NULL;

		if (!(rest >= 0 && rest < combinations) || rest != floor(rest) || (k > 0 && rest <= step->value[k - 1]))
			return "combinations that do not ascend";
		for (int i = step->n_inputs - 1; i >= 0; i--)
		{
			code[i] = (uint32_t) fmod(rest, step->size[i]);
			rest = floor(rest / step->size[i]);
		}
		if (feature->implied != NULL)
			feature->implied[k] = code[0] == 0 || code[1] == 0;
		for (int i = 0; i < step->n_inputs; i++)
			label = join(host, label, " & ", quoted(host, category_name(&p->output->feature[step->input[i]], code[i])));
		if (mlpg_dictionary_add(host, feature->dictionary, label, (int32_t) strlen(label)) != k)
			return "two combinations of one name";
	}
	return NULL;
}

/* Positions of the next product of a degree among the inputs, in order; false behind the last. */
static bool
next_product(int *position, uint32_t degree, int n)
{
	int			i = (int) degree - 1;

	while (i >= 0 && position[i] == n - 1)
		i--;
	if (i < 0)
		return false;
	position[i]++;
	for (uint32_t k = (uint32_t) i + 1; k < degree; k++)
		position[k] = position[i];
	return true;
}

/* "price^2 * day" */
static char *
product_name(MlpgHost *host, const MlpgPreprocess *p, const MlpgStep *step, const int *position, uint32_t degree)
{
	char	   *name = NULL;

	for (uint32_t i = 0; i < degree;)
	{
		const char *factor = p->output->feature[step->input[position[i]]].name;
		int			power = 1;

		while (i + (uint32_t) power < degree && position[i + (uint32_t) power] == position[i])
			power++;
		name = join(host, name, " * ", power == 1 ? factor : mlpg_text(host, "%s^%d", factor, power));
		i += (uint32_t) power;
	}
	return name;
}

static const char *
complete_polynomial(MlpgHost *host, MlpgPreprocess *p, MlpgStep *step)
{
	int			column = step->first;

	for (int i = 0; i < step->n_inputs; i++)
		if (p->output->feature[step->input[i]].kind != MLPG_NUMBER || (i > 0 && step->input[i] <= step->input[i - 1]))
			return "a product of what is no number";
	for (uint32_t degree = 2; degree <= step->degree; degree++)
	{
		int			position[MLPG_DEGREE_MAX] = {0};

		do
		{
			MlpgFeature *feature = output_feature(p, column++, MLPG_NUMBER, product_name(host, p, step, position, degree));

			feature->echo = true;
		} while (next_product(position, degree, step->n_inputs));
	}
	return NULL;
}

/* Columns that a step makes, -1 if there is no such step. */
static int64_t
columns_of(const MlpgStep *step)
{
	switch (step->kind)
	{
		case MLPG_STEP_SPLINE:
			return step->n < 2 ? -1 : step->n - 1;
		case MLPG_STEP_POLYNOMIAL:
			if (step->n_inputs < 1 || step->degree < 2 || step->degree > MLPG_DEGREE_MAX)
				return -1;
			return mlpg_polynomial_columns(step->n_inputs, step->degree);
		case MLPG_STEP_CROSS:
			return step->n_inputs < 2 ? -1 : 1;
		default:
			return 1;
	}
}

/* Counts columns and gives each step its place. */
static const char *
place_steps(MlpgPreprocess *p, int *n_columns)
{
	int64_t		n = 0;

	for (int s = 0; s < p->n_steps; s++)
	{
		MlpgStep   *step = &p->step[s];
		int64_t		columns = columns_of(step);

		if ((s < p->input->n_features) != (step->kind < MLPG_STEP_CROSS) || columns < 0 || n + columns > MLPG_FEATURES_MAX)
			return "a step that does not go with its columns";
		for (int i = 0; i < step->n_inputs; i++)
			if (step->input[i] < 0 || step->input[i] >= n)
				return "a combination of columns that are not made yet";
		step->first = (int) n;
		step->n_columns = (int) columns;
		n += columns;
	}
	*n_columns = (int) n;
	return p->n_steps < p->input->n_features ? "fewer steps than columns" : NULL;
}

const char *
mlpg_preprocess_complete(MlpgHost *host, MlpgPreprocess *p)
{
	int			n;
	const char *wrong = place_steps(p, &n);

	if (wrong != NULL)
		return wrong;
	p->output = mlpg_allocate(host, 1, sizeof(MlpgSchema));
	*p->output = *p->input;
	p->output->n_features = n;
	p->output->feature = mlpg_allocate(host, (size_t) n + 1, sizeof(MlpgFeature));
	mlpg_schema_set_offset(p->output, p->input->offset);
	p->output->preprocess = p;
	for (int s = 0; s < p->n_steps && wrong == NULL; s++)
	{
		MlpgStep   *step = &p->step[s];

		if (step->kind == MLPG_STEP_CROSS)
			wrong = complete_cross(host, p, step);
		else if (step->kind == MLPG_STEP_POLYNOMIAL)
			wrong = complete_polynomial(host, p, step);
		else
			wrong = complete_column(host, p, step, &p->input->feature[s]);
	}
	return wrong;
}

/* ---------- replaying ---------- */

static double
cross_code(const MlpgStep *step, const double *output)
{
	double		number = 0;
	int			k;

	for (int i = 0; i < step->n_inputs; i++)
		number = mlpg_combine(number, output[step->input[i]], step->size[i]);
	if (number != number)
		return NAN;
	k = mlpg_count_up_to(step->value, step->n, number);
	return k > 0 && step->value[k - 1] == number ? k - 1 : -1;
}

static void
polynomial_row(const MlpgStep *step, const double *output, double *out)
{
	for (uint32_t degree = 2; degree <= step->degree; degree++)
	{
		int			position[MLPG_DEGREE_MAX] = {0};

		do
		{
			double		product = output[step->input[position[0]]];

			for (uint32_t i = 1; i < degree; i++)
				product *= output[step->input[position[i]]];
			*out++ = isinf(product) ? NAN : product;
		} while (next_product(position, degree, step->n_inputs));
	}
}

void
mlpg_preprocess_row(const MlpgPreprocess *p, const double *input, double *output)
{
	if (p->output->offset != NULL)
		output[p->output->n_features] = input[p->input->n_features];
	for (int s = 0; s < p->n_steps; s++)
	{
		const MlpgStep *step = &p->step[s];
		double	   *out = output + step->first;
		double		x = step->kind < MLPG_STEP_CROSS ? input[s] : 0;

		switch (step->kind)
		{
			case MLPG_STEP_LOG:
				out[0] = x > -1 ? log1p(x) : NAN;
				break;
			case MLPG_STEP_BUCKETIZE:
				out[0] = x == x ? mlpg_count_up_to(step->value, step->n, x) : NAN;
				break;
			case MLPG_STEP_SPLINE:
				if (x == x)
					mlpg_spline_row(step->spline, x, out);
				else
					for (int c = 0; c < step->n_columns; c++)
						out[c] = NAN;
				break;
			case MLPG_STEP_CROSS:
				out[0] = cross_code(step, output);
				break;
			case MLPG_STEP_POLYNOMIAL:
				polynomial_row(step, output, out);
				break;
			default:
				out[0] = x;
				break;
		}
	}
}

/* ---------- whose a column is ---------- */

int
mlpg_source_of(const MlpgPreprocess *p, int column)
{
	int			low = 0,
				high = p->input->n_features;

	while (high - low > 1)
	{
		int			middle = (low + high) / 2;

		if (p->step[middle].first <= column)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void
mlpg_preprocess_share(const MlpgPreprocess *p, const double *output, double *input)
{
	memset(input, 0, (size_t) p->input->n_features * sizeof(double));
	for (int s = 0; s < p->n_steps; s++)
	{
		const MlpgStep *step = &p->step[s];
		int			column = step->first;

		if (step->kind == MLPG_STEP_CROSS)
			for (int i = 0; i < step->n_inputs; i++)
				input[mlpg_source_of(p, step->input[i])] += output[column] / step->n_inputs;
		else if (step->kind < MLPG_STEP_CROSS)
			for (int c = 0; c < step->n_columns; c++)
				input[s] += output[column + c];
		else
			for (uint32_t degree = 2; degree <= step->degree; degree++)
			{
				int			position[MLPG_DEGREE_MAX] = {0};

				do
				{
					for (uint32_t i = 0; i < degree; i++)
						input[mlpg_source_of(p, step->input[position[i]])] += output[column] / degree;
					column++;
				} while (next_product(position, degree, step->n_inputs));
			}
	}
}

/* ---------- texts ---------- */

double **
mlpg_preprocess_texts(MlpgHost *host, const MlpgPreprocess *p, MlpgDictionary *const *dictionary)
{
	double	  **value = mlpg_allocate(host, (size_t) p->input->n_features + 1, sizeof(double *));

	for (int j = 0; j < p->input->n_features; j++)
	{
		const MlpgFeature *feature = &p->input->feature[j];

		if (feature->kind != MLPG_TEXT)
			continue;
		value[j] = mlpg_allocate(host, (size_t) dictionary[j]->n + 1, sizeof(double));
		for (int32_t k = 0; k < dictionary[j]->n; k++)
		{
			value[j][k] = mlpg_text_value(mlpg_ngrams_keep(host, feature->ngrams, dictionary[j]->text[k], dictionary[j]->length[k]));
			if (k % 16 == 0)
				mlpg_check(host, "reading texts", k, dictionary[j]->n);
		}
	}
	return value;
}
