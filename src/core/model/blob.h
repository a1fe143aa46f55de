/*-------------------------------------------------------------------------
 *
 * blob.h
 *	  Bytes of a model: a bounds-checked reader, a writer, and the container.
 *
 * The format is specified in doc/model-format.md.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MLPG_BLOB_H
#define MLPG_BLOB_H

#include "core/matrix/schema.h"
#include "core/model/facts.h"
#include "core/model/params.h"

#define MLPG_MAGIC UINT32_C(0x47504C4D)	/* "MLPG" */
#define MLPG_CONTAINER_VERSION 2	/* of models with a section that not every model has; of others 1 */
#define MLPG_HEADER_SIZE 36
#define MLPG_MODEL_MAX ((size_t) 256 << 20) /* bytes; hex text of more does not fit into a dump */

typedef enum MlpgSection
{
	MLPG_SECTION_SCHEMA = 1,
	MLPG_SECTION_PARAMETERS = 2,
	MLPG_SECTION_FACTS = 3,
	MLPG_SECTION_PREPROCESS = 4,	/* not in every model */
	MLPG_SECTION_CALIBRATION = 5,	/* not in every model */
	MLPG_SECTION_PAYLOAD = 9,
	MLPG_SECTIONS_END
} MlpgSection;

/* A cursor over bytes that are not trusted; every call checks, and raises MLPG_DATA_CORRUPTED. */
typedef struct MlpgReader
{
	MlpgHost   *host;
	const uint8_t *base;		/* for offsets in messages and alignment */
	const uint8_t *at;
	const uint8_t *end;
	const char *what;			/* "model", "state": for messages */
} MlpgReader;

typedef struct MlpgWriter
{
	MlpgHost   *host;
	uint8_t    *data;
	size_t		length;
	size_t		capacity;
	size_t		bias;			/* offset + bias is what is aligned: 4 in a model */
} MlpgWriter;

extern void mlpg_reader_init(MlpgReader *reader, MlpgHost *host, const void *data, size_t length, const char *what);
MLPG_NORETURN extern void mlpg_reader_corrupt(MlpgReader *reader, const char *expected);
extern uint8_t mlpg_read_u8(MlpgReader *reader);
extern uint16_t mlpg_read_u16(MlpgReader *reader);
extern uint32_t mlpg_read_u32(MlpgReader *reader);
extern uint64_t mlpg_read_u64(MlpgReader *reader);
extern double mlpg_read_f64(MlpgReader *reader);
extern const uint8_t *mlpg_read_bytes(MlpgReader *reader, size_t length);

/* A count of things that take at least size bytes each of what remains. */
extern uint32_t mlpg_read_count(MlpgReader *reader, size_t size);

/* A zero-terminated copy; length may be NULL. */
extern char *mlpg_read_text(MlpgReader *reader, int32_t *length);

/* Copies n doubles. */
extern double *mlpg_read_doubles(MlpgReader *reader, size_t n);
extern void mlpg_read_end(MlpgReader *reader);	/* nothing may remain */

extern MlpgWriter *mlpg_writer_create(MlpgHost *host, size_t bias);
extern void *mlpg_write_space(MlpgWriter *writer, size_t length);	/* zero-filled */
extern void mlpg_write_u8(MlpgWriter *writer, uint8_t value);
extern void mlpg_write_u16(MlpgWriter *writer, uint16_t value);
extern void mlpg_write_u32(MlpgWriter *writer, uint32_t value);
extern void mlpg_write_u64(MlpgWriter *writer, uint64_t value);
extern void mlpg_write_f64(MlpgWriter *writer, double value);
extern void mlpg_write_bytes(MlpgWriter *writer, const void *data, size_t length);
extern void mlpg_write_text(MlpgWriter *writer, const char *text);
extern void mlpg_write_text_n(MlpgWriter *writer, const char *text, size_t length);
extern void mlpg_write_doubles(MlpgWriter *writer, const double *values, size_t n);
extern void mlpg_write_align(MlpgWriter *writer);

extern uint32_t mlpg_crc32c(uint32_t crc, const void *data, size_t length);

/* What the container holds, sections still as bytes. */
typedef struct MlpgContainer
{
	uint16_t	learner_id;
	uint16_t	payload_version;
	const uint8_t *section[MLPG_SECTIONS_END];	/* by MlpgSection; NULL: not there */
	size_t		length[MLPG_SECTIONS_END];
} MlpgContainer;

/* Checks magic, versions, lengths, directory, padding and checksum. */
extern void mlpg_container_read(MlpgHost *host, const void *data, size_t length, MlpgContainer *container);

/* Writes a whole model; the result is writer->data, writer->length bytes from the magic on. */
extern MlpgWriter *mlpg_container_write(MlpgHost *host, uint16_t learner_id, uint16_t payload_version,
										const MlpgSchema *schema, const MlpgParams *params,
										const MlpgFacts *facts, const MlpgWriter *payload);

/* A whole model again, with these facts and a calibration. */
extern MlpgWriter *mlpg_container_calibrate(MlpgHost *host, const MlpgContainer *model, const MlpgFacts *facts,
											const MlpgWriter *calibration);

/*
 * The section of the schema is that of the rows as they come; with preprocessing what learners see is
 * in a section of its own, which mlpg_container_schema reads as well.
 */
extern MlpgSchema *mlpg_schema_read(MlpgReader *reader);
extern MlpgSchema *mlpg_container_schema(MlpgHost *host, const MlpgContainer *container);
extern void mlpg_feature_read_statistics(MlpgReader *reader, MlpgFeature *feature);
extern void mlpg_feature_write_statistics(MlpgWriter *writer, const MlpgFeature *feature);
extern void mlpg_schema_write(MlpgWriter *writer, const MlpgSchema *schema);
extern void mlpg_params_read(MlpgReader *reader, MlpgParams *params);
extern void mlpg_params_write(MlpgWriter *writer, const MlpgParams *params);
extern MlpgFacts *mlpg_facts_read(MlpgReader *reader);
extern void mlpg_facts_write(MlpgWriter *writer, const MlpgFacts *facts);

#endif							/* MLPG_BLOB_H */
