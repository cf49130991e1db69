"""A gate as a step of a stage: its views, its rules, its row in the ledger, and what a refusal does."""
from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, Optional, Tuple

from dq.gate import GateInput, GateResult, run_gate
from dq.ruleset import parse_ruleset
from runner import audit
from runner.load import Loaded, Views
from runner.outcome import GateStopped
from runner.plan import Plan
from runner.render import render, sections
from runner.run import Run


def judge_candidate(run: Run, layer: str, loaded: Loaded, plan: Plan, views: Views, stage_started: datetime) -> None:
    """Raises GateStopped when the candidate is refused."""
    table, gate, started = loaded.table, f"{layer}_dq", run.clock()
    run.ledger.stage(gate, "STARTED", started, mode=run.mode, input_to=loaded.head)
    where = f"{table.folder}/checks.sql"
    values = {**loaded.values, "branch": run.lake.branch_name(table.full_name, loaded.branch), "main": run.lake.sql_name(table.full_name)}
    views_sql = sections(run.files.read(where), where)
    for section in views_sql:
        views.add(section, render(section.sql, values, where))
    sources = tuple(section.name for section in views_sql if section.name != "primary")
    result = ask_gate(run, gate, layer, table.name, table.key, f"{table.folder}/checks.dqdl", sources, loaded.head, values, plan)
    if result.verdict.status != "PASSED":
        run.ledger.stage(layer, "FAILED", stage_started, run.clock(), mode=run.mode, error=f"stopped by {gate}", rows_out=0, **plan.moved)
    stop_unless_passed(run, gate, result, started, input_to=loaded.head, rows_in=result.rows_checked, mode=run.mode)
    run.ledger.stage(gate, "PUBLISHED", started, run.clock(), mode=run.mode, input_to=loaded.head, rows_in=result.rows_checked)


def ask_gate(
    run: Run, gate: str, layer: str, table: str, key: Tuple[str, ...], path: str, sources: Tuple[str, ...],
    snapshot: Optional[int], values: Dict[str, str], window: Any,
) -> GateResult:  # fmt: skip
    """Evaluates the rules of the file at `path`; results are written whatever the verdict."""
    ruleset = parse_ruleset(run.files.read(path), path, {**run.values(), **values})
    start = getattr(window, "first_event_at", None) or getattr(window, "window_start", None)
    end = getattr(window, "last_event_at", None) or getattr(window, "window_end", None)
    given = GateInput(gate, layer, table, key, ruleset, sources, str(run.mode), run.config.run_id, snapshot, start, end)
    return run_gate(run.spark, given, run.clock, lambda frame: audit.write_results(run.lake, frame))


def stop_unless_passed(run: Run, gate: str, result: GateResult, started: datetime, **fields: Any) -> None:
    """The ledger's row and GateStopped for anything but PASSED."""
    verdict = result.verdict
    if verdict.status == "PASSED":
        return
    why = f"{verdict.status}: {', '.join(verdict.stopping[:20])}"
    run.ledger.stage(gate, "FAILED", started, run.clock(), error=why, **fields)
    raise GateStopped(gate, verdict.status, list(verdict.stopping), verdict.counts_for_halt)
