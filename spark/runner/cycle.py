"""bronze_dq → silver → silver_dq → gold → gold_dq in one session. A stage publishes after its gate, or not at all."""
from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Callable, Dict, List, Optional, Tuple

from pyspark.sql import DataFrame, SparkSession

from dq.deequ_engine import evaluate
from dq.gate import GateInput, GateResult, run_gate
from dq.ruleset import parse_ruleset
from dq.selftest import self_test
from runner import audit
from runner.args import Config
from runner.dimensions import replace_dimensions
from runner.files import Files
from runner.iceberg import BRANCH_PREFIX, Lake
from runner.increment import Facts, Increment, decide_mode, find_increment, measure, newest_is_timely
from runner.ledger import Ledger
from runner.load import Loaded, Views, ensure_table, run_load, table_values
from runner.log import info
from runner.offsets import next_offsets, register_offsets
from runner.outcome import GateStopped
from runner.render import literal, render, sections
from runner.rules import Rules
from runner.session import fit_to
from runner.tables import Table, of_layer

BRONZE = "bronze.raw_events"
Boundary = Callable[[str], None]


@dataclass
class Run:
    """State of one run. `boundary` is told each point where a crash is interesting (tests crash there)."""

    spark: SparkSession
    config: Config
    files: Files
    rules: Rules
    tables: List[Table]
    lake: Lake
    ledger: Ledger
    clock: Callable[[], datetime]
    boundary: Boundary
    mode: Optional[str] = None
    published: bool = False

    @property
    def branch(self) -> str:
        return BRANCH_PREFIX + re.sub(r"[^A-Za-z0-9]", "_", self.config.run_id)

    def values(self) -> Dict[str, str]:
        return self.rules.values


@dataclass(frozen=True)
class Context:
    """What the bronze gate found out, for the stages behind it."""

    increment: Increment
    facts: Facts


_trusted_sessions: "set[int]" = set()


def check_engine(run: Run) -> None:
    """At start-up, so once a session: tests run many cycles in one."""
    if id(run.spark) in _trusted_sessions:
        return
    wrong = self_test(run.spark, evaluate)
    if wrong:
        raise GateStopped("self_test", "ERROR", wrong, counts_for_halt=True)
    _trusted_sessions.add(id(run.spark))


def bronze_stage(run: Run) -> Optional[Context]:
    """The increment, judged; None when there is nothing new and that is all right (replay)."""
    started = run.clock()
    first = of_layer(run.tables, "silver")[0]
    ensure_table(run.lake, first, run.config.lake_uri)
    increment = find_increment(run.lake, first.full_name, BRONZE, run.config.rebuild)
    _, before = run.lake.published(first.full_name)
    facts = None
    if increment.frame is not None:
        increment.frame.persist()
        facts = measure(increment.frame, int(run.rules.number("dq.bronze.timely_max_ms")))
        fit_to(run.spark, facts.rows)
    run.mode = _mode(run, facts, before.get("mode"))
    moved = {"input_from": increment.snapshot_from, "input_to": increment.snapshot_to, "mode": run.mode}
    empty = facts is None or facts.rows == 0
    if empty and run.mode == "replay":
        for stage in ("bronze_dq", "silver", "silver_dq"):
            run.ledger.stage(stage, "NOOP", started, run.clock(), rows_in=0, rows_out=0, **moved)
        return None
    run.ledger.stage("bronze_dq", "STARTED", started, **moved)
    run.boundary("bronze_dq")
    if empty:
        run.spark.table(run.lake.sql_name(BRONZE)).limit(0).createOrReplaceTempView("primary")
        extra: Dict[str, str] = {}
    else:
        extra = _bronze_views(run, increment, facts)
    result = _gate(run, "bronze_dq", "bronze", "raw_events", ("event_id",), "dq/bronze/checks.dqdl", (), increment.snapshot_to, extra, facts)
    _stop_unless_passed(run, "bronze_dq", result, started, rows_in=result.rows_checked, **moved)
    assert facts is not None
    ended = run.clock()
    run.ledger.stage("bronze_dq", "PUBLISHED", started, ended, rows_in=facts.rows, valid_through=facts.last_event_at, **moved)
    return Context(increment, facts)


def _mode(run: Run, facts: Optional[Facts], last_mode: Optional[str]) -> str:
    late_limit, timely_ms = run.rules.number("dq.catchup_late_rows"), int(run.rules.number("dq.bronze.timely_max_ms"))

    def is_drained() -> bool:
        return facts is not None and facts.late_rows > late_limit and newest_is_timely(run.spark, facts, timely_ms)

    lag_is_high = run.config.ingest_lag > run.rules.number("dq.catchup_lag_records")
    return decide_mode(run.config.mode, facts, last_mode, lag_is_high, is_drained)


def _bronze_views(run: Run, increment: Increment, facts: Facts) -> Dict[str, str]:
    found = register_offsets(
        run.lake, increment, facts, run.config.settle_seconds, run.rules.number("dq.offsets_settle_poll_s")
    )
    received = facts.rows + found["dead"]
    share = found["dead"] / received if received >= run.rules.number("dq.bronze.dead_share_min_received") else 0.0
    register_ctx(run, share)
    values = {
        **run.values(),
        "bronze": f"{run.lake.sql_name(BRONZE)} version as of {increment.snapshot_to}",
        "dates": literal(facts.dates, "dates"),
        "first_offset": str(min(row["first"] for row in facts.offsets)),
        "last_offset": str(max(row["last"] for row in facts.offsets)),
    }
    for section in sections(run.files.read("dq/bronze/checks.sql"), "dq/bronze/checks.sql"):
        run.spark.sql(render(section.sql, values, "dq/bronze/checks.sql")).createOrReplaceTempView(section.name)
    return {}


def register_ctx(run: Run, dead_share: float) -> None:
    """One row. Until there are baselines the volume is as expected: evidence says no_baseline."""
    min_event_at = datetime.fromisoformat(str(run.rules.thresholds["silver.min_event_at"]))
    schema = "run_at timestamp_ntz, min_event_at timestamp_ntz, dead_share double, volume_z double, volume_ratio double"
    row = (run.clock(), min_event_at, dead_share, 0.0, 1.0)
    run.spark.createDataFrame([row], schema).createOrReplaceTempView("ctx")


def silver_stage(run: Run, context: Optional[Context]) -> None:
    """The table fed by the increment, then those derived from it. Without an increment only a derived table that is behind."""
    tables = of_layer(run.tables, "silver")
    for table in tables:
        ensure_table(run.lake, table, run.config.lake_uri)
    run_at = _run_at(run, tables)
    fed = _increment_plan(run, context, run_at) if context else None

    def plan_of(table: Table, done: Candidates) -> Optional[_Plan]:
        return fed if table.input == BRONZE else _derived_plan(run, table, run_at, done)

    if fed is None and all(plan_of(table, {}) is None for table in tables):
        return
    _stage(run, "silver", run_at, plan_of)


def _increment_plan(run: Run, context: Context, run_at: datetime) -> "_Plan":
    increment, facts = context.increment, context.facts
    register_dimensions(run)
    _, before = run.lake.published(of_layer(run.tables, "silver")[0].full_name)
    if before.get("rules") != run.rules.fingerprint:
        replace_dimensions(run.lake, run.rules.reference, run.rules.domains, run.rules.fingerprint, run_at)
    seal = {
        "run-id": run.config.run_id,
        "input-snapshot": str(increment.snapshot_to),
        "input-processed-at": str(facts.last_processed_at),
        "next-offsets": json.dumps(next_offsets(increment, facts), sort_keys=True),
        "valid-through": str(facts.last_event_at),
        "processed-at": str(run_at),
        "mode": str(run.mode),
        "rules": run.rules.fingerprint,
    }
    days = sorted({(datetime.fromisoformat(day) + timedelta(days=n)).date().isoformat() for day in facts.dates for n in (-1, 0, 1)})
    given = {"neighbour_dates": literal(days, "neighbour_dates")}
    moved = {"input_from": increment.snapshot_from, "input_to": increment.snapshot_to}
    return _Plan(seal, given, moved, facts.rows, facts.first_event_at, facts.last_event_at)


def gold_stage(run: Run) -> None:
    """Tables whose input has moved on. A table that is up to date is left alone."""
    tables = of_layer(run.tables, "gold")
    for table in tables:
        ensure_table(run.lake, table, run.config.lake_uri)
    run_at = _run_at(run, tables)
    _stage(run, "gold", run_at, lambda table, done: _derived_plan(run, table, run_at, done))


@dataclass(frozen=True)
class _Plan:
    seal: Dict[str, str]
    values: Dict[str, str]
    moved: Dict[str, Any]
    rows_in: Optional[int]
    window_start: Optional[datetime]
    window_end: Optional[datetime]


# What this stage has loaded and judged but not published yet, by full name: a table may read another one's candidate.
Candidates = Dict[str, Tuple[Loaded, _Plan]]


def _state(run: Run, name: str, done: Candidates) -> "Tuple[Optional[int], Dict[str, str]]":
    """Snapshot and seal that a table of this stage reads: the candidate of its input, else what is published."""
    if name in done:
        loaded, plan = done[name]
        return loaded.head, plan.seal
    return run.lake.published(name)


def _derived_plan(run: Run, table: Table, run_at: datetime, done: Candidates) -> Optional[_Plan]:
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
    return _Plan(seal, values, moved, None, None, None)


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


def _stage(run: Run, layer: str, run_at: datetime, plan_of: "Callable[[Table, Candidates], Optional[_Plan]]") -> None:
    """Loads and judges each table of a layer on its branch; publishes all of them once every gate has passed."""
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
                _judge(run, layer, loaded, plan, views, started)
                candidates[table.full_name] = (loaded, plan)
        finally:
            views.close()
    ended = run.clock()
    done = list(candidates.values())
    if not done:
        for stage in (layer, f"{layer}_dq"):
            run.ledger.stage(stage, "NOOP", started, ended, mode=run.mode, rows_out=0)
        return
    for loaded, _ in done:
        run.boundary(f"{layer}_judged")
        run.lake.publish(loaded.table.full_name, loaded.branch)
        run.boundary(f"{layer}_published")
    run.published = True
    loaded, plan = done[0]
    run.ledger.stage(
        layer, "PUBLISHED", started, run.clock(), mode=run.mode, output=loaded.head, rows_in=plan.rows_in,
        rows_out=sum(one.rows_out for one, _ in done), rows_quarantined=sum(one.rows_quarantined for one, _ in done),
        valid_through=_valid_through(plan), **plan.moved,
    )  # fmt: skip


def _valid_through(plan: _Plan) -> Optional[datetime]:
    text = plan.seal.get("valid-through")
    return datetime.fromisoformat(text) if text and text != "None" else None


def _load(run: Run, table: Table, run_at: datetime, plan: _Plan, views: Views) -> Optional[Loaded]:
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


def _judge(run: Run, layer: str, loaded: Loaded, plan: _Plan, views: Views, stage_started: datetime) -> None:
    table, gate, started = loaded.table, f"{layer}_dq", run.clock()
    run.ledger.stage(gate, "STARTED", started, mode=run.mode, input_to=loaded.head)
    where = f"{table.folder}/checks.sql"
    values = {**loaded.values, "branch": run.lake.branch_name(table.full_name, loaded.branch), "main": run.lake.sql_name(table.full_name)}
    views_sql = sections(run.files.read(where), where)
    for section in views_sql:
        views.add(section, render(section.sql, values, where))
    sources = tuple(section.name for section in views_sql if section.name != "primary")
    result = _gate(run, gate, layer, table.name, table.key, f"{table.folder}/checks.dqdl", sources, loaded.head, values, plan)
    if result.verdict.status != "PASSED":
        run.ledger.stage(layer, "FAILED", stage_started, run.clock(), mode=run.mode, error=f"stopped by {gate}", rows_out=0, **plan.moved)
    _stop_unless_passed(run, gate, result, started, input_to=loaded.head, rows_in=result.rows_checked, mode=run.mode)
    run.ledger.stage(gate, "PUBLISHED", started, run.clock(), mode=run.mode, input_to=loaded.head, rows_in=result.rows_checked)


def _gate(
    run: Run, gate: str, layer: str, table: str, key: Tuple[str, ...], path: str, sources: Tuple[str, ...],
    snapshot: Optional[int], values: Dict[str, str], window: Any,
) -> GateResult:  # fmt: skip
    ruleset = parse_ruleset(run.files.read(path), path, {**run.values(), **values})
    start = getattr(window, "first_event_at", None) or getattr(window, "window_start", None)
    end = getattr(window, "last_event_at", None) or getattr(window, "window_end", None)
    given = GateInput(gate, layer, table, key, ruleset, sources, str(run.mode), run.config.run_id, snapshot, start, end)
    return run_gate(run.spark, given, run.clock, lambda frame: audit.write_results(run.lake, frame))


def _stop_unless_passed(run: Run, gate: str, result: GateResult, started: datetime, **fields: Any) -> None:
    verdict = result.verdict
    if verdict.status == "PASSED":
        return
    why = f"{verdict.status}: {', '.join(verdict.stopping[:20])}"
    run.ledger.stage(gate, "FAILED", started, run.clock(), error=why, **fields)
    raise GateStopped(gate, verdict.status, list(verdict.stopping), verdict.counts_for_halt)


def register_dimensions(run: Run) -> None:
    """dim_domain and region_by_language from the validated rules: the same file that fills ops.dim_domain."""
    domains = [(one.domain, one.region, one.in_scope) for one in run.rules.domains]
    run.spark.createDataFrame(domains, "domain string, region string, in_scope boolean").createOrReplaceTempView("dim_domain")
    languages = list(run.rules.region_by_language.items())
    run.spark.createDataFrame(languages, "language string, region string").createOrReplaceTempView("region_by_language")


def _run_at(run: Run, tables: List[Table]) -> datetime:
    """Strictly after the last run's: the layer above takes what is newer than its mark."""
    seals = [run.lake.published(table.full_name)[1] for table in tables]
    last = [datetime.fromisoformat(seal["processed-at"]) for seal in seals if "processed-at" in seal]
    return max([run.clock(), *(moment + timedelta(microseconds=1) for moment in last)])
