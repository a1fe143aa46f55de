/*
 * Quantile regression: against R, against enumeration of all bases, against
 * its own certificate, and on the data that break simplex methods.
 */
#include "harness.h"

#include "core/math/quantreg.h"

#define EXACT_ROWS 9
#define EXACT_COLUMNS 3

/* xorshift64*, so that the data are the same everywhere */
static uint64_t seed;

static uint64_t
random_bits(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * UINT64_C(0x2545F4914F6CDD1D);
}

static double
uniform(void)
{
	return ((double) (random_bits() >> 11) + 0.5) / 9007199254740992.0;
}

static int
below(int n)
{
	return (int) (uniform() * n);
}

static double
normal(void)
{
	double		u = uniform();

	return sqrt(-2 * log(u)) * cos(2 * acos(-1.0) * uniform());
}

static double
loss(const MlpgQuantregProblem *problem, double tau, const double *b)
{
	double		sum = 0;

	for (int64_t i = 0; i < problem->n; i++)
	{
		double		r = problem->y[i];

		for (int j = 0; j < problem->p; j++)
			r -= problem->x[i * problem->ldx + j] * b[j];
		sum += (problem->w == NULL ? 1 : problem->w[i]) * r * (tau - (r < 0));
	}
	return sum;
}

/*
 * The optimality conditions, from scratch: the basis is interpolated, its dual
 * values are within bounds, and with the bounds' values at all other rows the
 * dual solution is orthogonal to every column.  For vertices without ties.
 */
static bool
certified(const MlpgQuantregProblem *problem, double tau, const MlpgQuantregResult *result)
{
	bool		good = true;

	for (int j = 0; j < problem->p; j++)
	{
		double		sum = 0,
					size = 0;
		int			next = 0;

		for (int64_t i = 0; i < problem->n; i++)
		{
			const double *x = problem->x + i * problem->ldx;
			double		w = problem->w == NULL ? 1 : problem->w[i];
			double		r = problem->y[i],
						scale = fabs(r),
						a;

			for (int k = 0; k < problem->p; k++)
			{
				r -= x[k] * result->coefficients[k];
				scale += fabs(x[k] * result->coefficients[k]);
			}
			if (next < result->rank && result->basis[next] == i)
			{
				a = result->dual[next++];
				good = good && fabs(r) <= 1e-13 * scale && a >= (tau - 1) * w - 1e-9 * w && a <= tau * w + 1e-9 * w;
			}
			else
				a = w * (r > 0 ? tau : tau - 1);
			sum += a * x[j];
			size += fabs(a * x[j]);
		}
		good = good && (result->dropped[j] || fabs(sum) <= 1e-10 * size);
	}
	return good && result->converged && fabs(result->gap) < 1e-12;
}

/* ---------------------------------------------------------------- R */

static void
test_golden(MlpgHost *host)
{
	FILE	   *file = fopen("test/golden/quantreg.txt", "r");
	char		name[64];
	long		n;
	int			p,
				weighted,
				problems = 0;

	CHECK(file != NULL);
	if (file == NULL)
		return;
	while (fscanf(file, " problem %63s %ld %d %d", name, &n, &p, &weighted) == 4)
	{
		double	   *x = malloc(sizeof(double) * (size_t) (n * p));
		double	   *y = malloc(sizeof(double) * (size_t) n);
		double	   *w = malloc(sizeof(double) * (size_t) n);
		MlpgQuantregProblem problem = {n, p, x, p, y, weighted ? w : NULL};
		double		tau,
					objective;
		bool		complete = true;
		int			levels = 0,
					equal = 0,
					same = 0,
					unique = 0;

		for (long i = 0; i < n; i++)
		{
			for (int j = 0; j < p; j++)
				complete = fscanf(file, "%lf", x + i * p + j) == 1 && complete;
			complete = fscanf(file, "%lf %lf", y + i, w + i) == 2 && complete;
		}
		while (fscanf(file, " tau %lf %lf", &tau, &objective) == 2)
		{
			MlpgQuantregResult result;
			bool		near = true;

			mlpg_quantreg_solve(host, &problem, tau, &result);
			for (int j = 0; j < p; j++)
			{
				double		reference;

				complete = fscanf(file, "%lf", &reference) == 1 && complete;
				near = near && fabs(result.coefficients[j] - reference) <= 1e-8 * fabs(reference) + 1e-11;
			}
			levels++;
			equal += result.converged && fabs(result.objective - objective) <= 1e-10 * objective + 1e-12;
			unique += result.unique;
			same += result.unique && near;
			mlpg_quantreg_release(host, &result);
		}
		harness_note("%s: %d levels, %d objectives equal, %d unique, %d of them with equal coefficients", name,
					 levels, equal, unique, same);
		CHECK(complete && levels >= 3);
		CHECK_INT(equal, levels);
		CHECK_INT(same, unique);
		problems++;
		free(x);
		free(y);
		free(w);
	}
	CHECK_INT(problems, 14);
	fclose(file);
}

/* Reads a CSV with a header; columns by place. */
static double *
read_csv(const char *path, long *n, int *columns)
{
	FILE	   *file = fopen(path, "r");
	static char line[4096];
	double	   *values = NULL;
	long		rows = 0;

	*columns = 0;
	if (file == NULL || fgets(line, sizeof(line), file) == NULL)
		return NULL;
	*columns = 1;
	for (const char *at = line; *at; at++)
		*columns += *at == ',';
	while (fgets(line, sizeof(line), file) != NULL)
	{
		char	   *at = line;

		values = realloc(values, sizeof(double) * (size_t) ((rows + 1) * *columns));
		for (int j = 0; j < *columns; j++)
		{
			values[rows * *columns + j] = strtod(at, NULL);
			at = strchr(at, ',');
			if (at == NULL)
				break;
			at++;
		}
		rows++;
	}
	fclose(file);
	*n = rows;
	return values;
}

/* Fits the design at the levels of a reference file: lines tau,term,estimate,loss with p lines a level. */
static void
compare_reference(MlpgHost *host, const char *path, const double *x, const double *y, long n, int p)
{
	FILE	   *file = fopen(path, "r");
	MlpgQuantregProblem problem = {n, p, x, p, y, NULL};
	MlpgQuantregResult result;
	char		line[256];
	int			lines = 0;
	double		worst = 0,
				worst_objective = 0;

	CHECK(file != NULL && fgets(line, sizeof(line), file) != NULL);
	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL)
	{
		double		fields[4] = {0, 0, 0, 0};
		char	   *at = line;
		int			term = lines % p;

		for (int k = 0; k < 4 && at != NULL; k++)
		{
			at += *at == '"';
			fields[k] = strtod(at, NULL);
			at = strchr(at, ',');
			if (at != NULL)
				at++;
		}
		if (term == 0)
			mlpg_quantreg_solve(host, &problem, fields[0], &result);
		if (fabs(result.objective / fields[3] - 1) > worst_objective)
			worst_objective = fabs(result.objective / fields[3] - 1);
		if (result.unique && fabs(result.coefficients[term] / fields[2] - 1) > worst)
			worst = fabs(result.coefficients[term] / fields[2] - 1);
		if (term == p - 1)
		{
			CHECK(result.converged);
			mlpg_quantreg_release(host, &result);
		}
		lines++;
	}
	fclose(file);
	CHECK_INT(lines, 7 * p);
	CHECK(worst < 1e-8);
	CHECK(worst_objective < 1e-10);
}

static void
test_references(MlpgHost *host)
{
	static const int columns[] = {9, 11, 12, 3, 7}; /* temp hum windspeed yr workingday */
	int			width;
	long		n;
	double	   *values = read_csv("../shared/data/engel/engel.csv", &n, &width);
	double	   *x,
			   *y;

	if (values != NULL)
	{
		x = malloc(sizeof(double) * (size_t) (2 * n));
		y = malloc(sizeof(double) * (size_t) n);
		for (long i = 0; i < n; i++)
		{
			x[2 * i] = 1;
			x[2 * i + 1] = values[2 * i];
			y[i] = values[2 * i + 1];
		}
		compare_reference(host, "../shared/data/engel/engel_quantreg_R.csv", x, y, n, 2);
		free(x);
		free(y);
		free(values);
	}
	else
		harness_note("skipped: ../shared/data/engel is absent");
	values = read_csv("../shared/data/bike_sharing/day.csv", &n, &width);
	if (values != NULL)
	{
		x = malloc(sizeof(double) * (size_t) (6 * n));
		y = malloc(sizeof(double) * (size_t) n);
		for (long i = 0; i < n; i++)
		{
			x[6 * i] = 1;
			for (int j = 0; j < 5; j++)
				x[6 * i + 1 + j] = values[i * width + columns[j]];
			y[i] = values[i * width + 15];
		}
		compare_reference(host, "../shared/data/reference_fits/bike_day_quantreg_R.csv", x, y, n, 6);
		free(x);
		free(y);
		free(values);
	}
	else
		harness_note("skipped: ../shared/data/bike_sharing is absent");
}

/* ---------------------------------------------------------------- enumeration */

typedef double Row[EXACT_COLUMNS + 1];

/* Gauss-Jordan on k rows of k columns and a right-hand side; false when singular. */
static bool
solve_small(Row *rows, int k, double *b)
{
	for (int c = 0; c < k; c++)
	{
		int			best = c;

		for (int i = c; i < k; i++)
			if (fabs(rows[i][c]) > fabs(rows[best][c]))
				best = i;
		if (fabs(rows[best][c]) < 1e-9)
			return false;
		for (int j = 0; j <= k; j++)
		{
			double		t = rows[c][j];

			rows[c][j] = rows[best][j];
			rows[best][j] = t;
		}
		for (int i = 0; i < k; i++)
		{
			double		factor = rows[i][c] / rows[c][c];

			if (i != c)
				for (int j = c; j <= k; j++)
					rows[i][j] -= factor * rows[c][j];
		}
	}
	for (int c = 0; c < k; c++)
		b[c] = rows[c][k] / rows[c][c];
	return true;
}

static int
rank_small(const Row *from, int m, int k)
{
	Row			rows[EXACT_ROWS];
	int			rank = 0;

	memcpy(rows, from, sizeof(Row) * (size_t) m);
	for (int c = 0; c < k && rank < m; c++)
	{
		int			best = rank;

		for (int i = rank; i < m; i++)
			if (fabs(rows[i][c]) > fabs(rows[best][c]))
				best = i;
		if (fabs(rows[best][c]) < 1e-9)
			continue;
		for (int j = 0; j < k; j++)
		{
			double		t = rows[rank][j];

			rows[rank][j] = rows[best][j];
			rows[best][j] = t;
		}
		for (int i = rank + 1; i < m; i++)
		{
			double		factor = rows[i][c] / rows[rank][c];

			for (int j = c; j < k; j++)
				rows[i][j] -= factor * rows[rank][j];
		}
		rank++;
	}
	return rank;
}

typedef struct Exact
{
	int			rank;
	int			keep[EXACT_COLUMNS];
	double		objective;
	int			n_vertices;		/* optimal vertices */
	double		vertex[128][EXACT_COLUMNS];
	int			lowest[EXACT_COLUMNS];	/* rows of the lowest of them */
} Exact;

static void
reduced_row(const MlpgQuantregProblem *problem, const Exact *exact, int i, double *row)
{
	for (int j = 0; j < exact->rank; j++)
		row[j] = problem->x[i * problem->ldx + exact->keep[j]];
}

/* Loss of the kept columns' coefficients; zero (may be NULL) receives which rows are interpolated. */
static double
exact_loss(const MlpgQuantregProblem *problem, const Exact *exact, double tau, const double *b, bool *zero)
{
	double		sum = 0;

	for (int i = 0; i < problem->n; i++)
	{
		double		w = problem->w == NULL ? 1 : problem->w[i];
		double		r = problem->y[i];
		double		row[EXACT_COLUMNS];

		reduced_row(problem, exact, i, row);
		for (int j = 0; j < exact->rank; j++)
			r -= row[j] * b[j];
		if (fabs(r) < 1e-9)
			r = 0;
		if (zero != NULL)
			zero[i] = r == 0 && w > 0;
		sum += w * r * (tau - (r < 0));
	}
	return sum;
}

static void
try_basis(const MlpgQuantregProblem *problem, double tau, const int *choice, Exact *exact)
{
	int			k = exact->rank;
	Row			rows[EXACT_ROWS];
	double		b[EXACT_COLUMNS];
	bool		zero[EXACT_ROWS];
	int			lowest[EXACT_COLUMNS] = {0};
	int			found = 0,
				j = 0;
	double		objective;

	for (int i = 0; i < k; i++)
	{
		reduced_row(problem, exact, choice[i], rows[i]);
		rows[i][k] = problem->y[choice[i]];
	}
	if (!solve_small(rows, k, b))
		return;
	objective = exact_loss(problem, exact, tau, b, zero);
	if (objective > exact->objective + 1e-9)
		return;
	if (objective < exact->objective - 1e-9)
	{
		exact->objective = objective;
		exact->n_vertices = 0;
	}
	for (int v = 0; v < exact->n_vertices; v++)
	{
		double		distance = 0;

		for (int c = 0; c < k; c++)
			distance += fabs(exact->vertex[v][c] - b[c]);
		if (distance < 1e-7)
			return;
	}
	for (int i = 0; i < problem->n && found < k; i++)
	{
		if (!zero[i])
			continue;
		reduced_row(problem, exact, i, rows[found]);
		if (rank_small(rows, found + 1, k) == found + 1)
			lowest[found++] = i;
	}
	while (j < k && exact->n_vertices > 0 && lowest[j] == exact->lowest[j])
		j++;
	if (exact->n_vertices == 0 || (j < k && lowest[j] < exact->lowest[j]))
		memcpy(exact->lowest, lowest, sizeof(lowest));
	if (exact->n_vertices < 128)
		memcpy(exact->vertex[exact->n_vertices++], b, sizeof(b));
}

/* Tries all bases. */
static void
enumerate(const MlpgQuantregProblem *problem, double tau, Exact *exact)
{
	int			rows[EXACT_ROWS];
	int			pick[EXACT_COLUMNS];
	int			choice[EXACT_COLUMNS];
	int			m = 0;

	memset(exact, 0, sizeof(*exact));
	for (int i = 0; i < problem->n; i++)
		if (problem->w == NULL || problem->w[i] > 0)
			rows[m++] = i;
	for (int j = 0; j < problem->p; j++)
	{
		Row			columns[EXACT_ROWS];

		exact->keep[exact->rank] = j;
		exact->rank++;
		for (int i = 0; i < m; i++)
			reduced_row(problem, exact, rows[i], columns[i]);
		if (rank_small(columns, m, exact->rank) < exact->rank)
			exact->rank--;
	}
	exact->objective = HUGE_VAL;
	if (exact->rank == 0)
	{
		exact->objective = exact_loss(problem, exact, tau, NULL, NULL);
		exact->n_vertices = 1;
		return;
	}
	for (int k = 0; k < exact->rank; k++)
		pick[k] = k;
	for (;;)
	{
		int			k = exact->rank - 1;

		for (int i = 0; i < exact->rank; i++)
			choice[i] = rows[pick[i]];
		try_basis(problem, tau, choice, exact);
		while (k >= 0 && pick[k] == m - exact->rank + k)
			k--;
		if (k < 0)
			break;
		pick[k]++;
		for (int i = k + 1; i < exact->rank; i++)
			pick[i] = pick[i - 1] + 1;
	}
}

/* Many tiny problems full of ties, duplicates, dependent columns and zero weights. */
static void
test_enumeration(MlpgHost *host)
{
	static const double levels[] = {0.5, 0.25, 0.75, 0.1, 1.0 / 3, 0.9};
	int			wrong_rank = 0,
				wrong_objective = 0,
				wrong_unique = 0,
				wrong_vertex = 0,
				not_converged = 0,
				not_unique = 0;

	for (int k = 1; k <= 4000; k++)
	{
		double		x[EXACT_ROWS * EXACT_COLUMNS],
					y[EXACT_ROWS],
					w[EXACT_ROWS];
		int			n,
					p,
					kind;
		double		tau;
		Exact		exact;
		MlpgQuantregProblem problem;
		MlpgQuantregResult result;
		bool		lowest = true;

		seed = (uint64_t) k * UINT64_C(0x9E3779B97F4A7C15);
		n = 1 + below(EXACT_ROWS);
		p = 1 + below(EXACT_COLUMNS);
		kind = below(5);
		tau = levels[below(6)];
		for (int i = 0; i < n; i++)
		{
			for (int j = 0; j < p; j++)
				x[i * p + j] = j == 0 && kind != 4 ? 1 : (kind == 0 ? 10 * uniform() - 5 : below(kind == 2 ? 2 : 3) - (kind == 4));
			y[i] = kind == 3 ? 3 : (below(2) ? below(4) : (kind == 0 ? uniform() : below(3)));
			w[i] = below(4) ? 1 : (below(3) == 0 ? 0 : 0.25 * (1 + below(8)));
		}
		if (p == 3 && below(5) == 0)
			for (int i = 0; i < n; i++)
				x[i * p + 2] = 2 * x[i * p + 1] - x[i * p];
		problem = (MlpgQuantregProblem) {n, p, x, p, y, below(2) ? w : NULL};
		enumerate(&problem, tau, &exact);
		mlpg_quantreg_solve(host, &problem, tau, &result);
		wrong_rank += result.rank != exact.rank;
		wrong_objective += !(fabs(result.objective - exact.objective) <= 1e-11 * (1 + exact.objective));
		wrong_unique += result.unique != (exact.n_vertices == 1);
		not_unique += exact.n_vertices > 1;
		not_converged += !result.converged;
		for (int j = 0; j < result.rank && result.rank == exact.rank; j++)
			lowest = lowest && result.basis[j] == exact.lowest[j];
		wrong_vertex += !lowest;
		mlpg_quantreg_release(host, &result);
	}
	harness_note("4000 problems, %d with more than one optimal vertex", not_unique);
	CHECK_INT(wrong_rank, 0);
	CHECK_INT(wrong_objective, 0);
	CHECK_INT(wrong_unique, 0);
	CHECK_INT(wrong_vertex, 0);
	CHECK_INT(not_converged, 0);
	CHECK(not_unique > 100);
}

/*
 * Ties beyond what enumeration reaches: integers, ties blurred by rounding,
 * sparse columns, weights of any size.  Each must end, with its certificate,
 * where no nearby point is better.
 */
static void
test_ties(MlpgHost *host)
{
	enum
	{
		N = 90, P = 8
	};
	double		x[N * P],
				y[N],
				w[N];
	int			unproven = 0,
				beaten = 0;

	for (int k = 1; k <= 12000; k++)
	{
		MlpgQuantregProblem problem;
		MlpgQuantregResult result;
		int			n,
					p,
					kind;
		double		tau;

		seed = (uint64_t) k * UINT64_C(0xD1342543DE82EF95);
		n = k % 2 ? 20 : 2 + below(N - 2);
		p = k % 2 ? 4 : 1 + below(P);
		kind = below(4);
		tau = (1 + below(19)) / 20.0;
		for (int i = 0; i < n; i++)
		{
			double		fit = 0;

			for (int j = 0; j < p; j++)
			{
				x[i * p + j] = j == 0 ? 1 : (kind == 0 ? below(5) : kind == 1 ? below(2) : kind == 2 ? 0.1 * below(9) : (below(10) ? 0 : normal()));
				fit += x[i * p + j] * (j % 3 - 1);
			}
			y[i] = kind == 0 ? below(10) : kind == 2 ? fit + 0.1 * below(4) : (uniform() < 0.6 ? 0 : -log(uniform()));
			w[i] = exp(5 * normal());
		}
		problem = (MlpgQuantregProblem) {n, p, x, p, y, below(4) ? NULL : w};
		mlpg_quantreg_solve(host, &problem, tau, &result);
		unproven += !result.converged || !(fabs(result.gap) < 1e-9);
		for (int t = 0; t < 4; t++)
		{
			double		b[P];

			for (int j = 0; j < p; j++)
				b[j] = result.coefficients[j] + (result.dropped[j] ? 0 : 0.01 * normal());
			beaten += loss(&problem, tau, b) < result.objective * (1 - 1e-12);
		}
		mlpg_quantreg_release(host, &result);
	}
	CHECK_INT(unproven, 0);
	CHECK_INT(beaten, 0);
}

/* ---------------------------------------------------------------- edges */

static void
test_edges(MlpgHost *host)
{
	static const double ones[] = {1, 1, 1, 1};
	static const double y[] = {5, 1, 9, 2};
	static const double zero[] = {0, 0, 0, 0};
	static const double negative[] = {1, 1, -1, 1};
	static const double nan_weight[] = {1, NAN, 1, 1};
	static const double late[] = {0, 1, 1, 0};
	MlpgQuantregProblem problem = {4, 1, ones, 1, y, NULL};
	MlpgQuantregResult result;

	/* the median of 1, 2, 5, 9 is anything in [2, 5]; row 0 (5) is the lower of rows 0 and 3 */
	mlpg_quantreg_solve(host, &problem, 0.5, &result);
	CHECK(result.converged && !result.unique && result.rank == 1);
	CHECK(result.coefficients[0] == 5 && result.basis[0] == 0);
	CHECK_CLOSE(result.objective, 5.5, 1e-15);
	mlpg_quantreg_solve(host, &problem, 0.6, &result);
	CHECK(result.unique && result.coefficients[0] == 5);
	CHECK_CLOSE(result.dual[0], 0.2, 1e-12);	/* 0.6 - 2 (0.4) + a = 0 */

	problem.w = late;
	mlpg_quantreg_solve(host, &problem, 0.7, &result);
	CHECK(result.unique && result.coefficients[0] == 9 && result.basis[0] == 2);
	CHECK_CLOSE(result.objective, 0.3 * 8, 1e-15);

	problem.w = zero;
	mlpg_quantreg_solve(host, &problem, 0.5, &result);
	CHECK(result.rank == 0 && result.dropped[0] && result.coefficients[0] == 0 && result.objective == 0);
	problem.w = negative;
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, mlpg_quantreg_solve(host, &problem, 0.5, &result));
	problem.w = nan_weight;
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, mlpg_quantreg_solve(host, &problem, 0.5, &result));
	problem.w = NULL;
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, mlpg_quantreg_solve(host, &problem, 0, &result));
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, mlpg_quantreg_solve(host, &problem, 1, &result));
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, mlpg_quantreg_solve(host, &problem, NAN, &result));

	problem.n = 0;
	mlpg_quantreg_solve(host, &problem, 0.5, &result);
	CHECK(result.rank == 0 && result.converged && result.unique && result.objective == 0);

	/* all columns zero: the loss is that of y */
	problem = (MlpgQuantregProblem) {4, 1, zero, 1, y, NULL};
	mlpg_quantreg_solve(host, &problem, 0.25, &result);
	CHECK(result.rank == 0 && result.converged && result.coefficients[0] == 0);
	CHECK_CLOSE(result.objective, 0.25 * 17, 1e-15);
}

/* Fewer rows than columns interpolate; the later of dependent columns goes; a leading dimension is honoured. */
static void
test_rank(MlpgHost *host)
{
	double		x[60 * 7];
	double		y[60];
	MlpgQuantregProblem problem = {3, 5, x, 7, y, NULL};
	MlpgQuantregResult result;

	seed = 11;
	for (int i = 0; i < 60; i++)
	{
		for (int j = 0; j < 7; j++)
			x[i * 7 + j] = j == 0 ? 1 : normal();
		x[i * 7 + 3] = 0.1 * x[i * 7 + 1] - 3 * x[i * 7 + 2] + 7;
		y[i] = normal();
	}
	mlpg_quantreg_solve(host, &problem, 0.3, &result);
	CHECK(result.rank == 3 && result.converged && result.unique);
	CHECK(!result.dropped[0] && !result.dropped[1] && !result.dropped[2] && result.dropped[3] && result.dropped[4]);
	CHECK(result.objective < 1e-13);
	problem.n = 60;
	mlpg_quantreg_solve(host, &problem, 0.3, &result);
	CHECK(result.rank == 4 && result.dropped[3] && result.coefficients[3] == 0);
	CHECK(certified(&problem, 0.3, &result));

	/* nearly dependent is not dependent: a share of 1e-8 stays, and the fit uses it */
	for (int i = 0; i < 60; i++)
		x[i * 7 + 3] = x[i * 7 + 1] + 1e-8 * x[i * 7 + 5];
	mlpg_quantreg_solve(host, &problem, 0.3, &result);
	CHECK(result.rank == 5 && result.converged);
	{
		double		with = result.objective;

		for (int i = 0; i < 60; i++)
			x[i * 7 + 3] = x[i * 7 + 5];
		mlpg_quantreg_solve(host, &problem, 0.3, &result);
		CHECK_CLOSE(with, result.objective, 1e-6);
	}

	/* units as far apart as doubles go */
	for (int i = 0; i < 60; i++)
	{
		x[i * 7 + 1] *= 1e150;
		x[i * 7 + 2] *= 1e-150;
		y[i] *= 1e100;
	}
	mlpg_quantreg_solve(host, &problem, 0.3, &result);
	CHECK(result.rank == 5 && certified(&problem, 0.3, &result));
}

/* ---------------------------------------------------------------- many rows */

typedef enum Kind
{
	CONTINUOUS,					/* heavy tailed errors that grow with a column */
	ZERO_INFLATED,				/* 60 % of the target is zero */
	COUNTS,						/* small integers everywhere */
	PERFECT,					/* no error at all */
	RARE						/* an indicator of five rows, one that never occurs, and dependent columns */
} Kind;

static void
make_data(Kind kind, int64_t n, int p, double *x, double *y)
{
	seed = 20240501 + (uint64_t) kind;
	for (int64_t i = 0; i < n; i++)
	{
		double	   *row = x + i * p;
		double		e = normal();

		row[0] = 1;
		for (int j = 1; j < p; j++)
			row[j] = kind == COUNTS ? below(3) : normal();
		switch (kind)
		{
			case CONTINUOUS:
			case RARE:
				row[1] = exp(row[1]);
				y[i] = row[1] + row[2] + e * row[1] / (0.1 + uniform());
				if (kind == CONTINUOUS)
					break;
				row[p - 3] = i % (n / 5) == 17;
				row[p - 2] = 0;
				row[p - 1] = row[1] - 2 * row[2] + row[p - 3];
				y[i] += 3 * row[p - 3];
				break;
			case ZERO_INFLATED:
				y[i] = uniform() < 0.6 ? 0 : exp(e + 0.3 * row[1]);
				break;
			case COUNTS:
				y[i] = floor(-3 * log(uniform()) * (1 + row[1]));
				break;
			case PERFECT:
				y[i] = 2 - row[1] + 0.5 * row[2];
				break;
		}
	}
}

#define LARGE_N 60000
#define LARGE_P 7

static void
test_large(MlpgHost *host, MlpgHost *host8)
{
	double	   *x = malloc(sizeof(double) * LARGE_N * LARGE_P);
	double	   *y = malloc(sizeof(double) * LARGE_N);
	MlpgQuantregProblem problem = {LARGE_N, LARGE_P, x, LARGE_P, y, NULL};

	for (Kind kind = CONTINUOUS; kind <= RARE; kind++)
		for (double tau = 0.25; tau < 1; tau += 0.25)
		{
			MlpgQuantregResult result,
						result8;
			double		b[LARGE_P];
			bool		better = false;

			make_data(kind, LARGE_N, LARGE_P, x, y);
			mlpg_quantreg_solve(host, &problem, tau, &result);
			mlpg_quantreg_solve(host8, &problem, tau, &result8);
			CHECK(result.converged && fabs(result.gap) < 1e-12);
			CHECK(memcmp(result.coefficients, result8.coefficients, sizeof(b)) == 0 &&
				  memcmp(result.basis, result8.basis, sizeof(int64_t) * (size_t) result.rank) == 0 &&
				  memcmp(&result.objective, &result8.objective, sizeof(double)) == 0 &&
				  memcmp(&result.gap, &result8.gap, sizeof(double)) == 0);
			CHECK_CLOSE(result.objective, kind == PERFECT ? result.objective : loss(&problem, tau, result.coefficients), 1e-12);
			if (kind == CONTINUOUS || kind == RARE)
				CHECK(result.unique && certified(&problem, tau, &result));
			if (kind == CONTINUOUS)
				CHECK(result.rounds > 0);	/* the path that this test is about */
			if (kind == PERFECT)
				CHECK(result.unique && result.objective < 1e-9);
			if (kind == RARE)
			{
				CHECK(result.rank == LARGE_P - 2 && !result.dropped[LARGE_P - 3]);
				CHECK(result.dropped[LARGE_P - 2] && result.dropped[LARGE_P - 1]);
			}
			for (int k = 0; k < 3 * LARGE_P && kind != PERFECT; k++)
			{
				memcpy(b, result.coefficients, sizeof(b));
				b[k % LARGE_P] += (k < LARGE_P ? 1e-4 : -1e-4) * (k < 2 * LARGE_P ? 1 : 100);
				better = better || loss(&problem, tau, b) < result.objective * (1 - 1e-12);
			}
			CHECK(!better);
			harness_reset(host);
			harness_reset(host8);
		}
	free(x);
	free(y);
}

/* The same rows in another order and with weights that repeat rows: the same coefficients, bit for bit. */
static void
test_order(MlpgHost *host)
{
	enum
	{
		N = 30000, P = 5
	};
	double	   *x = malloc(sizeof(double) * N * P * 2);
	double	   *y = malloc(sizeof(double) * N * 2);
	double	   *w = malloc(sizeof(double) * N);
	double	   *shuffled = malloc(sizeof(double) * N * P);
	double	   *target = malloc(sizeof(double) * N);
	MlpgQuantregProblem problem = {N, P, x, P, y, NULL};
	MlpgQuantregResult first,
				second;

	make_data(CONTINUOUS, N, P, x, y);
	mlpg_quantreg_solve(host, &problem, 0.8, &first);
	for (int i = 0; i < N; i++)
	{
		int			from = (int) (((int64_t) i * 7919 + 13) % N);

		memcpy(shuffled + i * P, x + from * P, sizeof(double) * P);
		target[i] = y[from];
	}
	problem.x = shuffled;
	problem.y = target;
	mlpg_quantreg_solve(host, &problem, 0.8, &second);
	CHECK(first.unique && memcmp(first.coefficients, second.coefficients, sizeof(double) * P) == 0);

	/* rows 0, 3, 6, ... twice: by weight 2 and by repeating them */
	for (int i = 0; i < N; i++)
	{
		w[i] = i % 3 == 0 ? 2 : (i % 3 == 1 ? 1 : 0);
		if (i % 3 == 2)
		{
			memcpy(shuffled + i * P, x + (i - 2) * P, sizeof(double) * P);
			target[i] = y[i - 2];
		}
		else
		{
			memcpy(shuffled + i * P, x + i * P, sizeof(double) * P);
			target[i] = y[i];
		}
	}
	mlpg_quantreg_solve(host, &problem, 0.8, &first);
	problem = (MlpgQuantregProblem) {N, P, x, P, y, w};
	mlpg_quantreg_solve(host, &problem, 0.8, &second);
	CHECK(second.converged && certified(&problem, 0.8, &second));
	CHECK_CLOSE(first.objective, second.objective, 1e-12);
	for (int j = 0; j < P; j++)
		CHECK_CLOSE(first.coefficients[j], second.coefficients[j], 1e-9);
	free(x);
	free(y);
	free(w);
	free(shuffled);
	free(target);
	harness_reset(host);
}

static bool
raises(MlpgHost *host, const MlpgQuantregProblem *problem, MlpgErrorCode code)
{
	MlpgQuantregResult result;
	bool		raised;

	HARNESS_TRY(host, raised, mlpg_quantreg_solve(host, problem, 0.5, &result));
	return raised && harness_code(host) == code;
}

/* Every check may cancel and every allocation may fail; neither leaves more than the arena behind. */
static void
test_interruption(MlpgHost *host)
{
	enum
	{
		N = 20000, P = 4
	};
	double	   *x = malloc(sizeof(double) * N * P);
	double	   *y = malloc(sizeof(double) * N);
	MlpgQuantregProblem problem = {N, P, x, P, y, NULL};
	MlpgQuantregResult result;
	int64_t		checks,
				allocations;
	int			raised_checks = 0,
				raised_allocations = 0,
				asked = 0;

	make_data(CONTINUOUS, N, P, x, y);
	harness_reset(host);
	checks = harness_checks(host);
	mlpg_quantreg_solve(host, &problem, 0.5, &result);
	checks = harness_checks(host) - checks;
	allocations = harness_allocations(host);
	mlpg_quantreg_release(host, &result);
	CHECK(host->in_use == 0);
	CHECK(checks >= 20);
	for (int64_t k = 1; k <= checks; k += 1 + checks / 40)
	{
		harness_reset(host);
		harness_cancel_at_check(host, k);
		raised_checks += raises(host, &problem, MLPG_INTERNAL);
		asked++;
	}
	harness_cancel_at_check(host, 0);
	CHECK_INT(raised_checks, asked);
	asked = 0;
	for (int64_t k = 1; k <= allocations; k += 1 + allocations / 60)
	{
		harness_reset(host);
		harness_fail_allocation(host, k);
		raised_allocations += raises(host, &problem, MLPG_LIMIT_EXCEEDED);
		asked++;
	}
	harness_fail_allocation(host, 0);
	CHECK_INT(raised_allocations, asked);
	harness_reset(host);
	free(x);
	free(y);
}

/* A category of many levels beside numbers: the middle road between few and many rows. */
static void
test_levels(MlpgHost *host)
{
	enum
	{
		N = 4000, P = 82
	};
	double	   *x = calloc(N * P, sizeof(double));
	double	   *y = malloc(sizeof(double) * N);
	MlpgQuantregProblem problem = {N, P, x, P, y, NULL};
	MlpgQuantregResult result;

	seed = 5;
	for (int i = 0; i < N; i++)
	{
		int			level = below(80);

		x[i * P] = 1;
		if (level > 0)
			x[i * P + level] = 1;
		x[i * P + 80] = normal();
		x[i * P + 81] = normal();
		y[i] = 0.1 * level + x[i * P + 80] - log(uniform());
	}
	mlpg_quantreg_solve(host, &problem, 0.61803, &result);
	CHECK(result.rank == P && result.unique && certified(&problem, 0.61803, &result));
	for (int i = 0; i < N; i++)
		y[i] = floor(y[i]);
	mlpg_quantreg_solve(host, &problem, 0.5, &result);
	CHECK(result.converged && fabs(result.gap) < 1e-12);
	free(x);
	free(y);
	harness_reset(host);
}

int
main(void)
{
	MlpgHost   *host = harness_host();
	MlpgHost   *host8 = harness_host_threads(8, 0);

	test_golden(host);
	test_references(host);
	test_enumeration(host);
	test_ties(host);
	test_edges(host);
	test_rank(host);
	test_large(host, host8);
	test_order(host);
	test_interruption(host);
	test_levels(host);
	harness_free(host);
	harness_free(host8);
	return harness_done();
}
