/*-------------------------------------------------------------------------
 *
 * loss_row.c
 *	  Values, gradients and hessians of the losses, row by row.
 *
 * With e = y - f, f the raw score, and tau the level:
 *
 *	 squared	e^2;  g = -e, h = 1 (of half the loss)
 *	 absolute	|e|;  g = sign(f - y), h = 1
 *	 huber		e^2/2 up to |e| = alpha, alpha (|e| - alpha/2) beyond (Huber 1964);  h = 1
 *	 quantile	max(tau e, (tau - 1) e) (Koenker and Bassett 1978);  g = 1 - tau where f >= y, else -tau;  h = 1
 *	 newsvendor the same: the cost over (underage + overage)
 *	 expectile	|tau - [e < 0]| e^2 (Newey and Powell 1987)
 *	 linex		exp(z) - 1 - z, z = a e within -50 .. 50 (Varian 1975)
 *	 poisson	exp(f) - y f
 *	 gamma		f + y exp(-f)
 *	 tweedie	-y exp((1 - p) f) / (1 - p) + exp((2 - p) f) / (2 - p) (Tweedie 1984)
 *	 logistic	log(1 + exp(-f)) for the class 1, log(1 + exp(f)) for 0
 *	 softmax	-log of the probability of the row's class
 *
 * Gradients and hessians are those of LightGBM (Ke et al. 2017) where it has the
 * loss: poisson's hessian is exp(max_delta_step) times the true one, softmax's
 * K / (K - 1) times.
 *
 * The hessian of linex where z < 0 is that of the parabola through the row's
 * optimum, a^2 (exp(z) - 1) / z, in place of a^2 exp(z): there the loss is a
 * straight line but for exp(z), and a Newton step would overshoot by exp(-z).
 *
 * Scores of the losses with a log link are cut at -700 and 700, so that no
 * exponential is infinite.  Cost: 0.3 to 3 ns a row.  Exponentials are those of
 * exp.c, so gradients are the same on every machine.
 *
 *-------------------------------------------------------------------------
 */
#include "core/math/loss_row.h"

#include "core/math/exp.h"

#define LOG_LIMIT 700.0
#define LINEX_LIMIT 50.0

static inline double
cut(double x, double limit)
{
	x = x > limit ? limit : x;
	return x < -limit ? -limit : x;
}

/* ---------- squared, absolute, huber ---------- */

static void
squared_gradients(const MlpgLoss *loss, const double *y, const double *score, int n, double *g, double *h)
{
	for (int i = 0; i < n; i++)
		g[i] = score[i] - y[i];
}

static void
squared_values(const MlpgLoss *loss, const double *y, const double *score, int n, int64_t stride, double *out)
{
	for (int i = 0; i < n; i++)
		out[i] = (y[i] - score[i]) * (y[i] - score[i]);
}

const MlpgLossRow mlpg_loss_row_squared = {NULL, squared_gradients, squared_values};

static void
absolute_gradients(const MlpgLoss *loss, const double *y, const double *score, int n, double *g, double *h)
{
	for (int i = 0; i < n; i++)
		g[i] = (score[i] > y[i]) - (score[i] < y[i]);
}

static void
absolute_values(const MlpgLoss *loss, const double *y, const double *score, int n, int64_t stride, double *out)
{
	for (int i = 0; i < n; i++)
		out[i] = fabs(y[i] - score[i]);
}

const MlpgLossRow mlpg_loss_row_absolute = {NULL, absolute_gradients, absolute_values};

static void
huber_gradients(const MlpgLoss *loss, const double *y, const double *score, int n, double *g, double *h)
{
	for (int i = 0; i < n; i++)
		g[i] = cut(score[i] - y[i], loss->parameter);
}

static void
huber_values(const MlpgLoss *loss, const double *y, const double *score, int n, int64_t stride, double *out)
{
	double		alpha = loss->parameter;

	for (int i = 0; i < n; i++)
	{
		double		e = fabs(y[i] - score[i]);

		out[i] = e <= alpha ? 0.5 * e * e : alpha * (e - 0.5 * alpha);
	}
}

const MlpgLossRow mlpg_loss_row_huber = {NULL, huber_gradients, huber_values};

/* ---------- quantile, newsvendor, expectile ---------- */

static void
quantile_gradients(const MlpgLoss *loss, const double *y, const double *score, int n, double *g, double *h)
{
	double		level = loss->parameter;

	for (int i = 0; i < n; i++)
		g[i] = score[i] >= y[i] ? 1 - level : -level;
}

static void
quantile_values(const MlpgLoss *loss, const double *y, const double *score, int n, int64_t stride, double *out)
{
	double		level = loss->parameter;

	for (int i = 0; i < n; i++)
	{
		double		e = y[i] - score[i];

		out[i] = e >= 0 ? level * e : (level - 1) * e;
	}
}

const MlpgLossRow mlpg_loss_row_quantile = {NULL, quantile_gradients, quantile_values};
const MlpgLossRow mlpg_loss_row_newsvendor = {NULL, quantile_gradients, quantile_values};

static void
expectile_gradients(const MlpgLoss *loss, const double *y, const double *score, int n, double *g, double *h)
{
	double		level = loss->parameter;

	for (int i = 0; i < n; i++)
	{
		double		slope = y[i] < score[i] ? 2 * (1 - level) : 2 * level;

		g[i] = slope * (score[i] - y[i]);
		h[i] = slope;
	}
}

static void
expectile_values(const MlpgLoss *loss, const double *y, const double *score, int n, int64_t stride, double *out)
{
	double		level = loss->parameter;

	for (int i = 0; i < n; i++)
		out[i] = (y[i] < score[i] ? 1 - level : level) * (y[i] - score[i]) * (y[i] - score[i]);
}

const MlpgLossRow mlpg_loss_row_expectile = {NULL, expectile_gradients, expectile_values};

/* ---------- linex ---------- */

/* z and exp(z) - 1, which is z + z^2/2 + ... where the difference would lose it. */
static void
linex_terms(const MlpgLoss *loss, const double *y, const double *score, int n, double *z, double *grown)
{
	for (int i = 0; i < n; i++)
		z[i] = cut(loss->parameter * (y[i] - score[i]), LINEX_LIMIT);
	mlpg_exp_block(z, n, grown);
	for (int i = 0; i < n; i++)
		grown[i] = fabs(z[i]) > 1e-3 ? grown[i] - 1 : z[i] * (1 + z[i] / 2 * (1 + z[i] / 3 * (1 + z[i] / 4 * (1 + z[i] / 5))));
}

static void
linex_gradients(const MlpgLoss *loss, const double *y, const double *score, int n, double *g, double *h)
{
	double		a = loss->parameter;
	double		z[MLPG_LOSS_BLOCK];

	linex_terms(loss, y, score, n, z, g);
	for (int i = 0; i < n; i++)
	{
		double		grown = g[i];

		g[i] = -a * grown;
		h[i] = a * a * (z[i] < 0 ? grown / z[i] : 1 + grown);
	}
}

static void
linex_values(const MlpgLoss *loss, const double *y, const double *score, int n, int64_t stride, double *out)
{
	double		z[MLPG_LOSS_BLOCK];

	linex_terms(loss, y, score, n, z, out);
	for (int i = 0; i < n; i++)
	{
		double		q = z[i];

		/* below 1e-3: z^2/2 + z^3/6 + ..., which the difference would lose */
		out[i] = fabs(q) > 1e-3 ? out[i] - q : q * q / 2 * (1 + q / 3 * (1 + q / 4 * (1 + q / 5)));
	}
}

const MlpgLossRow mlpg_loss_row_linex = {NULL, linex_gradients, linex_values};

/* ---------- poisson, gamma, tweedie ---------- */

static const char *
negative_refused(const MlpgLoss *loss, double y)
{
	return y >= 0 ? NULL : loss->id == MLPG_LOSS_ID_poisson ? "Loss \"poisson\" is for targets of 0 or more."
		: "Loss \"tweedie\" is for targets of 0 or more.";
}

static const char *
gamma_refused(const MlpgLoss *loss, double y)
{
	return y > 0 ? NULL : "Loss \"gamma\" is for targets above 0.";
}

/* exp(factor * score) */
static void
powers(double factor, const double *score, int n, double *out)
{
	for (int i = 0; i < n; i++)
		out[i] = factor * cut(score[i], LOG_LIMIT);
	mlpg_exp_block(out, n, out);
}

static void
poisson_gradients(const MlpgLoss *loss, const double *y, const double *score, int n, double *g, double *h)
{
	double		factor = mlpg_exp(loss->parameter);

	powers(1, score, n, g);
	for (int i = 0; i < n; i++)
	{
		h[i] = g[i] * factor;
		g[i] -= y[i];
	}
}

static void
poisson_values(const MlpgLoss *loss, const double *y, const double *score, int n, int64_t stride, double *out)
{
	powers(1, score, n, out);
	for (int i = 0; i < n; i++)
		out[i] -= y[i] * score[i];
}

const MlpgLossRow mlpg_loss_row_poisson = {negative_refused, poisson_gradients, poisson_values};

static void
gamma_gradients(const MlpgLoss *loss, const double *y, const double *score, int n, double *g, double *h)
{
	powers(-1, score, n, h);
	for (int i = 0; i < n; i++)
	{
		h[i] *= y[i];
		g[i] = 1 - h[i];
	}
}

static void
gamma_values(const MlpgLoss *loss, const double *y, const double *score, int n, int64_t stride, double *out)
{
	powers(-1, score, n, out);
	for (int i = 0; i < n; i++)
		out[i] = score[i] + y[i] * out[i];
}

const MlpgLossRow mlpg_loss_row_gamma = {gamma_refused, gamma_gradients, gamma_values};

static void
tweedie_gradients(const MlpgLoss *loss, const double *y, const double *score, int n, double *g, double *h)
{
	double		p = loss->parameter;

	powers(1 - p, score, n, g);
	powers(2 - p, score, n, h);
	for (int i = 0; i < n; i++)
	{
		double		first = y[i] * g[i],
					second = h[i];

		g[i] = second - first;
		h[i] = (2 - p) * second - (1 - p) * first;
	}
}

static void
tweedie_values(const MlpgLoss *loss, const double *y, const double *score, int n, int64_t stride, double *out)
{
	double		p = loss->parameter;
	double		second[MLPG_LOSS_BLOCK];

	powers(1 - p, score, n, out);
	powers(2 - p, score, n, second);
	for (int i = 0; i < n; i++)
		out[i] = second[i] / (2 - p) - y[i] * out[i] / (1 - p);
}

const MlpgLossRow mlpg_loss_row_tweedie = {negative_refused, tweedie_gradients, tweedie_values};

/* ---------- logistic, softmax ---------- */

static const char *
logistic_refused(const MlpgLoss *loss, double y)
{
	return y == 0 || y == 1 ? NULL : "Loss \"logistic\" is for two classes, coded 0 and 1.";
}

/* From exp(-|f|) in (0, 1], which never overflows. */
static void
logistic_gradients(const MlpgLoss *loss, const double *y, const double *score, int n, double *g, double *h)
{
	for (int i = 0; i < n; i++)
		g[i] = -fabs(score[i]);
	mlpg_exp_block(g, n, g);
	for (int i = 0; i < n; i++)
	{
		double		small = g[i] / (1 + g[i]),	/* probability of the less likely class */
					large = 1 / (1 + g[i]);

		h[i] = small * large;
		/* 1 - p of the row's own class, with the sign that moves towards it */
		g[i] = y[i] > 0 ? (score[i] > 0 ? -small : -large) : (score[i] > 0 ? large : small);
	}
}

static void
logistic_values(const MlpgLoss *loss, const double *y, const double *score, int n, int64_t stride, double *out)
{
	for (int i = 0; i < n; i++)
		out[i] = -fabs(score[i]);
	mlpg_exp_block(out, n, out);
	for (int i = 0; i < n; i++)
	{
		double		margin = y[i] > 0 ? score[i] : -score[i];

		out[i] = log1p(out[i]) + (margin < 0 ? -margin : 0);
	}
}

const MlpgLossRow mlpg_loss_row_logistic = {logistic_refused, logistic_gradients, logistic_values};

static const char *
softmax_refused(const MlpgLoss *loss, double y)
{
	return y >= 0 && y < loss->n_outputs && y == floor(y) ? NULL
		: "Loss \"softmax\" is for classes coded 0, 1, 2 and so on, below their number.";
}

static void
softmax_values(const MlpgLoss *loss, const double *y, const double *score, int n, int64_t stride, double *out)
{
	double		most[MLPG_LOSS_BLOCK],
				grown[MLPG_LOSS_BLOCK];

	for (int i = 0; i < n; i++)
	{
		most[i] = score[i];
		out[i] = 0;
	}
	for (int k = 1; k < loss->n_outputs; k++)
		for (int i = 0; i < n; i++)
			most[i] = score[k * stride + i] > most[i] ? score[k * stride + i] : most[i];
	for (int k = 0; k < loss->n_outputs; k++)
	{
		for (int i = 0; i < n; i++)
			grown[i] = score[k * stride + i] - most[i];
		mlpg_exp_block(grown, n, grown);
		for (int i = 0; i < n; i++)
			out[i] += grown[i];
	}
	for (int i = 0; i < n; i++)
		out[i] = log(out[i]) - (score[(int64_t) y[i] * stride + i] - most[i]);
}

const MlpgLossRow mlpg_loss_row_softmax = {softmax_refused, NULL, softmax_values};
