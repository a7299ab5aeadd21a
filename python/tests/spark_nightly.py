"""Tests of syncookie.spark that take long: a cluster of several processes, S3, many handshakes.

usage: spark_nightly.py MAKE-TRAFFIC [NAME OF A TEST]...

MAKE-TRAFFIC is the program of that name, which makes the captures. Prints what is measured.
"""

import contextlib
import json
import logging
import os
import pathlib
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

import pyarrow.dataset
import pyarrow.fs

import syncookie
from syncookie import spark as syncookie_spark

from rotated import rotate
from test_spark import COOKIES, SAMPLES, cluster_text, session, text

#: No limit is reached below this many handshakes.
UNLIMITED = {"max_memory": "8GiB", "max_handshakes": 1_000_000}

MAKE_TRAFFIC = "make-traffic"


def made(folder, kind, number):
    """Return a capture with traffic of some kind."""
    path = folder / f"{kind}.pcap"
    subprocess.run([MAKE_TRAFFIC, kind, "pcap", str(number), str(path)], check=True)
    return path


@contextlib.contextmanager
def cluster(master, **more):
    spark = session(master, partitions=8, **more)
    try:
        yield spark
    finally:
        spark.stop()


def local_cluster(heap="1g", **more):
    """Return two executors in processes of their own. Java needs about 100 MB beside its heap."""
    return cluster("local-cluster[2,1,1024]", **{"spark.executor.memory": heap, **more})


def timed(what, work):
    begin = time.perf_counter()
    result = work()
    print(f"{what}: {time.perf_counter() - begin:.1f} s", flush=True)
    return result


class Nightly(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def analyzed(self, spark, *captures, **options):
        results = syncookie_spark.analyze(spark, [str(capture) for capture in captures], **options)
        found = cluster_text(results)
        results.release()
        return found

    def rotated(self, packets, files):
        """Return a folder with a capture of two interfaces in files."""
        for side, kind in enumerate(("full", "headers")):
            capture = made(self.folder, kind, packets)
            paths = rotate(capture.read_bytes(), self.folder / "ring" / kind, files // 2, side, 0.7, -500)
            capture.unlink()
        paths[1].write_bytes(paths[1].read_bytes()[:-9])
        size = sum(path.stat().st_size for path in (self.folder / "ring").rglob("*.pcap"))
        print(f"{files} files with {size / 1e6:.0f} MB")
        return self.folder / "ring"

    def test_rotated_files_give_the_findings_of_one_process_in_every_way(self):
        ring = self.rotated(2_000_000, 200)
        expected = text(timed("analyze", lambda: syncookie.analyze(ring, on_problem="ignore", **UNLIMITED)))
        print(f"{len(expected[0])} findings, {len(expected[4])} problems")
        reading = {name: UNLIMITED[name] for name in ("max_memory", "max_handshakes")}
        rows = syncookie.observe_batches(ring, on_problem="ignore", **reading)
        judged = timed("observe and judge", lambda: syncookie.judge(rows, on_problem="ignore", **UNLIMITED))
        self.assertEqual(text(judged), expected)
        for master in ("local[2]", "local-cluster[2,1,1024]"):
            with cluster(master, **{"spark.executor.memory": "1g"}) as spark:
                for size in (None, 64 << 20):
                    work = lambda: self.analyzed(spark, ring, stretch_bytes=size, **UNLIMITED)
                    found = timed(f"{master}, stretches of {size} bytes", work)
                    for one, other in zip(found, expected):
                        self.assertEqual(one, other, (master, size))

    def test_samples_give_the_findings_of_one_process_on_a_cluster(self):
        samples = (SAMPLES / "cases", SAMPLES / "captures")
        expected = text(syncookie.analyze(*samples, on_problem="ignore"))
        with local_cluster() as spark:
            self.assertEqual(self.analyzed(spark, *samples), expected)

    def test_spark_connect_gives_the_findings_of_one_process(self):
        subprocess.run([sys.executable, pathlib.Path(__file__).with_name("spark_connect.py")], check=True)

    def test_spark_submit_writes_parquet(self):
        output = self.folder / "results"
        arguments = [str(COOKIES), "--output", str(output), "--partitions", "3", "--filter", "verdict=syn-cookie"]
        subprocess.run([sys.executable, "-m", "syncookie.spark_submit", *arguments], check=True)
        expected = syncookie.analyze(COOKIES, filter="verdict=syn-cookie")
        found = pyarrow.dataset.dataset(output / "findings", partitioning="hive").to_table()
        self.assertEqual(found.num_rows, expected.handshakes.num_rows)
        self.assertIn("day", found.column_names)
        for name in ("listeners", "episodes", "captures", "problems"):
            self.assertEqual(pyarrow.dataset.dataset(output / name).count_rows(), len(getattr(expected, name)), name)

    def test_an_executor_that_is_killed_changes_nothing(self):
        ring = self.rotated(200_000, 40)
        expected = text(syncookie.analyze(ring, on_problem="ignore", **UNLIMITED))
        with local_cluster() as spark:
            self.analyzed(spark, COOKIES)
            killed = []
            killer = threading.Timer(4, lambda: killed.append(kill_one_executor()))
            killer.start()
            found = timed("with an executor killed", lambda: self.analyzed(spark, ring, **UNLIMITED))
            killer.join()
        self.assertEqual(len(killed), 1)
        self.assertEqual(found, expected)

    def test_captures_in_s3_give_the_findings_of_local_ones(self):
        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
        server.start()
        self.addCleanup(server.stop)
        host, port = server.get_host_and_port()
        storage = pyarrow.fs.S3FileSystem(
            access_key="test", secret_key="test", region="us-east-1", scheme="http",
            endpoint_override=f"{host}:{port}", allow_bucket_creation=True,
        )
        storage.create_dir("bucket")
        paths = rotate((COOKIES / "server.pcap").read_bytes(), self.folder / "taps", 20)
        paths[7].write_bytes(paths[7].read_bytes()[:-5])
        pyarrow.fs.copy_files(str(self.folder / "taps"), "bucket/taps", destination_filesystem=storage)
        local = syncookie.analyze(self.folder / "taps", on_problem="ignore")
        expected = [[line.replace(str(self.folder), "bucket") for line in part] for part in text(local)]
        with cluster("local[2]") as spark:
            results = syncookie_spark.analyze(spark, "bucket/taps", filesystem=storage)
            found = timed("moto", lambda: cluster_text(results))
        self.assertEqual(found, [sorted(part) for part in expected])

    def test_ten_million_handshakes_of_one_listener_need_little_memory(self):
        number = 10_000_000
        capture = timed(f"make {number} handshakes", lambda: made(self.folder, "proxied", number))
        # The findings would fill the disk; they are judged before they are left out.
        self.check_memory(capture, 0, filter="verdict=syn-cookie")

    def test_a_hundred_thousand_listeners_need_little_memory(self):
        self.check_memory(listeners(self.folder / "many.pcap", 100_000), 100_000)

    def check_memory(self, capture, expected, **options):
        """Analyse a capture with two executors, which may each take a gigabyte with their Python."""
        java = {"spark.executor.extraJavaOptions": "-XX:+UseSerialGC", "spark.ui.enabled": "true"}
        with local_cluster("512m", **java) as spark:
            results = syncookie_spark.analyze(spark, str(capture), partitions=4, **options)
            findings = timed("analyze", results.findings.count)
            executors = [memory_of(pid) for pid in executors_of_this_process()]
            tasks = judging_tasks(spark)
            results.release()
        print(f"{findings} findings; peaks in MB, Java and Python: {executors}", flush=True)
        self.assertEqual(findings, expected)
        self.assertEqual(len(executors), 2)
        for java, python in executors:
            self.assertLess(java + python, 1024)
        rows = sum(number for number, _ in tasks)
        times = [seconds for number, seconds in tasks if number >= rows / 100]
        print(f"judging tasks, rows and seconds: {tasks}", flush=True)
        self.assertLessEqual(max(times), 5 * statistics.median(times))


def judging_tasks(spark):
    """Return the rows and the seconds of each task that judged: those of the stage that got the most rows."""
    context = spark.sparkContext
    stages = f"{context.uiWebUrl}/api/v1/applications/{context.applicationId}/stages"

    def get(address):
        with urllib.request.urlopen(address) as answer:
            return json.load(answer)

    done = get(f"{stages}?status=complete")
    judging = max(done, key=lambda stage: stage["shuffleReadRecords"])
    tasks = get(f"{stages}/{judging['stageId']}/{judging['attemptId']}/taskList?length=1000")
    measured = [task["taskMetrics"] for task in tasks if task["status"] == "SUCCESS"]
    return [(one["shuffleReadMetrics"]["recordsRead"], one["executorRunTime"] / 1000) for one in measured]


def processes():
    """Return the parents of all processes, and their commands."""
    found = {}
    for folder in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            status = (folder / "status").read_text()
            parent = int(next(line for line in status.splitlines() if line.startswith("PPid:")).split()[1])
            found[int(folder.name)] = (parent, (folder / "cmdline").read_bytes().decode(errors="replace"))
    return found


def own(found, pid):
    """Return whether this process started another one, or started what did."""
    while pid in found:
        if pid == os.getpid():
            return True
        pid = found[pid][0]
    return False


def executors_of_this_process():
    found = processes()
    return [pid for pid, (_, command) in found.items() if own(found, pid) and "CoarseGrainedExecutorBackend" in command]


def kill_one_executor():
    executor = executors_of_this_process()[0]
    os.kill(executor, signal.SIGKILL)
    return executor


def memory_of(executor):
    """Return the largest memory that an executor had, and the largest of one of its Python processes, in megabytes."""
    found = processes()
    children = [pid for pid, (parent, _) in found.items() if parent == executor]
    grandchildren = [pid for pid, (parent, _) in found.items() if parent in children]
    return peak_memory(executor), max(map(peak_memory, children + grandchildren), default=0)


def peak_memory(pid):
    """Return the largest memory that a process had, in megabytes."""
    with contextlib.suppress(OSError):
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
    return 0


def listeners(path, number):
    """Write a capture with a handshake for each of many listeners."""
    def packet(source, destination, ports, numbers, flags):
        tcp = struct.pack(">HHIIBBHHH", *ports, *numbers, 5 << 4, flags, 64240, 0, 0)
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40, 0, 0x4000, 64, 6, 0, source, destination)
        return ip + tcp

    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        client = bytes([192, 0, 2, 1])
        for place in range(number):
            server, at = bytes([10, place >> 16, place >> 8 & 255, place & 255]), place // 1000
            port, isn = 1024 + place % 60_000, place * 7919
            there, back = (client, server, (port, 443)), (server, client, (443, port))
            packets = [
                packet(*there, (isn, 0), 2), packet(*back, (isn ^ 0x5555, isn + 1), 18), packet(*there, (isn + 1, (isn ^ 0x5555) + 1), 16)
            ]
            for delay, data in enumerate(packets):
                file.write(struct.pack("<IIII", 1_700_000_000 + at, place % 1000 * 1000 + delay, len(data), len(data)) + data)
    return path


if __name__ == "__main__":
    MAKE_TRAFFIC = sys.argv.pop(1)
    unittest.main(verbosity=2)
