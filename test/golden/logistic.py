#!/usr/bin/python3
"""Writes logistic_penalised.txt: penalised fits by scikit-learn's LogisticRegression (newton-cg,
tol 1e-12, which it may not reach; with L1 saga, tol 1e-14; the gradient is checked) on columns of unit variance (1/n), put back into
original units. Written with scikit-learn 1.2.1 by

  /usr/bin/python3 logistic.py > logistic_penalised.txt

The format is that of logistic.txt; each problem's line ends with l2 and l1; estimates are
those of the second class, or of all classes where there are more. C = 1 / (sum of weights * l2).
"""
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression

warnings.simplefilter('ignore')
random = np.random.default_rng(20240602)


def check(fit, z, y, w, l2, l1):
    """The shortest subgradient is below 1e-9."""
    b = fit.coef_
    kinds = fit.classes_[1:] if len(b) == 1 else fit.classes_
    p = fit.predict_proba(z)[:, -len(b):]
    r = (p - (y[:, None] == kinds)) * w[:, None] / w.sum()
    g = r.T @ z + l2 * b
    sub = np.where(b != 0, g + l1 * np.sign(b), np.sign(g) * np.maximum(abs(g) - l1, 0))
    assert max(abs(r.sum(axis=0)).max(), abs(sub).max()) < 1e-9


def put(name, x, y, w, l2, l1, weighted):
    center = np.average(x, axis=0, weights=w)
    scale = np.sqrt(np.average((x - center) ** 2, axis=0, weights=w))
    z = (x - center) / scale
    strength = 1 / (w.sum() * (l1 + l2))
    if l1 > 0:
        fit = LogisticRegression(C=strength, penalty='elasticnet', l1_ratio=l1 / (l1 + l2), solver='saga', tol=1e-14, max_iter=1000000, random_state=0)
    else:
        fit = LogisticRegression(C=strength, solver='newton-cg', tol=1e-12, max_iter=1000)
    fit.fit(z, y, w)
    check(fit, z, y, w, l2, l1)
    slopes = fit.coef_ / scale
    intercepts = fit.intercept_ - slopes @ center
    print('problem', name, len(y), x.shape[1], y.max() + 1, int(weighted), repr(l2), repr(l1))
    for row, c, weight in zip(x, y, w):
        print(*map(repr, map(float, row)), c, repr(float(weight)))
    print('estimate', *map(repr, map(float, np.column_stack((intercepts, slopes)).ravel())))


def classes(score):
    return np.argmax(score - np.log(-np.log(random.random(score.shape))), axis=1)


def normal(n, p):
    return np.round(random.standard_normal((n, p)), 3)


x = normal(150, 3) * [1, 10, 0.1] + [0, 5, -1]
y = classes(np.column_stack((np.zeros(150), x @ [1, 0.1, 5] + 5)))
one = np.ones(150)
put('ridge', x, y, one, 1 / 150, 0.0, False)
put('ridge_more', x, y, one, 0.25, 0.0, False)
put('ridge_weights', x, y, np.tile([1, 2, 0.5], 50), 0.01, 0.0, True)
put('lasso', x, y, one, 0.0, 0.03, False)
put('elastic', x, y, one, 0.02, 0.05, False)
x = normal(200, 4)
y = classes(x @ random.standard_normal((4, 3)))
one = np.ones(200)
put('three_ridge', x, y, one, 1 / 200, 0.0, False)
put('three_weights', x, y, np.tile([1, 2, 0.5, 3], 50), 0.05, 0.0, True)
put('three_elastic', x, y, one, 0.01, 0.03, False)
