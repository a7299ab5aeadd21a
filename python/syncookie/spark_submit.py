"""Analyse captures with spark-submit, and write the results as Parquet.

usage: spark-submit .../syncookie/spark_submit.py CAPTURES... --output FOLDER [OPTIONS]
"""

from __future__ import annotations

import argparse
from typing import Optional

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from syncookie import spark as syncookie_spark


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    options = argparse.ArgumentParser(description="Analyse captures on a cluster, and write the results as Parquet.")
    options.add_argument("captures", nargs="+", help="paths or URIs of captures, or of folders with captures")
    options.add_argument("--output", required=True, help="folder for findings, listeners, episodes, captures, problems")
    options.add_argument("--observations", help="folder to which the observations are written before they are judged")
    options.add_argument("--partitions", type=int, help="number of tasks")
    options.add_argument("--filter", action="append", help="report only matching handshakes")
    options.add_argument("--max-memory", help="memory of a task")
    options.add_argument("--max-handshakes", type=int, help="handshakes that a task keeps")
    return options


def main(arguments: Optional[list[str]] = None) -> None:
    """Run the analysis."""
    given = vars(parser().parse_args(arguments))
    captures, output = given.pop("captures"), given.pop("output")
    options = {name: value for name, value in given.items() if value is not None}
    spark = SparkSession.builder.appName("syncookie").getOrCreate()
    results = syncookie_spark.analyze(spark, captures, **options)
    findings = results.findings.withColumn("day", F.to_date("time"))
    findings.write.partitionBy("day").option("compression", "zstd").parquet(f"{output}/findings")
    for name in ("listeners", "episodes", "captures", "problems"):
        getattr(results, name).write.option("compression", "zstd").parquet(f"{output}/{name}")
    results.release()
    spark.stop()


if __name__ == "__main__":
    main()
