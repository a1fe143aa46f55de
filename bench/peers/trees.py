#!/usr/bin/python3
"""Boosted trees outside the database: LightGBM, xgboost or scikit-learn, with the settings of the bench.

  trees.py matrix FILE TABLE                   keeps c1..c28 and y of TABLE as doubles, for the next two
  trees.py train FILE PEER MODE THREADS        MODE: squared, quantised (LightGBM's), quantile (level 0.75)
  trees.py predict FILE PEER                   one thread, in the peer's own batch call (xgboost: inplace_predict); trained on a tenth
  trees.py job TABLE INTO PEER THREADS         COPY BINARY out, train, score, COPY BINARY in

Connection from the PG* environment. Loading libraries and connecting are not counted. Prints one line
of JSON: wall seconds of the steps and in all, and CPU seconds of this process and its backend.
"""
import json
import sys
import time

import numpy as np

from binary import backend_cpu, export, import_


def lightgbm_steps(x, y, mode, threads):
    import lightgbm
    parameters = dict(objective='regression', num_leaves=31, learning_rate=0.1, max_bin=255, num_threads=threads, verbose=-1)
    parameters.update({'squared': {}, 'quantile': dict(objective='quantile', alpha=0.75),
                       'quantised': dict(use_quantized_grad=True, num_grad_quant_bins=16, quant_train_renew_leaf=True)}[mode])
    yield 'construct'
    data = lightgbm.Dataset(x, y, params=parameters).construct()
    yield 'train'
    model = lightgbm.train(parameters, data, 100)
    yield lambda x, threads: model.predict(x, num_threads=threads)


def xgboost_steps(x, y, mode, threads):
    import xgboost
    if mode != 'squared':
        sys.exit(f'xgboost is not compared in mode {mode}')
    yield 'construct'
    data = xgboost.QuantileDMatrix(x, y, nthread=threads, max_bin=256)
    yield 'train'
    model = xgboost.train(dict(objective='reg:squarederror', tree_method='hist', grow_policy='lossguide', max_leaves=31, max_depth=0,
                               eta=0.1, max_bin=256, nthread=threads), data, 100)

    def predict(x, threads):
        model.set_param({'nthread': threads})
        return model.inplace_predict(x)
    yield predict


def sklearn_steps(x, y, mode, threads):
    from sklearn.ensemble import HistGradientBoostingRegressor
    if mode == 'quantised':
        sys.exit('scikit-learn has no quantised gradients')
    losses = {'squared': dict(loss='squared_error'), 'quantile': dict(loss='quantile', quantile=0.75)}
    model = HistGradientBoostingRegressor(max_iter=100, max_leaf_nodes=31, learning_rate=0.1, max_bins=255, min_samples_leaf=20,
                                          early_stopping=False, **losses[mode])
    yield 'train'
    model.fit(x, y)
    yield lambda x, threads: model.predict(x)      # OMP_NUM_THREADS says how many


STEPS = {'lightgbm': lightgbm_steps, 'xgboost': xgboost_steps, 'sklearn': sklearn_steps}


class Clock:
    def __init__(self, pid=None):
        self.pid, self.steps, self.step = pid, {}, None
        self.cpu, self.wall = self.used(), time.perf_counter()
        self.moment = self.wall

    def used(self):
        return time.process_time() + (backend_cpu(self.pid) if self.pid else 0)

    def next(self, step=None):
        now = time.perf_counter()
        if self.step:
            self.steps[self.step] = now - self.moment
        self.moment, self.step = now, step

    def report(self):
        self.next()
        print(json.dumps(dict(self.steps, wall=time.perf_counter() - self.wall, cpu=self.used() - self.cpu)))


def fit(clock, x, y, peer, mode, threads):
    for step in STEPS[peer](x, y, mode, threads):
        if callable(step):
            clock.next()
            return step
        clock.next(step)


def warm(peer):
    """Loads the library and starts its threads."""
    x = np.random.default_rng(1).random((1000, 3))
    fit(Clock(), x, x[:, 0], peer, 'squared', 1)(x, 1)


def load(path):
    matrix = np.load(path)
    return np.ascontiguousarray(matrix[:, :28]), matrix[:, 28].copy()


def train(path, peer, mode, threads):
    x, y = load(path)
    warm(peer)
    clock = Clock()
    fit(clock, x, y, peer, mode, int(threads))
    clock.report()


def predict(path, peer):
    x, y = load(path)
    predictor = fit(Clock(), x[::10], y[::10], peer, 'squared', 1)     # trees of as many leaves, sooner
    predictor(x[:1000], 1)
    clock = Clock()
    clock.next('score')
    predictor(x, 1)
    clock.report()


def connect():
    import psycopg2
    connection = psycopg2.connect('')
    connection.autocommit = True
    return connection, connection.cursor()


def matrix(path, table):
    _, cursor = connect()
    _, x, y = export(cursor, table, key='0')
    np.save(path, np.column_stack((x, y)))


def job(table, into, peer, threads):
    connection, cursor = connect()
    cursor.execute(f'DROP TABLE IF EXISTS {into}')
    warm(peer)
    clock = Clock(connection.get_backend_pid())
    clock.next('export')
    ids, x, y = export(cursor, table)
    predictor = fit(clock, x, y, peer, 'squared', int(threads))
    clock.next('score')
    predictions = predictor(x, int(threads))
    clock.next('import')
    import_(cursor, into, ids, predictions)
    clock.report()


{'matrix': matrix, 'train': train, 'predict': predict, 'job': job}[sys.argv[1]](*sys.argv[2:])
