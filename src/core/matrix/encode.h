/*-------------------------------------------------------------------------
 *
 * encode.h
 *	  From features to the columns of a linear design, and back to a score.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_ENCODE_H
#define MLPG_ENCODE_H

#include "core/matrix/ngrams.h"
#include "core/matrix/schema.h"

/* Kinds of design terms.  On disk. */
typedef enum MlpgTermKind
{
	MLPG_TERM_INTERCEPT = 0,	/* 1 */
	MLPG_TERM_NUMBER = 1,		/* the value, or the feature's mean where it is missing */
	MLPG_TERM_MISSING = 2,		/* 1 where the value is missing */
	MLPG_TERM_LEVEL = 3,		/* 1 where the category is this level */
	MLPG_TERM_NGRAM = 4			/* the weight of the text's n-grams in this bucket */
} MlpgTermKind;

typedef struct MlpgTerm
{
	uint32_t	kind;			/* MlpgTermKind */
	uint32_t	feature;		/* position in the schema; 0 for the intercept */
	uint32_t	level;			/* code, for MLPG_TERM_LEVEL; position of the bucket, for MLPG_TERM_NGRAM */
	uint32_t	dropped;		/* 1: linearly dependent on terms before; coefficient 0 */
} MlpgTerm;

typedef struct MlpgDesign
{
	int			n_terms;
	MlpgTerm   *term;			/* n_terms, schema order, intercept first */
} MlpgDesign;

/* Terms that a feature may have beside number and missing: levels or buckets. */
static inline int32_t
mlpg_feature_levels(const MlpgFeature *feature)
{
	return feature->kind == MLPG_CATEGORY ? feature->dictionary->n : feature->kind == MLPG_TEXT ? feature->ngrams->n : 0;
}

/*
 * The terms of a schema.  reference: leave out the first level of each
 * category, and what follows from it in crosses (unpenalised fits).  Without intercept the first category keeps all
 * levels and constant features stay.
 */
extern MlpgDesign *mlpg_design_create(MlpgHost *host, const MlpgSchema *schema, bool intercept, bool reference);

/* One row of the design (n_terms doubles) from one row of features. */
extern void mlpg_design_row(const MlpgSchema *schema, const MlpgDesign *design, const double *features, double *out);

/* "(intercept)", "price", "price (missing)", "store = north", "title ~ 1234" (the bucket) */
extern char *mlpg_term_name(MlpgHost *host, const MlpgSchema *schema, const MlpgTerm *term);

/* Coefficients by feature, so that a row is scored without its design. */
typedef struct MlpgAffine
{
	int			n_features;
	int			n_outputs;
	bool		one_sum;		/* one output, and numbers alone: a row is one sum of products */
	bool	   *forgives;		/* n_features: a category not seen counts as none */
	double	   *intercept;		/* n_outputs */
	double	   *slope;			/* n_features x n_outputs */
	double	   *missing;		/* n_features x n_outputs: what a missing value adds; NaN: score is NULL */
	int64_t    *first;			/* n_features: start of its levels or buckets in level, -1 for numbers */
	bool	   *texts;			/* n_features: whether it is one of texts */
	double	   *level;			/* levels x n_outputs */
} MlpgAffine;

/* coefficients: n_outputs x n_terms */
extern MlpgAffine *mlpg_affine_create(MlpgHost *host, const MlpgSchema *schema, const MlpgDesign *design,
									  int n_outputs, const double *coefficients);

/*
 * Scores rows of features (row-major, stride apart) into out (n_rows x
 * n_outputs).  NaN means NULL: a row with no value at all, or a category
 * (code -1) that training did not see where the policy is null.
 */
extern void mlpg_affine_score(const MlpgAffine *affine, const double *rows, int n_rows, int stride, double *out);

#endif							/* MLPG_ENCODE_H */
