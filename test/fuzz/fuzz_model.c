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
	if (forest->spec.counted)
		model->learner->explain(host, model, row, mlpg_allocate(host, (size_t) model->n_outputs * n, sizeof(double)));
	mlpg_forest_importance(forest, mlpg_allocate(host, n, sizeof(double)), mlpg_allocate(host, n, sizeof(double)));
	if (model->schema->preprocess == NULL && model->schema->offset == NULL && (model->levels == NULL || model->n_outputs == 1))
		mlpg_lightgbm_write(host, model);
}

/* Rows that scoring may meet: zeros, missing, the last level of each category, large numbers. */
static void
score(MlpgHost *host, const MlpgModel *model)
{
	int			n = model->schema->n_features;
	double	   *rows = mlpg_allocate(host, (size_t) n * 4 + 1, sizeof(double));
	double	   *out = mlpg_allocate(host, (size_t) model->n_outputs * 4, sizeof(double));

	for (int i = 0; i < n; i++)
	{
		const MlpgFeature *feature = &model->schema->feature[i];
		bool		category = feature->kind == MLPG_CATEGORY;

		rows[n + i] = NAN;
		if (feature->kind == MLPG_TEXT)
		{
			for (int r = 0; r < 4; r++)
				rows[r * n + i] = r == 1 ? NAN : mlpg_text_value(mlpg_ngrams_keep(host, feature->ngrams, "shop 1", r + 1));
			continue;
		}
		rows[2 * n + i] = category && feature->dictionary->n > 0 ? feature->dictionary->n - 1 : category ? NAN : 1;
		rows[3 * n + i] = category ? NAN : 1e308;
		if (category && feature->dictionary->n == 0)
			rows[i] = NAN;
	}
	model->learner->predict(model, rows, 4, n, out);
	look_at_trees(host, model, rows);
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
