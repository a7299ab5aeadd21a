"""Analyse captures on a cluster with Apache Spark 4.

>>> from syncookie import spark as syncookie_spark  # doctest: +SKIP
>>> found = syncookie_spark.analyze(spark, "s3://bucket/captures/")  # doctest: +SKIP
>>> found.findings.groupBy("verdict").count().show()  # doctest: +SKIP

The wheel of syncookie must be installed where the tasks run, with pyarrow. Only DataFrames are used, so
Spark Connect works. docs/scale.md describes how the work is divided, and what it costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Optional, Union

import pyarrow
import pyarrow.fs
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, StructField, StructType
from pyspark.sql.types import BinaryType, BooleanType, DoubleType, IntegerType, LongType, StringType, TimestampType

from . import _FINDINGS, _LIMITS, _cluster

__all__ = ["Analysis", "analyze", "judge", "observe"]

#: Captures: one path or URI, or several.
Captures = Union[str, Iterable[str]]

_ENDPOINT = "STRUCT<ip: STRING, port: INT>"
_VERDICTS = "STRUCT<ordinary: BIGINT, `syn-cookie`: BIGINT, `syn-proxy`: BIGINT, undetermined: BIGINT>"
_OUTCOMES = (
    "STRUCT<established: BIGINT, `reset-by-server`: BIGINT, `reset-by-client`: BIGINT, refused: BIGINT, "
    "unanswered: BIGINT, unacknowledged: BIGINT, incomplete: BIGINT>"
)
_FLOOD = (
    "STRUCT<handshakes: BIGINT, counted: BIGINT, first: STRING, last: STRING, peak_rate: BIGINT, "
    "steps_from: STRING, step_seconds: BIGINT, steps: ARRAY<BIGINT>>"
)
_OBJECTS = {
    "listener": (
        f"server {_ENDPOINT}, first STRING, last STRING, handshakes BIGINT, verdicts {_VERDICTS}, "
        f"outcomes {_OUTCOMES}, strongest STRING, cookie_style_first STRING, cookie_style_last STRING, syns BIGINT, "
        f"delay STRUCT<handshakes: BIGINT, median: DOUBLE, p95: DOUBLE, max: DOUBLE>, flood {_FLOOD}"
    ),
    "episode": (
        f"capture STRING, server {_ENDPOINT}, verdict STRING, start STRING, end STRING, handshakes BIGINT, "
        "peak_unacknowledged_rate BIGINT, prior_unacknowledged_rate BIGINT"
    ),
    "capture": "capture STRING, format STRING, compression STRING, bytes BIGINT",
    "problem": "capture STRING, kind STRING, frame BIGINT, offset BIGINT, skipped_bytes BIGINT, message STRING",
}


@dataclass(frozen=True)
class Analysis:
    """Results: DataFrames over rows that are judged once and kept until :meth:`release` is called.

    Attributes:
        findings: one row per handshake, with the columns of ``syncookie.analyze(...).handshakes``
        listeners: server addresses and ports, with counts, delays and floods
        episodes: periods in which SYN cookies or a SYN proxy answered
        captures: name, format, compression, and size in bytes of each capture
        problems: what could not be read, with capture, frame and offset in bytes

    The columns are those of JSON, see docs/json-schema.md. Spark has no unsigned numbers, so numbers
    that are unsigned in ``syncookie.analyze`` are signed and wider here.
    """

    findings: DataFrame
    listeners: DataFrame
    episodes: DataFrame
    captures: DataFrame
    problems: DataFrame
    _kept: tuple[DataFrame, ...]

    def release(self) -> None:
        """Free the space that the rows take."""
        for frame in self._kept:
            frame.unpersist()


def analyze(
    spark: SparkSession,
    captures: Captures,
    *,
    filesystem: Optional[pyarrow.fs.FileSystem] = None,
    observations: Optional[str] = None,
    partitions: Optional[int] = None,
    stretch_bytes: Optional[int] = None,
    **options: Any,
) -> Analysis:
    """Analyse captures, and folders with captures, as ``syncookie.analyze`` does.

    Nothing is read before a DataFrame of the result is used, unless ``observations`` is given.

    Args:
        spark: the session
        captures: paths that every worker can read, or URIs that pyarrow.fs knows, such as
            ``s3://bucket/folder/``
        filesystem: file system that has the paths, if they are neither URIs nor local
        observations: folder to which the observations are written, as Parquet, before they are judged;
            judge() can judge them again
        partitions: number of tasks; by default spark.sql.shuffle.partitions
        stretch_bytes: size in bytes above which a series of captures is divided into stretches, which
            tasks read apart; by default, no series is divided. Each task also reads the 11 minutes
            before its stretch and about ten after it. Choose the number of bytes that the largest
            series contains in an hour or more
        options: filter, once, capture_point, threads, max_memory, max_handshakes, max_flood,
            max_listeners and max_episodes, as in ``syncookie.analyze``; limits apply to each task

    A capture that cannot be read to its end is a row in ``problems``.
    """
    _check(options)
    reading = {name: options[name] for name in ("max_memory", "max_handshakes") if name in options}
    observed = observe(
        spark, captures, filesystem=filesystem, partitions=partitions, stretch_bytes=stretch_bytes, **reading
    )
    if observations is not None:
        observed.write.option("compression", "zstd").parquet(observations)
        observed = spark.read.parquet(observations)
    elif stretch_bytes is not None:
        # Judging stretches reads the rows several times.
        observed = observed.persist(StorageLevel.DISK_ONLY)
    judged = _judge(observed, stretch_bytes is not None, partitions, options)
    return replace(judged, _kept=(*judged._kept, observed))


def observe(
    spark: SparkSession,
    captures: Captures,
    *,
    filesystem: Optional[pyarrow.fs.FileSystem] = None,
    partitions: Optional[int] = None,
    stretch_bytes: Optional[int] = None,
    **options: Any,
) -> DataFrame:
    """Return what judging needs of the handshakes in captures: the rows of a file of observations.

    One task reads one series, that is, one capture or several that continue each other, or a stretch of
    it. Takes the arguments of analyze() except observations. The options are threads, max_memory and
    max_handshakes.
    """
    storage = _cluster.Storage((captures,) if isinstance(captures, str) else tuple(captures), filesystem)
    tasks = _partitions(spark, partitions)
    found = _map(spark.range(1, numPartitions=1), partial(_cluster.find, storage), _cluster.FAMILIES)
    series = _map(found.repartition(tasks), partial(_cluster.divide, storage, stretch_bytes), _cluster.FAMILIES)
    options = {"threads": 1, **options}
    return _map(series.repartition(tasks), partial(_cluster.observe, storage, options), _cluster.OBSERVATIONS)


def judge(observations: DataFrame, *, partitions: Optional[int] = None, **options: Any) -> Analysis:
    """Judge the observations that observe() returns, all of them.

    Each task judges some listeners, in the order in which they were observed. Takes partitions and the
    options of analyze().
    """
    return _judge(observations, True, partitions, options)


def _judge(
    observations: DataFrame, may_be_divided: bool, partitions: Optional[int], options: dict[str, Any]
) -> Analysis:
    _check(options)
    spark = observations.sparkSession
    keys = _keys(spark, _partitions(spark, partitions))
    is_record = F.col("record").isNotNull()
    own = F.pmod(F.xxhash64("server_ip", "server_port"), F.lit(len(keys))).cast("int")
    all_keys = F.lit(keys)
    options = {"threads": 1, **options}
    # Those that were stored may have more columns, by which they are partitioned.
    observations = observations.select(_cluster.OBSERVATIONS.names)
    if may_be_divided:
        wholes = _wholes(observations, len(keys), options)
        # These rows say what the segments show.
        segments = F.regexp_replace("record", ',"loose":.*$', "}")
        observations = observations.withColumn("record", F.when(_is_end(), segments).otherwise(F.col("record")))
        observations = observations.unionByName(wholes)
    # All tasks need the rows that are not handshakes. They are few.
    buckets = F.when(is_record, all_keys).otherwise(F.array(F.get(all_keys, own)))
    rows = observations.withColumn("bucket", F.explode(buckets)).withColumn("phase", _listings_first())
    rows = rows.repartition(len(keys), "bucket").sortWithinPartitions("bucket", "phase", "part", "stretch", "row")
    judged = _map(rows, partial(_cluster.judge, options, keys[0]), _cluster.JUDGED).persist(StorageLevel.DISK_ONLY)
    kinds = {kind: _objects(judged, kind, columns) for kind, columns in _OBJECTS.items()}
    return Analysis(
        findings=judged.where(F.col("kind") == "handshake").drop("kind", "object"),
        listeners=kinds["listener"],
        episodes=kinds["episode"],
        captures=kinds["capture"],
        problems=kinds["problem"],
        _kept=(judged,),
    )


def _wholes(observations: DataFrame, tasks: int, options: dict[str, Any]) -> DataFrame:
    """Return rows that say what is known at the end of series that were observed in stretches.

    Whether a connection has no SYN depends on the handshakes of all listeners. One task for each series
    determines this, with the few handshakes that matter: the first ones, and those that share an
    endpoint with a reset of such a connection.
    """
    divided = observations.where(F.col("stretch") > 0)
    has_segments = divided.where(_is_end() & F.col("record").contains('"loose":'))
    ends = F.broadcast(_map(has_segments.select("part", "record"), _cluster.reset_ends, _cluster.ENDS))
    handshakes = divided.where(F.col("record").isNull())
    rows = divided.where(F.col("record").isNotNull() | F.col("leads"))
    for side in ("client", "server"):
        own = ends.toDF("part", f"{side}_ip", f"{side}_port")
        rows = rows.unionByName(handshakes.join(own, ["part", f"{side}_ip", f"{side}_port"], "left_semi"))
    rows = rows.withColumn("phase", _listings_first()).repartition(tasks, "part")
    rows = rows.sortWithinPartitions("part", "phase", "stretch", "row")
    reading = {name: value for name, value in options.items() if name in _LIMITS}
    return _map(rows, partial(_cluster.wholes, reading), _cluster.OBSERVATIONS)


def _is_end() -> Column:
    return F.col("record").startswith('{"row":"end"')


def _listings_first() -> Column:
    """Return a column that sorts first the rows that say what was to be read."""
    return F.coalesce(~F.col("record").rlike(_cluster.LISTINGS), F.lit(True))


def _check(options: dict[str, Any]) -> None:
    """Refuse options that are not known, or name files, which workers do not have."""
    known = _FINDINGS - {"baseline", "kernel", "server"}
    for name in options:
        if name not in known:
            raise TypeError(f"there is no option {name!r}; there are {', '.join(sorted(known))}")


def _objects(judged: DataFrame, kind: str, columns: str) -> DataFrame:
    parsed: Column = F.from_json("object", columns)
    return judged.where(F.col("kind") == kind).select(parsed.alias("object")).select("object.*")


def _partitions(spark: SparkSession, partitions: Optional[int]) -> int:
    return partitions or int(spark.conf.get("spark.sql.shuffle.partitions") or "200")


def _keys(spark: SparkSession, partitions: int) -> list[int]:
    """Return one number for each partition, which Spark sends to this partition.

    A partition is chosen by the hash of a number, so the numbers from 0 on would leave some empty.
    """
    if partitions == 1:
        return [0]
    numbers = spark.range(partitions * 40, numPartitions=1).select(F.col("id").cast("int").alias("key"))
    chosen = numbers.groupBy(F.pmod(F.hash("key"), F.lit(partitions)).alias("place")).agg(F.min("key").alias("key"))
    return sorted(row["key"] for row in chosen.collect())


def _map(frame: DataFrame, work: Callable[[Any], Iterator[pyarrow.RecordBatch]], columns: pyarrow.Schema) -> DataFrame:
    # The schema of the input reaches the task as it is.
    return frame.mapInArrow(work, StructType([_field(field) for field in columns]))


def _field(field: pyarrow.Field) -> StructField:
    return StructField(field.name, _type(field.type))


def _type(kind: pyarrow.DataType) -> DataType:
    """Return Spark's type for a type of Arrow that Spark has."""
    if pyarrow.types.is_list(kind):
        return ArrayType(_type(kind.value_type))
    if pyarrow.types.is_struct(kind):
        return StructType([_field(kind.field(place)) for place in range(kind.num_fields)])
    if pyarrow.types.is_timestamp(kind):
        return TimestampType()
    return {
        pyarrow.binary(): BinaryType(),
        pyarrow.bool_(): BooleanType(),
        pyarrow.float64(): DoubleType(),
        pyarrow.int32(): IntegerType(),
        pyarrow.int64(): LongType(),
        pyarrow.string(): StringType(),
    }[kind]
