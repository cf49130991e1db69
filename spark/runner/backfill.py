"""
A range of days computed anew from the layer below. Nothing new is consumed: what the table has recorded as consumed stays
recorded, so that the next cycle goes on where the last one ended.
"""
from __future__ import annotations

from typing import Dict, Mapping, Optional, Tuple

from runner.iceberg import Lake
from runner.increment import Facts, Increment
from runner.outcome import RunnerError
from runner.render import literal
from runner.tables import Table

Days = Tuple[str, str]
# What a seal says was consumed. The rest of it says who wrote the rows, and when.
_CONSUMED = (
    "input-snapshot", "input-processed-at", "next-offsets", "valid-through", "mode", "input-mark", "also-snapshots", "also-marks", "as-of",
    "baseline-runs",
)  # fmt: skip
OFFSETS = "topic string, partition int, run bigint, expected_first bigint, last_offset bigint, present bigint, dead bigint, missing bigint"


def consumed_seal(seal: Dict[str, str], before: Mapping[str, str], name: str) -> Dict[str, str]:
    """The seal of a candidate, with what `before` had consumed. RunnerError for a table that has consumed nothing yet."""
    if "input-snapshot" not in before:
        raise RunnerError(f"{name} has never been published: its first cycle takes all there is")
    kept = {key: before[key] for key in _CONSUMED if key in before}
    return {**{key: value for key, value in seal.items() if key not in _CONSUMED}, **kept}


def days_of_bronze(lake: Lake, table: str, source: str, days: Days) -> Increment:
    """Bronze rows of the days, as far as silver had consumed bronze (or to its head where that snapshot is gone)."""
    _, consumed = lake.published(table)
    if "input-snapshot" not in consumed:
        raise RunnerError(f"{table} has never been published: its first cycle takes all there is")
    snapshot = int(consumed["input-snapshot"])
    if lake.load(source).snapshot(snapshot) is None:
        head = lake.head(source)
        assert head is not None
        snapshot = head
    frame = lake.at(source, snapshot).where(f"event_date between '{days[0]}' and '{days[1]}'")
    return Increment(frame, None, snapshot, {}, True)


def register_offsets_of_days(lake: Lake, facts: Facts) -> Dict[str, int]:
    """Days are no range of offsets: which record is missing was asked when it was delivered (B-10)."""
    rows = [(row["topic"], row["partition"], 0, row["first"], row["last"], row["distinct_offsets"], 0, 0) for row in facts.offsets]
    lake.spark.createDataFrame(rows, OFFSETS).createOrReplaceTempView("offsets")
    return {"dead": 0, "missing": 0}


def touched_days(column: str, days: Days) -> str:
    """Stands for the consumed mark in `processed > ${mark}`: every row of the days counts as new, and no other."""
    return f"timestamp_ntz'0001-01-01' and `{column}` between {literal(days[0], 'from')} and {literal(days[1], 'to')}"


def rows_to_replace(table: Table, days: Optional[Days]) -> Optional[str]:
    """
    Condition on the target's rows that go before the load. Only rows that map one to one to a row of the input: windows
    are found by the load itself, which deletes what is left over in them.
    """
    if days is None or table.reads != "snapshot_range":
        return None
    return f"`{table.partition[0]}` between {literal(days[0], 'from')} and {literal(days[1], 'to')}"
