"""The tables the job knows: every folder <layer>/<table>/ with an about.yml. Adding a table is adding such a folder."""
from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Dict, List, Optional, Tuple

from runner.ddl import TableDdl, parse_ddl
from runner.files import Files
from runner.outcome import RunnerError
from runner.yaml_subset import parse_yaml

# snapshot_range: rows appended to the input since the snapshot consumed last (append-only inputs only).
# processed_since: the input's rows carry <processed_column>; newer than the consumed mark means new or changed.
READS = ("snapshot_range", "processed_since")
# cycle: in every run that has something new. daily: once the day before has ended for `after` hours and minutes, and when
# a day that had ended got rows since.
CADENCES = ("cycle", "daily")
_AFTER = re.compile(r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
_WANTED = {"layer", "table", "order", "key", "partition", "input", "reads", "processed_column", "late"}
# late_rows: when a daily table is computed again for a day that had ended: in the next cycle, or with the next day.
LATE_ROWS = ("next_cycle", "next_day")
# not_compared: column → why a rebuild may give another value. Every other column must come out the same.
_MAY_HAVE = {"also", "cadence", "after", "late_rows", "not_compared"}


# The only input that this job does not write.
SOURCE = "bronze.raw_events"


@dataclass(frozen=True)
class Table:
    layer: str
    name: str
    order: int
    key: Tuple[str, ...]
    partition: Tuple[str, ...]
    input: str  # <layer>.<table>
    also: Tuple[str, ...]  # further inputs; their changes touch rows too
    reads: str
    processed_column: str
    ddl: TableDdl
    daily_after: Optional[timedelta]  # of a daily table: how long after midnight, UTC, the day before is taken
    late_rows_wait: bool  # of a daily table: once a day and no more, whatever arrives

    @property
    def folder(self) -> str:
        return f"{self.layer}/{self.name}"

    @property
    def full_name(self) -> str:
        return f"{self.layer}.{self.name}"


def discover(files: Files, only: Tuple[str, ...] = ()) -> List[Table]:
    """Tables by (silver, gold), order, name; all, or those named. RunnerError says which folder and what is wrong."""
    paths = [path for path in files.matching("/about.yml") if not only or ".".join(path.split("/")[:2]) in only]
    layers = ("silver", "gold")
    found = sorted((_read(files, path) for path in paths), key=lambda table: (layers.index(table.layer), table.order, table.name))
    known = [table.full_name for table in found]
    absent = [name for name in only if name not in known]
    if absent:
        raise RunnerError(f"there is no table {', '.join(absent)}")
    for place, table in enumerate(found):
        late = [name for name in (table.input, *table.also) if name not in known[:place] and (name in known or not only) and name != SOURCE]
        if late:
            raise RunnerError(f"{table.folder}/about.yml: {', '.join(late)} is no table that comes before it (see order)")
    return found


def of_layer(tables: List[Table], layer: str) -> List[Table]:
    return [table for table in tables if table.layer == layer]


def _read(files: Files, path: str) -> Table:
    layer, name = path.split("/")[:2]
    about: Dict[str, Any] = parse_yaml(files.read(path), path) or {}
    if set(about) - _MAY_HAVE != _WANTED:
        raise RunnerError(f"{path}: needs {', '.join(sorted(_WANTED))}, and may have {', '.join(sorted(_MAY_HAVE))}")
    if (about["layer"], about["table"]) != (layer, name) or layer not in ("silver", "gold"):
        raise RunnerError(f"{path}: layer and table must repeat the folder's name")
    if about["reads"] not in READS:
        raise RunnerError(f"{path}: reads must be one of {', '.join(READS)}")
    for needed in ("load.sql", "checks.dqdl", "checks.sql"):
        if not files.has(f"{layer}/{name}/{needed}"):
            raise RunnerError(f"{layer}/{name}: {needed} is missing")
    ddl = parse_ddl(files.read(f"{layer}/{name}/table.sql"), f"{layer}/{name}/table.sql")
    partition, key = tuple(about["partition"]), tuple(about["key"])
    if ddl.partition != partition:
        raise RunnerError(f"{path}: partition differs from table.sql")
    missing = [column for column in key + (about["processed_column"],) if column not in ddl.names]
    if missing:
        raise RunnerError(f"{path}: table.sql has no column {', '.join(missing)}")
    also = tuple(about.get("also", ()))
    daily_after = _daily_after(about, path)
    unknown = [column for column in about.get("not_compared", {}) if column not in ddl.names]
    if unknown:
        raise RunnerError(f"{path}: not_compared names no column of table.sql: {', '.join(unknown)}")
    return Table(
        layer, name, about["order"], key, partition, about["input"], also, about["reads"], about["processed_column"], ddl, daily_after,
        _late_rows_wait(about, path),
    )  # fmt: skip


def _daily_after(about: Dict[str, Any], path: str) -> Optional[timedelta]:
    cadence, after = about.get("cadence", "cycle"), about.get("after")
    if cadence not in CADENCES or (cadence == "daily") != (after is not None):
        raise RunnerError(f"{path}: cadence must be one of {', '.join(CADENCES)}; daily has after: 'HH:MM', nothing else has")
    if after is None:
        return None
    if not _AFTER.match(str(after)):
        raise RunnerError(f"{path}: after must be HH:MM in quotes, UTC")
    hours, minutes = str(after).split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def _late_rows_wait(about: Dict[str, Any], path: str) -> bool:
    asked = about.get("late_rows", LATE_ROWS[0])
    if asked not in LATE_ROWS or ("late_rows" in about and about.get("cadence") != "daily"):
        raise RunnerError(f"{path}: late_rows is for daily tables, one of {', '.join(LATE_ROWS)}")
    return asked == "next_day"
