/*-------------------------------------------------------------------------
 *
 * path.c
 *	  A regularisation path, as a model keeps it.
 *
 * Behind the affine payload stand the steps of the path, largest lambda first, and for each
 * the terms that are not zero with their coefficients: 12 bytes each, so that a
 * path over 10,000 levels of which few matter is small.
 *
 * A payload is untrusted: steps descend, terms ascend and exist, numbers
 * that must be finite are; what cross-validation measured is there for all steps or for none.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/path.h"

#define STEP_SIZE 36			/* bytes of a step */
#define ENTRY_SIZE 12			/* and of an entry */

/* ---------- making one ---------- */

static void
add_entry(MlpgHost *host, MlpgPath *path, uint32_t term, double estimate)
{
	if (path->n_entries == path->entries_capacity)
	{
		size_t		before = path->entries_capacity;

		path->entries_capacity = before == 0 ? 256 : 2 * before;
		path->term = before == 0 ? mlpg_allocate(host, path->entries_capacity, sizeof(uint32_t)) :
			mlpg_resize(host, path->term, before, path->entries_capacity, sizeof(uint32_t));
		path->estimate = before == 0 ? mlpg_allocate(host, path->entries_capacity, sizeof(double)) :
			mlpg_resize(host, path->estimate, before, path->entries_capacity, sizeof(double));
	}
	path->term[path->n_entries] = term;
	path->estimate[path->n_entries++] = estimate;
}

MlpgPathStep *
mlpg_path_add(MlpgHost *host, MlpgPath *path, const MlpgDesign *design, double lambda, const double *coefficients)
{
	MlpgPathStep *step;

	if (path->n_steps == path->capacity)
	{
		int			before = path->capacity;

		path->capacity = before == 0 ? 128 : 2 * before;
		path->step = before == 0 ? mlpg_allocate(host, (size_t) path->capacity, sizeof(MlpgPathStep)) :
			mlpg_resize(host, path->step, (size_t) before, (size_t) path->capacity, sizeof(MlpgPathStep));
	}
	step = &path->step[path->n_steps++];
	*step = (MlpgPathStep) {.lambda = lambda, .deviance_explained = NAN, .cv_mean = NAN, .cv_stddev = NAN, .first = path->n_entries};
	for (int j = 0; j < design->n_terms; j++)
		if (coefficients[j] != 0 || design->term[j].kind == MLPG_TERM_INTERCEPT)
			add_entry(host, path, (uint32_t) j, coefficients[j]);
	step->n = (uint32_t) (path->n_entries - step->first);
	return step;
}

void
mlpg_path_coefficients(const MlpgPath *path, int step, int n_terms, double *coefficients)
{
	const MlpgPathStep *s = &path->step[step];

	memset(coefficients, 0, (size_t) n_terms * sizeof(double));
	for (size_t i = s->first; i < s->first + s->n; i++)
		coefficients[path->term[i]] = path->estimate[i];
}

int
mlpg_path_norm(const MlpgPath *path, int step, const MlpgDesign *design, double *l1_norm)
{
	const MlpgPathStep *s = &path->step[step];
	int			n = 0;

	*l1_norm = 0;
	for (size_t i = s->first; i < s->first + s->n; i++)
		if (design->term[path->term[i]].kind != MLPG_TERM_INTERCEPT)
		{
			*l1_norm += fabs(path->estimate[i]);
			n++;
		}
	return n;
}

/* ---------- bytes ---------- */

void
mlpg_path_write(MlpgWriter *w, const MlpgPath *path)
{
	mlpg_write_u32(w, (uint32_t) path->n_steps);
	mlpg_write_u32(w, (uint32_t) path->chosen);
	for (int k = 0; k < path->n_steps; k++)
	{
		const MlpgPathStep *step = &path->step[k];

		mlpg_write_f64(w, step->lambda);
		mlpg_write_f64(w, step->deviance_explained);
		mlpg_write_f64(w, step->cv_mean);
		mlpg_write_f64(w, step->cv_stddev);
		mlpg_write_u32(w, step->n);
		for (size_t i = step->first; i < step->first + step->n; i++)
			mlpg_write_u32(w, path->term[i]);
		mlpg_write_doubles(w, path->estimate + step->first, step->n);
	}
}

static void
read_step(MlpgReader *r, const MlpgDesign *design, MlpgPath *path, int k)
{
	MlpgPathStep *step = &path->step[k];
	bool		validated;

	step->lambda = mlpg_read_f64(r);
	step->deviance_explained = mlpg_read_f64(r);
	step->cv_mean = mlpg_read_f64(r);
	step->cv_stddev = mlpg_read_f64(r);
	step->first = path->n_entries;
	step->n = mlpg_read_count(r, ENTRY_SIZE);
	validated = !isnan(step->cv_mean);
	if (!(step->lambda >= 0) || isinf(step->lambda) || (k > 0 && step->lambda > path->step[k - 1].lambda) || isinf(step->deviance_explained) ||
		isinf(step->cv_mean) || isinf(step->cv_stddev) || step->cv_stddev < 0 || (k > 0 && validated == isnan(path->step[0].cv_mean)))
		mlpg_reader_corrupt(r, "lambdas that descend, with finite numbers");
	for (uint32_t i = 0; i < step->n; i++)
	{
		uint32_t	term = mlpg_read_u32(r);

		if (term >= (uint32_t) design->n_terms || (i > 0 && term <= path->term[path->n_entries - 1]))
			mlpg_reader_corrupt(r, "terms of a path that ascend");
		add_entry(r->host, path, term, 0);
	}
	path->n_entries = step->first;
	for (uint32_t i = 0; i < step->n; i++)
	{
		double		estimate = mlpg_read_f64(r);

		if (!isfinite(estimate))
			mlpg_reader_corrupt(r, "a coefficient is not finite");
		path->estimate[path->n_entries++] = estimate;
	}
}

MlpgPath *
mlpg_path_read(MlpgReader *r, const MlpgDesign *design)
{
	MlpgPath   *path = mlpg_allocate(r->host, 1, sizeof(MlpgPath));
	uint32_t	n = mlpg_read_count(r, STEP_SIZE);
	uint32_t	chosen = mlpg_read_u32(r);

	if (n == 0 || chosen >= n)
		mlpg_reader_corrupt(r, "a path without the step chosen");
	path->n_steps = path->capacity = (int) n;
	path->chosen = (int) chosen;
	path->step = mlpg_allocate(r->host, n, sizeof(MlpgPathStep));
	for (int k = 0; k < path->n_steps; k++)
		read_step(r, design, path, k);
	return path;
}

void
mlpg_path_open(MlpgHost *host, MlpgModel *model, MlpgReader *payload)
{
	MlpgPathModel *m = mlpg_allocate(host, 1, sizeof(MlpgPathModel));

	mlpg_affine_open(host, model, payload);
	m->affine = *(MlpgAffineModel *) model->scorer;
	m->path = mlpg_path_read(payload, m->affine.design);
	model->scorer = m;
}
