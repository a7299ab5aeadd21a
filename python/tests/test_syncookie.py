"""Tests of the installed package. The expected results are those of its program."""

import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.parquet

import syncookie

SAMPLES = pathlib.Path(__file__).parents[2] / "tests"
TRACE = SAMPLES / "captures/user-trace/synproxy_mid_misconfig_loose1/client.pcap"
FLOOD = SAMPLES / "captures/linux-6.18/cookie_flood/server.pcap"
PROGRAM = pathlib.Path(sys.executable).with_name("syncookie")


def objects(*arguments):
    """Return the objects that the program prints, by type."""
    printed = subprocess.run([PROGRAM, *arguments, "--quiet", "--format", "jsonl"], capture_output=True, text=True)
    found = {}
    for line in printed.stdout.splitlines():
        found.setdefault(json.loads(line)["type"], []).append(json.loads(line))
    return found


def keys(handshake):
    """Return some columns of a row or an object."""
    wanted = ("capture", "connection_id", "verdict", "confidence", "log_odds", "outcome", "evidence", "cause")
    return {name: handshake[name] for name in wanted}


class Analyze(unittest.TestCase):
    def test_findings_are_those_of_the_program(self):
        expected = objects("analyze", SAMPLES / "cases")
        findings = syncookie.analyze(SAMPLES / "cases", on_problem="ignore")
        rows = findings.handshakes.to_pylist()
        self.assertGreater(len(rows), 100)
        self.assertEqual([keys(row) for row in rows], [keys(handshake) for handshake in expected["handshake"]])
        self.assertEqual(findings.listeners, expected["listener"])
        self.assertEqual(findings.episodes, expected.get("episode", []))
        self.assertEqual([findings.summary], expected["summary"])
        self.assertEqual(findings.problems, expected["summary"][0]["errors"])

    def test_options_are_those_of_the_program(self):
        options = ["--filter", "verdict=syn-cookie", "--filter", "since=2020-01-01", "--threads=1"]
        expected = objects("analyze", *options, FLOOD)["summary"][0]["handshakes"]
        found = syncookie.analyze(FLOOD, filter=["verdict=syn-cookie", "since=2020-01-01"], threads=1)
        self.assertEqual(found.handshakes.num_rows, expected)
        self.assertGreater(expected, 0)

    def test_batches_have_the_same_rows(self):
        reader = syncookie.analyze_batches(FLOOD)
        self.assertIsInstance(reader, pyarrow.RecordBatchReader)
        batches = list(reader)
        self.assertGreater(len(batches), 2)
        self.assertEqual(pyarrow.Table.from_batches(batches), syncookie.analyze(FLOOD).handshakes)

    def test_a_reader_that_is_dropped_ends_the_run(self):
        threads = pathlib.Path("/proc/self/task")
        before = len(list(threads.iterdir()))
        # The run has more batches than wait for the reader, so it is still going on.
        reader = syncookie.analyze_batches(FLOOD)
        self.assertGreater(len(list(threads.iterdir())), before)
        del reader
        deadline = time.monotonic() + 60
        while len(list(threads.iterdir())) > before:
            self.assertLess(time.monotonic(), deadline, "the run goes on")
            time.sleep(0.01)

    def test_other_threads_go_on_while_captures_are_read(self):
        begin = time.perf_counter()
        syncookie.analyze(SAMPLES / "captures", on_problem="ignore")
        alone, steps = time.perf_counter() - begin, []
        reading = threading.Thread(target=syncookie.analyze, args=(SAMPLES / "captures",), kwargs={"on_problem": "ignore"})
        reading.start()
        while reading.is_alive():
            steps.append(time.perf_counter())
            time.sleep(alone / 100)
        longest = max(later - earlier for earlier, later in zip(steps, steps[1:]))
        self.assertLess(longest, alone / 2)


class Problems(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.truncated = pathlib.Path(folder.name) / "truncated.pcap"
        self.truncated.write_bytes(TRACE.read_bytes()[:-10])

    def test_a_truncated_capture_raises_with_frame_and_offset(self):
        with self.assertRaises(syncookie.CaptureError) as raised:
            syncookie.analyze(self.truncated, TRACE)
        problem = raised.exception
        self.assertEqual((problem.capture, problem.kind), (str(self.truncated), "truncated"))
        self.assertGreater(problem.frame, 1)
        self.assertGreater(problem.offset, 24)
        self.assertIn(str(problem.frame), str(problem))
        captures = {row["capture"] for row in problem.findings.handshakes.to_pylist()}
        self.assertEqual(captures, {str(self.truncated), str(TRACE)}, "the rest is analysed")

    def test_a_truncated_capture_is_observed_up_to_its_end(self):
        observations = self.truncated.with_suffix(".parquet")
        with self.assertRaises(syncookie.CaptureError) as raised:
            syncookie.observe(self.truncated, output=observations)
        self.assertEqual(raised.exception.kind, "truncated")
        with self.assertRaises(syncookie.CaptureError) as raised:
            syncookie.judge(observations)
        self.assertEqual(raised.exception.kind, "truncated")
        found = syncookie.judge(observations, on_problem="ignore")
        self.assertEqual(found, syncookie.analyze(self.truncated, on_problem="ignore"))

    def test_a_missing_capture_is_an_error(self):
        with self.assertRaisesRegex(RuntimeError, "no capture found"):
            syncookie.analyze(self.truncated.with_name("missing.pcap"))

    def test_wrong_options_are_named(self):
        with self.assertRaisesRegex(ValueError, "verdict=cookie"):
            syncookie.analyze(TRACE, filter="verdict=cookie")
        with self.assertRaisesRegex(TypeError, "'follow'"):
            syncookie.analyze(TRACE, follow=True)


class Judge(unittest.TestCase):
    def test_observations_give_the_findings_of_the_captures(self):
        with tempfile.TemporaryDirectory() as folder:
            observations = pathlib.Path(folder) / "observations.parquet"
            syncookie.observe(FLOOD, output=observations)
            self.assertEqual(syncookie.judge(observations), syncookie.analyze(FLOOD))
            rows = pyarrow.parquet.ParquetFile(observations).metadata.num_rows
            self.assertGreater(rows, syncookie.analyze(FLOOD).handshakes.num_rows)


class Batches(unittest.TestCase):
    def test_batches_give_the_findings_of_the_captures(self):
        expected = syncookie.analyze(FLOOD)
        self.assertEqual(syncookie.judge(syncookie.observe_batches(FLOOD)), expected)
        self.assertEqual(syncookie.judge(batch for batch in syncookie.observe_batches(FLOOD)), expected)
        self.assertEqual(syncookie.judge(syncookie.observe_batches(FLOOD).read_all()), expected)
        rows = syncookie.judge_batches(syncookie.observe_batches(FLOOD))
        self.assertEqual(rows.read_all(), expected.handshakes)

    def test_observations_of_several_runs_can_follow_each_other(self):
        both = [syncookie.observe_batches(capture).read_all().to_pylist() for capture in (TRACE, FLOOD)]
        is_plan = lambda row: row["record"] is not None and json.loads(row["record"])["row"] in ("head", "source")
        rows = [row for run in both for row in run if is_plan(row)]
        rows += [row for run in both for row in run if not is_plan(row)]
        schema = syncookie.observe_batches(TRACE).schema
        found = syncookie.judge(pyarrow.Table.from_pylist(rows, schema))
        expected = syncookie.analyze(TRACE, FLOOD)
        self.assertEqual(found, expected)

    def test_observations_have_the_rows_of_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            observations = pathlib.Path(folder) / "observations.parquet"
            syncookie.observe(TRACE, output=observations)
            expected = pyarrow.parquet.read_table(observations)
        self.assertEqual(syncookie.observe_batches(TRACE).read_all(), expected)

    def test_a_problem_is_raised_after_the_last_row_and_when_judging(self):
        with tempfile.TemporaryDirectory() as folder:
            truncated = pathlib.Path(folder) / "truncated.pcap"
            truncated.write_bytes(TRACE.read_bytes()[:-10])
            rows = syncookie.observe_batches(truncated)
            read = []
            with self.assertRaises(syncookie.CaptureError) as raised:
                read.extend(rows)
            self.assertGreater(raised.exception.frame, 1)
            with self.assertRaises(syncookie.CaptureError) as raised:
                syncookie.judge(read)
            self.assertGreater(raised.exception.offset, 24)
            with self.assertRaises(syncookie.CaptureError) as raised:
                syncookie.judge(syncookie.observe_batches(truncated))
            self.assertIsNone(raised.exception.findings, "the reader of the rows failed")

    def test_an_exception_of_an_iterator_is_raised(self):
        def broken():
            yield next(iter(syncookie.observe_batches(FLOOD)))
            raise KeyError("lost")

        with self.assertRaises(KeyError):
            syncookie.judge(broken())
        with self.assertRaises(KeyError):
            syncookie.judge_batches(broken()).read_all()

    def test_other_batches_are_refused(self):
        foreign = pyarrow.table({"record": ["{}"]})
        for observations in (foreign, pyarrow.table({"x": [1]})):
            with self.assertRaisesRegex(RuntimeError, "observations"):
                syncookie.judge(observations)
        with self.assertRaisesRegex(RuntimeError, "no capture found"):
            syncookie.observe_batches("missing.pcap").read_all()

    def test_other_threads_go_on_while_rows_are_judged(self):
        rows, steps = syncookie.observe_batches(FLOOD).read_all(), []
        begin = time.perf_counter()
        syncookie.judge(rows)
        alone = time.perf_counter() - begin
        judging = threading.Thread(target=syncookie.judge, args=(rows,))
        judging.start()
        while judging.is_alive():
            steps.append(time.perf_counter())
            time.sleep(alone / 100)
        self.assertLess(max(later - earlier for earlier, later in zip(steps, steps[1:])), alone / 2)


class Libraries(unittest.TestCase):
    def setUp(self):
        self.table = syncookie.analyze(FLOOD).handshakes
        self.cookies = sum(row["verdict"] == "syn-cookie" for row in self.table.to_pylist())
        self.assertGreater(self.cookies, 1000)

    def test_pandas(self):
        frame = self.table.to_pandas()
        self.assertIsInstance(frame.time.dtype, pandas.DatetimeTZDtype)
        self.assertEqual((frame.verdict == "syn-cookie").sum(), self.cookies)

    def test_polars(self):
        frame = polars.from_arrow(self.table)
        self.assertEqual(frame.filter(polars.col("verdict") == "syn-cookie").height, self.cookies)

    def test_duckdb(self):
        handshakes = self.table  # noqa: F841, the query reads it
        [(count,)] = duckdb.sql("SELECT count(*) FROM handshakes WHERE verdict = 'syn-cookie'").fetchall()
        self.assertEqual(count, self.cookies)


class Program(unittest.TestCase):
    def test_the_program_is_installed(self):
        printed = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(printed.split()[:2], ["syncookie", syncookie.__version__])

    def test_exit_codes_are_passed_on(self):
        with self.subTest("a finding"):
            ended = subprocess.run([PROGRAM, TRACE, "--fail-on", "likely"], capture_output=True)
            self.assertEqual(ended.returncode, 3)
        with self.subTest("no capture"):
            ended = subprocess.run([PROGRAM, "missing.pcap"], capture_output=True)
            self.assertEqual(ended.returncode, 1)


if __name__ == "__main__":
    unittest.main()
