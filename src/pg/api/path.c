/*-------------------------------------------------------------------------
 *
 * path.c
 *	  mlpg.path: the regularisation path that a model was chosen from.
 *
 * A long table, so that it can be plotted as it is: a row a step and term.  A step
 * without any term (there is no intercept) has one row, whose term is NULL.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/mlpg_pg.h"

#include "core/learners/affine/path.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pg/api/model_argument.h"
#include "utils/builtins.h"

MLPG_SQL_FUNCTION(mlpg_sql_path);

enum
{
	STEP, LAMBDA, CHOSEN, EXPLAINED, N_NONZERO, L1_NORM, CV_MEAN, CV_STDDEV, TERM, ESTIMATE, N_COLUMNS
};

static void
set_number(Datum *values, bool *nulls, int column, double number)
{
	values[column] = Float8GetDatum(number);
	nulls[column] = isnan(number);
}

/* The rows of a step; text holds the name of every term. */
static void
put_step(ReturnSetInfo *result, const MlpgPath *path, int k, const MlpgDesign *design, const Datum *text)
{
	const MlpgPathStep *step = &path->step[k];
	Datum		values[N_COLUMNS] = {0};
	bool		nulls[N_COLUMNS] = {false};
	double		norm;

	values[N_NONZERO] = Int32GetDatum(mlpg_path_norm(path, k, design, &norm));
	values[STEP] = Int32GetDatum(k + 1);
	values[CHOSEN] = BoolGetDatum(k == path->chosen);
	set_number(values, nulls, LAMBDA, step->lambda);
	set_number(values, nulls, EXPLAINED, step->deviance_explained);
	set_number(values, nulls, L1_NORM, norm);
	set_number(values, nulls, CV_MEAN, step->cv_mean);
	set_number(values, nulls, CV_STDDEV, step->cv_stddev);
	nulls[TERM] = nulls[ESTIMATE] = true;
	if (step->n == 0)
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	nulls[TERM] = nulls[ESTIMATE] = false;
	for (size_t i = step->first; i < step->first + step->n; i++)
	{
		values[TERM] = text[path->term[i]];
		values[ESTIMATE] = Float8GetDatum(path->estimate[i]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		CHECK_FOR_INTERRUPTS();
	}
}

/* path(model) */
Datum
mlpg_sql_path(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MlpgModel  *model;
	const MlpgPath *path;
	const MlpgDesign *design;
	MlpgHost   *host;
	Datum	   *text;

	InitMaterializedSRF(fcinfo, 0);
	model = mlpg_model_argument(fcinfo, MLPG_READ);
	if (model->learner->path == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("models of learner \"%s\" have no regularisation path", model->learner->name),
				 model->learner->coefficients ? errhint("Use mlpg.coefficients(model).") : 0));
	path = model->learner->path(model);
	design = ((const MlpgPathModel *) model->scorer)->affine.design;
	host = mlpg_host_pg_create(NULL, 1, 0);
	text = palloc_extended(((size_t) design->n_terms + 1) * sizeof(Datum), MCXT_ALLOC_HUGE);
	for (int j = 0; j < design->n_terms; j++)
		text[j] = CStringGetTextDatum(mlpg_term_name(host, model->schema, &design->term[j]));
	for (int k = 0; k < path->n_steps; k++)
		put_step(result, path, k, design, text);
	return (Datum) 0;
}
