/*-------------------------------------------------------------------------
 *
 * harness.h
 *	  The core's host for unit tests and fuzzers: malloc, longjmp, TAP.
 *
 * A test program is one .c file with a main that uses the checks below and
 * ends with "return harness_done();".  test/unit/test_*.c are built and run
 * by test/run.sh, each linked with all of src/core.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_HARNESS_H
#define MLPG_HARNESS_H

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/host.h"

/* A host with one thread and no budget, or with n threads and a budget in bytes (0 = none). */
extern MlpgHost *harness_host(void);
extern MlpgHost *harness_host_threads(int n_threads, size_t budget);

/* Frees all the host has given out and joins its threads; it can be used again. */
extern void harness_reset(MlpgHost *host);
extern void harness_free(MlpgHost *host);	/* reset, then the host itself */

/* The k-th allocation from now on (1 = the next) raises; 0 switches that off. */
extern void harness_fail_allocation(MlpgHost *host, int64_t k);
extern int64_t harness_allocations(MlpgHost *host);	/* counted since creation or the last reset */

/* check raises MLPG_INTERNAL at its k-th call from now on, as a cancel would; 0 switches that off. */
extern void harness_cancel_at_check(MlpgHost *host, int64_t k);
extern int64_t harness_checks(MlpgHost *host);

/* What the last raise said; texts are empty, never NULL. */
extern MlpgErrorCode harness_code(MlpgHost *host);
extern const char *harness_message(MlpgHost *host);
extern const char *harness_detail(MlpgHost *host);
extern const char *harness_hint(MlpgHost *host);

/* Where raise jumps to: set by HARNESS_TRY and EXPECT_RAISE. */
extern jmp_buf *harness_handler(MlpgHost *host, jmp_buf *handler);

/* Counting. */
extern void harness_result(bool passed, const char *file, int line, const char *what);
extern void harness_note(const char *format, ...) MLPG_PRINTF(1, 2);
extern int	harness_done(void); /* prints the plan; exit status */

#define CHECK(condition) harness_result((condition), __FILE__, __LINE__, #condition)

/* |a - b| <= relative * max(|a|, |b|); equal values, both NaN included, are always close. */
extern void harness_close(double a, double b, double relative, const char *file, int line, const char *what);
#define CHECK_CLOSE(a, b, relative) \
	harness_close((a), (b), (relative), __FILE__, __LINE__, #a " is close to " #b)

#define CHECK_INT(a, b) do { \
	long long	check_a = (long long) (a); \
	long long	check_b = (long long) (b); \
	harness_result(check_a == check_b, __FILE__, __LINE__, #a " is " #b); \
	if (check_a != check_b) \
		harness_note("got %lld, expected %lld", check_a, check_b); \
} while (0)

#define CHECK_TEXT(a, b) do { \
	const char *check_a = (a); \
	const char *check_b = (b); \
	harness_result(strcmp(check_a, check_b) == 0, __FILE__, __LINE__, #a " is " #b); \
	if (strcmp(check_a, check_b) != 0) \
		harness_note("got \"%s\", expected \"%s\"", check_a, check_b); \
} while (0)

/*
 * Runs statement; raised says afterwards whether it raised.  Locals that it
 * changes and that are read afterwards must be volatile.
 */
#define HARNESS_TRY(host, raised, statement) do { \
	jmp_buf		harness_jump; \
	jmp_buf    *harness_outer = harness_handler((host), &harness_jump); \
	if (setjmp(harness_jump) == 0) \
	{ \
		statement; \
		(raised) = false; \
	} \
	else \
		(raised) = true; \
	harness_handler((host), harness_outer); \
} while (0)

#define EXPECT_RAISE(host, expected, statement) do { \
	bool		harness_raised; \
	HARNESS_TRY((host), harness_raised, statement); \
	harness_result(harness_raised && harness_code(host) == (expected), __FILE__, __LINE__, \
				   #statement " raises " #expected); \
	if (!harness_raised) \
		harness_note("it did not raise"); \
	else if (harness_code(host) != (expected)) \
		harness_note("it raised %d: %s", (int) harness_code(host), harness_message(host)); \
} while (0)

#endif							/* MLPG_HARNESS_H */
