/*-------------------------------------------------------------------------
 *
 * fuzz.h
 *	  What the fuzz targets share: a host that survives raise, and valid models
 *	  to start from.
 *
 * A target calls FUZZ_TARGET(body): body gets a host and the input, copied to
 * a block of exactly its size, so that the address sanitizer sees one byte too
 * many.  Raising any error but MLPG_INTERNAL is the right answer to a bad
 * input; a crash, a sanitizer report or MLPG_INTERNAL is a finding.  What takes long is canceled, as a
 * user would do it: parameters may ask for much.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_FUZZ_H
#define MLPG_FUZZ_H

#include "harness.h"

#include "core/learners/fit.h"
#include "core/learners/learner.h"

#define FUZZ_BUDGET ((size_t) 256 << 20)	/* bytes: hostile counts must not get past it */
#define FUZZ_CHECKS 1200			/* calls of check, some ms apart at most, until a target is canceled */
#define FUZZ_ROWS 40
#define FUZZ_VARIANTS 8			/* of each learner */

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
extern size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
extern size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* The input starts 4 bytes after an address divisible by 16, as a model does in a varlena. */
#define FUZZ_TARGET(body) \
int \
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) \
{ \
	MlpgHost   *host = harness_host_threads(1, FUZZ_BUDGET); \
	uint8_t    *copy = malloc(size + 4); \
	bool		raised; \
	if (copy == NULL) \
		abort(); \
	harness_cancel_at_check(host, FUZZ_CHECKS); \
	if (size > 0) \
		memcpy(copy + 4, data, size); \
	HARNESS_TRY(host, raised, body(host, copy + 4, size)); \
	if (raised && harness_code(host) == MLPG_INTERNAL && harness_checks(host) < FUZZ_CHECKS) \
	{ \
		fprintf(stderr, "internal error: %s\n", harness_message(host)); \
		abort(); \
	} \
	harness_free(host); \
	free(copy); \
	return 0; \
}

/* Steps for variants 6 and 7, together one of each kind: n-grams in 6 where the learner reads texts. */
static inline MlpgWishes *
fuzz_wishes(MlpgHost *host, const MlpgLearner *learner, int variant)
{
	static char *price[] = {"price"};
	static char *week[] = {"week"};
	static char *shop[] = {"shop"};
	static char *both[] = {"week", "shop"};
	static MlpgWish with_text[] = {
		{.kind = MLPG_STEP_LOG, .n_names = 1, .name = price}, {.kind = MLPG_STEP_BUCKETIZE, .n_names = 1, .name = week, .number = {3}},
		{.kind = MLPG_STEP_NGRAMS, .n_names = 1, .name = shop, .number = {1, 2, 16}}, {.kind = MLPG_STEP_POLYNOMIAL, .number = {2}}
	};
	static MlpgWish without_text[] = {
		{.kind = MLPG_STEP_SPLINE, .n_names = 1, .name = price, .number = {3}}, {.kind = MLPG_STEP_BUCKETIZE, .n_names = 1, .name = week, .number = {3}},
		{.kind = MLPG_STEP_HASH, .n_names = 1, .name = shop, .number = {4}}, {.kind = MLPG_STEP_CROSS, .n_names = 2, .name = both}
	};
	MlpgWishes *wishes = mlpg_allocate(host, 1, sizeof(MlpgWishes));

	wishes->n = 4;
	wishes->wish = variant == 6 && (learner->columns & MLPG_USES_TEXT) ? with_text : without_text;
	return wishes;
}

/*
 * A plan of two numbers and a category, or of an array; levels and parameters
 * at their defaults except that variant 2 asks for three levels where it can,
 * and has weights, variant 3 for classes that are texts where it can, variant 4 for rows kept
 * apart, variant 6 for preprocessing and variant 7 for both.
 */
static inline MlpgPlan *
fuzz_plan(MlpgHost *host, const MlpgLearner *learner, int variant)
{
	static const char *const names[] = {"price", "week", "shop"};
	MlpgPlan   *plan = mlpg_allocate(host, 1, sizeof(MlpgPlan));

	plan->learner = learner;
	plan->params = mlpg_params_create(host, learner->name, learner->params, learner->n_params);
	if (variant == 5 && mlpg_params_find(plan->params, "intervals") >= 0)
		mlpg_params_set(host, plan->params, "intervals", "true");
	if ((variant == 2 || variant == 5) && mlpg_params_find(plan->params, "quantile") >= 0)
		mlpg_params_set(host, plan->params, "quantile", "0.1,0.5,0.9");
	if (mlpg_params_find(plan->params, "n_lambda") >= 0)
		mlpg_params_set(host, plan->params, "n_lambda", "5");
	plan->n_features = 3;
	plan->name = mlpg_allocate(host, 3, sizeof(char *));
	plan->kind = mlpg_allocate(host, 3, sizeof(MlpgKind));
	plan->array_form = variant == 1;
	plan->weighted = variant == 2;
	for (int i = 0; i < 3; i++)
	{
		plan->name[i] = plan->array_form ? mlpg_text(host, "x%d", i + 1) : mlpg_text(host, "%s", names[i]);
		plan->kind[i] = i < 2 || plan->array_form ? MLPG_NUMBER : MLPG_CATEGORY;
	}
	plan->target = mlpg_text(host, "%s", plan->array_form ? "" : "sold");
	plan->task = MLPG_TASK_REGRESSION;
	if (mlpg_learner_fits(learner, MLPG_TASK_CLASSIFICATION) &&
		(variant == 3 || variant == 6 || !mlpg_learner_fits(learner, MLPG_TASK_REGRESSION)))
	{
		plan->task = MLPG_TASK_CLASSIFICATION;
		plan->target_kind = MLPG_CATEGORY;
	}
	plan->calibration_share = (variant == 4 || variant == 7) && plan->task == MLPG_TASK_REGRESSION ? 0.3 : 0;
	plan->seed = 1;
	plan->encoding = "UTF8";
	if (variant == 6 || variant == 7)
		mlpg_plan_preprocess(host, plan, fuzz_wishes(host, learner, variant));
	return plan;
}

/* Rows of that plan: a NULL here and there, four shops; three classes where the learner takes so many. */
static inline void
fuzz_fill(MlpgHost *host, MlpgFit *fit, int n_rows)
{
	const char *learner = fit->plan->learner->name;
	int			n_classes = strcmp(learner, "glm") == 0 || strcmp(learner, "elastic_net") == 0 ? 2 : 3;
	static const char *const shops[] = {"north", "south", "east", "a shop with a longer name"};
	uint32_t	random = 12345;

	for (int r = 0; r < n_rows; r++)
	{
		double	   *row = mlpg_fit_next_row(host, fit);

		for (int c = 0; c < mlpg_plan_columns(fit->plan); c++)
		{
			random = random * 1664525 + 1013904223;
			row[c] = (double) (random >> 16) / 1000;
		}
		if (fit->plan->kind[2] >= MLPG_CATEGORY)
			row[2] = mlpg_fit_code(host, fit, 2, shops[r % 4], (int32_t) strlen(shops[r % 4]));
		if (r % 7 == 3)
			row[0] = NAN;
		row[3] = mlpg_fit_target(host, fit, row[3], shops[r % n_classes], (int32_t) strlen(shops[r % n_classes]));
		mlpg_fit_commit_row(host, fit);
	}
}

#endif							/* MLPG_FUZZ_H */
