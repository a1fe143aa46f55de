/*-------------------------------------------------------------------------
 *
 * ngrams.c
 *	  Texts as weighted character n-grams, hashed into buckets.
 *
 * Problem.  Make numbers of a text in any language, without a tokenizer or a
 * dictionary: Japanese has no blanks, and what people type has typing errors.
 *
 * Method.  The text in normal form KC (the caller's work) is put into lower
 * case, each run of white space into one blank; each sequence of n neighbouring
 * characters, shortest <= n <= longest, is hashed into one of the buckets with a
 * sign (Weinberger et al. 2009), so that n-grams that meet in a bucket cancel on
 * average.  A bucket's count c becomes c * idf with
 *
 *	 idf = ln((1 + documents) / (1 + documents that have the bucket)) + 1
 *
 * and the text's vector is divided by its length (Salton and Buckley 1988).
 * With as many buckets this is scikit-learn's HashingVectorizer(analyzer='char',
 * norm=None) and TfidfTransformer behind it.  Buckets that training did not see
 * are left out before the length is taken.
 *
 * Lower case is a table of ours (the alphabets with two cases: Latin, Greek,
 * Cyrillic, Armenian), as a server's depends on its locale and version.
 *
 * Cost: a hash and a share of a radix sort for each n-gram.  Memory: 16 bytes an
 * n-gram in the result, 16 more while it is made.  Nothing is allocated in
 * mlpg_ngrams_read, so that any thread may call it.
 *
 * An empty text has no n-grams; so has one shorter than the shortest.
 *
 *-------------------------------------------------------------------------
 */
#include "core/matrix/ngrams.h"

#include "core/math/sort.h"

/* ---------- characters ---------- */

/* Bytes of the character at text (1 if it is not UTF-8), and its code point. */
static int32_t
decode(const unsigned char *text, int32_t length, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	int32_t		n = text[0] < 0x80 ? 1 : text[0] >> 5 == 6 ? 2 : text[0] >> 4 == 14 ? 3 : text[0] >> 3 == 30 ? 4 : 0;

	*code = text[0];
	if (n < 2 || n > length)
		return 1;
	*code = text[0] & (0x7Fu >> n);
	for (int32_t i = 1; i < n; i++)
	{
		if (text[i] >> 6 != 2)
			return 1;
		*code = *code << 6 | (text[i] & 0x3F);
	}
	return *code < least[n] ? 1 : n;
}

/* Where capital and small letters take turns, the capital first: A with bit 0 clear, or set. */
static bool
in_pairs(uint32_t c, bool *odd)
{
	*odd = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E) || (c >= 0x4C1 && c <= 0x4CE);
	return *odd || (c >= 0x100 && c <= 0x137 && c != 0x130 && c != 0x131) || (c >= 0x14A && c <= 0x177) ||
		(c >= 0x3D8 && c <= 0x3EF) || (c >= 0x460 && c <= 0x481) || (c >= 0x48A && c <= 0x4BF) || (c >= 0x4D0 && c <= 0x52F) ||
		(c >= 0x1E00 && c <= 0x1E95) || (c >= 0x1EA0 && c <= 0x1EFF);
}

static uint32_t
lower(uint32_t c)
{
	bool		odd;

	if (c < 0x80)
		return c >= 'A' && c <= 'Z' ? c + 32 : c;
	if (c < 0xC0 || c > 0x1EFF)
		return c;
	if ((c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3AB && c != 0x3A2) || (c >= 0x410 && c <= 0x42F))
		return c + 32;
	if (c >= 0x400 && c <= 0x40F)
		return c + 80;
	if (c >= 0x531 && c <= 0x556)
		return c + 48;
	if (in_pairs(c, &odd))
		return (c & 1) == odd ? c + 1 : c;
	switch (c)
	{
		case 0x178:
			return 0xFF;
		case 0x386:
			return 0x3AC;
		case 0x388:
		case 0x389:
		case 0x38A:
			return c + 37;
		case 0x38C:
			return 0x3CC;
		case 0x38E:
		case 0x38F:
			return c + 63;
		case 0x4C0:
			return 0x4CF;
		default:
			return c;
	}
}

static bool
is_blank(uint32_t c)
{
	return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x1F) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
		(c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

static int32_t
count_characters(const char *text, int32_t length)
{
	int32_t		n = 0;
	uint32_t	code;

	for (int32_t i = 0; i < length; n++)
		i += decode((const unsigned char *) text + i, length - i, &code);
	return n;
}

/* A character that is in the lower case already, or whose lower case takes as many bytes. */
static int32_t
put_character(char *to, const char *from, int32_t bytes, uint32_t code)
{
	uint32_t	small = bytes == 1 && code >= 0x80 ? code : lower(code);

	if (bytes == 1)
		to[0] = (char) small;
	else if (small == code || bytes == 4)
		memcpy(to, from, (size_t) bytes);
	else if (bytes == 2)
	{
		to[0] = (char) (0xC0 | small >> 6);
		to[1] = (char) (0x80 | (small & 0x3F));
	}
	else
	{
		to[0] = (char) (0xE0 | small >> 12);
		to[1] = (char) (0x80 | (small >> 6 & 0x3F));
		to[2] = (char) (0x80 | (small & 0x3F));
	}
	return bytes;
}

/* The text in the form that is hashed, and where its characters start (n + 1); returns n. */
static int32_t
prepare(const char *text, int32_t length, char *to, int32_t *start)
{
	int32_t		n = 0,
				written = 0;
	bool		after_blank = false;

	for (int32_t i = 0; i < length;)
	{
		uint32_t	code;
		int32_t		bytes = decode((const unsigned char *) text + i, length - i, &code);
		bool		blank = is_blank(code) && (bytes > 1 || code < 0x80);

		if (!blank || !after_blank)
		{
			start[n++] = written;
			if (blank)
				to[written++] = ' ';
			else
				written += put_character(to + written, text + i, bytes, code);
		}
		after_blank = blank;
		i += bytes;
	}
	start[n] = written;
	return n;
}

/* ---------- n-grams ---------- */

static size_t
count_grams(const MlpgNgrams *g, int32_t characters)
{
	size_t		n = 0;

	for (int size = g->shortest; size <= g->longest && size <= characters; size++)
		n += (size_t) (characters - size + 1);
	return n;
}

/* The parts of the room that a text is read in. */
typedef struct Room
{
	MlpgTextGrams *result;
	uint64_t   *keys;
	uint64_t   *scratch;
	int32_t    *start;
	char	   *bytes;
	size_t		size;
} Room;

static Room
divide(const MlpgNgrams *g, const char *text, int32_t length, void *memory)
{
	int32_t		characters = count_characters(text, length);
	size_t		grams = count_grams(g, characters);
	size_t		offset = sizeof(MlpgTextGrams) + grams * sizeof(MlpgNgram);
	char	   *base = memory;
	Room		room;

	offset = (offset + 7) / 8 * 8;
	room.size = offset + grams * 2 * sizeof(uint64_t) + ((size_t) characters + 1) * sizeof(int32_t) + (size_t) length;
	if (memory == NULL)
		return room;
	room.result = memory;
	room.keys = (uint64_t *) (void *) (base + offset);
	room.scratch = room.keys + grams;
	room.start = (int32_t *) (void *) (room.scratch + grams);
	room.bytes = (char *) (room.start + characters + 1);
	return room;
}

size_t
mlpg_ngrams_room(const MlpgNgrams *g, const char *text, int32_t length)
{
	return divide(g, text, length, NULL).size;
}

/* Keys of the text's n-grams, sorted: bucket (or its position, if training is over) and sign. */
static int64_t
gather(const MlpgNgrams *g, const char *text, int32_t length, const Room *room, bool positions)
{
	int32_t		characters = prepare(text, length, room->bytes, room->start);
	int64_t		n = 0;

	for (int size = g->shortest; size <= g->longest; size++)
		for (int32_t i = 0; i + size <= characters; i++)
		{
			uint32_t	hash = mlpg_hash_bytes(room->bytes + room->start[i], (size_t) (room->start[i + size] - room->start[i]));
			int64_t		where = mlpg_hash_bucket(hash, g->buckets);

			if (positions)
				where = g->position[where];
			if (where >= 0)
				room->keys[n++] = (uint64_t) where << 1 | hash >> 31;
		}
	mlpg_sort_keys(room->keys, room->scratch, n);
	return n;
}

/* The last step of FNV-1a over all bytes of the text. */
static uint64_t
content_of(const char *text, int32_t length)
{
	uint64_t	hash = UINT64_C(14695981039346656037);

	for (int32_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char) text[i]) * UINT64_C(1099511628211);
	return hash ^ hash >> 32;
}

/* Counts times rarity into the result; a bucket where all signs cancel is left out. */
static double
weigh(const MlpgNgrams *g, const Room *room, int64_t n)
{
	double		square = 0;

	for (int64_t i = 0; i < n;)
	{
		uint32_t	position = (uint32_t) (room->keys[i] >> 1);
		int64_t		count = 0;

		for (; i < n && room->keys[i] >> 1 == position; i++)
			count += room->keys[i] & 1 ? -1 : 1;
		if (count == 0)
			continue;

		double		weight = (double) count * g->rarity[position];

		square += weight * weight;
		room->result->gram[room->result->n++] = (MlpgNgram) {position, weight};
	}
	return square;
}

const MlpgTextGrams *
mlpg_ngrams_read(const MlpgNgrams *g, const char *text, int32_t length, void *memory)
{
	Room		room = divide(g, text, length, memory);
	double		square;

	room.result->content = content_of(text, length);
	room.result->n = 0;
	square = weigh(g, &room, gather(g, text, length, &room, true));
	for (int32_t i = 0; i < room.result->n; i++)
		room.result->gram[i].weight /= sqrt(square);
	return room.result;
}

const MlpgTextGrams *
mlpg_ngrams_keep(MlpgHost *host, const MlpgNgrams *g, const char *text, int32_t length)
{
	void	   *room = mlpg_allocate(host, mlpg_ngrams_room(g, text, length), 1);
	const MlpgTextGrams *grams = mlpg_ngrams_read(g, text, length, room);
	size_t		size = sizeof(MlpgTextGrams) + (size_t) grams->n * sizeof(MlpgNgram);
	void	   *kept = mlpg_allocate(host, size, 1);

	memcpy(kept, grams, size);
	mlpg_release(host, room);
	return kept;
}

/* ---------- training ---------- */

MlpgNgrams *
mlpg_ngrams_create(MlpgHost *host, int shortest, int longest, uint32_t buckets)
{
	MlpgNgrams *g = mlpg_allocate(host, 1, sizeof(MlpgNgrams));

	g->shortest = shortest;
	g->longest = longest;
	g->buckets = buckets;
	g->position = mlpg_allocate(host, buckets, sizeof(int32_t));
	return g;
}

void
mlpg_ngrams_count(MlpgHost *host, MlpgNgrams *g, const char *text, int32_t length, int64_t times)
{
	void	   *memory = mlpg_allocate(host, mlpg_ngrams_room(g, text, length), 1);
	Room		room = divide(g, text, length, memory);
	int64_t		n = gather(g, text, length, &room, false);

	if (times > INT32_MAX - (int64_t) g->documents)
		mlpg_raise(host, MLPG_LIMIT_EXCEEDED, NULL, "Train on a sample of the rows.", "too many texts: at most %d", INT32_MAX);
	g->documents += (uint32_t) times;
	for (int64_t i = 0; i < n; i++)
		if (i == 0 || room.keys[i] >> 1 != room.keys[i - 1] >> 1)
			g->position[room.keys[i] >> 1] += (int32_t) times;
	mlpg_release(host, memory);
}

void
mlpg_ngrams_settle(MlpgHost *host, MlpgNgrams *g)
{
	for (uint32_t b = 0; b < g->buckets; b++)
		g->n += g->position[b] > 0;
	g->bucket = mlpg_allocate(host, (size_t) g->n + 1, sizeof(uint32_t));
	g->frequency = mlpg_allocate(host, (size_t) g->n + 1, sizeof(uint32_t));
	g->n = 0;
	for (uint32_t b = 0; b < g->buckets; b++)
	{
		if (g->position[b] == 0)
			continue;
		g->bucket[g->n] = b;
		g->frequency[g->n++] = (uint32_t) g->position[b];
	}
	mlpg_ngrams_complete(host, g);
}

void
mlpg_ngrams_complete(MlpgHost *host, MlpgNgrams *g)
{
	if (g->position == NULL)
		g->position = mlpg_allocate(host, g->buckets, sizeof(int32_t));
	for (uint32_t b = 0; b < g->buckets; b++)
		g->position[b] = -1;
	g->rarity = mlpg_allocate(host, (size_t) g->n + 1, sizeof(double));
	for (int32_t k = 0; k < g->n; k++)
	{
		g->position[g->bucket[k]] = k;
		g->rarity[k] = log((1.0 + g->documents) / (1.0 + g->frequency[k])) + 1;
	}
}
