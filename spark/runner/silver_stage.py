"""Silver: the table fed by the increment, then those derived from it."""
from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Optional

from runner.backfill import consumed_seal
from runner.bronze_stage import Context, fed_table
from runner.comparisons import baseline_seal
from runner.dimensions import replace_dimensions
from runner.load import ensure_tables
from runner.offsets import next_offsets
from runner.plan import Candidates, Plan, derived_plan
from runner.render import literal
from runner.run import BRONZE, Run, next_run_at
from runner.stage import run_stage
from runner.tables import Table, of_layer


def silver_stage(run: Run, context: Optional[Context]) -> None:
    """The table fed by the increment, then those derived from it. Without an increment only a derived table that is behind."""
    tables = of_layer(run.tables, "silver")
    ensure_tables(run.lake, tables, run.config.lake_uri)
    run_at = next_run_at(run, tables)
    fed = _increment_plan(run, context, run_at) if context else None

    def plan_of(table: Table, done: Candidates) -> Optional[Plan]:
        return fed if table.input == BRONZE else derived_plan(run, table, run_at, done)

    if fed is None and all(plan_of(table, {}) is None for table in tables):
        return
    run_stage(run, "silver", run_at, plan_of)
    if not (run.config.rebuild or run.config.days):
        # What is computed anew was counted when it came.
        run.watch.published()


def _increment_plan(run: Run, context: Context, run_at: datetime) -> Plan:
    increment, facts = context.increment, context.facts
    register_dimensions(run)
    fed = fed_table(run)
    assert fed is not None
    _, before = run.lake.published(fed.full_name)
    if before.get("rules") != run.rules.fingerprint:
        replace_dimensions(run.lake, run.rules.reference, run.rules.domains, run.rules.fingerprint, run_at)
    seal = {
        "run-id": run.config.run_id,
        "input-snapshot": str(increment.snapshot_to),
        "input-processed-at": str(facts.last_processed_at),
        "next-offsets": json.dumps(next_offsets(increment, facts), sort_keys=True),
        # Only forward: a late batch does not make the lake older.
        "valid-through": max(str(facts.last_event_at), "" if run.config.rebuild else before.get("valid-through", "")),
        "processed-at": str(run_at),
        "mode": str(run.mode),
        "rules": run.rules.fingerprint,
        "baseline-runs": baseline_seal(run, before),
    }
    if run.config.days:
        seal = {
            **consumed_seal(seal, before, fed.full_name),
            "bronze-run-id": run.config.run_id,
            "bronze-snapshot": str(increment.snapshot_to),
        }
    days = sorted({(datetime.fromisoformat(day) + timedelta(days=n)).date().isoformat() for day in facts.dates for n in (-1, 0, 1)})
    given = {"neighbour_dates": literal(days, "neighbour_dates")}
    moved = {"input_from": increment.snapshot_from, "input_to": increment.snapshot_to}
    return Plan(seal, given, moved, facts.rows, facts.first_event_at, facts.last_event_at)


def register_dimensions(run: Run) -> None:
    """dim_domain and region_by_language from the validated rules: the same file that fills ops.dim_domain."""
    domains = [(one.domain, one.region, one.in_scope) for one in run.rules.domains]
    run.spark.createDataFrame(domains, "domain string, region string, in_scope boolean").createOrReplaceTempView("dim_domain")
    languages = list(run.rules.region_by_language.items())
    run.spark.createDataFrame(languages, "language string, region string").createOrReplaceTempView("region_by_language")
