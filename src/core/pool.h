/*-------------------------------------------------------------------------
 *
 * pool.h
 *	  The compute-only thread pool behind host.h's parallel services.
 *
 * Both hosts (src/pg/host_pg.c and test/unit/harness.c) put this pool behind
 * parallel_for, submit, wait and drain.  Learners never include it: they call
 * their host.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_POOL_H
#define MLPG_POOL_H

#include "core/host.h"

#define MLPG_POOL_MAX_THREADS 256	/* including the leader */
#define MLPG_POOL_QUEUE 64			/* submitted bodies that may wait or run at once */
#define MLPG_POOL_CHECK_MS 10		/* a waiting leader checks this often */

typedef struct MlpgPool MlpgPool;

/*
 * Called by the leader with no lock held.  check may longjmp out; pending says
 * whether it surely will.  While a loop runs only pending is called.
 */
typedef void (*MlpgPoolCheck) (void *argument);
typedef bool (*MlpgPoolPending) (void *argument);

extern size_t mlpg_pool_size(int n_threads);
extern MlpgPool *mlpg_pool_start(void *memory, int n_threads, MlpgPoolCheck check, MlpgPoolPending pending,
								 void *check_argument);
extern void mlpg_pool_stop(MlpgPool *pool);
extern int	mlpg_pool_started(const MlpgPool *pool);	/* threads that run, including the leader */

/*
 * Each returns what the first failing task stored (MLPG_OK when none did) and
 * forgets it; the host raises it, with mlpg_pool_error_text as message.
 */
extern MlpgErrorCode mlpg_pool_parallel_for(MlpgPool *pool, int n_tasks, MlpgTaskBody body, void *argument);
extern MlpgErrorCode mlpg_pool_submit(MlpgPool *pool, MlpgTaskBody body, int index, void *argument, int64_t *ticket);
extern MlpgErrorCode mlpg_pool_wait(MlpgPool *pool, int64_t ticket);
extern MlpgErrorCode mlpg_pool_drain(MlpgPool *pool);

extern MlpgErrorCode mlpg_pool_serial(int n_tasks, int first, MlpgTaskBody body, void *argument,
									  MlpgPoolCheck check, void *check_argument);
extern const char *mlpg_pool_error_text(MlpgErrorCode code);

#endif							/* MLPG_POOL_H */
