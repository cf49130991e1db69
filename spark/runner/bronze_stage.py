"""The increment, measured and judged: nothing downstream starts before bronze has passed its gate."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Dict, Optional

from dq.drift import NOT_COMPARABLE, Volume
from runner.backfill import days_of_bronze, register_offsets_of_days
from runner.comparisons import bronze_comparison, bronze_volume, runs_before, window_of
from runner.gate_step import ask_gate, profile_spec, record_stop, stop_unless_passed, write_results
from runner.increment import Facts, Increment, decide_mode, find_increment, measure, newest_is_timely
from runner.load import ensure_table
from runner.offsets import register_offsets
from runner.outcome import GateStopped
from runner.render import literal, render, sections
from runner.run import BRONZE, Run
from runner.session import fit_to
from runner.tables import Table


# Until an increment has been measured.
NO_VOLUME = Volume(0.0, 1.0, None, NOT_COMPARABLE)


@dataclass(frozen=True)
class Context:
    """What the bronze gate found out, for the stages behind it."""

    increment: Increment
    facts: Facts


def fed_table(run: Run) -> Optional[Table]:
    """The one that takes bronze's increments; None when it is not among the tables of this run."""
    return next((table for table in run.tables if table.input == BRONZE), None)


def bronze_stage(run: Run) -> Optional[Context]:
    """The increment, judged; None when there is nothing new and that is all right (replay)."""
    started = run.clock()
    first = fed_table(run)
    assert first is not None
    ensure_table(run.lake, first, run.config.lake_uri)
    increment = _increment(run, first)
    _, before = run.lake.published(first.full_name)
    facts = None
    if increment.frame is not None:
        increment.frame.persist()
        facts = measure(increment.frame, int(run.rules.number("dq.bronze.timely_max_ms")))
        fit_to(run.spark, facts.rows)
    run.mode = _mode(run, facts, before.get("mode"))
    at = {"input_from": increment.snapshot_from, "input_to": increment.snapshot_to}
    moved = {**at, "mode": run.mode}
    empty = facts is None or facts.rows == 0
    if empty and run.mode == "replay":
        for stage in ("bronze_dq", "silver", "silver_dq"):
            run.ledger.stage(stage, "NOOP", started, run.clock(), rows_in=0, rows_out=0, **moved)
        return None
    run.ledger.stage("bronze_dq", "STARTED", started, **moved)
    run.boundary("bronze_dq")
    if empty:
        run.spark.table(run.lake.sql_name(BRONZE)).limit(0).createOrReplaceTempView("primary")
        volume, window, compare = None, (None, None), lambda profile: ()
    else:
        baselines, window = run.watch.baselines(runs_before(before), run.clock()), window_of(facts, before)
        volume = bronze_volume(run, baselines, window, facts)
        compare = bronze_comparison(run, baselines, window, facts, profile_spec(run, "raw_events").columns)
        _bronze_views(run, increment, facts, volume)
    result = ask_gate(
        run, "bronze_dq", "bronze", "raw_events", ("event_id",), "dq/bronze/checks.dqdl", (), increment.snapshot_to, {}, facts, compare
    )  # fmt: skip
    if facts is not None:
        run.watch.saw_bronze(result, volume, window, facts.rows, run.clock())
    write_results(run)
    run.watch.flush()
    try:
        stop_unless_passed("bronze_dq", result)
    except GateStopped as stopped:
        record_stop(run, "bronze_dq", stopped, started, rows_in=result.rows_checked, **at)
        raise
    assert facts is not None
    ended = run.clock()
    run.ledger.stage("bronze_dq", "PUBLISHED", started, ended, rows_in=facts.rows, valid_through=facts.last_event_at, **moved)
    return Context(increment, facts)


def _increment(run: Run, fed: Table) -> Increment:
    if run.config.days:
        return days_of_bronze(run.lake, fed.full_name, BRONZE, run.config.days)
    return find_increment(run.lake, fed.full_name, BRONZE, run.config.rebuild)


def _mode(run: Run, facts: Optional[Facts], last_mode: Optional[str]) -> str:
    if run.config.days:
        return "replay"
    late_limit, timely_ms = run.rules.number("dq.catchup_late_rows"), int(run.rules.number("dq.bronze.timely_max_ms"))

    def is_drained() -> bool:
        return facts is not None and facts.late_rows > late_limit and newest_is_timely(run.spark, facts, timely_ms)

    lag_is_high = run.config.ingest_lag > run.rules.number("dq.catchup_lag_records")
    return decide_mode(run.config.mode, facts, last_mode, lag_is_high, is_drained)


def _bronze_views(run: Run, increment: Increment, facts: Facts, volume: Volume) -> None:
    found = _offsets(run, increment, facts)
    received = facts.rows + found["dead"]
    share = found["dead"] / received if received >= run.rules.number("dq.bronze.dead_share_min_received") else 0.0
    register_ctx(run, share, volume)
    values = {
        **run.values(),
        "bronze": f"{run.lake.sql_name(BRONZE)} version as of {increment.snapshot_to}",
        "dates": literal(facts.dates, "dates"),
        "first_offset": str(min(row["first"] for row in facts.offsets)),
        "last_offset": str(max(row["last"] for row in facts.offsets)),
    }
    for section in sections(run.files.read("dq/bronze/checks.sql"), "dq/bronze/checks.sql"):
        run.spark.sql(render(section.sql, values, "dq/bronze/checks.sql")).createOrReplaceTempView(section.name)


def _offsets(run: Run, increment: Increment, facts: Facts) -> Dict[str, Any]:
    if run.config.days:
        return register_offsets_of_days(run.lake, facts)
    return register_offsets(run.lake, increment, facts, run.config.settle_seconds, run.rules.number("dq.offsets_settle_poll_s"))


def register_ctx(run: Run, dead_share: float, volume: Volume) -> None:
    """One row. Without a baseline the volume is as expected and `reason` says so; with a lost one it is NULL, which fails."""
    min_event_at = datetime.fromisoformat(str(run.rules.thresholds["silver.min_event_at"]))
    schema = "run_at timestamp_ntz, min_event_at timestamp_ntz, dead_share double, volume_z double, volume_ratio double, reason string"
    row = (run.clock(), min_event_at, dead_share, volume.z, volume.ratio, volume.reason)
    run.spark.createDataFrame([row], schema).createOrReplaceTempView("ctx")
