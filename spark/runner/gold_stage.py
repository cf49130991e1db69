"""Gold: tables whose input has moved on. A table that is up to date is left alone."""
from __future__ import annotations

from runner.gold_notices import notify_gold
from runner.load import ensure_tables
from runner.plan import derived_plan
from runner.run import Run, next_run_at
from runner.stage import run_stage
from runner.tables import of_layer


def gold_stage(run: Run) -> None:
    """Tables whose input has moved on. A table that is up to date is left alone."""
    tables = of_layer(run.tables, "gold")
    ensure_tables(run.lake, tables, run.config.lake_uri)
    run_at = next_run_at(run, tables)
    notify_gold(run, run_stage(run, "gold", run_at, lambda table, done: derived_plan(run, table, run_at, done)))
