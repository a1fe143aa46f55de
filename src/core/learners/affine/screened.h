/*-------------------------------------------------------------------------
 *
 * screened.h
 *	  Columns of a design, held by column: those that screening let through.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_SCREENED_H
#define MLPG_SCREENED_H

#include "core/learners/affine/descent.h"
#include "core/learners/affine/design_rows.h"

typedef struct MlpgScreened
{
	MlpgHost   *host;
	const MlpgDesignRows *rows;
	int			n;
	int			capacity;
	MlpgColumn *column;			/* n, in the order in which they came */
	bool	   *held;			/* n_columns of the design */
	bool	   *wanted;			/* n_columns: to come with the next add */
} MlpgScreened;

extern MlpgScreened *mlpg_screened_create(MlpgHost *host, const MlpgDesignRows *rows);
extern void mlpg_screened_release(MlpgScreened *screened);

/* Takes in the columns that are wanted, ascending, and wants none any more; how many came. */
extern int	mlpg_screened_add(MlpgScreened *screened);

#endif							/* MLPG_SCREENED_H */
