"""Rows made by Spark itself, and what a run cost: for tests of how the cost grows."""
from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Dict, Tuple

from pyspark.sql import SparkSession

# What Iceberg tells Spark of each scan, as the engine's own page of statements shows it. Its log has no scans: Spark puts a
# reporter of its own in the place of the one that writes them.
_FILES = re.compile(r"SQLPlanMetric\(number of result data files,(\d+),")


def generate(spark: SparkSession, prefix: str, sql: str) -> int:
    """Appends the rows of the query to bronze; their offsets, from 0 for each partition, go on where the table's end."""
    table = f"lake.{prefix}_bronze.raw_events"
    spark.sql(sql).createOrReplaceTempView("generated_rows")
    columns = ", ".join(
        "g.kafka_offset + coalesce(o.next, 0) as kafka_offset" if name == "kafka_offset" else f"g.`{name}`"
        for name in spark.table("generated_rows").columns
    )
    spark.sql(
        f"""select {columns} from generated_rows g left join (
          select kafka_partition, max(kafka_offset) + 1 as next from {table} group by kafka_partition
        ) o on o.kafka_partition = g.kafka_partition
        order by g.event_date, g.event_hour"""
    ).writeTo(table).option("fanout-enabled", "false").append()  # 45 days are 1,080 partitions: not all open at once
    return spark.sql("select count(*) as n from generated_rows").collect()[0]["n"]


def cost(spark: SparkSession, after: int) -> Dict[str, object]:
    """
    Since the start: bytes read and processor seconds of Java. Since statement number `after`: data files that scans planned to
    open (a file read twice counts twice), and the number of the last statement.
    """
    java = next(pid for pid in _children(os.getpid()) if "java" in Path(f"/proc/{pid}/comm").read_text())
    io = dict(line.split(": ") for line in Path(f"/proc/{java}/io").read_text().splitlines())
    times = Path(f"/proc/{java}/stat").read_text().rsplit(")", 1)[1].split()
    files, last = _files_planned(spark, after)
    return {
        "bytes_read": int(io["rchar"]), "cpu_s": (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK"),
        "files": files, "statement": last,
    }  # fmt: skip


def _files_planned(spark: SparkSession, after: int) -> "Tuple[int, int]":
    store = spark._jsparkSession.sharedState().statusStore()
    statements = store.executionsList()
    files, last = 0, -1
    for index in range(statements.size()):
        statement = statements.apply(index)
        number = statement.executionId()
        last = max(last, number)
        wanted = _FILES.findall(statement.metrics().mkString("\n")) if number > after else []
        if wanted:
            values = dict(line.split(" -> ", 1) for line in store.executionMetrics(number).mkString("\n").split("\n") if " -> " in line)
            files += sum(int(values.get(one, "0").replace(",", "")) for one in set(wanted))
    return files, last


def _children(pid: int) -> "list[int]":
    direct = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return direct + [below for one in direct for below in _children(one)]
