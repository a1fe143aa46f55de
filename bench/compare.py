#!/usr/bin/python3
"""Comparisons side by side; called by run.sh, which starts the cluster. How it is measured: measure.py."""
import json
import os
import statistics
import subprocess
import sys
import time

import affine
import metrics
import trees
from measure import (COLUMNS, GROUPS, HERE, PLACE, ROWS, RUNS, SUMS, TABLES, Contender, Sample, connect, drop_model, fetch,
                     first_statements, make_tables, prepare, rounds, table, timed, values)

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

    fetch(single, 'CREATE SCHEMA IF NOT EXISTS peers')
    fetch(single, 'CREATE OR REPLACE FUNCTION peers.minimal(record) RETURNS float8 LANGUAGE c STABLE'
                  f" AS '{PLACE}/minimal.so', 'minimal'")
    fetch(single, 'VACUUM')     # the rounds before left dead rows in the registry and the catalogs
    statements = {
        'a column of the table': 'SELECT c1 FROM wide LIMIT 1',
        'an empty DO block of PL/pgSQL': "DO 'BEGIN END'",
        'a join of two catalogs': 'SELECT c.relname, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace'
                                  ' WHERE c.relpages > 100 ORDER BY 1 LIMIT 1',
        'a C function of 10 lines over one row': 'SELECT peers.minimal(t) FROM wide t LIMIT 1',
        'predict of one row': "SELECT mlpg.predict('bench', t) FROM wide t LIMIT 1"}
    first_statements('first statement of a new connection', statements)


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
         'job': line_job, 'quantile': line_quantile, 'groups': line_groups, **affine.LINES, **metrics.LINES, **trees.LINES}


def main(wanted):
    for name in wanted:
        if name not in LINES:
            sys.exit(f'no line {name}; lines: {" ".join(LINES)}')
    load = os.getloadavg()[0]
    connection = prepare()
    make_tables(connection, TABLES)
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
