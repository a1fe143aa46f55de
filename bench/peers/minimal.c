/*
 * The least that a function of a C library can do: what does its first call in a
 * new connection cost? run.sh builds it, compare.py declares it.
 */
#include "postgres.h"

#include "fmgr.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(minimal);

Datum
minimal(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(1.0);
}
