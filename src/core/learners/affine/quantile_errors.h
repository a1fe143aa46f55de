/*-------------------------------------------------------------------------
 *
 * quantile_errors.h
 *	  Standard errors of linear quantile regression.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_QUANTILE_ERRORS_H
#define MLPG_QUANTILE_ERRORS_H

#include "core/math/quantreg.h"

/* In the order of the choices of parameter "std_errors". */
typedef enum MlpgQuantileErrors
{
	MLPG_ERRORS_NONE,
	MLPG_ERRORS_IID,
	MLPG_ERRORS_NID,
	MLPG_ERRORS_BOOTSTRAP
} MlpgQuantileErrors;

typedef struct MlpgQuantileErrorsAsked
{
	MlpgQuantileErrors kind;
	int			samples;		/* bootstrap */
	uint64_t	seed;
} MlpgQuantileErrorsAsked;

typedef struct MlpgQuantileErrorsFound
{
	double	   *std_error;		/* p; NaN where there is none */
	int64_t		n_flat;			/* nid: rows where the fitted quantiles do not ascend, so no density is known */
	int			n_samples;		/* bootstrap: samples that count, those whose rows have the rank of all */
} MlpgQuantileErrorsFound;

/* Of the solution of a problem at a level; all memory from the host. */
extern void mlpg_quantile_errors(MlpgHost *host, const MlpgQuantregProblem *problem, double tau, const MlpgQuantregResult *result,
								 const MlpgQuantileErrorsAsked *asked, MlpgQuantileErrorsFound *found);

#endif							/* MLPG_QUANTILE_ERRORS_H */
