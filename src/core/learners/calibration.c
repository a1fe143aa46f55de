/*-------------------------------------------------------------------------
 *
 * calibration.c
 *	  Split-conformal calibration: rows kept apart from the fit say how far off
 *	  the model is on rows that it has not seen.
 *
 * Problem.  An interval that holds the target of a new row with a stated
 * probability, whatever the learner and whatever the distribution, as long as
 * the new row is exchangeable with those kept apart.
 *
 * Method (Papadopoulos et al. 2002; Lei et al. 2018).  The model is fitted without
 * a share of the rows.  Each of these n rows gets a score, how far its target is
 * outside of [lower, upper]: max(lower - y, y - upper), negative inside.  The
 * interval of a new row is [lower - q, upper + q], q the k-th smallest score with k
 * = ceil((n + 1) coverage): it covers with probability k / (n + 1) at least, and
 * at most 1 / (n + 1) more where scores do not tie.  With k > n no finite interval
 * does, and none is given.  Where lower = upper = prediction the score is the
 * absolute residual; where they are two quantiles of a quantile model this is
 * conformalised quantile regression (Romano, Patterson and Candes 2019), whose
 * intervals have the widths of the quantiles.  Any pair of quantiles is valid
 * for any coverage; the pair whose levels are nearest to it is the narrowest,
 * so scores of all pairs that are nested around the median are kept.
 *
 * Which rows.  The k-th of equal rows is kept apart by a hash of its content, k and
 * the seed (sample.c): the same rows in any order and any parallel plan, and
 * equal rows are shared out like all others; a hash of the content alone would put all
 * of them on one side, and where targets are few different numbers the rows apart
 * would not be like the others.  So all rows must be there, and a single-pass
 * learner keeps them as others do.  Rows of weight 0 and validation rows
 * stay out of it.  If fewer rows than the learner needs would remain, none is kept
 * apart.  Everything, dictionaries and means too, is fitted on what remains.
 *
 * Beyond 4,096 scores every (n / 4,096)-th is kept and ranks are rounded up, so a
 * model grows by 32 kB a pair at most; coverage by 1 / 4,096.
 *
 * Rows without a prediction (a category that the rest does not have) have no
 * score: such a row has no interval either.
 *
 * Cost: one pass that deals the rows out, one prediction of each row apart and a sort.
 * Memory: all rows, in chunks that are given back as they are dealt.
 * Determinism: as the learner; the choice of rows is order-free.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/calibration.h"

#include <float.h>

#include "core/learners/score_rows.h"
#include "core/matrix/sample.h"
#include "core/math/sort.h"

#define WARN_COVERAGE 0.8		/* the usual one: below the rows that it needs there is a warning */

/* ---------- scores ---------- */

static int
pair_count(const MlpgModel *model)
{
	return model->n_outputs > 1 ? model->n_outputs / 2 : 1;
}

int64_t
mlpg_calibration_rows_needed(double coverage)
{
	/* k <= n where (n + 1) coverage <= n; a product a rounding above a whole number is that number */
	return (int64_t) ceil(coverage / (1 - coverage) * (1 - 1e-12));
}

double
mlpg_calibration_margin(const MlpgCalibration *c, int pair, double coverage)
{
	double		rank = ceil((double) (c->n + 1) * coverage * (1 - 1e-12));
	int64_t		k = rank < 1 ? 1 : (int64_t) rank;

	if (k > c->n)
		return NAN;
	/* score i (from 0) has rank ceil((i + 1) n / n_kept): the first whose rank is k or more */
	return c->score[(int64_t) pair * c->n_kept + (int64_t) ((__int128) (k - 1) * c->n_kept / c->n)];
}

static double
score_of(const MlpgModel *model, const double *outputs, int pair, double y)
{
	double		lower = outputs[mlpg_calibration_lower(model, pair)],
				upper = outputs[mlpg_calibration_upper(model, pair)];

	return fmin(fmax(lower - y, y - upper), DBL_MAX);
}

/* Of n ascending scores those that are kept. */
static void
keep_scores(MlpgCalibration *c, const double *sorted, double *kept)
{
	for (int64_t i = 1; i <= c->n_kept; i++)
		kept[i - 1] = sorted[((__int128) i * c->n + c->n_kept - 1) / c->n_kept - 1];
}

/* ---------- the section ---------- */

void
mlpg_calibration_write(MlpgWriter *w, const MlpgCalibration *c)
{
	mlpg_write_u64(w, (uint64_t) c->n);
	mlpg_write_doubles(w, c->score, (size_t) c->n_pairs * (size_t) c->n_kept);
}

MlpgCalibration *
mlpg_calibration_read(MlpgReader *r, const MlpgModel *model)
{
	MlpgCalibration *c = mlpg_allocate(r->host, 1, sizeof(MlpgCalibration));
	uint64_t	n = mlpg_read_u64(r);

	if (model->schema->classes != NULL || n > UINT32_MAX)
		mlpg_reader_corrupt(r, "a calibration of classes, or of too many rows");
	c->n = (int64_t) n;
	c->n_kept = (int) (n < MLPG_CALIBRATION_SCORES ? n : MLPG_CALIBRATION_SCORES);
	c->n_pairs = pair_count(model);
	c->score = mlpg_read_doubles(r, (size_t) c->n_pairs * (size_t) c->n_kept);
	for (int i = 0; i < c->n_pairs * c->n_kept; i++)
		if (!isfinite(c->score[i]) || (i % c->n_kept > 0 && c->score[i] < c->score[i - 1]) || (model->n_outputs == 1 && c->score[i] < 0))
			mlpg_reader_corrupt(r, "scores of a calibration are not in order");
	return c;
}

/* ---------- rows kept apart ---------- */

typedef struct Deal
{
	MlpgHost   *host;
	MlpgFit    *all;
	MlpgPlan	rest_plan;
	MlpgPlan	apart_plan;
	MlpgFit		rest;
	MlpgFit		apart;
	int32_t   **rest_code;		/* of the categories of all, -1: not there yet; NULL entries for numbers */
} Deal;

/* Codes that do not depend on the order of the rows. */
static void
sort_codes(MlpgHost *host, MlpgFit *fit)
{
	for (int j = 0; j < fit->plan->n_features; j++)
		if (mlpg_plan_codes(fit->plan, j))
		{
			int32_t    *rank = mlpg_dictionary_sort(host, fit->dictionary[j]);

			mlpg_matrix_recode(fit->matrix, j, rank);
			mlpg_release(host, rank);
		}
}

static bool
may_be_apart(const MlpgPlan *plan, const double *row)
{
	int			weight = mlpg_plan_weight_column(plan),
				validation = mlpg_plan_validation_column(plan);

	return (weight < 0 || row[weight] > 0) && (validation < 0 || row[validation] == 0);
}

/* Calls take for every row, in order, with whether it is kept apart: the share of them. */
static void
each_row(MlpgHost *host, MlpgFit *fit, const uint64_t *identity, double share, bool release,
		 void (*take) (void *argument, const double *row, bool apart), void *argument)
{
	int64_t		n = mlpg_matrix_rows(fit->matrix);
	int			part = mlpg_block_rows(fit->block.n_columns);
	int			stride = fit->block.stride;
	double	   *rows = mlpg_allocate(host, (size_t) part * (size_t) stride, sizeof(double));
	uint64_t	threshold = mlpg_sample_threshold(share);

	for (int64_t first = 0; first < n; first += part)
	{
		int			m = n - first < part ? (int) (n - first) : part;

		mlpg_matrix_read_rows(fit->matrix, first, m, rows, stride);
		for (int i = 0; i < m; i++)
		{
			const double *row = rows + (size_t) i * (size_t) stride;

			take(argument, row, mlpg_sample_draw(identity[first + i], MLPG_STREAM_CALIBRATION) < threshold && may_be_apart(fit->plan, row));
		}
		if (release)
			mlpg_matrix_release_rows(fit->matrix, first + m);
		mlpg_check(host, "keeping rows apart", first, n);
	}
	mlpg_release(host, rows);
}

static void
count_row(void *argument, const double *row, bool apart)
{
	*(int64_t *) argument += apart;
}

static void
give_row(Deal *d, MlpgFit *fit, const double *row, int32_t *const *code)
{
	double	   *to = mlpg_fit_next_row(d->host, fit);

	memcpy(to, row, (size_t) fit->block.n_columns * sizeof(double));
	for (int j = 0; code != NULL && j < fit->plan->n_features; j++)
		if (code[j] != NULL && row[j] == row[j])
		{
			int32_t		old = (int32_t) row[j];
			const MlpgDictionary *from = d->all->dictionary[j];

			if (code[j][old] < 0)
				/* not mlpg_fit_code: a hashed category has its bucket's name already */
				code[j][old] = mlpg_dictionary_add(d->host, fit->dictionary[j], from->text[old], from->length[old]);
			to[j] = code[j][old];
		}
	mlpg_fit_commit_row(d->host, fit);
}

static void
deal_row(void *argument, const double *row, bool apart)
{
	Deal	   *d = argument;

	if (apart)
		give_row(d, &d->apart, row, NULL);
	else
		give_row(d, &d->rest, row, d->rest_code);
}

/* The rows of a fit into those that are fitted and those kept apart, whose categories keep the codes of all. */
static Deal *
deal(MlpgHost *scratch, MlpgFit *fit)
{
	Deal	   *d = mlpg_allocate(scratch, 1, sizeof(Deal));
	int			n = fit->plan->n_features;
	int64_t		n_apart = 0;
	double		share = fit->plan->calibration_share;
	uint64_t   *identity;

	mlpg_fit_flush(scratch, fit);
	sort_codes(scratch, fit);
	identity = mlpg_sample_identify(scratch, fit->matrix, fit->plan->seed);
	d->host = scratch;
	d->all = fit;
	d->rest_plan = d->apart_plan = *fit->plan;
	d->rest_plan.calibration_share = 0;
	d->apart_plan.keep_rows = true;
	mlpg_fit_init(scratch, &d->rest, &d->rest_plan);
	mlpg_fit_init(scratch, &d->apart, &d->apart_plan);
	d->rest.n_dropped = fit->n_dropped;
	d->rest_code = mlpg_allocate(scratch, (size_t) n + 1, sizeof(int32_t *));
	for (int j = 0; j < n; j++)
		if (mlpg_plan_codes(fit->plan, j))
		{
			d->rest_code[j] = mlpg_allocate(scratch, (size_t) fit->dictionary[j]->n + 1, sizeof(int32_t));
			memset(d->rest_code[j], -1, (size_t) fit->dictionary[j]->n * sizeof(int32_t));
		}
	each_row(scratch, fit, identity, share, false, count_row, &n_apart);
	if (mlpg_matrix_rows(fit->matrix) - n_apart < fit->plan->learner->min_rows)
		share = 0;
	each_row(scratch, fit, identity, share, true, deal_row, d);
	mlpg_release(scratch, identity);
	return d;
}

/* ---------- their scores ---------- */

typedef struct Scores
{
	int			n_pairs;
	int64_t		n_apart;
	int64_t		n;				/* rows that have a prediction, so far */
	double	   *score;			/* n_pairs x n_apart */
} Scores;

static void
take_score(const MlpgModel *model, int64_t row, double y, double *outputs, void *argument)
{
	Scores	   *s = argument;

	for (int o = 0; o < model->n_outputs; o++)
		if (isnan(outputs[o]))
			return;
	mlpg_model_arrange(model, outputs);
	for (int p = 0; p < s->n_pairs; p++)
		s->score[(size_t) p * (size_t) s->n_apart + (size_t) s->n] = score_of(model, outputs, p, y);
	s->n++;
}

static MlpgCalibration *
calibrate(const MlpgModel *model, Deal *d)
{
	MlpgHost   *host = d->host;
	MlpgCalibration *c = mlpg_allocate(host, 1, sizeof(MlpgCalibration));
	Scores		scores = {.n_pairs = pair_count(model), .n_apart = d->apart.n_rows};

	scores.score = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) scores.n_apart, (size_t) scores.n_pairs) + 1, sizeof(double));
	mlpg_score_kept(host, model, &d->apart, d->all->dictionary, take_score, &scores);
	c->n_pairs = scores.n_pairs;
	c->n = scores.n;
	c->n_kept = (int) (c->n < MLPG_CALIBRATION_SCORES ? c->n : MLPG_CALIBRATION_SCORES);
	c->score = mlpg_allocate(host, (size_t) c->n_pairs * (size_t) c->n_kept + 1, sizeof(double));
	for (int p = 0; p < c->n_pairs && c->n > 0; p++)
	{
		double	   *of_pair = scores.score + (size_t) p * (size_t) scores.n_apart;

		mlpg_sort(host, of_pair, NULL, c->n);
		keep_scores(c, of_pair, c->score + (size_t) p * (size_t) c->n_kept);
	}
	mlpg_release(host, scores.score);
	return c;
}

static void
report(MlpgHost *host, MlpgFacts *facts, const MlpgCalibration *c, int64_t n_apart)
{
	mlpg_fact(host, facts, "calibration_rows", "%lld", (long long) c->n);
	if (n_apart > c->n)
		mlpg_fact(host, facts, "calibration_rows_unpredicted", "%lld", (long long) (n_apart - c->n));
	if (c->n < mlpg_calibration_rows_needed(WARN_COVERAGE))
		mlpg_fact(host, facts, "warning", "calibration part has %lld rows: prediction intervals of coverage %g have no bounds, which takes %lld",
				  (long long) c->n, WARN_COVERAGE, (long long) mlpg_calibration_rows_needed(WARN_COVERAGE));
}

MlpgWriter *
mlpg_calibration_fit(MlpgHost *scratch, MlpgFit *fit, MlpgFacts *facts)
{
	Deal	   *d = deal(scratch, fit);
	MlpgWriter *bytes = mlpg_fit_finish(scratch, scratch, &d->rest, facts);
	MlpgModel  *model = mlpg_model_open(scratch, bytes->data, bytes->length);
	MlpgCalibration *calibration = calibrate(model, d);
	MlpgWriter *section = mlpg_writer_create(scratch, 0);
	MlpgContainer container;

	report(scratch, facts, calibration, d->apart.n_rows);
	mlpg_calibration_write(section, calibration);
	mlpg_container_read(scratch, bytes->data, bytes->length, &container);
	return mlpg_container_calibrate(scratch, &container, facts, section);
}
