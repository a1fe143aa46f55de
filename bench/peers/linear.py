#!/usr/bin/python3
"""The job outside the database: export, LinearRegression of scikit-learn, import.

  linear.py TABLE INTO      TABLE has id, c1..c28, y; connection from the PG* environment

The fast way there is: COPY BINARY with NaN for NULL, so that one numpy view
decodes the records; missing values become the column's mean; COPY BINARY back.
Loading the libraries and connecting are not counted. Prints one line of JSON:
wall seconds of each step, and CPU seconds of this process and of its backend.
"""
import io
import json
import sys
import time

import numpy as np
import psycopg2
from sklearn.linear_model import LinearRegression

COLUMNS = [f'c{i}' for i in range(1, 29)]


def backend_cpu(pid):
    with open(f'/proc/{pid}/schedstat') as file:
        return int(file.read().split()[0]) / 1e9


def export(cursor, table):
    features = ', '.join(f"coalesce({c}, 'NaN')" for c in COLUMNS)
    copied = io.BytesIO()
    cursor.copy_expert(f'COPY (SELECT id, {features}, y FROM {table}) TO STDOUT BINARY', copied)
    record = np.dtype([('n', '>i2'), ('l', '>i4'), ('id', '>i4')]
                      + [field for i in range(29) for field in ((f'l{i}', '>i4'), (f'v{i}', '>f8'))])
    rows = np.frombuffer(copied.getbuffer(), dtype=record, offset=19, count=(copied.tell() - 21) // record.itemsize)
    values = np.empty((len(rows), 29))
    for i in range(29):
        values[:, i] = rows[f'v{i}']
    return rows['id'].astype('>i4'), values[:, :28], values[:, 28]


def import_(cursor, into, ids, predictions):
    records = np.empty(len(ids), dtype=[('n', '>i2'), ('l0', '>i4'), ('id', '>i4'), ('l1', '>i4'), ('p', '>f8')])
    records['n'], records['l0'], records['l1'] = 2, 4, 8
    records['id'], records['p'] = ids, predictions
    cursor.execute(f'CREATE TABLE {into} (id int4, prediction float8)')
    copied = io.BytesIO(b'PGCOPY\n\xff\r\n\0' + bytes(8) + records.tobytes() + b'\xff\xff')
    cursor.copy_expert(f'COPY {into} FROM STDIN BINARY', copied)


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
