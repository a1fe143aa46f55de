"""Measuring, reporting and the tables of the benches: what the files of lines share.

Each line of the bench is a list of contenders. A round runs each of them once, so
that whatever else the machine does hits all of them; the table shows medians
of the rounds and their ratio to the line's reference. CPU is that of the
backend with its threads and parallel workers (and of the client, where it works);
"waited" is the share of the wall time in which the backend was ready to run and
had no core: above a few per cent the wall times are those of a loaded machine.
"""
import json
import os
import statistics
import subprocess
import sys
import time

import psycopg2

HERE = os.path.dirname(os.path.abspath(__file__))
PLACE = os.environ['BENCH_PLACE']
RUNS = int(os.environ.get('RUNS', 5))
ROWS = int(os.environ.get('ROWS', 1000000))
GROUPS = int(os.environ.get('GROUPS_N', 100000))
TICKS = os.sysconf('SC_CLK_TCK')
COLUMNS = [f'c{i}' for i in range(1, 29)]
FLOATS = ', '.join(f'{c} float8' for c in COLUMNS)
SUMS = 'SELECT ' + ', '.join(f'sum({c})' for c in COLUMNS) + ' FROM wide'


# ---------------------------------------------------------------- measuring

class Sample:
    def __init__(self, wall, cpu, waited=0.0, **more):
        self.wall, self.cpu, self.waited, self.more = wall, cpu, waited, more


def stat_ticks(pid, first, last):
    with open(f'/proc/{pid}/stat') as file:
        fields = file.read().rsplit(')', 1)[1].split()
    return sum(int(fields[i]) for i in range(first, last + 1)) / TICKS


def usage(pid):
    """CPU of a backend with all its threads, plus that of parallel workers that ended; and time waited for a core."""
    with open(f'/proc/{pid}/schedstat') as file:
        ran, waited = [int(v) / 1e9 for v in file.read().split()[:2]]
    whole = stat_ticks(pid, 11, 12)
    workers = stat_ticks(os.environ['BENCH_PID'], 13, 14)
    return ran, whole, workers, waited, stat_ticks(pid, 12, 12)


def connect(**settings):
    connection = psycopg2.connect('dbname=bench')
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute('SET client_min_messages = error')
        for name, value in settings.items():
            cursor.execute(f'SET {name} = %s', (value,))
    return connection


def fetch(connection, sql, *arguments):
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments or None)
        return cursor.fetchall() if cursor.description else []


def timed(connection, sql, threads=False):
    """Runs sql once. threads: CPU of the whole process and of workers, to 10 ms; else of the one thread, to the ns."""
    pid = connection.get_backend_pid()
    before = usage(pid)
    start = time.perf_counter()
    rows = fetch(connection, sql)
    wall = time.perf_counter() - start
    after = usage(pid)
    ran, whole, workers, waited, kernel = [b - a for a, b in zip(before, after)]
    return Sample(wall, whole + workers if threads else ran, waited / wall, rows=rows, kernel=kernel)


class Contender:
    """before, if given, runs unmeasured each time; bar: the largest ratio to the reference (of wall unless said)."""

    def __init__(self, name, run, before=None, bar=None, least=False, note=None):
        self.name, self.run, self.before, self.bar, self.least, self.note = name, run, before, bar, least, note
        self.samples = []

    def once(self, keep=True):
        if self.before:
            self.before()
        sample = self.run()
        if keep:
            self.samples.append(sample)

    def median(self, what):
        return statistics.median(getattr(s, what) for s in self.samples)

    def median_of(self, more):
        return statistics.median(s.more[more] for s in self.samples)


def rounds(contenders, runs=None, warm=True):
    if warm:
        for contender in contenders:
            contender.once(keep=False)
    for _ in range(runs or RUNS):
        for contender in contenders:
            contender.once()


# ---------------------------------------------------------------- reporting

def verdict(value, bar, least):
    if bar is None:
        return ''
    met = value >= bar if least else value <= bar
    return f'{"at least" if least else "at most"} {bar:g}: {"met" if met else "**MISSED**"}'


def seconds(value):
    return f'{value:.3f}' if value < 10 else f'{value:.1f}'


def table(title, contenders, inverse=False):
    """The first contender is the reference; inverse: how many times the reference takes."""
    reference = contenders[0]
    print(f'\n**{title}**\n')
    print('| | wall s | CPU s | ratio of wall | ratio of CPU | waited | bar |')
    print('|---|---|---|---|---|---|---|')
    for c in contenders:
        wall, cpu = c.median('wall') / reference.median('wall'), c.median('cpu') / reference.median('cpu')
        if inverse:
            wall, cpu = 1 / wall, 1 / cpu
        ratios = '1 | 1' if c is reference else f'{wall:.2f} | {cpu:.2f}'
        print(f'| {c.name} | {seconds(c.median("wall"))} | {seconds(c.median("cpu"))} | {ratios} '
              f'| {c.median("waited"):.0%} | {verdict(wall, c.bar, c.least)} |')
    for c in contenders:
        if c.note:
            print(f'\n{c.name}: {c.note(c)}')
    sys.stdout.flush()


def values(title, rows):
    """rows: (what, value, unit, bar or None[, whether the bar is the least])"""
    print(f'\n**{title}**\n')
    print('| | value | bar |')
    print('|---|---|---|')
    for what, value, unit, bar, *least in rows:
        print(f'| {what} | {value:.3g} {unit} | {verdict(value, bar, any(least))} |')
    sys.stdout.flush()


def first_statements(title, statements):
    """What the statements take as the first of a new connection; those named predict... have a bar, and run once more."""
    first = {name: [] for name in statements}
    again = []
    for _ in range(max(RUNS, 5) * 4):
        for name, sql in statements.items():
            connection = psycopg2.connect('dbname=bench')
            connection.autocommit = True
            first[name].append(timed(connection, sql))
            if name.startswith('predict'):
                again.append(timed(connection, sql))
            connection.close()
    rows = []
    for name, those in list(first.items()) + [('the same once more', again)]:
        rows.append((name + ', wall', statistics.median(s.wall for s in those) * 1e3, 'ms', 5 if name.startswith('predict') else None))
        rows.append((name + ', CPU', statistics.median(s.cpu for s in those) * 1e3, 'ms', None))
    values(title, rows)


# ---------------------------------------------------------------- tables

TABLES = {
    'wide': (FLOATS + ', y float8', ['wide', str(ROWS), '0.02']),
    'keyed': ('id int4, ' + FLOATS + ', y float8', ['wide', str(ROWS), '0.02', 'id']),
    'filled': (FLOATS + ', y float8', ['wide', str(ROWS), '0']),
    'groups': ('g int4, x1 float8, x2 float8, x3 float8, y float8', ['groups', str(GROUPS), '20']),
}


def make_tables(connection, tables):
    """Those that are not there yet, or were made otherwise: the comment of a table says how."""
    with connection.cursor() as cursor:
        for name, (columns, arguments) in tables.items():
            signature = json.dumps([columns, arguments])
            if fetch(connection, 'SELECT pg_catalog.obj_description(pg_catalog.to_regclass(%s))', name) == [(signature,)]:
                continue
            cursor.execute(f'DROP TABLE IF EXISTS {name}')
            cursor.execute(f'CREATE TABLE {name} ({columns})')
            generator = subprocess.Popen([PLACE + '/generate'] + arguments, stdout=subprocess.PIPE)
            cursor.copy_expert(f'COPY {name} FROM STDIN BINARY', generator.stdout)
            if generator.wait() != 0:
                sys.exit(f'the generator of {name} failed')
            cursor.execute(f'VACUUM (ANALYZE, FREEZE) {name}')
            cursor.execute(f'COMMENT ON TABLE {name} IS %s', (signature,))
            cursor.execute('CHECKPOINT')


def prepare():
    """The database with the extension as it is now."""
    connection = psycopg2.connect('dbname=postgres')
    connection.autocommit = True
    there = fetch(connection, "SELECT 1 FROM pg_database WHERE datname = 'bench'")
    if not there or os.environ.get('FRESH'):
        fetch(connection, 'DROP DATABASE IF EXISTS bench WITH (FORCE)')
        fetch(connection, 'CREATE DATABASE bench')
    connection.close()
    connection = connect()
    fetch(connection, 'DROP EXTENSION IF EXISTS mlpg CASCADE')
    fetch(connection, 'CREATE EXTENSION mlpg')
    fetch(connection, 'VACUUM')
    return connection


def drop_model(name):
    with connect() as connection:
        fetch(connection, 'SELECT mlpg.drop_model(model, force => true) FROM mlpg.models WHERE model = %s', name)
    connection.close()
