/*-------------------------------------------------------------------------
 *
 * test_blob.c
 *	  The model format: one encoding a model, and errors only for bytes that
 *	  are no model.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

#include "core/learners/calibration.h"
#include "core/learners/interval.h"

#define MUTATIONS 100000
#define N_MODELS 10
#define OFFSET_LEARNER 6
#define OFFSET_PAYLOAD_VERSION 8
#define OFFSET_LENGTH 16
#define OFFSET_CHECKSUM 24
#define OFFSET_DIRECTORY 36
#define BUDGET ((size_t) 64 << 20)

typedef struct Bytes
{
	size_t		length;
	uint8_t		data[16384];
} Bytes;

static Bytes models[N_MODELS];

/* ---------- models to start from ---------- */

static void
make_model(int k)
{
	static const struct
	{
		const char *learner;
		const char *kinds;
		const char *parameter;
		const char *text;
		double		calibration_share;
	}			recipe[N_MODELS] = {
		{"baseline", "n", NULL, NULL, 0},
		{"linear", "nnn", NULL, NULL, 0},
		{"linear", "ncnc", "unseen", "error", 0},
		{"linear", "cn", "l2", "0.01", 0},
		{"linear", "", NULL, NULL, 0},
		{"quantile", "nc", "quantile", "0.75", 0},
		{"quantile", "nn", "quantile", "0.1,0.5,0.9", 0},
		{"linear", "nc", "intervals", "true", 0},
		{"linear", "nc", NULL, NULL, 0.3},
		{"quantile", "n", "quantile", "0.1,0.2,0.5,0.9", 0.3},
	};
	MlpgHost   *host = harness_host();
	MlpgPlan   *plan = test_plan(host, recipe[k].learner, (int) strlen(recipe[k].kinds), recipe[k].kinds, false);
	int			d = mlpg_plan_columns(plan);
	double	   *rows = mlpg_allocate(host, 60 * (size_t) d, sizeof(double));
	uint64_t	random = (uint64_t) k;
	MlpgWriter *bytes;

	if (recipe[k].parameter)
		mlpg_params_set(host, plan->params, recipe[k].parameter, recipe[k].text);
	plan->array_form = k == 6;
	plan->calibration_share = recipe[k].calibration_share;
	for (int i = 0; i < 60; i++)
		for (int j = 0; j < d; j++)
		{
			rows[i * d + j] = j < d - 1 && plan->kind[j] == MLPG_CATEGORY ? (double) (test_random(&random) % 4) : test_normal(&random);
			if (j < d - 1 && j % 2 == 0 && i % 6 == 5)
				rows[i * d + j] = NAN;
		}
	bytes = test_fit_bytes(host, plan, rows, 60);
	if (bytes->length > sizeof(models[k].data))
		abort();
	memcpy(models[k].data, bytes->data, bytes->length);
	models[k].length = bytes->length;
	harness_free(host);
}

static void
repair(Bytes *b)
{
	uint64_t	length = b->length;
	uint32_t	checksum = 0;

	if (b->length < OFFSET_DIRECTORY)
		return;
	memcpy(b->data + OFFSET_LENGTH, &length, sizeof(length));
	memcpy(b->data + OFFSET_CHECKSUM, &checksum, sizeof(checksum));
	checksum = mlpg_crc32c(0, b->data, b->length);
	memcpy(b->data + OFFSET_CHECKSUM, &checksum, sizeof(checksum));
}

/* What was read, written again. */
static MlpgWriter *
write_again(MlpgHost *host, const MlpgModel *model, const uint8_t *data, size_t length)
{
	MlpgContainer container;
	MlpgWriter *payload = mlpg_writer_create(host, 4);
	MlpgWriter *again;

	mlpg_container_read(host, data, length, &container);
	mlpg_write_bytes(payload, container.section[MLPG_SECTION_PAYLOAD], container.length[MLPG_SECTION_PAYLOAD]);
	again = mlpg_container_write(host, container.learner_id, container.payload_version, model->schema, model->params,
								 model->facts, payload);
	if (model->calibration == NULL)
		return again;

	MlpgWriter *calibration = mlpg_writer_create(host, 0);

	mlpg_calibration_write(calibration, model->calibration);
	mlpg_container_read(host, again->data, again->length, &container);
	return mlpg_container_calibrate(host, &container, model->facts, calibration);
}

/* Opens, scores, explains, writes again. */
static bool
use_model(MlpgHost *host, const uint8_t *data, size_t length)
{
	MlpgModel  *model = mlpg_model_open(host, data, length);
	int			n = model->schema->n_features,
				k;
	double	   *rows = mlpg_allocate(host, 3 * (size_t) n + 1, sizeof(double));
	double	   *out = mlpg_allocate(host, 3 * (size_t) model->n_outputs, sizeof(double));
	MlpgWriter *again;

	for (int i = 0; i < n; i++)
	{
		const MlpgFeature *feature = &model->schema->feature[i];
		bool		category = feature->kind == MLPG_CATEGORY;

		rows[i] = category ? feature->dictionary->n - 1 : 1.5;
		rows[n + i] = NAN;
		rows[2 * n + i] = category ? -1 : -1e308;
	}
	model->learner->predict(model, rows, 3, n, out);
	for (int i = 0; i < 3 * model->n_outputs; i++)
		if (isinf(out[i]))
			harness_result(false, __FILE__, __LINE__, "a score is infinite");
	if (model->calibration != NULL || !isnan(model->spread_df))
	{
		MlpgIntervalRule rule;
		MlpgInterval interval;

		mlpg_interval_rule(host, model, 0.75, &rule);
		for (int i = 0; i < 3; i++)
			mlpg_interval_row(host, model, &rule, rows + i * n, out, &interval);
	}
	if (model->main_output >= model->n_outputs)
		harness_result(false, __FILE__, __LINE__, "the main output is none of the outputs");
	model->learner->coefficients(host, model, &k);
	again = write_again(host, model, data, length);
	return again->length == length && memcmp(again->data, data, length) == 0;
}

/* ---------- valid models ---------- */

static void
test_valid(void)
{
	for (int k = 0; k < N_MODELS; k++)
	{
		MlpgHost   *host = harness_host();
		uint8_t    *moved;
		Bytes		changed;

		CHECK(use_model(host, models[k].data, models[k].length));
		/* at any address */
		moved = mlpg_allocate(host, models[k].length + 1, 1);
		memcpy(moved + 1, models[k].data, models[k].length);
		CHECK(use_model(host, moved + 1, models[k].length));

		/* the header as specified */
		CHECK(memcmp(models[k].data, k < 8 ? "MLPG\1\0" : "MLPG\2\0", 6) == 0);
		changed = models[k];
		repair(&changed);
		CHECK(memcmp(changed.data, models[k].data, changed.length) == 0);

		/* sections aligned to 8 where the magic is 4 behind it */
		MlpgContainer container;

		mlpg_container_read(host, models[k].data, models[k].length, &container);
		for (int s = 1; s < 10; s++)
			if (container.section[s] != NULL)
				CHECK_INT((size_t) (container.section[s] - models[k].data + 4) % 8, 0);
		CHECK(container.section[1] && container.section[2] && container.section[3] && container.section[9]);
		harness_free(host);
	}
}

/* CRC-32C of the standard's check string (RFC 3720, B.4: 32 bytes of zero, of ones, ascending). */
static void
test_checksum(void)
{
	uint8_t		bytes[32];

	CHECK_INT(mlpg_crc32c(0, "123456789", 9), 0xE3069283);
	memset(bytes, 0, 32);
	CHECK_INT(mlpg_crc32c(0, bytes, 32), 0x8A9136AA);
	memset(bytes, 0xFF, 32);
	CHECK_INT(mlpg_crc32c(0, bytes, 32), 0x62A8AB43);
	for (int i = 0; i < 32; i++)
		bytes[i] = (uint8_t) i;
	CHECK_INT(mlpg_crc32c(0, bytes, 32), 0x46DD794E);
	for (size_t cut = 0; cut <= 32; cut++)
		CHECK_INT(mlpg_crc32c(mlpg_crc32c(0, bytes, cut), bytes + cut, 32 - cut), 0x46DD794E);
}

/* ---------- header fields ---------- */

static void
expect_refusal(const Bytes *b, MlpgErrorCode code, const char *message, int line)
{
	MlpgHost   *host = harness_host_threads(1, BUDGET);
	bool		raised;

	HARNESS_TRY(host, raised, mlpg_model_open(host, b->data, b->length));
	harness_result(raised && harness_code(host) == code && strcmp(harness_message(host), message) == 0, __FILE__, line, message);
	if (raised)
	{
		if (harness_code(host) != code || strcmp(harness_message(host), message) != 0)
			harness_note("it raised %d: %s", (int) harness_code(host), harness_message(host));
		harness_result(harness_detail(host)[0] != '\0', __FILE__, line, "there is a detail");
	}
	harness_free(host);
}

#define REFUSED(offset, byte, fixed, code, message) do { \
	Bytes		changed = models[2]; \
	changed.data[offset] = (byte); \
	if (fixed) \
		repair(&changed); \
	expect_refusal(&changed, code, message, __LINE__); \
} while (0)

static void
test_header(void)
{
	Bytes		b;

	REFUSED(0, 'm', true, MLPG_DATA_CORRUPTED, "invalid model");
	REFUSED(4, 0, true, MLPG_DATA_CORRUPTED, "invalid model");
	REFUSED(4, 2, true, MLPG_DATA_CORRUPTED, "invalid model");	/* without what version 2 has more */
	REFUSED(4, MLPG_CONTAINER_VERSION + 1, true, MLPG_NOT_SUPPORTED, "model was written by a newer mlpg");
	REFUSED(5, 1, true, MLPG_NOT_SUPPORTED, "model was written by a newer mlpg");
	REFUSED(OFFSET_LEARNER, 0, true, MLPG_NOT_SUPPORTED, "model was made by a learner that this mlpg does not have");
	REFUSED(OFFSET_LEARNER + 1, 99, true, MLPG_NOT_SUPPORTED, "model was made by a learner that this mlpg does not have");
	REFUSED(OFFSET_PAYLOAD_VERSION, 200, true, MLPG_NOT_SUPPORTED, "model was written by a newer mlpg");
	REFUSED(OFFSET_PAYLOAD_VERSION, 0, true, MLPG_NOT_SUPPORTED, "model format is too old");
	REFUSED(10, 1, true, MLPG_DATA_CORRUPTED, "invalid model");	/* flags */
	REFUSED(12, 3, true, MLPG_DATA_CORRUPTED, "invalid model");	/* sections */
	REFUSED(12, 5, true, MLPG_DATA_CORRUPTED, "invalid model");
	REFUSED(OFFSET_LENGTH, models[2].data[OFFSET_LENGTH] ^ 1, false, MLPG_DATA_CORRUPTED, "invalid model");
	REFUSED(OFFSET_LENGTH + 7, 0x80, false, MLPG_DATA_CORRUPTED, "invalid model");
	REFUSED(OFFSET_CHECKSUM, models[2].data[OFFSET_CHECKSUM] ^ 1, false, MLPG_DATA_CORRUPTED, "model checksum mismatch");
	REFUSED(28, 1, true, MLPG_DATA_CORRUPTED, "invalid model");	/* reserved */
	REFUSED(OFFSET_DIRECTORY, 2, true, MLPG_DATA_CORRUPTED, "invalid model");	/* section id */
	REFUSED(OFFSET_DIRECTORY + 4, 1, true, MLPG_DATA_CORRUPTED, "invalid model");
	REFUSED(OFFSET_DIRECTORY + 8, models[2].data[OFFSET_DIRECTORY + 8] + 1, true, MLPG_DATA_CORRUPTED, "invalid model");
	REFUSED(OFFSET_DIRECTORY + 15, 0xFF, true, MLPG_DATA_CORRUPTED, "invalid model");

	/* any byte changed without the checksum, any truncation, any byte more */
	for (size_t at = 0; at < models[2].length; at++)
	{
		MlpgHost   *host = harness_host_threads(1, BUDGET);
		bool		raised;

		b = models[2];
		b.data[at] ^= 1;
		HARNESS_TRY(host, raised, mlpg_model_open(host, b.data, b.length));
		if (!raised)
			harness_result(false, __FILE__, __LINE__, "a changed byte went unnoticed");
		b = models[2];
		b.length = at;
		repair(&b);
		HARNESS_TRY(host, raised, mlpg_model_open(host, b.data, b.length));
		if (!raised || harness_code(host) != MLPG_DATA_CORRUPTED)
			harness_result(false, __FILE__, __LINE__, "a model cut short went unnoticed");
		harness_free(host);
	}
	b = models[2];
	b.data[b.length++] = 0;
	repair(&b);
	expect_refusal(&b, MLPG_DATA_CORRUPTED, "invalid model", __LINE__);
}

/* Padding between sections must be zero: one encoding. */
static void
test_padding(void)
{
	for (int k = 0; k < N_MODELS; k++)
	{
		MlpgHost   *host = harness_host();
		MlpgContainer container;
		size_t		end = 0;

		mlpg_container_read(host, models[k].data, models[k].length, &container);
		for (int s = 0; s < MLPG_SECTIONS_END; s++)
		{
			if (container.section[s] == NULL)
				continue;
			for (; end > 0 && end < (size_t) (container.section[s] - models[k].data); end++)
			{
				Bytes		b = models[k];

				b.data[end] = 1;
				repair(&b);
				expect_refusal(&b, MLPG_DATA_CORRUPTED, "invalid model", __LINE__);
			}
			end = (size_t) (container.section[s] - models[k].data) + container.length[s];
		}
		harness_free(host);
	}
}

/* A model that lacks a parameter, as one older than the parameter does: default when read, absent when written. */
static void
test_absent_parameter(void)
{
	MlpgHost   *host = harness_host();
	MlpgModel  *model = mlpg_model_open(host, models[1].data, models[1].length);
	MlpgContainer container;
	MlpgWriter *payload = mlpg_writer_create(host, 4);
	MlpgWriter *older;

	mlpg_container_read(host, models[1].data, models[1].length, &container);
	mlpg_write_bytes(payload, container.section[MLPG_SECTION_PAYLOAD], container.length[MLPG_SECTION_PAYLOAD]);
	model->params->value[0].absent = true;
	older = mlpg_container_write(host, container.learner_id, container.payload_version, model->schema, model->params, model->facts, payload);
	CHECK(older->length < models[1].length);
	CHECK(use_model(host, older->data, older->length));
	model = mlpg_model_open(host, older->data, older->length);
	CHECK_CLOSE(mlpg_params_real(model->params, "l2"), 0, 0);
	CHECK_TEXT(mlpg_params_choice(model->params, "l2"), "0");
	harness_free(host);
}

/* The terms of an affine payload: each once, in order, and such as the schema has. */
static void
test_terms(void)
{
	const Bytes *from = &models[2];
	MlpgHost   *host = harness_host();
	MlpgContainer container;
	size_t		terms;
	uint32_t	n;

	mlpg_container_read(host, from->data, from->length, &container);
	terms = (size_t) (container.section[MLPG_SECTION_PAYLOAD] - from->data) + 4 * 4 + 2 * 4 + 2 * 8 + 8 + 8;
	memcpy(&n, container.section[MLPG_SECTION_PAYLOAD] + 4, 4);
	CHECK(n > 8);
	for (uint32_t j = 0; j < n; j++)
	{
		static const uint32_t bad[4][2] = {{4, 0xFFFFFFFF}, {4, 0x80000000}, {4, 1000}, {2, 0x10000}};
		size_t		at = terms + 16 * j;
		Bytes		b;

		for (size_t word = 0; word < 4; word++)
			for (int k = 0; k < 2; k++)
			{
				b = *from;
				memcpy(b.data + at + 4 * word, &bad[word][k], 4);
				repair(&b);
				expect_refusal(&b, MLPG_DATA_CORRUPTED, "invalid model", __LINE__);
			}
		if (j == 0)
			continue;
		b = *from;				/* twice */
		memcpy(b.data + at, b.data + at - 16, 16);
		repair(&b);
		expect_refusal(&b, MLPG_DATA_CORRUPTED, "invalid model", __LINE__);
		b = *from;				/* the other way round */
		memcpy(b.data + at, from->data + at - 16, 16);
		memcpy(b.data + at - 16, from->data + at, 16);
		repair(&b);
		expect_refusal(&b, MLPG_DATA_CORRUPTED, "invalid model", __LINE__);
	}
	harness_free(host);
}

/* Levels of a category strictly ascend by bytes; no text holds a zero byte. */
static void
test_levels(void)
{
	const Bytes *from = &models[2];
	int			found = 0;

	for (size_t at = 0; at + 6 <= from->length; at++)
	{
		static const uint8_t text[] = {2, 0, 0, 0, 'c', '1'};
		static const char bad[] = {'0', '2', '3', '\0'};
		Bytes		b;

		/* c0 < c1 < c2 < c3 */
		if (memcmp(from->data + at, text, 6) != 0)
			continue;
		found++;
		for (int k = 0; k < 4; k++)
		{
			b = *from;
			b.data[at + 5] = (uint8_t) bad[k];
			repair(&b);
			expect_refusal(&b, MLPG_DATA_CORRUPTED, "invalid model", __LINE__);
		}
	}
	CHECK_INT(found, 2);
}

/* ---------- the mutator ---------- */

static const uint64_t interesting[] = {0, 1, 2, 3, 4, 7, 8, 9, 16, 127, 128, 255, 256, 1000, 32767, 65535, 65536, 100000, 100001,
	0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000, 0x7FF0000000000000, 0x7FF8000000000000, 0xFFF0000000000000,
0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF, 0x3FF0000000000000};

static void
change(Bytes *b, uint64_t *random)
{
	size_t		at = b->length > 0 ? test_random(random) % b->length : 0;
	size_t		n = 1 + test_random(random) % 24;
	uint64_t	value = interesting[test_random(random) % (sizeof(interesting) / sizeof(interesting[0]))];
	size_t		width = (size_t) 1 << test_random(random) % 4;
	const Bytes *other = &models[test_random(random) % N_MODELS];

	switch (test_random(random) % 8)
	{
		case 0:
			b->data[at] ^= (uint8_t) (1 << test_random(random) % 8);
			break;
		case 1:
			b->data[at] = (uint8_t) test_random(random);
			break;
		case 2:
			if (at + width <= b->length)
				memcpy(b->data + at, &value, width);
			break;
		case 3:					/* a small step of a 4-byte count */
			if (at + 4 <= b->length)
			{
				uint32_t	count;

				memcpy(&count, b->data + at, 4);
				count += (uint32_t) (test_random(random) % 5) - 2;
				memcpy(b->data + at, &count, 4);
			}
			break;
		case 4:					/* bytes out */
			n = n > b->length - at ? b->length - at : n;
			memmove(b->data + at, b->data + at + n, b->length - at - n);
			b->length -= n;
			break;
		case 5:					/* bytes in */
			if (b->length + n <= sizeof(b->data))
			{
				memmove(b->data + at + n, b->data + at, b->length - at);
				memset(b->data + at, (int) test_random(random) & 0xFF, n);
				b->length += n;
			}
			break;
		case 6:					/* from another model */
			n *= 8;
			if (at + n <= b->length && at + n <= other->length)
				memcpy(b->data + at, other->data + at, n);
			break;
		case 7:					/* copied within */
			{
				size_t		from = b->length > 0 ? test_random(random) % b->length : 0;

				if (at + n <= b->length && from + n <= b->length)
					memmove(b->data + at, b->data + from, n);
				break;
			}
	}
}

/* The four section lengths and the padding, so that a mutated length is one of the reader's sections. */
static void
repair_directory(Bytes *b, uint64_t *random)
{
	int			section = (int) (test_random(random) % 4);
	uint64_t	sum = OFFSET_DIRECTORY + 4 * 16;
	uint64_t	size;

	if (b->length < sum)
		return;
	for (int s = 0; s < 4; s++)
	{
		memcpy(&size, b->data + OFFSET_DIRECTORY + 16 * s + 8, 8);
		sum = (sum + 4 + 7) / 8 * 8 - 4;
		sum += s == section ? 0 : size;
	}
	if (section < 3)
		return;
	size = b->length > sum ? b->length - sum : 0;
	memcpy(b->data + OFFSET_DIRECTORY + 16 * section + 8, &size, 8);
}

static void
test_mutations(void)
{
	MlpgHost   *host = harness_host_threads(1, BUDGET);
	int64_t		n_accepted = 0,
				n_refused = 0,
				n_checksum = 0,
				n_bad = 0;
	Bytes	   *b = malloc(sizeof(Bytes));

	for (int64_t i = 0; i < MUTATIONS; i++)
	{
		uint64_t	random = (uint64_t) i;
		const Bytes *from = &models[i % N_MODELS];
		bool		raised;
		volatile bool same = true;
		uint8_t    *exact;

		b->length = from->length;
		memcpy(b->data, from->data, from->length);
		for (uint64_t k = test_random(&random) % 4; k < 4; k++)
			change(b, &random);
		if (i % 3 == 0)
			repair_directory(b, &random);
		if (i % 5 != 0)
			repair(b);

		/* a block of that size exactly, for the address sanitizer */
		exact = mlpg_allocate(host, b->length, 1);
		memcpy(exact, b->data, b->length);
		HARNESS_TRY(host, raised, same = use_model(host, exact, b->length));
		n_accepted += !raised;
		n_refused += raised;
		n_checksum += raised && strcmp(harness_message(host), "model checksum mismatch") == 0;
		if (raised && (harness_code(host) == MLPG_INTERNAL || harness_code(host) == MLPG_OK))
		{
			n_bad++;
			harness_note("mutation %lld raised %d: %s", (long long) i, (int) harness_code(host), harness_message(host));
		}
		if (!raised && !same)
		{
			n_bad++;
			harness_note("mutation %lld is accepted, but written differently", (long long) i);
		}
		harness_reset(host);
	}
	harness_note("%lld mutations: %lld refused, %lld accepted", (long long) MUTATIONS, (long long) n_refused, (long long) n_accepted);
	CHECK_INT(n_bad, 0);
	/* the mutator reaches behind the checksum */
	CHECK(n_accepted > MUTATIONS / 200);
	CHECK(n_checksum < MUTATIONS / 3);
	free(b);
	harness_free(host);
}

/* ---------- targets ---------- */

/* A schema without features: what its target section is, is read back the same, or refused. */
static void
expect_target(int line, MlpgKind kind, int positive, const char *offset, bool good, int n, const char *const *classes)
{
	MlpgHost   *host = harness_host();
	MlpgSchema *schema = mlpg_schema_create(host, 0);
	MlpgSchema *volatile back = NULL;
	MlpgWriter *w = mlpg_writer_create(host, 0),
			   *again = mlpg_writer_create(host, 0);
	MlpgReader	r;
	bool		raised;

	schema->target_kind = kind;
	schema->positive = positive;
	schema->offset = offset != NULL ? mlpg_text(host, "%s", offset) : NULL;
	if (n > 0)
	{
		/* as it is told, in whatever order, and the same text twice */
		schema->classes = mlpg_dictionary_create(host);
		schema->classes->n = n;
		schema->classes->text = mlpg_allocate(host, (size_t) n, sizeof(char *));
		schema->classes->length = mlpg_allocate(host, (size_t) n, sizeof(int32_t));
		for (int k = 0; k < n; k++)
		{
			schema->classes->text[k] = mlpg_text(host, "%s", classes[k]);
			schema->classes->length[k] = (int32_t) strlen(classes[k]);
		}
	}
	mlpg_schema_write(w, schema);
	mlpg_reader_init(&r, host, w->data, w->length, "model");
	HARNESS_TRY(host, raised, back = mlpg_schema_read(&r); mlpg_read_end(&r));
	harness_result(raised != good, __FILE__, line, raised ? harness_detail(host) : "taken");
	if (raised)
		CHECK(harness_code(host) == MLPG_DATA_CORRUPTED);
	else
	{
		mlpg_schema_write(again, back);
		CHECK(again->length == w->length && memcmp(again->data, w->data, w->length) == 0);
	}
	harness_free(host);
}

#define EXPECT_TARGET(kind, positive, offset, good, n, ...) \
	expect_target(__LINE__, kind, positive, offset, good, n, (const char *const[]) {__VA_ARGS__})

static void
test_targets(void)
{
	static const char *many[MLPG_CLASSES_MAX + 1];
	static char text[MLPG_CLASSES_MAX + 1][16];

	EXPECT_TARGET(MLPG_NUMBER, -1, NULL, true, 0, NULL);
	EXPECT_TARGET(MLPG_NUMBER, -1, "exposure", true, 0, NULL);
	EXPECT_TARGET(MLPG_DATE, -1, NULL, true, 0, NULL);
	EXPECT_TARGET(MLPG_TIMESTAMP, -1, NULL, true, 0, NULL);
	EXPECT_TARGET(MLPG_CATEGORY, -1, NULL, false, 0, NULL);
	EXPECT_TARGET(MLPG_BOOLEAN, -1, NULL, false, 0, NULL);
	EXPECT_TARGET((MlpgKind) 5, -1, NULL, false, 0, NULL);
	EXPECT_TARGET(MLPG_DATE, -1, NULL, false, 2, "1", "2");
	EXPECT_TARGET(MLPG_CATEGORY, -1, NULL, true, 2, "a", "b");
	EXPECT_TARGET(MLPG_CATEGORY, 1, "o", true, 3, "", "a", "aa");
	EXPECT_TARGET(MLPG_CATEGORY, -1, NULL, false, 1, "a");
	EXPECT_TARGET(MLPG_CATEGORY, -1, NULL, false, 2, "b", "a");
	EXPECT_TARGET(MLPG_CATEGORY, -1, NULL, false, 2, "a", "a");
	EXPECT_TARGET(MLPG_CATEGORY, 2, NULL, false, 2, "a", "b");
	EXPECT_TARGET(MLPG_CATEGORY, -2, NULL, false, 2, "a", "b");
	EXPECT_TARGET(MLPG_BOOLEAN, 1, NULL, true, 2, "false", "true");
	EXPECT_TARGET(MLPG_BOOLEAN, 1, NULL, false, 2, "no", "yes");
	EXPECT_TARGET(MLPG_BOOLEAN, 1, NULL, false, 3, "false", "true", "unknown");
	EXPECT_TARGET(MLPG_NUMBER, 0, NULL, true, 4, "-10", "-9.5", "0", "1e+300");
	EXPECT_TARGET(MLPG_NUMBER, -1, NULL, false, 2, "10", "9");
	EXPECT_TARGET(MLPG_NUMBER, -1, NULL, false, 2, "1", "1.0");
	EXPECT_TARGET(MLPG_NUMBER, -1, NULL, false, 2, "1", "2.0");
	EXPECT_TARGET(MLPG_NUMBER, -1, NULL, false, 2, "1", "two");
	EXPECT_TARGET(MLPG_NUMBER, -1, NULL, false, 2, "1", "inf");
	EXPECT_TARGET(MLPG_NUMBER, -1, NULL, false, 2, "nan", "1");
	EXPECT_TARGET(MLPG_NUMBER, -1, NULL, false, 2, "-0", "1");
	EXPECT_TARGET(MLPG_NUMBER, -1, NULL, false, 2, "", "1");
	for (int k = 0; k <= MLPG_CLASSES_MAX; k++)
	{
		snprintf(text[k], sizeof(text[k]), "%d", k + 1000);
		many[k] = text[k];
	}
	expect_target(__LINE__, MLPG_CATEGORY, -1, NULL, true, MLPG_CLASSES_MAX, many);
	expect_target(__LINE__, MLPG_CATEGORY, -1, NULL, false, MLPG_CLASSES_MAX + 1, many);
}

int
main(void)
{
	for (int k = 0; k < N_MODELS; k++)
		make_model(k);
	test_checksum();
	test_valid();
	test_header();
	test_padding();
	test_absent_parameter();
	test_terms();
	test_levels();
	test_targets();
	test_mutations();
	return harness_done();
}
