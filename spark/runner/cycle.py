"""bronze_dq → silver → silver_dq → gold → gold_dq in one session. A stage publishes after its gate, or not at all."""
from __future__ import annotations

from dq.engines import ENGINES
from dq.selftest import self_test
from runner.bronze_stage import NO_VOLUME, bronze_stage, fed_table, register_ctx
from runner.gold_stage import gold_stage
from runner.outcome import GateStopped
from runner.run import Run
from runner.silver_stage import silver_stage

_trusted_sessions: "set[tuple[int, str]]" = set()


def check_engine(run: Run) -> None:
    """At start-up, so once a session: tests run many cycles in one."""
    engine = ENGINES[run.rules.text("dq.engine", tuple(ENGINES))]
    if (id(run.spark), engine.name) in _trusted_sessions:
        return
    wrong = self_test(run.spark, engine.evaluate)
    if wrong:
        raise GateStopped("self_test", "ERROR", wrong, counts_for_halt=True)
    _trusted_sessions.add((id(run.spark), engine.name))


def run_cycle(run: Run) -> None:
    """The stages that the command asks for, in order. Raises GateStopped when one refuses."""
    command = run.config.command
    check_engine(run)
    register_ctx(run, 0.0, NO_VOLUME)
    run.boundary("started")
    if command in ("cycle", "silver"):
        # Tables that read silver only can be worked on without an increment.
        context = bronze_stage(run) if fed_table(run) else None
        if context is not None:
            run.boundary("bronze_judged")
        silver_stage(run, context)
    if command in ("cycle", "gold"):
        gold_stage(run)
