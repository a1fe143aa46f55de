/*-------------------------------------------------------------------------
 *
 * fit_state.c
 *	  What both forms of the aggregate mlpg.fit do with their state.
 *
 * WARNINGs of a fit are raised once a call site: a hundred thousand groups with
 * the same collinear column say so once.  The facts are in each model.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pg/api/fit_state.h"

#include "utils/memutils.h"

MlpgFitState *
mlpg_fit_state_create(MlpgHost *host, const MlpgPlan *plan)
{
	MlpgFitState *state = mlpg_allocate(host, 1, sizeof(MlpgFitState));

	mlpg_fit_init(host, &state->fit, plan);
	return state;
}

static void
write_leak(const MlpgLeak *leak, MlpgWriter *w)
{
	mlpg_write_u8(w, leak->off);
	mlpg_write_u64(w, leak->n_rows);
	mlpg_write_u32(w, leak->n_values);
	mlpg_write_f64(w, leak->value[0]);
	mlpg_write_f64(w, leak->value[1]);
	mlpg_write_u32(w, leak->n);
	for (int i = 0; i < leak->n; i++)
		mlpg_write_u32(w, leak->feature[i]);
}

static void
read_leak(MlpgReader *r, const MlpgPlan *plan, MlpgLeak *leak)
{
	leak->off = mlpg_read_u8(r) != 0;
	leak->n_rows = (int64) mlpg_read_u64(r);
	leak->n_values = (int) mlpg_read_u32(r);
	leak->value[0] = mlpg_read_f64(r);
	leak->value[1] = mlpg_read_f64(r);
	leak->n = (int) mlpg_read_count(r, 4);
	if (leak->n_values < 0 || leak->n_values > 3 || leak->n > plan->n_features || leak->n_rows < 0)
		mlpg_reader_corrupt(r, "counts out of range");
	leak->feature = mlpg_allocate(r->host, leak->n + 1, sizeof(int));
	for (int i = 0; i < leak->n; i++)
	{
		uint32		feature = mlpg_read_u32(r);

		if (feature >= (uint32) plan->n_features)
			mlpg_reader_corrupt(r, "a feature is out of range");
		leak->feature[i] = (int) feature;
	}
}

static void
write_state(MlpgHost *host, MlpgFitState *state, MlpgWriter *w)
{
	mlpg_plan_write(state->fit.plan, w);
	write_leak(&state->leak, w);
	mlpg_fit_write(host, &state->fit, w);
}

MlpgFitState *
mlpg_fit_state_read(MlpgHost *host, const void *data, size_t length)
{
	MlpgFitState *state = mlpg_allocate(host, 1, sizeof(MlpgFitState));
	MlpgReader	r;
	MlpgPlan   *plan;

	mlpg_reader_init(&r, host, data, length, "state of mlpg.fit");
	plan = mlpg_plan_read(&r);
	read_leak(&r, plan, &state->leak);
	mlpg_fit_read(host, &state->fit, plan, &r);
	mlpg_read_end(&r);
	return state;
}

bytea *
mlpg_fit_state_bytes(MlpgHost *host, MlpgFitState *state)
{
	MlpgWriter *w = mlpg_writer_create(host, 0);
	bytea	   *bytes;

	write_state(host, state, w);
	if (w->length > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("state of mlpg.fit is too large to be passed between parallel workers"),
				 errdetail("It has %zu MB; at most 1 GB can be passed.", w->length >> 20),
				 errhint("Use mlpg.train, or SET max_parallel_workers_per_gather = 0.")));
	bytes = palloc(w->length + VARHDRSZ);
	SET_VARSIZE(bytes, w->length + VARHDRSZ);
	memcpy(VARDATA(bytes), w->data, w->length);
	mlpg_release(host, w->data);
	mlpg_release(host, w);
	return bytes;
}

/* A deep copy: by way of its bytes. */
MlpgFitState *
mlpg_fit_state_copy(MlpgHost *host, MlpgFitState *other)
{
	MlpgWriter *w = mlpg_writer_create(host, 0);
	MlpgFitState *copy;

	write_state(host, other, w);
	copy = mlpg_fit_state_read(host, w->data, w->length);
	mlpg_release(host, w->data);
	mlpg_release(host, w);
	return copy;
}

void
mlpg_raise_different_fits(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("states of different fits cannot be combined"),
			 errdetail("Algorithm, params and columns must be the same in all rows of a group.")));
	pg_unreachable();
}

void
mlpg_fit_state_combine(MlpgHost *host, MlpgFitState *state, MlpgFitState *other)
{
	if (!mlpg_plan_equal(state->fit.plan, other->fit.plan))
		mlpg_raise_different_fits();
	mlpg_fit_combine(host, &state->fit, &other->fit);
	mlpg_leak_combine(host, &state->leak, &other->leak);
}

struct varlena *
mlpg_model_datum(const MlpgWriter *writer)
{
	struct varlena *model = palloc(writer->length + VARHDRSZ);

	SET_VARSIZE(model, writer->length + VARHDRSZ);
	memcpy(VARDATA(model), writer->data, writer->length);
	return model;
}

static void
raise_warnings(const MlpgFacts *facts)
{
	for (int i = 0; i < facts->n; i++)
		if (strcmp(facts->name[i], "warning") == 0)
			ereport(WARNING, (errmsg("%s", facts->text[i])));
}

/* What a final function keeps between groups. */
typedef struct FinalSite
{
	MlpgHost   *host;			/* for the state's own memory */
	MlpgHost   *scratch;
	MemoryContext scratch_context;
	bool		warned;
} FinalSite;

static FinalSite *
final_site(FunctionCallInfo fcinfo)
{
	FinalSite  *site = fcinfo->flinfo->fn_extra;

	if (site == NULL)
	{
		MemoryContext context = fcinfo->flinfo->fn_mcxt;

		site = MemoryContextAllocZero(context, sizeof(FinalSite));
		site->scratch_context = AllocSetContextCreate(context, "mlpg fit scratch", ALLOCSET_DEFAULT_SIZES);
		site->host = mlpg_host_pg_create(context, 1, 0);
		site->scratch = mlpg_host_pg_create(context, 1, 0);
		mlpg_host_pg_set_arena(site->scratch, site->scratch_context);
		fcinfo->flinfo->fn_extra = site;
	}
	return site;
}

struct varlena *
mlpg_fit_state_finish(FunctionCallInfo fcinfo, MemoryContext arena, MlpgFitState *state)
{
	FinalSite  *site = final_site(fcinfo);
	MlpgFacts  *facts;
	struct varlena *model;

	mlpg_host_pg_set_arena(site->host, arena);
	site->scratch->budget = (size_t) mlpg_max_memory_kb * 1024;
	facts = mlpg_facts_create(site->scratch);
	mlpg_leak_check(&state->leak, state->fit.plan);
	model = mlpg_model_datum(mlpg_fit_finish(site->host, site->scratch, &state->fit, facts));
	if (!site->warned && mlpg_fact_find(facts, "warning") != NULL)
	{
		raise_warnings(facts);
		site->warned = true;
	}
	MemoryContextReset(site->scratch_context);
	site->scratch->in_use = 0;
	return model;
}
