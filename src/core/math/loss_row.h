/*-------------------------------------------------------------------------
 *
 * loss_row.h
 *	  What a loss does with rows: between loss.c and loss_row.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_LOSS_ROW_H
#define MLPG_LOSS_ROW_H

#include "core/math/loss.h"

#define MLPG_LOSS_BLOCK 256

/*
 * Of losses with one output; softmax is in loss.c.  All take MLPG_LOSS_BLOCK
 * rows, without weights; no two arrays overlap.
 */
struct MlpgLossRow
{
	/* why a finite target is outside the domain, or NULL; NULL function: none is */
	const char *(*refuses) (const MlpgLoss *loss, double y);

	/* hessian is left alone where it is constant */
	void		(*gradients) (const MlpgLoss *loss, const double *y, const double *score,
							  double *gradient, double *hessian);
	void		(*values) (const MlpgLoss *loss, const double *y, const double *score, double *out);
};

#define LOSS(id, name, link, flags, parameter, summary) extern const MlpgLossRow mlpg_loss_row_##name;
#include "core/math/loss_list.h"
#undef LOSS

#endif							/* MLPG_LOSS_ROW_H */
