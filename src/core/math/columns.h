/*-------------------------------------------------------------------------
 *
 * columns.h
 *	  Kernels that do the same to every column of a row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_COLUMNS_H
#define MLPG_COLUMNS_H

#include "core/host.h"

/*
 * z = row with 0 for NaN (row may be z itself); widens minimum and maximum by what is
 * no NaN, and puts base + k for each NaN into missing, k ascending.  How many there are.
 */
typedef int (*MlpgColumnsTake) (const double *row, int n, double *z, double *minimum, double *maximum, uint32_t base, uint32_t *missing);

/* row[k] = value[k], NaN where missing[k]; false when a value that is there is NaN or infinite. */
typedef bool (*MlpgColumnsFill) (const double *value, const bool *missing, int n, double *row);

/* row[k] = row[k] * first[k] * second[k], for n_rows rows of n columns, stride apart. */
typedef void (*MlpgColumnsScale) (double *row, int n_rows, int stride, int n, const double *first, const double *second);

/* Adds the row to sums in twice the working precision. */
typedef void (*MlpgColumnsAdd) (const double *row, int n, double *hi, double *lo);

typedef struct MlpgColumns
{
	MlpgColumnsTake take;
	MlpgColumnsFill fill;
	MlpgColumnsScale scale;
	MlpgColumnsAdd add;
} MlpgColumns;

/* Those of this processor, and those of any: the same results, bit for bit. */
extern const MlpgColumns *mlpg_columns(void);
extern const MlpgColumns mlpg_columns_portable;

#endif							/* MLPG_COLUMNS_H */
