"""One run from configuration to exit code."""
from __future__ import annotations

from datetime import datetime
from typing import Callable, Optional

from pyspark.sql import SparkSession

from dq.notices import Condition, kinds_of
from runner.args import Config
from runner.cycle import run_cycle
from runner.dry_run import print_plan
from runner.files import load_files
from runner.iceberg import Lake, Objects
from runner.ledger import Ledger, utc_now
from runner.log import error, info, warn
from runner.outcome import ERROR, GATE_FAILED, HELD, NAMES, PUBLISHED, GateStopped
from runner.rules import load_rules
from runner.run import BRONZE, Boundary, Run
from runner.session import apply_settings, open_session
from runner.tables import discover
from runner.watch import Watch
from runner.yaml_subset import parse_yaml

ALERTS_FILE = "rules/alerts.yml"
STAGES = ("bronze_dq", "silver", "silver_dq", "gold", "gold_dq")
PIPELINE = "pipeline"  # the key of the notice that it is held: there is one


def run_job(config: Config) -> int:
    """What main.py calls: opens and closes the session. Configuration problems end here with ERROR and a sentence."""
    try:
        files = load_files()
        if config.dry_run:
            print_plan(config, files, load_rules(files), discover(files, config.tables))
            return PUBLISHED
        load_rules(files)
        discover(files, config.tables)
    except Exception as problem:  # noqa: BLE001 - whatever is wrong with our own files is said before Spark starts
        error("job-files-invalid", error=str(problem))
        return ERROR
    session = open_session(config)
    try:
        return run(session, config)
    finally:
        session.stop()


def run(
    spark: SparkSession,
    config: Config,
    clock: Callable[[], datetime] = utc_now,
    boundary: Boundary = lambda name: None,
) -> int:
    """One command in a session that is open. Returns an exit code of runner.outcome; raises only what a test injects."""
    apply_settings(spark, config)
    files = load_files()
    lake = Lake(spark, config.catalog, config.database_prefix)
    ledger = Ledger(config, Objects(lake, BRONZE) if config.stage_uri else None)
    kinds = kinds_of(parse_yaml(files.read(ALERTS_FILE), ALERTS_FILE), ALERTS_FILE)
    watch = Watch(lake, ledger, kinds, config.run_id)
    job = Run(spark, config, files, load_rules(files), discover(files, config.tables), lake, ledger, clock, boundary, watch)
    info("run-started", run_id=config.run_id, command=config.command, mode=config.mode, rebuild=config.rebuild)
    state = ledger.state()
    if state["state"] == "held" and not config.ignore_hold:
        return _held(job, str(state.get("reason", "")))
    try:
        watch.notify([Condition("A-04", PIPELINE, None)], clock())
        run_cycle(job)
        ledger.succeeded()
        watch.notify([Condition("A-03", stage, None) for stage in STAGES], clock())
        return _finish(job, "PUBLISHED" if job.published else "NOOP", PUBLISHED, None)
    except GateStopped as stopped:
        if stopped.counts_for_halt and ledger.failed(str(stopped), int(job.rules.number("dq.halt_after"))):
            warn("pipeline-held", reason=str(stopped))
            watch.notify([Condition("A-04", PIPELINE, {"reason": str(stopped), "run_id": config.run_id})], clock())
        return _finish(job, "GATE_FAILED", GATE_FAILED, str(stopped))
    except Exception as problem:  # noqa: BLE001 - the last resort of a process: say what it was and exit non-zero
        first_line = f"{type(problem).__name__}: {problem}".split("\n")[0][:500]
        ledger.stage(_current_stage(job), "FAILED", clock(), clock(), mode=job.mode, error=first_line)
        error("run-failed", error=first_line, detail=str(problem)[:4000])
        watch.notify([Condition("A-03", _current_stage(job), {"error": first_line, "run_id": config.run_id})], clock())
        return _finish(job, "ERROR", ERROR, first_line)
    finally:
        spark.catalog.clearCache()


def _held(job: Run, reason: str) -> int:
    now = job.clock()
    job.ledger.stage("bronze_dq", "HELD", now, now, error=reason or None)
    warn("pipeline-is-held", reason=reason)
    job.watch.notify([Condition("A-04", PIPELINE, {"reason": reason, "run_id": job.config.run_id})], now)
    return _finish(job, "HELD", HELD, reason)


def _current_stage(job: Run) -> str:
    """The stage that comes after the last one that ended, for the row that says where it broke."""
    ended = {row["stage"] for row in job.ledger.stages}
    return next((stage for stage in STAGES if stage not in ended), "gold_dq")


def _finish(job: Run, outcome: str, code: int, problem: Optional[str]) -> int:
    job.ledger.finish(outcome, code, job.mode, problem)
    info("run-finished", run_id=job.config.run_id, outcome=outcome, exit_code=code, meaning=NAMES[code], mode=job.mode)
    return code
