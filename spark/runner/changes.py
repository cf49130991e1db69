"""
The end of an incremental load, the same for every table: rows computed now (view `fresh`) against the rows as they are.

  -- @changes <stored> [and <more>]   the rows that are new, differ, or are gone: view `changes`; <more>: changes known already
  -- @merge_changes                   writes them; its body: which part of the target they can be in, so that files are pruned

The changes are found first, by a full join with a flag: WHEN NOT MATCHED BY SOURCE reads the whole target, every cycle.
"""
from __future__ import annotations

from typing import List, Tuple

from runner.render import Section
from runner.tables import Table


def with_changes(table: Table, found: List[Section]) -> List[Section]:
    """The sections of a load, with @changes and @merge_changes written out for the table's key and columns."""
    return [_written_out(table, section) for section in found]


def unchanged(table: Table) -> str:
    """Condition that the rows `f` (computed now) and `e` (stored) say the same, whenever they were computed."""
    columns = [name for name in table.ddl.names if name not in table.key and not name.endswith("_processed_at")]
    return " and ".join(f"f.`{name}` <=> e.`{name}`" for name in columns)


def _written_out(table: Table, section: Section) -> Section:
    if section.kind == "changes":
        return Section("view", "changes", True, _changes(table, section.name, section.more))
    if section.kind == "merge_changes":
        return Section("merge", "", False, _merge(table, section.sql))
    return section


def _identity(table: Table) -> Tuple[str, ...]:
    """Key, and the partition's day: a MERGE that names it reads that day's files only."""
    return tuple(dict.fromkeys((table.partition[0], *table.key)))


def _changes(table: Table, stored: str, more: str) -> str:
    same = " and ".join(f"f.{name} = e.{name}" for name in table.key)
    rows = ",\n  ".join(f"coalesce(f.{name}, e.{name}) as row_{name}" for name in _identity(table))
    key = table.key[0]
    known = ", ".join(f"{name} as row_{name}" for name in _identity(table))
    also = f"\nunion all\nselect {known}, false as is_gone, * from {more}" if more else ""
    return f"""select
  {rows},
  f.{key} is null as is_gone,
  f.*
from fresh f
full outer join {stored} e on {same}
where f.{key} is null or e.{key} is null or not ({unchanged(table)}){also}"""


def _merge(table: Table, within: str) -> str:
    same = " and ".join(f"t.{name} = s.row_{name}" for name in _identity(table))
    return f"""merge into ${{target}} t
using changes s
on {within}
  and {same}
when matched and s.is_gone then delete
when matched then update set *
when not matched then insert *"""
