#!/usr/bin/python3
"""Accuracy against the peers at the same settings; called by bench/run.sh accuracy [SET ...].

Prints the Markdown of doc/accuracy.md. The peers' losses are kept in accuracy.json in the
bench's folder. Environment: FITS (10) of each; LEARNER_PARAMS (JSON) to try other parameters of ours.
"""
import json
import math
import os
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import numpy as np

import data
import peers
from measure import PLACE, drop_model, fetch, make_tables, prepare

FITS, LEVEL, LOSSES = peers.FITS, peers.LEVEL, peers.LOSSES
PARAMS = dict({'num_iterations': 100, 'num_leaves': 31, 'learning_rate': 0.1, 'max_bin': 255, 'min_data_in_leaf': 20},
              **json.loads(os.environ.get('LEARNER_PARAMS', '{}')))


# ---------------------------------------------------------------- ours

def load(connection, those):
    """Table accuracy.<set>: id, test, left_out (the fits that do not see the row), the columns, target."""
    import io
    table = f'accuracy.{those.name}'
    n_train = those.test.count(False)
    signature = f'{len(those.test)} rows, {n_train} for training, {FITS} fits'
    if fetch(connection, 'SELECT pg_catalog.obj_description(pg_catalog.to_regclass(%s))', table) == [(signature,)]:
        return
    out = [[] for _ in those.test]
    train = [i for i, test in enumerate(those.test) if not test]
    for fit in range(FITS):
        for i in peers.left_out(those.name, n_train, fit):
            out[train[i]].append(str(fit))
    columns = ', '.join(f'"{c}" {"text" if c in those.categories else "float8"}' for c in those.columns)
    target = 'text' if those.task == 'classification' else 'float8'
    quoted = lambda v: r'\N' if v is None else repr(v) if isinstance(v, float) else v.replace('\\', '\\\\').replace('\t', '\\t')
    lines = ['\t'.join([str(i), 't' if those.test[i] else 'f', '{' + ','.join(out[i]) + '}']
                       + [quoted(column[i]) for column in those.columns.values()] + [quoted(those.y[i])]) for i in range(len(out))]
    with connection.cursor() as cursor:
        cursor.execute('CREATE SCHEMA IF NOT EXISTS accuracy')
        cursor.execute(f'DROP TABLE IF EXISTS {table}')
        cursor.execute(f'CREATE TABLE {table} (id int4, test boolean, left_out int4[], {columns}, target {target})')
        cursor.copy_expert(f'COPY {table} FROM STDIN', io.StringIO('\n'.join(lines)))
        cursor.execute(f'COMMENT ON TABLE {table} IS %s', (signature,))


def fit_ours(connection, those, kind, fit):
    """One fit; returns its loss on the test rows, and its seconds."""
    table = f'accuracy.{those.name}'
    drop_model('accuracy')
    start = time.perf_counter()
    fetch(connection, "SELECT mlpg.train('accuracy', %s, 'target', 'boosted_trees', task => %s, exclude => '{id,test,left_out}',"
                      ' loss => %s, quantiles => %s, holdout => 0, params => %s, seed => %s)',
          f'SELECT * FROM {table} WHERE NOT test AND {fit} <> ALL (left_out)', those.task,
          None if kind in ('RMSE', 'log loss') else 'quantile', None if kind in ('RMSE', 'log loss') else [LEVEL],
          json.dumps(PARAMS), fit)
    seconds = time.perf_counter() - start
    answer = "mlpg.predict_proba('accuracy', t, target)" if kind == 'log loss' else "mlpg.predict('accuracy', t)"
    rows = fetch(connection, f'SELECT target, {answer} FROM {table} t WHERE test')
    prediction = np.array([row[1] for row in rows])
    if kind == 'log loss':
        return peers.loss(kind, np.zeros(len(rows), dtype=int), prediction[:, None]), seconds
    return peers.loss(kind, np.array([row[0] for row in rows]), prediction), seconds


# ---------------------------------------------------------------- tables

def compare(ours, theirs):
    """Ratio of the mean losses, standard error of the paired difference relative to theirs, whether the bar is met."""
    mean = statistics.mean(theirs)
    differences = [a - b for a, b in zip(ours, theirs)]
    error = statistics.stdev(differences) / math.sqrt(len(differences)) / mean if len(differences) > 1 else math.nan
    ratio = statistics.mean(ours) / mean
    return ratio, error, ratio - 1 <= max(0.005, 2 * error)


def number(value):
    return f'{value:.5g}' if value < 1e5 else f'{value:.0f}'


def geometric(ratios):
    return math.exp(statistics.mean(map(math.log, ratios)))


def report(results):
    """results: [(set, kind, ours, {peer: losses})]. The better peer is looked for among those with the same parameters."""
    names = list(dict.fromkeys(peer for row in results for peer in row[3]))
    strict = [n for n in names if not n.startswith('xgboost')] if any(n.startswith('LightGBM') for n in names) else names
    print('| data set | loss | mlpg | ' + ' | '.join(names) + ' | ratio to the better | standard error | bar |')
    print('|---|---|---|' + '---|' * len(names) + '---|---|---|')
    ratios = {}
    for name, kind, ours, theirs in results:
        better = min((p for p in theirs if p in strict), key=lambda p: statistics.mean(theirs[p]))
        ratio, error, met = compare(ours, theirs[better])
        ratios.setdefault('quantile' if kind.startswith('pinball') else 'main', []).append(ratio)
        cells = [('**{}**' if p == better else '{}').format(number(statistics.mean(theirs[p]))) if p in theirs else '' for p in names]
        print(f'| {name} | {kind} | {number(statistics.mean(ours))} | ' + ' | '.join(cells)
              + f' | {ratio:.4f} | {error:.4f} | {"met" if met else "**MISSED**"} |')
        sys.stdout.flush()
    print()
    for group, those in ratios.items():
        bar = '' if group == 'quantile' else f', at most 1.003: {"met" if geometric(those) <= 1.003 else "**MISSED**"}'
        print(f'Geometric mean of the ratios, {len(those)} {"quantile fits" if group == "quantile" else "data sets"}: {geometric(those):.4f}{bar}.')


LEVELS = [0.1, 0.5, 0.9]


def coverage(connection):
    """20,000 training and 50,000 fresh rows of the benches' generator: shares below the quantiles, and pinball losses."""
    from measure import COLUMNS, FLOATS
    make_tables(connection, {'quantiles': ('id int4, ' + FLOATS + ', y float8', ['wide', '70000', '0.02', 'id'])})
    drop_model('quantiles')
    fetch(connection, "SELECT mlpg.train('quantiles', 'SELECT * FROM quantiles WHERE id <= 20000', 'y', 'boosted_trees', exclude => '{id}',"
                      ' quantiles => %s, holdout => 0, params => %s)', LEVELS, json.dumps(PARAMS))
    rows = fetch(connection, f"SELECT {', '.join(COLUMNS)}, y, id > 20000, CASE WHEN id > 20000 THEN"
                             " mlpg.predict_quantiles('quantiles', t, %s) END FROM quantiles t ORDER BY id", LEVELS)
    columns = {c: [row[i] for row in rows] for i, c in enumerate(COLUMNS)}
    m = peers.Matrices(data.Set('quantiles', 'regression', columns, set(), [row[28] for row in rows], [row[29] for row in rows]))
    ours = np.array([row[30] for row in rows if row[29]])
    found = [p for p in peers.there() if p != 'xgboost']
    print('\n| quantile | share below, mlpg | pinball, mlpg | ' + ' | '.join(f'share below, {p} | pinball, {p} | ratio' for p in found) + ' | bar |')
    print('|---|---|---|' + '---|---|---|' * len(found) + '---|')
    for i, level in enumerate(LEVELS):
        kind = f'pinball {level}'
        share, reached = np.mean(m.y_test < ours[:, i]), peers.loss(kind, m.y_test, ours[:, i])
        cells, ratios = [], {}
        for p in found:
            prediction = peers.PEERS[p][1](m, kind, m.x, m.y, 0)
            theirs = peers.loss(kind, m.y_test, prediction)
            ratios[p] = reached / theirs
            cells += [f'{np.mean(m.y_test < prediction):.3f}', number(theirs), f'{ratios[p]:.4f}']
        met = abs(share - level) <= 0.03 and ratios['scikit-learn'] <= 1.02
        print(f'| {level} | {share:.3f} | {number(reached)} | ' + ' | '.join(cells) + f' | {"met" if met else "**MISSED**"} |')


def linear(connection):
    """Learner logistic beside scikit-learn's LogisticRegression: right answers and log loss on the test rows."""
    import sklearn
    print(f'\n| data set | right answers, mlpg | right answers, scikit-learn {sklearn.__version__} | log loss, mlpg | log loss, scikit-learn | within 0.5 points |')
    print('|---|---|---|---|---|---|')
    for name in [n for n in data.ALL if data.TASKS[n] == 'classification']:
        those = data.ALL[name]()
        load(connection, those)
        m = peers.Matrices(those)
        drop_model('linear')
        fetch(connection, "SELECT mlpg.train('linear', %s, 'target', 'logistic', exclude => '{id,test,left_out}', holdout => 0)",
              f'SELECT * FROM accuracy.{name} WHERE NOT test')
        right, loss = fetch(connection, f"SELECT avg((mlpg.predict_class('linear', t) = target)::int)::float8, avg(-ln(greatest(1e-15, mlpg.predict_proba('linear', t, target)))) FROM accuracy.{name} t WHERE test")[0]
        theirs = peers.with_logistic(m)
        their_right = float(np.mean(theirs.argmax(axis=1) == m.y_test))
        print(f'| {name} | {right:.4f} | {their_right:.4f} | {number(loss)} | {number(peers.loss("log loss", m.y_test, theirs))} | {"met" if right > their_right - 0.005 else "**MISSED**"} |')


def main(wanted):
    names = [n for n in wanted if n not in ('coverage', 'linear')] if wanted else list(data.ALL)
    for name in names:
        if name not in data.ALL:
            sys.exit(f'no data set {name}; data sets: {" ".join(data.ALL)}, and coverage, linear')
    if not os.path.isdir(data.DATA):
        sys.exit(f'the data sets are skipped: no folder {data.DATA}')
    theirs = peers.fill(PLACE + '/accuracy.json', names)
    connection = prepare()
    fetch(connection, "SET mlpg.max_threads = 1")
    results = []
    for name in names:
        those = data.ALL[name]()
        load(connection, those)
        for kind in LOSSES[those.task]:
            fits = [fit_ours(connection, those, kind, fit) for fit in range(FITS)]
            results.append((name, kind, [loss for loss, _ in fits], theirs[name][kind]))
            print(f'{name}, {kind}, mlpg: {sum(s for _, s in fits):.1f} s, losses {[float(number(l)) for l, _ in fits]}', file=sys.stderr)
    if results:
        report(results)
    if not wanted or 'coverage' in wanted:
        coverage(connection)
    if not wanted or 'linear' in wanted:
        linear(connection)


main(sys.argv[1:])
