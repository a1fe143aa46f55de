/*-------------------------------------------------------------------------
 *
 * source.c
 *	  Sources made canonical once, and run read only.
 *
 * Problem.  train stores its source, and retrain runs it months later, in
 * another session, with another search_path, perhaps called by a superuser's
 * cron job.  Text as typed would then mean whatever the path of that day makes
 * of it, and "one query" given to SPI may be two, or may write.
 *
 * Method.  A relation name is looked up once and stored qualified and quoted.
 * Anything else must parse to exactly one statement whose analysis is a plain
 * SELECT: no utility command, no SELECT INTO, no parameter, no data-modifying
 * CTE, no row locks, at any depth.  The analysed query is written out again
 * by the server's own deparser (the one of pg_get_viewdef) under search_path =
 * "pg_catalog, pg_temp", so every name outside pg_catalog is qualified,
 * operators included, and * is expanded to the columns of today.
 *
 * Whether the caller may read what the text names is checked by the executor
 * when it is run, as ever.  Volatile functions are allowed by the analysis; so
 * mlpg_with_read_only sets XactReadOnly, not merely SPI's read_only (which
 * lets volatile functions write).  Inside a transaction that has taken a
 * snapshot nothing can switch that off again.
 *
 * Cost: one parse analysis; locks on the named relations as any query takes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "pg/ingest/source.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "parser/scansup.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

/* up to 15 this header declares its walkers in the old style */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include "nodes/nodeFuncs.h"
#pragma GCC diagnostic pop

#define ONE_SELECT_HINT "A source is the name of a table or view, or one SELECT."
#define CANONICAL_SEARCH_PATH "pg_catalog, pg_temp"

/* The text without surrounding white space and one trailing semicolon. */
static char *
trim(const char *source)
{
	char	   *string;
	size_t		length;

	while (scanner_isspace(*source))
		source++;
	string = pstrdup(source);
	length = strlen(string);
	while (length > 0 && scanner_isspace(string[length - 1]))
		length--;
	if (length > 0 && string[length - 1] == ';')
		length--;
	while (length > 0 && scanner_isspace(string[length - 1]))
		length--;
	string[length] = '\0';
	return string;
}

/* Whether the text is identifiers joined by dots, as SplitIdentifierString does not check. */
static bool
is_name(const char *c)
{
	for (;;)
	{
		if (*c == '"')
		{
			for (c++; *c != '\0' && (*c != '"' || c[1] == '"'); c++)
				if (*c == '"')
					c++;
			if (*c++ != '"')
				return false;
		}
		else
		{
			if (!isalpha((unsigned char) *c) && *c != '_' && !IS_HIGHBIT_SET(*c))
				return false;
			while (isalnum((unsigned char) *c) || *c == '_' || *c == '$' || IS_HIGHBIT_SET(*c))
				c++;
		}
		while (scanner_isspace(*c))
			c++;
		if (*c == '\0')
			return true;
		if (*c++ != '.')
			return false;
		while (scanner_isspace(*c))
			c++;
	}
}

/* A (possibly qualified) identifier as a list of names; NIL when the text is none. */
static List *
parse_name(const char *string)
{
	List	   *names = NIL;
	List	   *result = NIL;
	ListCell   *cell;

	if (!is_name(string) || !SplitIdentifierString(pstrdup(string), '.', &names))
		return NIL;
	foreach(cell, names)
		result = lappend(result, makeString(pstrdup((char *) lfirst(cell))));
	return result;
}

static bool
is_readable_kind(char relkind)
{
	return relkind == RELKIND_RELATION || relkind == RELKIND_PARTITIONED_TABLE ||
		relkind == RELKIND_VIEW || relkind == RELKIND_MATVIEW || relkind == RELKIND_FOREIGN_TABLE;
}

static Oid
find_relation(List *names)
{
	RangeVar   *name = makeRangeVarFromNameList(names);
	Oid			relation = RangeVarGetRelid(name, NoLock, true);

	if (!OidIsValid(relation))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"%s\" does not exist", NameListToString(names)),
				 errhint(ONE_SELECT_HINT)));
	if (!is_readable_kind(get_rel_relkind(relation)))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table or view", NameListToString(names)),
				 errhint(ONE_SELECT_HINT)));
	return relation;
}

static char *
qualified_name(Oid relation)
{
	char	   *name = get_rel_name(relation);
	char	   *schema = get_namespace_name_or_temp(get_rel_namespace(relation));

	if (name == NULL || schema == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relation)));
	return quote_qualified_identifier(schema, name);
}

static void
raise_not_select(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("source must be a relation name or one SELECT"),
			 errdetail("%s", what),
			 errhint(ONE_SELECT_HINT)));
}

/* Refuses whatever writes or locks, at any depth. */
static bool
refuse_writes(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		Query	   *query = (Query *) node;

		if (query->commandType == CMD_UTILITY)
			raise_not_select("The statement is a utility command or SELECT INTO.");
		if (query->commandType != CMD_SELECT || query->hasModifyingCTE)
			raise_not_select("The statement changes data.");
		if (query->rowMarks != NIL)
			raise_not_select("The statement locks rows (FOR UPDATE or FOR SHARE).");
		return query_tree_walker(query, refuse_writes, context, 0);
	}
	return expression_tree_walker(node, refuse_writes, context);
}

/* An error's position is one in the source, not in the statement that passed it. */
static void
point_into_source(void *argument)
{
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery((const char *) argument);
		if (geterrcode() == ERRCODE_SYNTAX_ERROR)
			errhint(ONE_SELECT_HINT " A name with capitals, blanks or signs needs double quotes.");
	}
}

static Query *
analyze(const char *string)
{
	List	   *statements = pg_parse_query(string);
	RawStmt    *statement;
	Query	   *query;

	if (statements == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("source is empty"),
				 errhint(ONE_SELECT_HINT)));
	if (list_length(statements) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("source holds %d statements", list_length(statements)),
				 errhint(ONE_SELECT_HINT)));
	statement = linitial_node(RawStmt, statements);
	/* before analysis: that of a utility command may do what we do not want */
	if (!IsA(statement->stmt, SelectStmt))
		raise_not_select("The statement is not a SELECT.");
	query = parse_analyze_fixedparams(statement, string, NULL, 0, NULL);
	(void) refuse_writes((Node *) query, NULL);
	return query;
}

/* Parses and analyses exactly one plain SELECT. */
static Query *
analyze_one_select(const char *string)
{
	ErrorContextCallback callback = {
		.previous = error_context_stack, .callback = point_into_source, .arg = unconstify(char *, string)
	};
	Query	   *query;

	error_context_stack = &callback;
	query = analyze(string);
	error_context_stack = callback.previous;
	return query;
}

/* Everything below under CANONICAL_SEARCH_PATH until leave. */
static int
enter_canonical_path(void)
{
	int			nest_level = NewGUCNestLevel();

	(void) set_config_option("search_path", CANONICAL_SEARCH_PATH, PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return nest_level;
}

static char *
deparse(Query *query)
{
	int			nest_level = enter_canonical_path();
	char	   *string = pg_get_querydef(query, false);

	AtEOXact_GUC(false, nest_level);
	return trim(string);
}

char *
mlpg_canonical_source(const char *source)
{
	char	   *string = trim(source);
	List	   *names = parse_name(string);

	if (names != NIL)
		return qualified_name(find_relation(names));
	return deparse(analyze_one_select(string));
}

char *
mlpg_source_query(const char *canonical)
{
	return parse_name(canonical) != NIL ? psprintf("SELECT * FROM %s", canonical) : pstrdup(canonical);
}

static bool
reads_temporary(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		RangeTblEntry *entry = (RangeTblEntry *) node;

		return entry->rtekind == RTE_RELATION && get_rel_persistence(entry->relid) == RELPERSISTENCE_TEMP;
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, reads_temporary, context, QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, reads_temporary, context);
}

bool
mlpg_source_is_temporary(const char *canonical)
{
	int			nest_level = enter_canonical_path();
	bool		result = reads_temporary((Node *) analyze_one_select(mlpg_source_query(canonical)), NULL);

	AtEOXact_GUC(false, nest_level);
	return result;
}

void
mlpg_with_read_only(void (*body) (void *argument), void *argument)
{
	bool		saved_read_only = XactReadOnly;
	int			nest_level = enter_canonical_path();

	(void) set_config_option("synchronize_seqscans", "off", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("max_parallel_workers_per_gather", "0", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	PG_TRY();
	{
		XactReadOnly = true;
		body(argument);
	}
	PG_FINALLY();
	{
		XactReadOnly = saved_read_only;
	}
	PG_END_TRY();
	AtEOXact_GUC(false, nest_level);
}
