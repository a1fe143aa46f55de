/*-------------------------------------------------------------------------
 *
 * scan.h
 *	  Index scans on registry tables, as catalogs are scanned.
 *
 * Private to pg/catalog and the api files about the registry.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_SCAN_H
#define MLPG_SCAN_H

#include "pg/mlpg_pg.h"

#include "access/genam.h"
#include "access/htup.h"
#include "access/skey.h"
#include "utils/rel.h"

typedef struct MlpgScan
{
	Relation	relation;
	SysScanDesc scan;
	bool		pushed;			/* a snapshot was pushed because none was active */
} MlpgScan;

extern Oid	mlpg_registry_relation(const char *name);
extern void mlpg_scan_begin(MlpgScan *scan, const char *table, const char *index, int n_keys, ScanKey keys);
extern HeapTuple mlpg_scan_next(MlpgScan *scan);
extern Datum mlpg_scan_get(MlpgScan *scan, HeapTuple tuple, int column, bool *is_null);
extern char *mlpg_scan_text(MlpgScan *scan, HeapTuple tuple, int column);
extern int64 mlpg_scan_int8(MlpgScan *scan, HeapTuple tuple, int column);
extern void mlpg_scan_end(MlpgScan *scan);

extern void mlpg_key_text(ScanKey key, int column, const char *value);
extern void mlpg_key_int8(ScanKey key, int column, int64 value);
extern void mlpg_key_int4(ScanKey key, int column, int32 value);

#endif							/* MLPG_SCAN_H */
