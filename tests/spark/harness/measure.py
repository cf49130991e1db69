"""Rows made by Spark itself, and what a run cost: for tests of how the cost grows."""
from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Dict

from pyspark.sql import SparkSession

_SCAN = re.compile(r"tableName=(?P<table>[^,]+), .*?resultDataFiles=(?P<data>\S+?value=\d+\}|null), .*?resultDeleteFiles=(?P<deletes>\S+?value=\d+\}|null)")
_COUNT = re.compile(r"value=(\d+)")
# Iceberg says of each scan which files it plans to open.
_LOGGING = """
rootLogger.level = error
rootLogger.appenderRef.out.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n
appender.scans.type = File
appender.scans.name = scans
appender.scans.fileName = FOLDER/scans.log
appender.scans.append = true
appender.scans.layout.type = PatternLayout
appender.scans.layout.pattern = %m%n
logger.scans.name = org.apache.iceberg.metrics.LoggingMetricsReporter
logger.scans.level = info
logger.scans.additivity = false
logger.scans.appenderRef.scans.ref = scans
"""


def logging_option(folder: str) -> str:
    """For the driver's Java, before it starts."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    path = Path(folder) / "log4j2.properties"
    path.write_text(_LOGGING.replace("FOLDER", folder), encoding="utf-8")
    return f"-Dlog4j2.configurationFile=file:{path}"


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
        ) o on o.kafka_partition = g.kafka_partition"""
    ).writeTo(table).append()
    return spark.sql("select count(*) as n from generated_rows").collect()[0]["n"]


def cost(folder: str) -> Dict[str, object]:
    """Since the start: bytes read and processor seconds of Java, files planned by table (a file read twice counts twice)."""
    java = next(pid for pid in _children(os.getpid()) if "java" in Path(f"/proc/{pid}/comm").read_text())
    io = dict(line.split(": ") for line in Path(f"/proc/{java}/io").read_text().splitlines())
    times = Path(f"/proc/{java}/stat").read_text().rsplit(")", 1)[1].split()
    files: Dict[str, int] = {}
    log = Path(folder) / "scans.log"
    for line in log.read_text(encoding="utf-8").splitlines() if log.exists() else []:
        found = _SCAN.search(line)
        if found:
            opened = sum(int(_COUNT.search(found[name])[1]) for name in ("data", "deletes") if found[name] != "null")
            table = found["table"].split(".", 1)[-1]
            files[table] = files.get(table, 0) + opened
    return {"bytes_read": int(io["rchar"]), "cpu_s": (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK"), "files": files}


def _children(pid: int) -> "list[int]":
    direct = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return direct + [below for one in direct for below in _children(one)]
