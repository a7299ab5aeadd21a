"""What tasks of a cluster do: find captures, observe them, judge observations.

Nothing here needs Spark. Each function takes and yields batches of rows, as a task of Spark does.
"""

from __future__ import annotations

import ipaddress
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Optional

import pyarrow
import pyarrow.compute
import pyarrow.fs

from . import _arguments, _Judging, _syncookie

Batches = Iterator[pyarrow.RecordBatch]

#: Rows of files that may continue each other: where the first of them is among all, what opens them, and
#: which of how many stretches of them is to be read, from 1. Both are 0 if they are not divided.
FAMILIES = pyarrow.schema(
    [("part", pyarrow.int64()), ("files", pyarrow.string()), ("stretch", pyarrow.int64()), ("of", pyarrow.int64())]
)


def compatible(kind: pyarrow.DataType) -> pyarrow.DataType:
    """Return the type that Spark has for a type of Arrow: it has no unsigned numbers, for example."""
    wider = {
        pyarrow.uint8(): pyarrow.int16(),
        pyarrow.uint16(): pyarrow.int32(),
        pyarrow.uint32(): pyarrow.int64(),
        pyarrow.uint64(): pyarrow.int64(),
    }
    if pyarrow.types.is_list(kind):
        return pyarrow.list_(pyarrow.field("element", compatible(kind.value_type)))
    if pyarrow.types.is_struct(kind):
        fields = (kind.field(place) for place in range(kind.num_fields))
        return pyarrow.struct([pyarrow.field(field.name, compatible(field.type)) for field in fields])
    return pyarrow.binary() if pyarrow.types.is_fixed_size_binary(kind) else wider.get(kind, kind)


def compatible_schema(schema: pyarrow.Schema) -> pyarrow.Schema:
    """Return the columns as Spark has them."""
    return pyarrow.schema([(field.name, compatible(field.type)) for field in schema])


#: Rows of observations, as Rust has them.
ROWS: pyarrow.Schema = pyarrow.schema(_syncookie.Columns.of_observations())

#: The same for Spark. ``part``, ``stretch`` and ``row`` say where a row is among those of all runs of
#: ``observe``. ``leads`` says that a handshake follows a row of another kind.
OBSERVATIONS = pyarrow.schema(
    [
        ("part", pyarrow.int64()),
        ("stretch", pyarrow.int64()),
        ("row", pyarrow.int64()),
        ("leads", pyarrow.bool_()),
        *compatible_schema(ROWS),
    ]
)

#: Endpoints of resets of connections without a SYN: their addresses and ports.
ENDS = pyarrow.schema([("part", pyarrow.int64()), ("ip", pyarrow.binary()), ("port", pyarrow.int64())])

#: Records that say what was to be read, as a regular expression.
LISTINGS = r'^\{"row":"(head|source)"'

#: Rows of handshakes.
HANDSHAKES: pyarrow.Schema = pyarrow.schema(_syncookie.Columns.of_findings())

#: Rows of judged observations: a handshake, or an object of another kind as JSON.
JUDGED = pyarrow.schema(
    [("kind", pyarrow.string()), ("object", pyarrow.string()), *compatible_schema(HANDSHAKES)]
)


@dataclass(frozen=True)
class Storage:
    """Where captures are: a file system, and paths in it or URIs."""

    paths: tuple[str, ...]
    filesystem: Optional[pyarrow.fs.FileSystem] = None

    def resolve(self, path: str) -> tuple[pyarrow.fs.FileSystem, str, str]:
        """Return the file system of a path, the path in it, and what precedes it in names."""
        if self.filesystem is not None:
            return self.filesystem, path, ""
        scheme, separator, _ = path.partition("://")
        if not separator:
            return pyarrow.fs.LocalFileSystem(), path, ""
        filesystem, inner = pyarrow.fs.FileSystem.from_uri(path)
        return filesystem, inner, f"{scheme}://"

    def open(self, path: str, offset: int) -> pyarrow.NativeFile:
        """Open a file at an offset."""
        filesystem, inner, _ = self.resolve(path)
        file = filesystem.open_input_file(inner)
        if offset:
            file.seek(offset)
        return file


@dataclass(frozen=True)
class File:
    """A file: its name in all outputs, the path that opens it, its size, and whether it was given by name."""

    name: str
    path: str
    size: int
    is_named: bool


def found(storage: Storage) -> Iterator[File]:
    """Find the given files, and those in the given folders, sorted by name within a folder."""
    seen = set()
    for path in storage.paths:
        for file in _under(storage, path):
            if file.path not in seen:
                seen.add(file.path)
                yield file


def _under(storage: Storage, path: str) -> Iterator[File]:
    filesystem, inner, prefix = storage.resolve(path)
    query = path[path.index("?") :] if prefix and "?" in path else ""
    info = filesystem.get_file_info(inner)
    if info.type != pyarrow.fs.FileType.Directory:
        yield File(prefix + inner, path, info.size or 0, True)
        return
    inside = filesystem.get_file_info(pyarrow.fs.FileSelector(inner, recursive=True))
    files = [one for one in inside if one.type == pyarrow.fs.FileType.File]
    for one in sorted(files, key=lambda one: one.path.split("/")):
        yield File(prefix + one.path, prefix + one.path + query, one.size, False)


def family(name: str) -> tuple[str, str]:
    """Return what files of one capture have in common: the folder, and the name without its digits."""
    folder, _, file = name.rpartition("/")
    return folder, re.sub("[0-9]+", "#", file)


def find(storage: Storage, _: Batches) -> Batches:
    """Find captures, and yield a row for the files of each family."""
    families: dict[tuple[str, str], list[tuple[int, File]]] = {}
    for place, file in enumerate(found(storage)):
        families.setdefault(family(file.name), []).append((place, file))
    for files in families.values():
        yield _family(files[0][0] << 32, [file for _, file in files])


def _family(part: int, files: list[File], stretch: int = 0, of: int = 0) -> pyarrow.RecordBatch:
    text = json.dumps([[file.name, file.path, file.size, file.is_named] for file in files])
    return pyarrow.RecordBatch.from_pylist([{"part": part, "files": text, "stretch": stretch, "of": of}], FAMILIES)


def _families(batches: Batches) -> Iterator[tuple[int, list[File], int, int]]:
    for batch in batches:
        for row in batch.to_pylist():
            yield row["part"], [File(*file) for file in json.loads(row["files"])], row["stretch"], row["of"]


def _stored(storage: Storage, files: list[File]) -> list[tuple[str, int, bool, Callable[[int], Any]]]:
    def opener(path: str) -> Callable[[int], Any]:
        return lambda offset: storage.open(path, offset)

    return [(file.name, file.size, file.is_named, opener(file.path)) for file in files]


def divide(storage: Storage, stretch_bytes: Optional[int], batches: Batches) -> Batches:
    """Divide families into series, that is, files that continue each other, and large series into stretches."""
    for part, files, _, _ in _families(batches):
        for place, indexes in enumerate(_syncookie.series(_stored(storage, files))):
            series = [files[index] for index in indexes]
            size = sum(file.size for file in series)
            if stretch_bytes is None or size <= stretch_bytes:
                yield _family(part + place, series)
                continue
            of = -(-size // stretch_bytes)
            for stretch in range(1, of + 1):
                yield _family(part + place, series, stretch, of)


def observe(storage: Storage, options: dict[str, Any], batches: Batches) -> Batches:
    """Observe each series, or each stretch of it."""
    arguments = _arguments("observe", ("files",), {**options, "output": "-"})
    for part, files, stretch, of in _families(batches):
        divided = [f"--stretch={stretch}/{of}"] if of else []
        run = _syncookie.Observations([arguments[0], *divided, *arguments[1:]], _stored(storage, files))
        first, follows_record, listings = 0, False, 0
        for rows in pyarrow.RecordBatchReader.from_stream(run):
            count, are_records = rows.num_rows, rows.column("record").is_valid()
            before = pyarrow.array([follows_record, *are_records[:-1].to_pylist()][:count], pyarrow.bool_())
            more = {
                "part": _repeat(part, count),
                "stretch": _repeat(stretch, count),
                "row": pyarrow.array(range(first, first + count), pyarrow.int64()),
                "leads": pyarrow.compute.and_(before, pyarrow.compute.invert(are_records)),
            }
            first, follows_record = first + count, bool(count) and are_records[-1].as_py()
            observed = cast(rows, OBSERVATIONS, **more)
            are_listings = _are_listings(observed)
            listings += are_listings.true_count
            # The captures are listed once, by the first stretch.
            yield observed if stretch <= 1 else observed.filter(pyarrow.compute.invert(are_listings))
        if of and listings != 1 + len(files):
            # Stretches of other files would not fit to those that other tasks read.
            raise OSError(f"of {len(files)} files that continue each other, such as {files[0].name}, some cannot be read")
        run.problems()


def _are_listings(rows: pyarrow.RecordBatch) -> pyarrow.BooleanArray:
    """Return which rows say what was to be read."""
    return pyarrow.compute.match_substring_regex(rows.column("record"), LISTINGS).fill_null(False)


def _repeat(number: int, count: int) -> pyarrow.Array:
    return pyarrow.repeat(pyarrow.scalar(number, pyarrow.int64()), count)


def reset_ends(batches: Batches) -> Batches:
    """Yield the endpoints of resets of connections without a SYN: whether such resets show anything depends
    on the handshakes that share an endpoint with them."""
    for batch in batches:
        ends = set()
        for row in batch.to_pylist():
            resets = (one for one in json.loads(row["record"])["loose"] if one["flags"] & (_RST | _ACK) == _RST)
            ends.update((row["part"], one[side]) for one in resets for side in ("source", "destination"))
        yield pyarrow.RecordBatch.from_pylist([_end(part, address) for part, address in sorted(ends)], ENDS)


#: Bits of TCP's flags. A reset with ACK shows nothing here: applications send it.
_RST, _ACK = 0x04, 0x10


def _end(part: int, address: str) -> dict[str, Any]:
    ip, _, port = address.rpartition(":")
    return {"part": part, "ip": ipaddress.ip_address(ip.strip("[]")).packed, "port": int(port)}


def wholes(options: dict[str, Any], batches: Batches) -> Batches:
    """Yield rows that say what is known at the end of series that were observed in stretches. They precede the
    rows of the stretches."""
    arguments = _arguments("judge", ("batches",), options)
    for part, rows in itertools.groupby(_runs(batches, "part"), key=lambda pair: pair[0]):
        own = (cast(batch, ROWS) for _, batch in rows)
        records = _syncookie.wholes(arguments, pyarrow.RecordBatchReader.from_batches(ROWS, own))
        place = {"part": part, "stretch": 0, "leads": False}
        listed = [{**place, "row": row, "record": record} for row, record in enumerate(records)]
        yield pyarrow.RecordBatch.from_pylist(listed, OBSERVATIONS)


def judge(options: dict[str, Any], first: int, batches: Batches) -> Batches:
    """Judge groups of listeners: rows with the same bucket, in the order in which they were observed.

    All groups have the rows that are not handshakes. The captures and problems in these are yielded for
    the bucket ``first`` alone.
    """
    for bucket, rows in itertools.groupby(_runs(batches, "bucket"), key=lambda pair: pair[0]):
        yield from _judge_group((batch for _, batch in rows), bucket == first, options)


def _runs(batches: Batches, column: str) -> Iterator[tuple[int, pyarrow.RecordBatch]]:
    """Split batches where the value of a column changes."""
    for batch in batches:
        start = 0
        runs = pyarrow.compute.run_end_encode(batch.column(column), run_end_type=pyarrow.int64())
        for end, value in zip(runs.run_ends.to_pylist(), runs.values.to_pylist()):
            yield value, batch.slice(start, end - start)
            start = end


def _judge_group(batches: Iterable[pyarrow.RecordBatch], is_first: bool, options: dict[str, Any]) -> Batches:
    rows = pyarrow.RecordBatchReader.from_batches(ROWS, (cast(batch, ROWS) for batch in batches))
    with _Judging((rows,), options) as run:
        for found in pyarrow.RecordBatchReader.from_stream(run):
            yield cast(found, JUDGED, kind=_same("handshake", found.num_rows), object=_same(None, found.num_rows))
        objects = {name: json.loads(text) for name, text in run.objects().items()}
    about_all = {"capture": objects["captures"], "problem": objects["summary"]["errors"]} if is_first else {}
    lists = {"listener": objects["listeners"], "episode": objects["episodes"], **about_all}
    listed = [{"kind": kind, "object": json.dumps(one)} for kind, all in lists.items() for one in all]
    for start in range(0, len(listed), 1024):
        yield pyarrow.RecordBatch.from_pylist(listed[start : start + 1024], JUDGED)


def _same(text: Optional[str], rows: int) -> pyarrow.Array:
    return pyarrow.repeat(pyarrow.scalar(text, pyarrow.string()), rows)


def cast(batch: pyarrow.RecordBatch, schema: pyarrow.Schema, **more: pyarrow.Array) -> pyarrow.RecordBatch:
    """Return the columns of a schema, from a batch or given."""
    columns = [
        more[field.name] if field.name in more else batch.column(field.name).cast(field.type) for field in schema
    ]
    return pyarrow.RecordBatch.from_arrays(columns, schema=schema)
