/*-------------------------------------------------------------------------
 *
 * rows.h
 *	  Rows of a caller's query, kept for a bulk write.
 *
 * The caller's SQL is read as the caller (or as the model's owner); only then
 * is anything written, as the registry's owner, through arrays of parameters.
 * So the two never run under one user.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_ROWS_H
#define MLPG_ROWS_H

#include "pg/catalog/writer.h"

typedef struct MlpgRows
{
	MemoryContext context;		/* of all values */
	int			n_columns;
	const Oid  *types;			/* n_columns */
	int64		n;
	int64		capacity;
	Datum	  **values;			/* n_columns x capacity */
	bool	  **nulls;			/* n_columns x capacity */
} MlpgRows;

/* Runs a query as the current user under the active snapshot; call it under mlpg_with_read_only. */
extern MlpgRows *mlpg_spi_rows_read(const char *query, MlpgArguments *args, int n_columns, const Oid *types);

/* Rows first .. end - 1 of a column as an array, appended to the arguments. */
extern void mlpg_arg_rows(MlpgArguments *args, const MlpgRows *rows, int column, int64 first, int64 end);

extern void mlpg_spi_rows_free(MlpgRows *rows);

#endif							/* MLPG_ROWS_H */
