/*-------------------------------------------------------------------------
 *
 * lightgbm_pandas.c
 *	  Categories of pandas columns in LightGBM's text format.
 *
 * The Python package codes a column of categories by their places in a list,
 * and keeps the lists as JSON behind the model:
 *
 *	 pandas_categorical:[["chiba", "kobe"], [1, 2, 5]]
 *
 * Texts become the dictionary of the feature, whose codes follow byte order; integers
 * and booleans stay what they are.  Either way a node's set, bits of places in the list,
 * is written anew with the bits of our codes.  A category that the model does not know
 * has no code on either side and goes right.
 *
 * The JSON is not trusted; the parser takes what json.dumps writes of such lists
 * and refuses the rest.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/tree/lightgbm_pandas.h"

#include <stdio.h>
#include <stdlib.h>				/* strtod */

#define NUMBER_MAX 65535		/* largest integer that may be a category: sets hold a bit for each up to it */

typedef struct Json
{
	MlpgHost   *host;
	const char *at;
	const char *end;
	int			line;
	bool		utf8;
} Json;

MLPG_NORETURN static void
bad(const Json *json, const char *what)
{
	mlpg_raise(json->host, MLPG_DATA_EXCEPTION, mlpg_text(json->host, "Line %d: pandas_categorical: %s.", json->line, what),
			   "Pass the whole text that LightGBM's save_model writes.", "invalid LightGBM model");
}

MLPG_NORETURN static void
refuse(MlpgHost *host, const char *detail)
{
	mlpg_raise(host, MLPG_NOT_SUPPORTED, detail, NULL, "LightGBM model cannot be imported");
}

static void
skip_blanks(Json *json)
{
	while (json->at < json->end && (*json->at == ' ' || *json->at == '\t'))
		json->at++;
}

/* Is this character next? Then it is behind us. */
static bool
take(Json *json, char c)
{
	skip_blanks(json);
	if (json->at >= json->end || *json->at != c)
		return false;
	json->at++;
	return true;
}

static bool
take_word(Json *json, const char *word)
{
	size_t		length = strlen(word);

	if ((size_t) (json->end - json->at) < length || memcmp(json->at, word, length) != 0)
		return false;
	json->at += length;
	return true;
}

static uint32_t
hexadecimal(Json *json)
{
	uint32_t	value = 0;

	for (int i = 0; i < 4; i++, json->at++)
	{
		char		c = json->at < json->end ? *json->at : '\0';
		int			digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

		if (digit < 0)
			bad(json, "\\u needs four hexadecimal digits");
		value = value * 16 + (uint32_t) digit;
	}
	return value;
}

static char *
put_utf8(char *to, uint32_t c)
{
	if (c < 0x80)
		*to++ = (char) c;
	else if (c < 0x800)
	{
		*to++ = (char) (0xC0 | c >> 6);
		*to++ = (char) (0x80 | (c & 0x3F));
	}
	else if (c < 0x10000)
	{
		*to++ = (char) (0xE0 | c >> 12);
		*to++ = (char) (0x80 | (c >> 6 & 0x3F));
		*to++ = (char) (0x80 | (c & 0x3F));
	}
	else
	{
		*to++ = (char) (0xF0 | c >> 18);
		*to++ = (char) (0x80 | (c >> 12 & 0x3F));
		*to++ = (char) (0x80 | (c >> 6 & 0x3F));
		*to++ = (char) (0x80 | (c & 0x3F));
	}
	return to;
}

/* Behind \u; at most as many bytes as the escape took. */
static char *
unicode(Json *json, char *to)
{
	uint32_t	c = hexadecimal(json);

	if (c >= 0xD800 && c < 0xDC00)
	{
		uint32_t	low;

		if (!take_word(json, "\\u"))
			bad(json, "half a surrogate pair");
		low = hexadecimal(json);
		if (low < 0xDC00 || low > 0xDFFF)
			bad(json, "half a surrogate pair");
		c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
	}
	else if (c == 0 || (c >= 0xDC00 && c <= 0xDFFF))
		bad(json, "a character that no text has");
	if (c >= 0x80 && !json->utf8)
		mlpg_raise(json->host, MLPG_NOT_SUPPORTED, "It names categories in Unicode, the texts of this database are encoded otherwise.",
				   "Import it in a database with encoding UTF8.", "LightGBM model cannot be imported");
	return put_utf8(to, c);
}

/* Behind the opening quote. */
static char *
string(Json *json)
{
	static const char escapes[] = "\"\\/bfnrt";
	static const char meant[] = "\"\\/\b\f\n\r\t";
	char	   *text;
	char	   *to;
	const char *last = json->at;

	while (last < json->end && *last != '"')
		last += *last == '\\' && last + 1 < json->end ? 2 : 1;
	if (last >= json->end)
		bad(json, "a string does not end");
	text = to = mlpg_allocate(json->host, (size_t) (last - json->at) + 1, 1);
	while (*json->at != '"')
	{
		const char *escape;

		if (*json->at != '\\')
		{
			*to++ = *json->at++;
			continue;
		}
		json->at++;
		if (*json->at == 'u')
		{
			json->at++;
			to = unicode(json, to);
			continue;
		}
		escape = strchr(escapes, *json->at);
		if (escape == NULL)
			bad(json, "an unknown escape");
		*to++ = meant[escape - escapes];
		json->at++;
	}
	json->at++;
	return text;
}

static double
number(Json *json)
{
	char	   *after;
	double		value;

	if (json->at >= json->end || !((*json->at >= '0' && *json->at <= '9') || *json->at == '-'))
		bad(json, "a list may hold strings, numbers, true and false");
	value = strtod(json->at, &after);
	if (after == json->at || after > json->end || !isfinite(value))
		bad(json, "a finite number is expected");
	json->at = after;
	return value;
}

static void
add_item(Json *json, MlpgPandasList *list)
{
	MlpgPandasKind kind;
	char	   *text = NULL;
	double		value = 0;

	skip_blanks(json);
	if (take(json, '"'))
	{
		kind = MLPG_PANDAS_TEXTS;
		text = string(json);
	}
	else if (take_word(json, "true") || take_word(json, "false"))
	{
		kind = MLPG_PANDAS_BOOLEANS;
		value = json->at[-2] == 'u';
	}
	else
	{
		kind = MLPG_PANDAS_NUMBERS;
		value = number(json);
	}
	if (list->n > 0 && kind != list->kind)
		refuse(json->host, "It has a column whose categories are of several types.");
	list->kind = kind;
	if (list->n == list->capacity)
	{
		size_t		capacity = (size_t) list->capacity * 2 + 16;

		list->text = mlpg_resize(json->host, list->text, (size_t) list->capacity, capacity, sizeof(char *));
		list->number = mlpg_resize(json->host, list->number, (size_t) list->capacity, capacity, sizeof(double));
		list->capacity = (int32_t) capacity;
	}
	list->text[list->n] = text;
	list->number[list->n] = value;
	list->n++;
	if (list->n % 1024 == 0)
		mlpg_check(json->host, NULL, 0, 0);
}

static void
add_list(Json *json, MlpgPandas *pandas)
{
	MlpgPandasList *list;

	if (!take(json, '['))
		bad(json, "an array of arrays is expected");
	if (pandas->n == MLPG_FEATURES_MAX)
		bad(json, "more lists than there can be features");
	if (pandas->n == pandas->capacity)
	{
		size_t		capacity = (size_t) pandas->capacity * 2 + 16;

		pandas->list = mlpg_resize(json->host, pandas->list, (size_t) pandas->capacity, capacity, sizeof(MlpgPandasList));
		pandas->capacity = (int32_t) capacity;
	}
	list = &pandas->list[pandas->n++];
	if (take(json, ']'))
		return;
	do
		add_item(json, list);
	while (take(json, ','));
	if (!take(json, ']'))
		bad(json, "a list does not end");
}

MlpgPandas *
mlpg_pandas_read(MlpgHost *host, const char *text, const char *end, int line, const char *encoding)
{
	MlpgPandas *pandas = mlpg_allocate(host, 1, sizeof(MlpgPandas));
	Json		json = {.host = host,.at = text,.end = end,.line = line,.utf8 = strcmp(encoding, "UTF8") == 0};

	skip_blanks(&json);
	if (!take_word(&json, "null"))
	{
		if (!take(&json, '['))
			bad(&json, "an array is expected");
		if (!take(&json, ']'))
		{
			do
				add_list(&json, pandas);
			while (take(&json, ','));
			if (!take(&json, ']'))
				bad(&json, "the array does not end");
		}
	}
	skip_blanks(&json);
	if (json.at != json.end)
		bad(&json, "something follows the array");
	return pandas;
}

/* ---------- codes ---------- */

/* Our code of each place in a list. */
typedef struct Map
{
	int32_t		n;				/* 0: the feature keeps its bits */
	int32_t    *code;
	int32_t		n_words;		/* of a set of all codes */
} Map;

static void
map_texts(MlpgHost *host, const MlpgPandasList *list, MlpgFeature *feature, Map *map)
{
	feature->kind = MLPG_CATEGORY;
	feature->dictionary = mlpg_dictionary_create(host);
	for (int32_t k = 0; k < list->n; k++)
		if (mlpg_dictionary_add(host, feature->dictionary, list->text[k], (int32_t) strlen(list->text[k])) != k)
			refuse(host, mlpg_text(host, "Feature \"%.60s\" has category \"%.60s\" twice.", feature->name, list->text[k]));
	map->code = mlpg_dictionary_sort(host, feature->dictionary);
	map->n_words = (list->n + 31) / 32;
}

static void
map_numbers(MlpgHost *host, const MlpgPandasList *list, MlpgFeature *feature, Map *map)
{
	int32_t		largest = 0;

	if (list->kind == MLPG_PANDAS_BOOLEANS)
		feature->kind = MLPG_BOOLEAN;
	map->code = mlpg_allocate(host, (size_t) list->n + 1, sizeof(int32_t));
	for (int32_t k = 0; k < list->n; k++)
	{
		double		value = list->number[k];

		if (!(value >= 0 && value <= NUMBER_MAX) || value != floor(value))
			refuse(host, mlpg_text(host, "Feature \"%.60s\" has category %g; categories must be texts, booleans or integers from 0 to %d.",
								   feature->name, value, NUMBER_MAX));
		map->code[k] = (int32_t) value;
		largest = map->code[k] > largest ? map->code[k] : largest;
	}
	map->n_words = largest / 32 + 1;
}

static void
map_set(MlpgHost *host, const Map *map, const MlpgFeature *feature, const uint32_t *from, int32_t n, uint32_t *to)
{
	for (int32_t w = 0; w < n; w++)
		for (uint32_t bits = from[w]; bits != 0; bits &= bits - 1)
		{
			int32_t		place = 32 * w + __builtin_ctz(bits);

			if (place >= map->n)
				refuse(host, mlpg_text(host, "A set of feature \"%.60s\" has category number %d, pandas_categorical names %d.",
									   feature->name, place, map->n));
			to[map->code[place] / 32] |= (uint32_t) 1 << map->code[place] % 32;
		}
}

/* The sets of a tree with our codes. */
static void
map_tree(MlpgHost *host, const MlpgSchema *schema, const Map *maps, MlpgTree *tree)
{
	size_t		n_words = 0;
	uint32_t   *word;
	int32_t		at = 0;

	for (int32_t k = 0; k < tree->n_nodes; k++)
	{
		const MlpgTreeNode *node = &tree->node[k];

		if (node->is_category)
			n_words += (size_t) (maps[node->feature].n > 0 ? maps[node->feature].n_words : node->n_words);
	}
	if (n_words > INT32_MAX)
		mlpg_raise(host, MLPG_LIMIT_EXCEEDED, "The sets of categories of a tree are too large.", NULL, "model is too large");
	word = mlpg_allocate(host, n_words + 1, sizeof(uint32_t));
	for (int32_t k = 0; k < tree->n_nodes; k++)
	{
		MlpgTreeNode *node = &tree->node[k];
		const Map  *map;
		const uint32_t *from;

		if (!node->is_category)
			continue;
		map = &maps[node->feature];
		from = tree->word + node->first_word;
		if (map->n > 0)
			map_set(host, map, &schema->feature[node->feature], from, node->n_words, word + at);
		else
			memcpy(word + at, from, (size_t) node->n_words * sizeof(uint32_t));
		node->first_word = at;
		node->n_words = map->n > 0 ? map->n_words : node->n_words;
		at += node->n_words;
	}
	if (tree->word != NULL)
		mlpg_release(host, tree->word);
	tree->word = word;
	tree->n_words = at;
}

void
mlpg_pandas_apply(MlpgHost *host, const MlpgPandas *pandas, const int *feature, MlpgLightgbm *model)
{
	Map		   *maps = mlpg_allocate(host, (size_t) model->schema->n_features, sizeof(Map));

	for (int32_t k = 0; k < pandas->n; k++)
	{
		const MlpgPandasList *list = &pandas->list[k];
		Map		   *map = &maps[feature[k]];

		map->n = list->n;
		if (list->n > 0)
			(list->kind == MLPG_PANDAS_TEXTS ? map_texts : map_numbers) (host, list, &model->schema->feature[feature[k]], map);
	}
	for (int t = 0; t < model->n_trees; t++)
	{
		mlpg_check(host, NULL, 0, 0);
		map_tree(host, model->schema, maps, model->tree[t]);
	}
}

void
mlpg_pandas_write_text(MlpgWriter *writer, const char *text, int32_t length)
{
	mlpg_write_u8(writer, '"');
	for (int32_t i = 0; i < length; i++)
	{
		char		escape[8];
		uint8_t		c = (uint8_t) text[i];

		if (c == '"' || c == '\\')
			mlpg_write_u8(writer, '\\');
		if (c < 0x20)
			mlpg_write_bytes(writer, escape, (size_t) snprintf(escape, sizeof(escape), "\\u%04x", c));
		else
			mlpg_write_u8(writer, c);
	}
	mlpg_write_u8(writer, '"');
}
