/*-------------------------------------------------------------------------
 *
 * fuzz_model.c
 *	  Hostile models: open, score, explain, write again.
 *
 * A mutated model nearly always dies at the checksum, so the mutator repairs
 * length and checksum most of the time, and starts from models that the
 * learners really wrote.  Whatever is accepted must score without a report and
 * must be the one encoding of what it says: written again it gives the same
 * bytes.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include "core/learners/affine/path.h"
#include "core/learners/calibration.h"
#include "core/learners/interval.h"
#include "core/learners/tree/lightgbm.h"

#define OFFSET_LENGTH 16
#define OFFSET_CHECKSUM 24

/* What models made of trees can do besides. */
static void
look_at_trees(MlpgHost *host, const MlpgModel *model, const double *row)
{
	const MlpgForest *forest = model->learner->forest ? model->learner->forest(model) : NULL;
	size_t		n = (size_t) model->schema->n_features + 1;

	if (forest == NULL)
		return;
	mlpg_forest_importance(forest, mlpg_allocate(host, n, sizeof(double)), mlpg_allocate(host, n, sizeof(double)));
	if (model->schema->preprocess == NULL && model->schema->offset == NULL && (model->levels == NULL || model->n_outputs == 1))
		mlpg_lightgbm_write(host, model);
}

/* What rows may have: 0, nothing, the last category or 1, a category not seen in training or a large number. */
static double
value_of(MlpgHost *host, const MlpgFeature *feature, int row)
{
	bool		category = feature->kind == MLPG_CATEGORY;

	if (row == 1 || (row == 0 && category && feature->dictionary->n == 0))
		return NAN;
	if (feature->kind == MLPG_TEXT)
		return mlpg_text_value(mlpg_ngrams_keep(host, feature->ngrams, "shop 1", row + 1));
	return row == 0 ? 0 : row == 2 ? (category ? feature->dictionary->n - 1 : 1) : category ? -1 : 1e308;
}

/* Rows as they come, through the steps of preprocessing, and explanations on their way back. */
static void
replay(MlpgHost *host, const MlpgModel *model)
{
	const MlpgPreprocess *p = model->schema->preprocess;
	int			n = model->schema->n_features;
	double	   *row = mlpg_allocate(host, (size_t) model->input->n_features + 1, sizeof(double)),
			   *made = mlpg_allocate(host, (size_t) n + 1, sizeof(double)),
			   *out = mlpg_allocate(host, (size_t) model->n_outputs, sizeof(double));

	for (int r = 0; r < 4 && p != NULL; r++)
	{
		for (int i = 0; i < model->input->n_features; i++)
			row[i] = value_of(host, &model->input->feature[i], r);
		mlpg_preprocess_row(p, row, made);
		model->learner->predict(model, made, 1, n, out);
		mlpg_preprocess_share(p, made, row);
	}
}

/* Explanations, and the path that a model was chosen from. */
static void
look_inside(MlpgHost *host, const MlpgModel *model, const double *row)
{
	const MlpgForest *forest = model->learner->forest ? model->learner->forest(model) : NULL;
	const MlpgPath *path = model->learner->path ? model->learner->path(model) : NULL;
	bool		raised = false;

	/* of a model that cannot explain an error is the answer */
	if (model->learner->explain != NULL && (forest == NULL || forest->spec.counted))
		HARNESS_TRY(host, raised, model->learner->explain(host, model, row, mlpg_allocate(host, (size_t) model->n_outputs * ((size_t) model->schema->n_features + 1), sizeof(double))));
	if (raised && harness_code(host) != MLPG_NOT_SUPPORTED)
		abort();
	for (int k = 0; path != NULL && k < path->n_steps; k++)
	{
		const MlpgDesign *design = ((const MlpgAffineModel *) model->scorer)->design;
		double		norm;

		mlpg_path_coefficients(path, k, design->n_terms, mlpg_allocate(host, (size_t) design->n_terms + 1, sizeof(double)));
		(void) mlpg_path_norm(path, k, design, &norm);
	}
}

static void
score(MlpgHost *host, const MlpgModel *model)
{
	int			n = model->schema->n_features;
	double	   *rows = mlpg_allocate(host, (size_t) n * 4 + 1, sizeof(double));
	double	   *out = mlpg_allocate(host, (size_t) model->n_outputs * 4, sizeof(double));

	for (int r = 0; r < 4; r++)
		for (int i = 0; i < n; i++)
			rows[r * n + i] = value_of(host, &model->schema->feature[i], r);
	model->learner->predict(model, rows, 4, n, out);
	look_at_trees(host, model, rows);
	look_inside(host, model, rows);
	replay(host, model);
	if (model->levels != NULL)
	{
		double		level = 0.5 * (model->levels[0] + model->levels[model->n_outputs - 1]);
		double		answer;

		mlpg_model_check_levels(host, model, &level, 1);
		mlpg_model_quantiles(model, out, &level, 1, &answer);
	}
	if (model->schema->classes == NULL && (model->calibration != NULL || !isnan(model->spread_df)))
	{
		MlpgIntervalRule rule;
		MlpgInterval interval;

		mlpg_interval_rule(host, model, 0.75, &rule);
		for (int i = 0; i < 4; i++)
			mlpg_interval_row(host, model, &rule, rows + i * n, out, &interval);
	}
	if (model->learner->coefficients != NULL)
	{
		int			n_terms;

		model->learner->coefficients(host, model, &n_terms);
	}
}

static void
body(MlpgHost *host, const uint8_t *data, size_t size)
{
	MlpgModel  *model = mlpg_model_open(host, data, size);
	MlpgContainer container;
	MlpgWriter *payload = mlpg_writer_create(host, 4);
	MlpgWriter *again;

	score(host, model);
	mlpg_container_read(host, data, size, &container);
	mlpg_write_bytes(payload, container.section[MLPG_SECTION_PAYLOAD], container.length[MLPG_SECTION_PAYLOAD]);
	again = mlpg_container_write(host, container.learner_id, container.payload_version,
								 model->schema, model->params, model->facts, payload);
	if (model->calibration != NULL)
	{
		MlpgWriter *calibration = mlpg_writer_create(host, 0);

		mlpg_calibration_write(calibration, model->calibration);
		mlpg_container_read(host, again->data, again->length, &container);
		again = mlpg_container_calibrate(host, &container, model->facts, calibration);
	}
	if (again->length != size || memcmp(again->data, data, size) != 0)
	{
		fprintf(stderr, "an accepted model is written differently\n");
		abort();
	}
}

FUZZ_TARGET(body)

static void
repair(uint8_t *data, size_t size)
{
	uint64_t	length = size;
	uint32_t	checksum = 0;

	if (size < MLPG_HEADER_SIZE)
		return;
	memcpy(data + OFFSET_LENGTH, &length, sizeof(length));
	memcpy(data + OFFSET_CHECKSUM, &checksum, sizeof(checksum));
	checksum = mlpg_crc32c(0, data, size);
	memcpy(data + OFFSET_CHECKSUM, &checksum, sizeof(checksum));
}

static size_t
fresh_model(uint8_t *data, size_t max_size, unsigned int choice)
{
	MlpgHost   *host = harness_host();
	MlpgHost   *scratch = harness_host();
	const MlpgLearner *learner = mlpg_learner_at((int) (choice % (unsigned int) mlpg_learner_count()));
	MlpgFit		fit;
	MlpgWriter *writer;
	size_t		size;

	mlpg_fit_init(host, &fit, fuzz_plan(host, learner, (int) (choice / 16 % FUZZ_VARIANTS)));
	fuzz_fill(host, &fit, FUZZ_ROWS);
	writer = mlpg_fit_finish(host, scratch, &fit, mlpg_facts_create(scratch));
	size = writer->length <= max_size ? writer->length : max_size;
	memcpy(data, writer->data, size);
	harness_free(scratch);
	harness_free(host);
	return size;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	if (size < MLPG_HEADER_SIZE || seed % 257 == 0)
		size = fresh_model(data, max_size, seed / 257);
	if (seed % 1009 != 0)
		size = LLVMFuzzerMutate(data, size, max_size);
	if (seed % 8 != 7)
		repair(data, size);
	return size;
}
