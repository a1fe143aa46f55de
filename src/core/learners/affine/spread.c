/*-------------------------------------------------------------------------
 *
 * spread.c
 *	  How far a new row may be from the prediction of a least squares model.
 *
 * With independent errors of variance s^2 the error of a new row z (of weight 1) is
 * that of its own and that of the prediction: s^2 (1 + z'(Z'WZ)^-1 z).  A model
 * keeps a triangle L with L'L = (Z'WZ)^-1, so the form is |L z|^2 and is never
 * negative; half of the digits that the product would cost are lost.
 *
 * Most of what cancels in L z is a column's mean, when its spread is small beside it
 * (a timestamp).  With an intercept numbers are therefore taken from the means that
 * the schema has, and the intercept's column of L has taken the means up, in
 * double-double.  That is an identity, whatever these numbers are.
 *
 * Size: terms (terms + 1) / 2 doubles, 8 kB at 44 terms; up to 1,000 terms (4 MB) are kept.
 * Cost: terms^2 / 2 operations a row.  Terms that were dropped as dependent count as
 * they do in the prediction: nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/affine/spread.h"

static bool
has_intercept(const MlpgDesign *design)
{
	return design->n_terms > 0 && design->term[0].kind == MLPG_TERM_INTERCEPT;
}

/* What a term is taken from. */
static double
center_of(const MlpgSchema *schema, const MlpgDesign *design, int j)
{
	const MlpgTerm *term = &design->term[j];

	return term->kind == MLPG_TERM_NUMBER && has_intercept(design) ? schema->feature[term->feature].mean : 0;
}

double *
mlpg_spread_factor(MlpgHost *host, const MlpgSchema *schema, const MlpgDesign *design, const MlpgDdMatrix *w, const int *exponent)
{
	int			t = design->n_terms;
	double	   *factor = mlpg_allocate(host, (size_t) t * ((size_t) t + 1) / 2 + 1, sizeof(double));
	double	   *row = factor;

	/* row j of the factor is column j of w */
	for (int j = 0; j < t; row += ++j)
	{
		MlpgDd		first = mlpg_dd(0);

		for (int i = 0; i <= j; i++)
		{
			MlpgDd		element = mlpg_ddmatrix_get(w, i, j);
			double		center = i == 0 && has_intercept(design) ? 1 : center_of(schema, design, i);

			/* both times a power of two, which is exact */
			first = mlpg_dd_add(first, mlpg_dd_multiply_double(element, ldexp(center, -exponent[i])));
			row[i] = ldexp(mlpg_dd_value(element), -exponent[i]);
		}
		if (has_intercept(design))
			row[0] = mlpg_dd_value(first);
		for (int i = 0; i <= j; i++)
			if (!isfinite(row[i]))
				return NULL;
		mlpg_check(host, "prediction intervals", j, t);
	}
	return factor;
}

double
mlpg_affine_spread(MlpgHost *host, const MlpgModel *model, const double *features)
{
	const MlpgAffineModel *m = model->scorer;
	int			t = m->design->n_terms;
	double	   *z = mlpg_allocate(host, (size_t) t + 1, sizeof(double));
	const double *row = m->spread_factor;
	double		sum = 0;

	mlpg_design_row(model->schema, m->design, features, z);
	for (int j = 0; j < t; j++)
		z[j] -= center_of(model->schema, m->design, j);
	for (int j = 0; j < t; row += ++j)
	{
		double		product = 0;

		for (int i = 0; i <= j; i++)
			product += row[i] * z[i];
		sum += product * product;
	}
	mlpg_release(host, z);
	return sqrt(m->dispersion) * sqrt(1 + sum);
}
