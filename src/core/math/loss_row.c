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
 * An exponential may be infinite, a difference of two never is one of infinities.
 * Exponentials are those of exp.c, so gradients are the same on every machine.
 *
 * Blocks always have the same number of rows and do not overlap, which compilers
 * need to know before they use vectors.  Cost: 1 to 5 ns a row.
 *
 *-------------------------------------------------------------------------
 */
#include "core/math/loss_row.h"

#include "core/math/exp.h"

#define BLOCK MLPG_LOSS_BLOCK
#define LINEX_LIMIT 50.0

static inline double
cut(double x, double limit)
{
	x = x > limit ? limit : x;
	return x < -limit ? -limit : x;
}

/* ---------- squared, absolute, huber ---------- */

static void
squared_gradients(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict g, double *restrict h)
{
	for (int i = 0; i < BLOCK; i++)
		g[i] = score[i] - y[i];
}

static void
squared_values(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict out)
{
	for (int i = 0; i < BLOCK; i++)
		out[i] = (y[i] - score[i]) * (y[i] - score[i]);
}

const MlpgLossRow mlpg_loss_row_squared = {NULL, squared_gradients, squared_values};

static void
absolute_gradients(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict g, double *restrict h)
{
	for (int i = 0; i < BLOCK; i++)
	{
		double		e = score[i] - y[i],
					sign = e > 0 ? 1 : 0;

		g[i] = e < 0 ? -1 : sign;
	}
}

static void
absolute_values(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict out)
{
	for (int i = 0; i < BLOCK; i++)
		out[i] = fabs(y[i] - score[i]);
}

const MlpgLossRow mlpg_loss_row_absolute = {NULL, absolute_gradients, absolute_values};

static void
huber_gradients(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict g, double *restrict h)
{
	for (int i = 0; i < BLOCK; i++)
		g[i] = cut(score[i] - y[i], loss->parameter);
}

static void
huber_values(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict out)
{
	double		alpha = loss->parameter;

	for (int i = 0; i < BLOCK; i++)
	{
		double		e = fabs(y[i] - score[i]),
					near = 0.5 * e * e,
					far = alpha * (e - 0.5 * alpha);

		out[i] = e <= alpha ? near : far;
	}
}

const MlpgLossRow mlpg_loss_row_huber = {NULL, huber_gradients, huber_values};

/* ---------- quantile, newsvendor, expectile ---------- */

static void
quantile_gradients(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict g, double *restrict h)
{
	double		over = 1 - loss->parameter,
				under = -loss->parameter;

	for (int i = 0; i < BLOCK; i++)
		g[i] = score[i] >= y[i] ? over : under;
}

static void
quantile_values(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict out)
{
	double		level = loss->parameter;

	for (int i = 0; i < BLOCK; i++)
	{
		double		e = y[i] - score[i],
					under = level * e,
					over = (level - 1) * e;

		out[i] = under > over ? under : over;
	}
}

const MlpgLossRow mlpg_loss_row_quantile = {NULL, quantile_gradients, quantile_values};
const MlpgLossRow mlpg_loss_row_newsvendor = {NULL, quantile_gradients, quantile_values};

static void
expectile_gradients(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict g, double *restrict h)
{
	double		over = 2 * (1 - loss->parameter),
				under = 2 * loss->parameter;

	for (int i = 0; i < BLOCK; i++)
	{
		double		slope = y[i] < score[i] ? over : under;

		g[i] = slope * (score[i] - y[i]);
		h[i] = slope;
	}
}

static void
expectile_values(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict out)
{
	double		over = 1 - loss->parameter,
				under = loss->parameter;

	for (int i = 0; i < BLOCK; i++)
	{
		double		factor = y[i] < score[i] ? over : under;

		out[i] = factor * (y[i] - score[i]) * (y[i] - score[i]);
	}
}

const MlpgLossRow mlpg_loss_row_expectile = {NULL, expectile_gradients, expectile_values};

/* ---------- linex ---------- */

/* z and exp(z) - 1, which is z + z^2/2 + ... where the difference would lose it. */
static void
linex_terms(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict z, double *restrict grown)
{
	for (int i = 0; i < BLOCK; i++)
		z[i] = cut(loss->parameter * (y[i] - score[i]), LINEX_LIMIT);
	mlpg_exp_block(z, BLOCK, grown);
	for (int i = 0; i < BLOCK; i++)
	{
		double		q = z[i],
					far = grown[i] - 1,
					near = q * (1 + q * (1.0 / 2 + q * (1.0 / 6 + q * (1.0 / 24 + q / 120))));

		grown[i] = fabs(q) > 1e-3 ? far : near;
	}
}

static void
linex_gradients(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict g, double *restrict h)
{
	double		a = loss->parameter;
	double		z[BLOCK];

	linex_terms(loss, y, score, z, g);
	for (int i = 0; i < BLOCK; i++)
	{
		double		grown = g[i],
					exact = 1 + grown,
					secant = grown / z[i];

		g[i] = -a * grown;
		h[i] = z[i] < 0 ? secant : exact;
		h[i] = a * a * h[i];
	}
}

static void
linex_values(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict out)
{
	double		z[BLOCK];

	linex_terms(loss, y, score, z, out);
	for (int i = 0; i < BLOCK; i++)
	{
		/* below 1e-3: z^2/2 + z^3/6 + ..., which the difference would lose */
		double		q = z[i],
					far = out[i] - q,
					near = q * q * (1.0 / 2 + q * (1.0 / 6 + q * (1.0 / 24 + q / 120)));

		out[i] = fabs(q) > 1e-3 ? far : near;
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

static void
scaled_exp(double factor, const double *restrict score, double *restrict out)
{
	for (int i = 0; i < BLOCK; i++)
		out[i] = factor * score[i];
	mlpg_exp_block(out, BLOCK, out);
}

static void
poisson_gradients(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict g, double *restrict h)
{
	double		factor = mlpg_exp(loss->parameter);

	mlpg_exp_block(score, BLOCK, g);
	for (int i = 0; i < BLOCK; i++)
	{
		h[i] = g[i] * factor;
		g[i] -= y[i];
	}
}

static void
poisson_values(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict out)
{
	mlpg_exp_block(score, BLOCK, out);
	for (int i = 0; i < BLOCK; i++)
		out[i] -= y[i] * score[i];
}

const MlpgLossRow mlpg_loss_row_poisson = {negative_refused, poisson_gradients, poisson_values};

static void
gamma_gradients(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict g, double *restrict h)
{
	scaled_exp(-1, score, h);
	for (int i = 0; i < BLOCK; i++)
	{
		h[i] *= y[i];
		g[i] = 1 - h[i];
	}
}

static void
gamma_values(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict out)
{
	scaled_exp(-1, score, out);
	for (int i = 0; i < BLOCK; i++)
		out[i] = score[i] + y[i] * out[i];
}

const MlpgLossRow mlpg_loss_row_gamma = {gamma_refused, gamma_gradients, gamma_values};

static void
tweedie_gradients(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict g, double *restrict h)
{
	double		p = loss->parameter;

	scaled_exp(1 - p, score, g);
	scaled_exp(2 - p, score, h);
	for (int i = 0; i < BLOCK; i++)
	{
		double		first = y[i] * g[i],
					second = h[i];

		first = y[i] > 0 ? first : 0;	/* the other factor may be infinite */

		g[i] = second - first;
		h[i] = (2 - p) * second - (1 - p) * first;
	}
}

static void
tweedie_values(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict out)
{
	double		p = loss->parameter;
	double		second[BLOCK];

	scaled_exp(1 - p, score, out);
	scaled_exp(2 - p, score, second);
	for (int i = 0; i < BLOCK; i++)
	{
		double		first = y[i] * out[i] / (1 - p);

		first = y[i] > 0 ? first : 0;
		out[i] = second[i] / (2 - p) - first;
	}
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
logistic_gradients(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict g, double *restrict h)
{
	for (int i = 0; i < BLOCK; i++)
		g[i] = -fabs(score[i]);
	mlpg_exp_block(g, BLOCK, g);
	for (int i = 0; i < BLOCK; i++)
	{
		double		large = 1 / (1 + g[i]), /* probability of the likelier class */
					small = g[i] * large;

		h[i] = small * large;
		/* p, less 1 in class 1 */
		double		p = score[i] > 0 ? large : small,
					rest = score[i] > 0 ? small : large,
					towards = -rest;

		g[i] = y[i] > 0 ? towards : p;
	}
}

static void
logistic_values(const MlpgLoss *loss, const double *restrict y, const double *restrict score, double *restrict out)
{
	for (int i = 0; i < BLOCK; i++)
		out[i] = -fabs(score[i]);
	mlpg_exp_block(out, BLOCK, out);
	mlpg_log_one_plus_block(out, BLOCK);
	for (int i = 0; i < BLOCK; i++)
	{
		double		f = score[i],
					turned = -f,
					wrong = y[i] > 0 ? turned : f;	/* how far on the side of the other class */

		wrong = wrong > 0 ? wrong : 0;
		out[i] += wrong;
	}
}

const MlpgLossRow mlpg_loss_row_logistic = {logistic_refused, logistic_gradients, logistic_values};

static const char *
softmax_refused(const MlpgLoss *loss, double y)
{
	return y >= 0 && y < loss->n_outputs && y == floor(y) ? NULL
		: "Loss \"softmax\" is for classes coded 0, 1, 2 and so on, below their number.";
}

const MlpgLossRow mlpg_loss_row_softmax = {softmax_refused, NULL, NULL};
