/*-------------------------------------------------------------------------
 *
 * judging.h
 *	  Rows of a source, answered by a model whose answers are to be judged.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_JUDGING_H
#define MLPG_JUDGING_H

#include "pg/mlpg_pg.h"

#include "core/metrics/judge.h"
#include "fmgr.h"
#include "pg/api/scored.h"

typedef struct MlpgJudging
{
	MlpgModelRef ref;			/* model_id 0: the model came as a value */
	char	   *label;			/* for messages */
	MemoryContext context;		/* of what is kept */
	MemoryContext row_context;
	int			uncleaned;
	MlpgHost   *host;
	Jsonb	   *metrics;		/* of the version, or NULL */
	char	   *source;			/* canonical */
	bool		stored;			/* the rows held out of the stored source */
	MlpgHoldout holdout;
	MlpgScored	scored;
	const char *target;			/* its column; NULL: it is not read */
	MlpgRows   *rows;
	int			n_attributes;
	int			n_segment_columns;
	struct MlpgSegmentColumn *segment_column;
	MlpgDictionary *segments;	/* by first sight; one without a name where there are no columns */
	MlpgDictionary *classes;	/* those of the model, then others that were seen */
	bool		keeps_rows;		/* as they came, and who they are */
	MemoryContext text_context; /* of n-grams, which live as long as the block, or the rows that are kept; NULL: none */

	/* the block being filled */
	int			n_block;
	double	   *features;
	double	   *out;
	double	   *block_target;	/* numbers, or classes as in classes */
	int32	   *block_segment;
	double	   *block_row;		/* stride each */
	uint64	   *block_identity;

	/* rows answered */
	int64		n;
	int64		capacity;
	int64		n_unanswered;
	int32	   *segment;
	double	   *target_value;
	double	   *answer;			/* the model's outputs */
	int			stride;			/* of what is kept: columns of model->input, and the offset */
	double	   *row;
	uint64	   *identity;
} MlpgJudging;

/*
 * Opens what judges the model of argument 0, a reference (the right read is needed) or a value, on a source; NULL: on the
 * stored hold-out.  What is raised names the model.
 */
extern MlpgJudging *mlpg_judging_open(FunctionCallInfo fcinfo, text *source);

/* Reads and answers all rows. */
extern void mlpg_judging_read(MlpgJudging *judging);

/* The judge of a regression that answers one number, with the costs that its version was judged by. */
extern void mlpg_judging_numbers(const MlpgJudging *judging, MlpgJudge *judge);

#endif							/* MLPG_JUDGING_H */
