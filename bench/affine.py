"""The lines of linear learners that read their rows many times: 28 columns in memory on both sides.

What scikit-learn gets is standardised, as its solvers want it (not counted); mlpg and glmnet do that
themselves, and it counts. The problems are the same, so the answers are compared too: the largest component of
the gradient on columns of unit variance, of both answers, computed in one place in long double.
"""
import json
import os
import subprocess

import numpy as np

from measure import COLUMNS, HERE, PLACE, Contender, Sample, connect, drop_model, fetch, rounds, table, timed, values

TARGETS = {'logistic': 'y > 6', 'poisson': 'round(y)', 'gaussian': 'y', 'binomial': 'y > 6'}


def source(task):
    return f"SELECT {', '.join(COLUMNS)}, {TARGETS[task]} AS target FROM filled"


def matrix(connection):
    """The table as the peers read it: columns, then the target, as doubles; and in an array."""
    path = PLACE + '/filled.npy'
    subprocess.run([HERE + '/peers/trees.py', 'matrix', path, 'filled'], check=True, env=dict(os.environ, PGDATABASE='bench'))
    return path, np.load(path)


def target_of(task, y):
    return (y > 6).astype(float) if task in ('logistic', 'binomial') else np.round(y) if task == 'poisson' else y


def peer(threads, *command):
    count = str(threads)
    out = subprocess.run([str(c) for c in command], check=True, stdout=subprocess.PIPE,
                         env=dict(os.environ, OMP_NUM_THREADS=count, OPENBLAS_NUM_THREADS=count)).stdout
    steps = json.loads(out)
    return Sample(steps.pop('wall'), steps.pop('cpu'), **steps)


def fitting(name, task, algorithm, threads, params, **how):
    connection = connect(**{'mlpg.max_threads': threads})

    def run():
        whole = timed(connection, f"SELECT mlpg.train('bench', '{source(task)}', 'target', '{algorithm}', holdout => 0,"
                                  f" params => '{json.dumps(params)}')", threads=True)
        fit = fetch(connection, "SELECT (metrics ->> 'fit_seconds')::float8 FROM mlpg.runs ORDER BY run_id DESC LIMIT 1")[0][0]
        facts = dict(fetch(connection, "SELECT item, value FROM mlpg.summary('bench')"))
        answer = dict(fetch(connection, "SELECT term, estimate FROM mlpg.coefficients('bench')"))
        path = int(fetch(connection, "SELECT count(DISTINCT step) FROM mlpg.path('bench')")[0][0]) if algorithm == 'elastic_net' else None
        return Sample(fit, whole.cpu, whole.waited, reading=whole.wall - fit, facts=facts, path=path,
                      answer=[answer.get(term, 0) for term in ['(intercept)'] + COLUMNS])
    return Contender(name, run, before=lambda: drop_model('bench'), **how)


def gradient(task, x, y, b, l2):
    """Largest component of the gradient of mean loss + l2/2 |b|^2, on columns of unit variance; b is of the columns as they are."""
    mean, deviation = x.mean(0), x.std(0)
    eta = b[0] + x @ np.asarray(b[1:])
    r = (1 / (1 + np.exp(-eta)) if task == 'logistic' else np.exp(eta)) - y
    z = (((x - mean) / deviation).T @ r) / len(y) + l2 * np.asarray(b[1:]) * deviation
    return float(max(abs(r.mean()), np.abs(z).max()))


def line_of(task, algorithm, name, params, penalised):
    def line():
        path, whole = matrix(connect())
        x, y = whole[:, :28], target_of(task, whole[:, 28])
        walls = {}
        for threads in (1, 2):
            contenders = [Contender(name, lambda: peer(threads, HERE + '/peers/affine.py', path, task)),
                          fitting(f'mlpg: fit of {algorithm} (CPU: with reading)', task, algorithm, threads, params, bar=0.5,
                                  note=lambda c: f"reading {c.median_of('reading'):.2f} s; {c.samples[0].more['facts'].get('iterations')} iterations")]
            rounds(contenders)
            table(f'{algorithm}, data in memory, {threads} threads', contenders)
            walls[threads] = [c.median('wall') for c in contenders]
        size = 1 / len(y) if penalised else 0
        theirs, ours = [gradient(task, x, y, c.samples[-1].more['answer'], size) for c in contenders]
        values(f'largest component of the gradient, {algorithm}', [(name, theirs, '', None), ('mlpg', ours, '', theirs)])
        values('one thread against two, ratio of wall', [(c.name, walls[1][i] / walls[2][i], '', None) for i, c in enumerate(contenders)])
    return line


def line_elastic_net():
    path, _ = matrix(connect())
    for task in ('gaussian', 'binomial'):
        for threads in (1, 2):
            contenders = [Contender('R glmnet', lambda: peer(threads, 'Rscript', HERE + '/peers/glmnet.R', path, task),
                                    note=lambda c: f"{c.samples[0].more['steps']} lambdas"),
                          fitting('mlpg: fit of elastic_net (CPU: with reading)', task, 'elastic_net', threads, {'folds': 0}, bar=0.5,
                                  note=lambda c: f"{c.samples[0].more['path']} lambdas; reading {c.median_of('reading'):.2f} s")]
            rounds(contenders)
            table(f'elastic_net, {task}, whole path, data in memory, {threads} threads', contenders)
        theirs, ours = [c.samples[-1].more['answer'] for c in contenders]
        far = max(abs(a - b) / (1 + abs(a)) for a, b in zip(theirs, ours))
        values(f'last coefficients of the path, {task}', [('largest relative difference (glmnet stops at 1e-7 of the deviance, with correlated columns early)', far, '', None)])


LINES = {'logistic': line_of('logistic', 'logistic', 'scikit-learn LogisticRegression', {}, True),
         'poisson': line_of('poisson', 'glm', 'scikit-learn PoissonRegressor', {'family': 'poisson'}, False),
         'elastic_net': line_elastic_net}
