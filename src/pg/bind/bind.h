/*-------------------------------------------------------------------------
 *
 * bind.h
 *	  Which column of a row is which feature of a model, and reading it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_BIND_H
#define MLPG_BIND_H

#include "pg/mlpg_pg.h"

#include "core/learners/learner.h"
#include "pg/ingest/datum.h"
#include "utils/jsonb.h"

/* The columns that a row has. */
typedef struct MlpgColumns
{
	int			n;
	const char **name;			/* n; NULL: a dropped column */
	Oid		   *type;			/* n */
} MlpgColumns;

/* One column that is read. */
typedef struct MlpgSource
{
	int			position;		/* among the row's values */
	int			feature;		/* scalars: the feature; NaN stands for NULL */
	bool		fast;			/* a number that needs no scaling */
	MlpgDatumReader reader;
	double		scale;			/* days to seconds and back */
	const char *column;
	int			n_elements;		/* arrays: elements that are features, the last named one */
	int		   *element;		/* n_elements features, -1 where none is named */
	double	   *buffer;			/* n_elements */
} MlpgSource;

typedef struct MlpgBinding
{
	const MlpgModel *model;
	const char *label;			/* 'model "beverage"' or 'the model' */
	int			n_sources;
	MlpgSource *source;
} MlpgBinding;

/*
 * Binds columns by name, in the current context, or raises E2 or
 * DATATYPE_MISMATCH.  planned: the columns were chosen by the planner; one
 * missing is then a serialization failure.
 */
extern MlpgBinding *mlpg_bind_columns(const MlpgModel *model, const char *label, const MlpgColumns *columns, bool planned);

/* "emb[3]" is element 3 of column "emb": returns 3 and the length of the column's name, else 0. */
extern int	mlpg_array_feature(const char *name, int *length);

/* Raises E2 for a feature; found may have NULL names. */
MLPG_NORETURN extern void mlpg_raise_missing(const MlpgModel *model, const char *label, const char *feature,
											 const MlpgColumns *found, bool is_json);

/*
 * Reading: fills row as the learner sees it (mlpg_schema_columns of model->schema doubles, NaN where
 * missing) and returns whether there is any value.  What a text is to the
 * learner lives in the current context.
 */
extern bool mlpg_bind_arguments(const MlpgBinding *binding, const NullableDatum *arguments, double *row);
extern bool mlpg_bind_values(const MlpgBinding *binding, const Datum *values, const bool *nulls, double *row);
extern bool mlpg_bind_jsonb(const MlpgModel *model, const char *label, Jsonb *object, double *row);
extern bool mlpg_bind_text(const MlpgModel *model, const char *label, text *value, double *row);
extern bool mlpg_bind_array(const MlpgModel *model, const char *label, Datum array, double *row);

/* For the readers: where a row is read to, and what it becomes; checks, and the values of texts and categories. */
extern double *mlpg_bind_place(const MlpgModel *model, double *row);
extern bool mlpg_bind_made(const MlpgModel *model, bool any, double *row);
extern double mlpg_bind_code(const MlpgModel *model, int feature, const char *string, int32 length);
extern double mlpg_bind_finite(const MlpgModel *model, int feature, double value);

#endif							/* MLPG_BIND_H */
