"""What a table would consume: its inputs' snapshots and marks as SQL values, and the seal that records them."""
from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Dict, Optional, Tuple

from runner import audit
from runner.load import Loaded
from runner.render import literal
from runner.run import Run
from runner.tables import Table


@dataclass(frozen=True)
class Plan:
    seal: Dict[str, str]
    values: Dict[str, str]
    moved: Dict[str, Any]
    rows_in: Optional[int]
    window_start: Optional[datetime]
    window_end: Optional[datetime]


# What this stage has loaded and judged but not published yet, by full name: a table may read another one's candidate.
Candidates = Dict[str, Tuple[Loaded, Plan]]


def _state(run: Run, name: str, done: Candidates) -> "Tuple[Optional[int], Dict[str, str]]":
    """Snapshot and seal that a table of this stage reads: the candidate of its input, else what is published."""
    if name in done:
        loaded, plan = done[name]
        return loaded.head, plan.seal
    return run.lake.published(name)


def derived_plan(run: Run, table: Table, run_at: datetime, done: Candidates) -> Optional[Plan]:
    """None when the table has consumed everything its inputs hold."""
    snapshot, above = _state(run, table.input, done)
    _, consumed = run.lake.published(table.full_name)
    run.mode = run.mode or above.get("mode")
    if snapshot is None:
        return None
    others = {name: _state(run, name, done) for name in table.also}
    reading = json.dumps({name: str(head) for name, (head, _) in others.items()}, sort_keys=True)
    is_read = consumed.get("input-snapshot") == str(snapshot) and consumed.get("also-snapshots", "{}") == reading
    if is_read and not run.config.rebuild:
        return None
    if table.layer == "gold":
        _register_upstream(run, table, snapshot, above)
    marks = {name: seal.get("processed-at", "") for name, (_, seal) in others.items()}
    seal = {
        "run-id": run.config.run_id,
        "input-snapshot": str(snapshot),
        "input-mark": above["processed-at"],
        "also-snapshots": reading,
        "also-marks": json.dumps(marks, sort_keys=True),
        "valid-through": above.get("valid-through", ""),
        "processed-at": str(run_at),
        "mode": above.get("mode", ""),
    }
    before = {} if run.config.rebuild else consumed
    values = {**_input_values(run, "input", table.input, snapshot), "mark": _mark(before.get("input-mark"))}
    known = json.loads(before.get("also-marks", "{}"))
    for name, (head, _) in others.items():
        short = name.split(".")[1]
        values.update({**_input_values(run, short, name, head), f"{short}_mark": _mark(known.get(name))})
    moved = {"input_from": int(consumed["input-snapshot"]) if "input-snapshot" in consumed else None, "input_to": snapshot}
    return Plan(seal, values, moved, None, None, None)


def _input_values(run: Run, placeholder: str, name: str, snapshot: Optional[int]) -> Dict[str, str]:
    """A table that never published is read as it is: empty."""
    pinned = f" version as of {snapshot}" if snapshot is not None else ""
    return {placeholder: f"{run.lake.sql_name(name)}{pinned}"}


def _mark(text: Optional[str]) -> str:
    """Rows processed later than this are new; before everything when nothing was consumed yet."""
    return literal(datetime.fromisoformat(text) if text else datetime(1, 1, 1), "mark")


def _register_upstream(run: Run, table: Table, snapshot: int, above: Dict[str, str]) -> None:
    """What the audit table says of the run that published the input; the answer is read back, not remembered."""
    layer, name = table.input.split(".")
    asked = above["run-id"]
    run.spark.sql(
        f"""
        with answers as (
          select gate, status, input_snapshot_id, evaluated_at = max(evaluated_at) over (partition by gate) as is_latest
          from {run.lake.sql_name(audit.RESULTS)}
          where run_id = '{asked}' and ((gate = 'bronze_dq' and table_name = 'raw_events')
            or (gate = '{layer}_dq' and table_name = '{name}'))
        )
        select gate, if(count_if(status not in ('PASSED', 'WARNED')) = 0, 'PASSED', 'FAILED') as status,
          max(input_snapshot_id) as input_snapshot_id,
          if(gate = 'bronze_dq', {int(above.get("input-snapshot", 0))}, {snapshot}) as expected_snapshot_id
        from answers where is_latest group by gate
        """
    ).createOrReplaceTempView("upstream")


def valid_through(plan: Plan) -> Optional[datetime]:
    """Newest event that the candidate has counted, for the ledger."""
    text = plan.seal.get("valid-through")
    return datetime.fromisoformat(text) if text and text != "None" else None
