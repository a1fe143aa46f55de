/*-------------------------------------------------------------------------
 *
 * constraints.c
 *	  Parameters of trees that speak of columns by name.
 *
 * monotone_constraints, {"price": -1, "promo": 1}, arrives as "price":-1,"promo":1
 * and interaction_constraints, [["price", "promo"], ["temp"]], as
 * "price","promo";"temp" (params.c).  LightGBM takes positions; names survive a change of the
 * source.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/constraints.h"

#include "core/model/params.h"

#define NAME_SIZE 512

/* ---------- one reader for both uses: checking the text, and taking it apart ---------- */

typedef void (*TakeMonotone) (void *argument, const char *name, int sign);
typedef void (*TakeMember) (void *argument, int group, const char *name);

static bool
each_monotone(const char *at, TakeMonotone take, void *argument)
{
	char		name[NAME_SIZE];
	double		sign;

	while (mlpg_params_name(&at, name, sizeof(name)))
	{
		if (*at++ != ':' || !mlpg_params_number(&at, &sign) || !(sign == -1 || sign == 0 || sign == 1))
			return false;
		if (take)
			take(argument, name, (int) sign);
		if (*at == '\0')
			return true;
		if (*at++ != ',')
			return false;
	}
	return false;
}

static bool
each_member(const char *at, TakeMember take, void *argument)
{
	char		name[NAME_SIZE];
	int			group = 0;

	while (mlpg_params_name(&at, name, sizeof(name)))
	{
		if (take)
			take(argument, group, name);
		if (*at == '\0')
			return true;
		if (*at != ',' && *at != ';')
			return false;
		group += *at++ == ';';
	}
	return false;
}

bool
mlpg_monotone_is_valid(const char *text)
{
	return each_monotone(text, NULL, NULL);
}

bool
mlpg_interaction_is_valid(const char *text)
{
	return each_member(text, NULL, NULL);
}

/* ---------- by the schema's features ---------- */

typedef struct Reading
{
	MlpgHost   *host;
	const MlpgSchema *schema;
	const char *parameter;
	int		   *sign;
	bool	   *member;
	int			n_groups;
} Reading;

static int
find_feature(const Reading *r, const char *name)
{
	int			feature = mlpg_schema_find(r->schema, name);

	if (feature < 0)
		mlpg_raise(r->host, MLPG_UNDEFINED_COLUMN, NULL, "Name columns that are features of the model.",
				   "%s names column \"%s\", which is no feature", r->parameter, name);
	return feature;
}

static void
take_sign(void *argument, const char *name, int sign)
{
	Reading    *r = argument;
	int			feature = find_feature(r, name);

	if (r->schema->feature[feature].kind == MLPG_CATEGORY && sign != 0)
		mlpg_raise(r->host, MLPG_DATATYPE_MISMATCH, NULL, "Only numbers have an order.",
				   "column \"%s\" is a category and cannot be monotone", name);
	r->sign[feature] = sign;
}

static void
count_group(void *argument, int group, const char *name)
{
	((Reading *) argument)->n_groups = group + 1;
}

static void
take_member(void *argument, int group, const char *name)
{
	Reading    *r = argument;

	r->member[group * r->schema->n_features + find_feature(r, name)] = true;
}

int *
mlpg_monotone_read(MlpgHost *host, const MlpgSchema *schema, const char *text)
{
	Reading		r = {.host = host, .schema = schema, .parameter = "monotone_constraints"};

	r.sign = mlpg_allocate(host, (size_t) schema->n_features + 1, sizeof(int));
	each_monotone(text, take_sign, &r);
	return r.sign;
}

bool *
mlpg_interaction_read(MlpgHost *host, const MlpgSchema *schema, const char *text, int *n_groups)
{
	Reading		r = {.host = host, .schema = schema, .parameter = "interaction_constraints"};

	each_member(text, count_group, &r);
	r.member = mlpg_allocate(host, mlpg_size_multiply(host, (size_t) r.n_groups, (size_t) schema->n_features) + 1, sizeof(bool));
	each_member(text, take_member, &r);
	*n_groups = r.n_groups;
	return r.member;
}
