"""The line of metrics of ranks: ten times as many scored rows as the other tables have."""
from measure import ROWS, Contender, connect, fetch, rounds, table, timed

N = 10 * ROWS
SORT = f'SELECT p FROM scored ORDER BY p OFFSET {N}'


def line_auc():
    connection = connect(max_parallel_workers_per_gather=0)
    if fetch(connection, "SELECT to_regclass('scored')")[0][0] is None or fetch(connection, 'SELECT count(*) FROM scored')[0][0] != N:
        fetch(connection, 'DROP TABLE IF EXISTS scored')
        fetch(connection, 'CREATE TABLE scored AS SELECT random() < p AS y, p, round(p::numeric, 4)::float8 AS rounded '
                          f'FROM (SELECT setseed(0.5)) AS s, LATERAL (SELECT random() AS p FROM generate_series(1, {N})) AS t')
        fetch(connection, 'VACUUM ANALYZE scored')
    parallel = connect(max_parallel_workers_per_gather=2)

    def run(where, sql):
        return lambda: timed(where, sql, threads=True)

    contenders = [Contender('ORDER BY p, serial', run(connection, SORT)),
                  Contender('auc(y, p), serial', run(connection, 'SELECT mlpg.auc(y, p) FROM scored'), bar=3),
                  Contender('auc and average_precision, serial', run(connection, 'SELECT mlpg.auc(y, p), mlpg.average_precision(y, p) FROM scored')),
                  Contender('auc of p with 4 digits, serial', run(connection, 'SELECT mlpg.auc(y, rounded) FROM scored')),
                  Contender('auc(y, p), parallel plan', run(parallel, 'SELECT mlpg.auc(y, p) FROM scored')),
                  Contender('brier(y, p), serial', run(connection, 'SELECT mlpg.brier(y, p) FROM scored'))]
    rounds(contenders)
    table(f'auc of {N} scored rows', contenders)


LINES = {'auc': line_auc}
