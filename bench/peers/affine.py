#!/usr/bin/python3
"""Logistic and Poisson regression outside the database, by scikit-learn, from a matrix in memory.

  affine.py FILE logistic|poisson       FILE: 28 columns and the target, as trees.py matrix writes it

Columns are standardised before the clock starts. The penalty of logistic is C = 1; Poisson has none.
Prints one line of JSON: wall and CPU seconds, coefficients of the columns as they are, intercept first.
"""
import json
import sys
import time

import numpy as np
from sklearn.linear_model import LogisticRegression, PoissonRegressor


def main(path, task):
    matrix = np.load(path)
    x, y = np.ascontiguousarray(matrix[:, :28]), matrix[:, 28]
    y = y > 6 if task == 'logistic' else np.round(y)
    mean, deviation = x.mean(0), x.std(0)
    x = (x - mean) / deviation
    model = LogisticRegression() if task == 'logistic' else PoissonRegressor(alpha=0)
    model.fit(x[:1000], y[:1000])       # loads what there is to load
    wall, cpu = time.perf_counter(), time.process_time()
    model.fit(x, y)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    b = np.ravel(model.coef_) / deviation
    intercept = float(np.ravel(model.intercept_)[0] - b @ mean)
    print(json.dumps(dict(wall=wall, cpu=cpu, answer=[intercept] + b.tolist())))


main(*sys.argv[1:3])
