"""Iceberg through the JVM: snapshots and their summaries, increments, branches, and small objects by the table's own FileIO."""
from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from pyspark.sql import DataFrame, SparkSession

PREFIX = "wikilake."
# One name for all runs is impossible (two runs would share it); all of ours begin so, leftovers are found by it.
BRANCH_PREFIX = "audit_"


class Lake:
    """The catalog as the job uses it. Table names are `<layer>.<table>`; databases are `<prefix>_<layer>`."""

    def __init__(self, spark: SparkSession, catalog: str, database_prefix: str) -> None:
        self.spark, self.catalog, self.prefix = spark, catalog, database_prefix
        # Only this run publishes; another one that did meanwhile is found out when main is moved.
        self._published: "Dict[str, Tuple[Optional[int], Dict[str, str]]]" = {}

    def sql_name(self, table: str) -> str:
        layer, name = table.split(".")
        return f"{self.catalog}.{self.prefix}_{layer}.{name}"

    def short_name(self, table: str) -> str:
        layer, name = table.split(".")
        return f"{self.prefix}_{layer}.{name}"

    def load(self, table: str) -> Any:
        """The table's Java object, refreshed."""
        jvm = self.spark._jvm
        found = jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(self.spark._jsparkSession, self.sql_name(table))
        found.refresh()
        return found

    def head(self, table: str, branch: Optional[str] = None) -> Optional[int]:
        """Snapshot id of main or of a branch; None when there is none yet."""
        found = self.load(table)
        snapshot = found.snapshot(branch) if branch else found.currentSnapshot()
        return snapshot.snapshotId() if snapshot is not None else None

    def row_count(self, table: str) -> int:
        """Rows of main, as its snapshot says."""
        snapshot = self.load(table).currentSnapshot()
        return int(dict(snapshot.summary()).get("total-records", "0")) if snapshot is not None else 0

    def ancestors(self, table: str, head: Optional[int]) -> List[Tuple[int, str]]:
        """(id, operation) from `head` back to the oldest snapshot kept."""
        java, found = self.load(table), []
        snapshot = java.snapshot(self._long(head)) if head is not None else None
        while snapshot is not None:
            found.append((snapshot.snapshotId(), snapshot.operation()))
            parent = snapshot.parentId()
            snapshot = java.snapshot(self._long(parent)) if parent is not None else None
        return found

    def published(self, table: str) -> "Tuple[Optional[int], Dict[str, str]]":
        """Newest snapshot of main that a run published, and what it recorded (compaction adds snapshots without)."""
        if table not in self._published:
            self._published[table] = self._find_published(table)
        return self._published[table]

    def _find_published(self, table: str) -> "Tuple[Optional[int], Dict[str, str]]":
        java = self.load(table)
        snapshot = java.currentSnapshot()
        while snapshot is not None:
            summary = {str(key): str(value) for key, value in dict(snapshot.summary()).items()}
            if PREFIX + "run-id" in summary:
                return snapshot.snapshotId(), {k[len(PREFIX) :]: v for k, v in summary.items() if k.startswith(PREFIX)}
            parent = snapshot.parentId()
            snapshot = java.snapshot(self._long(parent)) if parent is not None else None
        return None, {}

    def at(self, table: str, snapshot_id: int) -> DataFrame:
        return self.spark.read.format("iceberg").option("snapshot-id", snapshot_id).load(self.sql_name(table))

    def appended(self, table: str, after: int, until: int) -> DataFrame:
        """Rows of the append snapshots in (after, until]; `replace` snapshots add nothing and are skipped by Iceberg."""
        reader = self.spark.read.format("iceberg").option("start-snapshot-id", after).option("end-snapshot-id", until)
        return reader.load(self.sql_name(table))

    def branch_name(self, table: str, branch: str) -> str:
        return f"{self.sql_name(table)}.branch_{branch}"

    def open_branch(self, table: str, branch: str) -> None:
        """A branch at main's head; what earlier runs left behind goes away in the same commit."""
        java = self.load(table)
        change = java.manageSnapshots()
        for leftover in [str(name) for name in java.refs().keySet() if str(name).startswith(BRANCH_PREFIX)]:
            change = change.removeBranch(leftover)
        head = java.currentSnapshot()
        if head is None:
            # The branch of a table without a snapshot begins with an empty one, which is a commit of its own.
            change.commit()
            self.load(table).manageSnapshots().createBranch(branch).commit()
            return
        change.createBranch(branch, head.snapshotId()).commit()

    def drop_branch(self, table: str, branch: str) -> None:
        self.load(table).manageSnapshots().removeBranch(branch).commit()

    def seal(self, table: str, branch: str, properties: Dict[str, str]) -> int:
        """An empty append that carries what this candidate consumed: it becomes visible with the rows, or not at all."""
        java = self.load(table)
        append = java.newFastAppend().toBranch(branch)
        for key, value in properties.items():
            append = append.set(PREFIX + key, value)
        append.commit()
        return java.snapshot(branch).snapshotId()

    def publish(self, table: str, branch: str) -> None:
        """main moves to the branch, if main is still where the branch began; the branch goes in the same commit."""
        self.load(table).manageSnapshots().fastForwardBranch("main", branch).removeBranch(branch).commit()
        self._published.pop(table, None)

    def rows_added(self, table: str, branch: str, before: Optional[int]) -> int:
        """Rows added on the branch since `before`, from the snapshots' own summaries."""
        java, written = self.load(table), 0
        snapshot = java.snapshot(branch)
        while snapshot is not None and snapshot.snapshotId() != before:
            written += int(dict(snapshot.summary()).get("added-records", "0"))
            parent = snapshot.parentId()
            snapshot = java.snapshot(self._long(parent)) if parent is not None else None
        return written

    def exists(self, table: str) -> bool:
        return self.spark.catalog.tableExists(self.sql_name(table))

    def _long(self, value: Any) -> Any:
        return int(value)


class Objects:
    """Small objects beside the tables, read and written by Iceberg's own FileIO: same client, endpoint and identity."""

    def __init__(self, lake: Lake, any_table: str) -> None:
        self._io = lake.load(any_table).io()
        self._jvm = lake.spark._jvm

    def write(self, path: str, text: str) -> None:
        stream = self._io.newOutputFile(path).createOrOverwrite()
        try:
            stream.write(bytearray(text.encode("utf-8")))
        finally:
            stream.close()

    def read(self, path: str) -> Optional[str]:
        """None when there is no such object."""
        file = self._io.newInputFile(path)
        if not file.exists():
            return None
        stream = file.newStream()
        try:
            return bytes(stream.readAllBytes()).decode("utf-8")
        finally:
            stream.close()
