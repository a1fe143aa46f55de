/*-------------------------------------------------------------------------
 *
 * test_quantreg.c
 *	  Quantile regression against R, against its own certificate, and at its edges.
 *
 *-------------------------------------------------------------------------
 */
#include "quantreg_problems.h"

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

int
main(void)
{
	MlpgHost   *host = harness_host();

	test_golden(host);
	test_references(host);
	test_edges(host);
	test_rank(host);
	harness_free(host);
	return harness_done();
}
