"""What silver has not consumed yet: the rows appended to bronze since the snapshot recorded in silver's own summary."""
from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Callable, Dict, List, Optional

from pyspark.sql import DataFrame, SparkSession

from runner.iceberg import Lake
from runner.log import info, warn
from runner.outcome import RunnerError
from runner.render import literal

# A batch is staged before it is committed: a row can appear up to the slot's 60 minutes after its processing time, and a
# stage object outlives a day of retries. The fallback looks that far behind the mark.
FALLBACK_MARGIN = timedelta(days=1)


@dataclass(frozen=True)
class Increment:
    frame: Optional[DataFrame]  # None: the input has no snapshot after the consumed one
    snapshot_from: Optional[int]
    snapshot_to: Optional[int]
    next_offsets: Dict[str, int]  # "<topic>/<partition>" → first offset not consumed yet
    fallback: bool


@dataclass(frozen=True)
class Facts:
    """One pass over the increment. Everything that later steps would otherwise ask for again."""

    rows: int
    all_replay: bool
    late_rows: int
    first_event_at: Optional[datetime]
    last_event_at: Optional[datetime]
    first_processed_at: Optional[datetime]
    last_processed_at: Optional[datetime]
    first_kafka_at: Optional[datetime]
    last_kafka_at: Optional[datetime]
    dates: List[str]
    offsets: List[Any]  # rows (topic, partition, first, last, distinct offsets)


def find_increment(lake: Lake, table: str, source: str, rebuild: bool) -> Increment:
    """Never moves past what it returns: the caller records snapshot_to with what it publishes."""
    head = lake.head(source)
    _, consumed = ({}, {}) if rebuild else lake.published(table)
    start = int(consumed["input-snapshot"]) if "input-snapshot" in consumed else None
    offsets = {} if rebuild else json.loads(consumed.get("next-offsets", "{}"))
    if head is None or head == start:
        return Increment(None, start, head, offsets, False)
    if start is None:
        return Increment(lake.at(source, head), None, head, offsets, False)
    path = lake.ancestors(source, head)
    ids = [snapshot for snapshot, _ in path]
    if start not in ids:
        return _touched_days(lake, source, start, head, consumed, offsets)
    between = path[: ids.index(start)]
    if any(operation == "overwrite" for _, operation in between):
        raise RunnerError(f"{source} was overwritten between {start} and {head}: it is append-only, rebuild {table}")
    if not any(operation == "append" for _, operation in between):
        info("input-only-compacted", table=source, snapshot_from=str(start), snapshot_to=str(head))
        return Increment(None, start, head, offsets, False)
    return Increment(lake.appended(source, start, head), start, head, offsets, False)


def _touched_days(lake: Lake, source: str, start: int, head: int, consumed: Dict[str, str], offsets: Dict[str, int]) -> Increment:
    """The consumed snapshot has expired: every row of each day that may have got rows since. Repeats change nothing."""
    mark = datetime.fromisoformat(consumed["input-processed-at"]) - FALLBACK_MARGIN
    whole = lake.at(source, head)
    newer = whole.where(f"bronze_processed_at >= timestamp_ntz'{mark.isoformat(sep=' ')}'")
    days = sorted(row[0] for row in newer.select("event_date").distinct().collect())
    warn("input-snapshot-expired", table=source, snapshot=str(start), days=",".join(days))
    return Increment(whole.where(whole.event_date.isin(days)), start, head, offsets, True)


def measure(frame: DataFrame, timely_ms: int) -> Facts:
    """`frame` should be cached: this is the pass that fills the cache."""
    frame.createOrReplaceTempView("bronze_increment")
    spark = frame.sparkSession
    row = spark.sql(
        f"""
        select
          count(*) as rows,
          coalesce(min(source_kind = 'replay'), false) as all_replay,
          count_if(ingest_lag_ms > {timely_ms}) as late_rows,
          min(event_timestamp) as first_event_at,
          max(event_timestamp) as last_event_at,
          min(bronze_processed_at) as first_processed_at,
          max(bronze_processed_at) as last_processed_at,
          min(kafka_timestamp) as first_kafka_at,
          max(kafka_timestamp) as last_kafka_at,
          collect_set(event_date) as dates
        from bronze_increment
        """
    ).collect()[0].asDict()
    row["dates"] = sorted(row["dates"])
    offsets = spark.sql(
        """
        select kafka_topic as topic, kafka_partition as partition, min(kafka_offset) as first, max(kafka_offset) as last,
          count(distinct kafka_offset) as distinct_offsets
        from bronze_increment group by kafka_topic, kafka_partition
        """
    ).collect()
    return Facts(offsets=offsets, **row)


def newest_is_timely(spark: SparkSession, facts: Facts, timely_ms: int) -> bool:
    """The newest minute of work tells a drained backlog (its rows are timely) from a slow writer (they are late)."""
    assert facts.last_processed_at is not None
    since = literal(facts.last_processed_at - timedelta(minutes=1), "since")
    share = f"avg(if(ingest_lag_ms <= {timely_ms}, 1.0, 0.0))"
    found = spark.sql(f"select {share} >= 0.95 as timely from bronze_increment where bronze_processed_at >= {since}").collect()
    return bool(found[0]["timely"])


def decide_mode(
    asked: str, facts: Optional[Facts], last_mode: Optional[str], lag_is_high: bool, is_drained: Callable[[], bool]
) -> str:
    """live, catchup or replay; once per cycle. An increment without rows keeps what the last published one was."""
    if asked != "auto":
        return asked
    if facts is None or facts.rows == 0:
        return "replay" if last_mode == "replay" else "live"
    if facts.all_replay:
        return "replay"
    return "catchup" if lag_is_high or is_drained() else "live"
