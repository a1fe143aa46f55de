/*-------------------------------------------------------------------------
 *
 * screened.c
 *	  Columns of a design, held by column: those that screening let through.
 *
 * Coordinate descent wants columns, design_rows.c holds rows.  A copy of everything
 * by column would double the memory; but along a regularisation path most
 * terms are never looked at (strong rules), so only those that are come here: 8 bytes a row
 * for a dense one, 4 an entry for a sparse one (12 if its values are not all 1).
 *
 * Cost: one pass over the dense values or over all sparse entries, for as many columns as
 * are wanted at once.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/screened.h"

#define ROWS_BETWEEN_CHECKS 8192

MlpgScreened *
mlpg_screened_create(MlpgHost *host, const MlpgDesignRows *rows)
{
	MlpgScreened *s = mlpg_allocate(host, 1, sizeof(MlpgScreened));

	s->host = host;
	s->rows = rows;
	s->held = mlpg_allocate(host, (size_t) rows->n_columns + 1, sizeof(bool));
	s->wanted = mlpg_allocate(host, (size_t) rows->n_columns + 1, sizeof(bool));
	return s;
}

void
mlpg_screened_release(MlpgScreened *s)
{
	for (int k = 0; k < s->n; k++)
	{
		if (s->column[k].row)
			mlpg_release(s->host, s->column[k].row);
		if (s->column[k].value)
			mlpg_release(s->host, s->column[k].value);
	}
	if (s->column)
		mlpg_release(s->host, s->column);
	mlpg_release(s->host, s->held);
	mlpg_release(s->host, s->wanted);
	mlpg_release(s->host, s);
}

/* Dense columns from `from` on: values in the order of the rows. */
static void
copy_dense(MlpgScreened *s, int from)
{
	const MlpgDesignRows *rows = s->rows;
	int			to = from;
	double	   *memory;

	for (; to < s->n && s->column[to].term < rows->n_dense; to++)
	{
		s->column[to].n = rows->n_rows;
		s->column[to].value = mlpg_allocate(s->host, (size_t) rows->n_rows, sizeof(double));
	}
	if (from == to)
		return;
	memory = mlpg_allocate(s->host, mlpg_design_rows_memory(rows), sizeof(double));
	for (int64_t first = 0; first < rows->n_rows; first += MLPG_DESIGN_BLOCK)
	{
		int64_t		last = rows->n_rows - first < MLPG_DESIGN_BLOCK ? rows->n_rows : first + MLPG_DESIGN_BLOCK;
		MlpgDesignRows at = mlpg_design_rows_at(rows, first, last, memory);

		for (int64_t i = first; i < last; i++)
			for (int k = from; k < to; k++)
				s->column[k].value[i] = mlpg_design_rows_dense(&at, i)[s->column[k].term];
		mlpg_check(s->host, NULL, 0, 0);
	}
	mlpg_release(s->host, memory);
}

/* Sparse columns: place says which of ours a column of the design is, plus 1. */
static void
copy_sparse(MlpgScreened *s, const int *place)
{
	const MlpgDesignRows *rows = s->rows;

	for (int64_t i = 0; i < rows->n_rows; i++)
	{
		for (int64_t e = rows->start[i]; e < rows->start[i + 1]; e++)
			if (place[rows->column[e]] > 0)
				s->column[place[rows->column[e]] - 1].n++;
		if (i % ROWS_BETWEEN_CHECKS == 0)
			mlpg_check(s->host, NULL, 0, 0);
	}
	for (int j = rows->n_dense; j < rows->n_columns; j++)
	{
		MlpgColumn *column = place[j] > 0 ? &s->column[place[j] - 1] : NULL;

		if (column == NULL)
			continue;
		column->row = mlpg_allocate(s->host, (size_t) column->n + 1, sizeof(uint32_t));
		if (rows->value)
			column->value = mlpg_allocate(s->host, (size_t) column->n + 1, sizeof(double));
		column->n = 0;
	}
	for (int64_t i = 0; i < rows->n_rows; i++)
	{
		for (int64_t e = rows->start[i]; e < rows->start[i + 1]; e++)
		{
			MlpgColumn *column = place[rows->column[e]] > 0 ? &s->column[place[rows->column[e]] - 1] : NULL;

			if (column == NULL)
				continue;
			column->row[column->n] = (uint32_t) i;
			if (rows->value)
				column->value[column->n] = rows->value[e];
			column->n++;
		}
		if (i % ROWS_BETWEEN_CHECKS == 0)
			mlpg_check(s->host, NULL, 0, 0);
	}
}

int
mlpg_screened_add(MlpgScreened *s)
{
	int			from = s->n,
				n = s->n;
	int		   *place;
	bool		sparse = false;

	for (int j = 0; j < s->rows->n_columns; j++)
		n += s->wanted[j] && !s->held[j];
	if (n == from)
		return 0;
	if (n > s->capacity)
	{
		int			capacity = 2 * n;

		s->column = s->column ? mlpg_resize(s->host, s->column, (size_t) s->capacity, (size_t) capacity, sizeof(MlpgColumn)) :
			mlpg_allocate(s->host, (size_t) capacity, sizeof(MlpgColumn));
		s->capacity = capacity;
	}
	place = mlpg_allocate(s->host, (size_t) s->rows->n_columns + 1, sizeof(int));
	for (int j = 0; j < s->rows->n_columns; j++)
	{
		if (s->wanted[j] && !s->held[j])
		{
			s->held[j] = true;
			s->column[s->n] = (MlpgColumn) {.term = j};
			sparse |= j >= s->rows->n_dense;
			place[j] = ++s->n;
		}
		s->wanted[j] = false;
	}
	copy_dense(s, from);
	if (sparse)
		copy_sparse(s, place);
	mlpg_release(s->host, place);
	return s->n - from;
}
