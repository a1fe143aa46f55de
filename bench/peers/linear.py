#!/usr/bin/python3
"""The job outside the database: export, LinearRegression of scikit-learn, import.

  linear.py TABLE INTO      TABLE has id, c1..c28, y; connection from the PG* environment

Out and in by COPY BINARY (binary.py); missing values become the column's mean.
Loading the libraries and connecting are not counted. Prints one line of JSON:
wall seconds of each step, and CPU seconds of this process and of its backend.
"""
import json
import sys
import time

import numpy as np
import psycopg2
from sklearn.linear_model import LinearRegression

from binary import backend_cpu, export, import_


def main(table, into):
    connection = psycopg2.connect('')
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(f'DROP TABLE IF EXISTS {into}')
    pid = connection.get_backend_pid()
    backend = backend_cpu(pid)
    client = time.process_time()
    moments = [time.perf_counter()]
    ids, x, y = export(cursor, table)
    moments.append(time.perf_counter())
    x = np.where(np.isnan(x), np.nanmean(x, 0), x)
    model = LinearRegression().fit(x, y)
    moments.append(time.perf_counter())
    predictions = model.predict(x)
    moments.append(time.perf_counter())
    import_(cursor, into, ids, predictions)
    moments.append(time.perf_counter())
    steps = dict(zip(('export', 'fit', 'score', 'import'), np.diff(moments)))
    print(json.dumps(dict(steps, wall=moments[-1] - moments[0],
                          cpu=time.process_time() - client + backend_cpu(pid) - backend)))


main(*sys.argv[1:3])
