/*-------------------------------------------------------------------------
 *
 * pool.c
 *	  The compute-only thread pool behind host.h's parallel services.
 *
 * This file is the one place where the core knows about threads.  It is here
 * and not in a host so that PostgreSQL and the unit tests run the same pool.
 *
 * The problem: spread work over cores from inside a process that may be
 * interrupted at any moment by an error that unwinds the leader's stack, and
 * whose runtime (memory, signals, error reports) belongs to the leader alone.
 * Hence the rules:
 *
 * - Every signal is blocked while threads are created, so that none of them
 *	 ever runs one of the process's signal handlers.
 * - A task is given a stop flag, an error slot and its thread's number: it
 *	 cannot allocate, raise or check.
 * - The leader takes part.  It calls its check between its own tasks and every
 *	 10 ms while it waits, never with the lock held: check may longjmp out of
 *	 here, after which only mlpg_pool_stop may be called.
 * - Nobody spins: on an oversubscribed machine a spinning wait costs
 *	 milliseconds.  Idle threads sleep on a condition variable.
 * - A thread that cannot be created is done without: the leader alone can
 *	 finish any work.  Results may not depend on which thread ran a task.
 *
 * Two kinds of work share the threads.  A loop (parallel_for) hands out the
 * indexes 0..n-1 from an atomic counter.  A queue (submit, wait, drain) is a
 * ring of MLPG_POOL_QUEUE slots: ticket t lives in slot t mod
 * MLPG_POOL_QUEUE, bodies start in ticket order, and a full ring makes the
 * submitting leader run a body itself.  A task that starts a loop gets it run
 * serially on the spot.
 *
 * Errors: the first task that stores a code wins; it also sets the stop flag,
 * so the rest of the loop or queue is skipped, and the leader returns the code
 * once no task runs any more.
 *
 * Memory: one block given by the host.  Cost: 10 to 50 us to wake the threads.
 * Determinism: none of its own; callers add partial results in index order.
 *
 *-------------------------------------------------------------------------
 */
#include "core/pool.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

typedef enum SlotState
{
	SLOT_FREE,
	SLOT_QUEUED,
	SLOT_RUNNING
} SlotState;

typedef struct Slot
{
	MlpgTaskBody body;
	void	   *argument;
	int			index;
	SlotState	state;
} Slot;

typedef struct Worker
{
	MlpgPool   *pool;
	int			thread;			/* 1 .. n_threads-1 */
	pthread_t	id;
} Worker;

struct MlpgPool
{
	pthread_mutex_t lock;
	pthread_cond_t work;		/* workers sleep here */
	pthread_cond_t done;		/* the leader sleeps here */
	atomic_bool stop;			/* tasks return early, nothing new starts */
	atomic_int	error;			/* MlpgErrorCode of the first failing task */
	bool		quit;			/* threads end; under lock */
	bool		joined;
	int			n_workers;		/* threads created */
	MlpgPoolCheck check;
	void	   *check_argument;

	/* the running loop; body, argument, n_tasks change only while nobody is in it */
	MlpgTaskBody body;
	void	   *argument;
	int			n_tasks;
	atomic_int	next;			/* next index to hand out */
	bool		loop_open;		/* under lock */
	int			loop_workers;	/* workers inside the loop; under lock */
	bool		leader_busy;	/* the leader runs a task: what it starts now is nested */

	/* the queue, all under lock: tickets are 1, 2, ... */
	int64_t		last_ticket;	/* given out last */
	int64_t		next_ticket;	/* to start next; > last_ticket when none waits */
	int			n_running;		/* bodies of the queue that run now, anywhere */
	Slot		slots[MLPG_POOL_QUEUE];

	Worker		workers[];
};

size_t
mlpg_pool_size(int n_threads)
{
	return sizeof(MlpgPool) + sizeof(Worker) * (size_t) n_threads;
}

int
mlpg_pool_started(const MlpgPool *pool)
{
	return pool->n_workers + 1;
}

const char *
mlpg_pool_error_text(MlpgErrorCode code)
{
	switch (code)
	{
		case MLPG_DATA_EXCEPTION:
			return "a computation met a value it cannot use";
		case MLPG_LIMIT_EXCEEDED:
			return "a computation exceeded a limit";
		case MLPG_DATA_CORRUPTED:
			return "a computation met corrupted data";
		default:
			return "a parallel computation failed";
	}
}

/* Runs one body on one thread; a code it leaves stops the others. */
static void
run_task(MlpgPool *pool, int thread, MlpgTaskBody body, int index, void *argument)
{
	MlpgTask	task = {&pool->stop, thread, &pool->error};

	body(&task, index, argument);
	if (atomic_load_explicit(&pool->error, memory_order_relaxed) != MLPG_OK)
		atomic_store(&pool->stop, true);
}

/* Claims indexes until none is left; the leader checks in between. */
static void
run_loop(MlpgPool *pool, int thread)
{
	while (!atomic_load(&pool->stop))
	{
		int			index = atomic_fetch_add(&pool->next, 1);

		if (index >= pool->n_tasks)
			break;
		run_task(pool, thread, pool->body, index, pool->argument);
		if (thread == 0)
			pool->check(pool->check_argument);
	}
}

static bool
loop_has_work(MlpgPool *pool)
{
	return pool->loop_open && !atomic_load(&pool->stop) && atomic_load(&pool->next) < pool->n_tasks;
}

static bool
queue_has_work(MlpgPool *pool)
{
	return pool->next_ticket <= pool->last_ticket;
}

static bool
queue_busy(MlpgPool *pool)
{
	return pool->n_running > 0 || queue_has_work(pool);
}

/*
 * Starts the queue's next body; called and left with the lock held, which is
 * given up while the body runs.  Once stopped, bodies are only ticked off.
 */
static void
run_queued(MlpgPool *pool, int thread)
{
	Slot	   *slot = &pool->slots[pool->next_ticket++ % MLPG_POOL_QUEUE];

	slot->state = SLOT_RUNNING;
	pool->n_running++;
	if (!atomic_load(&pool->stop))
	{
		pthread_mutex_unlock(&pool->lock);
		run_task(pool, thread, slot->body, slot->index, slot->argument);
		pthread_mutex_lock(&pool->lock);
	}
	pool->n_running--;
	slot->state = SLOT_FREE;
	if (thread != 0)
		pthread_cond_signal(&pool->done);
}

static void *
worker_main(void *argument)
{
	Worker	   *worker = argument;
	MlpgPool   *pool = worker->pool;

	pthread_mutex_lock(&pool->lock);
	while (!pool->quit)
	{
		if (loop_has_work(pool))
		{
			pool->loop_workers++;
			pthread_mutex_unlock(&pool->lock);
			run_loop(pool, worker->thread);
			pthread_mutex_lock(&pool->lock);
			if (--pool->loop_workers == 0)
				pthread_cond_signal(&pool->done);
		}
		else if (queue_has_work(pool))
			run_queued(pool, worker->thread);
		else
			pthread_cond_wait(&pool->work, &pool->lock);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/* Lays the pool out in zeroed memory of mlpg_pool_size(n_threads) bytes and starts its threads. */
MlpgPool *
mlpg_pool_start(void *memory, int n_threads, MlpgPoolCheck check, void *check_argument)
{
	MlpgPool   *pool = memory;
	pthread_condattr_t monotonic;
	sigset_t	all;
	sigset_t	before;

	MLPG_ASSERT(n_threads >= 1 && n_threads <= MLPG_POOL_MAX_THREADS);
	memset(pool, 0, mlpg_pool_size(n_threads));
	pool->check = check;
	pool->check_argument = check_argument;
	pool->next_ticket = 1;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->done, &monotonic);
	pthread_cond_init(&pool->work, NULL);
	pthread_condattr_destroy(&monotonic);

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (int i = 1; i < n_threads; i++)
	{
		Worker	   *worker = &pool->workers[pool->n_workers];

		worker->pool = pool;
		worker->thread = pool->n_workers + 1;
		if (pthread_create(&worker->id, NULL, worker_main, worker) != 0)
			break;				/* fewer threads: slower, never an error */
		pool->n_workers++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pool;
}

/* Ends running tasks early and joins the threads; safe after a longjmp out of check, and when repeated. */
void
mlpg_pool_stop(MlpgPool *pool)
{
	if (pool->joined)
		return;
	atomic_store(&pool->stop, true);
	pthread_mutex_lock(&pool->lock);
	pool->quit = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	for (int i = 0; i < pool->n_workers; i++)
		pthread_join(pool->workers[i].id, NULL);
	pthread_cond_destroy(&pool->work);
	pthread_cond_destroy(&pool->done);
	pthread_mutex_destroy(&pool->lock);
	pool->joined = true;
}

/* Sleeps until a worker reports or 10 ms have passed, then checks; lock held before and after. */
static void
leader_wait(MlpgPool *pool)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += MLPG_POOL_CHECK_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L)
	{
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	pthread_cond_timedwait(&pool->done, &pool->lock, &until);
	pthread_mutex_unlock(&pool->lock);
	pool->check(pool->check_argument);
	pthread_mutex_lock(&pool->lock);
}

/* One step of a leader that waits for the queue: run a body if one waits, else sleep.  Lock held. */
static void
leader_help(MlpgPool *pool)
{
	if (!queue_has_work(pool))
	{
		leader_wait(pool);
		return;
	}
	pool->leader_busy = true;
	run_queued(pool, 0);
	pool->leader_busy = false;
	pthread_mutex_unlock(&pool->lock);
	pool->check(pool->check_argument);
	pthread_mutex_lock(&pool->lock);
}

/*
 * What the tasks left.  After a failure everything under way must end first:
 * what follows is skipped by the stop flag, which then falls.  Lock held.
 */
static MlpgErrorCode
take_error(MlpgPool *pool)
{
	MlpgErrorCode code;

	if (atomic_load(&pool->error) == MLPG_OK)
		return MLPG_OK;
	while (queue_busy(pool))
		leader_help(pool);
	code = (MlpgErrorCode) atomic_exchange(&pool->error, MLPG_OK);
	atomic_store(&pool->stop, false);
	return code;
}

/* A loop without threads: for one-thread hosts and for loops inside a task. */
MlpgErrorCode
mlpg_pool_serial(int n_tasks, int first, MlpgTaskBody body, void *argument,
				 MlpgPoolCheck check, void *check_argument)
{
	atomic_bool stop = false;
	atomic_int	error = MLPG_OK;
	MlpgTask	task = {&stop, 0, &error};

	for (int i = 0; i < n_tasks; i++)
	{
		body(&task, first + i, argument);
		if (atomic_load(&error) != MLPG_OK)
			break;
		if (check != NULL)
			check(check_argument);
	}
	return (MlpgErrorCode) atomic_load(&error);
}

MlpgErrorCode
mlpg_pool_parallel_for(MlpgPool *pool, int n_tasks, MlpgTaskBody body, void *argument)
{
	MlpgErrorCode code;

	if (n_tasks <= 1 || pool->n_workers == 0 || pool->leader_busy)
		return mlpg_pool_serial(n_tasks, 0, body, argument,
								pool->leader_busy ? NULL : pool->check, pool->check_argument);

	pthread_mutex_lock(&pool->lock);
	pool->body = body;
	pool->argument = argument;
	pool->n_tasks = n_tasks;
	atomic_store(&pool->next, 0);
	pool->loop_open = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);

	pool->leader_busy = true;
	run_loop(pool, 0);
	pool->leader_busy = false;

	pthread_mutex_lock(&pool->lock);
	while (pool->loop_workers > 0)
		leader_wait(pool);
	pool->loop_open = false;
	code = take_error(pool);
	pthread_mutex_unlock(&pool->lock);
	return code;
}

/* Queues body(index); with a full queue the leader first makes room by working itself. */
MlpgErrorCode
mlpg_pool_submit(MlpgPool *pool, MlpgTaskBody body, int index, void *argument, int64_t *ticket)
{
	Slot	   *slot;
	MlpgErrorCode code;

	if (pool->n_workers == 0 || pool->leader_busy)
	{
		*ticket = 0;
		return mlpg_pool_serial(1, index, body, argument,
								pool->leader_busy ? NULL : pool->check, pool->check_argument);
	}
	pthread_mutex_lock(&pool->lock);
	slot = &pool->slots[(pool->last_ticket + 1) % MLPG_POOL_QUEUE];
	while (slot->state != SLOT_FREE)
		leader_help(pool);
	slot->body = body;
	slot->index = index;
	slot->argument = argument;
	slot->state = SLOT_QUEUED;
	*ticket = ++pool->last_ticket;
	pthread_cond_signal(&pool->work);
	code = take_error(pool);
	pthread_mutex_unlock(&pool->lock);
	return code;
}

static bool
ticket_open(MlpgPool *pool, int64_t ticket)
{
	if (ticket <= 0 || ticket + MLPG_POOL_QUEUE <= pool->last_ticket)
		return false;			/* its slot has been given out again: done */
	return pool->slots[ticket % MLPG_POOL_QUEUE].state != SLOT_FREE;
}

MlpgErrorCode
mlpg_pool_wait(MlpgPool *pool, int64_t ticket)
{
	MlpgErrorCode code;

	pthread_mutex_lock(&pool->lock);
	while (ticket_open(pool, ticket))
		leader_help(pool);
	code = take_error(pool);
	pthread_mutex_unlock(&pool->lock);
	return code;
}

MlpgErrorCode
mlpg_pool_drain(MlpgPool *pool)
{
	MlpgErrorCode code;

	pthread_mutex_lock(&pool->lock);
	while (queue_busy(pool))
		leader_help(pool);
	code = take_error(pool);
	pthread_mutex_unlock(&pool->lock);
	return code;
}
