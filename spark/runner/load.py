"""Runs a table's load.sql on its branch: views, literals, quarantine, one MERGE, and the seal that records what was consumed."""
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Dict, List, Mapping, Optional, Sequence

from pyspark.sql import SparkSession

from runner.changes import with_changes
from runner.ddl import WRITE_PROPERTIES, spark_create
from runner.files import Files
from runner.iceberg import Lake
from runner.log import info
from runner.pieces import read_sections
from runner.render import Section, literal, render
from runner.tables import Table


@dataclass(frozen=True)
class Loaded:
    table: Table
    branch: str
    head: int  # the sealed candidate
    base: Optional[int]  # main before
    rows_out: int
    rows_quarantined: int
    values: Dict[str, str]


class Views:
    """Temporary views of one table's load and gate; what is cached stays so until the job ends."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark

    def add(self, section: Section, sql: str) -> None:
        """
        A cached view is cut off from the plan it came from. One that is only persisted drags that plan along: each statement
        over it analyses, compares and ships all that stands behind it, and that was a third of a cycle (115 s of processor
        time for 21,000 events, 81 without). When an executor is lost with its part the run ends, and the next one repeats it.
        """
        frame = self._spark.sql(sql)
        if not section.cached:
            frame.createOrReplaceTempView(section.name)
            return
        frame.localCheckpoint(eager=False).createOrReplaceTempView(f"{section.name}_rows")
        # As text, so that each mention has columns of its own: two of the same frame in one join are not told apart.
        self._spark.sql(f"create or replace temporary view {section.name} as select * from {section.name}_rows")


def ensure_tables(lake: Lake, tables: Sequence[Table], lake_uri: Optional[str]) -> None:
    """Side by side: each is a few questions to the catalog."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda table: ensure_table(lake, table, lake_uri), tables))


def ensure_table(lake: Lake, table: Table, lake_uri: Optional[str]) -> None:
    """Creates what the migration has not, and sets the write properties that Athena's DDL cannot."""
    name = lake.sql_name(table.full_name)
    if not lake.exists(table.full_name):
        lake.spark.sql(f"create namespace if not exists {name.rsplit('.', 1)[0]}")
        lake.spark.sql(spark_create(table.ddl, name, lake_uri, WRITE_PROPERTIES))
        info("table-created", table=table.full_name)
        return
    have = {str(key): str(value) for key, value in dict(lake.load(table.full_name).properties()).items()}
    wrong = {key: value for key, value in WRITE_PROPERTIES.items() if have.get(key) != value}
    if wrong:
        listed = ", ".join(f"'{key}' = '{value}'" for key, value in sorted(wrong.items()))
        lake.spark.sql(f"alter table {name} set tblproperties ({listed})")


def table_values(lake: Lake, table: Table, branch: str, run_at: datetime) -> Dict[str, str]:
    head = lake.head(table.full_name)
    return {
        "target": lake.branch_name(table.full_name, branch),
        # The rows before this run. Spark forgets what it has cached of ${target} once that is written to, of these it does not.
        "stored": f"{lake.sql_name(table.full_name)}{f' version as of {head}' if head is not None else ''}",
        "run_at": literal(run_at, "run_at"),
    }


def load_sections(files: Files, table: Table) -> List[Section]:
    """The statements of the table's load in order: pieces in place, changes and their MERGE written out."""
    path = f"{table.folder}/load.sql"
    return with_changes(table, read_sections(files, path))


def run_load(
    lake: Lake, views: Views, table: Table, branch: str, load: Sequence[Section], values: Mapping[str, str], replaced: Optional[str],
    quarantine: Any,
) -> "tuple[int, int, Dict[str, str]]":
    """
    (rows written, rows quarantined, all values incl. literals). The branch must be open. `replaced`: rows that go first,
    on the branch only: readers keep them until the new ones have passed the gate.
    """
    known: Dict[str, str] = dict(values)
    where = f"{table.folder}/load.sql"
    quarantined = 0
    if replaced:
        lake.spark.sql(f"delete from {known['target']} where {replaced}")
    before = lake.head(table.full_name, branch)
    for section in load:
        sql = render(section.sql, known, where)
        if section.kind == "view":
            views.add(section, sql)
        elif section.kind == "literals":
            row = lake.spark.sql(sql).collect()[0]
            known.update({name: literal(value, where) for name, value in row.asDict().items()})
        elif section.kind == "quarantine":
            quarantined += quarantine(table, lake.spark.sql(sql))
        else:
            lake.spark.sql(sql)
    return lake.rows_added(table.full_name, branch, before), quarantined, known
