/*-------------------------------------------------------------------------
 *
 * affine.c
 *	  What models that are affine in the design have in common.
 *
 * Payload: doc/model-format.md.  A payload is untrusted: every term must name
 * a feature and level of the schema, once, in schema order; numbers must be
 * finite (standard errors may be NaN, not negative or infinite).  Version 1 had
 * neither link nor dispersion nor spread, and standard errors of one output only.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/affine.h"

#include <float.h>

#include "core/math/dist.h"

#define FLAG_STD_ERRORS 1u
#define FLAG_LEVELS 2u
#define FLAG_SPREAD 4u			/* from version 2 on */
#define FLAG_MEANS 8u			/* from version 2 on */
#define OUTPUTS_MAX 1000
#define TERMS_MAX 46340			/* whose pairs an int counts */

static size_t
packed_size(MlpgHost *host, size_t n)
{
	return mlpg_size_multiply(host, n, n + 1) / 2;
}

void
mlpg_affine_write(MlpgWriter *w, const MlpgAffineModel *m)
{
	int			t = m->design->n_terms;

	mlpg_write_u32(w, (uint32_t) m->n_outputs);
	mlpg_write_u32(w, (uint32_t) t);
	mlpg_write_u32(w, (m->std_errors ? FLAG_STD_ERRORS : 0) | (m->levels ? FLAG_LEVELS : 0) | (m->spread_factor ? FLAG_SPREAD : 0) |
				   (m->means ? FLAG_MEANS : 0));
	mlpg_write_u32(w, m->main_output < 0 ? UINT32_MAX : (uint32_t) m->main_output);
	mlpg_write_u32(w, (uint32_t) m->link.id);
	mlpg_write_u32(w, 0);
	mlpg_write_f64(w, m->link.power);
	mlpg_write_f64(w, m->dispersion);
	mlpg_write_f64(w, m->df);
	for (int o = 0; o < m->n_outputs; o++)
		mlpg_write_f64(w, m->levels ? m->levels[o] : NAN);
	for (int j = 0; j < t; j++)
	{
		mlpg_write_u32(w, m->design->term[j].kind);
		mlpg_write_u32(w, m->design->term[j].feature);
		mlpg_write_u32(w, m->design->term[j].level);
		mlpg_write_u32(w, m->design->term[j].dropped);
	}
	mlpg_write_doubles(w, m->coefficients, (size_t) m->n_outputs * (size_t) t);
	if (m->std_errors)
		mlpg_write_doubles(w, m->std_errors, (size_t) m->n_outputs * (size_t) t);
	if (m->spread_factor)
		mlpg_write_doubles(w, m->spread_factor, (size_t) t * ((size_t) t + 1) / 2);
	if (m->means)
		mlpg_write_doubles(w, m->means, (size_t) t);
}

static void
read_levels(MlpgReader *r, const MlpgSchema *schema, MlpgAffineModel *m, uint32_t flags)
{
	int			expected = schema->classes == NULL ? 1 : mlpg_class_outputs(schema->classes->n);
	double	   *levels = mlpg_read_doubles(r, (size_t) m->n_outputs);

	for (int o = 0; o < m->n_outputs; o++)
	{
		bool		ok = (flags & FLAG_LEVELS) ? levels[o] > 0 && levels[o] < 1 && (o == 0 || levels[o] > levels[o - 1])
			: isnan(levels[o]) && m->n_outputs == expected;

		if (!ok)
			mlpg_reader_corrupt(r, "quantile levels must ascend between 0 and 1");
	}
	m->levels = (flags & FLAG_LEVELS) ? levels : NULL;
}

/* Strictly ascending by feature, kind and level, so that each term is there once. */
static bool
follows(const MlpgTerm *a, const MlpgTerm *b)
{
	if (a->kind == MLPG_TERM_INTERCEPT)
		return b->kind != MLPG_TERM_INTERCEPT;
	if (a->feature != b->feature)
		return a->feature < b->feature;
	if (a->kind == b->kind)
		return (a->kind == MLPG_TERM_LEVEL || a->kind == MLPG_TERM_NGRAM) && a->level < b->level;
	return b->kind == MLPG_TERM_MISSING;
}

static void
read_term(MlpgReader *r, const MlpgSchema *schema, MlpgDesign *design, int j)
{
	MlpgTerm   *term = &design->term[j];
	bool		ok;

	term->kind = mlpg_read_u32(r);
	term->feature = mlpg_read_u32(r);
	term->level = mlpg_read_u32(r);
	term->dropped = mlpg_read_u32(r);
	if (term->kind == MLPG_TERM_INTERCEPT)
		ok = j == 0 && term->feature == 0 && term->level == 0;
	else
	{
		ok = term->feature < (uint32_t) schema->n_features;
		if (ok)
		{
			const MlpgFeature *feature = &schema->feature[term->feature];

			if (term->kind == MLPG_TERM_NUMBER)
				ok = feature->kind < MLPG_CATEGORY && term->level == 0;
			else if (term->kind == MLPG_TERM_MISSING)
				ok = feature->has_missing && term->level == 0;
			else
				ok = term->kind == (feature->kind == MLPG_TEXT ? MLPG_TERM_NGRAM : MLPG_TERM_LEVEL) &&
					term->level < (uint32_t) mlpg_feature_levels(feature);
		}
		ok = ok && (j == 0 || (design->term[j - 1].kind <= MLPG_TERM_NGRAM && follows(&design->term[j - 1], term)));
	}
	if (!ok || term->dropped > 1)
		mlpg_reader_corrupt(r, "a term that the schema does not have, or terms out of order");
}

/* What version 1 did not have: link, dispersion. */
static void
read_link(MlpgReader *r, const MlpgSchema *schema, MlpgAffineModel *m)
{
	uint32_t	id = mlpg_read_u32(r);
	uint32_t	reserved = mlpg_read_u32(r);
	bool		many = mlpg_schema_classes(schema) > 2;

	m->link.power = mlpg_read_f64(r);
	m->dispersion = mlpg_read_f64(r);
	if (id >= MLPG_AFFINE_LINKS || reserved != 0 || (many && id != MLPG_AFFINE_SOFTMAX && id != MLPG_AFFINE_IDENTITY) ||
		(id == MLPG_AFFINE_SOFTMAX && !many) || !(id == MLPG_AFFINE_POWER ? isfinite(m->link.power) && m->link.power != 0 : m->link.power == 0))
		mlpg_reader_corrupt(r, "a link that does not exist, or does not fit the outputs");
	if (isinf(m->dispersion) || m->dispersion < 0)
		mlpg_reader_corrupt(r, "a dispersion out of range");
	m->link.id = (MlpgAffineLink) id;
}

static void
read_numbers(MlpgReader *r, MlpgAffineModel *m, uint32_t flags, size_t n_std_errors)
{
	size_t		n_coefficients = mlpg_size_multiply(r->host, (size_t) m->n_outputs, (size_t) m->design->n_terms);
	size_t		n_spread = packed_size(r->host, (size_t) m->design->n_terms);

	m->coefficients = mlpg_read_doubles(r, n_coefficients);
	for (size_t i = 0; i < n_coefficients; i++)
		if (!isfinite(m->coefficients[i]))
			mlpg_reader_corrupt(r, "a coefficient is not finite");
	if (flags & FLAG_STD_ERRORS)
	{
		m->std_errors = mlpg_read_doubles(r, n_std_errors);
		for (size_t i = 0; i < n_std_errors; i++)
			if (isinf(m->std_errors[i]) || m->std_errors[i] < 0)
				mlpg_reader_corrupt(r, "a standard error is out of range");
	}
	if (flags & FLAG_SPREAD)
	{
		m->spread_factor = mlpg_read_doubles(r, n_spread);
		for (size_t i = 0; i < n_spread; i++)
			if (!isfinite(m->spread_factor[i]))
				mlpg_reader_corrupt(r, "a factor of the spread is not finite");
	}
	if (flags & FLAG_MEANS)
	{
		m->means = mlpg_read_doubles(r, (size_t) m->design->n_terms);
		for (int j = 0; j < m->design->n_terms; j++)
			if (!isfinite(m->means[j]))
				mlpg_reader_corrupt(r, "a mean is not finite");
	}
}

void
mlpg_affine_open(MlpgHost *host, MlpgModel *model, MlpgReader *r)
{
	MlpgAffineModel *m = mlpg_allocate(host, 1, sizeof(MlpgAffineModel));
	bool		first_version = model->payload_version == 1;
	uint32_t	n_outputs = mlpg_read_count(r, 8);
	uint32_t	n_terms = mlpg_read_count(r, 16);
	uint32_t	flags = mlpg_read_u32(r);
	uint32_t	main_output = mlpg_read_u32(r);

	if (n_outputs < 1 || n_outputs > OUTPUTS_MAX || flags > (first_version ? 3 : 15) || (main_output >= n_outputs && main_output != UINT32_MAX) ||
		((flags & FLAG_SPREAD) && n_outputs > 1))
		mlpg_reader_corrupt(r, "outputs or flags out of range");
	m->n_outputs = (int) n_outputs;
	m->main_output = main_output == UINT32_MAX ? -1 : (int) main_output;
	m->dispersion = NAN;
	if (!first_version)
		read_link(r, model->schema, m);
	m->df = mlpg_read_f64(r);
	if ((first_version && isinf(m->df)) || m->df < 0)
		mlpg_reader_corrupt(r, "degrees of freedom out of range");
	read_levels(r, model->schema, m, flags);

	m->design = mlpg_allocate(host, 1, sizeof(MlpgDesign));
	m->design->term = mlpg_allocate(host, (size_t) n_terms + 1, sizeof(MlpgTerm));
	for (uint32_t j = 0; j < n_terms; j++)
		read_term(r, model->schema, m->design, (int) j);
	m->design->n_terms = (int) n_terms;

	if ((flags & FLAG_SPREAD) && m->link.id != MLPG_AFFINE_IDENTITY)
		mlpg_reader_corrupt(r, "a spread with a link");
	read_numbers(r, m, flags, first_version ? n_terms : mlpg_size_multiply(host, n_outputs, n_terms));
	m->affine = mlpg_affine_create(host, model->schema, m->design, m->n_outputs, m->coefficients);
	model->n_outputs = m->n_outputs;
	model->main_output = m->main_output;
	model->levels = m->levels;
	if (m->spread_factor != NULL)
		model->spread_df = m->df > 0 && !isnan(m->dispersion) ? m->df : 0;
	model->scorer = m;
}

static void
add_offset(const MlpgAffineModel *m, const double *offset, int n_rows, int stride, double *out)
{
	for (int i = 0; i < n_rows; i++)
		for (int k = 0; k < m->n_outputs; k++)
		{
			double	   *score = &out[(size_t) i * (size_t) m->n_outputs + (size_t) k];

			*score += offset[(size_t) i * (size_t) stride];
			*score = *score > DBL_MAX ? DBL_MAX : *score < -DBL_MAX ? -DBL_MAX : *score;
		}
}

void
mlpg_affine_predict(const MlpgModel *model, const double *rows, int n_rows, int stride, double *out)
{
	const MlpgAffineModel *m = model->scorer;

	mlpg_affine_score(m->affine, rows, n_rows, stride, out);
	if (model->schema->offset != NULL)
		add_offset(m, rows + model->schema->n_features, n_rows, stride, out);
	mlpg_link_predict(m->link, m->n_outputs, n_rows, out);
}

/* b_j (z_j - mean of z_j), summed to the feature of the term; the base is the score at the means.  NaN where there is no score. */
void
mlpg_affine_explain(MlpgHost *host, const MlpgModel *model, const double *row, double *out)
{
	const MlpgAffineModel *m = model->scorer;
	int			n_terms = m->design->n_terms,
				n = model->schema->n_features;
	double	   *z = mlpg_allocate(host, (size_t) n_terms + 1, sizeof(double)),
			   *score = mlpg_allocate(host, (size_t) m->n_outputs, sizeof(double));

	if (m->means == NULL)
		mlpg_raise(host, MLPG_NOT_SUPPORTED, "The means of its columns were not kept.", "Train the model again.",
				   "this model cannot explain its predictions");
	mlpg_affine_score(m->affine, row, 1, n, score);
	mlpg_design_row(model->schema, m->design, row, z);
	for (int o = 0; o < m->n_outputs; o++)
	{
		const double *b = m->coefficients + (size_t) o * (size_t) n_terms;
		double	   *contribution = out + (size_t) o * ((size_t) n + 1);

		memset(contribution, 0, ((size_t) n + 1) * sizeof(double));
		contribution[n] = model->schema->offset ? row[n] : 0;
		for (int j = 0; j < n_terms; j++)
		{
			contribution[n] += b[j] * m->means[j];
			if (m->design->term[j].kind != MLPG_TERM_INTERCEPT)
				contribution[m->design->term[j].feature] += b[j] * (z[j] - m->means[j]);
		}
		for (int i = 0; i <= n; i++)
			contribution[i] = isnan(score[o]) ? NAN : contribution[i];
	}
	mlpg_release(host, z);
	mlpg_release(host, score);
}

/* The level that an unpenalised fit left out, shown with estimate 0 before the first that is there. */
static bool
follows_reference(const MlpgDesign *design, int j)
{
	const MlpgTerm *term = &design->term[j];

	return term->kind == MLPG_TERM_LEVEL && term->level == 1 &&
		(j == 0 || design->term[j - 1].kind != MLPG_TERM_LEVEL || design->term[j - 1].feature != term->feature);
}

/* With more outputs than one the class is named: "price -> north". */
static char *
term_name(MlpgHost *host, const MlpgModel *model, int output, const MlpgTerm *term)
{
	char	   *name = mlpg_term_name(host, model->schema, term);

	return mlpg_schema_classes(model->schema) > 2 ? mlpg_text(host, "%s -> %s", name, model->schema->classes->text[output]) : name;
}

static void
coefficient_row(MlpgHost *host, const MlpgModel *model, int output, int j, MlpgCoefficient *row)
{
	const MlpgAffineModel *m = model->scorer;
	bool		dropped = m->design->term[j].dropped != 0;

	row->term = term_name(host, model, output, &m->design->term[j]);
	row->level = m->levels ? m->levels[output] : NAN;
	row->estimate = dropped ? NAN : m->coefficients[(size_t) output * (size_t) m->design->n_terms + (size_t) j];
	row->std_error = m->std_errors && !dropped ? m->std_errors[(size_t) output * (size_t) m->design->n_terms + (size_t) j] : NAN;
	row->statistic = row->estimate / row->std_error;
	row->p_value = mlpg_student_two_sided(row->statistic, m->df);
}

static void
reference_row(MlpgHost *host, const MlpgModel *model, int output, int j, MlpgCoefficient *row)
{
	const MlpgAffineModel *m = model->scorer;
	MlpgTerm	term = m->design->term[j];

	term.level = 0;
	row->term = mlpg_text(host, "%s (reference)", term_name(host, model, output, &term));
	row->level = m->levels ? m->levels[output] : NAN;
	row->estimate = 0;
	row->std_error = row->statistic = row->p_value = NAN;
}

/* The class whose scores are 0, against which an unpenalised fit tells the others: it has no rows. */
static bool
is_reference_class(const MlpgAffineModel *m, int output)
{
	const double *b = m->coefficients + (size_t) output * (size_t) m->design->n_terms;
	bool		zero = m->link.id == MLPG_AFFINE_SOFTMAX && output == 0;

	for (int j = 0; j < m->design->n_terms; j++)
		zero = zero && b[j] == 0;
	return zero;
}

MlpgCoefficient *
mlpg_affine_coefficients(MlpgHost *host, const MlpgModel *model, int *n)
{
	const MlpgAffineModel *m = model->scorer;
	size_t		t = (size_t) m->design->n_terms;
	MlpgCoefficient *rows = mlpg_allocate(host, 2 * (size_t) m->n_outputs * t + 1, sizeof(MlpgCoefficient));

	*n = 0;
	for (int o = 0; o < m->n_outputs; o++)
		for (int j = is_reference_class(m, o) ? m->design->n_terms : 0; j < m->design->n_terms; j++)
		{
			if (follows_reference(m->design, j))
				reference_row(host, model, o, j, &rows[(*n)++]);
			coefficient_row(host, model, o, j, &rows[(*n)++]);
		}
	return rows;
}

void
mlpg_affine_require_memory(MlpgTraining *training, const MlpgDesign *design, double bytes)
{
	MlpgHost   *host = training->host;
	double		left = (double) mlpg_memory_left(host);
	int			n_grams = 0;

	for (int j = 0; j < design->n_terms; j++)
		n_grams += design->term[j].kind == MLPG_TERM_NGRAM;
	if (n_grams == 0 || (bytes <= left && design->n_terms <= TERMS_MAX))
		return;
	mlpg_raise(host, MLPG_LIMIT_EXCEEDED,
			   mlpg_text(host, "It has %d terms, %d of them n-grams of texts; the fit takes %.0f MB, and there are %.0f.",
						 design->n_terms, n_grams, ceil(bytes / 1048576), floor(left / 1048576)),
			   "Give \"ngrams\" fewer \"buckets\", or use elastic_net, logistic or expectile, which hold only the n-grams that each text has.",
			   "the design is too large for learner \"%s\"", training->plan->learner->name);
}
