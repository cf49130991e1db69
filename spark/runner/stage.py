"""Loads and judges the tables of one layer on their branches, side by side; publishes all of them, or none."""
from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any, Callable, Dict, List, Optional

from dq.gate import GateResult
from runner.gate_step import judge_candidate, record_stop, stop_unless_passed, write_results
from runner.graph import Task, run_graph
from runner.load import Loaded, Views
from runner.load_step import load_candidate
from runner.outcome import GateStopped
from runner.plan import Candidates, Plan, valid_through
from runner.run import Run
from runner.scope import scoped
from runner.tables import Table, of_layer

PlanOf = Callable[[Table, Candidates], Optional[Plan]]
# The driver plans and talks to the catalog most of the time: a few more tables than there are cores keep those busy.
THREADS = 4


def run_stage(run: Run, layer: str, run_at: datetime, plan_of: PlanOf) -> Candidates:
    """What was published. Every gate of the layer comes before the first table is. Raises GateStopped."""
    stage = _Stage(run, layer, run_at, plan_of)
    try:
        run_graph(stage.tasks(), THREADS)
    except GateStopped as stopped:
        stage.stopped(stopped)
        raise
    finally:
        stage.close()
    return stage.publish()


class _Stage:
    def __init__(self, run: Run, layer: str, run_at: datetime, plan_of: PlanOf) -> None:
        self._run, self._layer, self._run_at, self._plan_of = run, layer, run_at, plan_of
        self._started = run.clock()
        self._tables = of_layer(run.tables, layer)
        self._candidates: Candidates = {}
        self._scopes: Dict[str, Run] = {}
        self._views: Dict[str, Views] = {}
        self._judged: Dict[str, GateResult] = {}
        self._first: Optional[Plan] = None
        self._judging_since: Optional[datetime] = None

    def tasks(self) -> List[Task]:
        """A table is loaded once its inputs are, and judged once those have been judged."""
        names = {table.full_name for table in self._tables}
        found: List[Task] = []
        for table in self._tables:
            inputs = [name for name in (table.input, *table.also) if name in names]
            found.append((f"load {table.full_name}", [f"load {name}" for name in inputs], partial(self._load, table)))
            behind = [f"load {table.full_name}", *(f"judge {name}" for name in inputs)]
            found.append((f"judge {table.full_name}", behind, partial(self._judge, table)))
        return found

    def _load(self, table: Table) -> None:
        plan = self._plan_of(table, self._candidates)
        if plan is None:
            return
        with self._run.lock:
            if self._first is None:
                self._first = plan
                self._run.ledger.stage(self._layer, "STARTED", self._started, mode=self._run.mode, **plan.moved)
        run = self._scopes[table.full_name] = scoped(self._run)
        views = self._views[table.full_name] = Views(run.spark)
        loaded = load_candidate(run, table, self._run_at, plan, views)
        run.boundary(f"{self._layer}_loaded")
        if loaded is not None:
            self._candidates[table.full_name] = (loaded, plan)

    def _judge(self, table: Table) -> None:
        name = table.full_name
        if name not in self._candidates:
            return
        loaded, plan = self._candidates[name]
        with self._run.lock:
            if self._judging_since is None:
                self._judging_since = self._run.clock()
                self._run.ledger.stage(f"{self._layer}_dq", "STARTED", self._judging_since, mode=self._run.mode, input_to=loaded.head)
        if any(one in self._judged for one in (table.input, *table.also)):
            # G-01 reads the answer about the input from the audit table.
            write_results(self._run)
        # Its views stay cached until the stage ends: Spark keeps one copy of equal plans, and another table may be reading it.
        result = judge_candidate(self._scopes[name], loaded, plan, self._views[name])
        self._judged[name] = result
        stop_unless_passed(f"{self._layer}_dq", result)

    def stopped(self, stopped: GateStopped) -> None:
        """What a refusal leaves in the ledgers."""
        moved: Dict[str, Any] = self._first.moved if self._first else {}
        record_stop(self._run, stopped.gate, stopped, self._judging_since or self._started, **self._judged_rows())
        error = f"stopped by {stopped.gate}"
        self._run.ledger.stage(self._layer, "FAILED", self._started, self._run.clock(), mode=self._run.mode, error=error, rows_out=0, **moved)

    def _judged_rows(self) -> Dict[str, Any]:
        """Of the layer's first table, which the others follow."""
        first = next((table.full_name for table in self._tables if table.full_name in self._judged), None)
        return {"input_to": self._candidates[first][0].head, "rows_in": self._judged[first].rows_checked} if first else {}

    def close(self) -> None:
        """All at once: where one cached view goes, Spark plans anew those that stand on it, also on a branch that is gone."""
        self._run.spark.catalog.clearCache()

    def publish(self) -> Candidates:
        run, layer = self._run, self._layer
        done = [self._candidates[table.full_name] for table in self._tables if table.full_name in self._candidates]
        ended = run.clock()
        if not done:
            for stage in (layer, f"{layer}_dq"):
                run.ledger.stage(stage, "NOOP", self._started, ended, mode=run.mode, rows_out=0)
            return {}
        write_results(run)
        run.watch.flush()
        run.ledger.stage(f"{layer}_dq", "PUBLISHED", self._judging_since or ended, ended, mode=run.mode, **self._judged_rows())
        for loaded, _ in done:
            run.boundary(f"{layer}_judged")
            run.lake.publish(loaded.table.full_name, loaded.branch)
            run.boundary(f"{layer}_published")
        run.published = True
        self._record(done[0][0], done[0][1], [loaded for loaded, _ in done])
        return self._candidates

    def _record(self, first: Loaded, plan: Plan, all_loaded: List[Loaded]) -> None:
        self._run.ledger.stage(
            self._layer, "PUBLISHED", self._started, self._run.clock(), mode=self._run.mode, output=first.head, rows_in=plan.rows_in,
            rows_out=sum(one.rows_out for one in all_loaded), rows_quarantined=sum(one.rows_quarantined for one in all_loaded),
            valid_through=valid_through(plan), **plan.moved,
        )  # fmt: skip
