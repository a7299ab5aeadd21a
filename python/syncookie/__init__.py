"""Find SYN cookies, SYN proxies and failed TCP handshakes in packet captures.

>>> import syncookie
>>> findings = syncookie.analyze("captures")  # doctest: +SKIP
>>> findings.handshakes.to_pandas().groupby("verdict").size()  # doctest: +SKIP

The columns of ``handshakes`` and the keys of the objects are those of Parquet and JSON:
docs/json-schema.md describes them.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Optional, Union

import pyarrow

from . import _syncookie

__all__ = [
    "CaptureError",
    "Findings",
    "analyze",
    "analyze_batches",
    "judge",
    "judge_batches",
    "main",
    "observe",
    "observe_batches",
]
__version__ = _syncookie.__version__

Path = Union[str, "os.PathLike[str]"]
Batches = Union[pyarrow.RecordBatchReader, pyarrow.Table, Iterable[pyarrow.RecordBatch]]


class CaptureError(Exception):
    """A capture that could not be read, or not to its end.

    Attributes:
        capture: name of the capture
        kind: short fixed name, such as ``truncated`` or ``corrupt``
        frame: number of the frame, or None
        offset: offset in the file, in bytes, or None
        problems: all problems of the run, as dicts
        findings: the findings in everything that could be read; None from observe() and
            observe_batches()
    """

    def __init__(self, problems: list[dict[str, Any]], findings: Optional[Findings]) -> None:
        first, others = problems[0], len(problems) - 1
        message = f"{first['capture']} {first['message']}"
        super().__init__(f"{message} (and {others} more)" if others else message)
        self.capture: str = first["capture"]
        self.kind: str = first["kind"]
        self.frame: Optional[int] = first.get("frame")
        self.offset: Optional[int] = first.get("offset")
        self.problems = problems
        self.findings = findings


@dataclass(frozen=True)
class Findings:
    """Results of a run.

    Attributes:
        handshakes: one row per handshake
        listeners: server addresses and ports, with counts, delays and floods
        episodes: periods in which SYN cookies or a SYN proxy answered
        captures: name, format, compression, and size in bytes of each capture
        summary: counts over all captures
    """

    handshakes: pyarrow.Table
    listeners: list[dict[str, Any]]
    episodes: list[dict[str, Any]]
    captures: list[dict[str, Any]]
    summary: dict[str, Any]

    @property
    def problems(self) -> list[dict[str, Any]]:
        """What could not be read, with capture, frame and offset in bytes."""
        return self.summary["errors"]


def analyze(*captures: Path, on_problem: str = "raise", **options: Any) -> Findings:
    """Analyse captures, and folders with captures, as ``syncookie analyze`` does.

    Args:
        captures: pcap and pcapng files, also compressed, and folders
        on_problem: ``raise`` a CaptureError, with the findings in everything that could be read, if
            a capture cannot be read to its end, or ``ignore`` it: Findings.problems has it in either case
        options: options of ``syncookie analyze`` that select what is reported or set limits, with ``_``
            for ``-``: filter, once, baseline, kernel, server, capture_point, threads, max_memory,
            max_handshakes, max_flood, max_listeners, max_episodes. filter and kernel take one value
            or several.

    Raises:
        CaptureError: if a capture could not be read to its end
        TypeError: if there is no such option
        ValueError: if the value of an option is wrong
        RuntimeError: if no capture was found
    """
    _check(on_problem)
    return _collect(_syncookie.Findings(_arguments("analyze", captures, options)), on_problem)


def analyze_batches(*captures: Path, **options: Any) -> pyarrow.RecordBatchReader:
    """Analyse captures, and return the handshakes as they become known, in bounded memory.

    Takes the options of analyze(). What cannot be read is left out, without a CaptureError.
    """
    return _reader(_syncookie.Findings(_arguments("analyze", captures, options)))


def observe(*captures: Path, output: Path, on_problem: str = "raise", **options: Any) -> list[dict[str, Any]]:
    """Save what the packets of each handshake show to a Parquet file, for judge(); see docs/scale.md.

    Args:
        captures: pcap and pcapng files, also compressed, and folders
        output: the file
        on_problem: as in analyze(); the file is written in either case
        options: threads, max_memory, max_handshakes

    Returns:
        What could not be read.
    """
    _check(on_problem)
    problems = json.loads(_syncookie.observe(_arguments("observe", captures, {**options, "output": output})))
    return _checked(problems, None, on_problem)


def observe_batches(*captures: Path, on_problem: str = "raise", **options: Any) -> pyarrow.RecordBatchReader:
    """Return what judging needs of the handshakes in captures as it becomes known, in bounded memory.

    The rows are those that observe() writes, see docs/scale.md. judge() and judge_batches() take them,
    all of them and in this order.

    Args:
        captures: pcap and pcapng files, also compressed, and folders
        on_problem: ``raise`` a CaptureError after the last row if a capture could not be read to its
            end, or ``ignore`` it: the rows say so in either case, and judge() then raises the error
        options: threads, max_memory, max_handshakes

    Raises:
        CaptureError: while the rows are read, after the last one
        RuntimeError: while the rows are read, if no capture was found
        TypeError: if there is no such option
        ValueError: while the rows are read, if the value of an option is wrong
    """
    _check(on_problem)
    run = _syncookie.Observations(_arguments("observe", captures, {**options, "output": "-"}))
    rows = _reader(run)

    def until_end() -> Iterator[pyarrow.RecordBatch]:
        yield from rows
        _checked(json.loads(run.problems()), None, on_problem)

    return pyarrow.RecordBatchReader.from_batches(rows.schema, until_end())


def judge(*observations: Union[Path, Batches], on_problem: str = "raise", **options: Any) -> Findings:
    """Judge observations: files that ``syncookie observe`` wrote, or batches of observe_batches().

    Takes the options of analyze(), and returns what analyze() returns for the captures.

    Args:
        observations: files, or one reader, table or iterable of batches
        on_problem: as in analyze()
        options: as in analyze()
    """
    _check(on_problem)
    with _Judging(observations, options) as run:
        return _collect(run, on_problem)


def judge_batches(*observations: Union[Path, Batches], **options: Any) -> pyarrow.RecordBatchReader:
    """Judge observations as judge() does, and return the handshakes in bounded memory.

    Raises no CaptureError, unless reading the given batches raises one.
    """
    judging = _Judging(observations, options)
    with judging as run:
        rows = _reader(run)

    def until_end() -> Iterator[pyarrow.RecordBatch]:
        with judging:
            yield from rows
            run.objects()

    return pyarrow.RecordBatchReader.from_batches(rows.schema, until_end())


def main() -> None:
    """Run the program ``syncookie`` with the arguments of this process."""
    sys.exit(_syncookie.run(["syncookie", *sys.argv[1:]]))


_LIMITS = {"threads", "max_memory", "max_handshakes"}
_REPORTING = {"filter", "once", "baseline", "kernel", "server", "capture_point"}
_FINDINGS = _LIMITS | _REPORTING | {"max_flood", "max_listeners", "max_episodes"}
_OPTIONS = {"analyze": _FINDINGS, "judge": _FINDINGS, "observe": _LIMITS | {"output"}}


def _arguments(command: str, paths: tuple[Path, ...], options: dict[str, Any]) -> list[str]:
    """Return the arguments of the program."""
    known = _OPTIONS[command]
    arguments = [command]
    for name, value in options.items():
        if name not in known:
            raise TypeError(f"{command}() has no option {name!r}; it has {', '.join(sorted(known))}")
        option = "--" + name.replace("_", "-")
        if value is True:
            arguments.append(option)
        elif value is not None and value is not False:
            several = [value] if isinstance(value, (str, int, os.PathLike)) else value
            arguments.extend(f"{option}={os.fspath(one) if isinstance(one, os.PathLike) else one}" for one in several)
    return [*arguments, "--", *(os.fspath(path) for path in paths)]


def _reader(findings: Union[_syncookie.Findings, _syncookie.Observations]) -> pyarrow.RecordBatchReader:
    return pyarrow.RecordBatchReader.from_stream(findings)


class _Judging:
    """A run of ``judge``. As a context manager, it raises the exception of the batches that it reads."""

    def __init__(self, observations: tuple[Union[Path, Batches], ...], options: dict[str, Any]) -> None:
        self.error: Optional[BaseException] = None
        self.run: Optional[_syncookie.Findings] = None
        if observations and not isinstance(observations[0], (str, os.PathLike)):
            if len(observations) > 1:
                raise TypeError("judge() takes files, or one reader, table or iterable of batches")
            self.arguments = _arguments("judge", ("batches",), options)
            self.batches: Optional[pyarrow.RecordBatchReader] = self._noting_errors(observations[0])
        else:
            self.arguments, self.batches = _arguments("judge", observations, options), None

    def _noting_errors(self, batches: Batches) -> pyarrow.RecordBatchReader:
        if not hasattr(batches, "schema"):
            batches = iter(batches)
            first = next(batches, None)
            if first is None:
                raise ValueError("there are no observations")
            schema, batches = first.schema, itertools.chain([first], batches)
        else:
            schema = batches.schema
            batches = batches.to_batches() if isinstance(batches, pyarrow.Table) else batches

        def noting() -> Iterator[pyarrow.RecordBatch]:
            try:
                yield from batches
            except Exception as error:
                self.error = error
                raise

        return pyarrow.RecordBatchReader.from_batches(schema, noting())

    def __enter__(self) -> _syncookie.Findings:
        if self.run is None:
            try:
                self.run = _syncookie.Findings(self.arguments, self.batches)
            except RuntimeError:
                self.__exit__()
                raise
        return self.run

    def __exit__(self, *_: object) -> None:
        if self.error is not None:
            raise self.error


def _collect(run: _syncookie.Findings, on_problem: str) -> Findings:
    handshakes = _reader(run).read_all()
    objects = {name: json.loads(text) for name, text in run.objects().items()}
    objects.pop("run")
    findings = Findings(handshakes=handshakes, **objects)
    _checked(findings.problems, findings, on_problem)
    return findings


def _check(on_problem: str) -> None:
    if on_problem not in ("raise", "ignore"):
        raise ValueError(f"on_problem must be 'raise' or 'ignore', not {on_problem!r}")


def _checked(
    problems: list[dict[str, Any]], findings: Optional[Findings], on_problem: str
) -> list[dict[str, Any]]:
    if problems and on_problem == "raise":
        raise CaptureError(problems, findings)
    return problems
