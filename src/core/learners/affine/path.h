/*-------------------------------------------------------------------------
 *
 * path.h
 *	  A regularisation path, as a model keeps it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_PATH_H
#define MLPG_PATH_H

#include "core/learners/affine/affine.h"

typedef struct MlpgPathStep
{
	double		lambda;
	double		deviance_explained; /* share of the null deviance; NaN where that is 0 */
	double		cv_mean;		/* deviance of rows left out, by weight; NaN: none were */
	double		cv_stddev;		/* standard error of cv_mean, from fold to fold */
	size_t		first;			/* its entries: terms that are not zero, and the intercept */
	uint32_t	n;
} MlpgPathStep;

typedef struct MlpgPath
{
	int			n_steps;
	int			capacity;
	MlpgPathStep *step;			/* lambda descends */
	int			chosen;			/* step of the model */
	size_t		n_entries;
	size_t		entries_capacity;
	uint32_t   *term;			/* of each entry, ascending in a step */
	double	   *estimate;
} MlpgPath;

/* One more step, with the coefficients by term that are not zero (and the intercept's, whatever it is). */
extern MlpgPathStep *mlpg_path_add(MlpgHost *host, MlpgPath *path, const MlpgDesign *design, double lambda, const double *coefficients);

/* Coefficients of a step by term, n_terms. */
extern void mlpg_path_coefficients(const MlpgPath *path, int step, int n_terms, double *coefficients);

extern void mlpg_path_write(MlpgWriter *writer, const MlpgPath *path);
extern MlpgPath *mlpg_path_read(MlpgReader *reader, const MlpgDesign *design);

/* Terms of a step that are not zero but for the intercept, and the sum of their sizes. */
extern int	mlpg_path_norm(const MlpgPath *path, int step, const MlpgDesign *design, double *l1_norm);

/* What a model holds that keeps its path: scorer of such learners. */
typedef struct MlpgPathModel
{
	MlpgAffineModel affine;
	MlpgPath   *path;
} MlpgPathModel;

/* The functions of the contract. */
extern void mlpg_path_open(MlpgHost *host, MlpgModel *model, MlpgReader *payload);

#endif							/* MLPG_PATH_H */
