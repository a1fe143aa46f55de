"""The lines of boosted trees: 100 trees of 31 leaves, 255 bins, learning rate 0.1, on the demand-like table.

The peer is LightGBM where python imports it, otherwise xgboost, otherwise scikit-learn; the bars are
those of whichever it is (LightGBM is no Debian package: a machine that has it, has it by other ways).
"""
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time

from measure import (COLUMNS, FLOATS, HERE, PLACE, ROWS, Contender, Sample, connect, drop_model, fetch, first_statements, make_tables,
                     rounds, seconds, table, timed, values)

PARAMS = {'num_iterations': 100, 'num_leaves': 31, 'learning_rate': 0.1, 'max_bin': 255, 'min_data_in_leaf': 20}
NAMES = {'lightgbm': 'LightGBM', 'xgboost': 'xgboost', 'sklearn': 'scikit-learn'}
THERE = [module for module in NAMES if importlib.util.find_spec(module)]


def peer(*arguments, threads=1):
    """Runs peers/trees.py; wall and CPU as it measured them."""
    count = str(threads)
    out = subprocess.run([HERE + '/peers/trees.py'] + [str(a) for a in arguments], check=True, stdout=subprocess.PIPE,
                         env=dict(os.environ, PGDATABASE='bench', OMP_NUM_THREADS=count, OPENBLAS_NUM_THREADS=count)).stdout
    steps = json.loads(out)
    return Sample(steps.pop('wall'), steps.pop('cpu'), **steps)


def matrix():
    path = PLACE + '/wide.npy'
    subprocess.run([HERE + '/peers/trees.py', 'matrix', path, 'wide'], check=True, env=dict(os.environ, PGDATABASE='bench'))
    return path


def train(connection, source, **more):
    """Trains model bench; Sample of the statement, with seconds of the fit, of reading, and the peak of memory."""
    arguments = {'algorithm': "'boosted_trees'", 'holdout': '0', 'params': f"'{json.dumps(PARAMS)}'"}
    arguments.update(more)
    whole = timed(connection, f"SELECT mlpg.train('bench', '{source}', 'y', " + ', '.join(f'{k} => {v}' for k, v in arguments.items()) + ')',
                  threads=True)
    fit, peak = fetch(connection, "SELECT (metrics ->> 'fit_seconds')::float8, peak_memory FROM mlpg.runs ORDER BY run_id DESC LIMIT 1")[0]
    whole.more.update(fit=fit, peak=peak)
    return whole


def steps(contender):
    names = contender.samples[0].more
    return ', '.join(f'{n} {statistics.median(s.more[n] for s in contender.samples):.2f} s' for n in names)


# ---------------------------------------------------------------- training

def fitting(name, threads, bar=None, **more):
    connection = connect(**{'mlpg.max_threads': threads})

    def run():
        whole = train(connection, 'wide', **more)
        return Sample(whole.more['fit'], whole.cpu, whole.waited, reading=whole.wall - whole.more['fit'])
    return Contender(name, run, before=lambda: drop_model('bench'), bar=bar, note=steps)


def line_trees_train():
    path = matrix()
    first = THERE[0]
    modes = {'lightgbm': ('quantised', 'quantile'), 'sklearn': ('quantile',)}.get(first, ())
    bar = {'lightgbm': 0.5, 'xgboost': 0.4}.get(first)
    walls = {}
    for threads in (1, 2):
        outside = lambda mode: lambda: peer('train', path, first, mode, threads, threads=threads)
        contenders = [Contender(NAMES[first], outside('squared'), note=steps),
                      fitting('mlpg: fit (CPU: with reading)', threads, bar),
                      fitting('mlpg: fit of quantile 0.75 (CPU: with reading)', threads, loss="'quantile'", quantiles="'{0.75}'")]
        contenders += [Contender(f'{NAMES[first]}, {mode}', outside(mode), note=steps) for mode in modes]
        rounds(contenders)
        table(f'train boosted trees from data in memory, {threads} threads', contenders)
        walls[threads] = {c.name: c.median('wall') for c in contenders}
        ours, quantile = [c.median('wall') for c in contenders[1:3]]
        theirs = {mode: walls[threads][f'{NAMES[first]}, {mode}'] for mode in modes}
        values(f'ratios of wall, {threads} threads', [
            (f'{what} against {NAMES[first]}, {mode}', mine / theirs[mode], '', limit)
            for what, mine, mode, limit in (('fit', ours, 'quantised', 0.65), ('fit of quantile 0.75', quantile, 'quantile', 0.5))
            if mode in modes])
    values('one thread against two, ratio of wall', [(name, walls[1][name] / walls[2][name], '', 1.7 if name.startswith('mlpg') else None, True)
                                                     for name in walls[1]])


# ---------------------------------------------------------------- the whole job

def line_trees_job():
    connection = connect(**{'mlpg.max_threads': 2})

    def clean():
        drop_model('bench')
        fetch(connection, 'DROP TABLE IF EXISTS scored')

    def inside():
        trained = train(connection, 'keyed', exclude="'{id}'")
        scored = timed(connection, "CREATE TABLE scored AS SELECT id, mlpg.predict('bench', t) AS prediction FROM keyed t", threads=True)
        return Sample(trained.wall + scored.wall, trained.cpu + scored.cpu, max(trained.waited, scored.waited),
                      train=trained.wall, score=scored.wall)

    contenders = [Contender(f'COPY BINARY, {NAMES[THERE[0]]}, COPY BINARY',
                            lambda: peer('job', 'keyed', 'scored_outside', THERE[0], 2, threads=2), note=steps),
                  Contender('train and CREATE TABLE AS SELECT predict', inside, before=clean, bar=0.45, note=steps)]
    rounds(contenders)
    table('the whole job with boosted trees, 2 threads', contenders)
    ours, theirs = fetch(connection, 'SELECT sqrt(avg((a.prediction - t.y) ^ 2)), sqrt(avg((b.prediction - t.y) ^ 2))'
                                     ' FROM keyed t JOIN scored a USING (id) JOIN scored_outside b USING (id)')[0]
    print(f'\nRMSE on the training rows: mlpg {ours:.4f}, {NAMES[THERE[0]]} {theirs:.4f}.')


# ---------------------------------------------------------------- scoring

def pgbench(script, variables=(), duration=3):
    """Calls of a prepared statement over one local connection: per second, and the backend's CPU of one."""
    path = PLACE + '/script.sql'
    with open(path, 'w') as file:
        file.write(script + ';\n')
    bin_folder = subprocess.run([os.environ['PG_CONFIG'], '--bindir'], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    started = subprocess.Popen([bin_folder + '/pgbench', '-n', '-M', 'prepared', '-c', '1', '-T', str(duration), '-f', path]
                               + [f'-D{name}={value}' for name, value in variables] + ['bench'],
                               stdout=subprocess.PIPE, text=True, env=dict(os.environ, PGAPPNAME='bench_single'))
    watcher = connect()
    pid = None
    while pid is None and started.poll() is None:
        time.sleep(duration / 10)
        found = fetch(watcher, "SELECT pid FROM pg_stat_activity WHERE application_name = 'bench_single'")
        pid = found[0][0] if found else None
    if pid is None:
        sys.exit('pgbench ended early')

    def ran():
        with open(f'/proc/{pid}/schedstat') as file:
            return int(file.read().split()[0]) / 1e9, time.perf_counter()
    cpu, moment = ran()
    time.sleep(duration / 3)
    share = (ran()[0] - cpu) / (time.perf_counter() - moment)
    out = started.communicate()[0]
    watcher.close()
    rate = next(float(line.split()[2]) for line in out.splitlines() if line.startswith('tps'))
    return rate, share / rate


def line_trees_predict():
    path = matrix()
    drop_model('bench')
    single = connect(max_parallel_workers_per_gather=0, **{'mlpg.max_threads': 2})
    train(single, 'wide')
    batch = [Contender(f'{NAMES[p]}, its own batch call', lambda p=p: peer('predict', path, p))
             for p in sorted(THERE, key=lambda p: p != 'xgboost')]
    ours = Contender('sum(predict) over the table', lambda: timed(single, "SELECT sum(mlpg.predict('bench', t)) FROM wide t"))
    rounds(batch + [ours])
    table('score 100 trees of 31 leaves, one thread', batch + [ours])
    reference = batch[0].median('cpu')
    values('CPU of a row', [(batch[0].name, reference / ROWS * 1e6, 'us', None),
                            (ours.name, ours.median('cpu') / ROWS * 1e6, 'us', None),
                            ('ratio', ours.median('cpu') / reference, '', 0.65 if THERE.count('xgboost') else None)])

    written = {}
    for algorithm in ('boosted_trees', 'baseline'):
        drop_model('bench')
        train(single, 'keyed', exclude="'{id}'", algorithm=f"'{algorithm}'", **({} if algorithm == 'boosted_trees' else {'params': "'{}'"}))
        written[algorithm] = Contender(f'predict_batch of {algorithm}',
                                       lambda: timed(single, "CALL mlpg.predict_batch('bench', 'keyed', 'scored', '{id}')"),
                                       before=lambda: fetch(single, 'DROP TABLE IF EXISTS scored'))
        rounds([written[algorithm]])
    table('predict_batch into a table with its key, one thread', list(written.values()))
    trees = written['boosted_trees'].median('cpu') - written['baseline'].median('cpu')
    values('rows a second and core', [('predict_batch, reading and writing included', ROWS / written['boosted_trees'].median('cpu'), '', None),
                                      ('the trees alone: less what a baseline takes', ROWS / trees, '', 1e6, True)])

    drop_model('bench')
    train(single, 'wide')
    row = fetch(single, 'SELECT ' + ', '.join(COLUMNS) + ' FROM wide WHERE wide IS NOT NULL LIMIT 1')[0]
    scripts = {
        'nothing: SELECT $1': ('SELECT :x', [('x', 1)], None),
        'predict of a row as jsonb': ("SELECT mlpg.predict('bench', :row::jsonb)",
                                      [('row', json.dumps(dict(zip(COLUMNS, row))).replace(' ', ''))], 20000),
        'predict of 28 parameters': ("SELECT mlpg.predict('bench', t) FROM (SELECT " + ', '.join(f':{c}::float8 AS {c}' for c in COLUMNS)
                                     + ') t', list(zip(COLUMNS, row)), 20000)}
    rows = []
    for name, (script, variables, bar) in scripts.items():
        rate, cpu = pgbench(script, variables)
        rows += [(name + ', calls a second', rate, '', bar, True), ('CPU of the backend a call', cpu * 1e6, 'us', None)]
    values('one row a call, prepared, one local connection', rows)

    drop_model('bench')
    train(single, 'SELECT * FROM wide LIMIT 50000', params=f"'{json.dumps(dict(PARAMS, num_iterations=500))}'")
    size = fetch(single, "SELECT bytes FROM mlpg.model_versions JOIN mlpg.models USING (model_id) WHERE model = 'bench'")[0][0]
    fetch(single, 'VACUUM')
    first_statements(f'first statement of a new connection, a model of {size / 1e6:.2f} MB', {
        'a column of the table': 'SELECT c1 FROM wide LIMIT 1',
        'predict of one row': "SELECT mlpg.predict('bench', t) FROM wide t LIMIT 1"})


# ---------------------------------------------------------------- scale

def line_trees_scale():
    connection = connect(**{'mlpg.max_threads': 2, 'mlpg.max_memory': '4GB'})
    make_tables(connection, {'long': (FLOATS + ', y float8', ['wide', str(10 * ROWS), '0.02'])})
    print('\n**from 1 to 10 times the rows, 2 threads, mlpg.max_memory 4 GB**\n')
    print('| rows | train s | fit s | fit, us a row | CPU of train, us a row | ratio of fit to the first | peak MB |')
    print('|---|---|---|---|---|---|---|')
    base = None
    for times in (1, 2, 5, 10):
        drop_model('bench')
        whole = train(connection, f'SELECT * FROM long LIMIT {times * ROWS}')
        each = whole.more['fit'] / (times * ROWS) * 1e6
        base = base or each
        print(f"| {times * ROWS} | {seconds(whole.wall)} | {seconds(whole.more['fit'])} | {each:.3f} | {whole.cpu / (times * ROWS) * 1e6:.3f} "
              f"| {each / base:.2f} | {(whole.more['peak'] or 0) / 2**20:.0f} |", flush=True)


LINES = {'trees_train': line_trees_train, 'trees_job': line_trees_job, 'trees_predict': line_trees_predict, 'trees_scale': line_trees_scale}
