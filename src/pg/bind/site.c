/*-------------------------------------------------------------------------
 *
 * site.c
 *	  A call site: one predict in one plan, and the models it scores with.
 *
 * Problem.  A call is made for every row, and resolving a reference (two index
 * probes), decoding a model and binding columns cost thousands of times what
 * scoring costs.  A call site mostly sees one model; with a model a group
 * (JOIN store_models) it sees thousands.  And a call site can outlive a
 * statement: PL/pgSQL keeps them for the transaction.
 *
 * Method.  A site keeps scorers in a hash table, least recently used first
 * out, bounded by mlpg.model_cache_size; the one used last is looked at first.
 *
 * By name: the key is the reference.  What it means depends on the snapshot,
 * the user and the rights; a scorer remembers them and resolves again when
 * one differs.  Two snapshots with the same number of transactions completed
 * before them, bounds and command see the same rows; so a statement resolves
 * once, and a long-lived site never serves an old champion.  When there is no
 * active snapshot each call resolves.
 *
 * By value: models carry no identity.  A toasted value is known by its TOAST
 * pointer, which names a row that this statement's snapshot keeps; a value in
 * line by its bytes (by length, checksum and both ends beyond 64 kB), compared
 * in full, never by its address.
 *
 * Memory: each scorer is one context below the site's, which is a child of
 * fn_mcxt and goes with the plan; pins on the session's cache are given back by
 * a reset callback.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/bind/site.h"

#include "access/detoast.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

enum
{
	KEY_REFERENCE,
	KEY_TOAST_POINTER,
	KEY_BYTES,
	KEY_ENDS					/* length, checksum and both ends */
};

#define WHOLE_MAX (64 * 1024)	/* bytes compared in full */
#define SCORERS_MIN 8			/* kept whatever their size */

typedef struct TableEntry
{
	uint64		hash;
	MlpgScorer *scorer;
} TableEntry;

/* --- the table --------------------------------------------------------- */

static void
release_pins(void *argument)
{
	MlpgSite   *site = argument;
	dlist_iter	iterator;

	dlist_foreach(iterator, &site->recent)
	{
		MlpgScorer *scorer = dlist_container(MlpgScorer, node, iterator.cur);

		if (scorer->loaded != NULL)
			mlpg_cache_unpin(scorer->loaded);
		scorer->loaded = NULL;
	}
}

MlpgSite *
mlpg_site_create(MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "mlpg call site", ALLOCSET_START_SMALL_SIZES);
	MlpgSite   *site = MemoryContextAllocZero(context, sizeof(MlpgSite));
	MemoryContextCallback *callback = MemoryContextAllocZero(context, sizeof(MemoryContextCallback));

	site->context = context;
	site->host = mlpg_host_pg_create(context, 1, 0);
	dlist_init(&site->recent);
	callback->func = release_pins;
	callback->arg = site;
	MemoryContextRegisterResetCallback(context, callback);
	return site;
}

/* The scorer of a key's hash, or NULL.  There is no table as long as there is one scorer at most. */
static MlpgScorer *
look_up(MlpgSite *site, uint64 hash)
{
	TableEntry *entry;

	if (site->table == NULL)
		return site->n_scorers == 0 ? NULL : dlist_head_element(MlpgScorer, node, &site->recent);
	entry = hash_search(site->table, &hash, HASH_FIND, NULL);
	return entry ? entry->scorer : NULL;
}

static void
enter(MlpgSite *site, MlpgScorer *scorer)
{
	TableEntry *entry = hash_search(site->table, &scorer->hash, HASH_ENTER, NULL);

	entry->scorer = scorer;
}

static void
create_table(MlpgSite *site)
{
	HASHCTL		control = {0};

	control.keysize = sizeof(uint64);
	control.entrysize = sizeof(TableEntry);
	control.hcxt = site->context;
	site->table = hash_create("mlpg scorers", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	enter(site, dlist_head_element(MlpgScorer, node, &site->recent));
}

static void
drop_scorer(MlpgSite *site, MlpgScorer *scorer)
{
	if (site->table != NULL)
		hash_search(site->table, &scorer->hash, HASH_REMOVE, NULL);
	if (site->last == scorer)
		site->last = NULL;
	dlist_delete(&scorer->node);
	site->bytes -= scorer->bytes;
	site->n_scorers--;
	if (scorer->loaded != NULL)
		mlpg_cache_unpin(scorer->loaded);
	MemoryContextDelete(scorer->context);
}

/* A scorer without a model yet, in no list. */
static MlpgScorer *
create_scorer(MlpgSite *site, int kind, const void *key, size_t key_length, uint64 hash)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "mlpg scorer", ALLOCSET_SMALL_SIZES);
	MlpgScorer *scorer = MemoryContextAllocZero(context, sizeof(MlpgScorer));

	scorer->context = context;
	scorer->hash = hash;
	scorer->key_kind = kind;
	scorer->key_length = key_length;
	scorer->key = MemoryContextAllocHuge(context, Max(key_length, 1));
	memcpy(scorer->key, key, key_length);
	return scorer;
}

/* Takes a scorer that is complete into the table, in the place of others if need be. */
static void
add_scorer(MlpgSite *site, MlpgScorer *scorer)
{
	MlpgScorer *same_hash = look_up(site, scorer->hash);

	if (same_hash != NULL && same_hash->hash == scorer->hash)
		drop_scorer(site, same_hash);
	scorer->bytes = MemoryContextMemAllocated(scorer->context, true);
	while (site->n_scorers >= SCORERS_MIN &&
		   site->bytes + scorer->bytes > (size_t) mlpg_model_cache_kb * 1024)
		drop_scorer(site, dlist_container(MlpgScorer, node, dlist_tail_node(&site->recent)));
	if (site->table == NULL && site->n_scorers == 1)
		create_table(site);
	if (site->table != NULL)
		enter(site, scorer);
	MemoryContextSetParent(scorer->context, site->context);
	dlist_push_head(&site->recent, &scorer->node);
	site->bytes += scorer->bytes;
	site->n_scorers++;
	site->last = scorer;
}

static MlpgScorer *
find_scorer(MlpgSite *site, int kind, const void *key, size_t key_length, uint64 hash)
{
	MlpgScorer *scorer = look_up(site, hash);

	if (scorer == NULL || scorer->key_kind != kind || scorer->key_length != key_length ||
		memcmp(scorer->key, key, key_length) != 0)
		return NULL;
	dlist_move_head(&site->recent, &scorer->node);
	site->last = scorer;
	return scorer;
}

/* The model changed (or came): what was bound to the one before is void. */
static void
set_model(MlpgScorer *scorer, const MlpgModel *model, const char *label)
{
	mlpg_record_forget(&scorer->record);
	scorer->arguments = NULL;
	scorer->interval = NULL;
	scorer->model = model;
	scorer->label = label;
	scorer->row = MemoryContextAlloc(scorer->context, (mlpg_schema_columns(model->schema) + 1) * sizeof(double));
	scorer->outputs = MemoryContextAlloc(scorer->context, Max(model->n_outputs, 1) * sizeof(double));
}

/* --- by name ----------------------------------------------------------- */

/* Whether the scorer was resolved under what holds now. */
static inline bool
is_current(const MlpgScorer *scorer)
{
	Snapshot	snapshot;

	if (!scorer->seen.valid || !ActiveSnapshotSet())
		return false;
	snapshot = GetActiveSnapshot();
	return scorer->seen.generation == mlpg_registry_generation() &&
		scorer->seen.completed == snapshot->snapXactCompletionCount &&
		scorer->seen.xmin == snapshot->xmin &&
		scorer->seen.xmax == snapshot->xmax &&
		scorer->seen.xcnt == snapshot->xcnt &&
		scorer->seen.command == snapshot->curcid &&
		scorer->seen.user == GetUserId();
}

static void
resolve(MlpgScorer *scorer, const char *reference, MlpgPrivilege privilege)
{
	uint64		generation = mlpg_registry_generation();	/* before the look: a change during it shows */
	MlpgModelRef found;
	MlpgLoaded *loaded;

	scorer->seen.valid = false;
	mlpg_registry_resolve(reference, privilege, &found);
	loaded = mlpg_cache_pin(&found);
	if (loaded == scorer->loaded)
		mlpg_cache_unpin(loaded);
	else
	{
		if (scorer->loaded != NULL)
			mlpg_cache_unpin(scorer->loaded);
		scorer->loaded = loaded;
		set_model(scorer, loaded->model,
				  MemoryContextStrdup(scorer->context, psprintf("model \"%s\"", found.name)));
	}
	if (ActiveSnapshotSet())
	{
		Snapshot	snapshot = GetActiveSnapshot();

		scorer->seen.generation = generation;
		scorer->seen.completed = snapshot->snapXactCompletionCount;
		scorer->seen.xmin = snapshot->xmin;
		scorer->seen.xmax = snapshot->xmax;
		scorer->seen.xcnt = snapshot->xcnt;
		scorer->seen.command = snapshot->curcid;
		scorer->seen.user = GetUserId();
		scorer->seen.valid = true;
	}
}

MlpgScorer *
mlpg_site_by_name(MlpgSite *site, const text *reference)
{
	const char *name = VARDATA_ANY(reference);
	size_t		length = VARSIZE_ANY_EXHDR(reference);
	MlpgScorer *scorer = site->last;
	uint64		hash;

	if (scorer == NULL || scorer->key_length != length || memcmp(scorer->key, name, length) != 0)
	{
		hash = hash_bytes_extended((const unsigned char *) name, (int) length, 0);
		scorer = find_scorer(site, KEY_REFERENCE, name, length, hash);
		if (scorer == NULL)
		{
			scorer = create_scorer(site, KEY_REFERENCE, name, length, hash);
			add_scorer(site, scorer);
		}
	}
	if (unlikely(!is_current(scorer)))
		resolve(scorer, pnstrdup(name, length), site->privilege);
	return scorer;
}

/* --- by value ---------------------------------------------------------- */

/* What tells a value in line from others: all of it, or length, header and ends. */
typedef struct ValueKey
{
	int			kind;
	const void *key;
	size_t		length;
	uint64		hash;
} ValueKey;

static void
bytes_key(const struct varlena *value, ValueKey *key)
{
	const char *data = VARDATA_ANY(value);
	size_t		length = VARSIZE_ANY_EXHDR(value);
	uint32		checksum = 0;

	if (length >= MLPG_HEADER_SIZE)
		memcpy(&checksum, data + 24, sizeof(checksum));
	key->hash = ((uint64) length << 32) ^ checksum;
	key->kind = KEY_BYTES;
	key->key = data;
	key->length = length;
	if (length > WHOLE_MAX)
	{
		char	   *ends = palloc(sizeof(length) + WHOLE_MAX);

		memcpy(ends, &length, sizeof(length));
		memcpy(ends + sizeof(length), data, WHOLE_MAX / 2);
		memcpy(ends + sizeof(length) + WHOLE_MAX / 2, data + length - WHOLE_MAX / 2, WHOLE_MAX / 2);
		key->kind = KEY_ENDS;
		key->key = ends;
		key->length = sizeof(length) + WHOLE_MAX;
	}
}

static bool
is_toast_pointer(const struct varlena *value)
{
	return VARATT_IS_EXTERNAL_ONDISK(value);
}

static MlpgScorer *
open_value(MlpgSite *site, const struct varlena *given, const ValueKey *key)
{
	MlpgScorer *scorer = create_scorer(site, key->kind, key->key, key->length, key->hash);
	MemoryContext old = MemoryContextSwitchTo(scorer->context);
	struct varlena *copy = PG_DETOAST_DATUM_COPY(PointerGetDatum(given));

	set_model(scorer, mlpg_model_decode(scorer->context, VARDATA(copy), VARSIZE(copy) - VARHDRSZ), "the model");
	MemoryContextSwitchTo(old);
	add_scorer(site, scorer);
	return scorer;
}

MlpgScorer *
mlpg_site_by_value(MlpgSite *site, Datum value)
{
	struct varlena *given = (struct varlena *) DatumGetPointer(value);
	MlpgScorer *scorer = site->last;
	ValueKey	key;

	if (is_toast_pointer(given))
	{
		key.kind = KEY_TOAST_POINTER;
		key.key = given;
		key.length = TOAST_POINTER_SIZE;
		if (scorer != NULL && scorer->key_kind == key.kind && memcmp(scorer->key, given, key.length) == 0)
			return scorer;
		key.hash = hash_bytes_extended((const unsigned char *) given, (int) key.length, 0);
	}
	else
	{
		struct varlena *flat = PG_DETOAST_DATUM_PACKED(value);

		bytes_key(flat, &key);
		if (scorer != NULL && scorer->key_kind == key.kind && scorer->key_length == key.length &&
			memcmp(scorer->key, key.key, key.length) == 0)
		{
			if (key.kind == KEY_ENDS)
				pfree(unconstify(void *, key.key));
			return scorer;
		}
		given = flat;
	}
	scorer = find_scorer(site, key.kind, key.key, key.length, key.hash);
	return scorer ? scorer : open_value(site, given, &key);
}
