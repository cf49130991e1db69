"""Side views that need a baseline: null_drift and the volume of ctx for bronze, drift for silver (dq/drift.py computes them)."""
from __future__ import annotations

from datetime import datetime
from typing import Callable, List, Mapping, Optional, Sequence, Tuple

from dq.baseline import Baselines, sums_of
from dq.drift import Volume, booked_volume, mix_drift, null_drift, volume_of
from dq.profile import Measure, Profile
from runner.increment import Facts
from runner.plan import Plan
from runner.run import Run
from runner.tables import Table

Compare = Callable[[Profile], Sequence[Measure]]
# The mixes that S-15 is about.
MIX_COLUMNS = ("event_type", "is_bot", "region")
MIX_TABLE = "silver.cleaned_events"
Window = Tuple[Optional[datetime], Optional[datetime]]


def runs_before(published: Mapping[str, str]) -> int:
    """How many runs the baseline must know, by the seal of what is published."""
    return int(published.get("baseline-runs", "0"))


def baseline_seal(run: Run, published: Mapping[str, str]) -> str:
    """A history that is lost stays lost until a person says to begin anew."""
    known = run.watch.baselines(runs_before(published), run.clock())
    return str(runs_before(published) if known.lost else known.runs + 1)


def window_of(facts: Facts, published: Mapping[str, str]) -> Window:
    """The event time that this increment brought: from where the last one ended. A late event does not widen it."""
    text = published.get("valid-through")
    return (datetime.fromisoformat(text) if text and text != "None" else None), facts.last_event_at


def bronze_volume(run: Run, baselines: Baselines, window: Window, facts: Facts) -> Volume:
    return volume_of(baselines, window[0], window[1], facts.rows, int(run.rules.number("dq.volume_min_days")))


def bronze_comparison(run: Run, baselines: Baselines, window: Window, facts: Facts, columns: Sequence[str]) -> Compare:
    day = _day(facts.last_event_at)

    def compare(profile: Profile) -> List[Measure]:
        rows = null_drift(profile, baselines, day, columns, int(run.rules.number("dq.drift_min_rows")))
        schema = "column_name string, rate double, baseline double, reason string"
        run.spark.createDataFrame(rows, schema).createOrReplaceTempView("null_drift")
        run.watch.add_to_baseline(day, "raw_events", {**sums_of(profile, columns, ()), **booked_volume(*window, profile.rows)})
        return []

    return compare


def candidate_comparison(run: Run, table: Table, plan: Plan) -> Compare:
    """Of the table whose mix is watched; nothing for any other."""
    if table.full_name != MIX_TABLE:
        return lambda profile: ()
    baselines, day = run.watch.baselines(0, run.clock()), _day(plan.window_end)

    def compare(profile: Profile) -> List[Measure]:
        rows = mix_drift(profile, baselines, day, table.name, MIX_COLUMNS, int(run.rules.number("dq.drift_min_rows")))
        run.spark.createDataFrame(rows, "metric string, psi double, z double, reason string").createOrReplaceTempView("drift")
        run.watch.add_to_baseline(day, table.name, sums_of(profile, (), MIX_COLUMNS))
        return [Measure(metric, "psi", value) for metric, value, _, reason in rows if reason is None]

    return compare


def _day(moment: Optional[datetime]) -> str:
    """Of an increment without rows nothing is compared; any day will do."""
    return moment.date().isoformat() if moment else "1970-01-01"
