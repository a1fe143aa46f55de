/*-------------------------------------------------------------------------
 *
 * record.h
 *	  Rows of composite type: their binding, remembered by row type.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_RECORD_H
#define MLPG_RECORD_H

#include "pg/bind/bind.h"

typedef struct MlpgRecord MlpgRecord;

/*
 * Reads the features out of a composite value, as mlpg_bind_values does.
 * *record is made and remade in context as row types come.
 */
extern bool mlpg_record_read(MlpgRecord **record, MemoryContext context, const MlpgModel *model,
							 const char *label, Datum value, double *row);
extern void mlpg_record_forget(MlpgRecord **record);

#endif							/* MLPG_RECORD_H */
