/*-------------------------------------------------------------------------
 *
 * facts.h
 *	  What happened in training, as name and text: kept in the model, shown by
 *	  mlpg.summary; facts named "warning" are also raised as WARNINGs.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_FACTS_H
#define MLPG_FACTS_H

#include "core/host.h"

/* One value of a learning curve, of rows kept apart to validate. */
typedef struct MlpgCurvePoint
{
	const char *metric;
	int			step;			/* iterations done, from 1 */
	double		value;
} MlpgCurvePoint;

typedef struct MlpgFacts
{
	int			n;
	int			capacity;
	char	  **name;
	char	  **text;

	/* not kept in the model: mlpg.train writes it to run_metrics */
	int			n_points;
	MlpgCurvePoint *point;
} MlpgFacts;

extern MlpgFacts *mlpg_facts_create(MlpgHost *host);
extern void mlpg_fact(MlpgHost *host, MlpgFacts *facts, const char *name, const char *format, ...) MLPG_PRINTF(4, 5);
extern void mlpg_fact_text(MlpgHost *host, MlpgFacts *facts, const char *name, const char *text);

/* A number; nothing where there is none (NaN, infinite). */
extern void mlpg_fact_number(MlpgHost *host, MlpgFacts *facts, const char *name, double value);

/* Adds points to the learning curve. */
extern void mlpg_fact_curve(MlpgHost *host, MlpgFacts *facts, const MlpgCurvePoint *point, int n);

/* Shortest text that reads back as the same double. */
extern char *mlpg_number_text(MlpgHost *host, double value);
extern const char *mlpg_fact_find(const MlpgFacts *facts, const char *name);	/* NULL if absent */

#endif							/* MLPG_FACTS_H */
