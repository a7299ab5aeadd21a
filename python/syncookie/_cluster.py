"""What tasks of a cluster do: find captures, observe them, judge observations.

Nothing here needs Spark. Each function takes and yields batches of rows, as a task of Spark does.
"""

from __future__ import annotations

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

#: Rows of files that may continue each other: where the first of them is among all, and what opens them.
FAMILIES = pyarrow.schema([("part", pyarrow.int64()), ("files", pyarrow.string())])


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

#: The same for Spark. ``part`` and ``row`` say where a row is among those of all runs of ``observe``.
OBSERVATIONS = pyarrow.schema(
    [("part", pyarrow.int64()), ("row", pyarrow.int64()), *compatible_schema(ROWS)]
)

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
    """A file: its name in all outputs, the path that opens it, its size, and whether it was named."""

    name: str
    path: str
    size: int
    is_named: bool


def found(storage: Storage) -> Iterator[File]:
    """Find the files that are named, and those in the folders that are named, by name."""
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


def _family(part: int, files: list[File]) -> pyarrow.RecordBatch:
    text = json.dumps([[file.name, file.path, file.size, file.is_named] for file in files])
    return pyarrow.RecordBatch.from_pylist([{"part": part, "files": text}], FAMILIES)


def _families(batches: Batches) -> Iterator[tuple[int, list[File]]]:
    for batch in batches:
        for row in batch.to_pylist():
            yield row["part"], [File(*file) for file in json.loads(row["files"])]


def _stored(storage: Storage, files: list[File]) -> list[tuple[str, int, bool, Callable[[int], Any]]]:
    def opener(path: str) -> Callable[[int], Any]:
        return lambda offset: storage.open(path, offset)

    return [(file.name, file.size, file.is_named, opener(file.path)) for file in files]


def divide(storage: Storage, batches: Batches) -> Batches:
    """Divide families into series: files that continue each other."""
    for part, files in _families(batches):
        for place, series in enumerate(_syncookie.series(_stored(storage, files))):
            yield _family(part + place, [files[index] for index in series])


def observe(storage: Storage, options: dict[str, Any], batches: Batches) -> Batches:
    """Observe each series."""
    arguments = _arguments("observe", ("files",), {**options, "output": "-"})
    for part, files in _families(batches):
        run = _syncookie.Observations(arguments, _stored(storage, files))
        row = 0
        for rows in pyarrow.RecordBatchReader.from_stream(run):
            places = pyarrow.array(range(row, row + rows.num_rows), pyarrow.int64())
            row += rows.num_rows
            yield cast(rows, OBSERVATIONS, part=pyarrow.repeat(pyarrow.scalar(part, pyarrow.int64()), len(places)), row=places)
        run.problems()


def judge(options: dict[str, Any], first: int, batches: Batches) -> Batches:
    """Judge groups of listeners: rows with the same bucket, in the order in which they were observed.

    All groups have the rows that are no handshakes. The captures and problems in these are yielded for
    the bucket ``first`` alone.
    """
    for bucket, rows in itertools.groupby(_by_bucket(batches), key=lambda pair: pair[0]):
        yield from _judge_group((batch for _, batch in rows), bucket == first, options)


def _by_bucket(batches: Batches) -> Iterator[tuple[int, pyarrow.RecordBatch]]:
    """Split batches where the bucket changes."""
    for batch in batches:
        start = 0
        runs = pyarrow.compute.run_end_encode(batch.column("bucket"), run_end_type=pyarrow.int64())
        for end, bucket in zip(runs.run_ends.to_pylist(), runs.values.to_pylist()):
            yield bucket, batch.slice(start, end - start)
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
