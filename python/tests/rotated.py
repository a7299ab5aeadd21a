"""Captures for tests: rotated, damaged, with clocks that are set. They are made from a capture in memory."""

import pathlib
import random
import struct
from collections.abc import Iterator

#: Lengths of the header of a pcap file and of a record.
FILE_HEADER, RECORD_HEADER = 24, 16


def records(capture: bytes) -> Iterator[bytes]:
    """Yield the records of a pcap file, each with its header."""
    at = FILE_HEADER
    while at < len(capture):
        end = at + RECORD_HEADER + struct.unpack_from("<I", capture, at + 8)[0]
        yield capture[at:end]
        at = end


def moved(record: bytes, seconds: int) -> bytes:
    """Return a record at a later time."""
    return struct.pack("<I", struct.unpack_from("<I", record)[0] + seconds) + record[4:]


def repeated(capture: bytes, client: bytes, times: int, seconds: int) -> bytes:
    """Return a capture whose packets come again and again, some seconds later and of another client each time."""
    every = list(records(capture))
    high, low = struct.unpack(">HH", client)
    parts = [capture[:FILE_HEADER]]
    for copy in range(times):
        # The sum of the address, and so the checksums, stay the same.
        other = struct.pack(">HH", high + copy, low - copy)
        parts.extend(moved(record, copy * seconds).replace(client, other) for record in every)
    return b"".join(parts)


def seconds(path: pathlib.Path) -> tuple[int, int]:
    """Return when a capture with packets begins and ends, in seconds since 1970."""
    every = list(records(path.read_bytes()))
    return struct.unpack_from("<I", every[0])[0], struct.unpack_from("<I", every[-1])[0]


def rotate(capture: bytes, folder: pathlib.Path, files: int, seed: int = 0, step_from: float = 1.0, step: int = 0) -> list:
    """Write a capture as files that are cut at random places, and return their paths.

    From a share of the files on, the clock is set by some seconds. One file more is empty but for its header,
    as after a quiet time.
    """
    every = list(records(capture))
    chosen = random.Random(seed).sample(range(1, len(every)), files - 1)
    cuts = [0, *sorted(chosen), len(every)]
    set_from = int(len(every) * step_from)
    every[set_from:] = (moved(record, step) for record in every[set_from:])
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"ring_{number:05}.pcap" for number in range(files + 1)]
    for path, start, end in zip(paths, cuts, cuts[1:]):
        path.write_bytes(capture[:FILE_HEADER] + b"".join(every[start:end]))
    paths[-1].write_bytes(capture[:FILE_HEADER])
    return paths
