/*-------------------------------------------------------------------------
 *
 * plan.c
 *	  Plans as bytes and back: what a worker needs to go on with a state.
 *
 * A plan travels with the state of an aggregate, to a parallel worker's leader
 * or through the text form of mlpg.state, and is as untrusted as any bytes: the
 * learner must know the task and the columns, and preprocessing is settled
 * again for the columns that the plan names.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/fit.h"

static void
write_optional(MlpgWriter *w, const char *text)
{
	mlpg_write_u8(w, text != NULL);
	if (text != NULL)
		mlpg_write_text(w, text);
}

static char *
read_optional(MlpgReader *r)
{
	return mlpg_read_u8(r) != 0 ? mlpg_read_text(r, NULL) : NULL;
}

void
mlpg_plan_write(const MlpgPlan *plan, MlpgWriter *w)
{
	mlpg_write_u16(w, mlpg_learner_id(plan->learner));
	mlpg_params_write(w, plan->params);
	mlpg_write_u64(w, plan->seed);
	mlpg_write_u8(w, (uint8_t) plan->task);
	mlpg_write_u8(w, (uint8_t) plan->target_kind);
	mlpg_write_u8(w, plan->array_form);
	mlpg_write_u8(w, plan->weighted);
	mlpg_write_u8(w, plan->has_offset);
	mlpg_write_u8(w, plan->has_validation);
	mlpg_write_f64(w, plan->validation_share);
	mlpg_write_f64(w, plan->calibration_share);
	write_optional(w, plan->positive);
	write_optional(w, plan->offset);
	mlpg_write_text(w, plan->target);
	mlpg_write_text(w, plan->encoding);
	mlpg_write_u32(w, (uint32_t) plan->n_features);
	for (int i = 0; i < plan->n_features; i++)
	{
		mlpg_write_text(w, plan->name[i]);
		mlpg_write_u8(w, (uint8_t) plan->kind[i]);
	}
	mlpg_write_u8(w, plan->preprocess != NULL);
	if (plan->preprocess != NULL)
		mlpg_wishes_write(w, plan->preprocess);
}

static const MlpgLearner *
read_learner(MlpgReader *r)
{
	uint16_t	id = mlpg_read_u16(r);

	for (int i = 0; i < mlpg_learner_count(); i++)
		if (mlpg_learner_id(mlpg_learner_at(i)) == id)
			return mlpg_learner_at(i);
	mlpg_reader_corrupt(r, "unknown learner");
}

/* Task, auxiliary columns: the learner must know them. */
static void
read_task(MlpgReader *r, MlpgPlan *plan)
{
	uint8_t		task = mlpg_read_u8(r),
				kind = mlpg_read_u8(r);

	plan->task = task;
	plan->target_kind = (MlpgKind) kind;
	if ((task != MLPG_TASK_REGRESSION && task != MLPG_TASK_CLASSIFICATION) || !mlpg_learner_fits(plan->learner, task) || kind > MLPG_CATEGORY)
		mlpg_reader_corrupt(r, "a task that the learner does not have");
	if (kind != MLPG_NUMBER && (kind == MLPG_CATEGORY || kind == MLPG_BOOLEAN) != (task == MLPG_TASK_CLASSIFICATION))
		mlpg_reader_corrupt(r, "a task that does not go with the kind of the target");
	plan->array_form = mlpg_read_u8(r) != 0;
	plan->weighted = mlpg_read_u8(r) != 0;
	plan->has_offset = mlpg_read_u8(r) != 0;
	plan->has_validation = mlpg_read_u8(r) != 0;
	plan->validation_share = mlpg_read_f64(r);
	plan->calibration_share = mlpg_read_f64(r);
	plan->positive = read_optional(r);
	plan->offset = read_optional(r);
	if (!(plan->calibration_share >= 0 && plan->calibration_share < 1) || (plan->calibration_share > 0 && task != MLPG_TASK_REGRESSION))
		mlpg_reader_corrupt(r, "a share for calibration out of range");
	if (!(plan->validation_share >= 0 && plan->validation_share < 1) || (plan->offset != NULL && !plan->has_offset) ||
		(mlpg_plan_uses(plan) & ~plan->learner->columns) != 0)
		mlpg_reader_corrupt(r, "columns that the learner does not use");
}

MLPG_NORETURN static void
raise_no_texts(MlpgHost *host, const MlpgPlan *plan)
{
	char	   *list = NULL;

	for (int i = 0; i < mlpg_learner_count(); i++)
		if (mlpg_learner_at(i)->columns & MLPG_USES_TEXT)
			list = mlpg_text(host, "%s%s%s", list ? list : "", list ? ", " : "", mlpg_learner_at(i)->name);
	mlpg_raise(host, MLPG_NOT_SUPPORTED, NULL,
			   mlpg_text(host, "Learners that do: %s. To others a text is a category: leave it out of \"ngrams\", or name it in \"hash\".", list),
			   "learner \"%s\" does not read texts by their n-grams", plan->learner->name);
}

void
mlpg_plan_preprocess(MlpgHost *host, MlpgPlan *plan, MlpgWishes *wishes)
{
	plan->preprocess = wishes;
	plan->buckets = mlpg_allocate(host, (size_t) plan->n_features + 1, sizeof(uint32_t));
	mlpg_wishes_settle(host, wishes, plan->n_features, plan->name, plan->kind, plan->buckets);
	for (int i = 0; i < plan->n_features; i++)
		if (plan->kind[i] == MLPG_TEXT && !(plan->learner->columns & MLPG_USES_TEXT))
			raise_no_texts(host, plan);
}

/* What is made of the features: a text must be read by something. */
static void
read_preprocess(MlpgReader *r, MlpgPlan *plan)
{
	int			texts = 0;

	if (mlpg_read_u8(r) != 0)
		mlpg_plan_preprocess(r->host, plan, mlpg_wishes_read(r));
	for (int i = 0; i < plan->n_features; i++)
		texts += plan->kind[i] == MLPG_TEXT;
	for (int k = 0; plan->preprocess != NULL && k < plan->preprocess->n; k++)
		texts -= plan->preprocess->wish[k].kind == MLPG_STEP_NGRAMS;
	if (texts != 0)
		mlpg_reader_corrupt(r, "a text that nothing reads");
}

MlpgPlan *
mlpg_plan_read(MlpgReader *r)
{
	MlpgPlan   *plan = mlpg_allocate(r->host, 1, sizeof(MlpgPlan));
	uint32_t	n;

	plan->learner = read_learner(r);
	plan->params = mlpg_params_create(r->host, plan->learner->name, plan->learner->params, plan->learner->n_params);
	mlpg_params_read(r, plan->params);
	plan->seed = mlpg_read_u64(r);
	read_task(r, plan);
	plan->target = mlpg_read_text(r, NULL);
	plan->encoding = mlpg_read_text(r, NULL);
	n = mlpg_read_count(r, 5);
	if (n > MLPG_FEATURES_MAX)
		mlpg_reader_corrupt(r, "too many features");
	plan->n_features = (int) n;
	plan->name = mlpg_allocate(r->host, (size_t) n + 1, sizeof(char *));
	plan->kind = mlpg_allocate(r->host, (size_t) n + 1, sizeof(MlpgKind));
	for (uint32_t i = 0; i < n; i++)
	{
		uint8_t		kind;

		plan->name[i] = mlpg_read_text(r, NULL);
		kind = mlpg_read_u8(r);
		if (kind > MLPG_TEXT)
			mlpg_reader_corrupt(r, "unknown kind of feature");
		plan->kind[i] = (MlpgKind) kind;
	}
	read_preprocess(r, plan);
	return plan;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
params_equal(const MlpgParams *a, const MlpgParams *b)
{
	for (int i = 0; i < a->n; i++)
		if (!same_text(a->value[i].text, b->value[i].text))
			return false;
	return true;
}

bool
mlpg_plan_equal(const MlpgPlan *a, const MlpgPlan *b)
{
	if (a->learner != b->learner || a->n_features != b->n_features || a->seed != b->seed ||
		a->array_form != b->array_form || a->task != b->task || a->target_kind != b->target_kind ||
		a->weighted != b->weighted || a->has_offset != b->has_offset || a->has_validation != b->has_validation ||
		a->validation_share != b->validation_share || a->calibration_share != b->calibration_share || !same_text(a->offset, b->offset) ||
		!same_text(a->positive, b->positive) || !params_equal(a->params, b->params) ||
		!mlpg_wishes_equal(a->preprocess, b->preprocess))
		return false;
	for (int i = 0; i < a->n_features; i++)
		if (a->kind[i] != b->kind[i] || strcmp(a->name[i], b->name[i]) != 0)
			return false;
	return true;
}
