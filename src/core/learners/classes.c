/*-------------------------------------------------------------------------
 *
 * classes.c
 *	  The classes of a target.
 *
 * Classes get codes at first sight, because rows are read once, and are put into
 * class order at the end: false before true, numbers by value, texts by bytes.
 * Until then they stand in a dictionary under a key: a text under itself, a
 * number (false and true are 0 and 1) under the eight bytes of its value, so
 * that no row is turned into text.  -0 is 0.
 *
 * The positive class, whose probability predict answers, is the one asked for,
 * else true, else 1 where the classes are the numbers 0 and 1, else none.
 *
 * Cost: a hash a row.  Memory: the names.  Determinism: order-free.  A target
 * that is NULL or NaN does not come here.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/classes.h"

#include <stdlib.h>

#include "core/math/sort.h"

#define LIST_WIDTH 200			/* bytes of a list in a message */

MLPG_NORETURN static void
raise_too_many(MlpgHost *host, const MlpgPlan *plan)
{
	bool		is_text = plan->target_kind == MLPG_CATEGORY;

	mlpg_raise(host, MLPG_LIMIT_EXCEEDED,
			   is_text ? "It may be free text." : NULL,
			   is_text ? "Name a column with few distinct texts, or group them."
			   : "Leave out task => 'classification' to fit the number itself, or group its values.",
			   "target \"%s\" has more than %d classes", plan->target[0] ? plan->target : "target", MLPG_CLASSES_MAX);
}

static int32_t
add_key(MlpgHost *host, MlpgDictionary *seen, const MlpgPlan *plan, const char *key, int32_t length)
{
	int32_t		code = mlpg_dictionary_add(host, seen, key, length);

	if (code >= MLPG_CLASSES_MAX)
		raise_too_many(host, plan);
	return code;
}

int32_t
mlpg_classes_code(MlpgHost *host, MlpgDictionary *seen, const MlpgPlan *plan, double value, const char *text, int32_t length)
{
	if (plan->target_kind == MLPG_CATEGORY)
		return add_key(host, seen, plan, text, length);
	value += 0.0;
	return add_key(host, seen, plan, (const char *) &value, sizeof(value));
}

int32_t
mlpg_classes_copy(MlpgHost *host, MlpgDictionary *seen, const MlpgPlan *plan, const MlpgDictionary *other, int32_t code)
{
	return add_key(host, seen, plan, other->text[code], other->length[code]);
}

static double
value_of(const MlpgDictionary *seen, int32_t code)
{
	double		value;

	memcpy(&value, seen->text[code], sizeof(value));
	return value;
}

char *
mlpg_classes_name(MlpgHost *host, const MlpgPlan *plan, const MlpgDictionary *seen, int32_t code)
{
	if (plan->target_kind == MLPG_CATEGORY)
		return mlpg_text_copy(host, seen->text[code], (size_t) seen->length[code]);
	if (plan->target_kind == MLPG_BOOLEAN)
		return mlpg_text(host, "%s", value_of(seen, code) != 0 ? "true" : "false");
	return mlpg_number_text(host, value_of(seen, code));
}

char *
mlpg_classes_list(MlpgHost *host, const MlpgSchema *schema)
{
	char	   *list = mlpg_text(host, "%s", "");

	for (int k = 0; k < schema->classes->n; k++)
	{
		if (strlen(list) + (size_t) schema->classes->length[k] > LIST_WIDTH)
			return mlpg_text(host, "%s%s... (%d)", list, k > 0 ? ", " : "", schema->classes->n);
		list = mlpg_text(host, "%s%s%s", list, k > 0 ? ", " : "", schema->classes->text[k]);
	}
	return list;
}

/* order[class] = code seen, numbers by value. */
static int64_t *
numeric_order(MlpgHost *host, const MlpgDictionary *seen)
{
	double	   *value = mlpg_allocate(host, (size_t) seen->n, sizeof(double));
	int64_t    *order = mlpg_allocate(host, (size_t) seen->n, sizeof(int64_t));

	for (int32_t k = 0; k < seen->n; k++)
	{
		value[k] = value_of(seen, k);
		order[k] = k;
	}
	mlpg_sort(host, value, order, seen->n);
	return order;
}

/* All classes in class order, with rank[code seen] = class. */
static MlpgDictionary *
in_order(MlpgHost *host, const MlpgPlan *plan, const MlpgDictionary *seen, int32_t **rank)
{
	MlpgDictionary *classes = mlpg_dictionary_create(host);
	int64_t    *order = plan->target_kind == MLPG_CATEGORY ? NULL : numeric_order(host, seen);

	for (int32_t k = 0; k < seen->n; k++)
	{
		char	   *name = mlpg_classes_name(host, plan, seen, order ? (int32_t) order[k] : k);

		mlpg_dictionary_add(host, classes, name, (int32_t) strlen(name));
	}
	if (order == NULL)
	{
		*rank = mlpg_dictionary_sort(host, classes);
		return classes;
	}
	*rank = mlpg_allocate(host, (size_t) seen->n, sizeof(int32_t));
	for (int32_t k = 0; k < seen->n; k++)
		(*rank)[order[k]] = k;
	return classes;
}

static int
find_class(const MlpgSchema *schema, const char *name)
{
	return mlpg_dictionary_find(schema->classes, name, (int32_t) strlen(name));
}

static int
positive_class(MlpgHost *host, const MlpgPlan *plan, const MlpgSchema *schema)
{
	const char *name = plan->positive;
	char	   *end;
	double		number;
	int			found;

	if (name == NULL)
	{
		if (plan->target_kind == MLPG_BOOLEAN)
			return find_class(schema, "true");
		return plan->target_kind == MLPG_NUMBER && schema->classes->n == 2 && find_class(schema, "0") == 0 ? find_class(schema, "1") : -1;
	}
	number = strtod(name, &end);
	if (plan->target_kind == MLPG_NUMBER && end > name && *end == '\0' && isfinite(number))
		name = mlpg_number_text(host, number + 0.0);
	found = find_class(schema, name);
	if (found < 0)
		mlpg_raise(host, MLPG_INVALID_PARAMETER,
				   mlpg_text(host, "Classes are: %s.", mlpg_classes_list(host, schema)), NULL,
				   "positive class \"%.100s\" is no class of the target", plan->positive);
	return found;
}

int32_t *
mlpg_classes_settle(MlpgHost *host, const MlpgPlan *plan, const MlpgDictionary *seen, MlpgSchema *schema)
{
	int32_t    *rank;

	if (seen->n < 2)
		mlpg_raise(host, MLPG_DATA_EXCEPTION,
				   mlpg_text(host, "Every row with a known target is \"%.100s\".", mlpg_classes_name(host, plan, seen, 0)),
				   "Give rows of at least two classes.", "target \"%s\" has only one class", plan->target[0] ? plan->target : "target");
	schema->classes = in_order(host, plan, seen, &rank);
	schema->positive = positive_class(host, plan, schema);
	return rank;
}

/* ---------- states ---------- */

void
mlpg_classes_write(const MlpgPlan *plan, const MlpgDictionary *seen, MlpgWriter *w)
{
	mlpg_write_u32(w, (uint32_t) seen->n);
	for (int32_t k = 0; k < seen->n; k++)
		if (plan->target_kind == MLPG_CATEGORY)
			mlpg_write_text_n(w, seen->text[k], (size_t) seen->length[k]);
		else
			mlpg_write_f64(w, value_of(seen, k));
}

void
mlpg_classes_read(MlpgHost *host, const MlpgPlan *plan, MlpgDictionary *seen, MlpgReader *r)
{
	uint32_t	n = mlpg_read_count(r, 4);

	if (n > MLPG_CLASSES_MAX)
		mlpg_reader_corrupt(r, "too many classes");
	for (uint32_t k = 0; k < n; k++)
	{
		int32_t		length = 0;
		char	   *text = NULL;
		double		value = 0;

		if (plan->target_kind == MLPG_CATEGORY)
			text = mlpg_read_text(r, &length);
		else
			value = mlpg_read_f64(r);
		if (!isfinite(value) || (plan->target_kind == MLPG_BOOLEAN && value != 0 && value != 1) ||
			mlpg_classes_code(host, seen, plan, value, text, length) != (int32_t) k)
			mlpg_reader_corrupt(r, "a class is not finite, or occurs twice");
	}
}

/* ---------- answers ---------- */

double
mlpg_model_probability(const MlpgModel *model, const double *outputs, int class)
{
	if (model->n_outputs > 1)
		return outputs[class];
	return class == 1 ? outputs[0] : 1 - outputs[0];
}

int
mlpg_model_class(const MlpgModel *model, const double *outputs)
{
	int			best = 0;

	for (int k = 0; k < model->n_outputs; k++)
		if (isnan(outputs[k]))
			return -1;
	if (model->n_outputs == 1)
		return outputs[0] > 0.5;
	for (int k = 1; k < model->n_outputs; k++)
		if (outputs[k] > outputs[best])
			best = k;
	return best;
}
