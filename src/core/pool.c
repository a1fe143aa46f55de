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
 * - The leader takes part.  check may longjmp out of here, after which only
 *	 mlpg_pool_stop may be called; so what tasks read must outlive the leader's
 *	 stack.  A queue's bodies have their argument in the host's memory, and while the leader waits for them it
 *	 checks every 10 ms.  A loop's argument may be on that stack: when check is about to
 *	 longjmp, which the leader sees after its own tasks and while it waits, the stop flag
 *	 rises, and check is called once no thread is in the loop.
 * - Nobody spins for long.  To wake a sleeping thread costs 5 to 50 us, more than a
 *	 short loop takes, so an idle thread first looks for work for at most 50 us.
 *	 Where looking did not help, the next look is half as long; where it would have
 *	 helped, it is whole again.  So the next loop of a learner that runs one after
 *	 another begins at once, and on an oversubscribed machine, or with a leader
 *	 that has long work of its own, threads sleep.
 * - No lock is held while another thread is woken: it may run at once, on this very core,
 *	 and would only wait for that lock.
 * - A thread that cannot be created is done without: the leader alone can
 *	 finish any work.  Results may not depend on which thread ran a task.
 *
 * Two kinds of work share the threads.  A loop (parallel_for) gives each thread an
 * equal share of the indexes 0..n-1, in order; who has done his own takes from the
 * others'.  So in loop after loop over the same rows a thread meets those that its
 * cache still has, and lines that two threads write are few.  A queue (submit, wait, drain) is a
 * ring of MLPG_POOL_QUEUE slots: ticket t lives in slot t mod
 * MLPG_POOL_QUEUE, bodies start in ticket order, and a full ring makes the
 * submitting leader run a body itself.  A task that starts a loop gets it run
 * serially on the spot.
 *
 * Errors: the first task that stores a code wins; it also sets the stop flag,
 * so the rest of the loop or queue is skipped, and the leader returns the code
 * once no task runs any more.
 *
 * Who looks for work and who publishes it each write first and read then (work
 * and sleepers; threads inside the loop and whether it is open), all in sequentially
 * consistent order, so that one of the two sees the other: no wake-up is lost, and
 * nobody enters a loop that has ended.
 *
 * Memory: one block given by the host.  Cost: under 1 us a loop while the
 * threads look for work, 10 to 50 us when they must be woken.
 * Determinism: none of its own; callers add partial results in index order.
 *
 *-------------------------------------------------------------------------
 */
#include "core/pool.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#define SPIN_MOST_NS 50000		/* longest look for work before sleeping */
#define SPIN_LEAST_NS 1000
#define SPIN_PAUSES 16			/* between two looks at the clock */

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
	atomic_int	state;			/* SlotState */
} Slot;

/* How long one thread looks before it sleeps. */
typedef struct Spin
{
	int64_t		budget;			/* ns */
	int64_t		since;			/* when it began to look */
} Spin;

/* A thread's share of the running loop. */
typedef struct Share
{
	atomic_int	next;			/* index to hand out */
	atomic_int	last;			/* behind the share */
	char		apart[56];		/* no two threads' in one line of the cache */
} Share;

typedef struct Worker
{
	Share		share;
	MlpgPool   *pool;
	int			thread;			/* 1 .. n_threads-1 */
	pthread_t	id;
	Spin		spin;
} Worker;

struct MlpgPool
{
	pthread_mutex_t lock;
	pthread_cond_t work;		/* workers sleep here */
	pthread_cond_t done;		/* the leader sleeps here */
	atomic_bool stop;			/* tasks return early, nothing new starts */
	atomic_int	error;			/* MlpgErrorCode of the first failing task */
	atomic_bool quit;			/* threads end */
	atomic_int	sleepers;		/* workers asleep or about to be; changes under lock */
	atomic_bool leader_sleeps;	/* or is about to; changes under lock */
	atomic_llong called;		/* ns: when sleepers, or a sleeping leader, were called last */
	bool		joined;
	int			n_workers;		/* threads created */
	Spin		spin;			/* the leader's */
	MlpgPoolCheck check;
	MlpgPoolPending pending;
	void	   *check_argument;

	/* the running loop; body and argument change only while it is closed and nobody is in it */
	MlpgTaskBody body;
	void	   *argument;
	Share		share;			/* the leader's */
	atomic_bool loop_open;
	atomic_int	loop_workers;	/* workers inside the loop, or at its door */
	bool		leader_busy;	/* the leader runs a task: what it starts now is nested */

	/* the queue: tickets are 1, 2, ... */
	atomic_llong last_ticket;	/* given out last, by the leader */
	atomic_llong next_ticket;	/* to start next, > last_ticket when none waits; changes under lock */
	atomic_int	n_running;		/* bodies of the queue that run now, anywhere */
	int64_t		awaited;		/* ticket that the leader waits for; its own */
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

/* ---------- looking and sleeping ---------- */

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline void
pause_core(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("isb");
#endif
}

/* Looks until there is something, which it answers, or the budget is spent. */
static bool
look_for(MlpgPool *pool, Spin *spin, bool (*something) (MlpgPool *pool))
{
	spin->since = now_ns();
	do
	{
		for (int i = 0; i < SPIN_PAUSES; i++)
		{
			if (something(pool))
				return true;
			pause_core();
		}
	} while (now_ns() - spin->since < spin->budget);
	return false;
}

/* After a sleep: would the longest look have been enough? */
static void
learn_from_sleep(MlpgPool *pool, Spin *spin)
{
	int64_t		needed = atomic_load(&pool->called) - spin->since;

	if (needed >= 0 && needed <= SPIN_MOST_NS)
		spin->budget = SPIN_MOST_NS;
	else if (spin->budget > SPIN_LEAST_NS)
		spin->budget /= 2;
}

/* Work for n workers has been published: wakes as many, if so many sleep. */
static void
call_workers(MlpgPool *pool, int n)
{
	int			asleep = atomic_load(&pool->sleepers);

	if (asleep == 0)
		return;
	atomic_store(&pool->called, now_ns());
	/* who counts as asleep and is not yet waiting holds the lock */
	pthread_mutex_lock(&pool->lock);
	pthread_mutex_unlock(&pool->lock);
	if (n >= asleep)
		pthread_cond_broadcast(&pool->work);
	else
		for (int i = 0; i < n; i++)
			pthread_cond_signal(&pool->work);
}

static void
call_leader(MlpgPool *pool)
{
	if (!atomic_load(&pool->leader_sleeps))
		return;
	atomic_store(&pool->called, now_ns());
	pthread_mutex_lock(&pool->lock);
	pthread_mutex_unlock(&pool->lock);
	pthread_cond_signal(&pool->done);
}

/* ---------- loops and the queue ---------- */

/* Runs one body on one thread; a code it leaves stops the others. */
static void
run_task(MlpgPool *pool, int thread, MlpgTaskBody body, int index, void *argument)
{
	MlpgTask	task = {&pool->stop, thread, &pool->error};

	body(&task, index, argument);
	if (atomic_load_explicit(&pool->error, memory_order_relaxed) != MLPG_OK)
		atomic_store(&pool->stop, true);
}

/* An interrupt that check will not return from ends the loop as a failing task does. */
static void
stop_if_pending(MlpgPool *pool)
{
	int			none = MLPG_OK;

	if (!pool->pending(pool->check_argument))
		return;
	atomic_compare_exchange_strong(&pool->error, &none, MLPG_INTERNAL);
	atomic_store(&pool->stop, true);
}

static Share *
share_of(MlpgPool *pool, int thread)
{
	return thread == 0 ? &pool->share : &pool->workers[thread - 1].share;
}

static void
share_out(MlpgPool *pool, int n_tasks)
{
	int			n = pool->n_workers + 1;

	for (int t = 0; t < n; t++)
	{
		Share	   *share = share_of(pool, t);

		atomic_store(&share->last, (int) ((int64_t) n_tasks * (t + 1) / n));
		atomic_store(&share->next, (int) ((int64_t) n_tasks * t / n));
	}
}

/* An index of the thread's own share, then of the next thread's; -1 when none is left. */
static int
claim(MlpgPool *pool, int thread)
{
	int			n = pool->n_workers + 1;

	for (int k = 0; k < n; k++)
	{
		Share	   *share = share_of(pool, (thread + k) % n);

		if (atomic_load(&share->next) < atomic_load(&share->last))
		{
			int			index = atomic_fetch_add(&share->next, 1);

			if (index < atomic_load(&share->last))
				return index;
		}
	}
	return -1;
}

/* Claims indexes until none is left; the leader checks in between. */
static void
run_loop(MlpgPool *pool, int thread)
{
	while (!atomic_load(&pool->stop))
	{
		int			index = claim(pool, thread);

		if (index < 0)
			break;
		run_task(pool, thread, pool->body, index, pool->argument);
		if (thread == 0)
			stop_if_pending(pool);
	}
}

static bool
loop_has_work(MlpgPool *pool)
{
	if (!atomic_load(&pool->loop_open) || atomic_load(&pool->stop))
		return false;
	for (int t = 0; t <= pool->n_workers; t++)
	{
		const Share *share = share_of(pool, t);

		if (atomic_load(&share->next) < atomic_load(&share->last))
			return true;
	}
	return false;
}

static bool
loop_left(MlpgPool *pool)
{
	return atomic_load(&pool->loop_workers) == 0;
}

static bool
queue_has_work(MlpgPool *pool)
{
	return atomic_load(&pool->next_ticket) <= atomic_load(&pool->last_ticket);
}

/* In this order: a body counts as running before it counts as started. */
static bool
queue_idle(MlpgPool *pool)
{
	return !queue_has_work(pool) && atomic_load(&pool->n_running) == 0;
}

/* Whether the body that the leader waits for has run. */
static bool
awaited_done(MlpgPool *pool)
{
	int64_t		ticket = pool->awaited;

	if (ticket <= 0 || ticket + MLPG_POOL_QUEUE <= atomic_load(&pool->last_ticket))
		return true;			/* its slot has been given out again */
	return atomic_load(&pool->slots[ticket % MLPG_POOL_QUEUE].state) == SLOT_FREE;
}

static bool
worker_has_work(MlpgPool *pool)
{
	return loop_has_work(pool) || queue_has_work(pool) || atomic_load(&pool->quit);
}

/*
 * Starts the queue's next body; called and left with the lock held, which is
 * given up while the body runs.  Once stopped, bodies are only ticked off.
 */
static void
run_queued(MlpgPool *pool, int thread)
{
	Slot	   *slot;

	atomic_fetch_add(&pool->n_running, 1);
	slot = &pool->slots[atomic_fetch_add(&pool->next_ticket, 1) % MLPG_POOL_QUEUE];
	atomic_store(&slot->state, SLOT_RUNNING);
	if (!atomic_load(&pool->stop))
	{
		pthread_mutex_unlock(&pool->lock);
		run_task(pool, thread, slot->body, slot->index, slot->argument);
		pthread_mutex_lock(&pool->lock);
	}
	atomic_store(&slot->state, SLOT_FREE);
	atomic_fetch_sub(&pool->n_running, 1);
}

/* A worker enters before it looks whether the loop is open; the leader closes it before it looks who is inside. */
static void
join_loop(MlpgPool *pool, int thread)
{
	atomic_fetch_add(&pool->loop_workers, 1);
	if (atomic_load(&pool->loop_open))
		run_loop(pool, thread);
	if (atomic_fetch_sub(&pool->loop_workers, 1) == 1)
		call_leader(pool);
}

static void
help_queue(MlpgPool *pool, int thread)
{
	pthread_mutex_lock(&pool->lock);
	if (queue_has_work(pool))
		run_queued(pool, thread);
	pthread_mutex_unlock(&pool->lock);
	call_leader(pool);
}

static void
worker_sleep(MlpgPool *pool, Worker *worker)
{
	pthread_mutex_lock(&pool->lock);
	atomic_fetch_add(&pool->sleepers, 1);
	while (!worker_has_work(pool))
		pthread_cond_wait(&pool->work, &pool->lock);
	atomic_fetch_sub(&pool->sleepers, 1);
	pthread_mutex_unlock(&pool->lock);
	learn_from_sleep(pool, &worker->spin);
}

static void *
worker_main(void *argument)
{
	Worker	   *worker = argument;
	MlpgPool   *pool = worker->pool;

	while (!atomic_load(&pool->quit))
	{
		if (loop_has_work(pool))
			join_loop(pool, worker->thread);
		else if (queue_has_work(pool))
			help_queue(pool, worker->thread);
		else if (!look_for(pool, &worker->spin, worker_has_work))
			worker_sleep(pool, worker);
	}
	return NULL;
}

/* Lays the pool out in zeroed memory of mlpg_pool_size(n_threads) bytes and starts its threads. */
MlpgPool *
mlpg_pool_start(void *memory, int n_threads, MlpgPoolCheck check, MlpgPoolPending pending, void *check_argument)
{
	MlpgPool   *pool = memory;
	pthread_condattr_t monotonic;
	sigset_t	all;
	sigset_t	before;

	MLPG_ASSERT(n_threads >= 1 && n_threads <= MLPG_POOL_MAX_THREADS);
	memset(pool, 0, mlpg_pool_size(n_threads));
	pool->check = check;
	pool->pending = pending;
	pool->check_argument = check_argument;
	pool->next_ticket = 1;
	pool->spin.budget = SPIN_MOST_NS;
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
		worker->spin.budget = SPIN_MOST_NS;
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
	atomic_store(&pool->quit, true);
	call_workers(pool, pool->n_workers);
	for (int i = 0; i < pool->n_workers; i++)
		pthread_join(pool->workers[i].id, NULL);
	pthread_cond_destroy(&pool->work);
	pthread_cond_destroy(&pool->done);
	pthread_mutex_destroy(&pool->lock);
	pool->joined = true;
}

/* Waits until something holds or 10 ms have passed; true if it was seen without sleep. */
static bool
leader_sleep(MlpgPool *pool, bool (*something) (MlpgPool *pool))
{
	struct timespec until;

	if (look_for(pool, &pool->spin, something))
		return true;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += MLPG_POOL_CHECK_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L)
	{
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	pthread_mutex_lock(&pool->lock);
	atomic_store(&pool->leader_sleeps, true);
	if (!something(pool))
		pthread_cond_timedwait(&pool->done, &pool->lock, &until);
	atomic_store(&pool->leader_sleeps, false);
	pthread_mutex_unlock(&pool->lock);
	learn_from_sleep(pool, &pool->spin);
	return false;
}

static void
leader_wait(MlpgPool *pool, bool (*something) (MlpgPool *pool))
{
	if (!leader_sleep(pool, something))
		pool->check(pool->check_argument);
}

/* Runs queued bodies until something holds, and waits when there are none. */
static void
leader_help(MlpgPool *pool, bool (*something) (MlpgPool *pool))
{
	while (!something(pool))
	{
		if (!queue_has_work(pool))
		{
			leader_wait(pool, something);
			continue;
		}
		pool->leader_busy = true;
		help_queue(pool, 0);
		pool->leader_busy = false;
		pool->check(pool->check_argument);
	}
}

/*
 * What the tasks left.  After a failure everything under way must end first:
 * what follows is skipped by the stop flag, which then falls.
 */
static MlpgErrorCode
take_error(MlpgPool *pool)
{
	MlpgErrorCode code;

	if (atomic_load(&pool->error) == MLPG_OK)
		return MLPG_OK;
	leader_help(pool, queue_idle);
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
	if (n_tasks <= 1 || pool->n_workers == 0 || pool->leader_busy)
		return mlpg_pool_serial(n_tasks, 0, body, argument,
								pool->leader_busy ? NULL : pool->check, pool->check_argument);

	pool->body = body;
	pool->argument = argument;
	share_out(pool, n_tasks);
	atomic_store(&pool->loop_open, true);
	call_workers(pool, n_tasks - 1);

	pool->leader_busy = true;
	run_loop(pool, 0);
	pool->leader_busy = false;

	atomic_store(&pool->loop_open, false);
	while (!loop_left(pool))
	{
		stop_if_pending(pool);
		(void) leader_sleep(pool, loop_left);
	}
	pool->check(pool->check_argument);
	return take_error(pool);
}

/* Queues body(index); with a full queue the leader first makes room by working itself. */
MlpgErrorCode
mlpg_pool_submit(MlpgPool *pool, MlpgTaskBody body, int index, void *argument, int64_t *ticket)
{
	Slot	   *slot;

	if (pool->n_workers == 0 || pool->leader_busy)
	{
		*ticket = 0;
		return mlpg_pool_serial(1, index, body, argument,
								pool->leader_busy ? NULL : pool->check, pool->check_argument);
	}
	*ticket = atomic_load(&pool->last_ticket) + 1;
	pool->awaited = *ticket - MLPG_POOL_QUEUE;	/* whose slot this one takes */
	leader_help(pool, awaited_done);
	slot = &pool->slots[*ticket % MLPG_POOL_QUEUE];
	slot->body = body;
	slot->index = index;
	slot->argument = argument;
	atomic_store(&slot->state, SLOT_QUEUED);
	atomic_store(&pool->last_ticket, *ticket);
	call_workers(pool, 1);
	return take_error(pool);
}

MlpgErrorCode
mlpg_pool_wait(MlpgPool *pool, int64_t ticket)
{
	pool->awaited = ticket;
	leader_help(pool, awaited_done);
	return take_error(pool);
}

MlpgErrorCode
mlpg_pool_drain(MlpgPool *pool)
{
	leader_help(pool, queue_idle);
	return take_error(pool);
}
