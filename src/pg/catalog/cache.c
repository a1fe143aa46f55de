/*-------------------------------------------------------------------------
 *
 * cache.c
 *	  Models decoded and ready to score, kept for the session.
 *
 * Problem.  Reading, checking and decoding a blob takes from 20 microseconds
 * to most of a second; a statement that scores one row must not pay it each
 * time.
 *
 * Method.  A version never changes once written, and its number is never used
 * again, so what (model_id, version) decodes to is right for ever.  One hash
 * table a session, least recently used first out, bounded by
 * mlpg.model_cache_size; each model is one memory context.  Call sites pin what
 * they use, so that a model dropped from the table (by the bound, or by the
 * same statement loading others) lives until its last user is gone.
 *
 * Two versions are not kept: those that the running transaction wrote, for
 * they vanish if it fails; and those larger than the bound.  They die with
 * their last pin.
 *
 * No right is checked here: callers have resolved a reference before, under
 * the snapshot of their statement (registry.c).
 *
 * Texts.  A model says in which encoding its names and categories are.  They
 * are converted to the database's when the model is decoded, and checked even
 * when they claim to be in it: bytes from outside would otherwise reach error
 * messages and results unverified.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/catalog/cache.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "mb/pg_wchar.h"
#include "pg/catalog/scan.h"
#include "pg/catalog/tables.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

/* --- decoding ---------------------------------------------------------- */

typedef struct Encoding
{
	MlpgHost   *host;
	int			from;			/* of the model */
	int			to;				/* of the database */
} Encoding;

static void
find_encoding(const MlpgModel *model, Encoding *encoding)
{
	const char *name = mlpg_fact_find(model->facts, "text_encoding");

	encoding->to = GetDatabaseEncoding();
	encoding->from = name ? pg_char_to_encoding(name) : encoding->to;
	if (encoding->from < 0 ||
		(encoding->from != encoding->to && encoding->from != PG_SQL_ASCII && encoding->to != PG_SQL_ASCII &&
		 !OidIsValid(FindDefaultConversionProc(encoding->from, encoding->to))))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("names of the model cannot be read in this database"),
				 errdetail("The model's encoding is %s, the database's %s; there is no conversion.",
						   encoding->from < 0 ? "unknown" : pg_encoding_to_char(encoding->from), GetDatabaseEncodingName())));
}

/* The text in the database's encoding: itself, or a copy in the host. */
static char *
convert(const Encoding *encoding, char *string, int32 *length)
{
	int32		n = length ? *length : (int32) strlen(string);
	unsigned char *converted;

	if (encoding->from == encoding->to)
	{
		if (!pg_verifymbstr(string, n, true))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("invalid model"),
					 errdetail("A text is not valid in encoding %s.", GetDatabaseEncodingName())));
		return string;
	}
	converted = pg_do_encoding_conversion((unsigned char *) string, n, encoding->from, encoding->to);
	if ((char *) converted == string)
		return string;
	n = (int32) strlen((char *) converted);
	string = mlpg_text_copy(encoding->host, (char *) converted, (size_t) n);
	pfree(converted);
	if (length)
		*length = n;
	return string;
}

/* A dictionary with the same codes whose texts are the database's. */
static MlpgDictionary *
convert_dictionary(const Encoding *encoding, MlpgDictionary *dictionary)
{
	MlpgDictionary *result = encoding->from == encoding->to ? NULL : mlpg_dictionary_create(encoding->host);

	for (int32 i = 0; i < dictionary->n; i++)
	{
		int32		length = dictionary->length[i];
		char	   *string = convert(encoding, dictionary->text[i], &length);

		if (result != NULL && mlpg_dictionary_add(encoding->host, result, string, length) != i)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("categories of the model cannot be told apart in this database"),
					 errdetail("Two categories are the same text after conversion from %s to %s.",
							   pg_encoding_to_char(encoding->from), GetDatabaseEncodingName())));
	}
	return result ? result : dictionary;
}

static void
convert_features(const Encoding *encoding, MlpgSchema *schema)
{
	for (int i = 0; i < schema->n_features; i++)
	{
		MlpgFeature *feature = &schema->feature[i];

		if (encoding->from != encoding->to && (feature->kind == MLPG_TEXT || feature->buckets > 0))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("feature \"%s\" of the model is hashed from bytes of another encoding", feature->name),
					 errdetail("The model was trained in %s, the database has %s.",
							   pg_encoding_to_char(encoding->from), GetDatabaseEncodingName())));
		feature->name = convert(encoding, feature->name, NULL);
		if (feature->kind == MLPG_CATEGORY)
			feature->dictionary = convert_dictionary(encoding, feature->dictionary);
	}
}

static void
convert_texts(MlpgHost *host, MlpgModel *model)
{
	Encoding	encoding = {.host = host};
	MlpgSchema *schema = model->schema;

	find_encoding(model, &encoding);
	schema->target = convert(&encoding, schema->target, NULL);
	convert_features(&encoding, schema);
	if (schema->preprocess != NULL)
		convert_features(&encoding, schema->preprocess->input);
	for (int i = 0; i < model->facts->n; i++)
	{
		model->facts->name[i] = convert(&encoding, model->facts->name[i], NULL);
		model->facts->text[i] = convert(&encoding, model->facts->text[i], NULL);
	}
	for (int i = 0; i < model->params->n; i++)
		if (model->params->value[i].text != NULL)
			model->params->value[i].text = convert(&encoding, model->params->value[i].text, NULL);
}

MlpgModel *
mlpg_model_decode(MemoryContext arena, const void *data, size_t length)
{
	MemoryContext old = MemoryContextSwitchTo(arena);
	MlpgHost   *host = mlpg_host_pg_create(arena, 1, (size_t) mlpg_max_memory_kb * 1024);
	MlpgModel  *model = mlpg_model_open(host, data, length);

	convert_texts(host, model);
	MemoryContextSwitchTo(old);
	return model;
}

void
mlpg_model_check(const void *data, size_t length)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "mlpg model check", ALLOCSET_DEFAULT_SIZES);

	(void) mlpg_model_decode(scratch, data, length);
	MemoryContextDelete(scratch);
}

/* --- the cache --------------------------------------------------------- */

typedef struct CacheEntry
{
	char		key[sizeof(((MlpgLoaded *) 0)->key)];
	MlpgLoaded *loaded;
} CacheEntry;

static MemoryContext cache_context = NULL;
static HTAB *cache = NULL;
static dlist_head recent = DLIST_STATIC_INIT(recent);
static size_t cache_bytes = 0;

StaticAssertDecl(sizeof(((MlpgLoaded *) 0)->key) == 16, "key has no padding");

static void
start_cache(void)
{
	HASHCTL		control = {0};

	if (cache != NULL)
		return;
	if (cache_context == NULL)
		cache_context = AllocSetContextCreate(TopMemoryContext, "mlpg model cache", ALLOCSET_SMALL_SIZES);
	control.keysize = sizeof(((CacheEntry *) 0)->key);
	control.entrysize = sizeof(CacheEntry);
	control.hcxt = cache_context;
	cache = hash_create("mlpg models", 32, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static void
forget(MlpgLoaded *loaded)
{
	hash_search(cache, &loaded->key, HASH_REMOVE, NULL);
	dlist_delete(&loaded->node);
	cache_bytes -= loaded->bytes;
	loaded->kept = false;
	if (loaded->pins == 0)
		MemoryContextDelete(loaded->context);
}

/* Drops what was unused for longest until the rest, and room more, fit. */
static void
make_room(size_t room)
{
	size_t		bound = (size_t) mlpg_model_cache_kb * 1024;

	while (!dlist_is_empty(&recent) && cache_bytes + room > bound)
		forget(dlist_container(MlpgLoaded, node, dlist_tail_node(&recent)));
}

static void
keep(MlpgLoaded *loaded)
{
	CacheEntry *entry;

	if (loaded->bytes > (size_t) mlpg_model_cache_kb * 1024)
		return;
	make_room(loaded->bytes);
	entry = hash_search(cache, &loaded->key, HASH_ENTER, NULL);
	entry->loaded = loaded;
	dlist_push_head(&recent, &loaded->node);
	cache_bytes += loaded->bytes;
	loaded->kept = true;
}

/* The blob's bytes in the current context, and whether the running transaction wrote them. */
static struct varlena *
read_blob(const MlpgModelRef *reference, bool *own)
{
	MlpgScan	scan;
	ScanKeyData keys[2];
	HeapTuple	tuple;
	struct varlena *blob = NULL;

	mlpg_key_int8(&keys[0], MLPG_BLOBS_MODEL_ID, reference->model_id);
	mlpg_key_int4(&keys[1], MLPG_BLOBS_VERSION, reference->version);
	mlpg_scan_begin(&scan, "model_blobs", "model_blobs_pkey", 2, keys);
	tuple = mlpg_scan_next(&scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		is_null;
		Datum		value = mlpg_scan_get(&scan, tuple, MLPG_BLOBS_BLOB, &is_null);

		*own = TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data));
		if (!is_null)
			blob = PG_DETOAST_DATUM_COPY(value);
	}
	mlpg_scan_end(&scan);
	if (blob == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("version %d of model \"%s\" is gone", reference->version, reference->name),
				 errhint("It was dropped while this statement ran; run it again.")));
	return blob;
}

static MlpgLoaded *
load(const MlpgModelRef *reference, Oid registry)
{
	/* ours until it is complete, so that an error releases it */
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlpg model", ALLOCSET_START_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	MlpgLoaded *loaded = palloc0(sizeof(MlpgLoaded));
	bool		own = false;
	struct varlena *blob = read_blob(reference, &own);

	loaded->key.model_id = reference->model_id;
	loaded->key.version = reference->version;
	loaded->key.registry = registry;
	loaded->context = context;
	loaded->model = mlpg_model_decode(context, VARDATA(blob), VARSIZE(blob) - VARHDRSZ);
	MemoryContextSetIdentifier(context, psprintf("%s@%d", reference->name, reference->version));
	MemoryContextSwitchTo(old);
	loaded->bytes = MemoryContextMemAllocated(context, true);
	start_cache();
	MemoryContextSetParent(context, cache_context);
	if (!own)
		keep(loaded);
	return loaded;
}

MlpgLoaded *
mlpg_cache_pin(const MlpgModelRef *reference)
{
	MlpgLoaded	wanted = {.key = {reference->model_id, reference->version, mlpg_registry_relation("model_blobs")}};
	CacheEntry *entry = cache ? hash_search(cache, &wanted.key, HASH_FIND, NULL) : NULL;
	MlpgLoaded *loaded;

	if (entry != NULL)
	{
		loaded = entry->loaded;
		dlist_move_head(&recent, &loaded->node);
	}
	else
		loaded = load(reference, wanted.key.registry);
	loaded->pins++;
	return loaded;
}

void
mlpg_cache_unpin(MlpgLoaded *loaded)
{
	if (--loaded->pins == 0 && !loaded->kept)
		MemoryContextDelete(loaded->context);
}
