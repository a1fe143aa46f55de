/*-------------------------------------------------------------------------
 *
 * tables.h
 *	  Column numbers of the registry tables that C reads without SPI.
 *
 * They follow sql/registry.sql.  Columns are only ever appended to these
 * tables, by the script and by upgrade scripts alike, so the numbers hold.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_TABLES_H
#define MLPG_TABLES_H

#define MLPG_MODELS_MODEL_ID 1
#define MLPG_MODELS_MODEL 2
#define MLPG_MODELS_RECIPE 5
#define MLPG_MODELS_OWNER 8

#define MLPG_GRANTS_MODEL_ID 1
#define MLPG_GRANTS_GRANTEE 2
#define MLPG_GRANTS_PRIVILEGE 3

#define MLPG_VERSIONS_MODEL_ID 1
#define MLPG_VERSIONS_VERSION 2
#define MLPG_VERSIONS_METRICS 6

#define MLPG_BLOBS_MODEL_ID 1
#define MLPG_BLOBS_VERSION 2
#define MLPG_BLOBS_BLOB 3
#define MLPG_BLOBS_EVALUATION 4

#define MLPG_ALIASES_MODEL_ID 1
#define MLPG_ALIASES_ALIAS 2
#define MLPG_ALIASES_VERSION 3

#define MLPG_DEPLOYMENTS_ID 1
#define MLPG_DEPLOYMENTS_MODEL_ID 2
#define MLPG_DEPLOYMENTS_ALIAS 3
#define MLPG_DEPLOYMENTS_TO_VERSION 5
#define MLPG_DEPLOYMENTS_DECIDED_AT 10

#endif							/* MLPG_TABLES_H */
