/*-------------------------------------------------------------------------
 *
 * quantreg_face.c
 *	  Is the optimum of quantile regression unique, and if not, which vertex.
 *
 * The optimal coefficients form a polytope, the optimal face.  It is a point
 * unless some basic dual value lies on its bound; then the loss is flat along
 * that edge.  From an optimal basis the flat edges lead to others, and all
 * optimal bases of the perturbed problem (see quantreg_vertex.c) are connected
 * by them.  As the polytope {signs and interpolations kept} moves continuously
 * with y, the vertices of the perturbed face tend to all vertices of the face
 * itself, so the face is a point exactly when no flat edge has a length.
 *
 * Which vertex: the one whose interpolated rows are lowest, that is, of every
 * vertex take the first independent rows, in row order, with residual zero;
 * the lexicographically least list wins.  The search is breadth first over
 * bases and stops after BASES_MAX of them or SEARCH_WORK (a face of k two-sided
 * ties has 2^k vertices); the lowest vertex seen so far is then the answer.  Whether the optimum is unique is known all
 * the same when one flat edge has a length; when none of those seen has and
 * the search is incomplete, it is reported as not unique.
 *
 * In a large problem the search is among the rows of the smaller one, and
 * quantreg_large.c checks the outcome against all rows.
 *
 * Cost: 2 n p an edge, 4 n p + p^3 a basis; nothing beyond p^2 when the
 * optimum is unique.  Memory: p numbers a basis.  Order-fixed.
 *
 *-------------------------------------------------------------------------
 */
#include "core/math/quantreg_internal.h"

#define BASES_MAX 48
#define SEARCH_WORK 5e8			/* multiply-adds that bound the search */
#define LOWEST_THRESHOLD 1e-7	/* independence of interpolated rows */
#define STRIP 128

typedef struct Face
{
	QrVertex   *vertex;
	int			p;
	int			limit;
	int			n;
	int64_t    *bases;			/* limit x p positions, ascending */
	int64_t    *best;			/* p positions: basis of the lowest vertex */
	int64_t    *best_rows;		/* p: its lowest rows */
	int64_t    *rows;			/* p: scratch */
	double		work;
	bool		complete;
} Face;

/* Ascending, by insertion: p is small and the list nearly sorted. */
static void
sort_positions(int64_t *list, int p)
{
	for (int i = 1; i < p; i++)
	{
		int64_t		value = list[i];
		int			j = i;

		for (; j > 0 && list[j - 1] > value; j--)
			list[j] = list[j - 1];
		list[j] = value;
	}
}

/* The first independent rows, by row of the problem, that the vertex interpolates; false when fewer than p. */
bool
qr_lowest_rows(QrVertex *vertex, int64_t *lowest)
{
	const QrRows *rows = vertex->rows;
	QrElimination elimination;
	int			p = rows->p;
	int64_t		n = 0;
	bool		complete;

	for (int64_t i = 0; i < rows->m; i++)
		if (vertex->r[i] == 0 && rows->row[i] >= 0)
		{
			vertex->key[n] = (double) rows->row[i];
			vertex->index[n++] = i;
		}
	qr_heap_build(vertex->key, vertex->index, n);
	qr_elimination_begin(vertex->fit, &elimination, p, LOWEST_THRESHOLD);
	while (n > 0 && elimination.found < p)
	{
		int64_t		i = qr_heap_pop(vertex->key, vertex->index, &n);

		if (qr_elimination_add(&elimination, rows->x + i * rows->ld))
			lowest[elimination.found - 1] = rows->row[i];
		qr_tick(vertex->fit, (int64_t) p * (elimination.found + 1));
	}
	complete = elimination.found == p;
	for (int k = elimination.found; k < p; k++)
		lowest[k] = INT64_MAX;
	qr_elimination_end(vertex->fit, &elimination);
	return complete;
}

/* The same over all rows of the problem, globbed ones too. */
bool
qr_lowest_of_all(QrVertex *vertex, int64_t *lowest)
{
	QrFit	   *fit = vertex->fit;
	const MlpgQuantregProblem *problem = fit->problem;
	QrElimination elimination;
	QrRows		one;
	bool		complete;

	qr_rows_create(fit, &one, 1, fit->rank);
	qr_elimination_begin(fit, &elimination, fit->rank, LOWEST_THRESHOLD);
	for (int64_t i = 0; i < problem->n && elimination.found < fit->rank; i++)
	{
		double		r;

		one.m = 0;
		qr_rows_append(fit, &one, i);
		qr_tick(fit, fit->rank);
		if (one.m == 0)
			continue;
		qr_multiply(one.x, one.ld, one.p, 1, vertex->b, &r);
		r = one.y[0] - r;
		if (!(fabs(r) < vertex->coarse) ||
			qr_exact_residual(one.x, vertex->b, vertex->b_low, one.p, one.y[0]) != 0)
			continue;
		if (qr_elimination_add(&elimination, one.x))
			lowest[elimination.found - 1] = i;
	}
	complete = elimination.found == fit->rank;
	qr_elimination_end(fit, &elimination);
	qr_rows_release(fit, &one);
	return complete;
}

/* The coefficients that interpolate the given rows of the problem; false when those are singular. */
bool
qr_solve_exactly(QrFit *fit, const int64_t *lowest, double *b)
{
	QrRows		rows;
	QrVertex	vertex;
	bool		solved;

	qr_rows_create(fit, &rows, fit->rank, fit->rank);
	for (int k = 0; k < fit->rank; k++)
		qr_rows_append(fit, &rows, lowest[k]);
	qr_vertex_create(fit, &rows, &vertex);
	for (int k = 0; k < fit->rank; k++)
		vertex.basis[k] = k;
	solved = qr_vertex_solve(&vertex);
	if (solved)
		memcpy(b, vertex.b, sizeof(double) * (size_t) fit->rank);
	qr_vertex_release(fit, &vertex);
	qr_rows_release(fit, &rows);
	return solved;
}

/* Adds the vertex's basis, with row entering at j, to those to visit, unless it is there. */
static void
remember(Face *face, int j, int64_t entering)
{
	size_t		size = sizeof(int64_t) * (size_t) face->p;
	int64_t    *list = face->bases + (int64_t) face->n * face->p;

	memcpy(list, face->vertex->basis, size);
	list[j] = entering;
	sort_positions(list, face->p);
	for (int k = 0; k < face->n; k++)
		if (memcmp(face->bases + (int64_t) k * face->p, list, size) == 0)
			return;
	if (face->n < face->limit)
		face->n++;
	else
		face->complete = false;
}

/* Keeps the vertex if its rows are the lowest so far. */
static void
compare(Face *face, bool first)
{
	size_t		size = sizeof(int64_t) * (size_t) face->p;
	int			k = 0;

	qr_lowest_rows(face->vertex, face->rows);
	while (!first && k < face->p && face->rows[k] == face->best_rows[k])
		k++;
	if (!first && (k == face->p || face->rows[k] > face->best_rows[k]))
		return;
	memcpy(face->best_rows, face->rows, size);
	memcpy(face->best, face->vertex->basis, size);
}

/*
 * At a refreshed basis for the first time.  Rounding in a tie may have led to
 * one that is not optimal: then to the next that is.
 */
static bool
arrive(Face *face, int at)
{
	QrVertex   *vertex = face->vertex;

	qr_vertex_optimise(vertex);
	if (!vertex->optimal)
		return false;
	memcpy(face->bases + (int64_t) at * face->p, vertex->basis, sizeof(int64_t) * (size_t) face->p);
	sort_positions(face->bases + (int64_t) at * face->p, face->p);
	compare(face, at == 0);
	return true;
}

/* Looks along the flat edges of basis number at; false when it is singular or the work is used up. */
static bool
visit(Face *face, int at)
{
	QrVertex   *vertex = face->vertex;
	double		m = (double) vertex->rows->m;
	double		p = (double) face->p;

	memcpy(vertex->basis, face->bases + (int64_t) at * face->p, sizeof(int64_t) * (size_t) face->p);
	face->work += 4 * m * p + 2 * p * p * p;
	if (!qr_vertex_refresh(vertex) || !arrive(face, at))
		return false;
	for (int j = 0; j < face->p; j++)
		for (int direction = 1; direction >= -1; direction -= 2)
		{
			bool		moved = false;
			int64_t		entering;

			if (!qr_vertex_flat(vertex, j, direction))
				continue;
			if (face->work > SEARCH_WORK)
				return false;
			face->work += 2 * m * p;
			entering = qr_vertex_neighbour(vertex, j, direction, &moved);
			if (entering < 0)
				continue;
			if (moved)
				vertex->unique = false;
			remember(face, j, entering);
		}
	return true;
}

static bool
any_flat(QrVertex *vertex)
{
	for (int j = 0; j < vertex->rows->p; j++)
		if (qr_vertex_flat(vertex, j, 1) || qr_vertex_flat(vertex, j, -1))
			return true;
	return false;
}

/*
 * From an optimal, refreshed vertex to the lowest optimal one; sets
 * vertex->unique.
 */
void
qr_vertex_face(QrVertex *vertex)
{
	MlpgHost   *host = vertex->fit->host;
	size_t		p = (size_t) vertex->rows->p;
	Face		face = {.vertex = vertex, .p = (int) p, .limit = BASES_MAX, .complete = true};
	int64_t    *memory;

	vertex->unique = true;
	if (!vertex->optimal || vertex->lossless || !any_flat(vertex))
		return;
	memory = mlpg_allocate(host, ((size_t) face.limit + 4) * p, sizeof(int64_t));
	face.best = memory;
	face.best_rows = memory + p;
	face.rows = memory + 2 * p;
	face.bases = memory + 3 * p;
	memcpy(face.best, vertex->basis, sizeof(int64_t) * p);
	remember(&face, 0, vertex->basis[0]);
	for (int at = 0; at < face.n && (at == 0 || face.work <= SEARCH_WORK); at++)
		if (!visit(&face, at))
			face.complete = false;
	if (face.work > SEARCH_WORK)
		face.complete = false;
	if (!face.complete)
		vertex->unique = false;
	memcpy(vertex->basis, face.best, sizeof(int64_t) * p);
	qr_vertex_refresh(vertex);
	vertex->optimal = true;
	for (int j = 0; j < vertex->rows->p; j++)
		qr_vertex_flat(vertex, j, 1);	/* sets the dual value */
	mlpg_release(host, memory);
}
