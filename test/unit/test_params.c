/*-------------------------------------------------------------------------
 *
 * test_params.c
 *	  Declared parameters: what each type takes and refuses, and what is said.
 *
 *-------------------------------------------------------------------------
 */
#include "models.h"

static const MlpgParamSpec specs[] = {
	{"rounds", MLPG_PARAM_INTEGER, "100", 1, 1000000, false, NULL, "number of rounds", NULL},
	{"rate", MLPG_PARAM_REAL, "0.1", 0, 1, true, NULL, "learning rate", NULL},
	{"penalty", MLPG_PARAM_REAL, NULL, 0, INFINITY, false, NULL, "penalty", NULL},
	{"intercept", MLPG_PARAM_BOOLEAN, "true", 0, 0, false, NULL, "fit a constant term", NULL},
	{"method", MLPG_PARAM_CHOICE, "exact", 0, 0, false, "exact|fast|auto", "method", NULL},
	{"levels", MLPG_PARAM_REALS, "0.5", 0, 1, true, NULL, "levels", NULL},
	{"above", MLPG_PARAM_REAL, NULL, 2, INFINITY, true, NULL, "more than 2", NULL},
};

#define N_SPECS ((int) (sizeof(specs) / sizeof(specs[0])))

static MlpgHost *host;

static MlpgParams *
fresh(void)
{
	return mlpg_params_create(host, "tester", specs, N_SPECS);
}

static void
test_defaults(void)
{
	MlpgParams *p = fresh();

	CHECK_INT(mlpg_params_integer(p, "rounds"), 100);
	CHECK_CLOSE(mlpg_params_real(p, "rate"), 0.1, 0);
	CHECK(mlpg_params_value(p, "penalty")->text == NULL);
	CHECK(mlpg_params_boolean(p, "intercept"));
	CHECK_TEXT(mlpg_params_choice(p, "method"), "exact");
	CHECK_INT(mlpg_params_value(p, "levels")->n_numbers, 1);
	for (int i = 0; i < N_SPECS; i++)
	{
		CHECK(!p->value[i].given);
		CHECK_INT(mlpg_params_find(p, specs[i].name), i);
	}
	CHECK_INT(mlpg_params_find(p, "round"), -1);
	CHECK_INT(mlpg_params_find(p, ""), -1);
}

static void
accept(const char *name, const char *text, double number)
{
	MlpgParams *p = fresh();
	bool		raised;

	HARNESS_TRY(host, raised, mlpg_params_set(host, p, name, text));
	harness_result(!raised, __FILE__, __LINE__, text);
	if (raised)
		return;
	CHECK_CLOSE(mlpg_params_real(p, name), number, 0);
	CHECK_TEXT(mlpg_params_value(p, name)->text, text);
	CHECK(mlpg_params_value(p, name)->given);
}

static void
refuse(const char *name, const char *text, const char *detail)
{
	MlpgParams *p = fresh();
	bool		raised;

	HARNESS_TRY(host, raised, mlpg_params_set(host, p, name, text));
	harness_result(raised && harness_code(host) == MLPG_INVALID_PARAMETER, __FILE__, __LINE__, text);
	if (!raised)
		return;
	CHECK_TEXT(harness_detail(host), detail);
	CHECK(strstr(harness_message(host), mlpg_text(host, "invalid value for parameter \"%s\" of learner \"tester\": \"", name)) != NULL);
	/* nothing changed */
	CHECK(!mlpg_params_value(p, name)->given);
}

static void
test_integers(void)
{
	static const char *const bad[] = {"0", "1000001", "-5", "1.5", "", " ", "abc", "1x", "0x10", "1,2", "nan", "inf", "1e400", "--1", "1 2",
	"9007199254740993", "true", "NULL", "1e", "\t5"};

	accept("rounds", "1", 1);
	accept("rounds", "1000000", 1000000);
	accept("rounds", "1e3", 1000);
	accept("rounds", "+7", 7);
	accept("rounds", "2.0", 2);
	for (int i = 0; i < (int) (sizeof(bad) / sizeof(bad[0])); i++)
		refuse("rounds", bad[i], "It must be an integer between 1 and 1e+06.");
}

static void
test_reals(void)
{
	static const char *const bad[] = {"0", "1", "-0.1", "1.0000001", "nan", "NaN", "inf", "-inf", "0x1p-1", "", "0.5.5", "0,5", "1e-400", ".", "-",
	"0.5e", "infinity"};

	accept("rate", "0.5", 0.5);
	accept("rate", ".5", 0.5);
	accept("rate", "5e-324", 5e-324);
	accept("rate", "0.99999999999999989", 0.99999999999999989);
	accept("penalty", "0", 0);
	accept("penalty", "-0", 0);
	accept("penalty", "1e308", 1e308);
	for (int i = 0; i < (int) (sizeof(bad) / sizeof(bad[0])); i++)
		refuse("rate", bad[i], "It must be a number strictly between 0 and 1.");
	refuse("penalty", "-1", "It must be a number not less than 0.");
	refuse("penalty", "1e309", "It must be a number not less than 0.");
	refuse("above", "2", "It must be a number greater than 2.");
	accept("above", "2.0000000000000004", 2.0000000000000004);
}

static void
test_choices(void)
{
	static const char *const bad[] = {"", "exac", "exactly", "exact|fast", "|", "Exact", " exact", "auto ", "a"};
	static const char *const no[] = {"TRUE", "t", "1", "0", "yes", "", "truee", "on", "False"};

	accept("method", "exact", 0);
	accept("method", "fast", 1);
	accept("method", "auto", 2);
	for (int i = 0; i < (int) (sizeof(bad) / sizeof(bad[0])); i++)
		refuse("method", bad[i], "It must be one of: exact|fast|auto.");
	accept("intercept", "true", 1);
	accept("intercept", "false", 0);
	for (int i = 0; i < (int) (sizeof(no) / sizeof(no[0])); i++)
		refuse("intercept", no[i], "It must be true or false.");
}

static void
test_lists(void)
{
	static const char *const bad[] = {"", ",", "0.5,", ",0.5", "0.5,,0.6", "0.5 0.6", "0.5;0.6", "0.5,1", "0.5,nan", "[0.5]", "{0.5}"};
	MlpgParams *p = fresh();
	char	   *text = mlpg_text(host, "%s", "0.5");

	mlpg_params_set(host, p, "levels", "0.1, 0.5 ,0.9");
	CHECK_INT(mlpg_params_value(p, "levels")->n_numbers, 3);
	CHECK_CLOSE(mlpg_params_value(p, "levels")->numbers[0], 0.1, 0);
	CHECK_CLOSE(mlpg_params_value(p, "levels")->numbers[2], 0.9, 0);
	CHECK_TEXT(mlpg_params_value(p, "levels")->text, "0.1, 0.5 ,0.9");
	for (int i = 0; i < (int) (sizeof(bad) / sizeof(bad[0])); i++)
		refuse("levels", bad[i], "It must be a list of numbers strictly between 0 and 1.");

	/* a thousand numbers, not one more */
	for (int i = 1; i < 1000; i++)
		text = mlpg_text(host, "%s,0.5", text);
	mlpg_params_set(host, p, "levels", text);
	CHECK_INT(mlpg_params_value(p, "levels")->n_numbers, 1000);
	CHECK_INT(strlen(mlpg_params_value(p, "levels")->text), 3 + 999 * 4);
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, mlpg_params_set(host, p, "levels", mlpg_text(host, "%s,0.5", text)));
	/* what was there is still there */
	CHECK_INT(mlpg_params_value(p, "levels")->n_numbers, 1000);
}

static void
test_unknown(void)
{
	MlpgParams *p = fresh();
	MlpgParams *none = mlpg_params_create(host, "plain", NULL, 0);
	char		text[300];

	EXPECT_RAISE(host, MLPG_UNDEFINED_OBJECT, mlpg_params_set(host, p, "round", "5"));
	CHECK_TEXT(harness_message(host), "unrecognized parameter \"round\" for learner \"tester\"");
	CHECK_TEXT(harness_hint(host),
			   "Did you mean \"rounds\"? Valid parameters are: rounds, rate, penalty, intercept, method, levels, above.");
	EXPECT_RAISE(host, MLPG_UNDEFINED_OBJECT, mlpg_params_set(host, p, "zzzzzzzzzzzzzzzz", "5"));
	CHECK_TEXT(harness_hint(host), "Valid parameters are: rounds, rate, penalty, intercept, method, levels, above.");
	EXPECT_RAISE(host, MLPG_UNDEFINED_OBJECT, mlpg_params_set(host, none, "x", "5"));
	CHECK_TEXT(harness_hint(host), "This learner has no parameters.");
	memset(text, 'a', 299);
	text[299] = '\0';
	EXPECT_RAISE(host, MLPG_UNDEFINED_OBJECT, mlpg_params_set(host, p, text, "5"));
	CHECK(strlen(harness_message(host)) < 200);
	EXPECT_RAISE(host, MLPG_INVALID_PARAMETER, mlpg_params_set(host, p, "rate", text));
	CHECK(strlen(harness_message(host)) < 200);
}

static void
test_nearest(void)
{
	static const char *const names[] = {"linear", "quantile", "baseline", "l2"};
	char		text[100];

	CHECK_TEXT(mlpg_nearest_name("liner", names, 4), "linear");
	CHECK_TEXT(mlpg_nearest_name("linaer", names, 4), "linear");
	CHECK_TEXT(mlpg_nearest_name("Quantile", names, 4), "quantile");
	CHECK_TEXT(mlpg_nearest_name("quantiles", names, 4), "quantile");
	CHECK_TEXT(mlpg_nearest_name("l1", names, 4), "l2");
	CHECK(mlpg_nearest_name("xgboost", names, 4) == NULL);
	CHECK(mlpg_nearest_name("linear", names, 0) == NULL);
	CHECK_TEXT(mlpg_nearest_name("linear", names, 4), "linear");
	memset(text, 'l', 99);
	text[99] = '\0';
	CHECK(mlpg_nearest_name(text, names, 4) == NULL);
	CHECK_TEXT(mlpg_learner_require(host, "linear")->name, "linear");
	EXPECT_RAISE(host, MLPG_UNDEFINED_OBJECT, mlpg_learner_require(host, "linera"));
	CHECK_TEXT(harness_message(host), "learner \"linera\" does not exist");
	CHECK(strncmp(harness_hint(host), "Did you mean \"linear\"? Learners are: baseline, linear", 52) == 0);
}

/* What every learner declares holds for its own declarations. */
static void
test_declarations(void)
{
	for (int k = 0; k < mlpg_learner_count(); k++)
	{
		const MlpgLearner *learner = mlpg_learner_at(k);
		MlpgParams *p = mlpg_params_create(host, learner->name, learner->params, learner->n_params);

		CHECK(mlpg_learner_find(learner->name) == learner);
		CHECK(mlpg_learner_id(learner) > 0);
		CHECK(strlen(learner->summary) > 0 && strlen(learner->summary) < 60);
		CHECK(learner->payload_version >= learner->oldest_readable && learner->oldest_readable >= 1);
		CHECK(learner->min_rows >= 1);
		CHECK(learner->single_pass ? learner->summarise && learner->combine && learner->read_state : learner->fit != NULL);
		for (int i = 0; i < learner->n_params; i++)
		{
			const MlpgParamSpec *spec = &learner->params[i];

			CHECK(strlen(spec->help) > 0 && strlen(spec->help) < 60);
			CHECK_INT(mlpg_params_find(p, spec->name), i);
			CHECK((spec->type == MLPG_PARAM_CHOICE || spec->type == MLPG_PARAM_TEXT) == (spec->choices != NULL));
			CHECK((spec->type == MLPG_PARAM_TEXT) == (spec->is_valid != NULL));
			CHECK(strlen(mlpg_param_range(host, spec)) > 0);
			CHECK((p->value[i].text == NULL) == (spec->initial == NULL));
		}
		for (int j = 0; j < k; j++)
			CHECK(mlpg_learner_id(learner) != mlpg_learner_id(mlpg_learner_at(j)));
	}
}

/* Numbers as facts: the shortest text that reads back the same. */
static void
test_number_text(void)
{
	uint64_t	random = 1;
	int			wrong = 0;

	CHECK_TEXT(mlpg_number_text(host, 0.1), "0.1");
	CHECK_TEXT(mlpg_number_text(host, 1), "1");
	CHECK_TEXT(mlpg_number_text(host, -1e300), "-1e+300");
	CHECK_TEXT(mlpg_number_text(host, 1.0 / 3), "0.3333333333333333");
	for (int i = 0; i < 20000; i++)
	{
		uint64_t	bits = test_random(&random);
		double		x;

		memcpy(&x, &bits, sizeof(x));
		if (isfinite(x))
			wrong += strtod(mlpg_number_text(host, x), NULL) != x;
	}
	CHECK_INT(wrong, 0);

	/* facts of any length and number */
	MlpgFacts  *facts = mlpg_facts_create(host);
	char		text[5000];

	memset(text, 'f', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 100; i++)
		mlpg_fact(host, facts, mlpg_text(host, "fact %d", i), "%s %d", text, i);
	CHECK_INT(facts->n, 100);
	CHECK_INT(strlen(mlpg_fact_find(facts, "fact 99")), 4999 + 3);
	CHECK(mlpg_fact_find(facts, "fact 100") == NULL);

	/* a message of any length is cut between characters */
	for (int i = 0; i < 3; i++)
	{
		char		long_text[3000] = "";

		for (int k = 0; k < 700; k++)
			strcat(long_text, "\342\202\254");	/* the euro sign, 3 bytes */
		EXPECT_RAISE(host, MLPG_INTERNAL, mlpg_raise(host, MLPG_INTERNAL, NULL, NULL, "%.*s%s", i, "xx", long_text));
		CHECK(strlen(harness_message(host)) > 1000);
		CHECK_INT((strlen(harness_message(host)) - (size_t) i) % 3, 0);
	}
}

int
main(void)
{
	host = harness_host();
	test_defaults();
	test_integers();
	test_reals();
	test_choices();
	test_lists();
	test_unknown();
	test_nearest();
	test_declarations();
	test_number_text();
	harness_free(host);
	return harness_done();
}
