"""Command line → frozen Config. Everything a run depends on is in here or in the tables it reads."""
from __future__ import annotations

import argparse
import re
import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any, List, Optional, Tuple

MODES = ("auto", "live", "catchup", "replay")
# Names end up in SQL text and object keys: only what needs no quoting anywhere.
IDENTIFIER = re.compile(r"^[a-z_][a-z0-9_]{0,63}$")
TABLES = re.compile(r"^(silver|gold)\.[a-z_0-9]+(,(silver|gold)\.[a-z_0-9]+)*$")
RUN_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")


@dataclass(frozen=True)
class Config:
    command: str
    database_prefix: str
    run_id: str
    catalog: str = "lake"
    mode: str = "auto"
    trigger: str = "manual"
    job_run_id: Optional[str] = None
    stage_uri: Optional[str] = None
    lake_uri: Optional[str] = None
    ingest_lag: int = 0
    settle_seconds: int = 90
    rebuild: bool = False
    dry_run: bool = False
    ignore_hold: bool = False
    shuffle_partitions: Optional[int] = None
    tables: Tuple[str, ...] = ()
    from_date: Optional[str] = None
    to_date: Optional[str] = None

    @property
    def days(self) -> "Optional[Tuple[str, str]]":
        """First and last day of a backfill; None for any other run."""
        return (self.from_date, self.to_date) if self.from_date and self.to_date else None


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError("a day must be YYYY-MM-DD") from None


def _matching(pattern: "re.Pattern[str]", what: str):
    def check(text: str) -> str:
        if not pattern.match(text):
            raise argparse.ArgumentTypeError(f"{what} must match {pattern.pattern}")
        return text

    return check


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="main.py", description="Silver, gold and their gates, in one Spark session.")
    root.add_argument("command", choices=("cycle", "silver", "gold"))
    name = _matching(IDENTIFIER, "name")
    identity = _matching(RUN_ID, "id")
    root.add_argument("--database-prefix", required=True, type=name, help="wikilake_<stage>: databases are <prefix>_<layer>")
    root.add_argument("--catalog", default="lake", type=name)
    root.add_argument("--run-id", type=identity, help="names the run in every ledger; default: a new one")
    root.add_argument("--mode", choices=MODES, default="auto", help="auto decides from the increment")
    root.add_argument("--trigger", default="manual", type=identity, help="who asked: schedule, manual, restart")
    root.add_argument("--job-run-id", type=identity, help="the job service's own id, where known")
    root.add_argument("--stage-uri", help="s3://<stage bucket>: run records, ops rows and the pipeline's state go here")
    root.add_argument("--lake-uri", help="s3://<lake bucket>: location of tables that do not exist yet")
    root.add_argument("--ingest-lag", type=int, default=0, help="records the bronze mapping was behind when the run was asked for")
    root.add_argument("--settle-seconds", type=int, default=90, help="how long a missing offset may still become a dead letter")
    root.add_argument("--shuffle-partitions", type=int, help="default 4; more on a cluster")
    root.add_argument("--tables", type=_matching(TABLES, "tables"), help="only these, e.g. gold.hourly_stats,gold.user_daily; default: all")
    root.add_argument("--from-date", type=_day, help="backfill: compute only these days anew, from the layer below (with silver or gold)")
    root.add_argument("--to-date", type=_day, help="the last of these days")
    root.add_argument("--rebuild", action="store_true", help="compute the tables anew from the layer below")
    root.add_argument("--ignore-hold", action="store_true", help="run although the pipeline is held (a person's decision)")
    root.add_argument("--dry-run", action="store_true", help="print the rendered SQL and rules, touch nothing")
    return root


def parse_args(argv: List[str]) -> Config:
    """Raises SystemExit(2) with a sentence on a wrong command line."""
    root = parser()
    given = vars(root.parse_args(argv))
    _check_range(root, given)
    given["run_id"] = given["run_id"] or f"manual-{uuid.uuid4().hex[:16]}"
    given["tables"] = tuple(given["tables"].split(",")) if given["tables"] else ()
    for key in ("stage_uri", "lake_uri"):
        given[key] = given[key].rstrip("/") if given[key] else None
    return Config(**given)


def _check_range(root: argparse.ArgumentParser, given: "dict[str, Any]") -> None:
    first, last = given["from_date"], given["to_date"]
    if (first is None) != (last is None):
        root.error("--from-date and --to-date belong together")
    if first is None:
        return
    if first > last:
        root.error("--from-date is after --to-date")
    if given["command"] == "cycle" or given["rebuild"]:
        root.error("a range of days goes with silver or gold, and not with --rebuild")
