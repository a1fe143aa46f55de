/*-------------------------------------------------------------------------
 *
 * test_host.c
 *	  Checked sizes, the budget, and the thread pool.
 *
 *-------------------------------------------------------------------------
 */
#include "harness.h"

#include <dirent.h>
#include <pthread.h>
#include <unistd.h>

#include "core/pool.h"

#define N_TASKS 1000

static int	threads_before;		/* 1, or 2 under the thread sanitizer */

static void
test_sizes(void)
{
	MlpgHost   *host = harness_host();
	unsigned char *bytes;
	bool		zero = true;

	CHECK_INT(mlpg_size_add(host, 3, 4), 7);
	CHECK_INT(mlpg_size_multiply(host, 3, 4), 12);
	EXPECT_RAISE(host, MLPG_LIMIT_EXCEEDED, mlpg_size_add(host, SIZE_MAX, 1));
	EXPECT_RAISE(host, MLPG_LIMIT_EXCEEDED, mlpg_size_multiply(host, SIZE_MAX / 8 + 1, 8));
	EXPECT_RAISE(host, MLPG_LIMIT_EXCEEDED, mlpg_allocate(host, SIZE_MAX / 2, 4));
	EXPECT_RAISE(host, MLPG_LIMIT_EXCEEDED, mlpg_allocate(host, SIZE_MAX, 1));

	bytes = mlpg_allocate(host, 100, 1);
	CHECK((uintptr_t) bytes % 16 == 0);
	for (int i = 0; i < 100; i++)
		zero = zero && bytes[i] == 0;
	CHECK(zero);
	memset(bytes, 7, 100);
	bytes = mlpg_resize(host, bytes, 100, 300, 1);
	zero = true;
	for (int i = 0; i < 300; i++)
		zero = zero && bytes[i] == (i < 100 ? 7 : 0);
	CHECK(zero);
	bytes = mlpg_resize(host, bytes, 300, 10, 1);
	CHECK_INT(bytes[9], 7);
	CHECK_INT(host->in_use, 10);
	mlpg_release(host, bytes);
	mlpg_release(host, NULL);
	CHECK_INT(host->in_use, 0);
	CHECK(mlpg_resize(host, NULL, 0, 5, 8) != NULL);
	harness_free(host);
}

static void
test_budget(void)
{
	MlpgHost   *host = harness_host_threads(1, 1000);
	void	   *first = mlpg_allocate(host, 600, 1);

	EXPECT_RAISE(host, MLPG_LIMIT_EXCEEDED, mlpg_allocate(host, 401, 1));
	CHECK_INT(host->in_use, 600);
	mlpg_release(host, first);
	CHECK(mlpg_allocate(host, 1000, 1) != NULL);
	CHECK_INT(host->peak, 1000);
	harness_free(host);

	host = harness_host();
	harness_fail_allocation(host, 2);
	mlpg_allocate(host, 1, 1);
	EXPECT_RAISE(host, MLPG_LIMIT_EXCEEDED, mlpg_allocate(host, 1, 1));
	CHECK(mlpg_allocate(host, 1, 1) != NULL);
	harness_free(host);
}

static void
test_texts(void)
{
	MlpgHost   *host = harness_host();
	char		longer[3000];

	CHECK_TEXT(mlpg_text(host, "%s %d", "column", 7), "column 7");
	CHECK_TEXT(mlpg_text_copy(host, "abcdef", 3), "abc");
	EXPECT_RAISE(host, MLPG_UNDEFINED_COLUMN,
				 mlpg_raise(host, MLPG_UNDEFINED_COLUMN, "d", "h", "column \"%s\" does not exist", "x"));
	CHECK_TEXT(harness_message(host), "column \"x\" does not exist");
	CHECK_TEXT(harness_detail(host), "d");
	CHECK_TEXT(harness_hint(host), "h");
	EXPECT_RAISE(host, MLPG_INTERNAL, mlpg_raise(host, MLPG_INTERNAL, NULL, NULL, "plain"));
	CHECK_TEXT(harness_detail(host), "");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	CHECK_INT(strlen(mlpg_text(host, "%s", longer)), 2999);

	/* a message is cut, and never within a character */
	EXPECT_RAISE(host, MLPG_INTERNAL, mlpg_raise(host, MLPG_INTERNAL, NULL, NULL, "%s", longer));
	CHECK_INT(strlen(harness_message(host)), 1023);
	for (int shift = 0; shift < 4; shift++)
	{
		for (int i = 0; i + 4 < (int) sizeof(longer); i += 4)
			memcpy(longer + i, "\xF0\x9F\x8D\xB5", 4);
		EXPECT_RAISE(host, MLPG_INTERNAL, mlpg_raise(host, MLPG_INTERNAL, NULL, NULL, "%.*s%s", shift, "abc", longer));
		CHECK_INT((strlen(harness_message(host)) - (size_t) shift) % 4, 0);
		CHECK(strlen(harness_message(host)) > 1000);
	}
	harness_free(host);
}

static int
threads_now(void)
{
	DIR		   *folder = opendir("/proc/self/task");
	int			n = 0;

	if (folder == NULL)
		return -1;
	while (readdir(folder) != NULL)
		n++;
	closedir(folder);
	return n - 2;				/* . and .. */
}

typedef struct Counts
{
	atomic_int	runs[N_TASKS];
	atomic_int	wrong_thread;
	int			n_threads;
	int			fail_at;		/* index that stores an error; -1 = none */
	int			sleep_us;
} Counts;

static void
count_body(MlpgTask *task, int index, void *argument)
{
	Counts	   *counts = argument;

	atomic_fetch_add(&counts->runs[index], 1);
	if (task->thread < 0 || task->thread >= counts->n_threads)
		atomic_fetch_add(&counts->wrong_thread, 1);
	if (index == counts->fail_at)
	{
		int			none = MLPG_OK;

		atomic_compare_exchange_strong(task->error, &none, MLPG_DATA_EXCEPTION);
	}
	/* later tasks wait for the failure, so that it certainly finds some that have not begun */
	while (counts->fail_at >= 0 && index > counts->fail_at && !atomic_load(task->stop))
		usleep(50);
	if (counts->sleep_us > 0)
		usleep((useconds_t) counts->sleep_us);
}

static bool
each_ran_once(Counts *counts)
{
	for (int i = 0; i < N_TASKS; i++)
		if (atomic_load(&counts->runs[i]) != 1)
			return false;
	return atomic_load(&counts->wrong_thread) == 0;
}

static int
ran(Counts *counts)
{
	int			n = 0;

	for (int i = 0; i < N_TASKS; i++)
		n += atomic_load(&counts->runs[i]);
	return n;
}

static void
reset(Counts *counts, int n_threads)
{
	memset(counts, 0, sizeof(*counts));
	counts->n_threads = n_threads;
	counts->fail_at = -1;
}

static void
test_loops(int n_threads)
{
	MlpgHost   *host = harness_host_threads(n_threads, 0);
	static Counts counts;
	bool		all = true;

	for (int repeat = 0; repeat < 50; repeat++)
	{
		reset(&counts, n_threads);
		host->parallel_for(host, N_TASKS, count_body, &counts);
		all = all && each_ran_once(&counts);
	}
	CHECK(all);
	if (n_threads == 1)
		CHECK_INT(threads_now(), threads_before);
	host->parallel_for(host, 0, count_body, &counts);
	CHECK_INT(ran(&counts), N_TASKS);

	/* a failing task stops the loop, is raised once, and leaves the pool usable */
	reset(&counts, n_threads);
	counts.fail_at = 10;
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, host->parallel_for(host, N_TASKS, count_body, &counts));
	CHECK(ran(&counts) < N_TASKS);
	reset(&counts, n_threads);
	host->parallel_for(host, N_TASKS, count_body, &counts);
	CHECK(each_ran_once(&counts));
	harness_free(host);
	CHECK_INT(threads_now(), threads_before);
}

static void
test_queue(int n_threads)
{
	MlpgHost   *host = harness_host_threads(n_threads, 0);
	static Counts counts;
	static int64_t tickets[N_TASKS];
	bool		all = true;

	for (int repeat = 0; repeat < 20; repeat++)
	{
		reset(&counts, n_threads);
		for (int i = 0; i < N_TASKS; i++)
			tickets[i] = host->submit(host, count_body, i, &counts);
		host->drain(host);
		all = all && each_ran_once(&counts);
	}
	CHECK(all);

	/* wait returns no earlier than its own body has run */
	reset(&counts, n_threads);
	counts.sleep_us = 200;
	for (int i = 0; i < N_TASKS; i++)
	{
		tickets[i] = host->submit(host, count_body, i, &counts);
		if (i >= 3)
		{
			host->wait(host, tickets[i - 3]);
			all = all && atomic_load(&counts.runs[i - 3]) == 1;
		}
	}
	CHECK(all);
	host->drain(host);
	CHECK(each_ran_once(&counts));
	host->wait(host, tickets[0]);	/* long done: returns at once */
	host->drain(host);

	/* a loop while the queue works */
	{
		static Counts queued;

		reset(&counts, n_threads);
		reset(&queued, n_threads);
		queued.sleep_us = 100;
		for (int i = 0; i < 40; i++)
			host->submit(host, count_body, i, &queued);
		host->parallel_for(host, N_TASKS, count_body, &counts);
		CHECK(each_ran_once(&counts));
		host->drain(host);
		CHECK_INT(ran(&queued), 40);
	}
	harness_free(host);
}

static void
submit_all(MlpgHost *host, Counts *counts)
{
	for (int i = 0; i < N_TASKS; i++)
		host->submit(host, count_body, i, counts);
	host->drain(host);
}

static void
test_queue_failure(int n_threads)
{
	MlpgHost   *host = harness_host_threads(n_threads, 0);
	static Counts counts;

	reset(&counts, n_threads);
	counts.fail_at = 100;
	EXPECT_RAISE(host, MLPG_DATA_EXCEPTION, submit_all(host, &counts));
	CHECK(ran(&counts) >= 100 && ran(&counts) < N_TASKS);
	reset(&counts, n_threads);
	submit_all(host, &counts);
	CHECK(each_ran_once(&counts));
	harness_free(host);
}

/* A task that runs until it is told to stop. */
static void
endless_body(MlpgTask *task, int index, void *argument)
{
	atomic_int *running = argument;

	if (task->thread == 0)
		return;
	atomic_fetch_add(running, 1);
	while (!atomic_load(task->stop))
		usleep(100);
	atomic_fetch_sub(running, 1);
}

/* A cancel unwinds the leader out of a wait while threads are still busy; the cleanup ends and joins them. */
static void
test_cancel(int n_threads)
{
	MlpgHost   *host = harness_host_threads(n_threads, 0);
	atomic_int	running = 0;

	harness_cancel_at_check(host, N_TASKS / 10);
	EXPECT_RAISE(host, MLPG_INTERNAL, host->parallel_for(host, N_TASKS, endless_body, &running));
	harness_reset(host);
	CHECK_INT(atomic_load(&running), 0);
	CHECK_INT(threads_now(), threads_before);

	for (volatile int k = 1; k <= 40; k++)
	{
		static Counts counts;

		reset(&counts, n_threads);
		counts.sleep_us = 50;
		harness_cancel_at_check(host, k);
		EXPECT_RAISE(host, MLPG_INTERNAL, submit_all(host, &counts));
		harness_reset(host);
	}
	CHECK_INT(threads_now(), threads_before);

	/* the same host works again */
	{
		static Counts counts;

		reset(&counts, n_threads);
		host->parallel_for(host, N_TASKS, count_body, &counts);
		CHECK(each_ran_once(&counts));
	}
	harness_free(host);
}

/* Tasks that wait for one another: they end only when as many threads as tasks came. */
static void
meeting_body(MlpgTask *task, int index, void *argument)
{
	Counts	   *counts = argument;

	atomic_fetch_add(&counts->runs[0], 1);
	for (int turn = 0; turn < 50000 && atomic_load(&counts->runs[0]) < counts->n_threads; turn++)
		if (turn > 1000)
			usleep(1);
}

static void
pause_leader(int repeat)
{
	/* around the time after which idle threads go to sleep */
	for (volatile int i = 0; i < repeat % 50 * 1000; i++)
		;
	if (repeat % 100 == 0)
		usleep(300);
}

/* No thread misses a call, whether it looks for work, sleeps, or is just about to. */
static void
test_calls(int n_threads)
{
	MlpgHost   *host = harness_host_threads(n_threads, 0);
	static Counts counts;
	int			met = 0,
				ran_alone = 0;

	for (int repeat = 0; repeat < 500 && met == repeat && ran_alone == repeat; repeat++)
	{
		reset(&counts, n_threads);
		host->parallel_for(host, n_threads, meeting_body, &counts);
		met += atomic_load(&counts.runs[0]) == n_threads;
		pause_leader(repeat);
		reset(&counts, n_threads);
		host->submit(host, count_body, 0, &counts);
		/* the leader does not help: a thread must come */
		for (int turn = 0; turn < 50000 && atomic_load(&counts.runs[0]) == 0; turn++)
			usleep(1);
		ran_alone += atomic_load(&counts.runs[0]);
		host->drain(host);
		pause_leader(repeat);
	}
	CHECK_INT(met, 500);
	CHECK_INT(ran_alone, 500);
	harness_free(host);
}

/* A body that starts a loop gets it run at once, on its own thread. */
static MlpgPool *nested_pool;
static atomic_int nested_runs;

static void
inner_body(MlpgTask *task, int index, void *argument)
{
	atomic_fetch_add(&nested_runs, 1);
}

static void
outer_body(MlpgTask *task, int index, void *argument)
{
	if (task->thread == 0)
		mlpg_pool_parallel_for(nested_pool, 10, inner_body, NULL);
	else
		for (int i = 0; i < 10; i++)
			inner_body(task, i, NULL);
}

static void
no_check(void *argument)
{
}

static bool
no_pending(void *argument)
{
	return false;
}

static void
test_nesting(void)
{
	void	   *memory = malloc(mlpg_pool_size(4));

	nested_pool = mlpg_pool_start(memory, 4, no_check, no_pending, NULL);
	CHECK_INT(mlpg_pool_started(nested_pool), 4);
	CHECK_INT(mlpg_pool_parallel_for(nested_pool, 100, outer_body, NULL), MLPG_OK);
	CHECK_INT(atomic_load(&nested_runs), 1000);
	mlpg_pool_stop(nested_pool);
	mlpg_pool_stop(nested_pool);
	free(memory);
}

static void *
no_thread(void *argument)
{
	return argument;
}

int
main(void)
{
	pthread_t	first;

	/* the thread sanitizer starts a thread of its own with the first of ours */
	if (pthread_create(&first, NULL, no_thread, NULL) == 0)
		pthread_join(first, NULL);
	threads_before = threads_now();
	test_sizes();
	test_budget();
	test_texts();
	for (int n_threads = 1; n_threads <= 8; n_threads++)
	{
		test_loops(n_threads);
		test_queue(n_threads);
		test_queue_failure(n_threads);
		if (n_threads > 1)
		{
			test_cancel(n_threads);
			test_calls(n_threads);
		}
	}
	test_nesting();
	return harness_done();
}
