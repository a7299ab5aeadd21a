"""Runs the queries of docs/notebook.md on files in the current folder. Each must return something."""

import contextlib
import io
import json
import re
import sys
from datetime import datetime

import duckdb

document, lines = sys.argv[1:]
text = open(document, encoding="utf-8").read()
blocks = re.findall(r"^```(sql|python)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
handshakes = [o for o in map(json.loads, open(lines, encoding="utf-8")) if o["type"] == "handshake"]

# One flow of 7 bytes for each connection, and on the same ports one of an hour later, whose handshake
# was not captured. A join that ignores the time, or takes each row of a connection, sums more bytes.
begins = {}
for h in handshakes:
    begun = datetime.fromisoformat(h["time"][:26] + "+00:00").timestamp()
    if h["connection_id"]:
        begins.setdefault(h["connection_id"], []).append((begun, h["community_id"]))
connections = [min(seen) for seen in begins.values()]
assert any(len(seen) > 1 for seen in begins.values()), "no two captures show a connection"
assert len({name for _, name in connections}) < len(connections), "no port is reused"
flows = [(begun + late, name, 7) for begun, name in connections for late in (0, 3600)]
with open("conn.log", "w", encoding="utf-8") as file:
    for begun, name, size in flows:
        print(json.dumps({"ts": begun, "community_id": name, "orig_bytes": size, "resp_bytes": 0}), file=file)
with open("conn-ascii.log", "w", encoding="utf-8") as file:
    print("#path\tconn\n#fields\tts\tcommunity_id\torig_bytes\tresp_bytes", file=file)
    for begun, name, size in flows:
        print(f"{begun:.6f}\t{name}\t{size}\t0", file=file)

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
sql = [code for language, code in blocks if language == "sql"]
by_sql = [result for (language, code), result in zip(blocks, results) if language == "sql"]
assert sum(row[5] for row in by_sql[0]) == len(failed) > 0, by_sql[0]
named = {h["connection_id"] for h in failed} - {None}
assert sum(row[4] for row in by_sql[0]) >= len(named) > 0, by_sql[0]
assert max(row[4] for row in by_sql[0]) < max(row[5] for row in by_sql[0]), "a connection counts once"
[joined] = [rows for code, rows in zip(sql, by_sql) if "WITH flows" in code]
assert sum(row[2] for row in joined) == len(connections), (joined, len(connections))
assert sum(row[3] for row in joined) == 7 * len(connections), (joined, len(connections))
decided = {h["connection_id"] for h in handshakes if h["verdict"] != "undetermined"}
undetermined = begins.keys() - decided
found = sum(row[2] for row in joined if row[0] == "undetermined")
assert found == len(undetermined) > 0, (found, len(undetermined))
assert names["flows"]["bytes"].sum() == 7 * len(flows)
assert dict(by_sql[-1]) == by_cause, (by_sql[-1], by_cause)
assert names["failed"].groupby("first_cause").size().to_dict() == by_cause, by_cause
print(f"{len(blocks)} queries ran")
