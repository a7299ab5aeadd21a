"""Follows a real ring of captures for a long time, and checks that no handshake is lost or reported twice.

    soak.py MINUTES SYNCOOKIE

Two network namespaces exchange TCP connections. dumpcap captures them; a relay changes the times of some frames, as a
wrong clock would, and passes the frames on to a second dumpcap, which writes the ring. That one is stopped or killed at
random and starts again with another size of its files. `syncookie analyze --follow` reads the ring. It is stopped or
killed at random, too, and its disk becomes full again and again. At the end, `syncookie analyze` reads the same files:
each handshake that it finds must have been reported exactly once.
"""

import collections
import contextlib
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

CLIENT, SERVER = "192.0.2.1", "192.0.2.2"
OPEN_PORT, CLOSED_PORT = 8080, 8081
HEADER = struct.Struct("<IIII")
# Seconds since 1970 of a frame whose time cannot be right, and the change of a clock that is set back.
IN_2106 = 0xF0000000
SET_BACK = 3600
# The follower reports a handshake two minutes after its first frame, and a file ten seconds after the last write.
PATIENCE = 600


def run(*command):
    """Runs a command that must succeed."""
    subprocess.run(command, check=True)


class Network:
    """Two network namespaces with a cable between them."""

    def __init__(self):
        self.client, self.server = (f"soak-{end}-{os.getpid()}" for end in ("client", "server"))

    def __enter__(self):
        for name in (self.client, self.server):
            run("ip", "netns", "add", name)
        run("ip", "-n", self.client, "link", "add", "cable", "type", "veth", "peer", "cable", "netns", self.server)
        for name, address in ((self.client, CLIENT), (self.server, SERVER)):
            run("ip", "-n", name, "address", "add", address + "/24", "dev", "cable")
            run("ip", "-n", name, "link", "set", "cable", "up")
        return self

    def __exit__(self, *_):
        for name in (self.client, self.server):
            subprocess.run(["ip", "netns", "delete", name], check=False)

    @contextlib.contextmanager
    def inside(self, name, *command, **options):
        """Runs a command in a namespace for a while."""
        process = subprocess.Popen(["ip", "netns", "exec", name, *command], **options)
        try:
            yield process
        finally:
            process.terminate()
            process.wait()


def serve():
    """Answers each connection with two bytes."""
    with socket.create_server((SERVER, OPEN_PORT)) as listener:
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.recv(64)
                connection.sendall(b"ok")


def connect():
    """Opens about twenty connections a second; one in ten is refused."""
    while True:
        port = CLOSED_PORT if random.random() < 0.1 else OPEN_PORT
        try:
            with socket.create_connection((SERVER, port), timeout=2) as connection:
                connection.sendall(b"hello")
                connection.recv(64)
        except OSError:
            pass
        time.sleep(random.expovariate(20))


class Ring:
    """dumpcap, which writes what it is given into files of changing size."""

    def __init__(self, folder):
        self.folder, self.head, self.process = folder, b"", None
        self.counts = collections.Counter()

    def start(self):
        size = random.choice(["filesize:8", "filesize:40", "packets:200", "duration:5", "duration:20"])
        # The name has the second of the start: two starts in one second would write to one file.
        time.sleep(1.1)
        command = ["dumpcap", "-q", "-P", "-i", "-", "-b", size, "-w", os.path.join(self.folder, "ring.pcap")]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.write(self.head)

    def write(self, record):
        self.process.stdin.write(record)
        self.process.stdin.flush()

    def stop(self, how):
        self.counts["dumpcap, " + how.name] += 1
        if how == signal.SIGKILL:
            self.process.kill()
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.wait()

    def restart(self):
        self.stop(random.choice([signal.SIGTERM, signal.SIGKILL]))
        self.start()


class Relay(threading.Thread):
    """Passes the frames of a capture on to a ring, some of them with a wrong time."""

    def __init__(self, source, ring):
        super().__init__(daemon=True)
        self.source, self.ring = source, ring
        self.frames, self.shift = 0, 0
        self.next_shift, self.next_restart = (time.monotonic() + random.uniform(20, 60) for _ in range(2))

    def run(self):
        self.ring.head = self.source.read(24)
        self.ring.start()
        while header := self.source.read(HEADER.size):
            seconds, fraction, kept, length = HEADER.unpack(header)
            self.ring.write(HEADER.pack(self.time(seconds), fraction, kept, length) + self.source.read(kept))
            self.frames += 1
            if time.monotonic() > self.next_restart:
                self.next_restart = time.monotonic() + random.uniform(20, 90)
                self.ring.restart()
        self.ring.stop(signal.SIGTERM)

    def time(self, seconds):
        """Returns the time that a frame gets."""
        if time.monotonic() > self.next_shift:
            self.next_shift = time.monotonic() + random.uniform(10, 60)
            self.shift = 0 if self.shift else random.choice([0, SET_BACK])
            if not self.shift:
                self.ring.counts["frames of 2106"] += 1
                return IN_2106
            self.ring.counts["clock set back"] += 1
        return seconds - self.shift


class Disk:
    """A small disk in memory, which becomes larger on request."""

    def __init__(self, folder):
        self.folder, self.size = folder, 64

    def __enter__(self):
        run("mount", "-t", "tmpfs", "-o", f"size={self.size}k", "soak", self.folder)
        return self

    def __exit__(self, *_):
        run("umount", self.folder)

    def grow(self):
        self.size *= 2
        run("mount", "-o", f"remount,size={self.size}k", self.folder)


class Follower:
    """`syncookie analyze --follow`, which is stopped and killed at random."""

    def __init__(self, program, ring, disk):
        self.output = os.path.join(disk.folder, "findings.jsonl")
        state = os.path.join(disk.folder, "state")
        self.command = [program, "analyze", ring, "--follow", "--state", state, "-q", "--format", "jsonl", "-o", self.output]
        self.disk, self.counts, self.process = disk, collections.Counter(), None
        self.errors = tempfile.TemporaryFile("w+")

    def start(self):
        self.errors.truncate(0)
        self.process = subprocess.Popen(self.command, stderr=self.errors)
        self.next_stop = time.monotonic() + random.uniform(3, 40)

    def stop(self, how):
        self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        self.counts["follower, " + how.name] += 1
        if how == signal.SIGTERM and code not in (0, 2, 3):
            self.enlarge_disk()

    def enlarge_disk(self):
        """Enlarges the disk, which must be the reason why the follower ended."""
        self.errors.seek(0)
        said = self.errors.read()
        if "No space left on device" not in said:
            sys.exit(f"the follower ended with {self.process.returncode}: {said[-2000:]}")
        self.counts["disk full"] += 1
        self.disk.grow()

    def tend(self, may_stop):
        """Starts the follower again if it ended, or if it may be stopped and it is time for that."""
        if self.process.poll() is not None:
            self.enlarge_disk()
        elif may_stop and time.monotonic() > self.next_stop:
            self.stop(random.choice([signal.SIGTERM, signal.SIGKILL]))
        else:
            return
        self.start()


def handshakes(lines):
    """Returns how often each handshake is in JSON Lines: name of the file, and number of its first frame."""
    found = collections.Counter()
    for line in lines:
        record = json.loads(line)
        if record["type"] == "handshake":
            first = next(number for number in record["frames"].values() if number is not None)
            found[os.path.basename(record["capture"]), first] += 1
    return found


def reported(follower, is_ended):
    """Returns the handshakes that were reported. The last line may be half written unless the follower has ended."""
    with open(follower.output, encoding="utf-8") as output:
        lines = output.readlines()
    if lines and not lines[-1].endswith("\n"):
        if is_ended:
            sys.exit(f"half a line was left: {lines[-1]!r}")
        lines.pop()
    return handshakes(lines)


def analyzed(program, ring):
    command = [program, "analyze", ring, "-q", "--format", "jsonl"]
    return handshakes(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout.splitlines())


def soak(minutes, program, scratch):
    ring_folder, disk_folder = (os.path.join(scratch, name) for name in ("ring", "disk"))
    os.mkdir(ring_folder)
    os.mkdir(disk_folder)
    ring = Ring(ring_folder)
    with Network() as network, Disk(disk_folder) as disk:
        follower = Follower(program, ring_folder, disk)
        follower.start()
        frames = fill(ring, network, follower, minutes)
        wanted = analyzed(program, ring_folder)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and len(reported(follower, is_ended=False)) < len(wanted):
            # After a start, the follower waits for two minutes before it concludes that nothing more arrives.
            follower.tend(may_stop=False)
            time.sleep(2)
        if follower.process.poll() is None:
            follower.stop(signal.SIGTERM)
        found = reported(follower, is_ended=True)
    show(minutes, frames, len(os.listdir(ring_folder)), ring.counts + follower.counts, wanted, found)
    return wanted == found


def fill(ring, network, follower, minutes):
    """Fills the ring, and tends the follower meanwhile; returns the number of frames."""
    here = [sys.executable, __file__]
    capture = ["dumpcap", "-q", "-P", "-i", "cable", "-w", "-"]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with network.inside(network.server, *capture, **streams) as capture:
        relay = Relay(capture.stdout, ring)
        relay.start()
        with network.inside(network.server, *here, "serve"), network.inside(network.client, *here, "connect"):
            end = time.monotonic() + minutes * 60
            while time.monotonic() < end:
                follower.tend(may_stop=True)
                time.sleep(0.2)
    relay.join()
    return relay.frames


def show(minutes, frames, files, counts, wanted, found):
    lost, repeated = wanted - found, found - wanted
    print(f"{minutes} minutes: {frames} frames in {files} files, {len(wanted)} handshakes")
    print(", ".join(f"{name}: {count}" for name, count in sorted(counts.items())))
    print(f"not reported: {lost.total()}, reported too often: {repeated.total()}")
    for name, which in (("not reported", lost), ("reported too often", repeated)):
        for (file, frame), _ in list(which.items())[:10]:
            print(f"  {name}: {file} frame {frame}")


def main():
    if sys.argv[1:] == ["serve"]:
        serve()
    elif sys.argv[1:] == ["connect"]:
        connect()
    else:
        with tempfile.TemporaryDirectory(prefix="syncookie-soak-") as scratch:
            sys.exit(0 if soak(float(sys.argv[1]), sys.argv[2], scratch) else 1)


if __name__ == "__main__":
    main()
