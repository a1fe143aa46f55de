/*-------------------------------------------------------------------------
 *
 * steps.c
 *	  Preprocessing as it is asked for, and as bytes.
 *
 * What is asked for names columns of the source; it is checked against them as
 * soon as they are known, before the first row, so that a wrong name costs nothing.
 * A column has one step at most: two that replace it would leave open which comes first.
 *
 * The section of a model is specified in doc/model-format.md.  As everywhere no
 * byte of it is trusted: counts are checked against the bytes that remain, and
 * mlpg_preprocess_complete checks what the steps say of one another.
 *
 *-------------------------------------------------------------------------
 */
#include "core/model/steps.h"

#define BINS_MAX 10000
#define DEGREES_OF_FREEDOM_MAX 100
#define CROSSED_MAX 16			/* columns of a cross */

const char *const mlpg_step_names[MLPG_STEP_KINDS] = {NULL, "log", "bucketize", "spline", "hash", "ngrams", "cross", "polynomial"};

/* ---------- checking ---------- */

static int
find_name(int n, char *const *name, const char *wanted)
{
	for (int i = 0; i < n; i++)
		if (strcmp(name[i], wanted) == 0)
			return i;
	return -1;
}

static int
require_column(MlpgHost *host, const MlpgWish *wish, int which, int n, char *const *name)
{
	int			found = find_name(n, name, wish->name[which]);
	const char *guess;
	char	   *list = NULL;

	if (found >= 0)
		return found;
	guess = mlpg_nearest_name(wish->name[which], (const char *const *) name, n);
	for (int i = 0; i < n && (list == NULL || strlen(list) < 300); i++)
		list = mlpg_text(host, "%s%s%s", list ? list : "", list ? ", " : "", name[i]);
	mlpg_raise(host, MLPG_UNDEFINED_COLUMN, mlpg_text(host, "Features: %s.", list ? list : "none"),
			   guess ? mlpg_text(host, "Did you mean \"%s\"?", guess) : NULL,
			   "column \"%s\", named in \"%s\" of preprocess, is no feature", wish->name[which], mlpg_step_names[wish->kind]);
}

static void
check_range(MlpgHost *host, const MlpgWish *wish, int which, const char *what, uint32_t least, uint32_t most)
{
	if (wish->number[which] >= least && wish->number[which] <= most)
		return;
	mlpg_raise(host, MLPG_INVALID_PARAMETER,
			   mlpg_text(host, "%s must be from %u to %u, not %u.", what, least, most, wish->number[which]), NULL,
			   "invalid value for \"%s\" of preprocess", mlpg_step_names[wish->kind]);
}

static void
check_numbers(MlpgHost *host, const MlpgWish *wish)
{
	switch (wish->kind)
	{
		case MLPG_STEP_BUCKETIZE:
			check_range(host, wish, 0, "The number of bins", 2, BINS_MAX);
			break;
		case MLPG_STEP_SPLINE:
			check_range(host, wish, 0, "Degrees of freedom", 1, DEGREES_OF_FREEDOM_MAX);
			break;
		case MLPG_STEP_HASH:
			check_range(host, wish, 0, "The number of buckets", 2, MLPG_BUCKETS_MAX);
			break;
		case MLPG_STEP_NGRAMS:
			check_range(host, wish, 0, "The shortest length", 1, MLPG_NGRAM_MAX);
			check_range(host, wish, 1, "The longest length", wish->number[0], MLPG_NGRAM_MAX);
			check_range(host, wish, 2, "The number of buckets", 2, MLPG_BUCKETS_MAX);
			break;
		case MLPG_STEP_POLYNOMIAL:
			check_range(host, wish, 0, "The degree", 2, MLPG_DEGREE_MAX);
			break;
		default:
			break;
	}
}

MLPG_NORETURN static void
raise_wrong_kind(MlpgHost *host, const MlpgWish *wish, int which, const char *wanted)
{
	mlpg_raise(host, MLPG_DATATYPE_MISMATCH, mlpg_text(host, "It must be %s.", wanted),
			   wish->kind == MLPG_STEP_CROSS ? "To cross a number, name it in \"bucketize\" as well." : NULL,
			   "\"%s\" of preprocess cannot read column \"%s\"", mlpg_step_names[wish->kind], wish->name[which]);
}

/* The step of a column alone: none before it, and the right kind of column. */
static void
settle_column(MlpgHost *host, const MlpgWish *wish, int column, MlpgStepKind *step, MlpgKind *kind, uint32_t *buckets)
{
	bool		is_time = kind[column] == MLPG_DATE || kind[column] == MLPG_TIMESTAMP;

	if (step[column] != MLPG_STEP_COPY)
		mlpg_raise(host, MLPG_INVALID_PARAMETER, NULL, "Each of these stands in place of the column. For two of them, name the column twice in the source.",
				   "column \"%s\" is named in \"%s\" and in \"%s\" of preprocess", wish->name[0],
				   mlpg_step_names[step[column]], mlpg_step_names[wish->kind]);
	if ((wish->kind == MLPG_STEP_LOG || wish->kind == MLPG_STEP_BUCKETIZE) && kind[column] != MLPG_NUMBER)
		raise_wrong_kind(host, wish, 0, "a number");
	if (wish->kind == MLPG_STEP_SPLINE && kind[column] != MLPG_NUMBER && !is_time)
		raise_wrong_kind(host, wish, 0, "a number, a date or a timestamp");
	if (wish->kind == MLPG_STEP_HASH && kind[column] != MLPG_CATEGORY)
		raise_wrong_kind(host, wish, 0, "a text");
	if (wish->kind == MLPG_STEP_NGRAMS && kind[column] != MLPG_CATEGORY && kind[column] != MLPG_TEXT)
		raise_wrong_kind(host, wish, 0, "a text");
	step[column] = wish->kind;
	if (wish->kind == MLPG_STEP_NGRAMS)
		kind[column] = MLPG_TEXT;
	if (wish->kind == MLPG_STEP_HASH)
		buckets[column] = wish->number[0];
}

static void
settle_cross(MlpgHost *host, const MlpgWish *wish, int n, char *const *name, const MlpgStepKind *step, const MlpgKind *kind)
{
	if (wish->n_names < 2 || wish->n_names > CROSSED_MAX)
		mlpg_raise(host, MLPG_INVALID_PARAMETER, mlpg_text(host, "A cross has from 2 to %d columns, not %d.", CROSSED_MAX, wish->n_names),
				   NULL, "invalid value for \"cross\" of preprocess");
	for (int i = 0; i < wish->n_names; i++)
	{
		int			column = require_column(host, wish, i, n, name);

		if (kind[column] != MLPG_CATEGORY && kind[column] != MLPG_BOOLEAN && step[column] != MLPG_STEP_BUCKETIZE)
			raise_wrong_kind(host, wish, i, "a text that is no \"ngrams\", a boolean, or a number in \"bucketize\"");
		for (int k = 0; k < i; k++)
			if (strcmp(wish->name[k], wish->name[i]) == 0)
				mlpg_raise(host, MLPG_INVALID_PARAMETER, NULL, NULL, "column \"%s\" is twice in one cross", wish->name[i]);
	}
}

static int64_t
settle_polynomial(MlpgHost *host, const MlpgWish *wish, int n, const MlpgStepKind *step, const MlpgKind *kind)
{
	int64_t		numbers = 0;

	for (int i = 0; i < n; i++)
		numbers += kind[i] == MLPG_NUMBER && step[i] <= MLPG_STEP_LOG;
	if (numbers == 0)
		mlpg_raise(host, MLPG_INVALID_PARAMETER, "Products are of numbers that are in neither \"bucketize\" nor \"spline\".", NULL,
				   "\"polynomial\" of preprocess has no number to multiply");
	return mlpg_polynomial_columns(numbers, wish->number[0]);
}

/* Columns that come of one input column. */
static int64_t
columns_of(const MlpgWish *wish)
{
	return wish->kind == MLPG_STEP_SPLINE ? (int64_t) wish->number[0] - 1 : 0;
}

void
mlpg_wishes_settle(MlpgHost *host, const MlpgWishes *wishes, int n, char *const *name, MlpgKind *kind, uint32_t *buckets)
{
	MlpgStepKind *step = mlpg_allocate(host, (size_t) n + 1, sizeof(MlpgStepKind));
	int64_t		columns = n;

	for (int k = 0; k < wishes->n; k++)
	{
		const MlpgWish *wish = &wishes->wish[k];

		check_numbers(host, wish);
		if (wish->kind >= MLPG_STEP_CROSS)
			continue;
		settle_column(host, wish, require_column(host, wish, 0, n, name), step, kind, buckets);
		columns += columns_of(wish);
	}
	for (int k = 0; k < wishes->n; k++)
	{
		const MlpgWish *wish = &wishes->wish[k];

		if (wish->kind == MLPG_STEP_CROSS)
			settle_cross(host, wish, n, name, step, kind);
		columns += wish->kind == MLPG_STEP_CROSS;
		if (wish->kind == MLPG_STEP_POLYNOMIAL)
			columns += settle_polynomial(host, wish, n, step, kind);
	}
	mlpg_release(host, step);
	if (columns > MLPG_FEATURES_MAX)
		mlpg_raise(host, MLPG_LIMIT_EXCEEDED,
				   mlpg_text(host, "%d columns would become %lld; there are %d at most.", n, (long long) columns, MLPG_FEATURES_MAX),
				   "Name fewer features, or leave \"polynomial\" out.", "preprocess makes too many columns");
}

/* ---------- wishes as bytes ---------- */

bool
mlpg_wishes_equal(const MlpgWishes *a, const MlpgWishes *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	if (a->n != b->n)
		return false;
	for (int k = 0; k < a->n; k++)
	{
		const MlpgWish *x = &a->wish[k],
				   *y = &b->wish[k];

		if (x->kind != y->kind || x->n_names != y->n_names || memcmp(x->number, y->number, sizeof(x->number)) != 0)
			return false;
		for (int i = 0; i < x->n_names; i++)
			if (strcmp(x->name[i], y->name[i]) != 0)
				return false;
	}
	return true;
}

void
mlpg_wishes_write(MlpgWriter *w, const MlpgWishes *wishes)
{
	mlpg_write_u32(w, (uint32_t) wishes->n);
	for (int k = 0; k < wishes->n; k++)
	{
		const MlpgWish *wish = &wishes->wish[k];

		mlpg_write_u32(w, wish->kind);
		for (int i = 0; i < 3; i++)
			mlpg_write_u32(w, wish->number[i]);
		mlpg_write_u32(w, (uint32_t) wish->n_names);
		for (int i = 0; i < wish->n_names; i++)
			mlpg_write_text(w, wish->name[i]);
	}
}

MlpgWishes *
mlpg_wishes_read(MlpgReader *r)
{
	MlpgWishes *wishes = mlpg_allocate(r->host, 1, sizeof(MlpgWishes));

	wishes->n = (int) mlpg_read_count(r, 20);
	wishes->wish = mlpg_allocate(r->host, (size_t) wishes->n + 1, sizeof(MlpgWish));
	for (int k = 0; k < wishes->n; k++)
	{
		MlpgWish   *wish = &wishes->wish[k];
		uint32_t	kind = mlpg_read_u32(r);

		for (int i = 0; i < 3; i++)
			wish->number[i] = mlpg_read_u32(r);
		wish->n_names = (int) mlpg_read_count(r, 4);
		if (kind == MLPG_STEP_COPY || kind >= MLPG_STEP_KINDS || (kind < MLPG_STEP_CROSS && wish->n_names != 1))
			mlpg_reader_corrupt(r, "a step of preprocessing that there is none");
		wish->kind = (MlpgStepKind) kind;
		wish->name = mlpg_allocate(r->host, (size_t) wish->n_names + 1, sizeof(char *));
		for (int i = 0; i < wish->n_names; i++)
			wish->name[i] = mlpg_read_text(r, NULL);
	}
	return wishes;
}

/* ---------- the section ---------- */

static void
write_ngrams(MlpgWriter *w, const MlpgNgrams *g)
{
	mlpg_write_u32(w, (uint32_t) g->shortest);
	mlpg_write_u32(w, (uint32_t) g->longest);
	mlpg_write_u32(w, g->buckets);
	mlpg_write_u32(w, g->documents);
	mlpg_write_u32(w, (uint32_t) g->n);
	for (int32_t k = 0; k < g->n; k++)
	{
		mlpg_write_u32(w, g->bucket[k]);
		mlpg_write_u32(w, g->frequency[k]);
	}
}

static MlpgNgrams *
read_ngrams(MlpgReader *r)
{
	MlpgNgrams *g = mlpg_allocate(r->host, 1, sizeof(MlpgNgrams));
	uint32_t	shortest = mlpg_read_u32(r),
				longest = mlpg_read_u32(r);

	g->buckets = mlpg_read_u32(r);
	g->documents = mlpg_read_u32(r);
	g->n = (int32_t) mlpg_read_count(r, 8);
	if (shortest < 1 || longest < shortest || longest > MLPG_NGRAM_MAX || g->buckets < 2 || g->buckets > MLPG_BUCKETS_MAX ||
		g->documents > INT32_MAX || (uint32_t) g->n > g->buckets)
		mlpg_reader_corrupt(r, "n-grams out of range");
	g->shortest = (int) shortest;
	g->longest = (int) longest;
	g->bucket = mlpg_allocate(r->host, (size_t) g->n + 1, sizeof(uint32_t));
	g->frequency = mlpg_allocate(r->host, (size_t) g->n + 1, sizeof(uint32_t));
	for (int32_t k = 0; k < g->n; k++)
	{
		g->bucket[k] = mlpg_read_u32(r);
		g->frequency[k] = mlpg_read_u32(r);
		if (g->bucket[k] >= g->buckets || (k > 0 && g->bucket[k] <= g->bucket[k - 1]) ||
			g->frequency[k] < 1 || g->frequency[k] > g->documents)
			mlpg_reader_corrupt(r, "buckets of n-grams that do not ascend, or frequencies out of range");
	}
	mlpg_ngrams_complete(r->host, g);
	return g;
}

static void
write_step(MlpgWriter *w, const MlpgStep *step, const MlpgFeature *source)
{
	mlpg_write_u32(w, step->kind);
	switch (step->kind)
	{
		case MLPG_STEP_BUCKETIZE:
		case MLPG_STEP_SPLINE:
			mlpg_write_u32(w, (uint32_t) step->n);
			mlpg_write_doubles(w, step->value, (size_t) step->n);
			break;
		case MLPG_STEP_HASH:
			mlpg_write_u32(w, source->buckets);
			break;
		case MLPG_STEP_NGRAMS:
			write_ngrams(w, source->ngrams);
			break;
		case MLPG_STEP_CROSS:
		case MLPG_STEP_POLYNOMIAL:
			mlpg_write_u32(w, (uint32_t) step->n_inputs);
			for (int i = 0; i < step->n_inputs; i++)
				mlpg_write_u32(w, (uint32_t) step->input[i]);
			mlpg_write_u32(w, step->kind == MLPG_STEP_CROSS ? (uint32_t) step->n : step->degree);
			mlpg_write_doubles(w, step->value, (size_t) step->n);
			break;
		default:
			break;
	}
}

static void
read_combination(MlpgReader *r, MlpgStep *step)
{
	step->n_inputs = (int) mlpg_read_count(r, 4);
	step->input = mlpg_allocate(r->host, (size_t) step->n_inputs + 1, sizeof(int));
	for (int i = 0; i < step->n_inputs; i++)
	{
		uint32_t	input = mlpg_read_u32(r);

		if (input >= MLPG_FEATURES_MAX)
			mlpg_reader_corrupt(r, "a column out of range");
		step->input[i] = (int) input;
	}
	if (step->kind == MLPG_STEP_CROSS)
	{
		if (step->n_inputs > CROSSED_MAX)
			mlpg_reader_corrupt(r, "a cross of too many columns");
		step->n = (int) mlpg_read_count(r, 8);
		step->value = mlpg_read_doubles(r, (size_t) step->n);
	}
	else
		step->degree = mlpg_read_u32(r);
}

static void
read_step(MlpgReader *r, MlpgStep *step, MlpgFeature *source)
{
	uint32_t	kind = mlpg_read_u32(r);

	if (kind >= MLPG_STEP_KINDS || (kind < MLPG_STEP_CROSS) != (source != NULL))
		mlpg_reader_corrupt(r, "an unknown step of preprocessing, or steps out of order");
	step->kind = (MlpgStepKind) kind;
	switch (step->kind)
	{
		case MLPG_STEP_BUCKETIZE:
		case MLPG_STEP_SPLINE:
			step->n = (int) mlpg_read_count(r, 8);
			if (step->n > (step->kind == MLPG_STEP_SPLINE ? DEGREES_OF_FREEDOM_MAX + 1 : BINS_MAX))
				mlpg_reader_corrupt(r, "too many bins or knots");
			step->value = mlpg_read_doubles(r, (size_t) step->n);
			break;
		case MLPG_STEP_HASH:
			source->buckets = mlpg_read_u32(r);
			if (source->kind != MLPG_CATEGORY || source->buckets < 2 || source->buckets > MLPG_BUCKETS_MAX)
				mlpg_reader_corrupt(r, "buckets out of range");
			break;
		case MLPG_STEP_NGRAMS:
			source->ngrams = read_ngrams(r);
			break;
		case MLPG_STEP_CROSS:
		case MLPG_STEP_POLYNOMIAL:
			read_combination(r, step);
			break;
		default:
			break;
	}
}

void
mlpg_preprocess_write(MlpgWriter *w, const MlpgPreprocess *p)
{
	mlpg_write_u32(w, (uint32_t) p->n_steps);
	for (int s = 0; s < p->n_steps; s++)
		write_step(w, &p->step[s], s < p->input->n_features ? &p->input->feature[s] : NULL);
	for (int i = 0; i < p->output->n_features; i++)
		mlpg_feature_write_statistics(w, &p->output->feature[i]);
}

MlpgPreprocess *
mlpg_preprocess_read(MlpgReader *r, MlpgSchema *input)
{
	MlpgPreprocess *p = mlpg_allocate(r->host, 1, sizeof(MlpgPreprocess));
	const char *wrong;

	p->input = input;
	p->n_steps = (int) mlpg_read_count(r, 4);
	if (p->n_steps < input->n_features)
		mlpg_reader_corrupt(r, "fewer steps of preprocessing than columns");
	p->step = mlpg_allocate(r->host, (size_t) p->n_steps + 1, sizeof(MlpgStep));
	for (int s = 0; s < p->n_steps; s++)
		read_step(r, &p->step[s], s < input->n_features ? &input->feature[s] : NULL);
	wrong = mlpg_preprocess_complete(r->host, p);
	if (wrong != NULL)
		mlpg_reader_corrupt(r, wrong);
	for (int i = 0; i < p->output->n_features; i++)
		mlpg_feature_read_statistics(r, &p->output->feature[i]);
	return p;
}
