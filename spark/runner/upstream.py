"""Side view `upstream`: the gates that a gold table stands on, as the audit table answers them (rule G-01)."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Mapping

from runner import audit
from runner.run import Run
from runner.tables import Table


def bronze_origin(above: Mapping[str, str]) -> Dict[str, str]:
    """Which bronze snapshot the input goes back to and which run judged it; handed down from table to table."""
    return {
        "bronze-run-id": above.get("bronze-run-id", above.get("run-id", "")),
        "bronze-snapshot": above.get("bronze-snapshot", above.get("input-snapshot", "0")),
    }


@dataclass(frozen=True)
class Above:
    """What a table reads: the snapshot of its input, and what that recorded."""

    snapshot: int
    seal: Mapping[str, str]


def register_upstream(run: Run, table: Table, above: Above) -> None:
    """
    Two rows: the bronze gate and the gate of the input, each with the snapshot it judged and the one that is read here.
    The answer is read back, not remembered.
    """
    if table.layer != "gold":
        return
    layer, name = table.input.split(".")
    origin = bronze_origin(above.seal)
    run.spark.sql(
        f"""
        with answers as (
          select gate, status, input_snapshot_id, evaluated_at = max(evaluated_at) over (partition by gate) as is_latest
          from {run.lake.sql_name(audit.RESULTS)}
          where (run_id = '{origin["bronze-run-id"]}' and gate = 'bronze_dq' and table_name = 'raw_events')
            or (run_id = '{above.seal["run-id"]}' and gate = '{layer}_dq' and table_name = '{name}')
        )
        select gate, if(count_if(status not in ('PASSED', 'WARNED')) = 0, 'PASSED', 'FAILED') as status,
          max(input_snapshot_id) as input_snapshot_id,
          if(gate = 'bronze_dq', {int(origin["bronze-snapshot"])}, {above.snapshot}) as expected_snapshot_id
        from answers where is_latest group by gate
        """
    ).createOrReplaceTempView("upstream")
