# Writes test/unit/class_golden.h: metrics of classifiers by scikit-learn on sets that
# test/unit/test_class_metrics.c makes again. Written with Python 3.11, scikit-learn 1.2.1
# and numpy 1.24.2 by
#
#   python3 class_metrics.py > ../unit/class_golden.h
#
# A set: rows i = 0 .. n-1, r = splitmix64 from seed. "scores" has p = (r >> 11) / 2^53, cut to
# multiples of 1/step if step is not 0, and happened with the probability that the next number makes of it;
# "classes" has an actual and a predicted class each.
import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve

MASK = (1 << 64) - 1


def numbers(seed):
    state = seed
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield ((z ^ (z >> 31)) >> 11) / 2.0 ** 53


def scores(seed, n, step):
    u = numbers(seed)
    y, p = np.empty(n, bool), np.empty(n)
    for i in range(n):
        x = next(u)
        p[i] = np.floor(x * step) / step if step else x
        y[i] = next(u) < 0.2 + 0.5 * x
    return y, p


def classes(seed, n, k):
    u = numbers(seed)
    a, p = np.empty(n, int), np.empty(n, int)
    for i in range(n):
        a[i] = int(next(u) * next(u) * k)
        p[i] = a[i] if next(u) < 0.6 else int(next(u) * k)
    return a, p


def array(name, values):
    print("static const double %s[] = {%s};" % (name, ", ".join("INFINITY" if np.isinf(v) else "%.17g" % v for v in values)))


print("/* Written by test/golden/class_metrics.py with scikit-learn 1.2.1: not by hand. */")
print("static const struct\n{\n\tuint64_t\tseed;\n\tint\t\t\tn;\n\tint\t\t\tstep;\n\tdouble\t\tauc, average_precision, precision_at, recall_at, f1_at, n_corners, sum_fpr, sum_tpr, n_thresholds, sum_precision, sum_recall;\n}\t\t\tscore_sets[] = {")
for seed, n, step in [(1, 40, 0), (2, 40, 10), (3, 2000, 0), (4, 2000, 100), (5, 200000, 0), (6, 200000, 1000), (7, 200000, 65536)]:
    y, p = scores(seed, n, step)
    fpr, tpr, _ = metrics.roc_curve(y, p)
    precision, recall, thresholds = metrics.precision_recall_curve(y, p)
    values = [metrics.roc_auc_score(y, p), metrics.average_precision_score(y, p),
              metrics.precision_score(y, p >= 0.5), metrics.recall_score(y, p >= 0.5), metrics.f1_score(y, p >= 0.5),
              len(fpr), fpr.sum(), tpr.sum(), len(thresholds), precision[:-1].sum(), recall[:-1].sum()]
    print("\t{%d, %d, %d, %s}," % (seed, n, step, ", ".join("%.17g" % v for v in values)))
print("};")

y, p = scores(2, 40, 10)
fpr, tpr, thresholds = metrics.roc_curve(y, p)
thresholds = thresholds.astype(float)
thresholds[0] = np.inf
array("roc_threshold", thresholds)
array("roc_fpr", fpr)
array("roc_tpr", tpr)
precision, recall, thresholds = metrics.precision_recall_curve(y, p)
array("pr_threshold", thresholds[::-1])
array("pr_precision", precision[:-1][::-1])
array("pr_recall", recall[:-1][::-1])
for bins in (10, 7):
    y, p = scores(4, 2000, 100)
    true, mean = calibration_curve(y, p, n_bins=bins)
    array("calibration_true_%d" % bins, true)
    array("calibration_mean_%d" % bins, mean)

print("static const struct\n{\n\tuint64_t\tseed;\n\tint\t\t\tn;\n\tint\t\t\tk;\n\tdouble\t\tmcc, precision_macro, recall_macro, f1_macro, precision_micro, recall_micro, f1_micro;\n}\t\t\tclass_sets[] = {")
for seed, n, k in [(11, 50, 2), (12, 500, 5), (13, 20000, 40), (14, 30, 40)]:
    a, q = classes(seed, n, k)
    values = [metrics.matthews_corrcoef(a, q)] + [f(a, q, average=average, zero_division=0) for average in ("macro", "micro")
                                                 for f in (metrics.precision_score, metrics.recall_score, metrics.f1_score)]
    print("\t{%d, %d, %d, %s}," % (seed, n, k, ", ".join("%.17g" % v for v in values)))
print("};")

# The rows of test/sql/class_metrics.sql, for the numbers that are written there: as a comment.
i = np.arange(1, 201)
y, p = i * 7919 % 11 < 4, (i * 31 % 41) / 40
a, q = i % 5 * (i % 3) % 4, i % 7 % 4
print("/*\n * test/sql/class_metrics.sql:")
for name, value in [("auc", metrics.roc_auc_score(y, p)), ("average_precision", metrics.average_precision_score(y, p)),
                    ("precision_at", metrics.precision_score(y, p >= 0.3)), ("recall_at", metrics.recall_score(y, p >= 0.3)),
                    ("f1_at", metrics.f1_score(y, p >= 0.3)), ("mcc", metrics.matthews_corrcoef(a, q)),
                    ("precision_macro", metrics.precision_score(a, q, average="macro", zero_division=0)),
                    ("recall_macro", metrics.recall_score(a, q, average="macro", zero_division=0)),
                    ("f1_macro", metrics.f1_score(a, q, average="macro", zero_division=0)),
                    ("f1_micro", metrics.f1_score(a, q, average="micro"))]:
    print(" *  %s %.17g" % (name, value))
true, mean = calibration_curve(y, p, n_bins=4)
print(" *  calibration_bins(4): %s; %s" % (", ".join("%.17g" % v for v in mean), ", ".join("%.17g" % v for v in true)))
print(" *  confusion: %s" % metrics.confusion_matrix(a, q).tolist())
print(" */")
