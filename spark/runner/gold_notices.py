"""Notices that a published gold layer gives rise to: risky editors (A-15) and an unusual volume of edits (A-18)."""
from __future__ import annotations

from datetime import datetime, timedelta
from typing import List, Optional

from dq.notices import Condition, shown
from runner.plan import Candidates, Plan, valid_through
from runner.render import literal
from runner.run import Run

RISK, VOLUME = "gold.risk_scores", "gold.global_metrics_10min"
# More than a person reads in one go; the table has them all.
MAX_ENTITIES = 50
# What an old file holds is no news, nor what a late batch says of the day before yesterday.
_NEWS = timedelta(days=1)


def notify_gold(run: Run, done: Candidates) -> None:
    """Of what this run published. A replay tells nobody of years ago."""
    if run.mode == "replay":
        return
    found: List[Condition] = []
    for name, conditions_of in ((RISK, _risky), (VOLUME, _volume)):
        if name in done:
            loaded, plan = done[name]
            newest = valid_through(plan)
            if newest is not None:
                found += conditions_of(run, plan, newest)
    run.watch.notify(found, run.clock())


def _risky(run: Run, plan: Plan, newest: datetime) -> List[Condition]:
    since = literal((newest - _NEWS).date(), "since")
    rows = run.spark.sql(
        f"""
        select stat_date, entity_type, entity_id, user_kind, risk_score, risk_level
        from {run.lake.sql_name(RISK)}
        where stat_date >= {since} and alert_triggered and model_version = {run.values()["risk.serving_model"]}
          and gold_processed_at = {literal(datetime.fromisoformat(plan.seal["processed-at"]), "processed_at")}
        order by risk_score desc, entity_type, entity_id limit {MAX_ENTITIES}
        """
    ).collect()
    return [
        Condition(
            "A-15",
            f"{row['entity_type']}:{shown(row['entity_id'], row['user_kind'])}/{row['stat_date']}",
            {"risk_score": row["risk_score"], "risk_level": row["risk_level"], "run_id": run.config.run_id},
        )
        for row in rows
    ]


def _volume(run: Run, plan: Plan, newest: datetime) -> List[Condition]:
    """The newest whole window of all wikis."""
    row = _newest_window(run, newest)
    if row is None:
        return []
    measured = {"window_start": str(row["window_start"]), "edit_count": row["edit_count"], "anomaly_score": row["anomaly_score"]}
    return [Condition("A-18", "*", measured if row["is_anomaly"] else None)]


def _newest_window(run: Run, newest: datetime) -> "Optional[object]":
    rows = run.spark.sql(
        f"""
        select window_start, edit_count, anomaly_score, is_anomaly
        from {run.lake.sql_name(VOLUME)}
        where stat_date >= {literal((newest - timedelta(hours=1)).date(), "since")} and scope = '*'
          and window_end <= {literal(newest, "newest")}
        order by window_start desc limit 1
        """
    ).collect()
    return rows[0] if rows else None
