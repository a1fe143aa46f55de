#!/usr/bin/python3
"""Comparisons side by side; called by run.sh, which starts the cluster.

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
    """rows: (what, value, unit, bar or None)"""
    print(f'\n**{title}**\n')
    print('| | value | bar |')
    print('|---|---|---|')
    for what, value, unit, bar in rows:
        print(f'| {what} | {value:.3g} {unit} | {verdict(value, bar, False)} |')
    sys.stdout.flush()


# ---------------------------------------------------------------- tables

TABLES = {
    'wide': (FLOATS + ', y float8', ['wide', str(ROWS), '0.02']),
    'keyed': ('id int4, ' + FLOATS + ', y float8', ['wide', str(ROWS), '0.02', 'id']),
    'filled': (FLOATS + ', y float8', ['wide', str(ROWS), '0']),
    'groups': ('g int4, x1 float8, x2 float8, x3 float8, y float8', ['groups', str(GROUPS), '20']),
}


def prepare():
    connection = psycopg2.connect('dbname=postgres')
    connection.autocommit = True
    signature = json.dumps(TABLES)
    there = fetch(connection, "SELECT 1 FROM pg_database WHERE datname = 'bench'")
    if not there or os.environ.get('FRESH'):
        fetch(connection, 'DROP DATABASE IF EXISTS bench WITH (FORCE)')
        fetch(connection, 'CREATE DATABASE bench')
    connection.close()
    connection = connect()
    fetch(connection, 'DROP EXTENSION IF EXISTS mlpg CASCADE')
    fetch(connection, 'CREATE EXTENSION mlpg')
    fetch(connection, 'VACUUM')
    made = fetch(connection, "SELECT pg_catalog.obj_description(pg_catalog.to_regclass('groups'))")
    if made[0][0] != signature:
        with connection.cursor() as cursor:
            for name, (columns, arguments) in TABLES.items():
                cursor.execute(f'DROP TABLE IF EXISTS {name}')
                cursor.execute(f'CREATE TABLE {name} ({columns})')
                generator = subprocess.Popen([PLACE + '/generate'] + arguments, stdout=subprocess.PIPE)
                cursor.copy_expert(f'COPY {name} FROM STDIN BINARY', generator.stdout)
                if generator.wait() != 0:
                    sys.exit(f'the generator of {name} failed')
                cursor.execute(f'VACUUM (ANALYZE, FREEZE) {name}')
            cursor.execute('COMMENT ON TABLE groups IS %s', (signature,))
            cursor.execute('CHECKPOINT')
    return connection


def drop_model(name):
    with connect() as connection:
        fetch(connection, 'SELECT mlpg.drop_model(model, force => true) FROM mlpg.models WHERE model = %s', name)
    connection.close()


# ---------------------------------------------------------------- lines

def trainer(threads, what):
    connection = connect(**{'mlpg.max_threads': threads})
    return lambda: timed(connection, f"SELECT mlpg.train('bench', {what})", threads=True)


def reference():
    connection = connect(max_parallel_workers_per_gather=0)
    return Contender('28 sums, serial', lambda: timed(connection, SUMS, threads=True))


def line_linear():
    fresh = lambda: drop_model('bench')
    contenders = [reference()]
    for name, threads, what, bar in (
            ("train, 2 threads", 2, "'wide', 'y', 'linear', holdout => 0", 0.9),
            ("train, 1 thread", 1, "'wide', 'y', 'linear', holdout => 0", 1.3),
            ("train with a hold-out of 0.2, 2 threads", 2, "'wide', 'y', 'linear'", None),
            ("train with a hold-out of 0.2, 1 thread", 1, "'wide', 'y', 'linear'", None),
            ("train without its id column, 2 threads", 2, "'keyed', 'y', 'linear', exclude => '{id}', holdout => 0", None)):
        contenders.append(Contender(name, trainer(threads, what), before=fresh, bar=bar))
    rounds(contenders)
    table('train linear against 28 sums', contenders)


def workers_planned(connection, sql):
    plan = fetch(connection, 'EXPLAIN (FORMAT json) ' + sql)[0][0][0]['Plan']
    while plan.get('Node Type') not in ('Gather', 'Gather Merge'):
        if 'Plans' not in plan:
            return 0
        plan = plan['Plans'][0]
    return plan['Workers Planned']


def line_fit():
    for workers in (0, 1, 2):
        connection = connect(max_parallel_workers_per_gather=workers, parallel_setup_cost=0, parallel_tuple_cost=0)
        fetch(connection, 'ALTER TABLE wide SET (parallel_workers = 2)')
        fit = "SELECT mlpg.fit('linear', y, t) FROM wide t"
        if workers_planned(connection, fit) != workers or workers_planned(connection, SUMS) != workers:
            sys.exit(f'no plan with {workers} workers')
        contenders = [Contender(f'28 sums, {workers} workers', lambda: timed(connection, SUMS, threads=True)),
                      Contender(f'fit of whole rows, {workers} workers', lambda: timed(connection, fit, threads=True), bar=1.8)]
        rounds(contenders)
        table(f"fit('linear', y, t), {workers} parallel workers", contenders)
        fetch(connection, 'ALTER TABLE wide RESET (parallel_workers)')


def line_ingest():
    single = connect(**{'mlpg.max_threads': 1, 'max_parallel_workers_per_gather': 0})
    contenders = [Contender('28 sums, serial', lambda: timed(single, SUMS)),
                  Contender('train baseline: rows kept as columns',
                            lambda: timed(single, "SELECT mlpg.train('bench', 'wide', 'y', 'baseline', holdout => 0)"),
                            before=lambda: drop_model('bench'))]
    rounds(contenders)
    table('ingest into columns', contenders)
    shares = fetch(single, "SELECT avg((metrics ->> 'fit_seconds')::float8 / seconds) FROM mlpg.runs")[0][0]
    whole = contenders[1].median('cpu') / ROWS * 1e6
    kernel = statistics.median(s.more['kernel'] for s in contenders[1].samples) / ROWS * 1e6
    values('CPU of a row of 28 columns and target', [
        ('reading into columns', whole * (1 - shares), 'us', 0.45),
        ('of it in the kernel, which clears the fresh memory', kernel, 'us', None),
        ('mean, minimum and maximum of the columns, and the fit', whole * shares, 'us', None)])


def line_predict():
    drop_model('bench')
    single = connect(max_parallel_workers_per_gather=0)
    fetch(single, "SELECT mlpg.train('bench', 'wide', 'y', 'linear', holdout => 0)")
    contenders = [Contender('28 sums, serial', lambda: timed(single, SUMS)),
                  Contender('sum(predict)', lambda: timed(single, "SELECT sum(mlpg.predict('bench', t)) FROM wide t"), bar=1.8),
                  Contender('count(predict)', lambda: timed(single, "SELECT count(mlpg.predict('bench', t)) FROM wide t"), bar=1.8),
                  Contender('max(predict)', lambda: timed(single, "SELECT max(mlpg.predict('bench', t)) FROM wide t"), bar=1.8)]
    rounds(contenders)
    table('predict linear over a table', contenders)

    fetch(single, 'VACUUM')     # the rounds before left dead rows in the registry and the catalogs
    statements = {
        'a column of the table': 'SELECT c1 FROM wide LIMIT 1',
        'an empty DO block of PL/pgSQL': "DO 'BEGIN END'",
        'a join of two catalogs': 'SELECT c.relname, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace'
                                  ' WHERE c.relpages > 100 ORDER BY 1 LIMIT 1',
        'predict of one row': "SELECT mlpg.predict('bench', t) FROM wide t LIMIT 1"}
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
    values('first statement of a new connection', rows)


def line_job():
    connection = connect()

    def clean():
        drop_model('bench')
        fetch(connection, 'DROP TABLE IF EXISTS scored')

    def inside():
        whole = [timed(connection, sql, threads=True) for sql in (
            "SELECT mlpg.train('bench', 'keyed', 'y', 'linear', exclude => '{id}', holdout => 0)",
            "CREATE TABLE scored AS SELECT id, mlpg.predict('bench', t) AS prediction FROM keyed t")]
        return Sample(sum(s.wall for s in whole), sum(s.cpu for s in whole), max(s.waited for s in whole),
                      train=whole[0].wall, score=whole[1].wall)

    def outside():
        out = subprocess.run([HERE + '/peers/linear.py', 'keyed', 'scored_outside'], check=True, stdout=subprocess.PIPE,
                             env=dict(os.environ, PGDATABASE='bench')).stdout
        steps = json.loads(out)
        return Sample(steps.pop('wall'), steps.pop('cpu'), **steps)

    def steps(contender):
        names = contender.samples[0].more
        return ', '.join(f'{n} {statistics.median(s.more[n] for s in contender.samples):.2f} s' for n in names)

    contenders = [Contender('COPY BINARY, scikit-learn, COPY BINARY', outside, note=steps),
                  Contender('train and CREATE TABLE AS SELECT predict', inside, before=clean, bar=10, least=True, note=steps)]
    rounds(contenders)
    table('the whole job: how many times faster than outside', contenders, inverse=True)
    far = fetch(connection, 'SELECT max(abs(a.prediction - b.prediction) / (1 + abs(b.prediction)))'
                            ' FROM scored a JOIN scored_outside b USING (id)')[0][0]
    print(f'\nLargest difference of the two predictions: {far:.2g} of the value (the model here has missing-indicators).')


def export_design(connection, table_name, path):
    """int64 rows, int64 columns, the design by rows (intercept first), the target."""
    import io
    import numpy as np
    copied = io.BytesIO()
    with connection.cursor() as cursor:
        cursor.copy_expert(f'COPY {table_name} TO STDOUT BINARY', copied)
    record = np.dtype([('n', '>i2')] + [field for i in range(29) for field in ((f'l{i}', '>i4'), (f'v{i}', '>f8'))])
    rows = np.frombuffer(copied.getbuffer(), dtype=record, offset=19, count=(copied.tell() - 21) // record.itemsize)
    x = np.ones((len(rows), 29))
    for i in range(28):
        x[:, i + 1] = rows[f'v{i}']
    y = rows['v28'].astype('f8')
    with open(path, 'wb') as file:
        np.array(x.shape, dtype='i8').tofile(file)
        x.tofile(file)
        y.tofile(file)
    return x, y


def line_quantile():
    import numpy as np
    tau = 0.75
    connection = connect(**{'mlpg.max_threads': 2})
    path = PLACE + '/design.bin'
    x, y = export_design(connection, 'filled', path)

    def objective(coefficients):
        residual = (y - x @ np.asarray(coefficients)).astype(np.longdouble)
        return float(np.sum(residual * (tau - (residual < 0))))

    def peer():
        out = subprocess.run(['Rscript', HERE + '/peers/quantreg.R', path, str(tau), 'pfn', '1'],
                             check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
        words = out[0].split()
        return Sample(float(words[2]), float(words[4]), objective=objective([float(b) for b in out[-1].split()]))

    def inside():
        whole = timed(connection, f"SELECT mlpg.train('bench', 'filled', 'y', 'quantile', quantiles => '{{{tau}}}', holdout => 0)", threads=True)
        fit = fetch(connection, "SELECT (metrics ->> 'fit_seconds')::float8 FROM mlpg.runs ORDER BY run_id DESC LIMIT 1")[0][0]
        estimates = dict(fetch(connection, "SELECT term, estimate FROM mlpg.coefficients('bench')"))
        names = ['(intercept)'] + COLUMNS
        return whole, fit, objective([estimates[n] for n in names])

    kept = []

    def fit_only():
        whole, fit, reached = inside()
        kept.append(whole)
        return Sample(fit, whole.cpu, whole.waited, objective=reached)

    contenders = [Contender('R quantreg rq.fit.pfn, in memory', peer),
                  Contender('mlpg: fit (CPU: with ingest)', fit_only, before=lambda: drop_model('bench'), bar=1)]
    rounds(contenders)
    whole = Contender('mlpg: train, ingest included', None)
    whole.samples = kept[-len(contenders[1].samples):]
    table(f'quantile regression at {tau}', contenders + [whole])
    theirs, ours = [c.samples[-1].more['objective'] for c in contenders]
    values('objective, relative to that of rq.fit.pfn', [('ours minus theirs', (ours - theirs) / theirs, '', 1e-8)])


def memory(pid):
    with open(f'/proc/{pid}/status') as file:
        fields = dict(line.split(':', 1) for line in file)
    return int(fields['VmHWM'].split()[0]) / 1024, int(fields['RssShmem'].split()[0]) / 1024


def line_groups():
    rows = []
    for algorithm, work_mem, bar in (('linear', '64MB', 10), ('quantile', '64MB', 20), ('linear', '4MB', None), ('quantile', '4MB', None)):
        walls, cpus, waits = [], [], []
        for run in range(RUNS if bar else 1):
            connection = connect(work_mem=work_mem, max_parallel_workers_per_gather=0)
            spilled = fetch(connection, "SELECT temp_bytes FROM pg_stat_database WHERE datname = 'bench'")[0][0]
            sample = timed(connection, f"""SELECT count(*), max(pg_column_size(model)) FROM
                (SELECT g, mlpg.fit('{algorithm}', y, x) AS model FROM groups, LATERAL (SELECT x1, x2, x3) x GROUP BY g) m""")
            peak, shared = memory(connection.get_backend_pid())
            connection.close()
            time.sleep(1)           # a backend reports its temporary files when it is idle or ends
            with connect() as other:
                spilled = fetch(other, "SELECT temp_bytes FROM pg_stat_database WHERE datname = 'bench'")[0][0] - spilled
            other.close()
            if sample.more['rows'][0][0] != GROUPS:
                sys.exit('groups are missing')
            walls.append(sample.wall), cpus.append(sample.cpu), waits.append(sample.waited)
        median = statistics.median
        rows += [(f'{algorithm}, work_mem {work_mem}: wall', median(walls), 's', bar),
                 ('CPU', median(cpus), 's', None), ('waited for a core', 100 * median(waits), '%', None),
                 ('largest model', sample.more['rows'][0][1], 'bytes', 1024),
                 ('peak of the backend, without shared buffers', peak - shared, 'MB', None),
                 ('spilled to disk', spilled / 2**20, 'MB', None)]
    values(f'{GROUPS} groups of 20 rows and 3 features, one GROUP BY', rows)


LINES = {'linear': line_linear, 'fit': line_fit, 'ingest': line_ingest, 'predict': line_predict,
         'job': line_job, 'quantile': line_quantile, 'groups': line_groups}


def main(wanted):
    for name in wanted:
        if name not in LINES:
            sys.exit(f'no line {name}; lines: {" ".join(LINES)}')
    load = os.getloadavg()[0]
    connection = prepare()
    with open('/proc/cpuinfo') as file:
        processor = next(line.split(':')[1].strip() for line in file if line.startswith('model name'))
    version = fetch(connection, 'SHOW server_version')[0][0]
    print(f'{time.strftime("%Y-%m-%d %H:%M", time.gmtime())} UTC; {os.cpu_count()} cores {processor}; PostgreSQL {version}; '
          f'{ROWS} rows; medians of {RUNS} rounds; load average before: {load:.1f}')
    connection.close()
    for name in wanted or LINES:
        LINES[name]()
    print(f'\nLoad average after: {os.getloadavg()[0]:.1f}')


main(sys.argv[1:])
