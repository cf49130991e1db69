"""Appends to dq_audit: results of gates, rows that a layer refused. Both are written whatever becomes of the candidate."""
from __future__ import annotations

from datetime import datetime
from functools import reduce
from typing import Sequence

from pyspark.sql import DataFrame

from runner.iceberg import Lake
from runner.log import warn
from runner.render import literal
from runner.tables import Table

RESULTS = "dq_audit.quality_results"
QUARANTINE = "dq_audit.quarantine"


def write_results(lake: Lake, frames: Sequence[DataFrame]) -> None:
    """Results of some gates in one commit."""
    if frames:
        reduce(DataFrame.union, frames).coalesce(1).writeTo(lake.sql_name(RESULTS)).append()


def quarantine(lake: Lake, run_id: str, now: datetime, table: Table, refused: DataFrame) -> int:
    """Refused rows by (table, key), each once: a cycle that is tried again refuses the same rows again. Returns how many."""
    refused = refused.persist()
    try:
        count = refused.count()
        if count == 0:
            return 0
        refused.createOrReplaceTempView("refused_rows")
        name = lake.sql_name(QUARANTINE)
        lake.spark.sql(
            f"""
            insert into {name} (quarantine_id, run_id, layer, table_name, rule_id, reason, row_key, payload, disposition,
              quarantine_date, event_timestamp, quarantined_at)
            select r.quarantine_id, '{run_id}', '{table.layer}', '{table.name}', r.rule_id, r.reason, r.row_key, r.payload,
              'open', '{now.strftime("%Y-%m-%d")}', r.event_timestamp, {literal(now, "now")}
            from (select *, sha2(concat('{table.full_name}', ':', row_key), 256) as quarantine_id from refused_rows) r
            left anti join {name} q on q.quarantine_id = r.quarantine_id
            """
        )
        warn("rows-quarantined", table=table.full_name, rows=count)
        return count
    finally:
        refused.unpersist()
