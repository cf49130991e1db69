"""Loads and judges the tables of one layer on their branches; publishes all of them, or none."""
from __future__ import annotations

from datetime import datetime
from typing import Callable, Optional

from pyspark.sql import DataFrame

from runner import audit
from runner.gate_step import judge_candidate
from runner.load import Loaded, Views, ensure_table, run_load, table_values
from runner.log import info
from runner.plan import Candidates, Plan, valid_through
from runner.run import Run
from runner.tables import Table, of_layer


def run_stage(run: Run, layer: str, run_at: datetime, plan_of: "Callable[[Table, Candidates], Optional[Plan]]") -> Candidates:
    """Loads and judges each table of a layer on its branch; publishes all of them once every gate has passed: the answer."""
    started = run.clock()
    candidates: Candidates = {}
    is_started = False
    for table in of_layer(run.tables, layer):
        plan = plan_of(table, candidates)
        if plan is None:
            continue
        if not is_started:
            run.ledger.stage(layer, "STARTED", started, mode=run.mode, **plan.moved)
            is_started = True
        views = Views(run.spark)
        try:
            loaded = _load(run, table, run_at, plan, views)
            run.boundary(f"{layer}_loaded")
            if loaded is not None:
                judge_candidate(run, layer, loaded, plan, views, started)
                candidates[table.full_name] = (loaded, plan)
        finally:
            views.close()
    ended = run.clock()
    done = list(candidates.values())
    if not done:
        for stage in (layer, f"{layer}_dq"):
            run.ledger.stage(stage, "NOOP", started, ended, mode=run.mode, rows_out=0)
        return candidates
    run.watch.flush()
    for loaded, _ in done:
        run.boundary(f"{layer}_judged")
        run.lake.publish(loaded.table.full_name, loaded.branch)
        run.boundary(f"{layer}_published")
    run.published = True
    loaded, plan = done[0]
    run.ledger.stage(
        layer, "PUBLISHED", started, run.clock(), mode=run.mode, output=loaded.head, rows_in=plan.rows_in,
        rows_out=sum(one.rows_out for one, _ in done), rows_quarantined=sum(one.rows_quarantined for one, _ in done),
        valid_through=valid_through(plan), **plan.moved,
    )  # fmt: skip
    return candidates


def _load(run: Run, table: Table, run_at: datetime, plan: Plan, views: Views) -> Optional[Loaded]:
    lake, branch = run.lake, run.branch
    ensure_table(lake, table, run.config.lake_uri)
    base = lake.head(table.full_name)
    lake.open_branch(table.full_name, branch)
    values = {**run.values(), **table_values(lake, table, branch, run_at), **plan.values}

    def refuse(refused_for: Table, frame: DataFrame) -> int:
        return audit.quarantine(lake, run.config.run_id, run.clock(), refused_for, frame)

    text = run.files.read(f"{table.folder}/load.sql")
    rows, quarantined, known = run_load(lake, views, table, branch, text, values, run.config.rebuild, refuse)
    if known.get("touched_windows") == "0" and not run.config.rebuild:
        lake.spark.sql(f"alter table {lake.sql_name(table.full_name)} drop branch `{branch}`")
        info("nothing-touched", table=table.full_name)
        return None
    head = lake.seal(table.full_name, branch, plan.seal)
    return Loaded(table, branch, head, base, rows, quarantined, known)
