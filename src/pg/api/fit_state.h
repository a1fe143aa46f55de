/*-------------------------------------------------------------------------
 *
 * fit_state.h
 *	  The state of both forms of the aggregate mlpg.fit.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_FIT_STATE_H
#define MLPG_FIT_STATE_H

#include "pg/mlpg_pg.h"

#include "core/learners/fit.h"
#include "pg/api/options.h"
#include "pg/ingest/rows.h"

typedef struct MlpgFitState
{
	MlpgFit		fit;
	MlpgLeak	leak;
} MlpgFitState;

/* plan must live as long as the state. */
extern MlpgFitState *mlpg_fit_state_create(MlpgHost *host, const MlpgPlan *plan);
extern MlpgFitState *mlpg_fit_state_copy(MlpgHost *host, MlpgFitState *other);
extern void mlpg_fit_state_combine(MlpgHost *host, MlpgFitState *state, MlpgFitState *other);

/* Rows of one group with different algorithms or params. */
MLPG_NORETURN extern void mlpg_raise_different_fits(void);

/* Plan and state as bytes behind a varlena header, and back; bytes are not trusted. */
extern bytea *mlpg_fit_state_bytes(MlpgHost *host, MlpgFitState *state);
extern MlpgFitState *mlpg_fit_state_read(MlpgHost *host, const void *data, size_t length);

/* The model, in the current context; arena is where the state lives. */
extern struct varlena *mlpg_fit_state_finish(FunctionCallInfo fcinfo, MemoryContext arena, MlpgFitState *state);

/* A model value from the bytes of a writer. */
extern struct varlena *mlpg_model_datum(const MlpgWriter *writer);

#endif							/* MLPG_FIT_STATE_H */
