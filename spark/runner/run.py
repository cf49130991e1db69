"""State of one run, handed from stage to stage."""
from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Callable, Dict, List, Optional

from pyspark.sql import DataFrame, SparkSession

from runner.args import Config
from runner.files import Files
from runner.iceberg import BRANCH_PREFIX, Lake
from runner.ledger import Ledger
from runner.rules import Rules
from runner.tables import SOURCE, Table
from runner.watch import Watch

BRONZE = SOURCE
Boundary = Callable[[str], None]


@dataclass
class Run:
    """State of one run. `boundary` is told each point where a crash is interesting (tests crash there)."""

    spark: SparkSession
    config: Config
    files: Files
    rules: Rules
    tables: List[Table]
    lake: Lake
    ledger: Ledger
    clock: Callable[[], datetime]
    boundary: Boundary
    watch: Watch
    mode: Optional[str] = None
    published: bool = False
    # Tables of a stage are worked on side by side; what they share is written one at a time.
    lock: "threading.RLock" = field(default_factory=threading.RLock)  # type: ignore[valid-type]
    results: List[DataFrame] = field(default_factory=list)  # of gates, not written yet

    @property
    def branch(self) -> str:
        return BRANCH_PREFIX + re.sub(r"[^A-Za-z0-9]", "_", self.config.run_id)

    def values(self) -> Dict[str, str]:
        """For every SQL text: rules, thresholds, and ${lake}: `${lake}_ops.feed_gaps` is a table that no folder here writes."""
        return {**self.rules.values, "lake": f"{self.lake.catalog}.{self.lake.prefix}"}

    def table(self, full_name: str) -> Optional[Table]:
        return next((table for table in self.tables if table.full_name == full_name), None)


def next_run_at(run: Run, tables: List[Table]) -> datetime:
    """Strictly after the last run's: the layer above takes what is newer than its mark."""
    seals = [run.lake.published(table.full_name)[1] for table in tables]
    last = [datetime.fromisoformat(seal["processed-at"]) for seal in seals if "processed-at" in seal]
    return max([run.clock(), *(moment + timedelta(microseconds=1) for moment in last)])
