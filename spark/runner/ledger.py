"""
What a run leaves outside the tables, as small objects in the stage bucket:
  ops-inbox/pipeline_runs/<run>-<stage>-<status>.json   rows for ops.pipeline_runs (ops-writer loads them)
  runs/<run>.json                                       how the run ended, for start-job, the restarter and people
  control/pipeline.json                                 {"state": "running"|"held", "failures": n, ...}
  ops-inbox/alerts/, ops-inbox/feed_gaps/               what the gates found (runner/watch.py), as rows of those ledgers
Without a stage uri (a person's dry look, row tests) nothing is written but the log.
"""
from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any, Dict, List, Optional

from runner.args import Config
from runner.iceberg import Objects
from runner.log import info, warn

STATE_PATH = "control/pipeline.json"


def iso(moment: datetime) -> str:
    """UTC with exactly three decimals and Z, as the ops rows' schema wants it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def utc_now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None)


def _text(value: Optional[int]) -> Optional[str]:
    return None if value is None else str(value)


class Ledger:
    def __init__(self, config: Config, objects: Optional[Objects]) -> None:
        self._config = config
        self._objects = objects if config.stage_uri else None
        self.stages: List[Dict[str, Any]] = []

    def stage(self, stage: str, status: str, started_at: datetime, ended_at: Optional[datetime] = None, **fields: Any) -> None:
        """One row of ops.pipeline_runs. Snapshot ids travel as text: they do not fit JSON's doubles."""
        row: Dict[str, Any] = {
            "run_id": self._config.run_id,
            "cycle_id": self._config.run_id,
            "stage": stage,
            "job_run_id": self._config.job_run_id,
            "trigger": self._config.trigger,
            "status": status,
            "mode": fields.get("mode"),
            "error": fields.get("error"),
            "input_snapshot_from": _text(fields.get("input_from")),
            "input_snapshot_to": _text(fields.get("input_to")),
            "output_snapshot": _text(fields.get("output")),
            "rows_in": fields.get("rows_in"),
            "rows_out": fields.get("rows_out"),
            "rows_quarantined": fields.get("rows_quarantined"),
            "valid_through": iso(fields["valid_through"]) if fields.get("valid_through") else None,
            "started_at": iso(started_at),
            "ended_at": iso(ended_at) if ended_at else None,
            "vcpu_hours": None,
            "memory_gb_hours": None,
            "bytes_scanned": None,
            "log_date": started_at.strftime("%Y-%m-%d"),
        }
        info(f"stage-{status.lower()}", **{key: value for key, value in row.items() if value is not None})
        if status != "STARTED":
            self.stages.append(row)
        name = f"ops-inbox/pipeline_runs/{self._config.run_id}-{stage}-{status.lower()}.json"
        self._put(name, json.dumps({"kind": "pipeline_runs", "row": row}) + "\n")

    def finish(self, outcome: str, exit_code: int, mode: Optional[str], error: Optional[str]) -> Dict[str, Any]:
        record = {
            "run_id": self._config.run_id,
            "job_run_id": self._config.job_run_id,
            "command": self._config.command,
            "outcome": outcome,
            "exit_code": exit_code,
            "mode": mode,
            "error": error,
            "ended_at": iso(utc_now()),
            "stages": self.stages,
        }
        self._put(f"runs/{self._config.run_id}.json", json.dumps(record))
        return record

    def state(self) -> Dict[str, Any]:
        """The pipeline's state; `running` when nobody wrote one. An unreadable one holds: better to ask than to run."""
        if not self._objects:
            return {"state": "running", "failures": 0}
        text = self._objects.read(f"{self._config.stage_uri}/{STATE_PATH}")
        if text is None:
            return {"state": "running", "failures": 0}
        try:
            found = json.loads(text)
            return {**found, "state": str(found["state"]), "failures": int(found["failures"])}
        except (ValueError, KeyError, TypeError) as problem:
            warn("pipeline-state-unreadable", error=str(problem))
            return {"state": "held", "failures": 0, "reason": "control/pipeline.json cannot be read"}

    def succeeded(self) -> None:
        if self.state()["failures"]:
            self._write_state({"state": "running", "failures": 0})

    def failed(self, reason: str, halt_after: int) -> bool:
        """Counts a failure; True when the pipeline is held from now on."""
        failures = self.state()["failures"] + 1
        held = failures >= halt_after
        state = {"state": "held" if held else "running", "failures": failures, "reason": reason[:500]}
        self._write_state({**state, "run_id": self._config.run_id})
        return held

    def _write_state(self, state: Dict[str, Any]) -> None:
        self._put(STATE_PATH, json.dumps({**state, "updated_at": iso(utc_now())}))

    def read(self, name: str) -> Optional[str]:
        """An object of the stage bucket; None when there is none, or no bucket."""
        return self._objects.read(f"{self._config.stage_uri}/{name}") if self._objects else None

    def inbox(self, kind: str, name: str, rows: List[Dict[str, Any]]) -> None:
        """Rows of another ledger, for ops-writer to load. Times become text as the ops rows' schema wants it."""
        if not rows:
            return
        typed = [{key: iso(value) if isinstance(value, datetime) else value for key, value in row.items()} for row in rows]
        lines = [json.dumps({"kind": kind, "row": row}) for row in typed]
        self.write(f"ops-inbox/{kind}/{self._config.run_id}-{name}.json", "\n".join(lines) + "\n")

    def write(self, name: str, text: str) -> None:
        self._put(name, text)

    def _put(self, name: str, text: str) -> None:
        if self._objects:
            self._objects.write(f"{self._config.stage_uri}/{name}", text)
