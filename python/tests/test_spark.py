"""Tests of syncookie.spark on this machine. The expected results are those of syncookie.analyze."""

import contextlib
import json
import os
import pathlib
import shutil
import sys
import tempfile
import types
import unittest

if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    raise unittest.SkipTest("Spark needs Java")
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

import syncookie
from syncookie import _cluster
from syncookie import spark as syncookie_spark

from rotated import FILE_HEADER, moved, records, repeated, rotate, seconds

SAMPLES = pathlib.Path(__file__).parents[2] / "tests"
TRACE = SAMPLES / "captures/user-trace/synproxy_mid_misconfig_loose1/client.pcap"
COOKIES = SAMPLES / "captures/linux-6.18/cookie_flood"


def session(master="local[2]", partitions=3, **more):
    """Return a session of Spark."""
    builder = SparkSession.builder.master(master).appName("syncookie tests")
    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": partitions,
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        **more,
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def lines(objects):
    """Return objects as sorted lines of JSON. Times with nanoseconds are in columns of their own."""
    unlike = ("type", "time")
    kept = ({name: value for name, value in one.items() if name not in unlike} for one in objects)
    return sorted(json.dumps(one, sort_keys=True, default=lambda binary: binary.hex()) for one in kept)


def judged(handshakes):
    """Return what is known of handshakes, without the numbers that grow with the handshakes of a listener."""
    columns = (
        "capture", "time_ns", "connection_id", "client_ip", "client_port", "server_ip", "server_port", "verdict",
        "confidence", "implementations", "outcome", "syns", "seconds", "failed", "syn_frame", "syn_ack_frame",
        "ack_frame", "reset_frame", "other_files",
    )
    causes = lambda one: [cause["kind"] for cause in one["cause"] or ()]
    return lines({**{name: one[name] for name in columns}, "causes": causes(one)} for one in handshakes)


def reset_acks(findings):
    """Return how many findings name resets of connections without a SYN in another capture."""
    return sum("without a SYN (first reset" in line for line in lines(findings.handshakes.to_pylist()))


def rows(frame):
    return lines(row.asDict(recursive=True) for row in frame.collect())


def text(results):
    """Return all results of syncookie.analyze as lines."""
    parts = (results.handshakes.to_pylist(), results.listeners, results.episodes, results.captures, results.problems)
    return [lines(part) for part in parts]


def cluster_text(results):
    """Return all results of syncookie.spark as lines."""
    frames = (results.findings, results.listeners, results.episodes, results.captures, results.problems)
    return [rows(frame) for frame in frames]


class Spark(unittest.TestCase):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.spark = session()
        cls.addClassCleanup(cls.spark.stop)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def check(self, *captures, options={}, stretch_bytes=None, **more):
        """Compare Spark with one process, and return the findings."""
        captures = [str(capture) for capture in captures]
        found = syncookie_spark.analyze(self.spark, captures, stretch_bytes=stretch_bytes, **options, **more)
        expected = syncookie.analyze(*captures, on_problem="ignore", **options)
        for name, one, other in zip(found.__dataclass_fields__, cluster_text(found), text(expected)):
            self.assertEqual(one, other, name)
        found.release()
        return expected

    def test_all_sample_captures_give_the_findings_of_one_process(self):
        findings = self.check(SAMPLES / "cases", SAMPLES / "captures", stretch_bytes=1 << 30)
        self.assertGreater(findings.handshakes.num_rows, 20_000)
        self.assertGreater(len(findings.problems), 1)

    def test_stretches_of_rotated_captures_of_two_interfaces_give_the_findings_of_one_process(self):
        for side in ("client", "server"):
            capture = (COOKIES / f"{side}.pcap").read_bytes()
            paths = rotate(capture, self.folder / side, 12, step_from=0.6, step=-100)
        paths[3].write_bytes(paths[3].read_bytes()[:-7])
        findings = self.check(self.folder, stretch_bytes=200_000)
        self.assertEqual([problem["kind"] for problem in findings.problems], ["truncated"])
        self.assertGreater(findings.handshakes.num_rows, 5000)
        self.assertGreater(findings.summary["connections"], 0)
        self.assertLess(findings.summary["connections"], findings.handshakes.num_rows, "both have the same ones")

    def test_stretches_of_captures_give_the_findings_of_one_process(self):
        cases = ("pcapng-two-interfaces", "mid-stream-ordinary", "no-packets", "ordinary-twin", "synproxy-dead")
        captures = [*(SAMPLES / "cases" / name for name in cases), SAMPLES / "captures/linux-6.18/cookie_ts"]
        self.check(*captures, stretch_bytes=7_000)
        findings = self.check(TRACE.parent, stretch_bytes=200)
        self.assertEqual(reset_acks(findings), 3)

    def test_a_reset_is_judged_with_the_handshakes_of_all_stretches(self):
        before = [moved(record, -100) for record in records(TRACE.read_bytes())]
        at_server = TRACE.with_name("server.pcap").read_bytes()
        # The sums of the addresses, and so the checksums, stay the same.
        other_server = [record.replace(bytes([10, 9, 2, 1]), bytes([10, 10, 2, 0])) for record in before]
        other_client = [record.replace(bytes([10, 9, 1, 50]), bytes([10, 10, 1, 49])) for record in before]
        # Each connection has four packets. The first one of each stretch is one with the other server.
        early = b""
        for at in range(0, len(before), 4):
            early += b"".join(other_server[at : at + 4] + other_client[at : at + 4])
        parts = [at_server[:FILE_HEADER], early, at_server[FILE_HEADER:]]
        (self.folder / "at_server.pcap").write_bytes(b"".join(parts))
        (self.folder / "at_client.pcap").write_bytes(TRACE.read_bytes())
        findings = self.check(self.folder, stretch_bytes=1200)
        self.assertEqual(reset_acks(findings), 3)

    def test_a_stretch_is_read_from_near_its_range(self):
        capture = (SAMPLES / "captures/linux-6.18/cookie_ts/client.pcap").read_bytes()
        path = self.folder / "long.pcap"
        path.write_bytes(repeated(capture, bytes([10, 0, 1, 2]), 150, 150))
        size, read = path.stat().st_size, []

        class Noting(_cluster.Storage):
            def open(self, path, offset):
                file = super().open(path, offset)
                return types.SimpleNamespace(read=lambda count: read.append((offset, count)) or file.read(count))

        file = _cluster.File(str(path), str(path), size, True)
        rows = _cluster.observe(Noting((str(path),)), {}, iter([_cluster._family(0, [file], 6, 6)]))
        self.assertGreater(sum(batch.num_rows for batch in rows), 1000)
        self.assertGreater(min(offset for offset, _ in read if offset), size // 3)
        self.assertLessEqual(max(count for offset, count in read if not offset), 64 << 10)

    def test_a_stretch_without_one_of_its_files_is_an_error(self):
        there, gone = (_cluster.File(str(path), str(path), 1000, True) for path in (TRACE, self.folder / "gone.pcap"))
        for files in ([there], [there, gone]):
            rows = _cluster.observe(_cluster.Storage(()), {}, iter([_cluster._family(0, files, 2, 2)]))
            with self.assertRaisesRegex(OSError, "some cannot be read") if gone in files else contextlib.nullcontext():
                list(rows)

    def test_what_cannot_be_read_is_a_problem_and_not_an_error(self):
        (self.folder / "text.pcap").write_text("no capture")
        (self.folder / "notes.txt").write_text("left out")
        (self.folder / "empty.pcap").write_bytes(b"")
        (self.folder / "good.pcap").write_bytes(TRACE.read_bytes())
        findings = self.check(self.folder, self.folder / "missing.pcap")
        kinds = sorted(problem["kind"] for problem in findings.problems)
        self.assertEqual(kinds, ["missing", "not-a-capture", "not-a-capture"])
        self.assertEqual(len(findings.captures), 1)

    def test_options_are_those_of_the_program(self):
        options = {"filter": ["verdict=syn-cookie"], "max_flood": 10, "once": True}
        self.check(COOKIES, options=options)
        with self.assertRaisesRegex(TypeError, "'follow'"):
            syncookie_spark.analyze(self.spark, str(TRACE), follow=True)

    def test_observations_are_written_and_judged_again(self):
        stored = str(self.folder / "observations")
        self.check(TRACE, observations=stored, stretch_bytes=10_000)
        again = syncookie_spark.judge(self.spark.read.parquet(stored), filter="verdict=syn-proxy")
        expected = syncookie.analyze(TRACE, filter="verdict=syn-proxy")
        self.assertEqual(cluster_text(again), text(expected))

    def test_a_day_needs_only_the_last_hour_of_the_day_before(self):
        hour, pause = 3600, 150
        capture = (SAMPLES / "captures/linux-6.18/cookie_ts/client.pcap").read_bytes()
        capture = repeated(capture, bytes([10, 0, 1, 2]), 90, pause)
        *files, _ = rotate(capture, self.folder / "ring", 24)
        begin, end = seconds(files[0])[0], seconds(files[-1])[1]
        midnight = (begin + 2 * end) // 3
        first = next(place for place, path in enumerate(files) if seconds(path)[1] >= midnight - hour)
        self.assertGreater(first, 4, "most of the day before is left out")
        stored = self.folder / "observations"
        day = syncookie_spark.observe(self.spark, [str(path) for path in files[first:]])
        day.write.option("compression", "zstd").parquet(str(stored / "day=2"))
        found = syncookie_spark.judge(self.spark.read.parquet(str(stored / "day=2"))).findings
        found = judged(row.asDict(recursive=True) for row in found.collect() if row.time_ns >= midnight * 10**9)
        every = syncookie.analyze(*files).handshakes.to_pylist()
        expected = judged(one for one in every if one["time_ns"] >= midnight * 10**9)
        self.assertGreater(len(expected), 1000)
        self.assertEqual(found, expected)

    def test_each_key_has_a_partition_of_its_own(self):
        for partitions in (1, 2, 7, 64):
            keys = syncookie_spark._keys(self.spark, partitions)
            frame = self.spark.createDataFrame([(key,) for key in keys], "key INT")
            places = frame.repartition(partitions, "key").select(F.spark_partition_id()).distinct().count()
            self.assertEqual((len(keys), places), (partitions, partitions))


if __name__ == "__main__":
    unittest.main()
