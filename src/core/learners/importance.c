/*-------------------------------------------------------------------------
 *
 * importance.c
 *	  Which features a model's answers to given rows depend on.
 *
 * Two questions of the same rows:
 *
 *	 shap			how far does a feature move the raw score?  The mean absolute value of its
 *					contributions (Lundberg, Erion and Lee 2018), which each learner explains
 *					its scores by.
 *	 permutation	how much worse does the model judge itself when the feature says nothing?  The values of
 *					the one column are dealt among the rows anew, which breaks what they have to do
 *					with the target and leaves their distribution (Breiman 2001); the metric's loss, as a mean over
 *					repeats.  It is 0 or a little below for a feature that does not help, and is told by what a
 *					column adds: of two columns that say the same each may look dispensable.
 *
 * Rows are taken in the order of hashes of their contents, and dealt by draws from the seed,
 * the feature and the repeat (Fisher and Yates 1938): the answer depends on the rows, not on their order.
 *
 * Columns made by preprocessing count for the columns that they were made of: those are permuted, and get their shares
 * of contributions.
 *
 * Cost: shap, an explanation a row; permutation, features x repeats + 1 predictions a row.
 * Memory: the outputs of the rows once, 16 bytes a row, and the judge's columns.
 *
 * NULL: a missing value is dealt like any other.  Rows without an answer are left out.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/importance.h"

#include "core/math/sort.h"
#include "core/matrix/sample.h"

#define BLOCK 256				/* rows answered at once */
#define ROWS_A_CHECK 65536

/* ---------- rows, in an order of their own ---------- */

/* Positions of the rows by identity; equal identities are equal rows. */
static int64_t *
order_of(MlpgHost *host, const MlpgAskedRows *asked)
{
	double	   *key = mlpg_allocate(host, (size_t) asked->n + 1, sizeof(double));
	int64_t    *order = mlpg_allocate(host, (size_t) asked->n + 1, sizeof(int64_t));

	for (int64_t i = 0; i < asked->n; i++)
	{
		key[i] = (double) (asked->identity[i] >> 11);
		order[i] = i;
	}
	mlpg_sort(host, key, order, asked->n);
	mlpg_release(host, key);
	return order;
}

/* A row as the learner scores it, in made where columns are made of others. */
static const double *
scored_row(const MlpgModel *model, const double *row, double *made)
{
	if (model->schema->preprocess == NULL)
		return row;
	mlpg_preprocess_row(model->schema->preprocess, row, made);
	return made;
}

/* ---------- contributions ---------- */

static void
add_sizes(const MlpgModel *model, const double *contribution, double *own, double *value)
{
	int			n = model->input->n_features;

	if (model->schema->preprocess != NULL)
	{
		mlpg_preprocess_share(model->schema->preprocess, contribution, own);
		contribution = own;
	}
	for (int i = 0; i < n; i++)
		value[i] += fabs(contribution[i]);
}

void
mlpg_importance_shap(MlpgHost *host, const MlpgAskedRows *asked, double *value)
{
	const MlpgModel *model = asked->model;
	size_t		width = (size_t) model->schema->n_features + 1;
	int64_t    *order = order_of(host, asked);
	double	   *made = mlpg_allocate(host, width + 1, sizeof(double));
	double	   *all = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) model->n_outputs, width), sizeof(double));
	double	   *own = mlpg_allocate(host, (size_t) model->input->n_features + 1, sizeof(double));
	bool		one_output = model->schema->classes == NULL && model->main_output >= 0;
	int64_t		n = 0;

	memset(value, 0, (size_t) model->input->n_features * sizeof(double));
	for (int64_t i = 0; i < asked->n; i++)
	{
		mlpg_check(host, "explaining", i, asked->n);
		model->learner->explain(host, model, scored_row(model, asked->row + order[i] * asked->stride, made), all);
		if (isnan(all[width - 1]))
			continue;
		n++;
		for (int o = 0; o < model->n_outputs; o++)
			if (!one_output || o == model->main_output)
				add_sizes(model, all + (size_t) o * width, own, value);
	}
	for (int i = 0; i < model->input->n_features; i++)
		value[i] = n > 0 ? value[i] / (double) n : 0;
}

/* ---------- permutations ---------- */

/* What is asked again and again. */
typedef struct Trial
{
	MlpgHost   *host;
	const MlpgAskedRows *asked;
	const int64_t *order;
	MlpgJudge	judge;			/* of one metric; none: mean pinball loss */
	int64_t    *deal;			/* whose value a row gets, as places in order */
	double	   *from;			/* BLOCK rows as they come */
	double	   *made;			/* BLOCK rows as the learner scores them */
	double	   *out;			/* BLOCK rows of outputs */
	double	   *actual;			/* n, in order */
	double	   *yhat;			/* n */
	MlpgClassRows *rows;		/* of a classifier */
	double	   *pinball;		/* n_outputs sums */
} Trial;

static Trial *
start(MlpgHost *host, const MlpgAskedRows *asked, const MlpgMetric *metric, const double *parameters)
{
	const MlpgModel *model = asked->model;
	Trial	   *t = mlpg_allocate(host, 1, sizeof(Trial));
	size_t		n = (size_t) asked->n;

	t->host = host;
	t->asked = asked;
	t->order = order_of(host, asked);
	if (metric != NULL)
	{
		t->judge.n = 1;
		t->judge.metric[0] = metric;
		memcpy(t->judge.parameters[0], parameters, sizeof(t->judge.parameters[0]));
	}
	t->deal = mlpg_allocate(host, n + 1, sizeof(int64_t));
	t->from = mlpg_allocate(host, mlpg_size_multiply(host, BLOCK, (size_t) asked->stride + 1), sizeof(double));
	t->made = mlpg_allocate(host, mlpg_size_multiply(host, BLOCK, (size_t) mlpg_schema_columns(model->schema) + 1), sizeof(double));
	t->out = mlpg_allocate(host, mlpg_size_multiply(host, BLOCK, (size_t) model->n_outputs), sizeof(double));
	t->pinball = mlpg_allocate(host, (size_t) model->n_outputs, sizeof(double));
	if (model->schema->classes != NULL)
	{
		t->rows = mlpg_class_rows_create(host, asked->n, mlpg_schema_classes(model->schema));
		t->rows->event = mlpg_schema_classes(model->schema) == 2 ? mlpg_schema_event(model->schema) : 1;
		return t;
	}
	t->actual = mlpg_allocate(host, n + 1, sizeof(double));
	t->yhat = mlpg_allocate(host, n + 1, sizeof(double));
	for (int64_t i = 0; i < asked->n; i++)
		t->actual[i] = asked->target[t->order[i]];
	return t;
}

static double
pinball_loss(double actual, double q, double level)
{
	return actual >= q ? level * (actual - q) : (1 - level) * (q - actual);
}

/* Keeps what the metric reads of the outputs for the row at a place. */
static void
keep_answer(Trial *t, int64_t place, double *out)
{
	const MlpgModel *model = t->asked->model;

	if (t->rows != NULL)
	{
		int			n_classes = t->rows->n_classes;
		double		actual = t->asked->target[t->order[place]];
		int			class = actual < n_classes ? (int) actual : -1;

		t->rows->actual[place] = class;
		t->rows->predicted[place] = mlpg_model_class(model, out);
		t->rows->p[place] = isnan(out[0]) ? NAN : class < 0 ? 0 : mlpg_model_probability(model, out, class);
		if (t->rows->second != NULL)
			t->rows->second[place] = out[0];
	}
	else if (t->judge.n > 0)
		t->yhat[place] = mlpg_model_answer(model, out);
	else
	{
		mlpg_model_arrange(model, out);
		for (int o = 0; o < model->n_outputs; o++)
			t->pinball[o] += pinball_loss(t->actual[place], out[o], model->levels[o]);
	}
}

/* Answers rows first .. first + m with the feature's values as they were dealt (-1: as they are). */
static void
answer_block(Trial *t, int feature, int64_t first, int m)
{
	const MlpgAskedRows *asked = t->asked;
	const MlpgModel *model = asked->model;
	int			columns = mlpg_schema_columns(model->schema);
	int			stride = asked->stride;
	double	   *scored = model->schema->preprocess == NULL ? t->from : t->made;

	for (int i = 0; i < m; i++)
	{
		double	   *row = t->from + (size_t) i * (size_t) stride;

		memcpy(row, asked->row + t->order[first + i] * stride, (size_t) stride * sizeof(double));
		if (feature >= 0)
			row[feature] = asked->row[t->order[t->deal[first + i]] * stride + feature];
		if (scored == t->made)
			mlpg_preprocess_row(model->schema->preprocess, row, t->made + (size_t) i * (size_t) columns);
	}
	model->learner->predict(model, scored, m, scored == t->made ? columns : stride, t->out);
	for (int i = 0; i < m; i++)
		keep_answer(t, first + i, t->out + (size_t) i * (size_t) model->n_outputs);
}

/* The metric on all rows. */
static double
judged(Trial *t, int feature, int64_t done, int64_t total)
{
	int64_t		n = t->asked->n;
	int			n_outputs = t->asked->model->n_outputs;
	double		value = 0;

	memset(t->pinball, 0, (size_t) n_outputs * sizeof(double));
	for (int64_t first = 0; first < n; first += BLOCK)
	{
		mlpg_check(t->host, "judging", done, total);
		answer_block(t, feature, first, n - first < BLOCK ? (int) (n - first) : BLOCK);
	}
	if (t->rows != NULL)
	{
		MlpgClassRows rows = *t->rows;

		(void) mlpg_class_rows_keep_answered(&rows);
		return mlpg_judge_class_metric(t->host, t->judge.metric[0], &rows);
	}
	if (t->judge.n > 0)
	{
		mlpg_judge_rows(t->host, &t->judge, t->actual, t->yhat, n, &value);
		return value;
	}
	for (int o = 0; o < n_outputs; o++)
		value += t->pinball[o] / (double) n / n_outputs;
	return value;
}

/* Deals the rows: every order is as likely as any other. */
static void
deal(Trial *t, uint64_t seed, int feature, int repeat)
{
	uint64_t	identity = mlpg_sample_mix(mlpg_sample_mix(seed) ^ mlpg_sample_mix((uint64_t) feature * UINT64_C(0x100000001) + (uint64_t) repeat + 1));

	for (int64_t i = 0; i < t->asked->n; i++)
	{
		int64_t		k = (int64_t) (((unsigned __int128) mlpg_sample_draw(identity, (uint64_t) i) * (uint64_t) (i + 1)) >> 64);

		t->deal[i] = t->deal[k];
		t->deal[k] = i;
		if (i % ROWS_A_CHECK == 0)
			mlpg_check(t->host, NULL, 0, 0);
	}
}

/* By how much a value of the metric is worse than another. */
static double
worse_by(const MlpgMetric *metric, double value, double than)
{
	if (metric != NULL && metric->goal == MLPG_GOAL_HIGHER)
		return than - value;
	if (metric != NULL && metric->goal == MLPG_GOAL_ZERO)
		return fabs(value) - fabs(than);
	return value - than;
}

void
mlpg_importance_permutation(MlpgHost *host, const MlpgAskedRows *asked, const MlpgMetric *metric, const double *parameters,
							int repeats, uint64_t seed, double *value, double *stddev)
{
	Trial	   *t = start(host, asked, metric, parameters);
	int			n_features = asked->model->input->n_features;
	int64_t		total = 1 + (int64_t) n_features * repeats;
	double		plain = judged(t, -1, 0, total);
	double	   *worse = mlpg_allocate(host, (size_t) repeats, sizeof(double));

	for (int f = 0; f < n_features; f++)
	{
		double		sum = 0,
					squares = 0;

		for (int r = 0; r < repeats; r++)
		{
			deal(t, seed, f, r);
			worse[r] = worse_by(metric, judged(t, f, 1 + (int64_t) f * repeats + r, total), plain);
			sum += worse[r];
		}
		value[f] = sum / repeats;
		for (int r = 0; r < repeats; r++)
			squares += (worse[r] - value[f]) * (worse[r] - value[f]);
		stddev[f] = repeats > 1 ? sqrt(squares / (repeats - 1)) : NAN;
	}
}
