"""Side view `offsets` of the bronze gate: which Kafka offsets of the increment's range are nowhere to be found, and the dead share."""
from __future__ import annotations

import time
from datetime import timedelta
from typing import Any, Dict, List, Optional, Tuple

from runner.iceberg import Lake
from runner.increment import Facts, Increment
from runner.log import info
from runner.render import literal


def next_offsets(increment: Increment, facts: Facts) -> Dict[str, int]:
    """First offset per partition that the next increment must begin with."""
    return {**increment.next_offsets, **{_key(row): row["last"] + 1 for row in facts.offsets}}


def register_offsets(lake: Lake, increment: Increment, facts: Facts, settle_seconds: float, poll_seconds: float) -> Dict[str, Any]:
    """
    Registers `offsets` and returns {"dead": n, "missing": n}. Rejected records reach bronze.dead_letter by a statement of
    their own, at times after the accepted ones of their batch: a missing offset is looked for until it has had its time.
    """
    spark = lake.spark
    expected = _expected(increment, facts)
    counted = _dead_counts(lake, facts)
    simple = _without_dead_letters(expected, facts) if counted["on_topic"] == 0 and not increment.fallback else None
    if simple is not None:
        spark.createDataFrame(simple, OFFSETS_SCHEMA).createOrReplaceTempView("offsets")
        return {"dead": counted["before_kafka"], "missing": 0}
    schema = "topic string, partition int, expected_first bigint, recreated boolean"
    spark.createDataFrame(expected, schema).createOrReplaceTempView("expected_offsets")
    deadline = time.monotonic() + settle_seconds
    days: Optional[str] = _days(facts)
    while True:
        spark.catalog.refreshTable(lake.sql_name("bronze.dead_letter"))
        spark.sql(_offsets_sql(lake, days)).createOrReplaceTempView("offsets_now")
        rows = spark.table("offsets_now").collect()
        missing = sum(abs(row["missing"]) for row in rows)
        if missing == 0 or (days is None and time.monotonic() >= deadline):
            break
        if days is not None:
            # The last records before a quiet week may have been refused: their dead letters carry older days.
            days = None
            continue
        info("offsets-not-settled", missing=missing)
        time.sleep(poll_seconds)
    # The answer is kept as it was judged; the dead letters may grow while the gate runs.
    spark.createDataFrame(rows, spark.table("offsets_now").schema).createOrReplaceTempView("offsets")
    return {"dead": sum(row["dead"] for row in rows) + counted["before_kafka"], "missing": missing}


def _key(row: Any) -> str:
    return f"{row['topic']}/{row['partition']}"


OFFSETS_SCHEMA = (
    "topic string, partition int, run bigint, expected_first bigint, last_offset bigint, present bigint, dead bigint, missing bigint"
)
Expected = Tuple[str, int, int, bool]  # topic, partition, first offset not consumed yet, made anew since


def _expected(increment: Increment, facts: Facts) -> List[Expected]:
    rows: List[Expected] = []
    for row in facts.offsets:
        after = increment.next_offsets.get(_key(row))
        # Below what was consumed: a topic was made anew and counts from the start (said by an alert of its own), unless
        # the fallback read whole days again.
        recreated = after is not None and row["first"] < after and not increment.fallback
        rows.append((row["topic"], row["partition"], row["first"] if after is None else after, recreated))
    return rows


def _without_dead_letters(expected: List[Expected], facts: Facts) -> Optional[List[Tuple[Any, ...]]]:
    """The usual case, by arithmetic: no dead letter, no topic made anew, nothing missing. None when it is not that case."""
    found: List[Tuple[Any, ...]] = []
    for (topic, partition, first, recreated), row in zip(expected, facts.offsets):
        missing = row["last"] - first + 1 - row["distinct_offsets"]
        if recreated or missing != 0:
            return None
        found.append((topic, partition, 0, first, row["last"], row["distinct_offsets"], 0, 0))
    return found


def _days(facts: Facts) -> str:
    """Days of the increment on Kafka, one more on each side."""
    assert facts.first_kafka_at is not None and facts.last_kafka_at is not None
    first, last = facts.first_kafka_at.date() - timedelta(days=1), facts.last_kafka_at.date() + timedelta(days=1)
    return literal([(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)], "kafka days")


def _offsets_sql(lake: Lake, days: Optional[str]) -> str:
    """
    Per partition missing = last - expected first + 1 - distinct offsets in bronze and dead letters - recorded holes.
    A recreated topic's offsets fall back to 0: its rows are cut into runs by broker time, each checked by itself.
    evidence of an offset_hole in ops.feed_gaps is JSON: topic, partition, first_offset, last_offset.
    """
    in_days = f"dl_date in ({days})" if days else "true"
    return f"""
    with delivered as (
      select distinct r.kafka_topic as topic, r.kafka_partition as partition, r.kafka_offset as offset, r.kafka_timestamp as at,
        e.expected_first, e.recreated
      from bronze_increment r
      join expected_offsets e on e.topic = r.kafka_topic and e.partition = r.kafka_partition
      where e.recreated or r.kafka_offset >= e.expected_first
    ),
    stepped as (
      select *, recreated and offset < lag(offset) over (partition by topic, partition order by at, offset) as is_restart
      from delivered
    ),
    cut as (
      select *, sum(if(is_restart, 1, 0)) over (partition by topic, partition order by at, offset) as run from stepped
    ),
    ranges as (
      select topic, partition, run, max(offset) as last_offset, count(distinct offset) as present,
        if(run = 0 and min(offset) >= min(expected_first), min(expected_first), min(offset)) as expected_first
      from cut group by topic, partition, run
    ),
    dead as (
      select distinct kafka_topic as topic, kafka_partition as partition, kafka_offset as offset
      from {lake.sql_name("bronze.dead_letter")} where {in_days} and stage <> 'shim' and kafka_offset is not null
    ),
    dead_counts as (
      select g.topic, g.partition, g.run, count(*) as dead
      from ranges g join dead d on d.topic = g.topic and d.partition = g.partition
        and d.offset between g.expected_first and g.last_offset
      left anti join delivered b on b.topic = d.topic and b.partition = d.partition and b.offset = d.offset
      group by g.topic, g.partition, g.run
    ),
    holes as (
      select get_json_object(evidence, '$.topic') as topic, cast(get_json_object(evidence, '$.partition') as int) as partition,
        cast(get_json_object(evidence, '$.first_offset') as bigint) as first_offset,
        cast(get_json_object(evidence, '$.last_offset') as bigint) as last_offset
      from {lake.sql_name("ops.feed_gaps")} where kind = 'offset_hole'
    ),
    -- What turned up after all, or is a dead letter, is counted there: a hole is what is still missing of it.
    hole_offsets as (
      select distinct g.topic, g.partition, g.run,
        explode(sequence(greatest(h.first_offset, g.expected_first), least(h.last_offset, g.last_offset))) as offset
      from ranges g join holes h on h.topic = g.topic and h.partition = g.partition
        and h.first_offset <= g.last_offset and h.last_offset >= g.expected_first
    ),
    hole_counts as (
      select o.topic, o.partition, o.run, count(*) as holes
      from hole_offsets o
      left anti join delivered b on b.topic = o.topic and b.partition = o.partition and b.offset = o.offset
      left anti join dead d on d.topic = o.topic and d.partition = o.partition and d.offset = o.offset
      group by o.topic, o.partition, o.run
    )
    select g.topic, g.partition, g.run, g.expected_first, g.last_offset, g.present, coalesce(d.dead, 0) as dead,
      g.last_offset - g.expected_first + 1 - g.present - coalesce(d.dead, 0) - coalesce(h.holes, 0) as missing
    from ranges g
    left join dead_counts d on d.topic = g.topic and d.partition = g.partition and d.run = g.run
    left join hole_counts h on h.topic = g.topic and h.partition = g.partition and h.run = g.run
    """


def _dead_counts(lake: Lake, facts: Facts) -> Dict[str, int]:
    """on_topic: refused records that had an offset; before_kafka: what the shim refused meanwhile, counted by time."""
    first, last = literal(facts.first_processed_at, "first"), literal(facts.last_processed_at, "last")
    row = lake.spark.sql(
        f"""select count_if(stage <> 'shim' and kafka_offset is not null) as on_topic,
          count_if(stage = 'shim' and received_at between {first} and {last}) as before_kafka
        from {lake.sql_name("bronze.dead_letter")} where dl_date in ({_days(facts)})"""
    ).collect()[0]
    return row.asDict()
