/*-------------------------------------------------------------------------
 *
 * progress.c
 *	  One shared slot a running command, shown by view mlpg.progress.
 *
 * Other sessions must see how far a fit is, and the extension may not ask for
 * shared_preload_libraries.  So the slots are obtained when first needed: from
 * the slack that the server keeps in its main segment (ShmemInitStruct, 15 and
 * 16) or from the DSM registry (17 and newer).  If neither has room, commands
 * run without showing progress: it is never an error.
 *
 * A slot is claimed by compare-and-swap on its pid, so there is no lock.  Its
 * contents are written by its owner alone between two increments of a change
 * counter; a reader copies, and copies again when the counter moved (the
 * protocol of the server's own backend status).
 *
 * Slots are given back when the command ends, when its (sub)transaction
 * aborts, and with that also on FATAL.  We register no before_shmem_exit
 * callback on purpose: commands start inside PG_ENSURE_ERROR_CLEANUP, whose
 * callback must stay the latest.  What a vanished backend may have left is
 * skipped by readers and taken over by the next claim.
 *
 * A command may start another (train within retrain): starts are counted and
 * the outermost names the row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/mlpg_pg.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/procarray.h"
#include "storage/shmem.h"
#ifdef MLPG_HAVE_DSM_REGISTRY
#include "storage/dsm_registry.h"
#endif
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#define N_SLOTS 64				/* commands shown at once; 16 kB in all */
#define SEGMENT_NAME "mlpg progress 1"	/* the number changes with the layout */
#define MAX_DEPTH 16			/* nested starts whose subtransaction is remembered */
#define READ_ATTEMPTS 1000

typedef struct SlotContents
{
	Oid			database;
	Oid			role;
	TimestampTz started_at;
	int64		done;
	int64		total;			/* 0 = unknown */
	char		command[32];
	char		object[128];
	char		phase[48];
} SlotContents;

typedef struct ProgressSlot
{
	pg_atomic_uint32 pid;		/* 0 = free */
	pg_atomic_uint32 changes;	/* odd while the owner writes */
	SlotContents contents;
} ProgressSlot;

static ProgressSlot *slots = NULL;	/* shared, N_SLOTS of them */
static bool slots_unavailable = false;
static ProgressSlot *my_slot = NULL;
static const char *my_phase = NULL; /* the text last copied to the slot */

static int	depth = 0;			/* starts without their end */
static SubTransactionId started_in[MAX_DEPTH];

static void
initialize_slots(void *memory)
{
	ProgressSlot *slot = memory;

	memset(memory, 0, sizeof(ProgressSlot) * N_SLOTS);
	for (int i = 0; i < N_SLOTS; i++)
	{
		pg_atomic_init_u32(&slot[i].pid, 0);
		pg_atomic_init_u32(&slot[i].changes, 0);
	}
}

#ifdef MLPG_HAVE_DSM_REGISTRY

static void
obtain_slots(void)
{
	bool		found;

	slots = GetNamedDSMSegment(SEGMENT_NAME, sizeof(ProgressSlot) * N_SLOTS, initialize_slots, &found);
}

#else

static void
obtain_slots(void)
{
	bool		found;
	void	   *memory;

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	memory = ShmemInitStruct(SEGMENT_NAME, sizeof(ProgressSlot) * N_SLOTS, &found);
	if (!found)
		initialize_slots(memory);
	LWLockRelease(AddinShmemInitLock);
	slots = memory;
}

#endif

/*
 * Attaches to the slots, once.  Want of shared memory is no reason to fail a
 * fit, so that error (and only what these few calls can raise) is swallowed.
 * What the failed call held goes with it: resources are in an owner of their
 * own, and its lightweight locks are the only ones that a function holds.
 */
static bool
attach_slots(void)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner caller = CurrentResourceOwner;
	ResourceOwner own;

	if (slots != NULL || slots_unavailable)
		return slots != NULL;
	own = ResourceOwnerCreate(caller, "mlpg progress");
	CurrentResourceOwner = own;
	PG_TRY();
	{
		obtain_slots();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		FlushErrorState();
		LWLockReleaseAll();
		slots_unavailable = true;
	}
	PG_END_TRY();
	CurrentResourceOwner = caller;
	ResourceOwnerRelease(own, RESOURCE_RELEASE_BEFORE_LOCKS, false, false);
	ResourceOwnerRelease(own, RESOURCE_RELEASE_LOCKS, false, false);
	ResourceOwnerRelease(own, RESOURCE_RELEASE_AFTER_LOCKS, false, false);
	ResourceOwnerDelete(own);
	return slots != NULL;
}

static void
begin_write(void)
{
	pg_atomic_write_u32(&my_slot->changes, pg_atomic_read_u32(&my_slot->changes) + 1);
	pg_write_barrier();
}

static void
end_write(void)
{
	pg_write_barrier();
	pg_atomic_write_u32(&my_slot->changes, pg_atomic_read_u32(&my_slot->changes) + 1);
}

/* A text cut to its field at a character's boundary. */
static void
copy_text(char *field, size_t size, const char *source)
{
	int			length = source ? pg_mbcliplen(source, (int) strlen(source), (int) size - 1) : 0;

	if (length > 0)
		memcpy(field, source, (size_t) length);
	field[length] = '\0';
}

/* A free slot, or one whose backend is gone; NULL when all are in use. */
static ProgressSlot *
claim_slot(void)
{
	for (int i = 0; i < N_SLOTS; i++)
	{
		uint32		pid = pg_atomic_read_u32(&slots[i].pid);

		if ((pid == 0 || pid == (uint32) MyProcPid || BackendPidGetProc((int) pid) == NULL) &&
			pg_atomic_compare_exchange_u32(&slots[i].pid, &pid, (uint32) MyProcPid))
		{
			uint32		changes = pg_atomic_read_u32(&slots[i].changes);

			pg_atomic_write_u32(&slots[i].changes, changes + (changes & 1));
			return &slots[i];
		}
	}
	return NULL;
}

static void
give_back_slot(void)
{
	depth = 0;
	my_phase = NULL;
	if (my_slot != NULL)
	{
		pg_atomic_write_u32(&my_slot->pid, 0);
		my_slot = NULL;
	}
}

/* No start outlives its transaction, whichever way that ends. */
static void
at_xact_end(XactEvent event, void *argument)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		give_back_slot();
}

/* A rolled back subtransaction takes the starts it and its children made with it. */
static void
at_subxact_end(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *argument)
{
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	while (depth > 0 && depth <= MAX_DEPTH && started_in[depth - 1] >= id)
		depth--;
	if (depth == 0)
		give_back_slot();
}

void
mlpg_progress_start(const char *command, const char *object)
{
	static bool registered = false;

	if (!registered)
	{
		RegisterXactCallback(at_xact_end, NULL);
		RegisterSubXactCallback(at_subxact_end, NULL);
		registered = true;
	}
	if (depth < MAX_DEPTH)
		started_in[depth] = GetCurrentSubTransactionId();
	if (++depth > 1 || !attach_slots())
		return;
	my_slot = claim_slot();
	if (my_slot == NULL)
		return;

	begin_write();
	memset(&my_slot->contents, 0, sizeof(SlotContents));
	my_slot->contents.database = MyDatabaseId;
	my_slot->contents.role = GetUserId();
	my_slot->contents.started_at = GetCurrentTimestamp();
	copy_text(my_slot->contents.command, sizeof(my_slot->contents.command), command);
	copy_text(my_slot->contents.object, sizeof(my_slot->contents.object), object);
	end_write();
}

/* A few nanoseconds; phase is a static string, copied only when it is another one. */
void
mlpg_progress_update(const char *phase, int64 done, int64 total)
{
	if (my_slot == NULL)
		return;
	begin_write();
	if (phase != my_phase)
	{
		copy_text(my_slot->contents.phase, sizeof(my_slot->contents.phase), phase);
		my_phase = phase;
	}
	my_slot->contents.done = done;
	my_slot->contents.total = total;
	end_write();
}

void
mlpg_progress_end(void)
{
	if (depth > 0 && --depth == 0)
		give_back_slot();
}

/* A consistent copy of a slot; false when it is free or its owner is gone. */
static bool
read_slot(ProgressSlot *slot, int *pid, SlotContents *contents)
{
	for (int attempt = 0; attempt < READ_ATTEMPTS; attempt++)
	{
		uint32		before = pg_atomic_read_u32(&slot->changes);

		pg_read_barrier();
		*pid = (int) pg_atomic_read_u32(&slot->pid);
		memcpy(contents, &slot->contents, sizeof(SlotContents));
		pg_read_barrier();
		if (*pid == 0)
			return false;
		if ((before & 1) == 0 && before == pg_atomic_read_u32(&slot->changes))
			return BackendPidGetProc(*pid) != NULL;
		CHECK_FOR_INTERRUPTS();
	}
	return false;
}

MLPG_SQL_FUNCTION(mlpg_sql_progress_slots);

/* The running commands of this database that the caller may see. */
Datum
mlpg_sql_progress_slots(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	SlotContents row;
	int			pid;

	InitMaterializedSRF(fcinfo, 0);
	if (!attach_slots())
		return (Datum) 0;
	for (int i = 0; i < N_SLOTS; i++)
	{
		Datum		values[7];
		bool		nulls[7] = {false};

		if (!read_slot(&slots[i], &pid, &row) || row.database != MyDatabaseId)
			continue;
		if (!has_privs_of_role(GetUserId(), row.role) &&
			!has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS))
			continue;
		values[0] = Int32GetDatum(pid);
		values[1] = CStringGetTextDatum(row.phase);
		nulls[1] = row.phase[0] == '\0';
		values[2] = Int64GetDatum(row.done);
		values[3] = Int64GetDatum(row.total);
		nulls[3] = row.total <= 0;
		values[4] = TimestampTzGetDatum(row.started_at);
		values[5] = CStringGetTextDatum(row.command);
		values[6] = CStringGetTextDatum(row.object);
		nulls[6] = row.object[0] == '\0';
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
