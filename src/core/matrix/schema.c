/*-------------------------------------------------------------------------
 *
 * schema.c
 *	  Names, kinds and dictionaries of the columns.
 *
 * Dictionary: distinct texts by open addressing with linear probing, at most
 * half full, FNV-1a on the bytes.  Codes are given at first sight, because the
 * rows are read once; at the end they are put into byte order, never
 * collation order (a glibc upgrade changes that), so that the codes do not
 * depend on the order of the rows.  O(1) a lookup; memory is the texts plus
 * about 24 bytes an entry, in the host's arena.
 *
 *-------------------------------------------------------------------------
 */
#include "core/matrix/schema.h"

#include "core/matrix/hash.h"
#include "core/matrix/preprocess.h"

#define DICTIONARY_FIRST 8		/* entries allocated first: 100,000 groups hold one each */

MlpgSchema *
mlpg_schema_create(MlpgHost *host, int n_features)
{
	MlpgSchema *schema = mlpg_allocate(host, 1, sizeof(MlpgSchema));

	schema->n_features = n_features;
	schema->feature = mlpg_allocate(host, (size_t) n_features + 1, sizeof(MlpgFeature));
	schema->target = mlpg_text_copy(host, "", 0);
	schema->positive = -1;
	return schema;
}

void
mlpg_schema_set_offset(MlpgSchema *schema, char *name)
{
	schema->offset = name;
	schema->feature[schema->n_features] = (MlpgFeature) {.name = name, .kind = MLPG_NUMBER};
}

const MlpgSchema *
mlpg_schema_input(const MlpgSchema *schema)
{
	return schema->preprocess == NULL ? schema : schema->preprocess->input;
}

int
mlpg_schema_find(const MlpgSchema *schema, const char *name)
{
	for (int i = 0; i < schema->n_features; i++)
		if (strcmp(schema->feature[i].name, name) == 0)
			return i;
	return -1;
}

MlpgDictionary *
mlpg_dictionary_create(MlpgHost *host)
{
	return mlpg_allocate(host, 1, sizeof(MlpgDictionary));
}

static uint32_t
hash_text(const char *text, int32_t length)
{
	uint64_t	hash = UINT64_C(14695981039346656037);

	for (int32_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char) text[i]) * UINT64_C(1099511628211);
	return (uint32_t) (hash ^ (hash >> 32));
}

/* The slot where text is, or the free slot where it belongs. */
static uint32_t
probe(const MlpgDictionary *d, const char *text, int32_t length)
{
	uint32_t	mask = d->n_slots - 1;
	uint32_t	i = hash_text(text, length) & mask;

	while (d->slot[i] != 0)
	{
		int32_t		code = d->slot[i] - 1;

		if (d->length[code] == length && memcmp(d->text[code], text, (size_t) length) == 0)
			break;
		i = (i + 1) & mask;
	}
	return i;
}

int32_t
mlpg_dictionary_find(const MlpgDictionary *d, const char *text, int32_t length)
{
	return d->n == 0 ? -1 : d->slot[probe(d, text, length)] - 1;
}

int32_t
mlpg_feature_code(const MlpgFeature *feature, const char *text, int32_t length)
{
	char		label[MLPG_BUCKET_LABEL];

	if (feature->buckets == 0)
		return mlpg_dictionary_find(feature->dictionary, text, length);
	length = mlpg_bucket_label(text, length, feature->buckets, label);
	return mlpg_dictionary_find(feature->dictionary, label, length);
}

static void
rebuild_slots(MlpgHost *host, MlpgDictionary *d, uint32_t n_slots)
{
	if (n_slots != d->n_slots)
	{
		mlpg_release(host, d->slot);
		d->slot = mlpg_allocate(host, n_slots, sizeof(int32_t));
		d->n_slots = n_slots;
	}
	else
		memset(d->slot, 0, n_slots * sizeof(int32_t));
	for (int32_t code = 0; code < d->n; code++)
		d->slot[probe(d, d->text[code], d->length[code])] = code + 1;
}

int32_t
mlpg_dictionary_add(MlpgHost *host, MlpgDictionary *d, const char *text, int32_t length)
{
	int32_t		code = mlpg_dictionary_find(d, text, length);

	if (code >= 0)
		return code;
	if (d->n == d->capacity)
	{
		int32_t		capacity = d->capacity == 0 ? DICTIONARY_FIRST : d->capacity * 2;

		if (d->capacity > INT32_MAX / 8)
			mlpg_raise(host, MLPG_LIMIT_EXCEEDED, NULL, "Leave the column out, or group its values.",
					   "too many distinct values in a category column");
		d->text = mlpg_resize(host, d->text, (size_t) d->capacity, (size_t) capacity, sizeof(char *));
		d->length = mlpg_resize(host, d->length, (size_t) d->capacity, (size_t) capacity, sizeof(int32_t));
		d->capacity = capacity;
		rebuild_slots(host, d, (uint32_t) capacity * 2);
	}
	code = d->n;
	d->text[code] = mlpg_text_copy(host, text, (size_t) length);
	d->length[code] = length;
	d->bytes += (size_t) length;
	d->slot[probe(d, text, length)] = code + 1;
	d->n++;
	return code;
}

static bool
before(const MlpgDictionary *d, int32_t a, int32_t b)
{
	int32_t		shorter = d->length[a] < d->length[b] ? d->length[a] : d->length[b];
	int			order = memcmp(d->text[a], d->text[b], (size_t) shorter);

	return order != 0 ? order < 0 : d->length[a] < d->length[b];
}

/* Merge sort of codes by text: O(n log n), no recursion. */
static int32_t *
sorted_codes(MlpgHost *host, const MlpgDictionary *d)
{
	int32_t		n = d->n;
	int32_t    *from = mlpg_allocate(host, (size_t) n + 1, sizeof(int32_t));
	int32_t    *to = mlpg_allocate(host, (size_t) n + 1, sizeof(int32_t));

	for (int32_t i = 0; i < n; i++)
		from[i] = i;
	for (int64_t width = 1; width < n; width *= 2)
	{
		for (int64_t low = 0; low < n; low += 2 * width)
		{
			int64_t		middle = low + width < n ? low + width : n;
			int64_t		high = low + 2 * width < n ? low + 2 * width : n;
			int64_t		a = low,
						b = middle;

			for (int64_t k = low; k < high; k++)
				to[k] = (b >= high || (a < middle && !before(d, from[b], from[a]))) ? from[a++] : from[b++];
		}
		int32_t    *swap = from;

		from = to;
		to = swap;
	}
	mlpg_release(host, to);
	return from;
}

int32_t *
mlpg_dictionary_sort(MlpgHost *host, MlpgDictionary *d)
{
	int32_t    *order = sorted_codes(host, d);
	int32_t    *rank = mlpg_allocate(host, (size_t) d->n + 1, sizeof(int32_t));
	char	  **text = mlpg_allocate(host, (size_t) d->n + 1, sizeof(char *));
	int32_t    *length = mlpg_allocate(host, (size_t) d->n + 1, sizeof(int32_t));

	for (int32_t i = 0; i < d->n; i++)
	{
		text[i] = d->text[order[i]];
		length[i] = d->length[order[i]];
		rank[order[i]] = i;
	}
	if (d->n > 0)
	{
		memcpy(d->text, text, (size_t) d->n * sizeof(char *));
		memcpy(d->length, length, (size_t) d->n * sizeof(int32_t));
		rebuild_slots(host, d, d->n_slots);
	}
	mlpg_release(host, order);
	mlpg_release(host, text);
	mlpg_release(host, length);
	return rank;
}
