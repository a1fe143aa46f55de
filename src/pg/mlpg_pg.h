/*-------------------------------------------------------------------------
 *
 * mlpg_pg.h
 *	  What every file of the PostgreSQL wing starts from.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_PG_H
#define MLPG_PG_H

#include "pg/compat.h"

#include "core/host.h"
#include "storage/ipc.h"

/* Declares and exports one SQL entry point; the only exported symbols of mlpg.so. */
#define MLPG_SQL_FUNCTION(name) \
	PGDLLEXPORT Datum name(PG_FUNCTION_ARGS); \
	PG_FUNCTION_INFO_V1(name)

/* mlpg.c: settings */
extern int	mlpg_max_memory_kb;			/* mlpg.max_memory */
extern int	mlpg_max_threads;			/* mlpg.max_threads; 0 = derived */
extern int	mlpg_model_cache_kb;		/* mlpg.model_cache_size */
extern int	mlpg_thread_count(void);	/* threads a fit may use, >= 1 */

/*
 * host_pg.c: the four services on PostgreSQL.
 *
 * A MlpgHostPg lives in the context it is created in; its memory comes from
 * the arena given (context NULL: a new child of the current context).  Threads
 * start on first need; mlpg_host_pg_finish joins them and must run on every
 * way out: use MLPG_WITH_HOST, which wraps the body in PG_ENSURE_ERROR_CLEANUP.
 */
typedef struct MlpgHostPg MlpgHostPg;

extern MlpgHost *mlpg_host_pg_create(MemoryContext arena, int n_threads, size_t budget);
extern void mlpg_host_pg_set_arena(MlpgHost *host, MemoryContext arena);	/* what comes from now on */
extern void mlpg_host_pg_finish(MlpgHost *host);
extern void mlpg_host_pg_cleanup(int code, Datum host);	/* before_shmem_exit shape of finish */
extern int	mlpg_sqlstate(MlpgErrorCode code);

#define MLPG_WITH_HOST(host) \
	PG_ENSURE_ERROR_CLEANUP(mlpg_host_pg_cleanup, PointerGetDatum(host)); \
	{
#define MLPG_END_WITH_HOST(host) \
	} \
	PG_END_ENSURE_ERROR_CLEANUP(mlpg_host_pg_cleanup, PointerGetDatum(host)); \
	mlpg_host_pg_finish(host)

/* progress.c: one shared slot a backend, shown by view mlpg.progress */
extern void mlpg_progress_start(const char *command, const char *object);
extern void mlpg_progress_update(const char *phase, int64 done, int64 total);
extern void mlpg_progress_end(void);

#endif							/* MLPG_PG_H */
