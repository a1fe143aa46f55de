/*-------------------------------------------------------------------------
 *
 * registry.h
 *	  The registry of models as C sees it: references, rights, blobs, writers.
 *
 * Reading for scoring opens the registry tables directly (index probe under
 * the active snapshot); every write runs one fixed, qualified, parameterised
 * statement as the registry's owner after the right was checked for the
 * caller (doc/CATALOG.md, 2).
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_REGISTRY_H
#define MLPG_REGISTRY_H

#include "pg/mlpg_pg.h"

#include "core/model/facts.h"

#include "nodes/pg_list.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

/* What a caller wants to do with a model; each includes those before it. */
typedef enum MlpgPrivilege
{
	MLPG_SCORE,					/* predict*, forecast, orders */
	MLPG_READ,					/* + summary, coefficients, metrics, recipe, error views */
	MLPG_OWN					/* + everything that writes, and the blob */
} MlpgPrivilege;

#define MLPG_MAX_MODEL_NAME 200	/* bytes */

/* A resolved reference: 'name', 'name@alias' or 'name@version'. */
typedef struct MlpgModelRef
{
	int64		model_id;
	int32		version;
	Oid			owner;			/* role that owns the model */
	char	   *name;			/* plain model name, palloc'd */
} MlpgModelRef;

/*
 * Resolves a reference for GetUserId() under the active snapshot, or raises
 * E1 (UNDEFINED_OBJECT), the same text whether the model is missing or hidden.
 */
extern void mlpg_registry_resolve(const char *reference, MlpgPrivilege privilege, MlpgModelRef *result);

/* The same, but returns false instead of raising (planner support). */
extern bool mlpg_registry_resolve_quietly(const char *reference, MlpgPrivilege privilege, MlpgModelRef *result);

/* Finds a plain name (no version needed); false when there is none or it is hidden. */
extern bool mlpg_registry_find_model(const char *name, MlpgPrivilege privilege, MlpgModelRef *result);

/* The same, raising E1; a reference with '@' is refused. version is 0. */
extern void mlpg_registry_require_model(const char *name, MlpgPrivilege privilege, MlpgModelRef *result);

/*
 * What train asks before it reads a row: checks the name, returns whether the
 * model exists, and raises E1 when it does and is not the caller's.
 */
extern bool mlpg_registry_may_train(const char *name, MlpgModelRef *result);

/*
 * The blob of a version, detoasted, in the current context; and the fit
 * without hold-out rows (which is the blob when no other was stored).  No
 * right is checked here: resolve first.
 */
extern struct varlena *mlpg_registry_blob(int64 model_id, int32 version);
extern struct varlena *mlpg_registry_evaluation(int64 model_id, int32 version);

/* models.recipe and model_versions.metrics, copied; NULL when the row is gone.  Resolve first. */
extern Jsonb *mlpg_registry_recipe(int64 model_id);
extern Jsonb *mlpg_registry_metrics(int64 model_id, int32 version);
extern bool mlpg_registry_version_exists(int64 model_id, int32 version);

/* E1 and its variant for aliases and versions. */
MLPG_NORETURN extern void mlpg_raise_no_model(const char *name, bool may_score);
MLPG_NORETURN extern void mlpg_raise_no_version(const char *name, const char *alias);

/* OIDs of the tables that a rewritten plan depends on: models, aliases, model_grants, model_versions. */
extern List *mlpg_registry_relations(void);

/* A number that changes when models, aliases, grants or versions change in a way this session can see. */
extern uint64 mlpg_registry_generation(void);

/* One new version, everything that train knows about it. */
typedef struct MlpgNewVersion
{
	const char *model;			/* plain name; created, owned by the caller, when it does not exist */
	const char *task;			/* 'regression' | 'classification' */
	const char *target;
	const char *algorithm;
	Jsonb	   *recipe;			/* arguments of train that retrain needs, canonical source included */
	Jsonb	   *params;			/* resolved learner parameters */
	Jsonb	   *metrics;		/* metrics and baselines of the hold-out */
	struct varlena *blob;		/* mlpg.model that serves */
	struct varlena *evaluation; /* fit without test rows, or NULL when blob is it */
	const char *source;			/* canonical source */
	int64		n_rows;			/* rows used by the fit */
	const char *data_fingerprint;
	int64		seed;
	const char *description;	/* or NULL */
	const char *experiment;		/* or NULL */
	Jsonb	   *tags;			/* or NULL */
	const MlpgFacts *facts;		/* whose learning curve is kept, or NULL */
	const char *key;			/* idempotency key or NULL */
	const char *kind;			/* run kind: 'train' | 'retrain' */
	int64		run_id;			/* an already started run, or 0: one is written */
	double		seconds;		/* wall time of the whole call so far */
	double		fit_seconds;
	int64		peak_memory;	/* bytes */
	TimestampTz started_at;
	bool		beats_baselines;	/* for the first version's WARNING */
} MlpgNewVersion;

typedef struct MlpgSavedVersion
{
	int64		model_id;
	int32		version;
	int64		run_id;
	bool		is_champion;	/* first version of a model: alias champion is set by itself */
	int64		n_rows;			/* set by find_key only, as is seconds */
	double		seconds;
} MlpgSavedVersion;

/* Writes run, model (if new), version, blob, alias and deployment rows. */
extern void mlpg_registry_save(const MlpgNewVersion *version, MlpgSavedVersion *result);

/*
 * Idempotency: whether a run of this kind with this key has succeeded for the
 * model; then its run and version.  The model must be the caller's own
 * (mlpg_registry_may_train).  key NULL: false.
 */
extern bool mlpg_registry_find_key(int64 model_id, const char *kind, const char *key, MlpgSavedVersion *result);

/* A name a model may have: no '@', not all digits, not empty, at most 200 bytes; raises INVALID_PARAMETER_VALUE. */
extern void mlpg_check_model_name(const char *name);

/*
 * Implemented by training and evaluation (pg/api/train.c, pg/api/evaluate.c),
 * called by retrain and deploy (pg/api/lifecycle.c), both as the owner of the
 * model under SECURITY_RESTRICTED_OPERATION.
 *
 * mlpg_train_from_recipe runs the stored recipe on today's data, saves a
 * version with MlpgNewVersion.run_id = run_id and kind "retrain", and returns
 * its number.
 *
 * mlpg_compare_versions compares two versions of one model on the rows of the
 * challenger's hold-out that neither was fitted on, by their evaluation fits.
 * gain > 0: challenger is better, in the metric's unit, as a mean over rows;
 * se: standard error of the paired difference; n: rows compared.  metric NULL:
 * the challenger's own.  Returns false with n = 0 when there are no such rows.
 */
extern int32 mlpg_train_from_recipe(int64 run_id, const MlpgModelRef *model, Jsonb *recipe);
extern bool mlpg_compare_versions(const MlpgModelRef *challenger, const MlpgModelRef *incumbent,
								  const char *metric, double *gain, double *se, int64 *n);

#endif							/* MLPG_REGISTRY_H */
