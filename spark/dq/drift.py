"""Measures against their baseline: how far a volume, a share of nulls or a mix has moved. Pure; thresholds are the rules'."""
from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from dq.baseline import KEEP_DAYS, WEEK, Baselines, Sums
from dq.profile import Profile

NO_BASELINE, TOO_FEW_ROWS, LOST, NOT_COMPARABLE = "no_baseline", "too_few_rows", "lost_history", "not_comparable"
# A share is never 0 in a logarithm: one row in two thousand is what a mix of some thousand rows cannot tell from none.
_SMALLEST_SHARE = 0.0005
# Makes the median absolute deviation of normal data equal to its standard deviation.
_MAD_TO_SIGMA = 1.4826
# With a handful of days the deviation can come out as nothing; a twentieth of the volume is noise on any day.
_SMALLEST_SPREAD = 0.05
# A window longer than this is an outage that was caught up, not the volume of its hours.
_MAX_WINDOW = timedelta(hours=48)
# A window is booked to the hour of its middle; longer ones belong to none.
_MAX_BOOKED = timedelta(minutes=90)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Volume:
    """z and ratio of the rows against those expected. None in both: there was a history and it is lost."""

    z: Optional[float]
    ratio: Optional[float]
    expected: Optional[float]
    reason: Optional[str]


def volume_of(baselines: Baselines, start: Optional[datetime], end: Optional[datetime], rows: int, min_days: int) -> Volume:
    """Rows of the events in (start, end] against the same hours of the days before. start: up to where the last run came."""
    if baselines.lost:
        return Volume(None, None, None, LOST)
    if start is None or end is None or not timedelta(0) < end - start <= _MAX_WINDOW:
        return Volume(0.0, 1.0, None, NOT_COMPARABLE)
    expected, variance = 0.0, 0.0
    for hour, minutes in _hours(start, end):
        rates = _rates(baselines, end.date().isoformat(), hour)
        if len(rates) < min_days:
            return Volume(0.0, 1.0, None, NO_BASELINE)
        middle = median(rates)
        expected += middle * minutes
        variance += (_MAD_TO_SIGMA * median(abs(rate - middle) for rate in rates) * minutes) ** 2
    spread = max(math.sqrt(variance), math.sqrt(expected), _SMALLEST_SPREAD * expected, 1.0)
    return Volume((rows - expected) / spread, rows / expected if expected else 1.0, expected, None)


def _hours(start: datetime, end: datetime) -> "List[Tuple[int, float]]":
    """(hour of the day, minutes of the window in it)."""
    found: List[Tuple[int, float]] = []
    while start < end:
        until = min(start.replace(minute=0, second=0, microsecond=0) + _HOUR, end)
        found.append((start.hour, (until - start).total_seconds() / 60))
        start = until
    return found


def _rates(baselines: Baselines, day: str, hour: int) -> List[float]:
    """Rows a minute in that hour of each day before."""
    pairs = (
        (sums.get(f"volume_rows:{hour}", 0.0), sums.get(f"volume_minutes:{hour}", 0.0))
        for _, sums in baselines.before(day, "raw_events", KEEP_DAYS)
    )
    return [rows / minutes for rows, minutes in pairs if minutes > 0]


def booked_volume(start: Optional[datetime], end: Optional[datetime], rows: int) -> Sums:
    """What the run adds to the baseline of its hour."""
    if start is None or end is None or not timedelta(0) < end - start <= _MAX_BOOKED:
        return {}
    hour = (start + (end - start) / 2).hour
    return {f"volume_rows:{hour}": float(rows), f"volume_minutes:{hour}": (end - start).total_seconds() / 60}


# column_name, rate, baseline, reason
NullRow = Tuple[str, float, float, Optional[str]]


def null_drift(profile: Profile, baselines: Baselines, day: str, columns: Sequence[str], min_rows: int) -> List[NullRow]:
    """One row a column. Without a baseline one row that says so; none at all when the history is lost."""
    week = baselines.before(day, "raw_events", WEEK)
    reason = _why_not(baselines, len(week), profile.rows, min_rows)
    if reason:
        return [] if reason == LOST else [("*", 0.0, 0.0, reason)]
    before = sum(sums.get("rows", 0.0) for _, sums in week)
    return [
        (column, (profile.null_rows(column) or 0) / profile.rows, sum(sums.get(f"null:{column}", 0.0) for _, sums in week) / before, None)
        for column in columns
    ]


# metric, psi, z, reason
DriftRow = Tuple[str, float, float, Optional[str]]


def mix_drift(profile: Profile, baselines: Baselines, day: str, table: str, categories: Sequence[str], min_rows: int) -> List[DriftRow]:
    """The population stability index of each category's mix against the week before."""
    week = baselines.before(day, table, WEEK)
    reason = _why_not(baselines, len(week), profile.rows, min_rows)
    if reason:
        return [] if reason == LOST else [("*", 0.0, 0.0, reason)]
    return [(column, psi(profile.counts.get(column, {}), _week_counts(week, column)), 0.0, None) for column in categories]


def _week_counts(week: "Sequence[Tuple[str, Sums]]", column: str) -> Dict[str, float]:
    found: Dict[str, float] = {}
    for _, sums in week:
        for name, value in sums.items():
            if name.startswith(f"{column}="):
                found[name[len(column) + 1 :]] = found.get(name[len(column) + 1 :], 0.0) + value
    return found


def _why_not(baselines: Baselines, days: int, rows: int, min_rows: int) -> Optional[str]:
    if baselines.lost:
        return LOST
    if days < WEEK:
        return NO_BASELINE
    return TOO_FEW_ROWS if rows < min_rows else None


def psi(now: Mapping[str, float], before: Mapping[str, float]) -> float:
    """Sum over all values of (p - q) ln(p / q): 0 for the same mix or nothing before, above 0.25 usually called a shift."""
    total_now, total_before = max(sum(now.values()), 1), sum(before.values())
    if not total_before:
        return 0.0
    found = 0.0
    for value in {*now, *before}:
        p = max(now.get(value, 0.0) / total_now, _SMALLEST_SHARE)
        q = max(before.get(value, 0.0) / total_before, _SMALLEST_SHARE)
        found += (p - q) * math.log(p / q)
    return found
