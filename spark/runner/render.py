"""
SQL files: `${name}` is replaced by a configured value, nothing else; `-- @kind name` starts a section.

  -- @view <name> [cached]   select …   a temporary view; cached when several statements read it
  -- @literals               select …   one row; each column becomes a ${literal} (dates, times, numbers: never event text)
  -- @quarantine             select …   rows for dq_audit.quarantine
  -- @merge                  merge into ${target} …
  -- @changes, @merge_changes   see runner/changes.py
"""
from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Dict, List, Mapping

from runner.outcome import RunnerError

_PLACEHOLDER = re.compile(r"\$\{([a-z0-9_.]+)\}")
_SECTION = re.compile(
    r"^-- @(?P<kind>view|literals|quarantine|merge|changes|merge_changes)\b[ ]*(?P<name>[a-z_0-9]*)[ ]*(?P<cached>cached)?(?:and (?P<more>[a-z_]+))?\s*$"
)
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True)
class Section:
    kind: str
    name: str
    cached: bool
    sql: str
    more: str = ""  # of @changes <name> and <more>


def render(text: str, values: Mapping[str, str], where: str) -> str:
    """Replaces every placeholder; an unknown one is an error, not an empty string."""

    def value(match: "re.Match[str]") -> str:
        if match.group(1) not in values:
            raise RunnerError(f"{where}: no value for ${{{match.group(1)}}}")
        return values[match.group(1)]

    return _PLACEHOLDER.sub(value, text)


def sections(text: str, where: str) -> List[Section]:
    found: List[Section] = []
    body: List[str] = []
    head = None
    for number, line in enumerate(text.split("\n"), 1):
        match = _SECTION.match(line)
        if match or head is None:
            if line.startswith("-- @") and not match:
                raise RunnerError(f"{where}:{number}: unknown section: {line}")
            if head is None and not match and line.strip() and not line.startswith("--"):
                raise RunnerError(f"{where}:{number}: SQL before the first section")
        if match:
            if head:
                found.append(_section(head, body))
            head, body = match, []
        elif head:
            body.append(line)
    if head:
        found.append(_section(head, body))
    return found


def _section(head: "re.Match[str]", body: List[str]) -> Section:
    return Section(head["kind"], head["name"], bool(head["cached"]), "\n".join(body).strip(), head["more"] or "")


def literal(value: Any, where: str) -> str:
    """
    SQL text of a value that a query returned. Text other than a day is refused: events must not reach SQL text.
    Structs (<column>, until) become a condition: file statistics answer `column >= a and column < b or …`, a join cannot.
    """
    if _is_range(value):
        column = value.__fields__[0]
        return f"({column} >= {literal(value[0], where)} and {column} < {literal(value[1], where)})"
    if isinstance(value, (list, tuple)) and value and _is_range(value[0]):
        return f"({' or '.join(literal(item, where) for item in value)})"
    if isinstance(value, (list, tuple)):
        return ", ".join(literal(item, where) for item in value) or "''"
    if isinstance(value, datetime):
        return f"timestamp_ntz'{value.isoformat(sep=' ', timespec='microseconds')}'"
    if isinstance(value, (date,)):
        return f"'{value.isoformat()}'"
    if isinstance(value, bool) or value is None:
        return str(value).lower() if value is not None else "null"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str) and _DAY.match(value):
        return f"'{value}'"
    raise RunnerError(f"{where}: a literal must be a day, a time or a whole number")


def _is_range(value: Any) -> bool:
    return getattr(value, "__fields__", [""])[1:] == ["until"]


def threshold_values(thresholds: Mapping[str, Any]) -> Dict[str, str]:
    """Numbers as they are, days and words in quotes."""
    return {
        name: str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else f"'{value}'"
        for name, value in thresholds.items()
    }
