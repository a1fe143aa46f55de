/*-------------------------------------------------------------------------
 *
 * host.h
 *	  The door: everything the core asks of whoever hosts it.
 *
 * The core (src/core) is mathematics and formats.  It includes no PostgreSQL
 * header and calls neither malloc nor printf.  What it needs from outside
 * travels with every call as one struct of function pointers, a MlpgHost:
 *
 *	 memory		allocate, resize, release from an arena; the budget is checked
 *				here, before the allocation
 *	 raise		report an error and never return
 *	 check		called at least every 10,000 units of work or 10 ms by the
 *				leading thread: cancels and shows progress
 *	 parallel	a pool of compute-only threads
 *
 * In PostgreSQL (src/pg/host_pg.c) memory is a MemoryContext and raise is
 * ereport(ERROR); in the unit tests and fuzzers (test/unit/harness.c) memory
 * is malloc and raise is longjmp.  Because raise never returns and memory goes
 * with its arena, core code has no error-return ladders and frees nothing on
 * the error path.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_HOST_H
#define MLPG_HOST_H

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MLPG_NORETURN __attribute__((noreturn))
#define MLPG_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Our own assertions: on in tests (-DMLPG_ASSERTIONS), off in release builds. */
#ifdef MLPG_ASSERTIONS
#define MLPG_ASSERT(condition) assert(condition)
#else
#define MLPG_ASSERT(condition) ((void) 0)
#endif

/* The kinds of error of doc/ARCHITECTURE.md; each host maps them (to SQLSTATEs). */
typedef enum MlpgErrorCode
{
	MLPG_OK = 0,
	MLPG_UNDEFINED_OBJECT,		/* unknown learner, model, metric, parameter */
	MLPG_UNDEFINED_COLUMN,		/* unknown or missing column */
	MLPG_INVALID_PARAMETER,		/* bad parameter value */
	MLPG_DATATYPE_MISMATCH,		/* type that models cannot read */
	MLPG_NOT_SUPPORTED,			/* task or format this version does not have */
	MLPG_DATA_EXCEPTION,		/* NaN, infinity, too few rows, one class */
	MLPG_LIMIT_EXCEEDED,		/* above the memory budget or a format limit */
	MLPG_DATA_CORRUPTED,		/* bad magic, checksum, length, payload */
	MLPG_INTERNAL				/* cannot happen */
} MlpgErrorCode;

typedef struct MlpgHost MlpgHost;

/*
 * What a pool task is given: no host.  It neither allocates nor raises; it
 * polls *stop every 10,000 units and returns early when it is set.  A task
 * that fails stores a code in *error (first one wins) for the leader to raise.
 */
typedef struct MlpgTask
{
	const atomic_bool *stop;
	int			thread;			/* 0 .. n_threads-1: index of per-thread scratch; 0 is the leader */
	atomic_int *error;			/* MlpgErrorCode */
} MlpgTask;

typedef void (*MlpgTaskBody) (MlpgTask *task, int index, void *argument);

struct MlpgHost
{
	/* memory: zero-filled, 16-byte aligned; raises MLPG_LIMIT_EXCEEDED, never returns NULL */
	void	   *(*allocate) (MlpgHost *host, size_t size);
	void	   *(*resize) (MlpgHost *host, void *pointer, size_t old_size, size_t new_size);	/* new part zero-filled */
	void		(*release) (MlpgHost *host, void *pointer);

	/* raise: message, detail and hint are complete texts; detail and hint may be NULL */
	MLPG_NORETURN void (*raise) (MlpgHost *host, MlpgErrorCode code,
								 const char *message, const char *detail, const char *hint);

	/* check: phase is a static string, or NULL to leave what is shown; total 0 means unknown */
	void		(*check) (MlpgHost *host, const char *phase, int64_t done, int64_t total);

	/* parallel: runs body(0..n_tasks-1); returns when all are done; the caller takes part */
	void		(*parallel_for) (MlpgHost *host, int n_tasks, MlpgTaskBody body, void *argument);

	/*
	 * submit queues body(index) and returns a ticket; with one thread it runs
	 * the body at once.  wait returns when that ticket's body has finished
	 * (running queued bodies itself meanwhile); drain waits for all.
	 */
	int64_t		(*submit) (MlpgHost *host, MlpgTaskBody body, int index, void *argument);
	void		(*wait) (MlpgHost *host, int64_t ticket);
	void		(*drain) (MlpgHost *host);

	int			n_threads;		/* threads including the leader, >= 1 */
	size_t		budget;			/* bytes that may be in use at once; 0 = no budget */
	size_t		largest;		/* without a budget: bytes that may be asked for at once; 0 = any number */
	size_t		in_use;			/* bytes, maintained by the host */
	size_t		peak;			/* bytes */
};

/* host.c: checked sizes, texts, and the calls above with their host named once */
extern size_t mlpg_size_add(MlpgHost *host, size_t a, size_t b);
extern size_t mlpg_size_multiply(MlpgHost *host, size_t count, size_t size);
extern void *mlpg_allocate(MlpgHost *host, size_t count, size_t size);
extern void *mlpg_resize(MlpgHost *host, void *pointer, size_t old_count, size_t new_count, size_t size);
extern void mlpg_release(MlpgHost *host, void *pointer);
extern size_t mlpg_memory_left(const MlpgHost *host);	/* bytes that are not refused, as far as is known */
extern char *mlpg_text(MlpgHost *host, const char *format, ...) MLPG_PRINTF(2, 3);
extern char *mlpg_text_list(MlpgHost *host, const char *format, va_list arguments) MLPG_PRINTF(2, 0);
extern char *mlpg_text_copy(MlpgHost *host, const char *text, size_t length);
MLPG_NORETURN extern void mlpg_raise(MlpgHost *host, MlpgErrorCode code, const char *detail,
									 const char *hint, const char *format, ...) MLPG_PRINTF(5, 6);
extern void mlpg_check(MlpgHost *host, const char *phase, int64_t done, int64_t total);

#endif							/* MLPG_HOST_H */
