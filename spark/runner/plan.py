"""What a table would consume: its inputs' snapshots and marks as SQL values, and the seal that records them."""
from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Dict, Optional, Tuple

from runner import daily
from runner.backfill import Days, consumed_seal, touched_days
from runner.load import Loaded
from runner.run import Run
from runner.source import kept, mark_literal, pinned
from runner.tables import Table
from runner.upstream import Above, bronze_origin


@dataclass(frozen=True)
class Plan:
    seal: Dict[str, str]
    values: Dict[str, str]
    moved: Dict[str, Any]
    rows_in: Optional[int]
    window_start: Optional[datetime]
    window_end: Optional[datetime]
    above: Optional[Above] = None  # of a table that reads one of ours


# What this stage has loaded and judged but not published yet, by full name: a table may read another one's candidate.
Candidates = Dict[str, Tuple[Loaded, Plan]]


def _state(run: Run, name: str, done: Candidates) -> "Tuple[Optional[int], Dict[str, str]]":
    """Snapshot and seal that a table of this stage reads: the candidate of its input, else what is published."""
    if name in done:
        loaded, plan = done[name]
        return loaded.head, plan.seal
    return run.lake.published(name)


def derived_plan(run: Run, table: Table, run_at: datetime, done: Candidates) -> Optional[Plan]:
    """None when the table has consumed everything its inputs hold, or when it is not its time yet."""
    snapshot, above = _state(run, table.input, done)
    _, consumed = run.lake.published(table.full_name)
    run.mode = run.mode or above.get("mode")
    if snapshot is None:
        return None
    others = {name: _state(run, name, done) for name in table.also}
    reading = json.dumps({name: str(head) for name, (head, _) in others.items()}, sort_keys=True)
    is_read = consumed.get("input-snapshot") == str(snapshot) and consumed.get("also-snapshots", "{}") == reading
    day = daily.as_of(table, run_at)
    days = _days(run, table, done)
    if is_read and consumed.get("as-of", "") == day and not (run.config.rebuild or days):
        return None
    before = {} if run.config.rebuild else consumed
    heads = {table.input: snapshot, **{name: head for name, (head, _) in others.items()}}
    marks = {table.input: before.get("input-mark"), **json.loads(before.get("also-marks", "{}"))}
    if day and not days and before.get("as-of") == day and (table.late_rows_wait or not daily.is_touched(run, day, heads, marks)):
        return None
    values = daily.values(day, before.get("as-of"))
    for name, head in heads.items():
        placeholder, mark = ("input", "mark") if name == table.input else (name.split(".")[1], f"{name.split('.')[1]}_mark")
        known = run.table(name)
        since = touched_days(known.partition[0] if known else "event_date", days) if days else mark_literal(marks.get(name))
        values.update({placeholder: pinned(run, name, head), mark: since})
        # What was read last time: a row that has gone since shows only there.
        values[f"{placeholder}_before"] = pinned(run, name, kept(run, name, _consumed(table, name, before)) or head)
    values["valid_through"] = mark_literal(_time(above.get("valid-through")))
    values["valid_through_before"] = mark_literal(_time(before.get("valid-through")))
    moved = {"input_from": int(consumed["input-snapshot"]) if "input-snapshot" in consumed else None, "input_to": snapshot}
    seal = {
        "run-id": run.config.run_id,
        "input-snapshot": str(snapshot),
        "input-mark": above["processed-at"],
        "also-snapshots": reading,
        "also-marks": json.dumps({name: state.get("processed-at", "") for name, (_, state) in others.items()}, sort_keys=True),
        "valid-through": above.get("valid-through", ""),
        "processed-at": str(run_at),
        "mode": above.get("mode", ""),
        **bronze_origin(above),
        **({"as-of": day} if day else {}),
    }
    if days:
        seal = consumed_seal(seal, consumed, table.full_name)
    return Plan(seal, values, moved, None, None, None, Above(snapshot, above))


def _days(run: Run, table: Table, done: Candidates) -> Optional[Days]:
    """Of a backfill. A silver table that reads one that is filled anew finds all its rows changed: its usual way does it."""
    return None if table.layer == "silver" and table.input in done else run.config.days


def _consumed(table: Table, name: str, before: Dict[str, str]) -> Optional[str]:
    if name == table.input:
        return before.get("input-snapshot")
    return json.loads(before.get("also-snapshots", "{}")).get(name)


def _time(text: Optional[str]) -> Optional[str]:
    return text if text and text != "None" else None


def valid_through(plan: Plan) -> Optional[datetime]:
    """Newest event that the candidate has counted, for the ledger."""
    text = plan.seal.get("valid-through")
    return datetime.fromisoformat(text) if text and text != "None" else None
