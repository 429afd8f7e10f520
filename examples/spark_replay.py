"""
Decisions about a table of requests on a Spark cluster: `python examples/spark_replay.py policies REQUESTS OUT`.

REQUESTS is Parquet or JSON Lines: a column for each field of a request, or one column `request` with whole requests as
JSON. OUT becomes a folder of Parquet files with a row for each request. The package has to be installed on every
worker, and the policy folder has to be there under the same path: on a shared file system, or sent with
`spark-submit --archives policies.tar.gz#policies`.

Needs pyspark, pyarrow and Java. On one machine, `policy-engine dry-run policies --requests REQUESTS --out OUT` does
the same without.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pyspark.sql import SparkSession

from policy_engine.replay.mapper import SPARK_SCHEMA, decisions_mapper


def main() -> None:
    """Decides the table and prints where its requests went."""
    folder, requests, out = sys.argv[1:]
    spark = SparkSession.builder.appName("policies").getOrCreate()
    table = spark.read.parquet(requests) if requests.endswith(".parquet") else spark.read.json(requests)
    decisions = table.mapInArrow(decisions_mapper(Path(folder).absolute()), SPARK_SCHEMA)
    decisions.write.mode("overwrite").parquet(out)
    spark.read.parquet(out).groupBy("effect", "rule").count().orderBy("count", ascending=False).show(truncate=False)
    spark.stop()


if __name__ == "__main__":
    main()
