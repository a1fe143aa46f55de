/*-------------------------------------------------------------------------
 *
 * rows.c
 *	  Rows of a caller's query, kept for a bulk write.
 *
 * Problem.  log_predictions and log_actuals read SQL of a user and write tables
 * that no user may write.  INSERT ... SELECT would need both rights at once.
 * So the rows are read first, in full, as the user, and written afterwards
 * from memory.
 *
 * Callers run the reading under mlpg_with_read_only (pg/ingest/source.h): SPI's
 * own flag lets volatile functions write.
 *
 * Memory.  One Datum a value and the values behind them, in a context of their
 * own, bounded by mlpg.max_memory; 8 + 1 bytes a cell and what jsonb takes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/catalog/rows.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#define FETCH_ROWS 1000

static MlpgRows *
rows_create(int n_columns, const Oid *types)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlpg rows", ALLOCSET_DEFAULT_SIZES);
	MlpgRows   *rows = MemoryContextAllocZero(context, sizeof(MlpgRows));

	rows->context = context;
	rows->n_columns = n_columns;
	rows->types = types;
	rows->capacity = FETCH_ROWS;
	rows->values = MemoryContextAllocZero(context, n_columns * sizeof(Datum *));
	rows->nulls = MemoryContextAllocZero(context, n_columns * sizeof(bool *));
	for (int c = 0; c < n_columns; c++)
	{
		rows->values[c] = MemoryContextAlloc(context, rows->capacity * sizeof(Datum));
		rows->nulls[c] = MemoryContextAlloc(context, rows->capacity * sizeof(bool));
	}
	return rows;
}

static void
rows_reserve(MlpgRows *rows, int64 more)
{
	if (rows->n + more > rows->capacity)
	{
		rows->capacity = Max(rows->capacity * 2, rows->n + more);
		for (int c = 0; c < rows->n_columns; c++)
		{
			rows->values[c] = repalloc_huge(rows->values[c], rows->capacity * sizeof(Datum));
			rows->nulls[c] = repalloc_huge(rows->nulls[c], rows->capacity * sizeof(bool));
		}
	}
	if (MemoryContextMemAllocated(rows->context, true) / 1024 > (Size) mlpg_max_memory_kb)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("rows to log need more memory than mlpg.max_memory allows"),
				 errdetail("%lld rows were read before the limit was reached.", (long long) rows->n),
				 errhint("Log in smaller parts, such as one month a call; the result is the same.")));
}

static void
rows_append(MlpgRows *rows, SPITupleTable *table, uint64 n)
{
	TupleDesc	desc = table->tupdesc;

	if (desc->natts != rows->n_columns)
		elog(ERROR, "query returned %d columns instead of %d", desc->natts, rows->n_columns);
	rows_reserve(rows, (int64) n);

	MemoryContext old = MemoryContextSwitchTo(rows->context);

	for (int c = 0; c < desc->natts; c++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, c);

		if (attribute->atttypid != rows->types[c])
			elog(ERROR, "query returned type %u instead of %u in column %d", attribute->atttypid, rows->types[c], c + 1);
		for (uint64 i = 0; i < n; i++)
		{
			bool	   *is_null = &rows->nulls[c][rows->n + i];
			Datum		value = SPI_getbinval(table->vals[i], desc, c + 1, is_null);

			if (*is_null)
				value = (Datum) 0;
			else if (attribute->attlen == -1)
				value = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
			else
				value = datumCopy(value, attribute->attbyval, attribute->attlen);
			rows->values[c][rows->n + i] = value;
		}
	}
	rows->n += (int64) n;
	MemoryContextSwitchTo(old);
}

MlpgRows *
mlpg_spi_rows_read(const char *query, MlpgArguments *args, int n_columns, const Oid *types)
{
	MlpgRows   *rows = rows_create(n_columns, types);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	args->nulls[args->n] = '\0';

	Portal		portal = SPI_cursor_open_with_args(NULL, query, args->n, args->types, args->values, args->nulls,
												   true, CURSOR_OPT_NO_SCROLL);

	for (SPI_cursor_fetch(portal, true, FETCH_ROWS); SPI_processed > 0; SPI_cursor_fetch(portal, true, FETCH_ROWS))
	{
		CHECK_FOR_INTERRUPTS();
		rows_append(rows, SPI_tuptable, SPI_processed);
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
	return rows;
}

void
mlpg_arg_rows(MlpgArguments *args, const MlpgRows *rows, int column, int64 first, int64 end)
{
	Oid			type = rows->types[column];
	Oid			array_type = get_array_type(type);
	int			dims[1] = {(int) (end - first)};
	int			bounds[1] = {1};
	int16		length;
	bool		by_value;
	char		align;

	get_typlenbyvalalign(type, &length, &by_value, &align);
	mlpg_arg_datum(args, array_type,
				   PointerGetDatum(construct_md_array(rows->values[column] + first, rows->nulls[column] + first,
													  1, dims, bounds, type, length, by_value, align)),
				   false);
}

void
mlpg_spi_rows_free(MlpgRows *rows)
{
	MemoryContextDelete(rows->context);
}
