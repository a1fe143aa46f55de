/*-------------------------------------------------------------------------
 *
 * fit.c
 *	  Gathers rows into blocks and hands full blocks to the learner.
 *
 * Blocks have a fixed number of rows that depends on the number of columns
 * alone.  Each block is summarised on its own and the summaries are absorbed
 * in block order, so the sums, and the model's bytes, are the same for any
 * number of threads: with one thread the leader does both; with more, a ring of
 * blocks is summarised by pool threads while the leader goes on reading, and
 * the leader absorbs each slot before it fills it again.
 *
 * Combining two states replays the buffered rows of the second and combines
 * what it had absorbed; category codes of the second are mapped to those of
 * the first by their texts.
 *
 * Preprocessing stands between two of these: the rows as they come are gathered
 * in a matrix, whatever the learner; when they are complete the steps are fitted on
 * them, and each row, as the steps leave it, goes into a second fit with a plan of
 * the learner's own, while the first matrix is given back.
 *
 * A single-pass learner's rows are kept as well where some of them are for a
 * calibration (calibration.c), for which ones is known when all have been seen.
 *
 * Memory: single-pass learners hold the ring (at most 8 blocks a thread or 16 MB) and their
 * state; matrix learners hold all rows.
 *
 *-------------------------------------------------------------------------
 */
#include "core/learners/fit.h"

#include "core/learners/calibration.h"
#include "core/learners/classes.h"

#define FIRST_ROWS 4			/* rows of buffer of a new group */
#define SLOTS_PER_THREAD 8		/* at most, and at least 2 */
#define RING_BYTES ((size_t) 16 << 20)	/* that a ring of more than 2 slots a thread may take */
#define STATE_MAGIC UINT32_C(0x54464C4D)	/* "MLFT" */

typedef struct Slot
{
	const MlpgPlan *plan;
	MlpgBlock	block;
	void	   *partial;
	int64_t		ticket;
	bool		busy;			/* full, not yet absorbed */
} Slot;

struct MlpgRing
{
	int			n_slots;
	int			current;		/* the slot whose block is being filled */
	int			n_waiting;		/* full blocks before it that the pool was not given yet */
	Slot	   *slot;
};

void
mlpg_fit_init(MlpgHost *host, MlpgFit *fit, const MlpgPlan *plan)
{
	memset(fit, 0, sizeof(*fit));
	fit->plan = plan;
	fit->block.n_columns = mlpg_plan_columns(plan);
	fit->block.stride = (fit->block.n_columns + 3) / 4 * 4;
	for (int i = 0; i < plan->n_features; i++)
	{
		if (!mlpg_plan_codes(plan, i))
			continue;
		if (fit->dictionary == NULL)
			fit->dictionary = mlpg_allocate(host, (size_t) plan->n_features, sizeof(MlpgDictionary *));
		fit->dictionary[i] = mlpg_dictionary_create(host);
	}
	if (plan->task == MLPG_TASK_CLASSIFICATION)
		fit->classes = mlpg_dictionary_create(host);
}

int32_t
mlpg_fit_code(MlpgHost *host, MlpgFit *fit, int feature, const char *text, int32_t length)
{
	char		label[MLPG_BUCKET_LABEL];

	if (fit->plan->buckets != NULL && fit->plan->buckets[feature] > 0)
	{
		length = mlpg_bucket_label(text, length, fit->plan->buckets[feature], label);
		text = label;
	}
	return mlpg_dictionary_add(host, fit->dictionary[feature], text, length);
}

double
mlpg_fit_target(MlpgHost *host, MlpgFit *fit, double value, const char *text, int32_t length)
{
	return fit->classes == NULL ? value : mlpg_classes_code(host, fit->classes, fit->plan, value, text, length);
}

static void
grow_block(MlpgHost *host, MlpgBlock *block)
{
	int			full = mlpg_block_rows(block->n_columns);
	int			capacity = block->capacity == 0 ? FIRST_ROWS : block->capacity * 2;

	if (capacity > full)
		capacity = full;
	block->values = mlpg_resize(host, block->values, (size_t) block->capacity * (size_t) block->stride,
								(size_t) capacity * (size_t) block->stride, sizeof(double));
	block->capacity = capacity;
}

double *
mlpg_fit_next_row(MlpgHost *host, MlpgFit *fit)
{
	if (fit->block.n_rows == fit->block.capacity)
		grow_block(host, &fit->block);
	return mlpg_block_row(&fit->block, fit->block.n_rows);
}

/* ---------- single pass ---------- */

static void
ensure_state(MlpgHost *host, MlpgFit *fit)
{
	if (fit->state == NULL)
		fit->state = fit->plan->learner->begin(host, fit->plan);
}

static void
absorb_now(MlpgHost *host, MlpgFit *fit, const MlpgBlock *block)
{
	const MlpgLearner *learner = fit->plan->learner;

	ensure_state(host, fit);
	if (fit->partial == NULL)
		fit->partial = mlpg_allocate(host, learner->partial_size(fit->plan, block->capacity), 1);
	learner->summarise(fit->plan, block, fit->partial);
	learner->absorb(host, fit->plan, fit->state, block, fit->partial);
}

static void
summarise_task(MlpgTask *task, int index, void *argument)
{
	Slot	   *slot = argument;

	slot->plan->learner->summarise(slot->plan, &slot->block, slot->partial);
}

/* Many slots, so that the pool is seldom woken; not too many, as fresh memory costs more than that; few where blocks are large. */
static int
ring_slots(const MlpgHost *host, size_t slot_bytes)
{
	size_t		fit = RING_BYTES / slot_bytes;
	size_t		most = (size_t) host->n_threads * SLOTS_PER_THREAD,
				least = (size_t) host->n_threads * 2;

	return (int) (fit > most ? most : fit < least ? least : fit);
}

static void
create_ring(MlpgHost *host, MlpgFit *fit)
{
	MlpgRing   *ring = mlpg_allocate(host, 1, sizeof(MlpgRing));
	int			rows = mlpg_block_rows(fit->block.n_columns);

	ring->n_slots = ring_slots(host, fit->plan->learner->partial_size(fit->plan, rows) +
							   (size_t) rows * (size_t) fit->block.stride * sizeof(double));
	ring->slot = mlpg_allocate(host, (size_t) ring->n_slots, sizeof(Slot));
	for (int i = 0; i < ring->n_slots; i++)
	{
		Slot	   *slot = &ring->slot[i];

		slot->plan = fit->plan;
		slot->block = fit->block;
		slot->block.values = i == 0 ? fit->block.values
			: mlpg_allocate(host, (size_t) rows * (size_t) fit->block.stride, sizeof(double));
		slot->partial = mlpg_allocate(host, fit->plan->learner->partial_size(fit->plan, rows), 1);
	}
	fit->ring = ring;
	ensure_state(host, fit);
}

static void
absorb_slot(MlpgHost *host, MlpgFit *fit, Slot *slot)
{
	if (!slot->busy)
		return;
	host->wait(host, slot->ticket);
	fit->plan->learner->absorb(host, fit->plan, fit->state, &slot->block, slot->partial);
	slot->busy = false;
}

static void
submit_waiting(MlpgHost *host, MlpgRing *ring)
{
	for (; ring->n_waiting > 0; ring->n_waiting--)
	{
		Slot	   *slot = &ring->slot[(ring->current + ring->n_slots - ring->n_waiting) % ring->n_slots];

		slot->ticket = host->submit(host, summarise_task, 0, slot);
	}
}

/*
 * Puts the full block by for the pool and takes the oldest slot for the next
 * rows.  The pool is given half a ring at a time: to wake a thread for each
 * block can cost more than to summarise it.
 */
static void
submit_block(MlpgHost *host, MlpgFit *fit)
{
	if (fit->ring == NULL)
		create_ring(host, fit);

	MlpgRing   *ring = fit->ring;
	Slot	   *slot = &ring->slot[ring->current];

	slot->block.n_rows = fit->block.n_rows;
	slot->busy = true;
	ring->current = (ring->current + 1) % ring->n_slots;
	if (++ring->n_waiting >= ring->n_slots / 2)
		submit_waiting(host, ring);
	slot = &ring->slot[ring->current];
	absorb_slot(host, fit, slot);
	fit->block.values = slot->block.values;
}

/* Everything submitted is absorbed, in order. */
static void
drain_ring(MlpgHost *host, MlpgFit *fit)
{
	if (fit->ring == NULL)
		return;
	submit_waiting(host, fit->ring);
	for (int i = 1; i <= fit->ring->n_slots; i++)
		absorb_slot(host, fit, &fit->ring->slot[(fit->ring->current + i) % fit->ring->n_slots]);
}

/* ---------- all ---------- */

/* Whether rows are kept in a matrix. */
static bool
keeps_rows(const MlpgPlan *plan)
{
	return !mlpg_plan_single_pass(plan) || plan->keep_rows || plan->preprocess != NULL || plan->calibration_share > 0;
}

static MlpgMatrix *
create_matrix(MlpgHost *host, const MlpgFit *fit)
{
	MlpgMatrix *matrix = mlpg_matrix_create(host, fit->block.n_columns);

	/* before preprocessing a text is a code like any other */
	for (int i = 0; i < fit->plan->n_features && fit->plan->preprocess == NULL; i++)
		if (fit->plan->kind[i] == MLPG_TEXT)
			mlpg_matrix_mark_texts(matrix, i);
	return matrix;
}

static void
hand_on(MlpgHost *host, MlpgFit *fit)
{
	if (fit->block.n_rows == 0)
		return;
	if (keeps_rows(fit->plan))
	{
		if (fit->matrix == NULL)
			fit->matrix = create_matrix(host, fit);
		mlpg_matrix_append(fit->matrix, &fit->block);
	}
	else if (host->n_threads > 1 && fit->block.n_rows == mlpg_block_rows(fit->block.n_columns))
		submit_block(host, fit);
	else
	{
		drain_ring(host, fit);
		absorb_now(host, fit, &fit->block);
	}
	fit->block.n_rows = 0;
}

void
mlpg_fit_flush(MlpgHost *host, MlpgFit *fit)
{
	MLPG_ASSERT(keeps_rows(fit->plan));
	if (fit->matrix == NULL)
		fit->matrix = create_matrix(host, fit);
	hand_on(host, fit);
}

void
mlpg_fit_commit_row(MlpgHost *host, MlpgFit *fit)
{
	fit->n_rows++;
	fit->block.n_rows++;
	if (fit->block.n_rows == fit->block.capacity && fit->block.capacity == mlpg_block_rows(fit->block.n_columns))
		hand_on(host, fit);
}

/* ---------- combine ---------- */

static void
recode_row(const MlpgPlan *plan, double *row, int32_t *const *code)
{
	for (int i = 0; i <= plan->n_features; i++)
		if (code[i] != NULL && row[i] == row[i])
			row[i] = code[i][(int32_t) row[i]];
}

static void
add_row(MlpgHost *host, MlpgFit *fit, const double *row, int32_t *const *code)
{
	double	   *to = mlpg_fit_next_row(host, fit);

	memcpy(to, row, (size_t) fit->block.n_columns * sizeof(double));
	recode_row(fit->plan, to, code);
	mlpg_fit_commit_row(host, fit);
}

static void
add_matrix(MlpgHost *host, MlpgFit *fit, const MlpgMatrix *matrix, int32_t *const *code)
{
	int64_t		rows = mlpg_matrix_rows(matrix);
	int			stride = fit->block.stride;
	int			part = mlpg_block_rows(fit->block.n_columns);
	double	   *buffer = mlpg_allocate(host, (size_t) part * (size_t) stride, sizeof(double));

	for (int64_t first = 0; first < rows; first += part)
	{
		int			n = rows - first < part ? (int) (rows - first) : part;

		mlpg_matrix_read_rows(matrix, first, n, buffer, stride);
		for (int i = 0; i < n; i++)
			add_row(host, fit, buffer + (size_t) i * (size_t) stride, code);
		mlpg_check(host, "combining", first, rows);
	}
	mlpg_release(host, buffer);
}

/* Codes of other's categories in fit's dictionaries, and at n_features of its classes; NULL entries for numbers. */
static int32_t **
map_codes(MlpgHost *host, MlpgFit *fit, const MlpgFit *other)
{
	int			n = fit->plan->n_features;
	int32_t   **code = mlpg_allocate(host, (size_t) n + 1, sizeof(int32_t *));

	for (int i = 0; i < n; i++)
	{
		if (!mlpg_plan_codes(fit->plan, i))
			continue;

		const MlpgDictionary *d = other->dictionary[i];

		code[i] = mlpg_allocate(host, (size_t) d->n + 1, sizeof(int32_t));
		for (int32_t k = 0; k < d->n; k++)
			code[i][k] = mlpg_dictionary_add(host, fit->dictionary[i], d->text[k], d->length[k]);
	}
	if (fit->classes != NULL)
	{
		code[n] = mlpg_allocate(host, (size_t) other->classes->n + 1, sizeof(int32_t));
		for (int32_t k = 0; k < other->classes->n; k++)
			code[n][k] = mlpg_classes_copy(host, fit->classes, fit->plan, other->classes, k);
	}
	return code;
}

void
mlpg_fit_combine(MlpgHost *host, MlpgFit *fit, MlpgFit *other)
{
	int32_t   **code = map_codes(host, fit, other);
	int64_t		buffered = other->block.n_rows;
	int64_t		before = fit->n_rows;
	int64_t		added = other->n_rows;

	drain_ring(host, other);
	drain_ring(host, fit);
	if (other->state != NULL)
	{
		ensure_state(host, fit);
		fit->plan->learner->combine(host, fit->plan, fit->state, other->state, code);
	}
	if (other->matrix != NULL)
		add_matrix(host, fit, other->matrix, code);
	for (int64_t i = 0; i < buffered; i++)
		add_row(host, fit, mlpg_block_row(&other->block, (int) i), code);
	fit->n_rows = before + added;
	fit->n_dropped += other->n_dropped;
	for (int i = 0; i <= fit->plan->n_features; i++)
		mlpg_release(host, code[i]);
	mlpg_release(host, code);
}

/* ---------- finish ---------- */

static MlpgSchema *
make_schema(MlpgHost *scratch, const MlpgFit *fit)
{
	const MlpgPlan *plan = fit->plan;
	MlpgSchema *schema = mlpg_schema_create(scratch, plan->n_features);

	schema->target = plan->target;
	schema->target_kind = plan->target_kind;
	mlpg_schema_set_offset(schema, plan->offset);
	schema->array_form = plan->array_form;
	for (int i = 0; i < plan->n_features; i++)
	{
		schema->feature[i].name = plan->name[i];
		schema->feature[i].kind = plan->kind[i];
		if (plan->buckets != NULL)
			schema->feature[i].buckets = plan->buckets[i];
	}
	return schema;
}

static void
settle_classes(MlpgHost *scratch, const MlpgFit *fit, MlpgSchema *schema, int32_t **rank)
{
	if (fit->classes != NULL)
		rank[schema->n_features] = mlpg_classes_settle(scratch, fit->plan, fit->classes, schema);
}

/* The dictionaries go into the schema, in byte order, and the classes in theirs; rank maps the old codes. */
static int32_t **
sort_dictionaries(MlpgHost *host, MlpgHost *scratch, const MlpgFit *fit, MlpgSchema *schema)
{
	int32_t   **rank = mlpg_allocate(host, (size_t) schema->n_features + 1, sizeof(int32_t *));

	for (int i = 0; i < schema->n_features; i++)
	{
		if (schema->feature[i].kind != MLPG_CATEGORY)
			continue;
		schema->feature[i].dictionary = fit->dictionary[i];
		rank[i] = mlpg_dictionary_sort(host, fit->dictionary[i]);
	}
	settle_classes(scratch, fit, schema, rank);
	return rank;
}

static void
check_rows(MlpgHost *host, const MlpgFit *fit)
{
	int			needed = fit->plan->learner->min_rows;

	if (fit->n_rows >= needed)
		return;
	mlpg_raise(host, MLPG_DATA_EXCEPTION,
			   mlpg_text(host, "%lld rows given, %lld dropped because the target is NULL, %lld remain; learner \"%s\" needs %d.",
						 (long long) (fit->n_rows + fit->n_dropped), (long long) fit->n_dropped,
						 (long long) fit->n_rows, fit->plan->learner->name, needed),
			   "Give more rows with a known target.", "too few rows to fit a model");
}

/*
 * The rows of a small group are all in its block: what is made of them now is
 * scratch, lest a hundred thousand groups keep it.
 */
static void
complete_matrix(MlpgHost *host, MlpgHost *scratch, MlpgFit *fit)
{
	if (fit->matrix == NULL)
		fit->matrix = create_matrix(scratch, fit);
	hand_on(host, fit);
}

static void
finish_matrix(MlpgHost *host, MlpgFit *fit, MlpgTraining *training, int32_t *const *rank)
{
	complete_matrix(host, training->host, fit);
	for (int i = 0; i <= fit->plan->n_features; i++)
		if (rank[i] != NULL)
			mlpg_matrix_recode(fit->matrix, i, rank[i]);
	mlpg_matrix_describe(training->host, fit->matrix, training->schema);
	training->matrix = fit->matrix;
	fit->plan->learner->fit(training);
}

static void
finish_single_pass(MlpgHost *host, MlpgFit *fit, MlpgTraining *training, int32_t **rank)
{
	drain_ring(host, fit);
	if (fit->state == NULL)
		host = training->host;
	if (fit->block.n_rows > 0)
		absorb_now(host, fit, &fit->block);
	fit->block.n_rows = 0;
	ensure_state(host, fit);
	training->rank = rank;
	fit->plan->learner->finish(training, fit->state);
}

/* The plan of what a learner sees. */
static MlpgPlan *
learners_plan(MlpgHost *scratch, const MlpgPlan *plan, const MlpgSchema *output)
{
	MlpgPlan   *made = mlpg_allocate(scratch, 1, sizeof(MlpgPlan));
	size_t		n = (size_t) output->n_features;

	*made = *plan;
	made->preprocess = NULL;
	made->buckets = NULL;
	made->keep_rows = false;
	made->n_features = output->n_features;
	made->name = mlpg_allocate(scratch, n + 1, sizeof(char *));
	made->kind = mlpg_allocate(scratch, n + 1, sizeof(MlpgKind));
	for (size_t i = 0; i < n; i++)
	{
		made->name[i] = output->feature[i].name;
		made->kind[i] = output->feature[i].kind;
	}
	return made;
}

/* Every row, as the steps leave it, into the second fit; given back on the way. */
static void
pass_rows(MlpgHost *scratch, MlpgFit *fit, MlpgFit *made, const MlpgPreprocess *p)
{
	int64_t		rows = mlpg_matrix_rows(fit->matrix);
	int			n_input = p->input->n_features;
	int			n_output = p->output->n_features;
	int			part = mlpg_block_rows(fit->block.n_columns);
	int			stride = fit->block.stride;
	double	   *row = mlpg_allocate(scratch, (size_t) part * (size_t) stride, sizeof(double));
	double	  **text = mlpg_preprocess_texts(scratch, p, fit->dictionary);

	for (int64_t first = 0; first < rows; first += part)
	{
		int			n = rows - first < part ? (int) (rows - first) : part;

		mlpg_matrix_read_rows(fit->matrix, first, n, row, stride);
		for (int i = 0; i < n; i++)
		{
			double	   *from = row + (size_t) i * (size_t) stride;
			double	   *to = mlpg_fit_next_row(scratch, made);

			for (int j = 0; j < n_input; j++)
				if (text[j] != NULL && from[j] == from[j])
					from[j] = text[j][(int32_t) from[j]];
			mlpg_preprocess_row(p, from, to);
			memcpy(to + n_output, from + n_input, (size_t) (fit->block.n_columns - n_input) * sizeof(double));
			mlpg_fit_commit_row(scratch, made);
		}
		mlpg_matrix_release_rows(fit->matrix, first + n);
		mlpg_check(scratch, "preprocessing", first, rows);
	}
	mlpg_release(scratch, row);
}

/* Fits the steps; the fit that the learner sees, with the rows given so far. */
static MlpgFit *
preprocess(MlpgHost *host, MlpgHost *scratch, MlpgFit *fit, MlpgSchema **schema)
{
	MlpgSchema *input = make_schema(scratch, fit);
	MlpgFit    *made = mlpg_allocate(scratch, 1, sizeof(MlpgFit));
	MlpgPreprocess *p;

	complete_matrix(host, scratch, fit);
	for (int i = 0; i < input->n_features; i++)
	{
		if (!mlpg_plan_codes(fit->plan, i))
			continue;
		input->feature[i].dictionary = fit->dictionary[i];
		if (input->feature[i].kind == MLPG_CATEGORY)
			mlpg_matrix_recode(fit->matrix, i, mlpg_dictionary_sort(host, fit->dictionary[i]));
	}
	mlpg_matrix_describe(scratch, fit->matrix, input);
	p = mlpg_preprocess_fit(scratch, fit->plan->preprocess, fit->matrix, input);
	mlpg_fit_init(scratch, made, learners_plan(scratch, fit->plan, p->output));
	made->classes = fit->classes;
	made->n_dropped = fit->n_dropped;
	pass_rows(scratch, fit, made, p);
	*schema = p->output;
	return made;
}

/* The codes that steps make are those of the schema; single-pass learners want to see that written down. */
static int32_t **
same_codes(MlpgHost *scratch, const MlpgSchema *schema, bool single_pass)
{
	int32_t   **rank = mlpg_allocate(scratch, (size_t) schema->n_features + 1, sizeof(int32_t *));

	for (int i = 0; i < schema->n_features && single_pass; i++)
	{
		if (schema->feature[i].kind != MLPG_CATEGORY)
			continue;
		rank[i] = mlpg_allocate(scratch, (size_t) schema->feature[i].dictionary->n + 1, sizeof(int32_t));
		for (int32_t k = 0; k < schema->feature[i].dictionary->n; k++)
			rank[i][k] = k;
	}
	return rank;
}

MlpgWriter *
mlpg_fit_finish(MlpgHost *host, MlpgHost *scratch, MlpgFit *fit, MlpgFacts *facts)
{
	const MlpgPlan *plan = fit->plan;
	MlpgTraining training = {.host = scratch, .n_rows = fit->n_rows};
	int32_t   **rank;

	check_rows(scratch, fit);
	training.facts = facts != NULL ? facts : mlpg_facts_create(scratch);
	if (plan->calibration_share > 0)
		return mlpg_calibration_fit(scratch, fit, training.facts);
	mlpg_fact(scratch, training.facts, "rows", "%lld", (long long) fit->n_rows);
	if (fit->n_dropped > 0)
		mlpg_fact(scratch, training.facts, "rows_dropped_null_target", "%lld", (long long) fit->n_dropped);
	mlpg_fact(scratch, training.facts, "seed", "%llu", (unsigned long long) plan->seed);
	mlpg_fact(scratch, training.facts, "text_encoding", "%s", plan->encoding);
	if (plan->preprocess != NULL)
	{
		fit = preprocess(host, scratch, fit, &training.schema);
		host = scratch;
		rank = same_codes(scratch, training.schema, mlpg_plan_single_pass(fit->plan));
		settle_classes(scratch, fit, training.schema, rank);
	}
	else
	{
		training.schema = make_schema(scratch, fit);
		rank = sort_dictionaries(host, scratch, fit, training.schema);
	}
	training.plan = fit->plan;
	training.payload = mlpg_writer_create(scratch, 4);
	if (mlpg_plan_single_pass(plan))
		finish_single_pass(host, fit, &training, rank);
	else
		finish_matrix(host, fit, &training, rank);
	return mlpg_container_write(scratch, mlpg_learner_id(plan->learner), plan->learner->payload_version,
								training.schema, plan->params, training.facts, training.payload);
}

/* ---------- states as bytes ---------- */

static void
write_dictionaries(const MlpgFit *fit, MlpgWriter *w)
{
	for (int i = 0; i < fit->plan->n_features; i++)
	{
		if (!mlpg_plan_codes(fit->plan, i))
			continue;

		const MlpgDictionary *d = fit->dictionary[i];

		mlpg_write_u32(w, (uint32_t) d->n);
		for (int32_t k = 0; k < d->n; k++)
			mlpg_write_text_n(w, d->text[k], (size_t) d->length[k]);
	}
}

void
mlpg_fit_write(MlpgHost *host, MlpgFit *fit, MlpgWriter *w)
{
	drain_ring(host, fit);
	mlpg_write_u32(w, STATE_MAGIC);
	mlpg_write_u64(w, (uint64_t) fit->n_rows);
	mlpg_write_u64(w, (uint64_t) fit->n_dropped);
	write_dictionaries(fit, w);
	if (fit->classes != NULL)
		mlpg_classes_write(fit->plan, fit->classes, w);

	int64_t		stored = fit->matrix != NULL ? mlpg_matrix_rows(fit->matrix) : 0;
	int			n = fit->block.n_columns;
	double	   *row = mlpg_allocate(host, (size_t) n, sizeof(double));

	mlpg_write_u64(w, (uint64_t) (stored + fit->block.n_rows));
	for (int64_t i = 0; i < stored; i++)
	{
		mlpg_matrix_read_rows(fit->matrix, i, 1, row, n);
		mlpg_write_doubles(w, row, (size_t) n);
	}
	for (int i = 0; i < fit->block.n_rows; i++)
		mlpg_write_doubles(w, mlpg_block_row(&fit->block, i), (size_t) n);
	mlpg_release(host, row);
	mlpg_write_u8(w, fit->state != NULL);
	if (fit->state != NULL)
		fit->plan->learner->write_state(fit->plan, fit->state, w);
}

static void
read_dictionaries(MlpgHost *host, MlpgFit *fit, MlpgReader *r)
{
	for (int i = 0; i < fit->plan->n_features; i++)
	{
		if (!mlpg_plan_codes(fit->plan, i))
			continue;

		uint32_t	n = mlpg_read_count(r, 4);
		uint32_t	buckets = fit->plan->buckets != NULL ? fit->plan->buckets[i] : 0;

		for (uint32_t k = 0; k < n; k++)
		{
			int32_t		length;
			char	   *text = mlpg_read_text(r, &length);

			if (mlpg_dictionary_add(host, fit->dictionary[i], text, length) != (int32_t) k)
				mlpg_reader_corrupt(r, "a category occurs twice");
			if (buckets > 0 && !mlpg_is_bucket_label(text, length, buckets))
				mlpg_reader_corrupt(r, "a bucket that is none");
		}
	}
}

static int32_t *
dictionary_sizes(MlpgHost *host, const MlpgFit *fit)
{
	int32_t    *n_codes = mlpg_allocate(host, (size_t) fit->plan->n_features + 1, sizeof(int32_t));

	for (int i = 0; i < fit->plan->n_features; i++)
		if (mlpg_plan_codes(fit->plan, i))
			n_codes[i] = fit->dictionary[i]->n;
	if (fit->classes != NULL)
		n_codes[fit->plan->n_features] = fit->classes->n;
	return n_codes;
}

static bool
is_code(double x, const MlpgDictionary *d)
{
	return x >= 0 && x < d->n && x == floor(x);
}

/* Values of a row in a state are as untrusted as the rest. */
static void
check_row(const MlpgFit *fit, const double *row, MlpgReader *r)
{
	const MlpgPlan *plan = fit->plan;

	for (int i = 0; i < fit->block.n_columns; i++)
	{
		double		x = row[i];
		bool		feature = i < plan->n_features;

		if (isinf(x) || (isnan(x) && !feature))
			mlpg_reader_corrupt(r, "a value is not finite");
		if (feature && mlpg_plan_codes(plan, i) && !isnan(x) && !is_code(x, fit->dictionary[i]))
			mlpg_reader_corrupt(r, "a category code is out of range");
	}
	if (fit->classes != NULL && !is_code(row[plan->n_features], fit->classes))
		mlpg_reader_corrupt(r, "a class is out of range");
	if (plan->weighted && row[mlpg_plan_weight_column(plan)] < 0)
		mlpg_reader_corrupt(r, "a weight is negative");
	if (plan->has_validation && row[mlpg_plan_validation_column(plan)] != 0 && row[mlpg_plan_validation_column(plan)] != 1)
		mlpg_reader_corrupt(r, "a validation mark is neither 0 nor 1");
}

void
mlpg_fit_read(MlpgHost *host, MlpgFit *fit, const MlpgPlan *plan, MlpgReader *r)
{
	uint64_t	n_rows,
				n_dropped,
				stored;

	mlpg_fit_init(host, fit, plan);
	if (mlpg_read_u32(r) != STATE_MAGIC)
		mlpg_reader_corrupt(r, "no state of a fit");
	n_rows = mlpg_read_u64(r);
	n_dropped = mlpg_read_u64(r);
	read_dictionaries(host, fit, r);
	if (fit->classes != NULL)
		mlpg_classes_read(host, plan, fit->classes, r);
	stored = mlpg_read_u64(r);
	if (stored > (size_t) (r->end - r->at) / ((size_t) fit->block.n_columns * sizeof(double)) || stored > n_rows ||
		n_rows > (uint64_t) INT64_MAX / 2 || n_dropped > (uint64_t) INT64_MAX / 2)
		mlpg_reader_corrupt(r, "a count is larger than the bytes that remain");
	for (uint64_t i = 0; i < stored; i++)
	{
		double	   *row = mlpg_fit_next_row(host, fit);

		memcpy(row, mlpg_read_bytes(r, (size_t) fit->block.n_columns * sizeof(double)), (size_t) fit->block.n_columns * sizeof(double));
		check_row(fit, row, r);
		mlpg_fit_commit_row(host, fit);
	}
	drain_ring(host, fit);
	if (mlpg_read_u8(r) != 0)
	{
		void	   *state;

		if (keeps_rows(plan))
			mlpg_reader_corrupt(r, "a state that this learner does not have");
		state = plan->learner->read_state(plan, dictionary_sizes(host, fit), r);
		if (fit->state == NULL)
			fit->state = state;
		else
			mlpg_reader_corrupt(r, "too many rows in a state");
	}
	else if (stored != n_rows)
		mlpg_reader_corrupt(r, "rows are missing");
	fit->n_rows = (int64_t) n_rows;
	fit->n_dropped = (int64_t) n_dropped;
}
