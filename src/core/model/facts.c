/*-------------------------------------------------------------------------
 *
 * facts.c
 *	  Training facts: an ordered list of names and texts.
 *
 *-------------------------------------------------------------------------
 */
#include "core/model/facts.h"

#include <stdio.h>				/* snprintf */
#include <stdlib.h>				/* strtod */

MlpgFacts *
mlpg_facts_create(MlpgHost *host)
{
	return mlpg_allocate(host, 1, sizeof(MlpgFacts));
}

void
mlpg_fact_text(MlpgHost *host, MlpgFacts *facts, const char *name, const char *text)
{
	if (facts->n == facts->capacity)
	{
		int			capacity = facts->capacity == 0 ? 16 : facts->capacity * 2;

		facts->name = mlpg_resize(host, facts->name, (size_t) facts->capacity, (size_t) capacity, sizeof(char *));
		facts->text = mlpg_resize(host, facts->text, (size_t) facts->capacity, (size_t) capacity, sizeof(char *));
		facts->capacity = capacity;
	}
	facts->name[facts->n] = mlpg_text_copy(host, name, strlen(name));
	facts->text[facts->n] = mlpg_text_copy(host, text, strlen(text));
	facts->n++;
}

void
mlpg_fact(MlpgHost *host, MlpgFacts *facts, const char *name, const char *format, ...)
{
	va_list		arguments;
	char	   *text;

	va_start(arguments, format);
	text = mlpg_text_list(host, format, arguments);
	va_end(arguments);
	mlpg_fact_text(host, facts, name, text);
	mlpg_release(host, text);
}

char *
mlpg_number_text(MlpgHost *host, double value)
{
	char		buffer[32];

	for (int digits = 15; digits <= 17; digits++)
	{
		snprintf(buffer, sizeof(buffer), "%.*g", digits, value);
		if (strtod(buffer, NULL) == value)
			break;
	}
	return mlpg_text_copy(host, buffer, strlen(buffer));
}

void
mlpg_fact_number(MlpgHost *host, MlpgFacts *facts, const char *name, double value)
{
	if (isfinite(value))
		mlpg_fact_text(host, facts, name, mlpg_number_text(host, value));
}

const char *
mlpg_fact_find(const MlpgFacts *facts, const char *name)
{
	for (int i = 0; i < facts->n; i++)
		if (strcmp(facts->name[i], name) == 0)
			return facts->text[i];
	return NULL;
}

void
mlpg_fact_curve(MlpgHost *host, MlpgFacts *facts, const MlpgCurvePoint *point, int n)
{
	if (n == 0)
		return;
	facts->point = mlpg_resize(host, facts->point, (size_t) facts->n_points, (size_t) facts->n_points + (size_t) n, sizeof(MlpgCurvePoint));
	memcpy(facts->point + facts->n_points, point, (size_t) n * sizeof(MlpgCurvePoint));
	facts->n_points += n;
}
