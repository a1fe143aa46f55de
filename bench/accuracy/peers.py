#!/usr/bin/python3
"""What the peers reach on the data sets of data.py; kept in a file, so that it is computed once.

  peers.py FILE [SET ...]       computes what FILE (JSON) lacks

All have the same settings: 100 trees of at most 31 leaves with at least 20 rows, learning rate
0.1, 255 bins, no regularisation. Categories are given as categories. Each fit leaves out its own
0.5 % of the training rows, the same for every contender (left_out). xgboost has no least
number of rows a leaf: the sum of hessians stands for it where a row's is 1.
"""
import json
import os
import random
import sys
import time

os.environ.update(OMP_NUM_THREADS='1', OPENBLAS_NUM_THREADS='1')     # before the libraries are loaded

import numpy as np

import data

FITS = int(os.environ.get('FITS', 10))
LEVEL = 0.75
LOSSES = {'classification': ['log loss'], 'regression': ['RMSE', f'pinball {LEVEL}']}


def left_out(name, n_train, fit):
    return sorted(random.Random(f'{name} {fit}').sample(range(n_train), n_train // 200))


def loss(kind, y, prediction):
    """y: numbers, or codes of classes with prediction as probabilities of each class."""
    if kind == 'log loss':
        return float(np.mean(-np.log(np.clip(prediction[np.arange(len(y)), y], 1e-15, 1))))
    residual = y - prediction
    if kind == 'RMSE':
        return float(np.sqrt(np.mean(residual ** 2)))
    level = float(kind.split()[1])
    return float(np.mean(np.maximum(level * residual, (level - 1) * residual)))


class Matrices:
    """Categories as codes by byte order of the training rows' values; what is missing or new is NaN."""

    def __init__(self, those):
        test = np.array(those.test)
        x = np.empty((len(test), len(those.columns)))
        self.categories = []
        for j, (name, column) in enumerate(those.columns.items()):
            if name in those.categories:
                self.categories.append(j)
                known = sorted({v for v, t in zip(column, test) if v is not None and not t})
                column = [known.index(v) if v in known else None for v in column]
            x[:, j] = [np.nan if v is None else v for v in column]
        self.classes = sorted(set(those.y)) if those.task == 'classification' else None
        y = np.array([self.classes.index(v) for v in those.y] if self.classes else those.y)
        self.x, self.y, self.x_test, self.y_test = x[~test], y[~test], x[test], y[test]
        self.n_classes = len(self.classes) if self.classes else 0


def probabilities(p):
    return p if p.ndim == 2 else np.column_stack((1 - p, p))


def with_lightgbm(m, kind, x, y, seed, threads=1):
    import lightgbm
    objective = ({'objective': 'binary'} if m.n_classes == 2 else {'objective': 'multiclass', 'num_class': m.n_classes} if m.n_classes
                 else {'objective': 'regression'} if kind == 'RMSE' else {'objective': 'quantile', 'alpha': float(kind.split()[1])})
    parameters = dict(objective, num_leaves=31, learning_rate=0.1, max_bin=255, min_data_in_leaf=20, seed=seed, num_threads=threads, verbose=-1)
    model = lightgbm.train(parameters, lightgbm.Dataset(x, y, categorical_feature=m.categories, params=parameters), 100)
    prediction = model.predict(m.x_test)
    return probabilities(prediction) if m.n_classes else prediction


def with_sklearn(m, kind, x, y, seed):
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    settings = dict(max_iter=100, max_leaf_nodes=31, learning_rate=0.1, max_bins=255, min_samples_leaf=20, early_stopping=False,
                    categorical_features=m.categories, random_state=seed)
    if m.n_classes:
        return HistGradientBoostingClassifier(**settings).fit(x, y).predict_proba(m.x_test)
    if kind != 'RMSE':
        settings.update(loss='quantile', quantile=float(kind.split()[1]))
    return HistGradientBoostingRegressor(**settings).fit(x, y).predict(m.x_test)


def with_xgboost(m, kind, x, y, seed, threads=1):
    import xgboost
    if kind.startswith('pinball'):
        return None
    objective = ({'objective': 'binary:logistic'} if m.n_classes == 2 else {'objective': 'multi:softprob', 'num_class': m.n_classes} if m.n_classes
                 else {'objective': 'reg:squarederror'})
    parameters = dict(objective, tree_method='hist', grow_policy='lossguide', max_leaves=31, max_depth=0, eta=0.1, max_bin=256, reg_lambda=0,
                      min_child_weight=1e-3 if m.n_classes else 20, seed=seed, nthread=threads)
    types = ['c' if j in m.categories else 'q' for j in range(x.shape[1])]
    matrix = lambda x, y=None: xgboost.DMatrix(x, y, feature_types=types, enable_categorical=True)
    prediction = xgboost.train(parameters, matrix(x, y), 100).predict(matrix(m.x_test))
    return probabilities(prediction) if m.n_classes else prediction


def with_logistic(m):
    """Linear classifier: categories one-hot (a missing one is a level), all columns standardised, C = 1; probabilities of the test rows."""
    from sklearn.linear_model import LogisticRegression
    columns, test = [], []
    for j in range(m.x.shape[1]):
        if j not in m.categories:
            columns.append(m.x[:, j])
            test.append(m.x_test[:, j])
            continue
        for level in list(np.unique(m.x[~np.isnan(m.x[:, j]), j])) + ([np.nan] if np.isnan(m.x[:, j]).any() else []):
            is_level = np.isnan if np.isnan(level) else level.__eq__
            columns.append(is_level(m.x[:, j]).astype(float))
            test.append(is_level(m.x_test[:, j]).astype(float))
    x, x_test = np.column_stack(columns), np.column_stack(test)
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    deviation[deviation == 0] = 1
    fit = LogisticRegression(C=1, max_iter=10000).fit((x - mean) / deviation, m.y)
    return fit.predict_proba((x_test - mean) / deviation)


PEERS = {'LightGBM': ('lightgbm', with_lightgbm), 'scikit-learn': ('sklearn', with_sklearn), 'xgboost': ('xgboost', with_xgboost)}


def there():
    """The peers that can be imported, with their versions."""
    found = {}
    for name, (module, _) in PEERS.items():
        try:
            found[name] = __import__(module).__version__
        except ImportError:
            print(f'{name} is skipped: no module {module}', file=sys.stderr)
    return found


def kept(path):
    if not os.path.exists(path):
        return {}
    with open(path) as file:
        return json.load(file)


def fill(path, names, fits=FITS):
    """Returns {set: {kind: {peer with version: [losses of the fits]}}}."""
    known = kept(path)
    versions = there()
    for name in names:
        matrices = None
        for kind in LOSSES[data.TASKS[name]]:
            for peer, version in versions.items():
                losses = known.setdefault(name, {}).setdefault(kind, {}).setdefault(f'{peer} {version}', [])
                if len(losses) >= fits or (losses and losses[0] is None):
                    continue
                matrices = matrices or Matrices(data.ALL[name]())
                start = time.perf_counter()
                for fit in range(len(losses), fits):
                    keep = np.ones(len(matrices.y), dtype=bool)
                    keep[left_out(name, len(keep), fit)] = False
                    prediction = PEERS[peer][1](matrices, kind, matrices.x[keep], matrices.y[keep], fit)
                    losses.append(None if prediction is None else loss(kind, matrices.y_test, prediction))
                print(f'{name}, {kind}, {peer} {version}: {time.perf_counter() - start:.1f} s', file=sys.stderr)
                with open(path + '.new', 'w') as file:
                    json.dump(known, file)
                os.replace(path + '.new', path)
    return {name: {kind: {peer: those[:fits] for peer, those in peers.items() if those and those[0] is not None}
                   for kind, peers in kinds.items()} for name, kinds in known.items() if name in names}


if __name__ == '__main__':
    fill(sys.argv[1], sys.argv[2:] or data.ALL)
