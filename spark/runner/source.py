"""An input as SQL: the table at the snapshot that is consumed, and the mark up to which it was consumed before."""
from __future__ import annotations

from datetime import datetime
from typing import Optional

from runner.render import literal
from runner.run import Run


def pinned(run: Run, name: str, snapshot: Optional[int]) -> str:
    """A table that never published is read as it is: empty."""
    return f"{run.lake.sql_name(name)}{f' version as of {snapshot}' if snapshot is not None else ''}"


def kept(run: Run, name: str, snapshot: Optional[str]) -> Optional[int]:
    """The snapshot's id while it can still be read (they are kept for three days), else None."""
    if snapshot is None or snapshot == "None" or run.lake.load(name).snapshot(int(snapshot)) is None:
        return None
    return int(snapshot)


def mark_literal(text: Optional[str]) -> str:
    """Rows processed later than this are new; before everything when nothing was consumed yet."""
    return literal(datetime.fromisoformat(text) if text else datetime(1, 1, 1), "mark")
