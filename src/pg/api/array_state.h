/*-------------------------------------------------------------------------
 *
 * array_state.h
 *	  The state of mlpg.fit over arrays, a value of type mlpg.state.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_ARRAY_STATE_H
#define MLPG_ARRAY_STATE_H

#include "pg/api/fit_state.h"
#include "utils/expandeddatum.h"

#define MLPG_STATE_MAGIC 0x534C4D31 /* "1MLS" */
#define MLPG_STATE_ROWS 1		/* plan, then rows */
#define MLPG_STATE_FIT 2		/* bytes of fit_state.c */
#define MLPG_STATE_ALLOW_LEAKAGE 1
#define MLPG_STATE_BESIDE 3		/* elements that may be no features: weight, offset, validation */

typedef struct MlpgFlatState
{
	int32		vl_len_;
	uint32		magic;
	uint32		kind;
	uint32		crc;			/* CRC-32C of what follows, when the state is at rest */
	uint32		n_rows;			/* MLPG_STATE_ROWS: rows there are */
	uint32		capacity;		/* and rows there is room for */
	uint32		n_columns;
	uint32		body;			/* bytes of the plan (MLPG_STATE_ROWS) or of the fit */
	uint32		flags;			/* MLPG_STATE_ROWS: MLPG_STATE_ALLOW_LEAKAGE */
	uint32		reserved;		/* 0 */
	uint64		n_dropped;
	char		data[FLEXIBLE_ARRAY_MEMBER];	/* body, padded to 8; then capacity x n_columns doubles */
} MlpgFlatState;

#define MLPG_FLAT_HEADER offsetof(MlpgFlatState, data)

static inline double *
mlpg_flat_rows(MlpgFlatState *s)
{
	return (double *) (s->data + TYPEALIGN(8, s->body));
}

static inline Size
mlpg_flat_size(uint32 body, uint64 capacity, uint32 n_columns)
{
	return MLPG_FLAT_HEADER + TYPEALIGN(8, body) + capacity * n_columns * sizeof(double);
}

typedef struct MlpgExpandedState
{
	ExpandedObjectHeader header;	/* first */
	int			magic;
	MlpgHost   *host;
	MlpgFitState *state;
	bytea	   *bytes;			/* between get_flat_size and flatten_into */
	const void *first;			/* what its rows were checked against */
} MlpgExpandedState;

/* A state as what it is: NULL if it is not expanded; flat, whatever it is, checked as far as its header goes. */
extern MlpgExpandedState *mlpg_state_expanded(Datum datum);
extern MlpgFlatState *mlpg_state_flat(Datum datum);

/* The plan of a flat state of rows. */
extern MlpgPlan *mlpg_flat_plan(MlpgHost *host, MlpgFlatState *s);

/* Any state, checked, as a MlpgFitState in the host's arena; or expanded, in a child of parent. */
extern MlpgFitState *mlpg_state_open(MlpgHost *host, Datum datum);
extern MlpgExpandedState *mlpg_state_expand(MemoryContext parent, Datum datum);

#endif							/* MLPG_ARRAY_STATE_H */
