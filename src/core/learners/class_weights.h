/*-------------------------------------------------------------------------
 *
 * class_weights.h
 *	  Classes that count more than others.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_CLASS_WEIGHTS_H
#define MLPG_CLASS_WEIGHTS_H

#include "core/model/params.h"

/* The entry of a learner's parameters. */
#define MLPG_CLASS_WEIGHT \
	{"class_weight", MLPG_PARAM_TEXT, NULL, 0, 0, false, "balanced, or a list of numbers above 0, one a class in class order", \
	"weights of the classes", mlpg_class_weight_is_valid}

/* Is the text of the parameter class_weight well formed? (MlpgParamSpec.is_valid) */
extern bool mlpg_class_weight_is_valid(const char *text);

/* The weight of each class; y holds codes of classes.  Raises MLPG_INVALID_PARAMETER when their numbers differ. */
extern double *mlpg_class_weights(MlpgHost *host, const char *text, const double *y, int64_t n, int n_classes);

/* Multiplies weights of rows (NULL: ones, made here) by those of their classes; returns them. */
extern double *mlpg_class_weigh(MlpgHost *host, double *w, const double *y, int64_t n, const double *weight);

#endif							/* MLPG_CLASS_WEIGHTS_H */
