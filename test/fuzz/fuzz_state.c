/*-------------------------------------------------------------------------
 *
 * fuzz_state.c
 *	  Hostile aggregate states: read, go on with, combine, finish.
 *
 * States of type mlpg.state come back from other nodes and from whoever casts
 * bytes to the type; a plan precedes the state.  Seeds are states that fits of
 * every learner wrote, some small, some past their first full block.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

static void
body(MlpgHost *host, const uint8_t *data, size_t size)
{
	MlpgReader	reader;
	MlpgPlan   *plan;
	MlpgFit		fit;
	MlpgFit		other;
	MlpgWriter *bytes;
	bool		raised;

	mlpg_reader_init(&reader, host, data, size, "state");
	plan = mlpg_plan_read(&reader);
	mlpg_fit_read(host, &fit, plan, &reader);
	mlpg_read_end(&reader);

	/* one more row, all missing, then itself again */
	double	   *row = mlpg_fit_next_row(host, &fit);

	for (int c = 0; c < plan->n_features; c++)
		row[c] = NAN;
	for (int c = plan->n_features; c < mlpg_plan_columns(plan); c++)
		row[c] = 1;
	mlpg_fit_commit_row(host, &fit);

	mlpg_reader_init(&reader, host, data, size, "state");
	plan = mlpg_plan_read(&reader);
	mlpg_fit_read(host, &other, plan, &reader);
	mlpg_fit_combine(host, &fit, &other);
	bytes = mlpg_fit_finish(host, host, &fit, mlpg_facts_create(host));

	/* what was finished without an error is a model */
	HARNESS_TRY(host, raised, mlpg_model_open(host, bytes->data, bytes->length));
	if (raised)
	{
		fprintf(stderr, "a model was made that cannot be opened: %s %s\n", harness_message(host), harness_detail(host));
		abort();
	}
}

FUZZ_TARGET(body)

static size_t
fresh_state(uint8_t *data, size_t max_size, unsigned int choice)
{
	MlpgHost   *host = harness_host();
	const MlpgLearner *learner = mlpg_learner_at((int) (choice % (unsigned int) mlpg_learner_count()));
	MlpgPlan   *plan = fuzz_plan(host, learner, (int) (choice / 16 % FUZZ_VARIANTS));
	MlpgWriter *writer = mlpg_writer_create(host, 4);
	MlpgFit		fit;
	size_t		size;

	mlpg_fit_init(host, &fit, plan);
	fuzz_fill(host, &fit, choice % 5 == 0 ? mlpg_block_rows(mlpg_plan_columns(plan)) + 3 : FUZZ_ROWS);
	mlpg_plan_write(plan, writer);
	mlpg_fit_write(host, &fit, writer);
	size = writer->length <= max_size ? writer->length : max_size;
	memcpy(data, writer->data, size);
	harness_free(host);
	return size;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	if (size < 8 || seed % 257 == 0)
		size = fresh_state(data, max_size, seed / 257);
	return seed % 1009 == 0 ? size : LLVMFuzzerMutate(data, size, max_size);
}
