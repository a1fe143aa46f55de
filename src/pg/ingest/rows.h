/*-------------------------------------------------------------------------
 *
 * rows.h
 *	  From rows of the executor (Datums) to rows of a fit (doubles and codes).
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_ROWS_H
#define MLPG_ROWS_H

#include "pg/mlpg_pg.h"

#include "access/tupdesc.h"
#include "core/learners/fit.h"
#include "nodes/pg_list.h"
#include "pg/ingest/datum.h"

/* What the caller says about the columns. */
typedef struct MlpgColumnsAsked
{
	const char *target;			/* NULL: the target comes apart (aggregate fit) */
	const char *weight;			/* or NULL */
	const char *offset;			/* or NULL */
	const char *validation;		/* or NULL */
	List	   *features;		/* of char *; NIL: all that are not excluded */
	List	   *exclude;		/* of char * */
	bool		allow_leakage;	/* no error E6 */
	bool		skip_unreadable;	/* leave out columns of types that models cannot read, and arrays; NaN and infinity pass */
	AttrNumber	target_twin;	/* aggregate: the column that the target argument is, or 0 */
} MlpgColumnsAsked;

/*
 * Features that were equal to the target in every row so far (error E6): a
 * list that shrinks, and after a row or two is empty.
 */
typedef struct MlpgLeak
{
	bool		off;			/* allow_leakage: not watched */
	int64		n_rows;
	int			n_values;		/* different targets seen, counted up to 3 */
	double		value[2];
	int			n;
	int		   *feature;		/* n */
} MlpgLeak;

typedef struct MlpgRowColumn
{
	int			attno;			/* from 0 */
	MlpgDatumReader reader;
	int			first;			/* first feature it fills */
	int			n;				/* features it fills: 1, or the length of its arrays */
	const char *name;
} MlpgRowColumn;

typedef struct MlpgRows
{
	MlpgPlan   *plan;			/* names and kinds set; learner and params are the caller's to set */
	int			n_columns;
	MlpgRowColumn *column;		/* features, in column order */
	int			target;			/* attno from 0, or -1 */
	MlpgDatumReader target_reader;
	const char *target_text;	/* of the row at hand, if the target is text */
	int32		target_length;
	double		stored_target;	/* what rows_store put into the target's column: of a class its code */
	int			n_beside;		/* columns that are no features: weight, offset, validation, in this order */
	MlpgRowColumn beside[3];	/* first: position in values */
	int			max_attno;		/* attributes that must be deformed */
	bool		allow_leakage;
	bool		any_value;		/* NaN and infinity pass: the rows only tell content */
	bool		any_category;
	const struct MlpgColumns *columns;	/* kernels of this processor */
	int			plain;			/* columns from here to before end_plain are float8 and neighbours in the row */
	int			end_plain;

	/* the row at hand */
	double	   *values;			/* features, target, and columns beside them; texts NaN until stored */
	const char **text;			/* of each category present, else NULL */
	int32	   *length;

	/* counts over all rows */
	int64		n_read;			/* rows looked at: the ordinal of the row at hand */
	int64		n_no_target;
} MlpgRows;

/*
 * Finds the columns of a row type.  length_of(attno from 0) is asked for the
 * length of array columns.  Raises UNDEFINED_COLUMN for names that are not
 * there and E7 for types that models cannot read.
 */
extern MlpgRows *mlpg_rows_create(TupleDesc desc, const MlpgColumnsAsked *asked,
								  int (*length_of) (int attno, void *argument), void *argument);

/* Reads a row; false when its target is NULL.  Raises DATA_EXCEPTION on NaN and infinity. */
extern bool mlpg_rows_read_row(MlpgRows *rows, const Datum *values, const bool *nulls);

/* The same for an aggregate, where the target comes apart from the row. */
extern void mlpg_rows_read_target(MlpgRows *rows, Datum value);
extern void mlpg_rows_read_features(MlpgRows *rows, const Datum *values, const bool *nulls);	/* and what is beside them */

/* A hash of the row's content (features and target), the same wherever and whenever the row is read. */
extern uint64 mlpg_rows_hash(const MlpgRows *rows);

/* Made of that by seed: decides on which side of a hold-out the row is. */
extern uint64 mlpg_hash_membership(uint64 hash, uint64 seed);

/* Gives the row to a fit, with its categories coded there; leak (if not NULL) watches it. */
extern void mlpg_rows_store(MlpgRows *rows, MlpgHost *host, MlpgFit *fit, MlpgLeak *leak);

/* Watches a row of n features followed by the target. */
extern void mlpg_leak_watch(MlpgHost *host, MlpgLeak *leak, const double *values, int n);
extern void mlpg_leak_combine(MlpgHost *host, MlpgLeak *leak, const MlpgLeak *other);

/* E6 when a feature was equal to the target in every one of at least 10 rows with at least 3 different targets. */
extern void mlpg_leak_check(const MlpgLeak *leak, const MlpgPlan *plan);

/* E6 for a feature by name. */
MLPG_NORETURN extern void mlpg_raise_leakage(const char *feature, const char *target);

/* The database's encoding, as models name it. */
extern const char *mlpg_encoding_name(void);

#endif							/* MLPG_ROWS_H */
