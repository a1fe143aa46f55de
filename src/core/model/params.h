/*-------------------------------------------------------------------------
 *
 * params.h
 *	  Parameters of learners, declared once: parsing, defaults, ranges, help.
 *
 * A learner declares a const array of MlpgParamSpec.  From it come the checks
 * with uniform messages, mlpg.learner_params(), and the manual's tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_PARAMS_H
#define MLPG_PARAMS_H

#include "core/host.h"

typedef enum MlpgParamType
{
	MLPG_PARAM_INTEGER,
	MLPG_PARAM_REAL,
	MLPG_PARAM_BOOLEAN,
	MLPG_PARAM_CHOICE,			/* one of choices */
	MLPG_PARAM_REALS,			/* list of numbers, each in range */
	MLPG_PARAM_TEXT				/* whatever is_valid takes; lists and objects as written by the caller, see params.c */
} MlpgParamType;

typedef struct MlpgParamSpec
{
	const char *name;
	MlpgParamType type;
	const char *initial;		/* default as text; NULL: none */
	double		minimum;
	double		maximum;
	bool		open;			/* the bounds themselves are not allowed */
	const char *choices;		/* "a|b|c" for MLPG_PARAM_CHOICE; what it must be, for MLPG_PARAM_TEXT */
	const char *help;			/* under 60 characters */
	bool		(*is_valid) (const char *text);	/* MLPG_PARAM_TEXT */
} MlpgParamSpec;

typedef struct MlpgParamValue
{
	char	   *text;			/* canonical text, NULL when unset */
	double		number;			/* integers, reals, booleans (0/1), position of a choice */
	double	   *numbers;		/* n_numbers, for lists */
	int			n_numbers;
	bool		given;			/* set by the user, not by default */
	bool		absent;			/* a default that the model read does not name: not written again */
} MlpgParamValue;

typedef struct MlpgParams
{
	const char *owner;			/* learner name, for messages */
	int			n;
	const MlpgParamSpec *spec;	/* n */
	MlpgParamValue *value;		/* n */
} MlpgParams;

/* All at their defaults. */
extern MlpgParams *mlpg_params_create(MlpgHost *host, const char *owner, const MlpgParamSpec *spec, int n);

/*
 * Sets one from text (lists: numbers separated by commas).  Unknown name:
 * MLPG_UNDEFINED_OBJECT with a guess and the valid names; bad value:
 * MLPG_INVALID_PARAMETER with the range.
 */
extern void mlpg_params_set(MlpgHost *host, MlpgParams *params, const char *name, const char *text);
extern int	mlpg_params_find(const MlpgParams *params, const char *name);	/* -1 if absent */

/* Typed readers; the name must be declared. */
extern double mlpg_params_real(const MlpgParams *params, const char *name);
extern int64_t mlpg_params_integer(const MlpgParams *params, const char *name);
extern bool mlpg_params_boolean(const MlpgParams *params, const char *name);
extern const char *mlpg_params_choice(const MlpgParams *params, const char *name);
extern const MlpgParamValue *mlpg_params_value(const MlpgParams *params, const char *name);

/* A quoted name, or a number, at *at, which is advanced behind it; false when there is none (or the name is too long). */
extern bool mlpg_params_name(const char **at, char *name, size_t size);
extern bool mlpg_params_number(const char **at, double *number);

extern const char *mlpg_param_type_name(MlpgParamType type);
extern char *mlpg_param_range(MlpgHost *host, const MlpgParamSpec *spec);

/* The nearest of the candidates by edit distance, or NULL when none is near. */
extern const char *mlpg_nearest_name(const char *name, const char *const *candidates, int n);

#endif							/* MLPG_PARAMS_H */
