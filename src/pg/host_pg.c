/*-------------------------------------------------------------------------
 *
 * host_pg.c
 *	  The four services of core/host.h on PostgreSQL.
 *
 * Memory: from one memory context, the arena.  Every allocation carries a
 * 16-byte header with its size, so that what is in use is known exactly and a
 * request above the budget is refused before it is made.  Large allocations
 * are zeroed by giving their pages back to the kernel (MADV_DONTNEED promises
 * zero pages on next touch) instead of writing them, and ask for huge pages:
 * a matrix of gigabytes then costs neither a second pass nor a TLB miss a row.
 *
 * Errors: ereport(ERROR) with the SQLSTATE of the kind.
 *
 * Check: CHECK_FOR_INTERRUPTS and the counters of mlpg.progress.
 *
 * Parallel: the pool of core/pool.c, started when first used and joined by
 * mlpg_host_pg_finish, which runs on every way out (MLPG_WITH_HOST): on ERROR,
 * and on FATAL before the memory the threads work on goes away.  A host of one
 * thread starts none.
 *
 * A host is also made for each aggregate state and predict call site, so it is
 * one small allocation: in the arena that was given, or beside the child
 * context it makes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <sys/mman.h>
#include <unistd.h>

#include "pg/mlpg_pg.h"

#include "core/pool.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#define ALIGNMENT 16			/* bytes: what host.h promises */
#define LARGE ((size_t) 2 << 20)	/* bytes: one huge page */

struct MlpgHostPg
{
	MlpgHost	host;			/* first: a MlpgHost pointer is a MlpgHostPg pointer */
	MemoryContext arena;
	MlpgPool   *pool;			/* NULL until first needed, and after finish */
};

/* Sits just before each block handed out. */
typedef struct BlockHeader
{
	size_t		size;			/* bytes handed out */
	size_t		offset;			/* bytes from the palloc chunk to the block */
} BlockHeader;

StaticAssertDecl(sizeof(BlockHeader) == ALIGNMENT, "header keeps blocks aligned");

#define OVERHEAD (sizeof(BlockHeader) + ALIGNMENT - MAXIMUM_ALIGNOF)

static MlpgHostPg *
self(MlpgHost *host)
{
	return (MlpgHostPg *) host;
}

static BlockHeader *
header_of(void *pointer)
{
	return (BlockHeader *) pointer - 1;
}

/*
 * Zeroes a range.  Whole pages of a large one are returned to the kernel,
 * which is valid for any private anonymous memory, as all of malloc's is; if
 * the kernel declines (locked memory), they are written like the rest.
 */
static void
zero_range(char *start, size_t size)
{
	uintptr_t	page = (uintptr_t) sysconf(_SC_PAGESIZE);
	uintptr_t	first;
	uintptr_t	last;

	if (size >= LARGE)
	{
		first = ((uintptr_t) start + page - 1) & ~(page - 1);
		last = ((uintptr_t) start + size) & ~(page - 1);
		if (madvise((void *) first, last - first, MADV_DONTNEED) == 0)
		{
			(void) madvise((void *) first, last - first, MADV_HUGEPAGE);
			memset(start, 0, first - (uintptr_t) start);
			memset((void *) last, 0, (uintptr_t) start + size - last);
			return;
		}
	}
	memset(start, 0, size);
}

/* Whole megabytes, rounded up. */
static size_t
megabytes(size_t bytes)
{
	return bytes / (1024 * 1024) + (bytes % (1024 * 1024) != 0);
}

MLPG_NORETURN static void
raise_limit(size_t needed, size_t allowed)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("working memory would exceed its limit: needed %zu MB, allowed %zu MB", megabytes(needed), allowed / (1024 * 1024)),
			 errhint("Raise the setting \"mlpg.max_memory\", or use fewer rows or columns.")));
	pg_unreachable();
}

/* Refuses, before it is made, what would not fit; otherwise counts it. */
static void
account(MlpgHost *host, size_t more)
{
	size_t		total;

	if (__builtin_add_overflow(host->in_use, more, &total) || more > MaxAllocHugeSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("size of working memory overflows")));
	if (host->budget != 0 && total > host->budget)
		raise_limit(total, host->budget);
	/* an aggregate's states are bounded by work_mem; what one of them asks for at once, by the same setting */
	if (host->budget == 0 && more > host->largest)
		raise_limit(more, host->largest);
	host->in_use = total;
	host->peak = Max(host->peak, total);
}

static size_t
with_overhead(size_t size)
{
	if (size > MaxAllocHugeSize - OVERHEAD)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("size of working memory overflows")));
	return size + OVERHEAD;
}

static void *
pg_allocate(MlpgHost *host, size_t size)
{
	size_t		total = with_overhead(size);
	char	   *chunk;
	char	   *block;

	account(host, total);
	chunk = MemoryContextAllocExtended(self(host)->arena, total, MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
	if (chunk == NULL)
	{
		host->in_use -= total;
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed on a request of %zu bytes of working memory.", size)));
	}
	block = (char *) TYPEALIGN(ALIGNMENT, chunk + sizeof(BlockHeader));
	header_of(block)->size = size;
	header_of(block)->offset = (size_t) (block - chunk);
	zero_range(block, size);
	return block;
}

static void
pg_release(MlpgHost *host, void *pointer)
{
	BlockHeader *header = header_of(pointer);

	host->in_use -= header->size + OVERHEAD;
	pfree((char *) pointer - header->offset);
}

/*
 * Large blocks are resized in place (the kernel moves pages, it does not copy
 * them); repalloc keeps a chunk's address modulo 16 only for those, so small
 * ones are copied.
 */
static void *
pg_resize(MlpgHost *host, void *pointer, size_t old_size, size_t new_size)
{
	BlockHeader *header = header_of(pointer);
	size_t		offset = header->offset;
	char	   *block;

	MLPG_ASSERT(header->size == old_size);
	if (old_size < LARGE || new_size < LARGE)
	{
		block = pg_allocate(host, new_size);
		memcpy(block, pointer, Min(old_size, new_size));
		pg_release(host, pointer);
		return block;
	}
	with_overhead(new_size);
	if (new_size > old_size)
		account(host, new_size - old_size);
	else
		host->in_use -= old_size - new_size;
	block = (char *) repalloc_huge((char *) pointer - offset, new_size + OVERHEAD) + offset;
	if ((uintptr_t) block % ALIGNMENT != 0)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg_internal("resized block lost its alignment")));
	header_of(block)->size = new_size;
	if (new_size > old_size)
		zero_range(block + old_size, new_size - old_size);
	return block;
}

/* The SQLSTATE of each kind of error: the table "Errors" of doc/ARCHITECTURE.md. */
int
mlpg_sqlstate(MlpgErrorCode code)
{
	switch (code)
	{
		case MLPG_UNDEFINED_OBJECT:
			return ERRCODE_UNDEFINED_OBJECT;
		case MLPG_UNDEFINED_COLUMN:
			return ERRCODE_UNDEFINED_COLUMN;
		case MLPG_INVALID_PARAMETER:
			return ERRCODE_INVALID_PARAMETER_VALUE;
		case MLPG_DATATYPE_MISMATCH:
			return ERRCODE_DATATYPE_MISMATCH;
		case MLPG_NOT_SUPPORTED:
			return ERRCODE_FEATURE_NOT_SUPPORTED;
		case MLPG_DATA_EXCEPTION:
			return ERRCODE_DATA_EXCEPTION;
		case MLPG_LIMIT_EXCEEDED:
			return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		case MLPG_DATA_CORRUPTED:
			return ERRCODE_DATA_CORRUPTED;
		case MLPG_OK:
		case MLPG_INTERNAL:
			break;
	}
	return ERRCODE_INTERNAL_ERROR;
}

/*
 * The core shortens names by bytes, without knowing where a character ends: what is left
 * of one is taken out, or the client could not be told.
 */
static const char *
whole_characters(const char *text)
{
	int			encoding = GetDatabaseEncoding();
	int			length = (int) strlen(text);
	int			n = pg_encoding_verifymbstr(encoding, text, length);
	char	   *whole;
	int			at;

	if (n == length)
		return text;
	whole = palloc(length + 1);
	memcpy(whole, text, n);
	for (at = n + 1; at < length; at++)
	{
		int			more = pg_encoding_verifymbstr(encoding, text + at, length - at);

		memcpy(whole + n, text + at, more);
		n += more;
		at += more;
	}
	whole[n] = '\0';
	return whole;
}

MLPG_NORETURN static void
pg_raise(MlpgHost *host, MlpgErrorCode code, const char *message, const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(mlpg_sqlstate(code)),
			 errmsg_internal("%s", whole_characters(message)),
			 detail ? errdetail_internal("%s", whole_characters(detail)) : 0,
			 hint ? errhint("%s", whole_characters(hint)) : 0));
	pg_unreachable();
}

static void
pg_check(MlpgHost *host, const char *phase, int64_t done, int64_t total)
{
	CHECK_FOR_INTERRUPTS();
	if (phase != NULL)
		mlpg_progress_update(phase, done, total);
}

/* Where the pool's leader may be interrupted. */
static void
pool_check(void *argument)
{
	CHECK_FOR_INTERRUPTS();
}

/* Does CHECK_FOR_INTERRUPTS raise now?  (Others, as a changed configuration, wait for the end of the loop.) */
static bool
pool_pending(void *argument)
{
	return InterruptPending && InterruptHoldoffCount == 0 && CritSectionCount == 0 &&
		(ProcDiePending || (QueryCancelPending && QueryCancelHoldoffCount == 0));
}

static MlpgPool *
pool_of(MlpgHost *host)
{
	MlpgHostPg *pg = self(host);

	if (pg->pool == NULL)
		pg->pool = mlpg_pool_start(MemoryContextAlloc(pg->arena, mlpg_pool_size(host->n_threads)),
								   host->n_threads, pool_check, pool_pending, NULL);
	return pg->pool;
}

static void
raise_task_error(MlpgHost *host, MlpgErrorCode code)
{
	if (code != MLPG_OK)
		host->raise(host, code, mlpg_pool_error_text(code), NULL, NULL);
}

static void
pg_parallel_for(MlpgHost *host, int n_tasks, MlpgTaskBody body, void *argument)
{
	if (host->n_threads == 1 || n_tasks <= 1)
		raise_task_error(host, mlpg_pool_serial(n_tasks, 0, body, argument, pool_check, NULL));
	else
		raise_task_error(host, mlpg_pool_parallel_for(pool_of(host), n_tasks, body, argument));
}

static int64_t
pg_submit(MlpgHost *host, MlpgTaskBody body, int index, void *argument)
{
	int64_t		ticket = 0;

	if (host->n_threads == 1)
		raise_task_error(host, mlpg_pool_serial(1, index, body, argument, pool_check, NULL));
	else
		raise_task_error(host, mlpg_pool_submit(pool_of(host), body, index, argument, &ticket));
	return ticket;
}

static void
pg_wait(MlpgHost *host, int64_t ticket)
{
	if (self(host)->pool != NULL)
		raise_task_error(host, mlpg_pool_wait(self(host)->pool, ticket));
}

static void
pg_drain(MlpgHost *host)
{
	if (self(host)->pool != NULL)
		raise_task_error(host, mlpg_pool_drain(self(host)->pool));
}

/*
 * Makes a host whose memory comes from arena (NULL: a new child of the current
 * context) and which lives there, or beside that child.
 */
MlpgHost *
mlpg_host_pg_create(MemoryContext arena, int n_threads, size_t budget)
{
	MlpgHostPg *pg = MemoryContextAllocZero(arena ? arena : CurrentMemoryContext, sizeof(MlpgHostPg));

	pg->arena = arena ? arena : AllocSetContextCreate(CurrentMemoryContext, "mlpg arena", ALLOCSET_DEFAULT_SIZES);
	pg->host.allocate = pg_allocate;
	pg->host.resize = pg_resize;
	pg->host.release = pg_release;
	pg->host.raise = pg_raise;
	pg->host.check = pg_check;
	pg->host.parallel_for = pg_parallel_for;
	pg->host.submit = pg_submit;
	pg->host.wait = pg_wait;
	pg->host.drain = pg_drain;
	pg->host.n_threads = Min(Max(n_threads, 1), MLPG_POOL_MAX_THREADS);
	pg->host.budget = budget;
	pg->host.largest = (size_t) mlpg_max_memory_kb * 1024;
	return &pg->host;
}

/*
 * A call site of an aggregate has one host for all groups, whose states live in
 * the context that the executor names with each row.
 */
void
mlpg_host_pg_set_arena(MlpgHost *host, MemoryContext arena)
{
	self(host)->arena = arena;
}

/* Joins the threads.  The memory stays, with what the call returns from it. */
void
mlpg_host_pg_finish(MlpgHost *host)
{
	MlpgHostPg *pg = self(host);

	if (pg->pool == NULL)
		return;
	mlpg_pool_stop(pg->pool);
	pfree(pg->pool);
	pg->pool = NULL;
}

void
mlpg_host_pg_cleanup(int code, Datum host)
{
	mlpg_host_pg_finish((MlpgHost *) DatumGetPointer(host));
}
