/*-------------------------------------------------------------------------
 *
 * log_source.h
 *	  What log_predictions and log_actuals have in common: a source, its
 *	  columns, and what the registry knows about the model.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_LOG_SOURCE_H
#define MLPG_LOG_SOURCE_H

#include "pg/catalog/registry.h"
#include "pg/catalog/rows.h"

#include "utils/array.h"

/* Alias of the source's row in queries; a column of that name is unlikely. */
#define MLPG_LOG_ROW "\"mlpg row\""

/* A source that was looked at, and who reads it. */
typedef struct MlpgLogSource
{
	char	   *query;			/* one SELECT */
	Oid			owner;			/* read as this role; InvalidOid: as the caller */
	int			n_columns;
	char	  **name;			/* n_columns */
	Oid		   *type;			/* n_columns */
	MemoryContext context;
} MlpgLogSource;

/* What the registry says about a version. */
typedef struct MlpgLogFacts
{
	char	   *time_zone;
	char	   *time_col;		/* NULL: the recipe names none */
	char	   *target;
	char	   *source;			/* of the recipe */
	char	   *version_source; /* of the version */
	TimestampTz created_at;
	bool		has_trained_until;
	TimestampTz trained_until;
	double		underage_cost;	/* NaN: none */
	double		overage_cost;
	ArrayType  *levels;			/* trained quantile levels, ascending; NULL: none */
	ArrayType  *series_names;	/* NULL: nothing was logged yet */
	ArrayType  *series_types;
} MlpgLogFacts;

/* The moment and the day of a time column. */
typedef struct MlpgLogTime
{
	char	   *moment;
	char	   *day;
} MlpgLogTime;

/* given: what the caller typed when owner is InvalidOid, else canonical text that is read as owner. */
extern void mlpg_log_open_source(MlpgLogSource *source, const char *given, Oid owner);
extern int	mlpg_log_find_column(const MlpgLogSource *source, const char *name);	/* -1: none */
extern int	mlpg_log_require_column(const MlpgLogSource *source, const char *name);
extern void mlpg_log_raise_type(const MlpgLogSource *source, int column, const char *use, const char *hint);

/* A query over the source, run by whoever reads it, read only. */
extern MlpgRows *mlpg_log_read(const MlpgLogSource *source, const char *query, MlpgArguments *args,
							   int n_columns, const Oid *types);

/* SQL expressions over the row of a source. */
extern char *mlpg_log_column(const char *name);
extern bool mlpg_log_time(const MlpgLogSource *source, int column, const char *time_zone, MlpgLogTime *result);
extern void mlpg_log_require_time(const MlpgLogSource *source, const char *name, const char *time_zone, MlpgLogTime *result);
extern char *mlpg_log_series(const MlpgLogSource *source, const MlpgLogFacts *facts, ArrayType *names);
extern Oid	mlpg_log_key_type(const MlpgLogSource *source, int column);

/* Arrays of names. */
extern int	mlpg_log_n_names(ArrayType *names);	/* NULL: 0 */
extern char *mlpg_log_name(ArrayType *names, int index);
extern void mlpg_log_check_names(ArrayType *names, const char *argument);
extern void mlpg_log_check_keys(const MlpgLogFacts *facts, ArrayType *names, const char *model, const char *argument);

extern void mlpg_log_load_facts(const MlpgModelRef *ref, MlpgLogFacts *facts);

#endif							/* MLPG_LOG_SOURCE_H */
