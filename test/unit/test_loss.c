/*-------------------------------------------------------------------------
 *
 * test_loss.c
 *	  The losses: gradients and hessians against differences of the values,
 *	  numbers of LightGBM, starts, domains, links.
 *
 * The golden gradients are what the formulas of LightGBM 4
 * (src/objective/regression_objective.hpp, binary_objective.hpp,
 * multiclass_objective.hpp) give, worked out in Python with 50 digits.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

#include "core/math/fixed.h"
#include "core/math/loss.h"

static MlpgLoss
make(MlpgHost *host, const char *name, double parameter)
{
	MlpgLossId	id = 0;

	CHECK(mlpg_loss_find(name, &id));
	return mlpg_loss_make(host, id, parameter, 3);
}

static double
value_at(const MlpgLoss *loss, double y, double score)
{
	double		out;

	mlpg_loss_values(loss, &y, &score, 1, 1, &out);
	return out;
}

/* What the gradient is of: the reported value times this. */
static double
value_factor(const MlpgLoss *loss)
{
	return loss->id == MLPG_LOSS_ID_squared ? 0.5 : 1;
}

/* The factor of the hessian over the second derivative. */
static double
hessian_factor(const MlpgLoss *loss)
{
	return loss->id == MLPG_LOSS_ID_poisson ? exp(loss->parameter) : 1;
}

/* Central differences at targets and scores where the loss is smooth. */
static void
test_differences(const char *name, double parameter, const double *y, int n_y)
{
	MlpgHost   *host = harness_host();
	MlpgLoss	loss = make(host, name, parameter);
	static const double scores[] = {-2.25, -0.7, -0.05, 0.1, 0.9, 1.85};

	for (int k = 0; k < n_y; k++)
		for (int s = 0; s < 6; s++)
		{
			double		f = scores[s],
						step = 1e-4,
						below = value_at(&loss, y[k], f - step) * value_factor(&loss),
						here = value_at(&loss, y[k], f) * value_factor(&loss),
						above = value_at(&loss, y[k], f + step) * value_factor(&loss);
			float		g,
						h;

			mlpg_loss_gradients(&loss, &y[k], NULL, &f, 1, 1, &g, &h);
			CHECK(fabs(g - (above - below) / (2 * step)) <= 1e-5 * (1 + fabs(g)));
			if (loss.constant_hessian)
				CHECK(h == 1);
			else if (loss.id == MLPG_LOSS_ID_linex && parameter * (y[k] - f) < 0)
			{
				/* the parabola through the optimum: (f - y) h = g; steeper than the loss */
				CHECK_CLOSE((f - y[k]) * h, g, 1e-6);
				CHECK(h >= (above - 2 * here + below) / (step * step) - 1e-5);
			}
			else
				CHECK(fabs(h / hessian_factor(&loss) - (above - 2 * here + below) / (step * step)) <= 1e-5 * (1 + fabs(h)));
			CHECK(h > 0);
		}
	harness_free(host);
}

static void
test_softmax_differences(void)
{
	MlpgHost   *host = harness_host();
	MlpgLoss	loss = make(host, "softmax", NAN);
	double		score[3 * 5];
	double		y[5] = {0, 1, 2, 1, 0};
	float		g[3 * 5],
				h[3 * 5];
	uint64_t	state = 4;

	for (int i = 0; i < 15; i++)
		score[i] = test_normal(&state);
	mlpg_loss_gradients(&loss, y, NULL, score, 5, 5, g, h);
	for (int i = 0; i < 5; i++)
		for (int k = 0; k < 3; k++)
		{
			double		values[3][5],
						step = 1e-4;

			for (int d = -1; d <= 1; d++)
			{
				score[k * 5 + i] += d * step;
				mlpg_loss_values(&loss, y, score, 5, 5, values[d + 1]);
				score[k * 5 + i] -= d * step;
			}
			CHECK(fabs(g[k * 5 + i] - (values[2][i] - values[0][i]) / (2 * step)) < 1e-6);
			/* K / (K - 1) times the second derivative */
			CHECK(fabs(h[k * 5 + i] - 1.5 * (values[2][i] - 2 * values[1][i] + values[0][i]) / (step * step)) < 1e-5);
		}
	harness_free(host);
}

static void
golden(MlpgHost *host, const char *name, double parameter, double y, double score, double g, double h, double value)
{
	MlpgLoss	loss = make(host, name, parameter);
	float		gradient,
				hessian;
	double		weight = 2,
				out;

	mlpg_loss_gradients(&loss, &y, NULL, &score, 1, 1, &gradient, &hessian);
	CHECK_CLOSE(gradient, g, 1.2e-7);
	CHECK_CLOSE(hessian, h, 1.2e-7);
	mlpg_loss_gradients(&loss, &y, &weight, &score, 1, 1, &gradient, &hessian);
	CHECK_CLOSE(gradient, 2 * g, 1.2e-7);
	CHECK_CLOSE(hessian, 2 * h, 1.2e-7);
	mlpg_loss_values(&loss, &y, &score, 1, 1, &out);
	CHECK_CLOSE(out, value, 1e-14);
}

static void
test_golden(void)
{
	MlpgHost   *host = harness_host();

#include "loss_golden.h"
	harness_free(host);
}

/* Values beyond any block length, and what overflows. */
static void
test_blocks(void)
{
	enum
	{
		N = 1000
	};
	MlpgHost   *host = harness_host();
	double		y[N],
				w[N],
				f[N],
				values[N];
	float		g[N],
				h[N];
	uint64_t	state = 8;

	for (int k = 0; k < mlpg_loss_count() - 1; k++)
	{
		MlpgLoss	loss = make(host, mlpg_loss_name(k), NAN);
		int			wrong = 0;

		for (int i = 0; i < N; i++)
		{
			y[i] = (double) (test_random(&state) % 2) + (loss.id == MLPG_LOSS_ID_gamma);
			w[i] = test_uniform(&state);
			f[i] = test_normal(&state);
		}
		mlpg_loss_gradients(&loss, y, w, f, N, N, g, h);
		mlpg_loss_values(&loss, y, f, N, N, values);
		for (int i = 0; i < N; i++)
		{
			float		one_g,
						one_h;

			mlpg_loss_gradients(&loss, &y[i], &w[i], &f[i], 1, 1, &one_g, &one_h);
			wrong += one_g != g[i] || one_h != h[i] || value_at(&loss, y[i], f[i]) != values[i];
		}
		CHECK_INT(wrong, 0);
		/* gradients stay finite wherever the score has gone */
		for (int i = 0; i < N; i++)
		{
			f[i] = (test_uniform(&state) - 0.5) * (i % 2 ? 1e5 : 1e300);
			w[i] = i % 3 ? w[i] : 0;
		}
		y[0] = loss.link == MLPG_LOSS_SIGMOID ? 1 : 1e308;
		mlpg_loss_gradients(&loss, y, w, f, N, N, g, h);
		for (int i = 0; i < N; i++)
			wrong += !isfinite(g[i]) || !isfinite(h[i]) || h[i] < 0 || (w[i] == 0 && (g[i] != 0 || h[i] != 0));
		CHECK_INT(wrong, 0);
	}
	harness_free(host);
}

/* The start is where no other constant is better. */
static void
test_initial(void)
{
	enum
	{
		N = 40001
	};
	double	   *y = malloc(N * sizeof(double)),
			   *w = malloc(N * sizeof(double)),
			   *f = malloc(N * sizeof(double));
	int		   *order = malloc(N * sizeof(int));
	static const struct
	{
		const char *name;
		double		parameter;
	}			cases[] = {
		{"squared", NAN}, {"absolute", NAN}, {"quantile", 0.9}, {"newsvendor", 0.25}, {"expectile", 0.8}, {"linex", 0.7},
		{"linex", -0.7}, {"poisson", NAN}, {"gamma", NAN}, {"tweedie", 1.3}, {"logistic", NAN}
	};

	test_shuffle(order, N, 3);
	for (int c = 0; c < 11; c++)
		for (int weighted = 0; weighted < 2; weighted++)
		{
			double		first = 0;
			uint64_t	state = 6;

			for (int i = 0; i < N; i++)
			{
				y[i] = strcmp(cases[c].name, "logistic") == 0 ? (double) (test_random(&state) % 3 == 0) : floor(-30 * log(1 - test_uniform(&state))) / 8 + 0.125;
				w[i] = (double) (test_random(&state) % 4) / 3;
			}
			for (int threads = 1; threads <= 8; threads *= 2)
			{
				MlpgHost   *host = harness_host_threads(threads, 0);
				MlpgLoss	loss = make(host, cases[c].name, cases[c].parameter);
				double		start,
							best;

				mlpg_loss_initial(host, &loss, y, weighted ? w : NULL, N, &start);
				if (threads == 1)
				{
					first = start;
					for (int d = -1; d <= 1; d++)
					{
						double		mean;

						for (int i = 0; i < N; i++)
							f[i] = start + d * 1e-3;
						mean = mlpg_loss_mean(host, &loss, y, weighted ? w : NULL, f, N, N);
						if (d == -1)
							best = mean;
						else if (d == 0)
						{
							CHECK(mean <= best);
							best = mean;
						}
						else
							CHECK(best <= mean);
					}
				}
				CHECK(start == first);
				CHECK_INT(host->in_use, 0);
				harness_free(host);
				/* other places for the rows */
				for (int i = 0; i < N; i++)
				{
					double		swap = y[i];

					y[i] = y[order[i]];
					y[order[i]] = swap;
					swap = w[i];
					w[i] = w[order[i]];
					w[order[i]] = swap;
				}
			}
		}
	free(y);
	free(w);
	free(f);
	free(order);
}

static void
test_initial_numbers(void)
{
	MlpgHost   *host = harness_host();
	double		y[] = {3, 1, 2, 10, 0},
				w[] = {1, 0, 2, 1, 4},
				codes[] = {0, 2, 2, 0, 0},
				huge[] = {1e308, 1.5e308, 1.7e308},
				start[3];
	MlpgLoss	loss = make(host, "squared", NAN);

	mlpg_loss_initial(host, &loss, y, NULL, 5, start);
	CHECK(start[0] == 3.2);
	mlpg_loss_initial(host, &loss, y, w, 5, start);
	CHECK(start[0] == 17.0 / 8);
	mlpg_loss_initial(host, &loss, huge, NULL, 3, start);
	CHECK_CLOSE(start[0], 1.4e308, 1e-15);
	loss = make(host, "absolute", NAN);
	mlpg_loss_initial(host, &loss, y, NULL, 5, start);
	CHECK(start[0] == 2);
	mlpg_loss_initial(host, &loss, y, w, 5, start);
	CHECK(start[0] == 0);		/* four of eight units of weight */
	loss = make(host, "quantile", 0.51);
	mlpg_loss_initial(host, &loss, y, w, 5, start);
	CHECK(start[0] == 2);
	loss = make(host, "quantile", 0.8);
	mlpg_loss_initial(host, &loss, y, NULL, 5, start);
	CHECK(start[0] == 3);
	loss = make(host, "poisson", NAN);
	mlpg_loss_initial(host, &loss, y, NULL, 5, start);
	CHECK(start[0] == log(3.2));
	loss = make(host, "softmax", NAN);
	mlpg_loss_initial(host, &loss, codes, NULL, 5, start);
	CHECK(start[0] == log(0.6) && start[1] == log(1e-15) && start[2] == log(0.4));
	mlpg_loss_initial(host, &loss, codes, w, 5, start);
	CHECK(start[0] == log(0.75) && start[1] == log(1e-15) && start[2] == log(0.25));
	loss = make(host, "logistic", NAN);
	mlpg_loss_initial(host, &loss, (double[]) {1, 1, 1}, NULL, 3, start);
	CHECK_CLOSE(start[0], log(1e15), 1e-15);
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, mlpg_loss_initial(host, &loss, y, (double[]) {0, 0, 0, 0, 0}, 5, start));
	harness_free(host);
}

static void
test_lower_quantile(void)
{
	double		x[25];
	int64_t		w[] = {0, 3, 1};

	/* 0.28 * 25 is above 7 as a double */
	for (int i = 0; i < 25; i++)
		x[i] = 24 - i;
	CHECK(mlpg_lower_quantile(x, NULL, 25, 0.28) == 6);
	CHECK(mlpg_lower_quantile(x, NULL, 25, 0.2801) == 7);
	CHECK(mlpg_lower_quantile(x, NULL, 25, 0) == 0);
	CHECK(mlpg_lower_quantile(x, NULL, 25, 1) == 24);
	CHECK(isnan(mlpg_lower_quantile(x, NULL, 0, 0.5)));
	CHECK(mlpg_lower_quantile((double[]) {-1, 5, 7}, w, 3, 0.75) == 5);
	CHECK(mlpg_lower_quantile((double[]) {-1, 5, 7}, (int64_t[]) {0, 3, 1}, 3, 0.76) == 7);
	CHECK(mlpg_lower_quantile((double[]) {-1, 5, 7}, (int64_t[]) {0, 3, 1}, 3, 0.01) == 5);
	CHECK(isnan(mlpg_lower_quantile((double[]) {1, 2}, (int64_t[]) {0, 0}, 2, 0.5)));
}

static void
refuse(MlpgHost *host, const char *name, double bad, const char *detail)
{
	MlpgLoss	loss = make(host, name, NAN);
	double		y[] = {1, bad, 1, bad};

	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, mlpg_loss_check_target(host, &loss, y, NULL, 4));
	CHECK(strstr(harness_message(host), "2 of 4 targets") != NULL);
	CHECK_TEXT(harness_detail(host), detail);
	CHECK_TEXT(mlpg_loss_refuses(&loss, bad), detail);
	CHECK(mlpg_loss_refuses(&loss, 1) == NULL);
}

static void
test_domains(void)
{
	MlpgHost   *host = harness_host();
	MlpgLoss	loss = make(host, "poisson", NAN);
	double		y[] = {0, 0, 2},
				w[] = {1, 1, 0};
	MlpgLossId	id;

	refuse(host, "squared", NAN, "The target must be a finite number.");
	refuse(host, "absolute", INFINITY, "The target must be a finite number.");
	refuse(host, "poisson", -0.5, "Loss \"poisson\" is for targets of 0 or more.");
	refuse(host, "tweedie", -1e-300, "Loss \"tweedie\" is for targets of 0 or more.");
	refuse(host, "gamma", 0, "Loss \"gamma\" is for targets above 0.");
	refuse(host, "logistic", 2, "Loss \"logistic\" is for two classes, coded 0 and 1.");
	refuse(host, "softmax", 3, "Loss \"softmax\" is for classes coded 0, 1, 2 and so on, below their number.");
	refuse(host, "softmax", 0.5, "Loss \"softmax\" is for classes coded 0, 1, 2 and so on, below their number.");
	mlpg_loss_check_target(host, &loss, y, NULL, 3);
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, mlpg_loss_check_target(host, &loss, y, w, 3));
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, mlpg_loss_check_target(host, &loss, y, NULL, 2));
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, make(host, "quantile", 1));
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, make(host, "linex", 0));
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, make(host, "tweedie", 2));
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, make(host, "huber", -1));
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, mlpg_loss_make(host, MLPG_LOSS_ID_softmax, NAN, 1));
	CHECK(!mlpg_loss_find("fair", &id));
	CHECK_INT(mlpg_loss_count(), 12);
	harness_free(host);
}

static void
test_links(void)
{
	double		score[] = {-800, -1, 0, 2, 800},
				three[] = {1, -1000, 2, 1, 3, 0};

	mlpg_loss_predict(MLPG_LOSS_IDENTITY, 1, 5, 5, score);
	CHECK(score[3] == 2);
	mlpg_loss_predict(MLPG_LOSS_SIGMOID, 1, 5, 5, score);
	CHECK(score[0] == 0 && score[2] == 0.5 && score[4] == 1);
	CHECK_CLOSE(score[3], 1 / (1 + exp(-2)), 1e-15);
	CHECK_CLOSE(mlpg_loss_raw(MLPG_LOSS_SIGMOID, score[3]), 2, 1e-14);
	score[0] = 3;
	mlpg_loss_predict(MLPG_LOSS_EXP, 1, 1, 1, score);
	CHECK_CLOSE(score[0], exp(3), 1e-15);
	CHECK_CLOSE(mlpg_loss_raw(MLPG_LOSS_EXP, score[0]), 3, 1e-15);
	/* two rows of three classes: (1, 2, 3) and (-1000, 1, 0) */
	mlpg_loss_predict(MLPG_LOSS_SOFTMAX, 3, 2, 2, three);
	CHECK_CLOSE(three[0] + three[2] + three[4], 1, 1e-15);
	CHECK_CLOSE(three[4] / three[2], exp(1), 1e-14);
	CHECK(three[1] == 0);
	CHECK_CLOSE(three[3], 1 / (1 + exp(-1)), 1e-15);
}

int
main(void)
{
	static const double any[] = {-1.3, 0.35, 2.2},
				counts[] = {0, 1, 5},
				positive[] = {0.3, 1.4, 4},
				classes[] = {0, 1};

	test_differences("squared", NAN, any, 3);
	test_differences("absolute", NAN, any, 3);
	test_differences("huber", 0.65, any, 3);
	test_differences("quantile", 0.8, any, 3);
	test_differences("newsvendor", 0.3, any, 3);
	test_differences("expectile", 0.85, any, 3);
	test_differences("linex", 1.2, any, 3);
	test_differences("linex", -0.4, any, 3);
	test_differences("poisson", NAN, counts, 3);
	test_differences("gamma", NAN, positive, 3);
	test_differences("tweedie", 1.4, counts, 3);
	test_differences("logistic", NAN, classes, 2);
	test_softmax_differences();
	test_golden();
	test_blocks();
	test_initial();
	test_initial_numbers();
	test_lower_quantile();
	test_domains();
	test_links();
	return harness_done();
}
