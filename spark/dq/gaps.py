"""What the bronze gate found missing, as rows of ops.feed_gaps. A recorded hole is accounted for: the next cycle goes on."""
from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any, Dict, List, Optional, Sequence

# A partition with more holes than this has lost something larger than records; the first ones show where.
MAX_HOLES = 100


def holes_sql(dead_letter: str) -> str:
    """
    Runs of offsets that are neither delivered nor dead letters, with the broker times around them; from the views `offsets`
    and `bronze_increment`. A topic that was made anew (run > 0) is said by an alert of its own.
    """
    return f"""
    with broken as (
      select topic, partition, min(expected_first) as first, max(last_offset) as last
      from offsets where missing > 0 group by topic, partition having max(run) = 0
    ),
    seen as (
      select b.topic, b.partition, r.kafka_offset as offset, min(r.kafka_timestamp) as at
      from bronze_increment r join broken b on b.topic = r.kafka_topic and b.partition = r.kafka_partition
      where r.kafka_offset between b.first and b.last group by b.topic, b.partition, r.kafka_offset
      union all
      select b.topic, b.partition, d.kafka_offset, min(d.received_at)
      from {dead_letter} d join broken b on b.topic = d.kafka_topic and b.partition = d.kafka_partition
      where d.stage <> 'shim' and d.kafka_offset between b.first and b.last group by b.topic, b.partition, d.kafka_offset
      union all
      select topic, partition, first - 1, null from broken
    ),
    stepped as (
      select *, lag(offset) over (partition by topic, partition order by offset) as before,
        lag(at) over (partition by topic, partition order by offset) as before_at
      from seen
    )
    select topic, partition, before + 1 as first_offset, offset - 1 as last_offset,
      coalesce(before_at, at) as gap_start, greatest(coalesce(before_at, at), at) as gap_end
    from stepped where offset > before + 1
    order by topic, partition, first_offset limit {MAX_HOLES}
    """


def hole_rows(found: Sequence[Any], now: datetime) -> List[Dict[str, Any]]:
    """One row a hole. The id is the hole's own: a cycle that is tried again finds the same."""
    rows = []
    for one in found:
        missing = one["last_offset"] - one["first_offset"] + 1
        evidence = {name: one[name] for name in ("topic", "partition", "first_offset", "last_offset")}
        rows.append(_row("kafka", one["topic"], "offset_hole", one["gap_start"], one["gap_end"], now, missing, missing, evidence))
    return rows


def drop_row(start: datetime, end: datetime, rows: int, expected: float, now: datetime) -> Dict[str, Any]:
    """Fewer events than the same minutes of other days had."""
    missing = max(0, round(expected) - rows)
    return _row("eventstreams", "raw-events", "rate_drop", start, end, now, round(expected), missing, {"rows": rows, "expected": round(expected)})


def _row(
    source: str, topic: str, kind: str, start: datetime, end: datetime, now: datetime, expected: Optional[int], missing: int,
    evidence: Dict[str, Any],
) -> Dict[str, Any]:  # fmt: skip
    place = evidence if kind == "offset_hole" else {"start": start.isoformat()}
    identity = json.dumps([source, topic, kind, place], sort_keys=True)
    return {
        "gap_id": hashlib.sha256(identity.encode("utf-8")).hexdigest()[:32],
        "source": source,
        "source_topic": topic,
        "kind": kind,
        "status": "open",
        "gap_start": start,
        "gap_end": end,
        "detected_at": now,
        "closed_at": None,
        "duration_s": max(0, int((end - start).total_seconds())),
        "expected_events": expected,
        "missing_events": missing,
        "recovered_events": None,
        "evidence": json.dumps(evidence, sort_keys=True),
        "gap_month": start.strftime("%Y-%m"),
    }
