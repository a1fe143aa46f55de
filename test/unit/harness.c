/*-------------------------------------------------------------------------
 *
 * harness.c
 *	  The core's host for unit tests and fuzzers.
 *
 * Every block comes from malloc on its own, so that the address sanitizer sees
 * each overrun, and hangs in a list that is the arena.  resize always moves,
 * so that a kept old pointer is found too.
 *
 *-------------------------------------------------------------------------
 */
#include "harness.h"

#include "core/pool.h"

#define TEXT_MAX 1024

typedef struct Block
{
	struct Block *previous;
	struct Block *next;
	size_t		size;
	size_t		unused;			/* keeps what follows 16-byte aligned */
} Block;

_Static_assert(sizeof(Block) % 16 == 0, "blocks stay aligned");

typedef struct HarnessHost
{
	MlpgHost	host;			/* first */
	Block	   *blocks;
	MlpgPool   *pool;
	jmp_buf    *handler;
	int64_t		allocations;
	int64_t		fail_at;		/* allocation that raises; 0 = none */
	int64_t		checks;
	int64_t		cancel_at;		/* check that raises; 0 = none */
	MlpgErrorCode code;
	char		message[TEXT_MAX];
	char		detail[TEXT_MAX];
	char		hint[TEXT_MAX];
} HarnessHost;

static int	n_passed = 0;
static int	n_failed = 0;

static HarnessHost *
self(MlpgHost *host)
{
	return (HarnessHost *) host;
}

MLPG_NORETURN static void
harness_raise(MlpgHost *host, MlpgErrorCode code, const char *message, const char *detail, const char *hint)
{
	HarnessHost *harness = self(host);

	harness->code = code;
	snprintf(harness->message, TEXT_MAX, "%s", message);
	snprintf(harness->detail, TEXT_MAX, "%s", detail ? detail : "");
	snprintf(harness->hint, TEXT_MAX, "%s", hint ? hint : "");
	if (harness->handler == NULL)
	{
		fprintf(stderr, "raised outside HARNESS_TRY: %d %s\n%s\n%s\n", (int) code, message,
				harness->detail, harness->hint);
		abort();
	}
	longjmp(*harness->handler, 1);
}

static void *
harness_allocate(MlpgHost *host, size_t size)
{
	HarnessHost *harness = self(host);
	Block	   *block;

	if (++harness->allocations == harness->fail_at)
		harness_raise(host, MLPG_LIMIT_EXCEEDED, "allocation fails as the test asked", NULL, NULL);
	if (host->budget != 0 && (size > host->budget || host->in_use > host->budget - size))
		harness_raise(host, MLPG_LIMIT_EXCEEDED, "working memory would exceed its limit", NULL, NULL);
	block = size > SIZE_MAX / 2 ? NULL : malloc(sizeof(Block) + size);
	if (block == NULL)
		harness_raise(host, MLPG_LIMIT_EXCEEDED, "out of memory", NULL, NULL);
	memset(block, 0, sizeof(Block) + size);
	block->size = size;
	block->next = harness->blocks;
	if (block->next != NULL)
		block->next->previous = block;
	harness->blocks = block;
	host->in_use += size;
	if (host->in_use > host->peak)
		host->peak = host->in_use;
	return block + 1;
}

static void
harness_release(MlpgHost *host, void *pointer)
{
	Block	   *block = (Block *) pointer - 1;

	if (block->previous != NULL)
		block->previous->next = block->next;
	else
		self(host)->blocks = block->next;
	if (block->next != NULL)
		block->next->previous = block->previous;
	host->in_use -= block->size;
	free(block);
}

static void *
harness_resize(MlpgHost *host, void *pointer, size_t old_size, size_t new_size)
{
	void	   *copy;

	if (((Block *) pointer - 1)->size != old_size)
		abort();				/* the caller lost count of its own block */
	copy = harness_allocate(host, new_size);
	memcpy(copy, pointer, old_size < new_size ? old_size : new_size);
	harness_release(host, pointer);
	return copy;
}

static void
harness_check(MlpgHost *host, const char *phase, int64_t done, int64_t total)
{
	HarnessHost *harness = self(host);

	if (++harness->checks == harness->cancel_at)
		harness_raise(host, MLPG_INTERNAL, "canceled as the test asked", NULL, NULL);
}

static void
pool_check(void *argument)
{
	harness_check(argument, NULL, 0, 0);
}

/* Will the next check raise?  A look that says no counts as one. */
static bool
pool_pending(void *argument)
{
	HarnessHost *harness = argument;

	if (harness->checks + 1 == harness->cancel_at)
		return true;
	harness->checks++;
	return false;
}

static MlpgPool *
pool_of(MlpgHost *host)
{
	HarnessHost *harness = self(host);

	if (harness->pool == NULL)
	{
		void	   *memory = malloc(mlpg_pool_size(host->n_threads));

		if (memory == NULL)
			abort();
		harness->pool = mlpg_pool_start(memory, host->n_threads, pool_check, pool_pending, host);
	}
	return harness->pool;
}

static void
raise_task_error(MlpgHost *host, MlpgErrorCode code)
{
	if (code != MLPG_OK)
		harness_raise(host, code, mlpg_pool_error_text(code), NULL, NULL);
}

static void
harness_parallel_for(MlpgHost *host, int n_tasks, MlpgTaskBody body, void *argument)
{
	if (host->n_threads == 1)
		raise_task_error(host, mlpg_pool_serial(n_tasks, 0, body, argument, pool_check, host));
	else
		raise_task_error(host, mlpg_pool_parallel_for(pool_of(host), n_tasks, body, argument));
}

static int64_t
harness_submit(MlpgHost *host, MlpgTaskBody body, int index, void *argument)
{
	int64_t		ticket = 0;

	if (host->n_threads == 1)
		raise_task_error(host, mlpg_pool_serial(1, index, body, argument, pool_check, host));
	else
		raise_task_error(host, mlpg_pool_submit(pool_of(host), body, index, argument, &ticket));
	return ticket;
}

static void
harness_wait(MlpgHost *host, int64_t ticket)
{
	if (self(host)->pool != NULL)
		raise_task_error(host, mlpg_pool_wait(self(host)->pool, ticket));
}

static void
harness_drain(MlpgHost *host)
{
	if (self(host)->pool != NULL)
		raise_task_error(host, mlpg_pool_drain(self(host)->pool));
}

MlpgHost *
harness_host_threads(int n_threads, size_t budget)
{
	HarnessHost *harness = calloc(1, sizeof(HarnessHost));

	if (harness == NULL)
		abort();
	harness->host.allocate = harness_allocate;
	harness->host.resize = harness_resize;
	harness->host.release = harness_release;
	harness->host.raise = harness_raise;
	harness->host.check = harness_check;
	harness->host.parallel_for = harness_parallel_for;
	harness->host.submit = harness_submit;
	harness->host.wait = harness_wait;
	harness->host.drain = harness_drain;
	harness->host.n_threads = n_threads;
	harness->host.budget = budget;
	return &harness->host;
}

MlpgHost *
harness_host(void)
{
	return harness_host_threads(1, 0);
}

void
harness_reset(MlpgHost *host)
{
	HarnessHost *harness = self(host);

	if (harness->pool != NULL)
	{
		mlpg_pool_stop(harness->pool);
		free(harness->pool);
		harness->pool = NULL;
	}
	while (harness->blocks != NULL)
		harness_release(host, harness->blocks + 1);
	harness->allocations = 0;
	harness->fail_at = 0;
	harness->checks = 0;
	harness->cancel_at = 0;
	host->peak = 0;
}

void
harness_free(MlpgHost *host)
{
	harness_reset(host);
	free(host);
}

void
harness_fail_allocation(MlpgHost *host, int64_t k)
{
	self(host)->fail_at = k == 0 ? 0 : self(host)->allocations + k;
}

int64_t
harness_allocations(MlpgHost *host)
{
	return self(host)->allocations;
}

void
harness_cancel_at_check(MlpgHost *host, int64_t k)
{
	self(host)->cancel_at = k == 0 ? 0 : self(host)->checks + k;
}

int64_t
harness_checks(MlpgHost *host)
{
	return self(host)->checks;
}

MlpgErrorCode
harness_code(MlpgHost *host)
{
	return self(host)->code;
}

const char *
harness_message(MlpgHost *host)
{
	return self(host)->message;
}

const char *
harness_detail(MlpgHost *host)
{
	return self(host)->detail;
}

const char *
harness_hint(MlpgHost *host)
{
	return self(host)->hint;
}

/* Installs a handler and returns the one before it. */
jmp_buf *
harness_handler(MlpgHost *host, jmp_buf *handler)
{
	jmp_buf    *before = self(host)->handler;

	self(host)->handler = handler;
	return before;
}

void
harness_result(bool passed, const char *file, int line, const char *what)
{
	if (passed)
		n_passed++;
	else
		n_failed++;
	printf("%s %d - %s:%d %s\n", passed ? "ok" : "not ok", n_passed + n_failed, file, line, what);
	if (!passed)
		fflush(stdout);
}

void
harness_note(const char *format, ...)
{
	va_list		arguments;

	printf("# ");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	fflush(stdout);
}

void
harness_close(double a, double b, double relative, const char *file, int line, const char *what)
{
	double		scale = fmax(fabs(a), fabs(b));
	bool		passed = a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= relative * scale;

	harness_result(passed, file, line, what);
	if (!passed)
		harness_note("%.17g and %.17g differ by %.3g of their size", a, b, fabs(a - b) / scale);
}

int
harness_done(void)
{
	/* tests that found nothing to read have said so */
	printf("1..%d%s\n", n_passed + n_failed, n_passed + n_failed == 0 ? " # SKIP see its notes" : "");
	return n_failed == 0 ? 0 : 1;
}
