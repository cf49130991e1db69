"""
What follows from a gate beside publishing or not: profiles, notices, gap rows, and the baseline that later runs are judged
against. Nothing here changes a verdict. State between runs lies in two small objects of the stage bucket:
  control/baselines.json   sums of the profiles of published runs (dq/baseline.py)
  control/alerts.json      which notices are firing (dq/notices.py)
"""
from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from dq.baseline import KEEP_DAYS, Baselines, Sums, from_profiles, read_baselines
from dq.gaps import drop_row, hole_rows, holes_sql
from dq.gate import GateInput, GateResult
from dq.notices import Condition, Kind, State, judge_notices, read_state
from dq.profile import profile_frame, profile_rows
from dq.verdict import FAILED, PASSED, WARNED
from runner.iceberg import Lake
from runner.ledger import Ledger
from runner.log import info, warn
from runner.render import literal

PROFILES = "dq_audit.profile_metrics"
BASELINES_PATH, ALERTS_PATH = "control/baselines.json", "control/alerts.json"


class Watch:
    """Of one run."""

    def __init__(self, lake: Lake, ledger: Ledger, kinds: Mapping[str, Kind], run_id: str) -> None:
        self._lake, self._ledger, self._kinds, self._run_id = lake, ledger, kinds, run_id
        self._profiles: List[Tuple[Any, ...]] = []
        self._added: Dict[str, Dict[str, Sums]] = {}  # day → table → sums, for the baseline once all is published
        self._baselines: Optional[Baselines] = None
        self._state: Optional[State] = None
        self._objects = 0

    def baselines(self, runs_before: int, now: datetime) -> Baselines:
        """`runs_before`: how many runs the published data says have been added. A history that is gone is not one that never was."""
        if self._baselines is None:
            found = read_baselines(self._ledger.read(BASELINES_PATH))
            if found is None:
                found = self._from_profiles(now) if runs_before else Baselines()
                if runs_before and not found.days:
                    warn("baselines-lost", runs=runs_before)
                    found = Baselines(lost=True)
            self._baselines = found
        return self._baselines

    def _from_profiles(self, now: datetime) -> Baselines:
        first = (now - timedelta(days=KEEP_DAYS)).date().isoformat()
        rows = self._lake.spark.sql(
            f"""
            select date_format(window_start, 'yyyy-MM-dd') as day, table_name, column_name, metric_name,
              sum(metric_value * rows_profiled) as total, sum(rows_profiled) as rows_profiled, count(distinct run_id) as runs
            from {self._lake.sql_name(PROFILES)} p
            where run_date >= {literal(first, "run_date")} and segment = '*' and table_name in ('raw_events', 'cleaned_events')
              and metric_name in ('row_count', 'null_rate', 'mean') and window_start is not null
              and not exists (
                select 1 from {self._lake.sql_name("dq_audit.quality_results")} r
                where r.run_id = p.run_id and r.run_date >= {literal(first, "run_date")} and r.layer <> 'gold'
                  and r.status in ('FAILED', 'ERROR', 'SKIPPED')
              )
            group by 1, 2, 3, 4
            """
        ).collect()
        info("baselines-from-profiles", rows=len(rows))
        return from_profiles(rows)

    def add_to_baseline(self, day: str, table: str, sums: Sums) -> None:
        """Counts once `published` is called: a refused candidate is nobody's measure."""
        known = self._added.setdefault(day, {}).setdefault(table, {})
        for name, value in sums.items():
            known[name] = known.get(name, 0.0) + value

    def published(self) -> None:
        """After silver has been published."""
        if self._added and self._baselines is not None and not self._baselines.lost:
            found = self._baselines
            for number, (day, added) in enumerate(sorted(self._added.items())):
                found = found.with_run(day, added, runs=1 if number == 0 else 0)
            self._ledger.write(BASELINES_PATH, found.to_json())
            self._baselines = found
        self._added = {}

    def saw_gate(self, given: GateInput, result: GateResult, now: datetime) -> None:
        """Profile and notices of one gate, whatever its verdict."""
        if result.profile is not None:
            self._profiles += profile_rows(given.run_id, given.layer, given.table_name, result.profile, given.window_start, now)
        verdict = result.verdict
        evidence = {"rules": list(verdict.stopping[:20]), "mode": given.mode, "run_id": given.run_id}
        place = f"{given.gate}/{given.table_name}"
        conditions = [Condition("A-01", place, None if verdict.status == PASSED else {"status": verdict.status, **evidence})]
        for one in result.judged:
            if one.status == WARNED:
                measured = {"value": one.metric.value, "threshold": one.rule.threshold, "rule": one.rule.sentence, "run_id": given.run_id}
                conditions.append(Condition("A-02", f"{given.table_name}/{one.rule.id}", measured))
            elif one.status == PASSED:
                conditions.append(Condition("A-02", f"{given.table_name}/{one.rule.id}", None))
        self.notify(conditions, now)

    def notify(self, conditions: Sequence[Condition], now: datetime) -> None:
        """What has changed since the last look, as rows of ops.alerts. Without a change nothing is written."""
        if self._state is None:
            self._state = read_state(self._ledger.read(ALERTS_PATH))
        rows, after = judge_notices(self._kinds, self._state, conditions, self._run_id, now)
        if not rows:
            return
        self._objects += 1
        self._ledger.inbox("alerts", str(self._objects), rows)
        self._ledger.write(ALERTS_PATH, json.dumps(after, sort_keys=True))
        self._state = after
        for row in rows:
            info("notice", rule=row["rule"], key=row["dedupe_key"], state=row["state"])

    def saw_bronze(self, result: GateResult, volume: Any, window: "Tuple[Optional[datetime], Optional[datetime]]", rows: int, now: datetime) -> None:
        """Gap rows: records that are nowhere (B-10), a feed that gave less than its hour gives (B-14)."""
        status = {one.rule.id: one.status for one in result.judged}
        found: List[Dict[str, Any]] = []
        if status.get("B-10") == FAILED:
            found += hole_rows(self._lake.spark.sql(holes_sql(self._lake.sql_name("bronze.dead_letter"))).collect(), now)
        is_low = volume is not None and volume.expected is not None and rows < volume.expected
        if is_low and window[0] and window[1] and WARNED in (status.get("B-14.z"), status.get("B-14.ratio")):
            found.append(drop_row(window[0], window[1], rows, volume.expected, now))
        self._ledger.inbox("feed_gaps", "bronze_dq", found)
        for row in found:
            warn("gap-recorded", kind=row["kind"], missing=row["missing_events"], gap_id=row["gap_id"])

    def flush(self) -> None:
        """The profiles collected so far, in one commit."""
        if self._profiles:
            profile_frame(self._lake.spark, self._profiles).writeTo(self._lake.sql_name(PROFILES)).append()
            self._profiles = []
