/*-------------------------------------------------------------------------
 *
 * test_quantile_forest.c
 *	  Quantiles of random forests: by their definition, of a sample of what leaves
 *	  hold, and their coverage of fresh rows.
 *
 *-------------------------------------------------------------------------
 */
#include "forests.h"

/* One tree of two leaves: their order statistics. */
static void
test_order_statistics(void)
{
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = plan_of_tree(host, 1, NULL, true);
	double		rows[3 * 40],
				out[3];
	static const double left = 0,
				right = 1;
	MlpgModel  *model;

	set(host, plan, "num_leaves", "2");
	set(host, plan, "quantile", "0.5,0.9,0.25");
	for (int i = 0; i < 40; i++)
	{
		rows[3 * i] = i < 20;
		rows[3 * i + 1] = (i < 20 ? 100 : 0) + i * 7 % 20;
		/* on the left weights 1 and 0: the values 0 .. 9 alone; on the right all the same */
		rows[3 * i + 2] = i < 20 ? 1 : i * 7 % 20 < 10;
	}
	model = fit(host, plan, rows, 40);
	CHECK_INT(model->n_outputs, 3);
	CHECK_INT(model->main_output, 1);
	model->learner->predict(model, &right, 1, 1, out);
	CHECK(out[0] == 104);		/* the 5th of 20 */
	CHECK(out[1] == 109);
	CHECK(out[2] == 117);
	model->learner->predict(model, &left, 1, 1, out);
	CHECK(out[0] == 2);			/* the 3rd of 10: 2.5 rounded up */
	CHECK(out[1] == 4);
	CHECK(out[2] == 8);
	EXPECT_RAISE(host, MLPG_NOT_SUPPORTED, model->learner->explain(host, model, &left, out));
	harness_free(host);
}

/* 64 rows of a leaf are kept: a sample whose quantiles are near. */
static void
test_kept_sample(void)
{
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = test_plan(host, "random_forest", 1, NULL, false);
	double	   *rows = mlpg_allocate(host, 2 * 20000, sizeof(double));
	uint64_t	random = 17;
	MlpgModel  *model;
	double		out[2],
				zero = 0;

	for (int i = 0; i < 20000; i++)
	{
		rows[2 * i] = test_uniform(&random) < 0.5;
		rows[2 * i + 1] = test_uniform(&random);
	}
	set(host, plan, "quantile", "0.2,0.7");
	model = fit(host, plan, rows, 20000);
	model->learner->predict(model, &zero, 1, 1, out);
	CHECK(fabs(out[0] - 0.2) < 0.03);
	CHECK(fabs(out[1] - 0.7) < 0.03);
	CHECK(model->n_bytes < 400000);
	harness_free(host);
}

/* Shares of fresh rows below the quantiles, where the spread depends on x. */
static void
test_coverage(void)
{
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = test_plan(host, "random_forest", 2, NULL, false);
	double	   *rows = mlpg_allocate(host, 3 * 20000, sizeof(double));
	uint64_t	random = 27;
	int			below[3] = {0, 0, 0};
	MlpgModel  *model;

	for (int i = 0; i < 20000; i++)
	{
		rows[3 * i] = test_uniform(&random);
		rows[3 * i + 1] = test_uniform(&random);
		rows[3 * i + 2] = 3 * rows[3 * i] + (0.2 + rows[3 * i + 1]) * test_normal(&random);
	}
	set(host, plan, "quantile", "0.1,0.5,0.9");
	set(host, plan, "feature_fraction_bynode", "1");
	set(host, plan, "min_data_in_leaf", "20");
	model = fit(host, plan, rows, 10000);
	for (int i = 10000; i < 20000; i++)
	{
		double		out[3];

		model->learner->predict(model, rows + 3 * i, 1, 2, out);
		for (int k = 0; k < 3; k++)
			below[k] += rows[3 * i + 2] <= out[k];
	}
	CHECK(abs(below[0] - 1000) < 300);
	CHECK(abs(below[1] - 5000) < 300);
	CHECK(abs(below[2] - 9000) < 300);
	harness_free(host);
}

int
main(void)
{
	test_order_statistics();
	test_kept_sample();
	test_coverage();
	return harness_done();
}
