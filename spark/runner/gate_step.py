"""A gate as a step of a stage: its views, its rules, its row in the ledger, and what a refusal does."""
from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Any, Dict, Optional, Tuple

from dq.engines import ENGINES
from dq.gate import GateInput, GateResult, run_gate
from dq.profile import ProfileSpec, spec_of
from dq.ruleset import parse_ruleset
from dq.verdict import FAILED
from runner import audit
from runner.ddl import WRITE_PROPERTIES, parse_ddl, spark_create
from runner.comparisons import Compare, candidate_comparison
from runner.load import Loaded, Views
from runner.outcome import GateStopped
from runner.plan import Plan
from runner.pieces import expand
from runner.render import literal, render, sections
from runner.run import BRONZE, Run
from runner.upstream import register_upstream
from runner.yaml_subset import parse_yaml

PROFILE_FILE = "dq/profile.yml"
# When every row of a table is impossible, these show why as well as all of them.
MOST_IMPOSSIBLE = 1000
_LOOKED_AT = re.compile(r"\$\{lake\}_(silver|gold)\.([a-z0-9_]+)")


def judge_candidate(run: Run, loaded: Loaded, plan: Plan, views: Views) -> GateResult:
    """The gate's answer about one candidate. `run` is that of the table: its session has the views of the load."""
    table, gate = loaded.table, f"{loaded.table.layer}_dq"
    where = f"{table.folder}/checks.sql"
    values = {
        **loaded.values,
        "branch": run.lake.branch_name(table.full_name, loaded.branch),
        "main": run.lake.sql_name(table.full_name),
        "bronze_read": f"{run.lake.sql_name(BRONZE)} version as of {int(plan.seal.get('bronze-snapshot', 0))}",
        "run_seed": str(int(hashlib.sha256(run.config.run_id.encode('utf-8')).hexdigest()[:8], 16)),
    }
    if plan.above is not None:
        register_upstream(run, table, plan.above)
    checks = expand(run.files, where)
    views_sql = sections(checks, where)
    _ensure_looked_at(run, checks)
    for section in views_sql:
        sql = render(section.sql, values, where)
        if section.kind == "literals":
            values.update({name: literal(value, where) for name, value in run.spark.sql(sql).collect()[0].asDict().items()})
        else:
            views.add(section, sql)
    sources = tuple(section.name for section in views_sql if section.kind == "view" and section.name != "primary")
    compare = candidate_comparison(run, table, plan)
    path = f"{table.folder}/checks.dqdl"
    result = ask_gate(run, gate, table.layer, table.name, table.key, path, sources, loaded.head, values, plan, compare)
    if any(one.rule.id == "G-05" and one.status == FAILED for one in result.judged):
        _keep_impossible(run, loaded)
    return result


def _keep_impossible(run: Run, loaded: Loaded) -> None:
    """RG-1: the rows that stopped the gate, by key, so that they can be looked at when the branch is gone."""
    refused = run.spark.sql(
        f"""select 'RG-1' as rule_id, problem as reason, coalesce(row_key, '') as row_key, cast(null as timestamp_ntz) as event_timestamp,
          to_json(struct(row_key, problem)) as payload from gold_check where problem is not null limit {MOST_IMPOSSIBLE}"""
    )
    audit.quarantine(run.lake, run.config.run_id, run.clock(), loaded.table, refused)


def _ensure_looked_at(run: Run, checks: str) -> None:
    """Tables that the checks compare with and that this run may not have met: empty is an answer, absent is an error."""
    for layer, name in sorted(set(_LOOKED_AT.findall(checks))):
        path = f"{layer}/{name}/table.sql"
        if not run.lake.exists(f"{layer}.{name}") and run.files.has(path):
            ddl = parse_ddl(run.files.read(path), path)
            run.lake.spark.sql(spark_create(ddl, run.lake.sql_name(f"{layer}.{name}"), run.config.lake_uri, WRITE_PROPERTIES))


def ask_gate(
    run: Run, gate: str, layer: str, table: str, key: Tuple[str, ...], path: str, sources: Tuple[str, ...],
    snapshot: Optional[int], values: Dict[str, str], window: Any, compare: Compare,
) -> GateResult:  # fmt: skip
    """Evaluates the rules of the file at `path`; results, profile and notices are written whatever the verdict."""
    ruleset = parse_ruleset(run.files.read(path), path, {**run.values(), **values})
    start = getattr(window, "first_event_at", None) or getattr(window, "window_start", None)
    end = getattr(window, "last_event_at", None) or getattr(window, "window_end", None)
    engine = ENGINES[run.rules.text("dq.engine", tuple(ENGINES))]
    given = GateInput(
        gate, layer, table, key, ruleset, sources, str(run.mode), run.config.run_id, snapshot, start, end, engine, profile_spec(run, table), compare
    )  # fmt: skip
    result = run_gate(run.spark, given, run.clock, run.results.append)
    with run.lock:
        run.watch.saw_gate(given, result, run.clock())
    return result


def write_results(run: Run) -> None:
    """What the gates have answered since the last time, in one commit. Must come before anything that relies on it."""
    with run.lock:
        # Another gate may answer meanwhile: what it adds stays for the next time.
        audit.write_results(run.lake, [run.results.pop(0) for _ in range(len(run.results))])


def profile_spec(run: Run, table: str) -> ProfileSpec:
    """What is profiled of a table: columns by dq/profile.yml, for the wikis in scope."""
    wikis = [domain.wiki for domain in run.rules.domains if domain.in_scope]
    return spec_of(parse_yaml(run.files.read(PROFILE_FILE), PROFILE_FILE), table, wikis)


def stop_unless_passed(gate: str, result: GateResult) -> None:
    """Raises GateStopped for anything but PASSED."""
    verdict = result.verdict
    if verdict.status != "PASSED":
        raise GateStopped(gate, verdict.status, list(verdict.stopping), verdict.counts_for_halt)


def record_stop(run: Run, gate: str, stopped: GateStopped, started: datetime, **fields: Any) -> None:
    """Everything that a refusal leaves behind: results, profiles, the ledger's row."""
    write_results(run)
    run.watch.flush()
    why = f"{stopped.status}: {', '.join(stopped.rules[:20])}"
    run.ledger.stage(gate, "FAILED", started, run.clock(), error=why, mode=run.mode, **fields)
