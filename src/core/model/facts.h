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

typedef struct MlpgFacts
{
	int			n;
	int			capacity;
	char	  **name;
	char	  **text;
} MlpgFacts;

extern MlpgFacts *mlpg_facts_create(MlpgHost *host);
extern void mlpg_fact(MlpgHost *host, MlpgFacts *facts, const char *name, const char *format, ...) MLPG_PRINTF(4, 5);
extern void mlpg_fact_text(MlpgHost *host, MlpgFacts *facts, const char *name, const char *text);

/* Shortest text that reads back as the same double. */
extern char *mlpg_number_text(MlpgHost *host, double value);
extern const char *mlpg_fact_find(const MlpgFacts *facts, const char *name);	/* NULL if absent */

#endif							/* MLPG_FACTS_H */
