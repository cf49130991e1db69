"""
What drift is judged against: sums of the profiles of published runs, by day. Kept as one small object, so that a cycle
reads the same whatever the history; where that object is gone it is made again from dq_audit.profile_metrics. Pure.
"""
from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from dq.profile import Profile

VERSION = 1
# The longest window that any rule looks back over.
KEEP_DAYS = 28
# A mix or a share of nulls is compared with a week: every day of the week once.
WEEK = 7

Sums = Dict[str, float]


@dataclass(frozen=True)
class Baselines:
    """days: event day → table → name → sum. runs: how many were added, ever. lost: there was a history, and it is gone."""

    runs: int = 0
    days: Mapping[str, Mapping[str, Sums]] = field(default_factory=dict)
    lost: bool = False

    def before(self, day: str, table: str, wanted: int) -> "List[Tuple[str, Sums]]":
        """The newest `wanted` days before `day` that have rows of `table`, newest first; fewer when there are not as many."""
        known = [(one, tables[table]) for one, tables in self.days.items() if one < day and table in tables]
        return sorted(known, reverse=True)[:wanted]

    def with_run(self, day: str, added: Mapping[str, Sums], runs: int = 1) -> "Baselines":
        days = {one: {table: dict(sums) for table, sums in tables.items()} for one, tables in self.days.items()}
        for table, sums in added.items():
            target = days.setdefault(day, {}).setdefault(table, {})
            for name, value in sums.items():
                target[name] = target.get(name, 0.0) + value
        # An old file that is replayed must not push out the days that live cycles are compared with.
        newest = max(days) if days else day
        first = (date.fromisoformat(newest) - timedelta(days=KEEP_DAYS)).isoformat()
        return Baselines(self.runs + runs, {one: tables for one, tables in days.items() if one >= first}, False)

    def to_json(self) -> str:
        return json.dumps({"version": VERSION, "runs": self.runs, "days": self.days}, sort_keys=True)


def read_baselines(text: Optional[str]) -> Optional[Baselines]:
    """None when there is no such object or it cannot be read: then the profiles are asked."""
    if text is None:
        return None
    try:
        found = json.loads(text)
        if found["version"] != VERSION:
            return None
        days = {
            date.fromisoformat(day).isoformat(): {table: {name: float(value) for name, value in sums.items()} for table, sums in tables.items()}
            for day, tables in found["days"].items()
        }
        return Baselines(int(found["runs"]), days)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def sums_of(profile: Profile, columns: Sequence[str], categories: Sequence[str]) -> Sums:
    """What a run adds: its rows, rows without a value by column, rows of each value by category."""
    found: Sums = {"rows": float(profile.rows)}
    for column in columns:
        nulls = profile.null_rows(column)
        if nulls is not None:
            found[f"null:{column}"] = float(nulls)
    for column in categories:
        found.update({f"{column}={value}": float(count) for value, count in profile.counts.get(column, {}).items()})
    return found


def from_profiles(rows: Sequence[Any]) -> Baselines:
    """
    From dq_audit.profile_metrics, summed: rows (day, table_name, column_name, metric_name, total, rows_profiled, runs)
    where total is the sum of metric_value times rows_profiled.
    """
    days: Dict[str, Dict[str, Sums]] = {}
    runs = 0
    for row in rows:
        name = _name_of(row["column_name"], row["metric_name"])
        if name is None:
            continue
        value = row["rows_profiled"] if name == "rows" else row["total"]
        days.setdefault(row["day"], {}).setdefault(row["table_name"], {})[name] = float(value)
        runs = max(runs, int(row["runs"]))
    return Baselines(runs, days)


def _name_of(column: str, metric: str) -> Optional[str]:
    if (column, metric) == ("*", "row_count"):
        return "rows"
    if metric == "null_rate":
        return f"null:{column}"
    return column if metric == "mean" and "=" in column else None
