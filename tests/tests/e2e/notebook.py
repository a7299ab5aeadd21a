"""Runs the queries of docs/notebook.md on files in the current folder. Each must return something."""

import contextlib
import csv
import io
import json
import re
import sys

import duckdb

document, lines = sys.argv[1:]
text = open(document, encoding="utf-8").read()
blocks = re.findall(r"^```(sql|python)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
handshakes = [o for o in map(json.loads, open(lines, encoding="utf-8")) if o["type"] == "handshake"]

with open("flows.csv", "w", newline="", encoding="utf-8") as file:
    csv.writer(file).writerows([["community_id", "bytes"], *([h["community_id"], 7] for h in handshakes[:9])])

duckdb.sql("SET TimeZone = 'UTC'")
names, results = {"__name__": "notebook"}, []
for language, code in blocks:
    if language == "sql":
        results.append(duckdb.sql(code).fetchall())
    else:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(code, names)
        results.append(printed.getvalue())
    assert results[-1] and "Empty" not in results[-1], f"nothing:\n{code}"

# What the queries count, counted here.
failed = [h for h in handshakes if h["failed"]]
by_cause = {}
for handshake in failed:
    kind = handshake["cause"][0]["kind"]
    by_cause[kind] = by_cause.get(kind, 0) + 1
by_sql = [result for (language, code), result in zip(blocks, results) if language == "sql"]
assert sum(row[4] for row in by_sql[0]) == len(failed) > 0, by_sql[0]
assert dict(by_sql[-1]) == by_cause, (by_sql[-1], by_cause)
assert names["failed"].groupby("first_cause").size().to_dict() == by_cause, by_cause
print(f"{len(blocks)} queries ran")
