/*-------------------------------------------------------------------------
 *
 * schema.h
 *	  What the columns of a training set are called and what they hold.
 *
 * A schema is made while rows are read, completed by the learner (means), and
 * travels inside the model, so that prediction reads a row exactly as training
 * did.  Inside the core every value is a double: numbers as they are, booleans
 * as 0 and 1, dates as days since 2000-01-01, timestamps as seconds since
 * 2000-01-01 UTC, categories as codes 0 .. n-1, a text as the address of its
 * n-grams (ngrams.h), a missing value as NaN.
 *
 * With preprocessing (preprocess.h) there are two schemas: one of the rows as
 * they come, one of what is made of them, which is what learners see.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_SCHEMA_H
#define MLPG_SCHEMA_H

#include "core/host.h"

/* Kinds go on disk: pinned, never reused. */
typedef enum MlpgKind
{
	MLPG_NUMBER = 0,
	MLPG_BOOLEAN = 1,
	MLPG_DATE = 2,				/* days since 2000-01-01 */
	MLPG_TIMESTAMP = 3,			/* seconds since 2000-01-01 00:00 UTC */
	MLPG_CATEGORY = 4,			/* text; value is a code into the dictionary */
	MLPG_TEXT = 5				/* text read by its n-grams; value is where they are, and a code while rows are gathered */
} MlpgKind;

#define MLPG_FEATURES_MAX 100000

/* What predict answers for a category that training did not see. On disk. */
typedef enum MlpgUnseen
{
	MLPG_UNSEEN_ERROR = 0,
	MLPG_UNSEEN_NULL = 1,		/* the prediction is NULL */
	MLPG_UNSEEN_ZERO = 2		/* none of the levels holds */
} MlpgUnseen;

/*
 * Distinct texts and their codes.  While rows are read codes follow first
 * sight; mlpg_dictionary_sort puts them into byte order.
 */
typedef struct MlpgDictionary
{
	int32_t		n;				/* entries */
	int32_t		capacity;		/* entries allocated */
	char	  **text;			/* n texts, zero-terminated */
	int32_t    *length;			/* n byte lengths */
	int32_t    *slot;			/* open addressing, n_slots codes + 1; 0 is free */
	uint32_t	n_slots;		/* power of two */
	size_t		bytes;			/* sum of lengths */
} MlpgDictionary;

typedef struct MlpgFeature
{
	char	   *name;
	MlpgKind	kind;
	MlpgDictionary *dictionary; /* of categories; of texts while they are gathered */
	uint32_t	buckets;		/* categories hashed into so many, whose numbers are the dictionary; 0: not hashed */
	struct MlpgNgrams *ngrams;	/* texts: their n-grams */
	bool		echo;			/* missing where other features are that tell so themselves */
	bool	   *implied;		/* of each level whether those of other features imply it (crosses of two); or NULL */
	bool		forgiving;		/* a category not seen in training counts as none, whatever the policy */
	bool		has_missing;	/* a NULL was seen in training */
	bool		constant;		/* one value only (missing counts as a value) */
	double		mean;			/* of the values present; stands in for NULL in linear learners */
	double		minimum;
	double		maximum;
} MlpgFeature;

typedef struct MlpgSchema
{
	int			n_features;
	MlpgFeature *feature;		/* n_features, and behind them the offset, if there is one */
	char	   *target;			/* name of the target, or "" */
	MlpgKind	target_kind;	/* of its values as they were given; MLPG_CATEGORY: text */
	MlpgDictionary *classes;	/* classification: texts of the classes in class order; NULL: regression */
	int			positive;		/* class whose probability predict answers; -1: none */
	char	   *offset;			/* column that is added to the raw score and that predict demands, or NULL */
	MlpgUnseen	unseen;
	bool		array_form;		/* features are x1 .. xn of one array argument */
	struct MlpgPreprocess *preprocess;	/* how the features are made of the columns of a row; NULL: they are these */
} MlpgSchema;

/*
 * Classes are ordered false, true; numbers by value; text by bytes.  Two classes
 * have one output, the probability of the second; more have one each.
 */
#define MLPG_CLASSES_MAX 1000

/* Classes of a model: 0 for a regression. */
static inline int
mlpg_schema_classes(const MlpgSchema *schema)
{
	return schema->classes == NULL ? 0 : schema->classes->n;
}

/* Of two classes the one that metrics of two are about: the positive one, else the second. */
static inline int
mlpg_schema_event(const MlpgSchema *schema)
{
	return schema->positive >= 0 ? schema->positive : 1;
}

/* Outputs of a model of these classes. */
static inline int
mlpg_class_outputs(int n_classes)
{
	return n_classes == 2 ? 1 : n_classes;
}

/* Columns that a row must have to be predicted: the features, then the offset. */
static inline int
mlpg_schema_columns(const MlpgSchema *schema)
{
	return schema->n_features + (schema->offset != NULL ? 1 : 0);
}

extern MlpgSchema *mlpg_schema_create(MlpgHost *host, int n_features);
extern void mlpg_schema_set_offset(MlpgSchema *schema, char *name);	/* NULL: none */
extern const MlpgSchema *mlpg_schema_input(const MlpgSchema *schema);	/* the schema of the rows as they come */
extern int	mlpg_schema_find(const MlpgSchema *schema, const char *name);	/* -1 if absent */

extern MlpgDictionary *mlpg_dictionary_create(MlpgHost *host);
extern int32_t mlpg_dictionary_find(const MlpgDictionary *dictionary, const char *text, int32_t length);	/* -1 if absent */
extern int32_t mlpg_dictionary_add(MlpgHost *host, MlpgDictionary *dictionary, const char *text, int32_t length);

/* The code of a category's text, -1 if training did not see it. */
extern int32_t mlpg_feature_code(const MlpgFeature *feature, const char *text, int32_t length);

/* Byte order; rank[old code] = new code (n entries, allocated here). */
extern int32_t *mlpg_dictionary_sort(MlpgHost *host, MlpgDictionary *dictionary);

#endif							/* MLPG_SCHEMA_H */
