/*-------------------------------------------------------------------------
 *
 * fuzz_lightgbm.c
 *	  Hostile texts in LightGBM's format: import, score, explain, export.
 *
 * Whatever is accepted must open as a model and score finite numbers; what is
 * written of it must import as a model that opens, or be refused with an error.
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"

#include "core/learners/tree/lightgbm.h"

static MlpgModel *
import(MlpgHost *host, const char *text, size_t length)
{
	MlpgWriter *bytes = mlpg_lightgbm_import(host, text, length, "UTF8");
	MlpgModel  *model = NULL;
	bool		raised;

	HARNESS_TRY(host, raised, model = mlpg_model_open(host, bytes->data, bytes->length));
	if (raised)
	{
		fprintf(stderr, "an imported model cannot be opened: %s %s\n", harness_message(host), harness_detail(host));
		abort();
	}
	return model;
}

static void
body(MlpgHost *host, const uint8_t *data, size_t size)
{
	const char *text = mlpg_text_copy(host, (const char *) data, size);
	MlpgModel  *model = import(host, text, size);
	MlpgWriter *again;
	size_t		n = (size_t) model->schema->n_features;
	double	   *row = mlpg_allocate(host, n, sizeof(double)),
			   *out = mlpg_allocate(host, (size_t) model->n_outputs, sizeof(double));

	for (int r = 0; r < 3; r++)
	{
		for (size_t i = 0; i < n; i++)
			row[i] = r == 0 ? NAN : r - 1;
		model->learner->predict(model, row, 1, (int) n, out);
		for (int o = 0; o < model->n_outputs; o++)
			if (!isfinite(out[o]))
				abort();
	}
	if (model->learner->forest(model)->spec.counted)
		model->learner->explain(host, model, row, mlpg_allocate(host, (size_t) model->n_outputs * (n + 1), sizeof(double)));
	again = mlpg_lightgbm_write(host, model);
	import(host, (const char *) again->data, again->length);
}

FUZZ_TARGET(body)
