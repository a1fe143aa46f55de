/*-------------------------------------------------------------------------
 *
 * blob.c
 *	  The container of a model, and the primitives every section is made of.
 *
 * Format: doc/model-format.md.  The bytes are untrusted: the reader is a
 * (pointer, end) cursor, each count is checked against the bytes that remain
 * before anything is allocated, and what the format does not describe is
 * refused.  Everything is read by memcpy, so no access is misaligned.
 * Values are little-endian; the build refuses a big-endian machine.
 *
 * Checksum: CRC-32C (Castagnoli), by the processor's instruction where it has
 * one and by 8 tables otherwise; both give the same value.
 *
 *-------------------------------------------------------------------------
 */
#include "core/model/blob.h"

#include "core/model/steps.h"

#include <stdlib.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the model format is read in place on little-endian machines only"
#endif

/* ---------- checksum ---------- */

static uint32_t
crc_byte_table(uint32_t byte)
{
	for (int i = 0; i < 8; i++)
		byte = (byte >> 1) ^ (UINT32_C(0x82F63B78) & (0U - (byte & 1)));
	return byte;
}

static uint32_t
crc_portable(uint32_t crc, const uint8_t *data, size_t length)
{
	uint32_t	table[256];

	for (uint32_t i = 0; i < 256; i++)
		table[i] = crc_byte_table(i);
	for (size_t i = 0; i < length; i++)
		crc = (crc >> 8) ^ table[(crc ^ data[i]) & 0xFF];
	return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t
crc_sse42(uint32_t crc, const uint8_t *data, size_t length)
{
	uint64_t	wide = crc;

	for (; length >= 8; data += 8, length -= 8)
	{
		uint64_t	word;

		memcpy(&word, data, 8);
		wide = __builtin_ia32_crc32di(wide, word);
	}
	crc = (uint32_t) wide;
	for (; length > 0; data++, length--)
		crc = __builtin_ia32_crc32qi(crc, *data);
	return crc;
}
#endif

uint32_t
mlpg_crc32c(uint32_t crc, const void *data, size_t length)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("sse4.2"))
		return ~crc_sse42(~crc, data, length);
#endif
	return ~crc_portable(~crc, data, length);
}

/* ---------- reader ---------- */

void
mlpg_reader_init(MlpgReader *reader, MlpgHost *host, const void *data, size_t length, const char *what)
{
	reader->host = host;
	reader->base = reader->at = data;
	reader->end = reader->base + length;
	reader->what = what;
}

void
mlpg_reader_corrupt(MlpgReader *reader, const char *expected)
{
	MlpgHost   *host = reader->host;

	mlpg_raise(host, MLPG_DATA_CORRUPTED,
			   mlpg_text(host, "At offset %zu of %zu: %s.", (size_t) (reader->at - reader->base),
						 (size_t) (reader->end - reader->base), expected),
			   NULL, "invalid %s", reader->what);
}

const uint8_t *
mlpg_read_bytes(MlpgReader *reader, size_t length)
{
	const uint8_t *bytes = reader->at;

	if (length > (size_t) (reader->end - reader->at))
		mlpg_reader_corrupt(reader, "more bytes expected than there are");
	reader->at += length;
	return bytes;
}

#define READ(name, type) \
type \
mlpg_read_##name(MlpgReader *reader) \
{ \
	type value; \
	memcpy(&value, mlpg_read_bytes(reader, sizeof(value)), sizeof(value)); \
	return value; \
}

READ(u8, uint8_t)
READ(u16, uint16_t)
READ(u32, uint32_t)
READ(u64, uint64_t)
READ(f64, double)

uint32_t
mlpg_read_count(MlpgReader *reader, size_t size)
{
	uint32_t	count = mlpg_read_u32(reader);

	if (size > 0 && count > (size_t) (reader->end - reader->at) / size)
		mlpg_reader_corrupt(reader, "a count is larger than the bytes that remain");
	return count;
}

char *
mlpg_read_text(MlpgReader *reader, int32_t *length)
{
	uint32_t	n = mlpg_read_count(reader, 1);
	const uint8_t *bytes = mlpg_read_bytes(reader, n);

	if (memchr(bytes, 0, n) != NULL)
		mlpg_reader_corrupt(reader, "a text contains a zero byte");
	if (length != NULL)
		*length = (int32_t) n;
	return mlpg_text_copy(reader->host, (const char *) bytes, n);
}

double *
mlpg_read_doubles(MlpgReader *reader, size_t n)
{
	if (n > (size_t) (reader->end - reader->at) / sizeof(double))
		mlpg_reader_corrupt(reader, "more bytes expected than there are");

	double	   *values = mlpg_allocate(reader->host, n + 1, sizeof(double));

	memcpy(values, mlpg_read_bytes(reader, n * sizeof(double)), n * sizeof(double));
	return values;
}

void
mlpg_read_end(MlpgReader *reader)
{
	if (reader->at != reader->end)
		mlpg_reader_corrupt(reader, "bytes follow the end");
}

/* ---------- writer ---------- */

MlpgWriter *
mlpg_writer_create(MlpgHost *host, size_t bias)
{
	MlpgWriter *writer = mlpg_allocate(host, 1, sizeof(MlpgWriter));

	writer->host = host;
	writer->bias = bias;
	return writer;
}

void *
mlpg_write_space(MlpgWriter *writer, size_t length)
{
	size_t		needed = mlpg_size_add(writer->host, writer->length, length);

	if (needed > writer->capacity)
	{
		size_t		capacity = writer->capacity < 256 ? 512 : writer->capacity * 2;

		if (capacity < needed)
			capacity = needed;
		writer->data = mlpg_resize(writer->host, writer->data, writer->capacity, capacity, 1);
		writer->capacity = capacity;
	}

	void	   *space = writer->data + writer->length;

	writer->length = needed;
	return space;
}

void
mlpg_write_bytes(MlpgWriter *writer, const void *data, size_t length)
{
	void	   *space = mlpg_write_space(writer, length);

	if (length > 0)
		memcpy(space, data, length);
}

#define WRITE(name, type) \
void \
mlpg_write_##name(MlpgWriter *writer, type value) \
{ \
	mlpg_write_bytes(writer, &value, sizeof(value)); \
}

WRITE(u8, uint8_t)
WRITE(u16, uint16_t)
WRITE(u32, uint32_t)
WRITE(u64, uint64_t)
WRITE(f64, double)

void
mlpg_write_text_n(MlpgWriter *writer, const char *text, size_t length)
{
	mlpg_write_u32(writer, (uint32_t) length);
	mlpg_write_bytes(writer, text, length);
}

void
mlpg_write_text(MlpgWriter *writer, const char *text)
{
	mlpg_write_text_n(writer, text, strlen(text));
}

void
mlpg_write_doubles(MlpgWriter *writer, const double *values, size_t n)
{
	mlpg_write_bytes(writer, values, n * sizeof(double));
}

void
mlpg_write_align(MlpgWriter *writer)
{
	mlpg_write_space(writer, (8 - (writer->length + writer->bias) % 8) % 8);
}

/* ---------- container ---------- */

/* Sections that every model has, and sections that some have besides, which makes their version 2. */
#define SECTIONS_OF_ALL (1u << MLPG_SECTION_SCHEMA | 1u << MLPG_SECTION_PARAMETERS | 1u << MLPG_SECTION_FACTS | 1u << MLPG_SECTION_PAYLOAD)
#define SECTIONS_OF_SOME (1u << MLPG_SECTION_PREPROCESS | 1u << MLPG_SECTION_CALIBRATION)

static uint16_t
read_version(MlpgReader *r, size_t length)
{
	MlpgHost   *host = r->host;
	uint16_t	version;

	if (length < 8 || mlpg_read_u32(r) != MLPG_MAGIC)
		mlpg_raise(host, MLPG_DATA_CORRUPTED, mlpg_text(host, "At offset 0: expected the magic \"MLPG\"."), NULL, "invalid model");
	version = mlpg_read_u16(r);
	if (version > MLPG_CONTAINER_VERSION)
		mlpg_raise(host, MLPG_NOT_SUPPORTED,
				   mlpg_text(host, "The model has container version %u, this mlpg reads up to %d.", version, MLPG_CONTAINER_VERSION),
				   "Upgrade the extension.", "model was written by a newer mlpg");
	if (version == 0)
		mlpg_reader_corrupt(r, "container version 0");
	return version;
}

static void
check_checksum(MlpgReader *r, const uint8_t *data, size_t length, uint32_t found)
{
	static const uint8_t zero[4] = {0};
	uint32_t	crc = mlpg_crc32c(0, data, 24);

	crc = mlpg_crc32c(crc, zero, 4);
	crc = mlpg_crc32c(crc, data + 28, length - 28);
	if (crc != found)
		mlpg_raise(r->host, MLPG_DATA_CORRUPTED,
				   mlpg_text(r->host, "At offset 24: expected checksum %08X, found %08X.", crc, found),
				   NULL, "model checksum mismatch");
}

/* Lengths of the n sections that there are; returns the set of their ids. */
static uint32_t
read_directory(MlpgReader *r, uint16_t version, uint32_t n, MlpgContainer *container)
{
	uint32_t	found = 0;

	for (uint32_t i = 0; i < n; i++)
	{
		uint32_t	id = mlpg_read_u32(r);

		if (id >= MLPG_SECTIONS_END || !((SECTIONS_OF_ALL | SECTIONS_OF_SOME) & 1u << id) || found >> id != 0 || mlpg_read_u32(r) != 0)
			mlpg_reader_corrupt(r, "unknown section, or sections out of order");
		found |= 1u << id;
		container->length[id] = (size_t) mlpg_read_u64(r);
	}
	if ((found & SECTIONS_OF_ALL) != SECTIONS_OF_ALL || version != (found == SECTIONS_OF_ALL ? 1 : 2))
		mlpg_reader_corrupt(r, "a section is missing, or the version is not that of the sections");
	return found;
}

void
mlpg_container_read(MlpgHost *host, const void *data, size_t length, MlpgContainer *container)
{
	MlpgReader	r;
	uint16_t	version;
	uint32_t	n_sections,
				found;

	mlpg_reader_init(&r, host, data, length, "model");
	version = read_version(&r, length);
	memset(container, 0, sizeof(*container));
	container->learner_id = mlpg_read_u16(&r);
	container->payload_version = mlpg_read_u16(&r);
	if (mlpg_read_u16(&r) != 0)
		mlpg_reader_corrupt(&r, "unknown flags");
	n_sections = mlpg_read_u32(&r);
	if (mlpg_read_u64(&r) != length)
		mlpg_reader_corrupt(&r, "total length differs from the bytes given");
	if (length > MLPG_MODEL_MAX)
		mlpg_reader_corrupt(&r, "larger than 256 MB");

	uint32_t	crc = mlpg_read_u32(&r);

	if (mlpg_read_u64(&r) != 0)
		mlpg_reader_corrupt(&r, "reserved bytes are not zero");
	check_checksum(&r, data, length, crc);
	found = read_directory(&r, version, n_sections, container);
	for (int id = 0; id < MLPG_SECTIONS_END; id++)
	{
		if (!(found & 1u << id))
			continue;
		while (((size_t) (r.at - r.base) + 4) % 8 != 0)
			if (mlpg_read_u8(&r) != 0)
				mlpg_reader_corrupt(&r, "padding is not zero");
		if (container->length[id] > (size_t) (r.end - r.at))
			mlpg_reader_corrupt(&r, "a section is longer than the bytes that remain");
		container->section[id] = mlpg_read_bytes(&r, container->length[id]);
	}
	mlpg_read_end(&r);
}

/* Header, directory and sections. */
static MlpgWriter *
write_container(MlpgHost *host, const MlpgContainer *c)
{
	MlpgWriter *w = mlpg_writer_create(host, 4);
	uint32_t	n_sections = 0,
				crc;
	uint16_t	version = 1;
	uint64_t	total;

	for (int id = 0; id < MLPG_SECTIONS_END; id++)
		if (c->section[id] != NULL)
		{
			n_sections++;
			if (SECTIONS_OF_SOME & 1u << id)
				version = 2;
		}
	mlpg_write_u32(w, MLPG_MAGIC);
	mlpg_write_u16(w, version);
	mlpg_write_u16(w, c->learner_id);
	mlpg_write_u16(w, c->payload_version);
	mlpg_write_u16(w, 0);
	mlpg_write_u32(w, n_sections);
	mlpg_write_space(w, 20);	/* length, checksum, reserved */
	for (int id = 0; id < MLPG_SECTIONS_END; id++)
		if (c->section[id] != NULL)
		{
			mlpg_write_u32(w, (uint32_t) id);
			mlpg_write_u32(w, 0);
			mlpg_write_u64(w, c->length[id]);
		}
	for (int id = 0; id < MLPG_SECTIONS_END; id++)
		if (c->section[id] != NULL)
		{
			mlpg_write_align(w);
			mlpg_write_bytes(w, c->section[id], c->length[id]);
		}
	if (w->length > MLPG_MODEL_MAX)
		mlpg_raise(host, MLPG_LIMIT_EXCEEDED, mlpg_text(host, "The model has %zu bytes; at most %zu can be dumped and restored.", w->length, MLPG_MODEL_MAX),
				   "Use fewer features, or categories with fewer distinct values.", "model is too large");
	total = w->length;
	memcpy(w->data + 16, &total, sizeof(total));
	crc = mlpg_crc32c(0, w->data, w->length);
	memcpy(w->data + 24, &crc, sizeof(crc));
	return w;
}

/* An empty section has an address too. */
static void
set_section(MlpgContainer *c, MlpgSection section, const MlpgWriter *w)
{
	c->section[section] = w->data != NULL ? w->data : (const uint8_t *) "";
	c->length[section] = w->length;
}

MlpgWriter *
mlpg_container_write(MlpgHost *host, uint16_t learner_id, uint16_t payload_version, const MlpgSchema *schema,
					 const MlpgParams *params, const MlpgFacts *facts, const MlpgWriter *payload)
{
	MlpgContainer c = {.learner_id = learner_id, .payload_version = payload_version};
	MlpgWriter *w[4];
	MlpgWriter *whole;

	for (int i = 0; i < 4; i++)
		w[i] = mlpg_writer_create(host, 0);

	mlpg_schema_write(w[0], schema);
	mlpg_params_write(w[1], params);
	mlpg_facts_write(w[2], facts);
	set_section(&c, MLPG_SECTION_SCHEMA, w[0]);
	set_section(&c, MLPG_SECTION_PARAMETERS, w[1]);
	set_section(&c, MLPG_SECTION_FACTS, w[2]);
	if (schema->preprocess != NULL)
	{
		mlpg_preprocess_write(w[3], schema->preprocess);
		set_section(&c, MLPG_SECTION_PREPROCESS, w[3]);
	}
	set_section(&c, MLPG_SECTION_PAYLOAD, payload);
	whole = write_container(host, &c);
	for (int i = 0; i < 4; i++)
	{
		mlpg_release(host, w[i]->data);
		mlpg_release(host, w[i]);
	}
	return whole;
}

MlpgWriter *
mlpg_container_calibrate(MlpgHost *host, const MlpgContainer *model, const MlpgFacts *facts, const MlpgWriter *calibration)
{
	MlpgContainer c = *model;
	MlpgWriter *w = mlpg_writer_create(host, 0);

	mlpg_facts_write(w, facts);
	set_section(&c, MLPG_SECTION_FACTS, w);
	set_section(&c, MLPG_SECTION_CALIBRATION, calibration);
	return write_container(host, &c);
}

/* ---------- sections ---------- */

/* n texts, strictly ascending by bytes. */
static MlpgDictionary *
read_texts(MlpgReader *r, uint32_t n)
{
	const char *previous = NULL;
	int32_t		previous_length = 0;
	MlpgDictionary *dictionary = mlpg_dictionary_create(r->host);

	for (uint32_t i = 0; i < n; i++)
	{
		int32_t		length;
		char	   *text = mlpg_read_text(r, &length);

		if (previous != NULL)
		{
			int			order = memcmp(previous, text, (size_t) (previous_length < length ? previous_length : length));

			if (order > 0 || (order == 0 && previous_length >= length))
				mlpg_reader_corrupt(r, "texts are not in ascending order");
		}
		mlpg_dictionary_add(r->host, dictionary, text, length);
		previous = text;
		previous_length = length;
	}
	return dictionary;
}

/* n numbers as texts, written as we write them, strictly ascending. */
static MlpgDictionary *
read_numbers(MlpgReader *r, uint32_t n)
{
	MlpgDictionary *dictionary = mlpg_dictionary_create(r->host);
	double		previous = -INFINITY;

	for (uint32_t i = 0; i < n; i++)
	{
		int32_t		length;
		char	   *text = mlpg_read_text(r, &length);
		double		number = strtod(text, NULL);

		if (!isfinite(number) || number <= previous || strcmp(mlpg_number_text(r->host, number + 0.0), text) != 0)
			mlpg_reader_corrupt(r, "classes are not numbers in ascending order");
		mlpg_dictionary_add(r->host, dictionary, text, length);
		previous = number;
	}
	return dictionary;
}

/* What the target is: its kind, its classes if it has any, the column that is added to the score. */
static void
read_target(MlpgReader *r, MlpgSchema *schema)
{
	uint8_t		kind;
	uint8_t		has_offset;
	uint32_t	n;

	schema->target = mlpg_read_text(r, NULL);
	kind = mlpg_read_u8(r);
	has_offset = mlpg_read_u8(r);
	if (kind > MLPG_CATEGORY || has_offset > 1)
		mlpg_reader_corrupt(r, "unknown kind of target");
	schema->target_kind = (MlpgKind) kind;
	if (has_offset == 1)
		mlpg_schema_set_offset(schema, mlpg_read_text(r, NULL));
	n = mlpg_read_count(r, 4);
	if (n == 1 || n > MLPG_CLASSES_MAX)
		mlpg_reader_corrupt(r, "number of classes out of range");
	if ((kind == MLPG_CATEGORY || kind == MLPG_BOOLEAN) != (n > 0) && kind != MLPG_NUMBER)
		mlpg_reader_corrupt(r, "classes do not go with the kind of the target");
	if (n == 0)
		return;
	schema->positive = (int32_t) mlpg_read_u32(r);
	schema->classes = kind == MLPG_CATEGORY || kind == MLPG_BOOLEAN ? read_texts(r, n) : read_numbers(r, n);
	if (schema->positive < -1 || schema->positive >= (int) n)
		mlpg_reader_corrupt(r, "the positive class is none");
	if (kind == MLPG_BOOLEAN && (n != 2 || strcmp(schema->classes->text[0], "false") != 0 || strcmp(schema->classes->text[1], "true") != 0))
		mlpg_reader_corrupt(r, "classes of a boolean are false and true");
}

static void
write_target(MlpgWriter *w, const MlpgSchema *schema)
{
	int			n = mlpg_schema_classes(schema);

	mlpg_write_text(w, schema->target);
	mlpg_write_u8(w, (uint8_t) schema->target_kind);
	mlpg_write_u8(w, schema->offset != NULL);
	if (schema->offset != NULL)
		mlpg_write_text(w, schema->offset);
	mlpg_write_u32(w, (uint32_t) n);
	if (n == 0)
		return;
	mlpg_write_u32(w, (uint32_t) schema->positive);
	for (int k = 0; k < n; k++)
		mlpg_write_text_n(w, schema->classes->text[k], (size_t) schema->classes->length[k]);
}

void
mlpg_feature_read_statistics(MlpgReader *r, MlpgFeature *feature)
{
	uint8_t		flags = mlpg_read_u8(r);

	if (flags > 3)
		mlpg_reader_corrupt(r, "unknown flags of a feature");
	feature->has_missing = (flags & 1) != 0;
	feature->constant = (flags & 2) != 0;
	feature->mean = mlpg_read_f64(r);
	feature->minimum = mlpg_read_f64(r);
	feature->maximum = mlpg_read_f64(r);
	if (!isfinite(feature->mean) || !isfinite(feature->minimum) || !isfinite(feature->maximum))
		mlpg_reader_corrupt(r, "a statistic of a feature is not finite");
}

void
mlpg_feature_write_statistics(MlpgWriter *w, const MlpgFeature *feature)
{
	mlpg_write_u8(w, (uint8_t) ((feature->has_missing ? 1 : 0) | (feature->constant ? 2 : 0)));
	mlpg_write_f64(w, feature->mean);
	mlpg_write_f64(w, feature->minimum);
	mlpg_write_f64(w, feature->maximum);
}

MlpgSchema *
mlpg_schema_read(MlpgReader *r)
{
	uint32_t	n = mlpg_read_count(r, 30);
	MlpgSchema *schema;
	uint8_t		unseen;

	if (n > MLPG_FEATURES_MAX)
		mlpg_reader_corrupt(r, "too many features");
	schema = mlpg_schema_create(r->host, (int) n);
	unseen = mlpg_read_u8(r);
	schema->array_form = mlpg_read_u8(r) == 1;
	if (unseen > MLPG_UNSEEN_ZERO || mlpg_read_u16(r) != 0 || r->at[-3] > 1)
		mlpg_reader_corrupt(r, "unknown policy");
	schema->unseen = (MlpgUnseen) unseen;
	read_target(r, schema);
	for (uint32_t i = 0; i < n; i++)
	{
		MlpgFeature *feature = &schema->feature[i];
		uint8_t		kind;

		feature->name = mlpg_read_text(r, NULL);
		kind = mlpg_read_u8(r);
		if (kind > MLPG_TEXT)
			mlpg_reader_corrupt(r, "unknown kind of feature");
		feature->kind = (MlpgKind) kind;
		mlpg_feature_read_statistics(r, feature);
		if (feature->kind == MLPG_CATEGORY)
			feature->dictionary = read_texts(r, mlpg_read_count(r, 4));
	}
	return schema;
}

MlpgSchema *
mlpg_container_schema(MlpgHost *host, const MlpgContainer *container)
{
	MlpgReader	r;
	MlpgSchema *schema;

	mlpg_reader_init(&r, host, container->section[MLPG_SECTION_SCHEMA], container->length[MLPG_SECTION_SCHEMA], "model");
	schema = mlpg_schema_read(&r);
	mlpg_read_end(&r);
	if (container->section[MLPG_SECTION_PREPROCESS] != NULL)
	{
		mlpg_reader_init(&r, host, container->section[MLPG_SECTION_PREPROCESS], container->length[MLPG_SECTION_PREPROCESS], "model");
		schema = mlpg_preprocess_read(&r, schema)->output;
		mlpg_read_end(&r);
	}
	else
		for (int i = 0; i < schema->n_features; i++)
			if (schema->feature[i].kind == MLPG_TEXT)
				mlpg_reader_corrupt(&r, "a text that nothing reads");
	return schema;
}

void
mlpg_schema_write(MlpgWriter *w, const MlpgSchema *schema)
{
	const MlpgSchema *input = mlpg_schema_input(schema);

	mlpg_write_u32(w, (uint32_t) input->n_features);
	mlpg_write_u8(w, (uint8_t) schema->unseen);
	mlpg_write_u8(w, schema->array_form ? 1 : 0);
	mlpg_write_u16(w, 0);
	write_target(w, schema);
	for (int i = 0; i < input->n_features; i++)
	{
		const MlpgFeature *feature = &input->feature[i];

		mlpg_write_text(w, feature->name);
		mlpg_write_u8(w, (uint8_t) feature->kind);
		mlpg_feature_write_statistics(w, feature);
		if (feature->kind != MLPG_CATEGORY)
			continue;
		mlpg_write_u32(w, (uint32_t) feature->dictionary->n);
		for (int32_t k = 0; k < feature->dictionary->n; k++)
			mlpg_write_text_n(w, feature->dictionary->text[k], (size_t) feature->dictionary->length[k]);
	}
}

void
mlpg_params_read(MlpgReader *r, MlpgParams *params)
{
	uint32_t	n = mlpg_read_count(r, 8);
	int			last = -1;

	/* a model older than a parameter does not have it */
	for (int i = 0; i < params->n; i++)
		params->value[i].absent = true;
	for (uint32_t k = 0; k < n; k++)
	{
		char	   *name = mlpg_read_text(r, NULL);
		char	   *text = mlpg_read_text(r, NULL);
		int			i = mlpg_params_find(params, name);

		if (i <= last)
			mlpg_reader_corrupt(r, "unknown parameter, or parameters out of order");
		mlpg_params_set(r->host, params, name, text);
		last = i;
	}
}

void
mlpg_params_write(MlpgWriter *w, const MlpgParams *params)
{
	uint32_t	n = 0;

	for (int i = 0; i < params->n; i++)
		n += params->value[i].text != NULL && !params->value[i].absent;
	mlpg_write_u32(w, n);
	for (int i = 0; i < params->n; i++)
	{
		if (params->value[i].text == NULL || params->value[i].absent)
			continue;
		mlpg_write_text(w, params->spec[i].name);
		mlpg_write_text(w, params->value[i].text);
	}
}

MlpgFacts *
mlpg_facts_read(MlpgReader *r)
{
	MlpgFacts  *facts = mlpg_facts_create(r->host);
	uint32_t	n = mlpg_read_count(r, 8);

	for (uint32_t i = 0; i < n; i++)
	{
		char	   *name = mlpg_read_text(r, NULL);

		mlpg_fact_text(r->host, facts, name, mlpg_read_text(r, NULL));
	}
	return facts;
}

void
mlpg_facts_write(MlpgWriter *w, const MlpgFacts *facts)
{
	mlpg_write_u32(w, (uint32_t) facts->n);
	for (int i = 0; i < facts->n; i++)
	{
		mlpg_write_text(w, facts->name[i]);
		mlpg_write_text(w, facts->text[i]);
	}
}
