"""The tables the job knows: every folder <layer>/<table>/ with an about.yml. Adding a table is adding such a folder."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

from runner.ddl import TableDdl, parse_ddl
from runner.files import Files
from runner.outcome import RunnerError
from runner.yaml_subset import parse_yaml

# snapshot_range: rows appended to the input since the snapshot consumed last (append-only inputs only).
# processed_since: the input's rows carry <processed_column>; newer than the consumed mark means new or changed.
READS = ("snapshot_range", "processed_since")


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

    @property
    def folder(self) -> str:
        return f"{self.layer}/{self.name}"

    @property
    def full_name(self) -> str:
        return f"{self.layer}.{self.name}"


def discover(files: Files) -> List[Table]:
    """Tables by (silver, gold), order, name. RunnerError names the folder and what is wrong."""
    tables = [_read(files, path) for path in files.matching("/about.yml")]
    layers = ("silver", "gold")
    return sorted(tables, key=lambda table: (layers.index(table.layer), table.order, table.name))


def of_layer(tables: List[Table], layer: str) -> List[Table]:
    return [table for table in tables if table.layer == layer]


def _read(files: Files, path: str) -> Table:
    layer, name = path.split("/")[:2]
    about: Dict[str, Any] = parse_yaml(files.read(path), path) or {}
    wanted = {"layer", "table", "order", "key", "partition", "input", "reads", "processed_column", "late"}
    if set(about) - {"also"} != wanted:
        raise RunnerError(f"{path}: needs {', '.join(sorted(wanted))}, and may have also")
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
    return Table(layer, name, about["order"], key, partition, about["input"], also, about["reads"], about["processed_column"], ddl)
