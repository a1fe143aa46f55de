/*-------------------------------------------------------------------------
 *
 * params.c
 *	  Declared parameters: one parser and one set of messages for all learners.
 *
 * Values are parsed by strtod, which follows LC_NUMERIC; PostgreSQL runs with
 * LC_NUMERIC "C" in this respect, and the canonical text kept in the model is
 * the text given, so that a model shows what was asked for.
 *
 * Values that are no single number or word come as texts of this form: a list
 * of numbers or words as 1,2; names with numbers as "price":-1,"day":1; lists of
 * names as "a","b";"c" (a double quote within a name is doubled).  mlpg_params_name and
 * mlpg_params_number take them apart.
 *
 *-------------------------------------------------------------------------
 */
#include "core/model/params.h"

#include <stdlib.h>				/* strtod */

#define LIST_MAX 1000			/* numbers in one list */

MlpgParams *
mlpg_params_create(MlpgHost *host, const char *owner, const MlpgParamSpec *spec, int n)
{
	MlpgParams *params = mlpg_allocate(host, 1, sizeof(MlpgParams));

	params->owner = owner;
	params->n = n;
	params->spec = spec;
	params->value = mlpg_allocate(host, (size_t) n + 1, sizeof(MlpgParamValue));
	for (int i = 0; i < n; i++)
	{
		if (spec[i].initial == NULL)
			continue;
		mlpg_params_set(host, params, spec[i].name, spec[i].initial);
		params->value[i].given = false;
	}
	return params;
}

int
mlpg_params_find(const MlpgParams *params, const char *name)
{
	for (int i = 0; i < params->n; i++)
		if (strcmp(params->spec[i].name, name) == 0)
			return i;
	return -1;
}

static int
minimum_of(int a, int b)
{
	return a < b ? a : b;
}

/* Levenshtein distance of texts up to 63 bytes; longer ones are far from everything. */
static int
edit_distance(const char *a, const char *b)
{
	int			row[64];
	int			m = (int) strlen(a),
				n = (int) strlen(b);

	if (m > 63 || n > 63)
		return 64;
	for (int j = 0; j <= n; j++)
		row[j] = j;
	for (int i = 1; i <= m; i++)
	{
		int			diagonal = row[0];

		row[0] = i;
		for (int j = 1; j <= n; j++)
		{
			int			change = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = minimum_of(change, minimum_of(row[j], row[j - 1]) + 1);
		}
	}
	return row[n];
}

const char *
mlpg_nearest_name(const char *name, const char *const *candidates, int n)
{
	const char *nearest = NULL;
	int			best = (int) strlen(name) / 3 + 2;

	for (int i = 0; i < n; i++)
	{
		int			distance = edit_distance(name, candidates[i]);

		if (distance < best)
		{
			best = distance;
			nearest = candidates[i];
		}
	}
	return nearest;
}

MLPG_NORETURN static void
unknown(MlpgHost *host, const MlpgParams *params, const char *name)
{
	const char **names = mlpg_allocate(host, (size_t) params->n + 1, sizeof(char *));
	char	   *list = mlpg_text_copy(host, "", 0);

	for (int i = 0; i < params->n; i++)
	{
		names[i] = params->spec[i].name;
		list = mlpg_text(host, "%s%s%s", list, i == 0 ? "" : ", ", names[i]);
	}

	const char *guess = mlpg_nearest_name(name, names, params->n);
	char	   *hint = guess ? mlpg_text(host, "Did you mean \"%s\"? Valid parameters are: %s.", guess, list)
		: params->n > 0 ? mlpg_text(host, "Valid parameters are: %s.", list)
		: mlpg_text(host, "This learner has no parameters.");

	mlpg_raise(host, MLPG_UNDEFINED_OBJECT, NULL, hint,
			   "unrecognized parameter \"%.100s\" for learner \"%s\"", name, params->owner);
}

const char *
mlpg_param_type_name(MlpgParamType type)
{
	switch (type)
	{
		case MLPG_PARAM_INTEGER:
			return "integer";
		case MLPG_PARAM_REAL:
			return "number";
		case MLPG_PARAM_BOOLEAN:
			return "boolean";
		case MLPG_PARAM_CHOICE:
			return "text";
		case MLPG_PARAM_REALS:
			return "number[]";
		case MLPG_PARAM_TEXT:
			return "text";
	}
	return "unknown";
}

char *
mlpg_param_range(MlpgHost *host, const MlpgParamSpec *spec)
{
	switch (spec->type)
	{
		case MLPG_PARAM_BOOLEAN:
			return mlpg_text(host, "It must be true or false.");
		case MLPG_PARAM_CHOICE:
			return mlpg_text(host, "It must be one of: %s.", spec->choices);
		case MLPG_PARAM_TEXT:
			return mlpg_text(host, "It must be %s.", spec->choices);
		default:
			break;
	}

	const char *what = spec->type == MLPG_PARAM_INTEGER ? "an integer" : spec->type == MLPG_PARAM_REAL ? "a number" : "a list of numbers";

	if (isinf(spec->minimum) && isinf(spec->maximum))
		return mlpg_text(host, "It must be %s.", what);
	if (isinf(spec->maximum))
		return mlpg_text(host, "It must be %s %s %g.", what, spec->open ? "greater than" : "not less than", spec->minimum);
	return mlpg_text(host, "It must be %s %s %g and %g%s.", what, spec->open ? "strictly between" : "between",
					 spec->minimum, spec->maximum, "");
}

MLPG_NORETURN static void
bad_value(MlpgHost *host, const MlpgParams *params, const MlpgParamSpec *spec, const char *text)
{
	mlpg_raise(host, MLPG_INVALID_PARAMETER, mlpg_param_range(host, spec), NULL,
			   "invalid value for parameter \"%s\" of learner \"%s\": \"%.60s\"", spec->name, params->owner, text);
}

/* One number at *at, advanced behind it; false when there is none or it is out of range. */
static bool
parse_number(const MlpgParamSpec *spec, const char **at, double *number)
{
	char	   *end;

	while (**at == ' ')
		(*at)++;
	/* strtod also takes hexadecimal, nan and inf: not ours */
	if (!((**at >= '0' && **at <= '9') || **at == '-' || **at == '+' || **at == '.'))
		return false;
	if (strspn(*at, "0123456789+-.eE") == 0)
		return false;
	*number = strtod(*at, &end);
	if (end == *at || !isfinite(*number))
		return false;
	for (const char *c = *at; c < end; c++)
		if (strchr("0123456789+-.eE", *c) == NULL)
			return false;
	*at = end;
	while (**at == ' ')
		(*at)++;
	if (spec->type == MLPG_PARAM_INTEGER && (*number != floor(*number) || fabs(*number) > 9007199254740992.0))
		return false;
	return spec->open ? *number > spec->minimum && *number < spec->maximum
		: *number >= spec->minimum && *number <= spec->maximum;
}

static bool
parse_list(MlpgHost *host, const MlpgParamSpec *spec, const char *text, MlpgParamValue *value)
{
	double		number;

	value->numbers = mlpg_allocate(host, LIST_MAX, sizeof(double));
	for (const char *at = text;; at++)
	{
		if (value->n_numbers == LIST_MAX || !parse_number(spec, &at, &number))
			return false;
		value->numbers[value->n_numbers++] = number;
		if (*at == '\0')
			return true;
		if (*at != ',')
			return false;
	}
}

static bool
parse_choice(const char *choices, const char *text, double *position)
{
	size_t		length = strlen(text);
	int			i = 0;

	for (const char *at = choices;; at++, i++)
	{
		size_t		size = strcspn(at, "|");

		if (size == length && memcmp(at, text, length) == 0)
		{
			*position = i;
			return true;
		}
		at += size;
		if (*at == '\0')
			return false;
	}
}

void
mlpg_params_set(MlpgHost *host, MlpgParams *params, const char *name, const char *text)
{
	int			i = mlpg_params_find(params, name);

	if (i < 0)
		unknown(host, params, name);

	const MlpgParamSpec *spec = &params->spec[i];
	MlpgParamValue value = {.given = true};
	const char *at = text;
	bool		ok = false;

	switch (spec->type)
	{
		case MLPG_PARAM_INTEGER:
		case MLPG_PARAM_REAL:
			ok = parse_number(spec, &at, &value.number) && *at == '\0';
			break;
		case MLPG_PARAM_BOOLEAN:
			value.number = strcmp(text, "true") == 0;
			ok = value.number != 0 || strcmp(text, "false") == 0;
			break;
		case MLPG_PARAM_CHOICE:
			ok = parse_choice(spec->choices, text, &value.number);
			break;
		case MLPG_PARAM_REALS:
			ok = parse_list(host, spec, text, &value);
			break;
		case MLPG_PARAM_TEXT:
			ok = spec->is_valid(text);
			break;
	}
	if (!ok)
		bad_value(host, params, spec, text);
	value.text = mlpg_text_copy(host, text, strlen(text));
	params->value[i] = value;
}

bool
mlpg_params_name(const char **at, char *name, size_t size)
{
	size_t		n = 0;

	if (**at != '"')
		return false;
	for ((*at)++; **at != '"' || (*at)[1] == '"'; (*at)++)
	{
		if (**at == '\0' || n + 1 == size)
			return false;
		if (**at == '"')
			(*at)++;
		name[n++] = **at;
	}
	(*at)++;
	name[n] = '\0';
	return true;
}

bool
mlpg_params_number(const char **at, double *number)
{
	static const MlpgParamSpec any = {.type = MLPG_PARAM_REAL, .minimum = -INFINITY, .maximum = INFINITY};

	return parse_number(&any, at, number);
}

const MlpgParamValue *
mlpg_params_value(const MlpgParams *params, const char *name)
{
	int			i = mlpg_params_find(params, name);

	MLPG_ASSERT(i >= 0);
	return &params->value[i];
}

double
mlpg_params_real(const MlpgParams *params, const char *name)
{
	return mlpg_params_value(params, name)->number;
}

int64_t
mlpg_params_integer(const MlpgParams *params, const char *name)
{
	return (int64_t) mlpg_params_value(params, name)->number;
}

bool
mlpg_params_boolean(const MlpgParams *params, const char *name)
{
	return mlpg_params_value(params, name)->number != 0;
}

const char *
mlpg_params_choice(const MlpgParams *params, const char *name)
{
	return mlpg_params_value(params, name)->text;
}
