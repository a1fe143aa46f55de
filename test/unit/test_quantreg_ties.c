/*-------------------------------------------------------------------------
 *
 * test_quantreg_ties.c
 *	  Quantile regression on the data that break simplex methods: against the
 *	  enumeration of all bases, and where ties are beyond it.
 *
 *-------------------------------------------------------------------------
 */
#include "quantreg_problems.h"

#define EXACT_ROWS 9
#define EXACT_COLUMNS 3

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

int
main(void)
{
	MlpgHost   *host = harness_host();

	test_enumeration(host);
	test_ties(host);
	harness_free(host);
	return harness_done();
}
