"""
How long a gate's rules take over a million rows, warm: the rules of the bronze gate as they stand, by both engines.
Prints one JSON line a figure: {"engine", "set", "rules", "rows", "median_s", "best_s", "median_cpu_s"}.
"""
from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "spark"))

from pyspark.sql import SparkSession  # noqa: E402

from dq.engines import ENGINES  # noqa: E402
from dq.profile import spec_of, take_profile  # noqa: E402
from dq.ruleset import parse_ruleset  # noqa: E402
from runner.args import parse_args  # noqa: E402
from runner.files import load_files  # noqa: E402
from runner.render import threshold_values  # noqa: E402
from runner.rules import load_rules  # noqa: E402
from runner.session import SETTINGS, apply_settings, fit_to  # noqa: E402
from runner.yaml_subset import parse_yaml  # noqa: E402

# One of each kind that the gate asks, and all that a person would call the essentials; B-11 parses every raw text twice.
SIXTEEN = (
    "B-01", "B-02.event_id", "B-02.kafka_offset", "B-02.raw_event", "B-02.event_timestamp", "B-03.user", "B-03.title",
    "B-03.comment", "B-04", "B-05", "B-06", "B-07", "B-08", "B-09", "B-13", "B-16",
)  # fmt: skip

FRAME = """
select concat('e', id) as event_id, 'raw-events' as kafka_topic, cast(id % 12 as int) as kafka_partition, id as kafka_offset,
  to_json(named_struct('meta', named_struct('id', concat('e', id)), 'title', concat('Page ', id % 50000), 'comment', repeat('x', 120)))
    as raw_event,
  timestamp_ntz'2026-11-20 10:00:00' + make_dt_interval(0, 0, 0, id % 3000) as event_timestamp,
  '2026-11-20' as event_date, 10 as event_hour, concat('User ', id % 20000) as user, concat('Page ', id % 50000) as title,
  'enwiki' as wiki, 'en.wikipedia.org' as domain, 'en.wikipedia.org' as server_name,
  element_at(array('edit', 'new', 'log', 'categorize'), cast(id % 4 as int) + 1) as event_type, cast(id % 5 as int) as namespace,
  'because' as comment, id % 3 = 0 as is_bot, id as rc_id, 100 as length_new, 10 as length_delta, id as revision_new,
  'r' as request_id, 'live' as source_kind, 2000L as ingest_lag_ms,
  timestamp_ntz'2026-11-20 10:00:02' + make_dt_interval(0, 0, 0, id % 3000) as bronze_processed_at,
  '/mediawiki/recentchange/1.0.0' as schema_uri
from range({rows})
"""


def main(rows: int, repeats: int) -> None:
    spark = open_session()
    fit_to(spark, rows)
    spark.sql(FRAME.format(rows=rows)).persist().createOrReplaceTempView("primary")
    spark.sql("select timestamp_ntz'2026-11-20 10:51:00' as run_at, 0.0D as dead_share, 0.0D as volume_z, 1.0D as volume_ratio").createOrReplaceTempView("ctx")
    spark.sql("select kafka_topic, kafka_partition, kafka_offset, event_id from primary").createOrReplaceTempView("bronze_days")
    spark.sql("select 0L as missing").createOrReplaceTempView("offsets")
    spark.sql("select 'user' as column_name, 0.0D as rate, 0.0D as baseline").createOrReplaceTempView("null_drift")
    print(f"{spark.table('primary').count()} rows cached", file=sys.stderr)
    files = load_files()
    path = "dq/bronze/checks.dqdl"
    every = parse_ruleset(files.read(path), path, threshold_values(load_rules(files).thresholds)).rules
    sets = {"16 rules": [rule for rule in every if rule.id in SIXTEEN], "whole bronze gate": list(every)}
    for name, engine in ENGINES.items():
        for label, rules in sets.items():
            found, taken = {}, []
            for _ in range(repeats + 1):
                started = clocks(spark)
                found = engine.evaluate(spark, spark.table("primary"), rules, {})
                taken.append(since(started, spark))
            wrong = [one for one in rules if found[one.id].outcome != "passed"]
            assert not wrong, [(one.id, found[one.id]) for one in wrong]
            report(engine=name, set=label, rules=len(rules), rows=rows, taken=taken[1:])
    spec = spec_of(parse_yaml(files.read("dq/profile.yml"), "dq/profile.yml"), "raw_events", ["enwiki"])
    taken = []
    for _ in range(repeats + 1):
        started = clocks(spark)
        take_profile(spark, spec)
        taken.append(since(started, spark))
    report(engine="-", set="profile of bronze", rules=0, rows=rows, taken=taken[1:])
    spark.stop()


def clocks(spark: SparkSession) -> "tuple[float, float]":
    """Wall clock, and the processor time of the JVM: on a machine that others use the second says more."""
    fields = Path(f"/proc/{spark.sparkContext._gateway.proc.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return time.monotonic(), (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def since(started: "tuple[float, float]", spark: SparkSession) -> "tuple[float, float]":
    wall, cpu = clocks(spark)
    return wall - started[0], cpu - started[1]


def report(taken: "list[tuple[float, float]]", **fields: object) -> None:
    walls, cpus = zip(*taken)
    figures = {"median_s": statistics.median(walls), "best_s": min(walls), "median_cpu_s": statistics.median(cpus)}
    print(json.dumps({**fields, **{name: round(value, 2) for name, value in figures.items()}}), flush=True)


def open_session() -> SparkSession:
    warehouse = tempfile.mkdtemp(prefix="wikilake-bench-")
    builder = SparkSession.builder.master("local[2]").appName("bench-gates")
    for key, value in {
        **SETTINGS,
        "spark.jars": os.environ["WIKILAKE_SPARK_JARS"],
        "spark.ui.enabled": "false",
        "spark.driver.memory": "4g",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.warehouse.dir": warehouse,
    }.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    apply_settings(session, parse_args(["cycle", "--database-prefix", "x"]))
    session.sparkContext.setLogLevel("ERROR")
    return session


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
