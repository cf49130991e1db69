"""table.sql is written for Athena, once. Here it is read, so that Spark can create the same table where Athena has not."""
from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, Optional, Tuple

from runner.outcome import RunnerError

# Athena type → Spark type. Athena's timestamp has no zone; Spark's TIMESTAMP has one and would change the column.
SPARK_TYPES = {
    "string": "string",
    "int": "int",
    "bigint": "bigint",
    "double": "double",
    "boolean": "boolean",
    "timestamp": "timestamp_ntz",
}

# Athena refuses these in DDL, so the job sets them: changed rows are written, not the files around them (a rewritten
# hour would cost with the size of the day), and metadata files do not pile up.
WRITE_PROPERTIES = {
    "write.merge.mode": "merge-on-read",
    "write.update.mode": "merge-on-read",
    "write.delete.mode": "merge-on-read",
    "write.parquet.compression-codec": "zstd",
    "write.target-file-size-bytes": "268435456",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "50",
}

_COLUMN = re.compile(r"^`?(?P<name>[a-z_][a-z0-9_]*)`?\s+(?P<type>[a-z]+)\s+comment\s+'(?P<comment>[^']*)'$", re.I)
_HEAD = re.compile(r"create\s+table\s+if\s+not\s+exists\s+(?P<name>\S+)\s*\((?P<columns>.*?)\n\)", re.I | re.S)
_PARTITION = re.compile(r"partitioned\s+by\s*\((?P<names>[^)]*)\)", re.I)
_LOCATION = re.compile(r"location\s+'(?P<location>[^']+)'", re.I)


@dataclass(frozen=True)
class TableDdl:
    name: str
    columns: Tuple[Tuple[str, str, str], ...]  # name, Athena type, comment
    partition: Tuple[str, ...]
    location: str

    @property
    def names(self) -> Tuple[str, ...]:
        return tuple(name for name, _, _ in self.columns)


def parse_ddl(text: str, where: str) -> TableDdl:
    """Only the shape that all our tables have; RunnerError says which line does not fit."""
    text = re.sub(r"^\s*--.*$", "", text, flags=re.M)
    head, location = _HEAD.search(text), _LOCATION.search(text)
    if not head or not location:
        raise RunnerError(f"{where}: expected create table if not exists … ( columns ) … location")
    columns = []
    for line in head.group("columns").strip().split("\n"):
        match = _COLUMN.match(line.strip().rstrip(","))
        if not match or match.group("type").lower() not in SPARK_TYPES:
            raise RunnerError(f"{where}: not `name type comment '…'` with a known type: {line.strip()}")
        columns.append((match.group("name"), match.group("type").lower(), match.group("comment")))
    partition = _PARTITION.search(text)
    names = tuple(name.strip() for name in partition.group("names").split(",")) if partition else ()
    return TableDdl(head.group("name"), tuple(columns), names, location.group("location"))


def spark_create(ddl: TableDdl, name: str, lake_uri: Optional[str], properties: Dict[str, str]) -> str:
    """The same table as Spark DDL under `name`. Without a lake uri the catalog chooses the location (tests)."""
    columns = ",\n  ".join(f"`{column}` {SPARK_TYPES[kind]} comment '{comment}'" for column, kind, comment in ddl.columns)
    partition = f"\npartitioned by ({', '.join(ddl.partition)})" if ddl.partition else ""
    location = f"\nlocation '{ddl.location.replace('s3://${lake_bucket}', lake_uri)}'" if lake_uri else ""
    listed = ", ".join(f"'{key}' = '{value}'" for key, value in sorted({"format-version": "2", **properties}.items()))
    return f"create table if not exists {name} (\n  {columns}\n)\nusing iceberg{partition}{location}\ntblproperties ({listed})"
