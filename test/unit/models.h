/*-------------------------------------------------------------------------
 *
 * models.h
 *	  Plans, fits and models for unit tests, in a few words each.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_TEST_MODELS_H
#define MLPG_TEST_MODELS_H

#include "harness.h"

#include "core/learners/affine/affine.h"
#include "core/learners/fit.h"

/* A stated sequence of pseudo-random numbers (SplitMix64, Steele et al. 2014). */
static inline uint64_t
test_random(uint64_t *state)
{
	uint64_t	z = (*state += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* Uniform on [0, 1), multiples of 2^-53. */
static inline double
test_uniform(uint64_t *state)
{
	return (double) (test_random(state) >> 11) * 0x1p-53;
}

/* About normal: the sum of 12 uniforms less 6. */
static inline double
test_normal(uint64_t *state)
{
	double		sum = -6;

	for (int i = 0; i < 12; i++)
		sum += test_uniform(state);
	return sum;
}

static inline void
test_shuffle(int *order, int n, uint64_t seed)
{
	for (int i = 0; i < n; i++)
		order[i] = i;
	for (int i = n - 1; i > 0; i--)
	{
		int			j = (int) (test_random(&seed) % (uint64_t) (i + 1));
		int			swap = order[i];

		order[i] = order[j];
		order[j] = swap;
	}
}

/* Features x1, x2, ... of target y; kinds has one letter each: n number, c category; NULL: n numbers. */
static inline MlpgPlan *
test_plan(MlpgHost *host, const char *learner, int n_features, const char *kinds, bool weighted)
{
	MlpgPlan   *plan = mlpg_allocate(host, 1, sizeof(MlpgPlan));

	plan->learner = mlpg_learner_require(host, learner);
	plan->params = mlpg_params_create(host, plan->learner->name, plan->learner->params, plan->learner->n_params);
	plan->n_features = n_features;
	plan->name = mlpg_allocate(host, (size_t) n_features + 1, sizeof(char *));
	plan->kind = mlpg_allocate(host, (size_t) n_features + 1, sizeof(MlpgKind));
	for (int i = 0; i < n_features; i++)
	{
		plan->name[i] = mlpg_text(host, "x%d", i + 1);
		plan->kind[i] = kinds != NULL && kinds[i] == 'c' ? MLPG_CATEGORY : MLPG_NUMBER;
	}
	plan->target = mlpg_text(host, "y");
	plan->task = MLPG_TASK_REGRESSION;
	plan->weighted = weighted;
	plan->seed = 42;
	plan->encoding = "UTF8";
	return plan;
}

/* The same plan, for classes of a kind of target. */
static inline MlpgPlan *
test_class_plan(MlpgHost *host, const char *learner, int n_features, const char *kinds, bool weighted, MlpgKind target)
{
	MlpgPlan   *plan = test_plan(host, learner, n_features, kinds, weighted);

	plan->task = MLPG_TASK_CLASSIFICATION;
	plan->target_kind = target;
	return plan;
}

/* Adds rows of mlpg_plan_columns doubles each; categories, and classes that are texts, by the texts "c<number>". */
static inline void
test_feed(MlpgHost *host, MlpgFit *fit, const double *rows, int n_rows)
{
	int			d = mlpg_plan_columns(fit->plan),
				t = fit->plan->n_features;

	for (int r = 0; r < n_rows; r++, rows += d)
	{
		char		class[40];
		int			class_length = snprintf(class, sizeof(class), "c%.0f", rows[t]);

		double	   *to = mlpg_fit_next_row(host, fit);

		memcpy(to, rows, (size_t) d * sizeof(double));
		for (int i = 0; i < fit->plan->n_features; i++)
			if (fit->plan->kind[i] == MLPG_CATEGORY && !isnan(rows[i]))
			{
				char		text[40];
				int			length = snprintf(text, sizeof(text), "c%.0f", rows[i]);

				to[i] = mlpg_fit_code(host, fit, i, text, length);
			}
		to[t] = mlpg_fit_target(host, fit, rows[t], class, class_length);
		mlpg_fit_commit_row(host, fit);
	}
}

/* The model's bytes; host is the arena of everything. */
static inline MlpgWriter *
test_finish(MlpgHost *host, MlpgFit *fit)
{
	return mlpg_fit_finish(host, host, fit, NULL);
}

static inline MlpgModel *
test_open(MlpgHost *host, const MlpgWriter *bytes)
{
	return mlpg_model_open(host, bytes->data, bytes->length);
}

static inline MlpgWriter *
test_fit_bytes(MlpgHost *host, const MlpgPlan *plan, const double *rows, int n_rows)
{
	MlpgFit		fit;

	mlpg_fit_init(host, &fit, plan);
	test_feed(host, &fit, rows, n_rows);
	return test_finish(host, &fit);
}

static inline MlpgModel *
test_fit(MlpgHost *host, const MlpgPlan *plan, const double *rows, int n_rows)
{
	return test_open(host, test_fit_bytes(host, plan, rows, n_rows));
}

static inline bool
test_same_bytes(const MlpgWriter *a, const MlpgWriter *b)
{
	return a->length == b->length && memcmp(a->data, b->data, a->length) == 0;
}

/* The coefficients that were fitted: without the rows that name the reference level of a category. */
static inline MlpgCoefficient *
test_coefficients(MlpgHost *host, const MlpgModel *model, int *n)
{
	MlpgCoefficient *c = model->learner->coefficients(host, model, n);
	static const char mark[] = " (reference)";
	int			kept = 0;

	for (int i = 0; i < *n; i++)
	{
		size_t		length = strlen(c[i].term);

		if (length < sizeof(mark) || strcmp(c[i].term + length - (sizeof(mark) - 1), mark) != 0)
			c[kept++] = c[i];
	}
	*n = kept;
	return c;
}

/* The rest of the first warning that starts with this text, NULL if there is none. */
static inline const char *
test_warning(const MlpgModel *model, const char *start)
{
	for (int i = 0; i < model->facts->n; i++)
		if (strcmp(model->facts->name[i], "warning") == 0 && strncmp(model->facts->text[i], start, strlen(start)) == 0)
			return model->facts->text[i] + strlen(start);
	return NULL;
}

static inline double
test_fact(const MlpgModel *model, const char *name)
{
	const char *text = mlpg_fact_find(model->facts, name);

	return text ? strtod(text, NULL) : NAN;
}

/* Log relative error: the number of correct digits of q, at most 16. */
static inline double
test_digits(double q, double certified)
{
	double		error = certified == 0 ? fabs(q) : fabs(q - certified) / fabs(certified);

	return !(error > 1e-16) ? (isnan(error) ? 0 : 16) : fmax(0, -log10(error));
}

#endif							/* MLPG_TEST_MODELS_H */
