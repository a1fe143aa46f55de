/*-------------------------------------------------------------------------
 *
 * mlpg.c
 *	  Loads the extension: its settings, nothing else.
 *
 * mlpg.max_memory and mlpg.max_threads bound what a call may take and can be
 * raised by superusers only (or by whom GRANT SET ON PARAMETER allows it): a
 * bound that every user can raise bounds nobody.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>
#include <unistd.h>

#include "pg/mlpg_pg.h"

#include "core/pool.h"
#include "miscadmin.h"
#include "utils/guc.h"

#ifndef MLPG_VERSION
#error "the Makefile passes MLPG_VERSION from mlpg.control"
#endif

PG_MODULE_MAGIC_EXT(.name = "mlpg", .version = MLPG_VERSION);

PGDLLEXPORT void _PG_init(void);

int			mlpg_max_memory_kb = 1024 * 1024;
int			mlpg_max_threads = 0;
int			mlpg_model_cache_kb = 64 * 1024;

void
_PG_init(void)
{
	DefineCustomIntVariable("mlpg.max_memory",
							"Working memory that one fit, training or scoring call may use.",
							"A call that would need more is refused before it allocates.",
							&mlpg_max_memory_kb,
							1024 * 1024, 1024, INT_MAX,
							PGC_SUSET, GUC_UNIT_KB,
							NULL, NULL, NULL);
	DefineCustomIntVariable("mlpg.max_threads",
							"Threads that one training may compute with.",
							"0 means max_parallel_maintenance_workers + 1 or the number of processors, "
							"whichever is less; 1 means no threads. The result does not depend on it.",
							&mlpg_max_threads,
							0, 0, MLPG_POOL_MAX_THREADS,
							PGC_SUSET, 0,
							NULL, NULL, NULL);
	DefineCustomIntVariable("mlpg.model_cache_size",
							"Memory of a session for models it has loaded.",
							"The models unused for longest are dropped from it first.",
							&mlpg_model_cache_kb,
							64 * 1024, 0, INT_MAX,
							PGC_USERSET, GUC_UNIT_KB,
							NULL, NULL, NULL);
	MarkGUCPrefixReserved("mlpg");
}

/* Threads a fit may use, the backend's own included; an explicit setting is obeyed. */
int
mlpg_thread_count(void)
{
	long		cores;

	if (mlpg_max_threads > 0)
		return mlpg_max_threads;
	cores = sysconf(_SC_NPROCESSORS_ONLN);
	cores = Max(cores, 1);
	cores = Min(cores, MLPG_POOL_MAX_THREADS);
	return (int) Min(cores, (long) max_parallel_maintenance_workers + 1);
}
