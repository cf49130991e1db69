"""Tables that are computed once a day: which days have ended, and whether one of those got rows since."""
from __future__ import annotations

from datetime import datetime, timedelta
from typing import Dict, Mapping, Optional

from runner.render import literal
from runner.run import Run
from runner.source import mark_literal, pinned
from runner.tables import Table

_NEVER = "0001-01-01"


def as_of(table: Table, run_at: datetime) -> str:
    """The newest UTC day that the table may hold, YYYY-MM-DD; empty for a table of every cycle."""
    if table.daily_after is None:
        return ""
    return (run_at - table.daily_after - timedelta(days=1)).date().isoformat()


def values(day: str, before: Optional[str]) -> Dict[str, str]:
    """
    ${as_of}: days up to it have ended. ${as_of_before}: it was that when the table was computed last; the days between are
    new whatever their rows' time of processing.
    """
    return {"as_of": literal(day, "as_of"), "as_of_before": literal(before or _NEVER, "as_of_before")} if day else {}


def is_touched(run: Run, day: str, heads: Mapping[str, Optional[int]], marks: Mapping[str, Optional[str]]) -> bool:
    """Rows of ended days, newer than the mark, in any input. The day is a partition: nothing of today is opened."""
    for name, head in heads.items():
        known = run.table(name)
        if known is None or head is None:
            continue
        found = run.spark.sql(
            f"""select 1 from {pinned(run, name, head)} where {known.partition[0]} <= {literal(day, "as_of")}
              and {known.processed_column} > {mark_literal(marks.get(name))} limit 1"""
        )
        if found.collect():
            return True
    return False
