/*-------------------------------------------------------------------------
 *
 * test_logistic.c
 *	  Learner "logistic": against R glm and nnet without a penalty, against
 *	  scikit-learn with one (test/golden/logistic.R, .py), and, where there is no
 *	  other implementation at hand, by its own optimality conditions, computed here
 *	  from the model's coefficients and the rows.
 *
 *-------------------------------------------------------------------------
 */
#include "golden.h"

#define MAX_TERMS 64

typedef struct Problem
{
	int			n;
	int			n_features;
	const char *kinds;			/* or NULL: numbers */
	int			n_classes;
	bool		weighted;
	double	   *rows;			/* n x (features, class, weight if weighted) */
	double		l2;
	double		l1;
} Problem;

static int
stride_of(const Problem *p)
{
	return p->n_features + 1 + p->weighted;
}

static double
weight_of(const Problem *p, int i)
{
	return p->weighted ? p->rows[i * stride_of(p) + p->n_features + 1] : 1;
}

static MlpgPlan *
plan_of(MlpgHost *host, const Problem *p)
{
	MlpgPlan   *plan = test_class_plan(host, "logistic", p->n_features, p->kinds, p->weighted, MLPG_NUMBER);

	if (p->l2 >= 0)
		mlpg_params_set(host, plan->params, "l2", mlpg_number_text(host, p->l2));
	mlpg_params_set(host, plan->params, "l1", mlpg_number_text(host, p->l1));
	return plan;
}

static MlpgModel *
fit_problem(MlpgHost *host, const Problem *p)
{
	return test_fit(host, plan_of(host, p), p->rows, p->n);
}

static Problem
problem_create(MlpgHost *host, int n, int n_features, const char *kinds, int n_classes, bool weighted)
{
	Problem		p = {.n = n, .n_features = n_features, .kinds = kinds, .n_classes = n_classes, .weighted = weighted};

	p.rows = mlpg_allocate(host, (size_t) n * (size_t) stride_of(&p), sizeof(double));
	return p;
}

/* ---------- against others ---------- */

static bool
read_problem(MlpgHost *host, FILE *file, bool penalised, Problem *p)
{
	char		name[40];
	int			weighted,
				n,
				n_features,
				n_classes;
	double		l2 = 0,
				l1 = 0;

	if (fscanf(file, " problem %39s %d %d %d %d", name, &n, &n_features, &n_classes, &weighted) != 5)
		return false;
	if (penalised && fscanf(file, "%lf %lf", &l2, &l1) != 2)
		return false;
	harness_note("%s", name);
	*p = problem_create(host, n, n_features, NULL, n_classes, weighted != 0);
	p->l2 = l2;
	p->l1 = l1;
	p->rows = golden_rows(host, file, n, n_features, p->weighted);
	return true;
}

static void
test_unpenalised(MlpgHost *host)
{
	FILE	   *file = fopen("test/golden/logistic.txt", "r");
	Problem		p;
	int			problems = 0;

	CHECK(file != NULL);
	for (; file && read_problem(host, file, false, &p); problems++)
	{
		double		values[MAX_TERMS];
		int			n;
		MlpgModel  *model = fit_problem(host, &p);
		MlpgCoefficient *c = test_coefficients(host, model, &n);

		CHECK_INT(golden_values(file, "estimate", values, MAX_TERMS), n);
		CHECK_INT(n, (p.n_classes - 1) * (p.n_features + 1));
		for (int j = 0; j < n; j++)
			CHECK_CLOSE(c[j].estimate, values[j], 1e-8);
		CHECK_INT(golden_values(file, "std_error", values, MAX_TERMS), n);
		for (int j = 0; j < n; j++)
		{
			CHECK_CLOSE(c[j].std_error, values[j], 1e-8);
			CHECK_CLOSE(c[j].statistic, c[j].estimate / values[j], 1e-7);
			CHECK_CLOSE(c[j].p_value, erfc(fabs(c[j].estimate / values[j]) / sqrt(2)), 1e-6);
		}
		CHECK_INT(golden_values(file, "log_likelihood", values, MAX_TERMS), 1);
		CHECK_CLOSE(test_fact(model, "log_likelihood"), values[0], 1e-11);
		CHECK_CLOSE(test_fact(model, "deviance"), -2 * values[0], 1e-11);
		CHECK_CLOSE(test_fact(model, "aic"), -2 * values[0] + 2 * n, 1e-11);
		CHECK_INT(golden_values(file, "deviance_of_null", values, MAX_TERMS), 1);
		CHECK_CLOSE(test_fact(model, "null_deviance"), values[0], 1e-11);
		CHECK(test_fact(model, "gradient") < 1e-11);
	}
	CHECK_INT(problems, 5);
	if (file)
		fclose(file);
}

static void
test_penalised(MlpgHost *host)
{
	FILE	   *file = fopen("test/golden/logistic_penalised.txt", "r");
	Problem		p;
	int			problems = 0;

	CHECK(file != NULL);
	for (; file && read_problem(host, file, true, &p); problems++)
	{
		double		values[MAX_TERMS];
		int			n;
		MlpgModel  *model = fit_problem(host, &p);
		MlpgCoefficient *c = test_coefficients(host, model, &n);

		CHECK_INT(golden_values(file, "estimate", values, MAX_TERMS), n);
		CHECK_INT(n, mlpg_class_outputs(p.n_classes) * (p.n_features + 1));
		for (int j = 0; j < n; j++)
		{
			/* zeros are zeros; scikit-learn's gradient is below 1e-9, so coefficients may be off by so much times the scale */
			if (values[j] == 0 || c[j].estimate == 0)
				CHECK(values[j] == c[j].estimate);
			else
				CHECK(fabs(c[j].estimate - values[j]) <= 1e-7 * fmax(1, fabs(values[j])));
			CHECK(isnan(c[j].std_error) && isnan(c[j].p_value));
		}
		CHECK(test_warning(model, "") == NULL);
	}
	CHECK_INT(problems, 8);
	if (file)
		fclose(file);
}

/* ---------- optimality ---------- */

/* Term t of row i as the model's design has it, from its definition: a number, a level or a missing indicator. */
static double
term_value(const Problem *p, const MlpgModel *model, const MlpgTerm *term, int i)
{
	double		x = p->rows[(size_t) i * (size_t) stride_of(p) + term->feature];
	char		text[40];

	if (term->kind == MLPG_TERM_INTERCEPT)
		return 1;
	if (term->kind == MLPG_TERM_MISSING)
		return isnan(x);
	if (term->kind == MLPG_TERM_NUMBER)
		return isnan(x) ? model->schema->feature[term->feature].mean : x;
	snprintf(text, sizeof(text), "c%.0f", x);
	return !isnan(x) && strcmp(model->schema->feature[term->feature].dictionary->text[term->level], text) == 0;
}

/* The largest component of the shortest subgradient, on columns of unit variance. */
static double
subgradient(MlpgHost *host, const Problem *p, const MlpgModel *model, double l2, double l1)
{
	const MlpgAffineModel *m = model->scorer;
	int			t = m->design->n_terms,
				k = m->n_outputs;
	double	   *design = mlpg_allocate(host, (size_t) p->n * (size_t) t, sizeof(double));
	double	   *r = mlpg_allocate(host, (size_t) p->n * (size_t) k, sizeof(double));
	double		total = 0,
				most = 0;

	for (int i = 0; i < p->n; i++)
	{
		double		sum = 0,
					most_score = 0,	/* that of the first of two classes */
					c = p->rows[(size_t) i * (size_t) stride_of(p) + p->n_features];

		for (int j = 0; j < t; j++)
			design[i * t + j] = term_value(p, model, &m->design->term[j], i);
		for (int o = 0; o < k; o++)
		{
			double		score = 0;

			for (int j = 0; j < t; j++)
				score += m->coefficients[o * t + j] * design[i * t + j];
			r[i * k + o] = score;
			most_score = o == 0 && k > 1 ? score : fmax(score, most_score);
		}
		sum = k == 1 ? exp(-most_score) : 0;
		for (int o = 0; o < k; o++)
			sum += r[i * k + o] = exp(r[i * k + o] - most_score);
		for (int o = 0; o < k; o++)
			r[i * k + o] = weight_of(p, i) * (r[i * k + o] / sum - (c == (k == 1 ? 1 : o)));
		total += weight_of(p, i);
	}
	for (int j = 0; j < t; j++)
	{
		bool		free_of = m->design->term[j].kind == MLPG_TERM_INTERCEPT;
		double		mean = 0,
					square = 0,
					scale;

		for (int i = 0; i < p->n; i++)
			mean += weight_of(p, i) * design[i * t + j] / total;
		for (int i = 0; i < p->n; i++)
			square += weight_of(p, i) * (design[i * t + j] - mean) * (design[i * t + j] - mean) / total;
		scale = free_of ? 1 : sqrt(square);
		/* without a penalty the first of several classes is the reference */
		for (int o = k > 1 && p->l2 == 0 && p->l1 == 0; o < k; o++)
		{
			double		g = 0,
						b = m->coefficients[o * t + j] * scale;

			/* less the mean: that is the intercept's gradient, which is zero too */
			for (int i = 0; i < p->n; i++)
				g += r[i * k + o] * (design[i * t + j] - (free_of ? 0 : mean)) / scale / total;
			if (!free_of)
				g = b != 0 ? g + l2 * b + (b > 0 ? l1 : -l1) : fmax(0, fabs(g) - l1);
			if (!(fabs(g) <= most))
				most = fabs(g);
		}
	}
	return most;
}

static void
draw_rows(Problem *p, uint64_t seed, double strength)
{
	for (int i = 0; i < p->n; i++)
	{
		double	   *row = p->rows + (size_t) i * (size_t) stride_of(p);
		double		best = -INFINITY;

		for (int j = 0; j < p->n_features; j++)
			row[j] = p->kinds && p->kinds[j] == 'c' ? (double) (test_random(&seed) % 7) : test_normal(&seed) * pow(10, j % 3) + 5;
		for (int k = 0; k < p->n_classes; k++)
		{
			double		score = -log(-log(test_uniform(&seed) + 1e-12));

			for (int j = 0; j < p->n_features; j++)
				score += strength * (p->kinds && p->kinds[j] == 'c' ? fmod(row[j] * (k + 1), 3) : (row[j] - 5) / pow(10, j % 3) * ((j * 3 + k * 5) % 4 - 1.5));
			if (score > best)
			{
				best = score;
				row[p->n_features] = k;
			}
		}
		if (p->weighted)
			row[p->n_features + 1] = (double) (test_random(&seed) % 4);
		if (p->n_features > 2 && i % 11 == 0)
			row[0] = NAN;
	}
}

static void
check_optimal(MlpgHost *host, const Problem *p, double tolerance)
{
	MlpgModel  *model = fit_problem(host, p);
	double		l2 = p->l2 >= 0 ? p->l2 : test_fact(model, "l2");

	CHECK(test_warning(model, "") == NULL);
	CHECK(subgradient(host, p, model, l2, p->l1) < tolerance);
}

static void
test_optimal(MlpgHost *host)
{
	static const double l2[] = {0, 0.001, 0.3, 0, 0.01, -1};
	static const double l1[] = {0, 0, 0, 0.02, 0.02, 0};

	for (int weighted = 0; weighted < 2; weighted++)
		for (int classes = 2; classes <= 4; classes++)
			for (size_t i = 0; i < sizeof(l2) / sizeof(l2[0]); i++)
			{
				Problem		p = problem_create(host, 1500, 5, "nncnc", classes, weighted);

				draw_rows(&p, 1 + i, 0.5);
				p.l2 = l2[i];
				p.l1 = l1[i];
				check_optimal(host, &p, 1e-9);
				harness_reset(host);
			}
}

/* More unknowns than Newton takes: 300 levels, three classes. */
static void
test_many_unknowns(MlpgHost *host)
{
	static const double l1[] = {0, 0.002};

	for (int k = 0; k < 2; k++)
	{
		Problem		p = problem_create(host, 6000, 3, "ncn", 3, k == 1);
		uint64_t	seed = 5;
		MlpgModel  *model;

		draw_rows(&p, 3, 0.5);
		for (int i = 0; i < p.n; i++)
			p.rows[i * stride_of(&p) + 1] = (double) (test_random(&seed) % 300);
		p.l2 = 0.002;
		p.l1 = l1[k];
		model = fit_problem(host, &p);
		CHECK_TEXT(mlpg_fact_find(model->facts, "solver"), "lbfgs");
		CHECK(subgradient(host, &p, model, p.l2, p.l1) < 2e-8);
		harness_reset(host);
	}
}

/* Enough rows for a sample to be fitted first, sorted by class; any number of threads gives the same bytes. */
static void
test_many_rows(void)
{
	MlpgHost   *host = harness_host_threads(1, 0);
	Problem		p = problem_create(host, 45000, 4, NULL, 2, true);
	MlpgWriter *one;

	draw_rows(&p, 9, 1);
	for (int i = 0, end = p.n - 1; i < end;)
	{
		double	   *row = p.rows + (size_t) i * (size_t) stride_of(&p),
				   *other = p.rows + (size_t) end * (size_t) stride_of(&p);

		if (row[p.n_features] == 0)
			i++;
		else
		{
			for (int j = 0; j < stride_of(&p); j++)
			{
				double		swap = row[j];

				row[j] = other[j];
				other[j] = swap;
			}
			end--;
		}
	}
	p.l2 = -1;
	one = test_fit_bytes(host, plan_of(host, &p), p.rows, p.n);
	CHECK(subgradient(host, &p, test_open(host, one), test_fact(test_open(host, one), "l2"), 0) < 1e-9);
	CHECK(test_fact(test_open(host, one), "iterations") <= 3);
	for (int threads = 2; threads <= 5; threads += 3)
	{
		MlpgHost   *many = harness_host_threads(threads, 0);

		CHECK(test_same_bytes(one, test_fit_bytes(many, plan_of(many, &p), p.rows, p.n)));
		harness_free(many);
	}
	p.l2 = 0;
	CHECK(subgradient(host, &p, fit_problem(host, &p), 0, 0) < 1e-9);
	harness_free(host);
}

/* ---------- what there is no answer to, and what is odd ---------- */

static void
test_separated(MlpgHost *host)
{
	for (int kind = 0; kind < 3; kind++)
	{
		Problem		p = problem_create(host, 200, 2, kind == 1 ? "nc" : NULL, kind == 2 ? 3 : 2, false);
		MlpgModel  *model;
		MlpgCoefficient *c;
		int			n;
		double		out[3];

		draw_rows(&p, 31, 0.5);
		for (int i = 0; i < p.n; i++)
		{
			double	   *row = p.rows + (size_t) i * (size_t) stride_of(&p);

			if (kind == 1 && row[1] == 3)
				row[2] = 1;		/* quasi: one level has one class only */
			else if (kind != 1)
				row[2] = kind == 2 ? (row[0] > 5) + (row[0] > 6) : row[0] > 5;
		}
		model = fit_problem(host, &p);
		c = test_coefficients(host, model, &n);
		CHECK(test_warning(model, "classes are separated") != NULL);
		for (int j = 0; j < n; j++)
			CHECK(isfinite(c[j].estimate) && isnan(c[j].std_error) && isnan(c[j].p_value));
		CHECK(subgradient(host, &p, model, 1e-8, 0) < 1e-9);
		CHECK(mlpg_fact_find(model->facts, "aic") == NULL);
		model->learner->predict(model, p.rows, 1, stride_of(&p), out);
		CHECK(out[0] >= 0 && out[0] <= 1);
		harness_reset(host);
	}
}

static void
test_unconverged(MlpgHost *host)
{
	Problem		p = problem_create(host, 300, 3, NULL, 2, false);
	MlpgPlan   *plan;
	MlpgModel  *model;

	draw_rows(&p, 8, 1);
	plan = plan_of(host, &p);
	mlpg_params_set(host, plan->params, "max_iterations", "1");
	model = test_fit(host, plan, p.rows, p.n);
	CHECK(test_warning(model, "the fit did not converge in 1 iterations: its gradient is ") != NULL);
	CHECK(isfinite(((MlpgAffineModel *) model->scorer)->coefficients[1]));
	harness_reset(host);
}

/* A column twice: the second is dropped, the rest is as without it. */
static void
test_collinear(MlpgHost *host)
{
	for (int classes = 2; classes <= 3; classes++)
	{
		Problem		p = problem_create(host, 400, 2, NULL, classes, false),
					twice = problem_create(host, 400, 3, NULL, classes, false);
		MlpgCoefficient *a,
				   *b;
		MlpgModel  *model;
		int			n;

		draw_rows(&p, 77, 0.5);
		for (int i = 0; i < p.n; i++)
		{
			const double *row = p.rows + (size_t) i * 3;
			double	   *to = twice.rows + (size_t) i * 4;

			to[0] = row[0];
			to[1] = row[1];
			to[2] = 3 * row[0] - row[1] + 1;
			to[3] = row[2];
		}
		a = test_coefficients(host, fit_problem(host, &p), &n);
		CHECK_INT(n, 3 * (classes - 1));
		model = fit_problem(host, &twice);
		b = test_coefficients(host, model, &n);
		CHECK_INT(n, 4 * (classes - 1));
		CHECK(test_warning(model, "design is rank deficient: 1 term dropped") != NULL);
		for (int k = 0; k < classes - 1; k++)
		{
			for (int j = 0; j < 3; j++)
			{
				CHECK_CLOSE(b[k * 4 + j].estimate, a[k * 3 + j].estimate, 1e-8);
				CHECK_CLOSE(b[k * 4 + j].std_error, a[k * 3 + j].std_error, 1e-8);
			}
			CHECK(isnan(b[k * 4 + 3].estimate) && isnan(b[k * 4 + 3].std_error));
		}
		harness_reset(host);
	}
}

/* Weights of classes are weights of rows; whole weights are repetitions. */
static void
test_weights(MlpgHost *host)
{
	Problem		p = problem_create(host, 300, 2, NULL, 3, false),
				weighted = problem_create(host, 300, 2, NULL, 3, true),
				repeated = problem_create(host, 900, 2, NULL, 3, false);
	static const double weight[] = {1, 2, 3};
	MlpgPlan   *plan;
	MlpgCoefficient *a,
			   *b,
			   *c;
	int			n;

	draw_rows(&p, 19, 0.5);
	repeated.n = 0;
	for (int i = 0; i < p.n; i++)
	{
		const double *row = p.rows + (size_t) i * 3;
		double	   *to = weighted.rows + (size_t) i * 4;

		memcpy(to, row, 3 * sizeof(double));
		to[3] = weight[(int) row[2]];
		for (int k = 0; k < (int) to[3]; k++)
			memcpy(repeated.rows + (size_t) repeated.n++ * 3, row, 3 * sizeof(double));
	}
	plan = plan_of(host, &p);
	mlpg_params_set(host, plan->params, "class_weight", "1,2,3");
	a = test_coefficients(host, test_fit(host, plan, p.rows, p.n), &n);
	b = test_coefficients(host, fit_problem(host, &weighted), &n);
	c = test_coefficients(host, fit_problem(host, &repeated), &n);
	for (int j = 0; j < n; j++)
	{
		CHECK_CLOSE(a[j].estimate, b[j].estimate, 1e-10);
		CHECK_CLOSE(c[j].estimate, b[j].estimate, 1e-9);
		CHECK_CLOSE(c[j].std_error, b[j].std_error, 1e-9);
	}
	for (int i = 0; i < p.n; i++)
		if (weighted.rows[i * 4 + 2] == 1)
			weighted.rows[i * 4 + 3] = 0;
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, fit_problem(host, &weighted));
	CHECK_TEXT(harness_message(host), "class \"1\" has no weight");
	harness_reset(host);
}

/* Probabilities are those of the coefficients. */
static void
test_answers(MlpgHost *host)
{
	Problem		p = problem_create(host, 300, 2, NULL, 3, false);
	MlpgModel  *model;
	const MlpgAffineModel *m;
	double		out[3],
				sum = 0;

	draw_rows(&p, 4, 1);
	p.l2 = 0.01;
	model = fit_problem(host, &p);
	m = model->scorer;
	CHECK_INT(model->n_outputs, 3);
	model->learner->predict(model, p.rows, 1, 3, out);
	for (int k = 0; k < 3; k++)
		sum += exp(m->coefficients[k * 3] + m->coefficients[k * 3 + 1] * p.rows[0] + m->coefficients[k * 3 + 2] * p.rows[1]);
	for (int k = 0; k < 3; k++)
		CHECK_CLOSE(out[k], exp(m->coefficients[k * 3] + m->coefficients[k * 3 + 1] * p.rows[0] + m->coefficients[k * 3 + 2] * p.rows[1]) / sum, 1e-13);
	harness_reset(host);
}

/* Contributions add up to the score; on average over the training rows they are nothing. */
static void
test_explanations(MlpgHost *host)
{
	static const char *const learners[] = {"logistic", "expectile", "linear"};

	for (int k = 0; k < 3; k++)
	{
		Problem		p = problem_create(host, 300, 3, "ncn", k == 0 ? 3 : 2, true);
		MlpgPlan   *plan;
		MlpgModel  *model;
		const MlpgAffineModel *m;
		double		score[3],
					out[3][4],
					mean[3][3] = {{0}},
					total = 0;

		draw_rows(&p, 4, 1);
		p.l2 = 0;
		plan = k == 0 ? plan_of(host, &p) : test_plan(host, learners[k], 3, p.kinds, true);
		model = test_fit(host, plan, p.rows, p.n);
		m = model->scorer;
		for (int i = 0; i < p.n; i++)
		{
			double		row[3];
			char		text[20];

			memcpy(row, p.rows + (size_t) i * 5, sizeof(row));
			snprintf(text, sizeof(text), "c%.0f", row[1]);
			row[1] = mlpg_dictionary_find(model->schema->feature[1].dictionary, text, (int32_t) strlen(text));
			model->learner->explain(host, model, row, out[0]);
			mlpg_affine_score(m->affine, row, 1, 3, score);
			for (int o = 0; o < m->n_outputs; o++)
			{
				CHECK(fabs(out[o][0] + out[o][1] + out[o][2] + out[o][3] - score[o]) < 1e-12 * (1 + fabs(score[o])));
				for (int j = 0; j < 3; j++)
					mean[o][j] += weight_of(&p, i) * out[o][j];
			}
			total += weight_of(&p, i);
		}
		for (int o = 0; o < m->n_outputs; o++)
			for (int j = 0; j < 3; j++)
				CHECK(fabs(mean[o][j] / total) < 1e-10);
	}
	harness_reset(host);
}

/* A cancel anywhere, and the budget, end the fit cleanly. */
static void
test_interrupted(MlpgHost *host)
{
	Problem		p = problem_create(host, 2000, 3, "nnc", 2, false);
	MlpgHost   *small = harness_host_threads(2, 150000);
	int64_t		checks;

	draw_rows(&p, 4, 1);
	checks = harness_checks(host);
	fit_problem(host, &p);
	checks = harness_checks(host) - checks;
	CHECK(checks > 5);
	for (int64_t k = 1; k <= checks; k++)
	{
		harness_cancel_at_check(host, k);
		EXPECT_RAISE(host, MLPG_INTERNAL, fit_problem(host, &p));
		harness_cancel_at_check(host, 0);
	}
	p.n = 2000;
	EXPECT_RAISE(small, MLPG_LIMIT_EXCEEDED, fit_problem(small, &p));
	harness_free(small);
	harness_reset(host);
}

int
main(void)
{
	MlpgHost   *host = harness_host();

	test_unpenalised(host);
	harness_reset(host);
	test_penalised(host);
	harness_reset(host);
	test_optimal(host);
	test_many_unknowns(host);
	test_many_rows();
	test_separated(host);
	test_unconverged(host);
	test_collinear(host);
	test_weights(host);
	test_answers(host);
	test_explanations(host);
	test_interrupted(host);
	harness_free(host);
	return harness_done();
}
