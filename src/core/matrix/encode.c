/*-------------------------------------------------------------------------
 *
 * encode.c
 *	  Preprocessing of the linear learners: the same code trains and predicts.
 *
 * A linear model wants numbers without holes.  So a feature becomes terms:
 *
 *	 number		x, with the training mean where it is missing, and, if training
 *				saw a NULL, the indicator [x is missing]
 *	 category	one indicator a level (one-hot); unpenalised fits leave the first
 *				level in byte order out, as the reference that the intercept
 *				stands for; a missing indicator if training saw a NULL
 *	 text		one term a bucket of its n-grams that training saw (ngrams.c), whose
 *				value is their weight; a missing indicator likewise
 *
 * Features that preprocessing made of others that are features too (echoes, schema.h) have no
 * missing indicator: it would be one of theirs again.
 *
 * Of a cross of two categories unpenalised fits keep the combinations of levels that are
 * terms themselves, as R's store * item does: the others are sums and differences.
 *
 * Features that are constant add nothing to an intercept and are left out.
 *
 * A category that training did not see: the schema's policy.  A NULL where
 * training saw none: the mean for a number, nothing for a text, the policy for a category; nothing where
 * the feature is forgiving.  A row without any value has no prediction.
 *
 * Scoring sums intercept and features in schema order in double, one row at a
 * time whatever the form of the call, so that all forms agree bit for bit.
 * A score out of range is cut to the largest double.
 * Cost: one multiply-add a feature and output.
 *
 *-------------------------------------------------------------------------
 */
#include "core/matrix/encode.h"

#include <float.h>

static int64_t
count_terms(const MlpgSchema *schema)
{
	int64_t		n = 1;

	for (int i = 0; i < schema->n_features; i++)
		n += 2 + mlpg_feature_levels(&schema->feature[i]);
	return n;
}

static void
add_term(MlpgDesign *design, MlpgTermKind kind, int feature, int level)
{
	design->term[design->n_terms++] = (MlpgTerm) {(uint32_t) kind, (uint32_t) feature, (uint32_t) level, 0};
}

MlpgDesign *
mlpg_design_create(MlpgHost *host, const MlpgSchema *schema, bool intercept, bool reference)
{
	MlpgDesign *design = mlpg_allocate(host, 1, sizeof(MlpgDesign));
	bool		keep_first = !reference || !intercept;

	if (count_terms(schema) > INT32_MAX / 2)
		mlpg_raise(host, MLPG_LIMIT_EXCEEDED, NULL, "Hash the largest categories, or leave them out.", "the design has too many terms");
	design->term = mlpg_allocate(host, (size_t) count_terms(schema), sizeof(MlpgTerm));
	if (intercept)
		add_term(design, MLPG_TERM_INTERCEPT, 0, 0);
	for (int i = 0; i < schema->n_features; i++)
	{
		const MlpgFeature *feature = &schema->feature[i];

		if (feature->constant && (intercept || feature->kind >= MLPG_CATEGORY || feature->minimum == 0))
			continue;
		if (feature->kind == MLPG_TEXT)
			for (int32_t k = 0; k < feature->ngrams->n; k++)
				add_term(design, MLPG_TERM_NGRAM, i, k);
		else if (feature->kind == MLPG_CATEGORY)
		{
			bool		crossed = reference && feature->implied != NULL;

			for (int32_t k = keep_first || crossed ? 0 : 1; k < feature->dictionary->n; k++)
				if (!crossed || !feature->implied[k])
					add_term(design, MLPG_TERM_LEVEL, i, k);
			keep_first = !reference;
		}
		else if (feature->minimum != feature->maximum || !intercept)
			add_term(design, MLPG_TERM_NUMBER, i, 0);
		if (feature->has_missing && !feature->echo)
			add_term(design, MLPG_TERM_MISSING, i, 0);
	}
	return design;
}

/* The weight of a bucket in a text; next: the n-gram to look at, as terms and n-grams ascend side by side. */
static double
gram_weight(double x, uint32_t position, int32_t *next)
{
	const MlpgTextGrams *grams = mlpg_value_text(x);

	if (x != x)
		return 0;
	while (*next < grams->n && grams->gram[*next].position < position)
		(*next)++;
	return *next < grams->n && grams->gram[*next].position == position ? grams->gram[*next].weight : 0;
}

void
mlpg_design_row(const MlpgSchema *schema, const MlpgDesign *design, const double *features, double *out)
{
	int32_t		next = 0;

	for (int j = 0; j < design->n_terms; j++)
	{
		const MlpgTerm *term = &design->term[j];
		double		x = features[term->feature];

		if (j > 0 && term->feature != design->term[j - 1].feature)
			next = 0;
		switch ((MlpgTermKind) term->kind)
		{
			case MLPG_TERM_INTERCEPT:
				out[j] = 1;
				break;
			case MLPG_TERM_NUMBER:
				out[j] = x == x ? x : schema->feature[term->feature].mean;
				break;
			case MLPG_TERM_MISSING:
				out[j] = x != x;
				break;
			case MLPG_TERM_LEVEL:
				out[j] = x == (double) term->level;
				break;
			case MLPG_TERM_NGRAM:
				out[j] = gram_weight(x, term->level, &next);
				break;
		}
	}
}

char *
mlpg_term_name(MlpgHost *host, const MlpgSchema *schema, const MlpgTerm *term)
{
	const MlpgFeature *feature = schema->n_features > 0 ? &schema->feature[term->feature] : NULL;

	switch ((MlpgTermKind) term->kind)
	{
		case MLPG_TERM_INTERCEPT:
			return mlpg_text(host, "(intercept)");
		case MLPG_TERM_NUMBER:
			return mlpg_text_copy(host, feature->name, strlen(feature->name));
		case MLPG_TERM_MISSING:
			return mlpg_text(host, "%s (missing)", feature->name);
		case MLPG_TERM_LEVEL:
			return mlpg_text(host, "%s = %s", feature->name, feature->dictionary->text[term->level]);
		case MLPG_TERM_NGRAM:
			return mlpg_text(host, "%s ~ %u", feature->name, feature->ngrams->bucket[term->level]);
	}
	return NULL;
}

/* What a missing value adds where training saw none: the mean, or the policy's answer. */
static double
unexpected_missing(const MlpgSchema *schema, const MlpgFeature *feature, double slope)
{
	if (feature->kind == MLPG_CATEGORY)
		return schema->unseen == MLPG_UNSEEN_ZERO || feature->forgiving ? 0 : NAN;
	return feature->kind == MLPG_TEXT ? 0 : feature->mean * slope;
}

MlpgAffine *
mlpg_affine_create(MlpgHost *host, const MlpgSchema *schema, const MlpgDesign *design,
				   int n_outputs, const double *coefficients)
{
	MlpgAffine *a = mlpg_allocate(host, 1, sizeof(MlpgAffine));
	size_t		n = (size_t) schema->n_features + 1;
	size_t		k = (size_t) n_outputs;
	int64_t		n_levels = 0;

	a->n_features = schema->n_features;
	a->n_outputs = n_outputs;
	a->forgives = mlpg_allocate(host, n, sizeof(bool));
	a->texts = mlpg_allocate(host, n, sizeof(bool));
	a->intercept = mlpg_allocate(host, k, sizeof(double));
	a->slope = mlpg_allocate(host, mlpg_size_multiply(host, n, k), sizeof(double));
	a->missing = mlpg_allocate(host, mlpg_size_multiply(host, n, k), sizeof(double));
	a->first = mlpg_allocate(host, n, sizeof(int64_t));
	a->one_sum = n_outputs == 1;
	for (int i = 0; i < schema->n_features; i++)
	{
		const MlpgFeature *feature = &schema->feature[i];

		a->one_sum &= feature->kind < MLPG_CATEGORY;
		a->first[i] = feature->kind < MLPG_CATEGORY ? -1 : n_levels;
		a->texts[i] = feature->kind == MLPG_TEXT;
		a->forgives[i] = feature->forgiving || schema->unseen == MLPG_UNSEEN_ZERO;
		n_levels += mlpg_feature_levels(feature);
	}
	a->level = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) n_levels + 1, k), sizeof(double));

	for (size_t o = 0; o < k; o++)
	{
		const double *b = coefficients + o * (size_t) design->n_terms;

		for (int j = 0; j < design->n_terms; j++)
		{
			const MlpgTerm *term = &design->term[j];

			if (term->kind == MLPG_TERM_INTERCEPT)
				a->intercept[o] = b[j];
			else if (term->kind == MLPG_TERM_NUMBER)
				a->slope[term->feature * k + o] = b[j];
			else if (term->kind == MLPG_TERM_MISSING)
				a->missing[term->feature * k + o] = b[j];
			else
				a->level[((size_t) a->first[term->feature] + term->level) * k + o] = b[j];
		}
		for (int i = 0; i < schema->n_features; i++)
		{
			const MlpgFeature *feature = &schema->feature[i];
			double		slope = a->slope[(size_t) i * k + o];

			if (!feature->has_missing)
				a->missing[(size_t) i * k + o] = unexpected_missing(schema, feature, slope);
			else if (feature->kind < MLPG_CATEGORY)
				a->missing[(size_t) i * k + o] += feature->mean * slope;
		}
	}
	return a;
}

static void
add_text(const MlpgAffine *a, int feature, double x, double *out)
{
	const MlpgTextGrams *grams = mlpg_value_text(x);
	size_t		k = (size_t) a->n_outputs;

	for (int32_t g = 0; g < grams->n; g++)
	{
		const double *add = &a->level[((size_t) a->first[feature] + grams->gram[g].position) * k];

		for (size_t o = 0; o < k; o++)
			out[o] += grams->gram[g].weight * add[o];
	}
}

static bool
score_row(const MlpgAffine *a, const double *row, double *out)
{
	size_t		k = (size_t) a->n_outputs;
	bool		any = false;

	for (size_t o = 0; o < k; o++)
		out[o] = a->intercept[o];
	for (int i = 0; i < a->n_features; i++)
	{
		double		x = row[i];
		const double *add;

		if (x != x)
			add = &a->missing[(size_t) i * k];
		else if (a->first[i] < 0)
		{
			any = true;
			for (size_t o = 0; o < k; o++)
				out[o] += a->slope[(size_t) i * k + o] * x;
			continue;
		}
		else if (a->texts[i])
		{
			any = true;
			add_text(a, i, x, out);
			continue;
		}
		else
		{
			any = true;
			if (x < 0)
			{
				/* "error" is raised where rows are bound; in a hold-out it is no answer */
				if (!a->forgives[i])
					return false;
				continue;
			}
			add = &a->level[((size_t) a->first[i] + (size_t) x) * k];
		}
		for (size_t o = 0; o < k; o++)
			out[o] += add[o];
	}
	return any || a->n_features == 0;
}

/* The same sum in the same order, of one output and numbers alone. */
static bool
score_numbers(const MlpgAffine *a, const double *row, double *out)
{
	double		sum = a->intercept[0];
	bool		any = false;

	for (int i = 0; i < a->n_features; i++)
	{
		double		x = row[i];
		double		product = a->slope[i] * x;

		any |= x == x;
		sum += x == x ? product : a->missing[i];
	}
	*out = sum;
	return any || a->n_features == 0;
}

void
mlpg_affine_score(const MlpgAffine *a, const double *rows, int n_rows, int stride, double *out)
{
	for (int r = 0; r < n_rows; r++)
	{
		double	   *o = out + (size_t) r * (size_t) a->n_outputs;

		const double *row = rows + (size_t) r * (size_t) stride;
		bool		any = a->one_sum ? score_numbers(a, row, o) : score_row(a, row, o);

		for (int j = 0; j < a->n_outputs; j++)
			o[j] = !any ? NAN : o[j] > DBL_MAX ? DBL_MAX : o[j] < -DBL_MAX ? -DBL_MAX : o[j];
	}
}
