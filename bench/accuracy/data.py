"""The data sets of the accuracy comparison, with their fixed splits into training and test rows.

Read from DATA (environment; ../shared/data beside the project). A column is a list
of floats or, for a category, of strings; None is missing.
"""
import csv
import datetime
import gzip
import os

DATA = os.environ.get('DATA', os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../../shared/data'))


class Set:
    def __init__(self, name, task, columns, categories, y, test):
        self.name, self.task, self.columns, self.categories, self.y, self.test = name, task, columns, categories, y, test


def read(path, delimiter=','):
    whole = os.path.join(DATA, path)
    with (gzip.open(whole, 'rt') if path.endswith('.gz') else open(whole)) as file:
        return list(csv.reader(file, delimiter=delimiter))


def make(name, header, rows, target, test, categories=(), leave_out=()):
    columns = {}
    for i, column in enumerate(header):
        if column == target or column in leave_out:
            continue
        convert = str if column in categories else float
        columns[column] = [None if row[i] == '' else convert(row[i]) for row in rows]
    y = [row[header.index(target)] for row in rows]
    return Set(name, TASKS[name], columns, set(categories), y if TASKS[name] == 'classification' else [float(v) for v in y], test)


def every_fifth(rows):
    return [i % 5 == 0 for i in range(len(rows))]


def adult():
    header, *train = read('adult/adult_train.csv.gz')
    test = read('adult/adult_test.csv')[1:]
    return make('adult', header, train + test, 'income', [False] * len(train) + [True] * len(test),
                ['workclass', 'education', 'marital_status', 'occupation', 'relationship', 'race', 'sex', 'native_country'])


def spambase():
    header, *rows = read('spambase/spambase.csv')
    return make('spambase', header, rows, 'type', every_fifth(rows))


def higgs_small():
    train, test = read('higgs_small/binary_train.tsv', '\t'), read('higgs_small/binary_test.tsv', '\t')
    header = ['label'] + [f'f{i}' for i in range(1, 29)]
    return make('higgs_small', header, train + test, 'label', [False] * len(train) + [True] * len(test))


def satellite():
    header, *rows = read('satellite/satellite.csv')
    header = [column.replace('.', '') for column in header]
    return make('satellite', header, rows, 'classes', [i >= 4435 for i in range(len(rows))])


def california_housing():
    header, *rows = read('california_housing/housing.csv')
    return make('california_housing', header, rows, 'median_house_value', every_fifth(rows), ['ocean_proximity'])


def diamonds():
    header, *rows = read('diamonds/diamonds.csv.gz')
    return make('diamonds', header, rows, 'price', every_fifth(rows), ['cut', 'color', 'clarity'])


def bike_sharing():
    header, *rows = read('bike_sharing/hour.csv')
    day = header.index('dteday')
    return make('bike_sharing', header, rows, 'cnt', [row[day] >= '2012-10-01' for row in rows],
                leave_out=['instant', 'dteday', 'casual', 'registered'])


def walmart_weekly():
    header, *rows = read('walmart_weekly/walmart_weekly.csv')
    day = header.index('Date')
    days = [datetime.date.fromisoformat(row[day]) for row in rows]
    rows = [row + [str(d.isocalendar()[1]), str(d.month), str(d.year)] for row, d in zip(rows, days)]
    return make('walmart_weekly', header + ['week', 'month', 'year'], rows, 'Weekly_Sales',
                [d >= datetime.date(2012, 7, 1) for d in days], ['Store'], ['Date'])


TASKS = {'adult': 'classification', 'spambase': 'classification', 'higgs_small': 'classification', 'satellite': 'classification',
         'california_housing': 'regression', 'diamonds': 'regression', 'bike_sharing': 'regression', 'walmart_weekly': 'regression'}
ALL = {name: globals()[name] for name in TASKS}
