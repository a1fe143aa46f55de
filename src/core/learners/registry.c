/*-------------------------------------------------------------------------
 *
 * registry.c
 *	  The learners there are, and models that know theirs.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/calibration.h"
#include "core/learners/classes.h"

static const struct
{
	uint16_t	id;
	const MlpgLearner *learner;
}			learners[] = {
#define LEARNER(id, symbol) {id, &mlpg_##symbol},
#include "core/learners/learner_list.h"
#undef LEARNER
};

#define N_LEARNERS ((int) (sizeof(learners) / sizeof(learners[0])))

int
mlpg_learner_count(void)
{
	return N_LEARNERS;
}

const MlpgLearner *
mlpg_learner_at(int position)
{
	return learners[position].learner;
}

const MlpgLearner *
mlpg_learner_find(const char *name)
{
	for (int i = 0; i < N_LEARNERS; i++)
		if (strcmp(learners[i].learner->name, name) == 0)
			return learners[i].learner;
	return NULL;
}

const MlpgLearner *
mlpg_learner_require(MlpgHost *host, const char *name)
{
	const MlpgLearner *learner = mlpg_learner_find(name);
	const char *names[N_LEARNERS];
	char	   *list = mlpg_text(host, "%s", "");

	if (learner != NULL)
		return learner;
	for (int i = 0; i < N_LEARNERS; i++)
	{
		names[i] = learners[i].learner->name;
		list = mlpg_text(host, "%s%s%s", list, i == 0 ? "" : ", ", names[i]);
	}

	const char *guess = mlpg_nearest_name(name, names, N_LEARNERS);

	mlpg_raise(host, MLPG_UNDEFINED_OBJECT, NULL,
			   guess ? mlpg_text(host, "Did you mean \"%s\"? Learners are: %s.", guess, list) : mlpg_text(host, "Learners are: %s.", list),
			   "learner \"%.100s\" does not exist", name);
}

uint16_t
mlpg_learner_id(const MlpgLearner *learner)
{
	for (int i = 0; i < N_LEARNERS; i++)
		if (learners[i].learner == learner)
			return learners[i].id;
	MLPG_ASSERT(false);
	return 0;
}

static const MlpgLearner *
learner_of(MlpgHost *host, const MlpgContainer *container)
{
	const MlpgLearner *learner = NULL;

	for (int i = 0; i < N_LEARNERS; i++)
		if (learners[i].id == container->learner_id)
			learner = learners[i].learner;
	if (learner == NULL)
		mlpg_raise(host, MLPG_NOT_SUPPORTED, mlpg_text(host, "The model names learner %u.", container->learner_id),
				   "Upgrade the extension.", "model was made by a learner that this mlpg does not have");
	if (container->payload_version > learner->payload_version)
		mlpg_raise(host, MLPG_NOT_SUPPORTED,
				   mlpg_text(host, "Learner \"%s\", payload version %u; this mlpg reads up to %u.", learner->name,
							 container->payload_version, learner->payload_version),
				   "Upgrade the extension.", "model was written by a newer mlpg");
	if (container->payload_version < learner->oldest_readable)
		mlpg_raise(host, MLPG_NOT_SUPPORTED,
				   mlpg_text(host, "Learner \"%s\", payload version %u; this mlpg reads from %u.", learner->name,
							 container->payload_version, learner->oldest_readable),
				   "Train the model again.", "model format is too old");
	return learner;
}

/* A classifier has the outputs of its classes, and answers no number but a probability. */
static void
check_classes(MlpgModel *model, MlpgReader *reader)
{
	int			n = mlpg_schema_classes(model->schema);

	if (!mlpg_learner_fits(model->learner, n > 0 ? MLPG_TASK_CLASSIFICATION : MLPG_TASK_REGRESSION) ||
		(n > 0 && (model->levels != NULL || model->n_outputs != mlpg_class_outputs(n))))
		mlpg_reader_corrupt(reader, "outputs are not those of the classes");
	if (n > 0)
		model->main_output = n == 2 ? 0 : -1;
}

static void
check_texts(const MlpgModel *model, MlpgReader *reader)
{
	for (int i = 0; i < model->schema->n_features; i++)
		if (model->schema->feature[i].kind == MLPG_TEXT && !(model->learner->columns & MLPG_USES_TEXT))
			mlpg_reader_corrupt(reader, "a text in a model that does not read texts");
}

MlpgModel *
mlpg_model_open(MlpgHost *host, const void *data, size_t length)
{
	MlpgContainer container;
	MlpgReader	reader;
	MlpgModel  *model;

	mlpg_container_read(host, data, length, &container);
	model = mlpg_allocate(host, 1, sizeof(MlpgModel));
	model->learner = learner_of(host, &container);
	model->payload_version = container.payload_version;
	model->n_bytes = length;
	model->spread_df = NAN;

	model->schema = mlpg_container_schema(host, &container);
	model->input = mlpg_schema_input(model->schema);
	model->row = mlpg_allocate(host, (size_t) model->input->n_features + 2, sizeof(double));

	mlpg_reader_init(&reader, host, container.section[MLPG_SECTION_PARAMETERS], container.length[MLPG_SECTION_PARAMETERS], "model");
	model->params = mlpg_params_create(host, model->learner->name, model->learner->params, model->learner->n_params);
	mlpg_params_read(&reader, model->params);
	mlpg_read_end(&reader);

	mlpg_reader_init(&reader, host, container.section[MLPG_SECTION_FACTS], container.length[MLPG_SECTION_FACTS], "model");
	model->facts = mlpg_facts_read(&reader);
	mlpg_read_end(&reader);

	mlpg_reader_init(&reader, host, container.section[MLPG_SECTION_PAYLOAD], container.length[MLPG_SECTION_PAYLOAD], "model");
	check_texts(model, &reader);
	model->learner->open(host, model, &reader);
	mlpg_read_end(&reader);
	check_classes(model, &reader);

	if (container.section[MLPG_SECTION_CALIBRATION] != NULL)
	{
		mlpg_reader_init(&reader, host, container.section[MLPG_SECTION_CALIBRATION], container.length[MLPG_SECTION_CALIBRATION], "model");
		model->calibration = mlpg_calibration_read(&reader, model);
		mlpg_read_end(&reader);
	}
	return model;
}

void
mlpg_model_check_levels(MlpgHost *host, const MlpgModel *model, const double *levels, int n)
{
	if (model->schema->classes != NULL)
		mlpg_raise(host, MLPG_NOT_SUPPORTED, mlpg_text(host, "Its classes are: %s.", mlpg_classes_list(host, model->schema)),
				   "Use mlpg.predict_class(model, row) or mlpg.predict_proba(model, row, class).",
				   "model predicts classes, not quantiles");
	if (model->levels == NULL)
		mlpg_raise(host, MLPG_NOT_SUPPORTED, mlpg_text(host, "The model was fitted by learner \"%s\".", model->learner->name),
				   "Train with algorithm => 'quantile' and quantiles => '{0.1,0.5,0.9}'.",
				   "model does not predict quantiles");

	double		first = model->levels[0],
				last = model->levels[model->n_outputs - 1];

	for (int i = 0; i < n; i++)
	{
		/* the same decimal number may arrive a rounding away */
		if (!(levels[i] >= first - 1e-12 && levels[i] <= last + 1e-12))
			mlpg_raise(host, MLPG_INVALID_PARAMETER,
					   mlpg_text(host, "The model was trained for levels from %g to %g.", first, last),
					   "Train again with quantiles that enclose the level.", "level %g is outside the trained range", levels[i]);
	}
}

/* Rearrangement (Chernozhukov, Fernandez-Val and Galichon 2010): insertion sort, NaN rows stay NaN. */
static void
rearrange(double *outputs, int n)
{
	for (int i = 1; i < n; i++)
	{
		double		value = outputs[i];
		int			j = i;

		for (; j > 0 && outputs[j - 1] > value; j--)
			outputs[j] = outputs[j - 1];
		outputs[j] = value;
	}
}

void
mlpg_model_arrange(const MlpgModel *model, double *outputs)
{
	if (model->levels != NULL && model->n_outputs > 1)
		rearrange(outputs, model->n_outputs);
}

double
mlpg_model_answer(const MlpgModel *model, double *outputs)
{
	mlpg_model_arrange(model, outputs);
	return outputs[model->main_output];
}

void
mlpg_model_quantiles(const MlpgModel *model, double *outputs, const double *levels, int n, double *out)
{
	int			k = model->n_outputs;

	rearrange(outputs, k);
	for (int i = 0; i < n; i++)
	{
		int			j = 0;

		while (j < k - 1 && model->levels[j + 1] < levels[i])
			j++;
		if (k == 1 || levels[i] <= model->levels[0])
			out[i] = outputs[k == 1 ? 0 : 0];
		else if (levels[i] >= model->levels[k - 1])
			out[i] = outputs[k - 1];
		else if (levels[i] == model->levels[j + 1])
			out[i] = outputs[j + 1];
		else
			out[i] = outputs[j] + (outputs[j + 1] - outputs[j]) * ((levels[i] - model->levels[j]) / (model->levels[j + 1] - model->levels[j]));
	}
}
