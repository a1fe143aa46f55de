/*-------------------------------------------------------------------------
 *
 * json.h
 *	  Building and reading jsonb: the small objects of the registry, and what users ask for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_JSON_H
#define MLPG_JSON_H

#include "pg/mlpg_pg.h"

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

typedef struct MlpgJson
{
	JsonbParseState *state;
} MlpgJson;

extern void mlpg_json_begin(MlpgJson *json);
extern void mlpg_json_begin_member(MlpgJson *json, const char *key);	/* an object as a member */
extern void mlpg_json_end_member(MlpgJson *json);
extern Jsonb *mlpg_json_end(MlpgJson *json);

/* NULL texts and lists, and numbers that are not finite, are left out. */
extern void mlpg_json_put_text(MlpgJson *json, const char *key, const char *value);
extern void mlpg_json_put_number(MlpgJson *json, const char *key, double value);
extern void mlpg_json_put_integer(MlpgJson *json, const char *key, int64 value);
extern void mlpg_json_put_bool(MlpgJson *json, const char *key, bool value);
extern void mlpg_json_put_texts(MlpgJson *json, const char *key, List *values);
extern void mlpg_json_put_numbers(MlpgJson *json, const char *key, const double *values, int n);
extern void mlpg_json_put_jsonb(MlpgJson *json, const char *key, const Jsonb *value);

/* NULL, NaN, NIL, false where the key is absent or null. */
extern char *mlpg_json_get_text(const Jsonb *object, const char *key);
extern double mlpg_json_get_number(const Jsonb *object, const char *key);
extern bool mlpg_json_get_bool(const Jsonb *object, const char *key);
extern List *mlpg_json_get_texts(const Jsonb *object, const char *key);
extern double *mlpg_json_get_numbers(const Jsonb *object, const char *key, int *n);
extern Jsonb *mlpg_json_get_jsonb(const Jsonb *object, const char *key);

/* Values of any shape. */
extern bool mlpg_json_is_object(const JsonbValue *value);
extern bool mlpg_json_is_list(const JsonbValue *value);
extern char *mlpg_json_scalar(const JsonbValue *value); /* text of a string, number or boolean, else NULL */

/* The members of an object or the elements of a list, one after the other. */
typedef struct MlpgJsonWalk
{
	JsonbIterator *iterator;
	char	   *key;			/* of a member */
	JsonbValue	value;
} MlpgJsonWalk;

extern MlpgJsonWalk mlpg_json_walk(JsonbContainer *container);
extern bool mlpg_json_next(MlpgJsonWalk *walk);

#endif							/* MLPG_JSON_H */
