/*-------------------------------------------------------------------------
 *
 * test_schema.c
 *	  Dictionaries, schemas, and the design made of them.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

static int32_t
add(MlpgHost *host, MlpgDictionary *d, const char *text)
{
	return mlpg_dictionary_add(host, d, text, (int32_t) strlen(text));
}

static void
test_dictionary_order(void)
{
	MlpgHost   *host = harness_host();
	MlpgDictionary *d = mlpg_dictionary_create(host);
	/* byte order: "" first, a prefix before what it begins, capitals before small, UTF-8 last */
	static const char *const sight[] = {"b", "ab", "", "\303\266", "B", "a", "abc", "b ", "\177", "10", "9"};
	static const char *const order[] = {"", "10", "9", "B", "a", "ab", "abc", "b", "b ", "\177", "\303\266"};
	int32_t    *rank;

	CHECK_INT(mlpg_dictionary_find(d, "a", 1), -1);
	for (int i = 0; i < 11; i++)
		CHECK_INT(add(host, d, sight[i]), i);
	for (int i = 0; i < 11; i++)
	{
		CHECK_INT(add(host, d, sight[i]), i);
		CHECK_INT(mlpg_dictionary_find(d, sight[i], (int32_t) strlen(sight[i])), i);
	}
	CHECK_INT(d->n, 11);
	CHECK_INT(mlpg_dictionary_find(d, "c", 1), -1);
	/* the length counts, not a zero byte */
	CHECK_INT(mlpg_dictionary_find(d, "abc", 2), 1);

	rank = mlpg_dictionary_sort(host, d);
	for (int i = 0; i < 11; i++)
	{
		CHECK_TEXT(d->text[i], order[i]);
		CHECK_INT(d->length[i], strlen(order[i]));
		CHECK_INT(mlpg_dictionary_find(d, order[i], (int32_t) strlen(order[i])), i);
		CHECK_TEXT(d->text[rank[i]], sight[i]);
	}
	harness_free(host);
}

static void
test_empty_dictionary(void)
{
	MlpgHost   *host = harness_host();
	MlpgDictionary *d = mlpg_dictionary_create(host);

	CHECK(mlpg_dictionary_sort(host, d) != NULL);
	CHECK_INT(d->n, 0);
	CHECK_INT(mlpg_dictionary_find(d, "", 0), -1);
	/* one more after sorting */
	CHECK_INT(add(host, d, "x"), 0);
	mlpg_dictionary_sort(host, d);
	CHECK_INT(add(host, d, "a"), 1);
	CHECK_INT(mlpg_dictionary_find(d, "a", 1), 1);
	harness_free(host);
}

/* 100,000 texts, many of one length and differing in one place: all found, codes as given, in order after sorting. */
static void
test_large_dictionary(void)
{
	MlpgHost   *host = harness_host();
	MlpgDictionary *d = mlpg_dictionary_create(host);
	enum
	{
		N = 100000
	};
	int		   *order = malloc(N * sizeof(int));
	char		text[40];
	int			wrong = 0;
	int32_t    *rank;

	test_shuffle(order, N, 3);
	for (int i = 0; i < N; i++)
	{
		snprintf(text, sizeof(text), "%s%08d", order[i] % 2 ? "" : "a longer text in front of ", order[i]);
		wrong += add(host, d, text) != i;
	}
	CHECK_INT(wrong, 0);
	CHECK_INT(d->n, N);
	CHECK(d->n_slots >= 2 * N);
	for (int i = 0; i < N; i++)
	{
		snprintf(text, sizeof(text), "%s%08d", order[i] % 2 ? "" : "a longer text in front of ", order[i]);
		wrong += add(host, d, text) != i;
		snprintf(text, sizeof(text), "%08d", order[i]);
		wrong += (mlpg_dictionary_find(d, text, (int32_t) strlen(text)) >= 0) != (order[i] % 2 == 1);
	}
	CHECK_INT(wrong, 0);
	rank = mlpg_dictionary_sort(host, d);
	for (int i = 0; i < N; i++)
	{
		if (i > 0)
			wrong += strcmp(d->text[i - 1], d->text[i]) >= 0;
		wrong += mlpg_dictionary_find(d, d->text[i], d->length[i]) != i;
		snprintf(text, sizeof(text), "%s%08d", order[i] % 2 ? "" : "a longer text in front of ", order[i]);
		wrong += strcmp(d->text[rank[i]], text) != 0;
	}
	CHECK_INT(wrong, 0);
	/* what an entry costs beside its text: within a small factor of the promised 24 bytes, each text in a block of its own */
	CHECK(host->in_use < d->bytes + N * (size_t) 64);
	free(order);
	harness_free(host);
}

/* Texts whose hash falls into one slot of a small table: probing goes round the end. */
static void
test_collisions(void)
{
	MlpgHost   *host = harness_host();

	for (uint64_t seed = 0; seed < 500; seed++)
	{
		MlpgDictionary *d = mlpg_dictionary_create(host);
		uint64_t	random = seed;
		char		text[8][20];

		for (int i = 0; i < 8; i++)
		{
			snprintf(text[i], sizeof(text[i]), "%llx", (unsigned long long) test_random(&random));
			add(host, d, text[i]);
		}
		for (int i = 0; i < 8; i++)
			if (mlpg_dictionary_find(d, text[i], (int32_t) strlen(text[i])) != i)
				harness_result(false, __FILE__, __LINE__, "a text is found under its code");
	}
	CHECK(true);
	harness_free(host);
}

/* ---------- design ---------- */

static MlpgSchema *
schema_of(MlpgHost *host)
{
	static const char *const levels[] = {"north", "south", "west"};
	MlpgSchema *schema = mlpg_schema_create(host, 5);

	for (int i = 0; i < 5; i++)
	{
		schema->feature[i].name = mlpg_text(host, "f%d", i);
		schema->feature[i].kind = i == 1 || i == 3 ? MLPG_CATEGORY : MLPG_NUMBER;
		schema->feature[i].minimum = -1;
		schema->feature[i].maximum = 1;
	}
	schema->feature[0].has_missing = true;
	schema->feature[0].mean = 0.25;
	for (int i = 1; i < 4; i += 2)
	{
		schema->feature[i].dictionary = mlpg_dictionary_create(host);
		for (int k = 0; k < 3; k++)
			add(host, schema->feature[i].dictionary, levels[k]);
	}
	schema->feature[3].has_missing = true;
	schema->feature[4].constant = true;
	schema->feature[4].minimum = schema->feature[4].maximum = 2;
	schema->unseen = MLPG_UNSEEN_NULL;
	return schema;
}

static void
expect_terms(MlpgHost *host, const MlpgSchema *schema, bool intercept, bool reference, const char *expected)
{
	MlpgDesign *design = mlpg_design_create(host, schema, intercept, reference);
	char	   *names = mlpg_text(host, "%s", "");

	for (int j = 0; j < design->n_terms; j++)
		names = mlpg_text(host, "%s%s%s", names, j ? "|" : "", mlpg_term_name(host, schema, &design->term[j]));
	CHECK_TEXT(names, expected);
}

static void
test_design(void)
{
	MlpgHost   *host = harness_host();
	MlpgSchema *schema = schema_of(host);

	expect_terms(host, schema, true, true,
				 "(intercept)|f0|f0 (missing)|f1 = south|f1 = west|f2|f3 = south|f3 = west|f3 (missing)");
	expect_terms(host, schema, true, false,
				 "(intercept)|f0|f0 (missing)|f1 = north|f1 = south|f1 = west|f2|f3 = north|f3 = south|f3 = west|f3 (missing)");
	/* without intercept: one category in full stands for it, constants stay */
	expect_terms(host, schema, false, true,
				 "f0|f0 (missing)|f1 = north|f1 = south|f1 = west|f2|f3 = south|f3 = west|f3 (missing)|f4");
	CHECK_INT(mlpg_schema_find(schema, "f3"), 3);
	CHECK_INT(mlpg_schema_find(schema, "f5"), -1);

	/* a level as long as it likes */
	char		level[3000];

	memset(level, 'x', sizeof(level) - 1);
	level[sizeof(level) - 1] = '\0';
	add(host, schema->feature[1].dictionary, level);

	MlpgTerm	term = {MLPG_TERM_LEVEL, 1, 3, 0};

	CHECK_INT(strlen(mlpg_term_name(host, schema, &term)), 5 + 2999);
	harness_free(host);
}

/* A score is the design row times the coefficients, whatever is missing. */
static void
test_scores(void)
{
	MlpgHost   *host = harness_host();
	MlpgSchema *schema = schema_of(host);

	for (int penalised = 0; penalised < 2; penalised++)
	{
		MlpgDesign *design = mlpg_design_create(host, schema, true, !penalised);
		uint64_t	random = 5;
		double		b[2 * 16],
					z[16],
					score[2];
		MlpgAffine *affine;

		for (int i = 0; i < 2 * design->n_terms; i++)
			b[i] = test_normal(&random);
		affine = mlpg_affine_create(host, schema, design, 2, b);
		for (int i = 0; i < 200; i++)
		{
			double		row[5] = {i % 3 ? test_normal(&random) : NAN, (double) (i % 3), test_normal(&random),
			i % 4 == 3 ? NAN : (double) (i % 4), i % 2 ? 2 : 17};

			mlpg_design_row(schema, design, row, z);
			mlpg_affine_score(affine, row, 1, 5, score);
			for (int o = 0; o < 2; o++)
			{
				double		sum = 0;

				for (int j = 0; j < design->n_terms; j++)
					sum += b[o * design->n_terms + j] * z[j];
				CHECK_CLOSE(score[o], sum, 1e-12);
			}
		}

		/* no value, a level unseen, a NULL where training saw none */
		double		empty[5] = {NAN, NAN, NAN, NAN, NAN};
		double		unseen[5] = {1, -1, 1, 1, 2};
		double		missing[5] = {1, NAN, 1, 1, 2};

		mlpg_affine_score(affine, empty, 1, 5, score);
		CHECK(isnan(score[0]) && isnan(score[1]));
		mlpg_affine_score(affine, unseen, 1, 5, score);
		CHECK(isnan(score[0]) && isnan(score[1]));
		mlpg_affine_score(affine, missing, 1, 5, score);
		CHECK(isnan(score[0]) && isnan(score[1]));
		schema->unseen = MLPG_UNSEEN_ZERO;
		affine = mlpg_affine_create(host, schema, design, 2, b);
		mlpg_affine_score(affine, unseen, 1, 5, score);
		CHECK(isfinite(score[0]));
		mlpg_affine_score(affine, missing, 1, 5, score);
		CHECK(isfinite(score[0]));
		schema->unseen = MLPG_UNSEEN_NULL;

		/* out of range: the largest double, not infinity */
		double		huge[5] = {1, 0, b[1 + 1 + (penalised ? 3 : 2)] > 0 ? 1e308 : -1e308, 0, 2};

		for (int i = 0; i < 2 * design->n_terms; i++)
			b[i] *= 1e10;
		affine = mlpg_affine_create(host, schema, design, 2, b);
		mlpg_affine_score(affine, huge, 1, 5, score);
		CHECK(fabs(score[0]) == 0x1.fffffffffffffp1023 && fabs(score[1]) == 0x1.fffffffffffffp1023);
	}
	harness_free(host);
}

int
main(void)
{
	test_dictionary_order();
	test_empty_dictionary();
	test_large_dictionary();
	test_collisions();
	test_design();
	test_scores();
	return harness_done();
}
