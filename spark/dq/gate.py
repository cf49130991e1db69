"""One gate over one candidate: views → metrics → verdicts → audit rows → the verdict. Only the caller acts on it."""
from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from pyspark.sql import DataFrame, SparkSession

from dq.engines import ENGINES, Engine
from dq.profile import Measure, Profile, ProfileSpec, take_profile
from dq.ruleset import Rule, Ruleset
from dq.verdict import ERROR, PASSED, GateVerdict, Judged, Metric, decide, judge
from runner.log import info, warn

SCHEMA_VERSION = "1.0.0"
# Enough to find the cause, few enough to read.
MAX_SAMPLES = 20
# Views whose rows say why there was nothing to compare with.
_DRIFT_VIEWS = ("null_drift", "drift", "ctx")
_FROM_PRIMARY = {"IsComplete", "Completeness", "ColumnValues", "Uniqueness", "IsPrimaryKey"}


@dataclass(frozen=True)
class GateInput:
    gate: str  # bronze_dq, silver_dq, gold_dq
    layer: str
    table_name: str
    key: Tuple[str, ...]
    ruleset: Ruleset
    sources: Tuple[str, ...]  # views that rules name as other datasets
    mode: str
    run_id: str
    snapshot_id: Optional[int]
    window_start: Optional[datetime]
    window_end: Optional[datetime]
    engine: Engine = ENGINES["deequ"]
    profile: ProfileSpec = ProfileSpec()
    # Registers the side views that need the profile; what it measured itself (psi) joins the profile.
    compare: Callable[[Profile], Sequence[Measure]] = lambda profile: ()


@dataclass(frozen=True)
class GateResult:
    verdict: GateVerdict
    judged: Tuple[Judged, ...]
    rows_checked: int
    profile: Optional[Profile]  # None when the frame could not be measured


def run_gate(spark: SparkSession, given: GateInput, clock: Callable[[], datetime], write: Callable[[DataFrame], None]) -> GateResult:
    """`primary` and the side views must be registered. Audit rows are written whatever the verdict; never raises for data."""
    judged, profile = _judge_all(spark, given)
    rows = profile.rows if profile else 0
    verdict = decide(judged)
    write(results_frame(spark, given, judged, rows, clock()))
    for one in judged:
        if one.status != PASSED:
            warn("rule-not-met", gate=given.gate, rule=one.rule.id, status=one.status, severity=one.severity, reason=one.metric.reason or "")
    info("gate-judged", gate=given.gate, table=given.table_name, status=verdict.status, mode=given.mode, rules=len(judged), rows=rows)
    return GateResult(verdict, tuple(judged), rows, profile)


def _judge_all(spark: SparkSession, given: GateInput) -> "Tuple[List[Judged], Optional[Profile]]":
    try:
        primary = spark.table("primary")
        profile = take_profile(spark, given.profile)
        profile = replace(profile, measures=(*profile.measures, *given.compare(profile)))
        rows = profile.rows
        sources = {name: spark.table(name) for name in given.sources}
        rules = given.ruleset.rules
        if rows == 0:
            # An answer about nothing is no answer: only the count is asked, the rest is said to be skipped.
            counted = [rule for rule in rules if rule.text.startswith("RowCount ")]
            metrics = given.engine.evaluate(spark, primary, counted, sources)
            skipped = Metric("skipped", None, None, "there are no rows", 0)
            metrics.update({rule.id: skipped for rule in rules if rule not in counted})
        else:
            metrics = given.engine.evaluate(spark, primary, rules, sources)
        return [judge(rule, metrics.get(rule.id), given.mode, rows) for rule in rules], profile
    except Exception as problem:  # noqa: BLE001 - a gate that cannot run is a closed gate
        broken = Metric("error", None, None, str(problem).split("\n")[0][:500], 0)
        return [judge(rule, broken, given.mode, 0) for rule in given.ruleset.rules], None


def results_frame(spark: SparkSession, given: GateInput, judged: Sequence[Judged], rows: int, at: datetime) -> DataFrame:
    """Rows of dq_audit.quality_results, one per rule."""
    reasons = _reasons(spark, judged)
    records = [_record(spark, given, one, rows, at, reasons) for one in judged]
    return spark.createDataFrame(records, RESULT_SCHEMA)


RESULT_SCHEMA = (
    "run_id string, gate string, layer string, table_name string, rule_id string, dimension string, severity string, "
    "status string, metric_name string, threshold string, failure_reason string, evidence string, rule_text string, "
    "rule_fingerprint string, ruleset_fingerprint string, mode string, engine_version string, run_date string, "
    "schema_version string, metric_value double, rows_checked bigint, rows_failed bigint, input_snapshot_id bigint, "
    "duration_ms bigint, window_start timestamp_ntz, window_end timestamp_ntz, evaluated_at timestamp_ntz"
)


def _record(spark: SparkSession, given: GateInput, one: Judged, rows: int, at: datetime, reasons: Dict[str, str]) -> Tuple[Any, ...]:
    rule, metric = one.rule, one.metric
    return (
        given.run_id, given.gate, given.layer, given.table_name, rule.id, rule.dimension, one.severity,
        one.status, metric.name, rule.threshold, metric.reason, _evidence(spark, given, one, reasons), rule.text,
        rule.fingerprint, given.ruleset.fingerprint, given.mode, given.engine.version, at.strftime("%Y-%m-%d"),
        SCHEMA_VERSION, metric.value, rows, _rows_failed(rule, metric, rows), given.snapshot_id,
        metric.duration_ms, given.window_start, given.window_end, at,
    )  # fmt: skip


def _rows_failed(rule: Rule, metric: Metric, rows: int) -> Optional[int]:
    """Where the metric counts rows or is a share of all of them; a filtered share is not of all rows."""
    if metric.value is None or metric.outcome not in ("passed", "failed"):
        return None
    if rule.is_custom_sql:
        return int(metric.value) if "select count(*) as v" in rule.text else None
    if rule.text.split(" ")[0] in ("IsComplete", "Completeness", "ColumnValues") and " where " not in rule.text and metric.value <= 1:
        return round((1 - metric.value) * rows)
    return None


def _evidence(spark: SparkSession, given: GateInput, one: Judged, reasons: Dict[str, str]) -> str:
    """JSON: the rule in words, and for a broken one up to 20 keys. Keys and counts only, no event text."""
    evidence: Dict[str, Any] = {"rule": one.rule.sentence}
    if one.rule.id in reasons:
        evidence["baseline"] = reasons[one.rule.id]
    if one.status in (PASSED, ERROR) or one.metric.outcome != "failed":
        return json.dumps(evidence)
    sql = one.rule.sample_sql or default_sample(one.rule, given.key)
    if sql:
        try:
            evidence["samples"] = [str(row[0]) for row in spark.sql(f"select * from ({sql}) limit {MAX_SAMPLES}").collect()]
        except Exception as problem:  # noqa: BLE001 - the verdict stands without samples
            evidence["samples_error"] = str(problem).split("\n")[0][:200]
    return json.dumps(evidence)


def _reasons(spark: SparkSession, judged: Sequence[Judged]) -> Dict[str, str]:
    """Rule id → why a drift rule passed without a comparison: no_baseline, too_few_rows. Those that were compared are absent."""
    named: Dict[str, str] = {}
    for one in judged:
        view = next((name for name in _DRIFT_VIEWS if f"from {name}" in one.rule.text), None)
        if view and one.rule.dimension == "drift" and one.status == PASSED and "reason" in spark.table(view).columns:
            named[one.rule.id] = view
    views = sorted(set(named.values()))
    if not views:
        return {}
    row = spark.sql("select " + ", ".join(f"(select min(reason) from {view}) as {view}" for view in views)).collect()[0]
    return {rule: row[view] for rule, view in named.items() if row[view]}


def default_sample(rule: Rule, key: Sequence[str]) -> Optional[str]:
    """A query for the keys of offending rows, for rules over one column of primary."""
    words = rule.text.split('"')
    family = rule.text.split(" ")[0]
    if family not in _FROM_PRIMARY or len(words) < 3:
        return None
    shown = "concat_ws('/', " + ", ".join(f"`{name}`" for name in key) + ")"
    column = f"`{words[1]}`"
    if family in ("IsComplete", "Completeness"):
        return f"select {shown} from primary where {column} is null" + _filter(rule, " and ")
    if family in ("Uniqueness", "IsPrimaryKey"):
        columns = ", ".join(f"`{name}`" for name in words[1::2] if name.isidentifier())
        return f"select concat_ws('/', {columns}) from primary group by {columns} having count(*) > 1"
    operator = rule.text.split('"', 2)[2].split(" where ")[0].strip()
    if operator.startswith(("in [", "not in [")):
        listed = operator.split("[", 1)[1].rstrip("]").replace('"', "'")
        inside = "not in" if operator.startswith("in [") else "in"
        return f"select {shown} from primary where coalesce({column} {inside} ({listed}), true)" + _filter(rule, " and ")
    return None


def _filter(rule: Rule, joiner: str) -> str:
    return f"{joiner}({rule.text.split(' where ', 1)[1].strip(chr(34))})" if " where " in rule.text else ""

