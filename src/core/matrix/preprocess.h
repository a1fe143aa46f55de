/*-------------------------------------------------------------------------
 *
 * preprocess.h
 *	  What is made of the columns of a row before a learner sees them.
 *
 * Between the rows as they come (the input) and a learner's features stand
 * steps: first one for each input column, in their order, then those that
 * combine columns.  They are fitted on the rows of training, travel in the
 * model, and are replayed for every row that is scored.  No learner knows them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_PREPROCESS_H
#define MLPG_PREPROCESS_H

#include "core/math/spline.h"
#include "core/matrix/matrix.h"
#include "core/matrix/ngrams.h"
#include "core/matrix/schema.h"

/* On disk. */
typedef enum MlpgStepKind
{
	/* of one input column */
	MLPG_STEP_COPY = 0,
	MLPG_STEP_LOG = 1,			/* ln(1 + x) */
	MLPG_STEP_BUCKETIZE = 2,	/* a category: between which quantiles */
	MLPG_STEP_SPLINE = 3,		/* a basis of natural cubic splines */
	MLPG_STEP_HASH = 4,			/* a category: a bucket */
	MLPG_STEP_NGRAMS = 5,		/* a text */
	/* of columns made before */
	MLPG_STEP_CROSS = 6,		/* a category: the combination of categories */
	MLPG_STEP_POLYNOMIAL = 7	/* products of numbers */
} MlpgStepKind;

#define MLPG_STEP_KINDS 8

/* What is asked for: one of these for each column named, each cross, and the polynomial. */
typedef struct MlpgWish
{
	MlpgStepKind kind;
	int			n_names;
	char	  **name;			/* n_names input columns */
	uint32_t	number[3];		/* bins; degrees of freedom; buckets; shortest, longest, buckets; degree */
} MlpgWish;

typedef struct MlpgWishes
{
	int			n;
	MlpgWish   *wish;
} MlpgWishes;

typedef struct MlpgStep
{
	MlpgStepKind kind;
	int			first;			/* first column it makes */
	int			n_columns;
	int			n_inputs;		/* combinations: columns combined, ... */
	int		   *input;			/* ... made before */
	int			n;
	double	   *value;			/* n: inner edges of bins, knots of a spline; combinations seen, as numbers */
	MlpgSpline *spline;
	uint32_t   *size;			/* n_inputs: categories of each column of a cross */
	uint32_t	degree;			/* of a polynomial */
} MlpgStep;

typedef struct MlpgPreprocess
{
	MlpgSchema *input;
	MlpgSchema *output;			/* what learners see */
	int			n_steps;
	MlpgStep   *step;
} MlpgPreprocess;

#define MLPG_DEGREE_MAX 3

/* Products of 2 to degree of n numbers, n up to 100,000. */
extern int64_t mlpg_polynomial_columns(int64_t n, uint32_t degree);

/*
 * Fits the steps on all rows of a matrix whose leading columns are the input's features,
 * coded and described.  Wishes must have been settled (model/wishes.h) for these features.
 */
extern MlpgPreprocess *mlpg_preprocess_fit(MlpgHost *host, const MlpgWishes *wishes, const MlpgMatrix *matrix, MlpgSchema *input);

/* Of each input column of texts, the value of each code (NULL for other columns). */
extern double **mlpg_preprocess_texts(MlpgHost *host, const MlpgPreprocess *preprocess, MlpgDictionary *const *dictionary);

/*
 * Makes the output's features and whatever else follows from steps that are
 * fitted or read: kinds, inputs, input, n, value, degree; buckets and n-grams are the input's.  Returns
 * what is wrong with them, or NULL.
 */
extern const char *mlpg_preprocess_complete(MlpgHost *host, MlpgPreprocess *preprocess);

/* A row of the output from one of the input, with the offset, if there is one, behind both. */
extern void mlpg_preprocess_row(const MlpgPreprocess *preprocess, const double *input, double *output);

/*
 * Adds up what belongs to output columns by input column; what belongs to a combination is
 * shared by its columns.
 */
extern void mlpg_preprocess_share(const MlpgPreprocess *preprocess, const double *output, double *input);

#endif							/* MLPG_PREPROCESS_H */
