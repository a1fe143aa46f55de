/*-------------------------------------------------------------------------
 *
 * classes.h
 *	  The classes of a target: from values at first sight to texts in class order.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_CLASSES_H
#define MLPG_CLASSES_H

#include "core/learners/learner.h"

/* The code of a target's value in a dictionary of classes seen; raises when there are too many. */
extern int32_t mlpg_classes_code(MlpgHost *host, MlpgDictionary *seen, const MlpgPlan *plan,
								 double value, const char *text, int32_t length);

/* Code of a class of another dictionary of seen classes. */
extern int32_t mlpg_classes_copy(MlpgHost *host, MlpgDictionary *seen, const MlpgPlan *plan,
								 const MlpgDictionary *other, int32_t code);

/* Name of a class seen. */
extern char *mlpg_classes_name(MlpgHost *host, const MlpgPlan *plan, const MlpgDictionary *seen, int32_t code);

/*
 * Puts the classes and the positive one into the schema; rank[code seen] = class.
 * Raises MLPG_DATA_EXCEPTION when there is one class only, MLPG_INVALID_PARAMETER when the
 * positive class is none.
 */
extern int32_t *mlpg_classes_settle(MlpgHost *host, const MlpgPlan *plan, const MlpgDictionary *seen, MlpgSchema *schema);

/* The names of a model's classes for a message: a, b, c, ... */
extern char *mlpg_classes_list(MlpgHost *host, const MlpgSchema *schema);

/* State of a fit. */
extern void mlpg_classes_write(const MlpgPlan *plan, const MlpgDictionary *seen, MlpgWriter *writer);
extern void mlpg_classes_read(MlpgHost *host, const MlpgPlan *plan, MlpgDictionary *seen, MlpgReader *reader);

#endif							/* MLPG_CLASSES_H */
