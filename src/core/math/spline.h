/*-------------------------------------------------------------------------
 *
 * spline.h
 *	  Bases of natural cubic splines.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_SPLINE_H
#define MLPG_SPLINE_H

#include "core/host.h"

typedef struct MlpgSpline
{
	int			n_knots;
	double	   *knot;			/* n_knots, strictly ascending; the first and the last bound the data */
	int			n_columns;		/* n_knots - 1 */
	double	   *mix;			/* (n_knots + 1) x n_columns: from B-splines but the first to the basis */
	double	   *outer;			/* 2 x 2 x n_columns: value and slope at either end, from where lines go on */
} MlpgSpline;

/* Two knots or more. */
extern MlpgSpline *mlpg_spline_create(MlpgHost *host, const double *knot, int n_knots);

/* The basis at x: n_columns values. */
extern void mlpg_spline_row(const MlpgSpline *spline, double x, double *out);

#endif							/* MLPG_SPLINE_H */
