"""Checks syncookie.spark with Spark Connect, whose sessions have no JVM; started by spark_nightly.py."""

from pyspark.sql import SparkSession

import syncookie
from syncookie import spark as syncookie_spark

from test_spark import COOKIES, cluster_text, text


def main():
    builder = SparkSession.builder.remote("local[2]").config("spark.sql.shuffle.partitions", 3)
    spark = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    results = syncookie_spark.analyze(spark, str(COOKIES))
    assert "connect" in type(results.findings).__module__, type(results.findings)
    assert cluster_text(results) == text(syncookie.analyze(COOKIES))
    results.release()
    spark.stop()


if __name__ == "__main__":
    main()
