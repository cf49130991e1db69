"""The load as a step of a stage: a branch, the table's load.sql on it, and the seal that records what was consumed."""
from __future__ import annotations

from datetime import datetime
from typing import Optional

from pyspark.sql import DataFrame

from runner import audit
from runner.backfill import rows_to_replace
from runner.load import Loaded, Views, load_sections, run_load, table_values
from runner.log import info
from runner.plan import Plan
from runner.run import Run
from runner.tables import Table


def load_candidate(run: Run, table: Table, run_at: datetime, plan: Plan, views: Views) -> Optional[Loaded]:
    """None when no window of the table was touched. The table must exist; `run` is that of the table."""
    lake, branch = run.lake, run.branch
    base = lake.head(table.full_name)
    lake.open_branch(table.full_name, branch)
    values = {**run.values(), **table_values(lake, table, branch, run_at), **plan.values}
    if run.config.rebuild:
        # All rows go first: there are none to compare with.
        values["stored"] = values["target"]

    def refuse(refused_for: Table, frame: DataFrame) -> int:
        with run.lock:
            return audit.quarantine(lake, run.config.run_id, run.clock(), refused_for, frame)

    replaced = "true" if run.config.rebuild else rows_to_replace(table, run.config.days)
    rows, quarantined, known = run_load(lake, views, table, branch, load_sections(run.files, table), values, replaced, refuse)
    # A rebuild must empty the table; one that is empty already is as it should be.
    if known.get("touched_windows") == "0" and not (run.config.rebuild and lake.row_count(table.full_name) > 0):
        lake.drop_branch(table.full_name, branch)
        info("nothing-touched", table=table.full_name)
        return None
    head = lake.seal(table.full_name, branch, plan.seal)
    return Loaded(table, branch, head, base, rows, quarantined, known)
