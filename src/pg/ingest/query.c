/*-------------------------------------------------------------------------
 *
 * query.c
 *	  The executor, ending in a DestReceiver of ours.
 *
 * A cursor would copy every tuple and fetch in batches (420 to 900 ns a row of
 * 28 columns); a receiver sees the executor's own slot (276 ns).  Workers would
 * not help: their rows must come back through the tuple queue one by one,
 * which costs the leader as much as reading them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/ingest/query.h"

#include "executor/spi.h"
#include "pg/ingest/source.h"
#include "tcop/dest.h"
#include "utils/guc.h"
#include "utils/plancache.h"

typedef struct SinkReceiver
{
	DestReceiver receiver;		/* first */
	const MlpgSink *sink;
	void	   *argument;
} SinkReceiver;

static bool
receive(TupleTableSlot *slot, DestReceiver *self)
{
	SinkReceiver *receiver = (SinkReceiver *) self;

	receiver->sink->row(slot, receiver->argument);
	return true;
}

static void
startup(DestReceiver *self, int operation, TupleDesc desc)
{
	SinkReceiver *receiver = (SinkReceiver *) self;

	receiver->sink->start(desc, receiver->argument);
}

static void
nothing(DestReceiver *self)
{
}

typedef struct Run
{
	const char *query;
	SinkReceiver receiver;
} Run;

static void
run(void *argument)
{
	Run		   *r = argument;
	SPIExecuteOptions options;

	memset(&options, 0, sizeof(options));
	options.read_only = true;
	options.dest = &r->receiver.receiver;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_extended(r->query, &options) < 0)
		elog(ERROR, "SPI_execute_extended failed");
	SPI_finish();
}

/* A setting for the time until the caller's AtEOXact_GUC. */
static void
set_locally(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

void
mlpg_query_run(const char *canonical, const MlpgSink *sink, void *argument)
{
	Run			r;
	int			nest = NewGUCNestLevel();

	memset(&r, 0, sizeof(r));
	r.query = mlpg_source_query(canonical);
	r.receiver.receiver.receiveSlot = receive;
	r.receiver.receiver.rStartup = startup;
	r.receiver.receiver.rShutdown = nothing;
	r.receiver.receiver.rDestroy = nothing;
	r.receiver.receiver.mydest = DestNone;
	r.receiver.sink = sink;
	r.receiver.argument = argument;
	set_locally("synchronize_seqscans", "off");
	set_locally("max_parallel_workers_per_gather", "0");
	mlpg_with_read_only(run, &r);
	AtEOXact_GUC(false, nest);
}

typedef struct Look
{
	const char *query;
	MemoryContext context;
	TupleDesc	columns;
} Look;

static void
look(void *argument)
{
	Look	   *l = argument;
	SPIPlanPtr	plan;
	MemoryContext old;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	plan = SPI_prepare(l->query, 0, NULL);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	old = MemoryContextSwitchTo(l->context);
	l->columns = CreateTupleDescCopy(((CachedPlanSource *) linitial(SPI_plan_get_plan_sources(plan)))->resultDesc);
	MemoryContextSwitchTo(old);
	SPI_finish();
}

TupleDesc
mlpg_query_columns(const char *canonical)
{
	Look		l = {mlpg_source_query(canonical), CurrentMemoryContext, NULL};

	mlpg_with_read_only(look, &l);
	return l.columns;
}

typedef struct Scalar
{
	const char *query;
	MemoryContext context;
	char	   *value;
} Scalar;

static void
run_scalar(void *argument)
{
	Scalar	   *s = argument;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(s->query, true, 1) < 0)
		elog(ERROR, "SPI_execute failed");
	if (SPI_processed > 0)
	{
		char	   *value = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);

		if (value != NULL)
			s->value = MemoryContextStrdup(s->context, value);
	}
	SPI_finish();
}

char *
mlpg_query_scalar(const char *query)
{
	Scalar		s = {query, CurrentMemoryContext, NULL};
	int			nest = NewGUCNestLevel();

	/* so that the text says exactly the value, in any session */
	set_locally("extra_float_digits", "1");
	set_locally("DateStyle", "ISO, YMD");
	mlpg_with_read_only(run_scalar, &s);
	AtEOXact_GUC(false, nest);
	return s.value;
}
