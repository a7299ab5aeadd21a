"""Reads a Parquet file with pyarrow, DuckDB and pandas, and compares it with the JSON Lines of the same run."""

import datetime
import ipaddress
import json
import sys

import duckdb
import pandas
import pyarrow as pa
import pyarrow.parquet as pq

path, lines = sys.argv[1:]
objects = [json.loads(line) for line in open(lines, encoding="utf-8")]
handshakes = [o for o in objects if o["type"] == "handshake"]
rows = pq.read_table(path).to_pylist()


def row(handshake):
    """What a row must be for this handshake."""
    wanted = {k: v for k, v in handshake.items() if k not in ("type", "frames", "client", "server", "cost")}
    for end in ("client", "server"):
        address = ipaddress.ip_address(handshake[end]["ip"])
        mapped = b"\0" * 10 + b"\xff\xff" + address.packed if address.version == 4 else address.packed
        wanted |= {f"{end}_ip": str(address), f"{end}_ip_bytes": mapped, f"{end}_port": handshake[end]["port"]}
    wanted |= {f"{kind}_frame": frame for kind, frame in handshake["frames"].items()}
    wanted.setdefault("other_files", [])
    second, nanos = handshake["time"].removesuffix("Z").split(".")
    time = datetime.datetime.fromisoformat(second).replace(tzinfo=datetime.timezone.utc)
    wanted["time"] = time + datetime.timedelta(microseconds=int(nanos) // 1000)
    wanted["time_ns"] = int(time.timestamp()) * 10**9 + int(nanos)
    return wanted


assert len(rows) == len(handshakes) > 1000, (len(rows), len(handshakes))
for number, (found, handshake) in enumerate(zip(rows, handshakes)):
    assert found == row(handshake), f"row {number}:\n{found}\n{row(handshake)}"

schema = pq.read_schema(path)
assert schema.field("time").type == pa.timestamp("us", tz="UTC"), schema
assert schema.field("client_ip_bytes").type == pa.binary(16), schema
metadata = pq.read_metadata(path).metadata
assert json.loads(metadata[b"syncookie.summary"]) == objects[-1]
assert json.loads(metadata[b"syncookie.run"]) == objects[0]
for name, kind in (("captures", "capture"), ("listeners", "listener"), ("episodes", "episode")):
    found = json.loads(metadata[f"syncookie.{name}".encode()])
    assert found == [o for o in objects if o["type"] == kind], name

duckdb.sql("SET TimeZone = 'UTC'")
[(count, first, resets)] = duckdb.execute(
    """SELECT count(*), strftime(min(time), '%Y-%m-%d'), count(*) FILTER (outcome = 'reset-by-server' AND cause[1].kind = 'proxy-leaked-ack')
       FROM read_parquet(?) WHERE time > TIMESTAMPTZ '2020-01-01' AND list_contains(implementations, 'linux-synproxy')""",
    [path],
).fetchall()
proxied = [h for h in handshakes if h["time"] > "2020" and "linux-synproxy" in h["implementations"]]
leaked = [h for h in proxied if h["outcome"] == "reset-by-server" and (h["cause"] or [{}])[0].get("kind") == "proxy-leaked-ack"]
day = min(h["time"] for h in proxied)[:10]
assert (count, first, resets) == (len(proxied), day, len(leaked)) and resets > 0, (count, first, resets)
[(pieces, nats)] = duckdb.execute(
    """SELECT count(*), max(piece.nats) FROM (SELECT unnest(evidence) AS piece FROM read_parquet(?))
       WHERE piece."for" = 'syn-proxy' AND len(piece.frames) > 0""",
    [path],
).fetchall()
wanted = [p["nats"] for h in handshakes for p in h["evidence"] if p["for"] == "syn-proxy" and p["frames"]]
assert (pieces, nats) == (len(wanted), max(wanted)), (pieces, nats)

frame = pandas.read_parquet(path)
assert str(frame["time"].dtype).endswith("UTC]"), frame.dtypes
by_hour = frame.set_index("time").resample("1h")["verdict"].count()
assert by_hour.sum() == len(handshakes)
print(f"{len(rows)} handshakes agree")
