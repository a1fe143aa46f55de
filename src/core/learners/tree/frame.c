/*-------------------------------------------------------------------------
 *
 * frame.c
 *	  What stands around the growing of trees in every learner of them: parameters
 *	  that mean the same, bins, and the memory that is asked for first.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/frame.h"

void
mlpg_tree_read_rules(const MlpgParams *params, MlpgSplitRules *rules)
{
	rules->min_gain_to_split = mlpg_params_real(params, "min_gain_to_split");
	rules->max_cat_to_onehot = (int) mlpg_params_integer(params, "max_cat_to_onehot");
	rules->max_cat_threshold = (int) mlpg_params_integer(params, "max_cat_threshold");
	rules->cat_smooth = mlpg_params_real(params, "cat_smooth");
	rules->cat_l2 = mlpg_params_real(params, "cat_l2");
	rules->min_data_per_group = mlpg_params_real(params, "min_data_per_group");
}

MlpgBins *
mlpg_tree_make_bins(const MlpgTraining *training, const uint64_t *identity, const uint8_t *left_out)
{
	const MlpgParams *params = training->plan->params;
	MlpgBinOptions options = {
		.max_bin = (int) mlpg_params_integer(params, "max_bin"),
		.min_data_in_bin = (int) mlpg_params_integer(params, "min_data_in_bin"),
		.zero_as_missing = mlpg_params_boolean(params, "zero_as_missing"),
		.identity = identity,
		.left_out = left_out,
	};

	if (training->n_rows > INT32_MAX)
		mlpg_raise(training->host, MLPG_LIMIT_EXCEEDED, NULL, "Train on a sample of the rows.", "trees take at most %d rows", INT32_MAX);
	return mlpg_bins_create(training->host, training->matrix, training->schema, &options);
}

void
mlpg_tree_check_memory(const MlpgTraining *training, size_t needed, const char *hint)
{
	MlpgHost   *host = training->host;

	if (host->budget > 0 && mlpg_size_add(host, host->in_use, needed) > host->budget)
		mlpg_raise(host, MLPG_LIMIT_EXCEEDED,
				   mlpg_text(host, "Growing trees on %lld rows needs %zu MB beside the %zu MB in use; mlpg.max_memory is %zu MB.",
							 (long long) training->n_rows, needed >> 20, host->in_use >> 20, host->budget >> 20),
				   hint, "%s needs more memory than allowed", training->plan->learner->name);
}
