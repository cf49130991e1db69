"""The part of DQDL that our rules use, as values: what is measured and what it must be. Pure."""
from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional, Tuple

_STRING = re.compile(r'\s*"((?:[^"\\]|\\.)*)"')
_WHERE = re.compile(r'\s+where\s+"((?:[^"\\]|\\.)*)"\s*$')
_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?(?:[eE]-?[0-9]+)?"
_COMPARE = re.compile(rf"^(>=|<=|=|>|<)\s*({_NUMBER})$")
_BETWEEN = re.compile(rf"^between\s+({_NUMBER})\s+and\s+({_NUMBER})$")
_LIST = re.compile(r"^(not in|in)\s*\[(.*)\]$")

# Family → how many quoted names it takes. IsPrimaryKey takes one or more.
_NAMES = {
    "RowCount": 0, "IsComplete": 1, "Completeness": 1, "Uniqueness": 1, "IsPrimaryKey": -1, "ColumnValues": 1,
    "CustomSql": 1, "RowCountMatch": 1, "AggregateMatch": 2,
}  # fmt: skip
# What these ask is in their name: every row, no exception.
_WITHOUT_CONSTRAINT = ("IsComplete", "IsPrimaryKey")
# Their value lies between 0 and 1 whatever the data.
_SHARES = ("Completeness", "Uniqueness")
_WITH_FILTER = ("Completeness", "ColumnValues")


class NotDqdl(ValueError):
    """A rule that cannot be read, asks nothing, or would hold whatever the data."""


@dataclass(frozen=True)
class Constraint:
    """operator: a comparison, `between` (both ends excluded, as DQDL has it), `in` or `not in` (values as written)."""

    operator: str
    low: float = 0.0
    high: float = 0.0
    values: str = ""

    def holds(self, value: float) -> bool:
        if self.operator == "between":
            return self.low < value < self.high
        return {
            ">=": value >= self.low, "<=": value <= self.low, "=": value == self.low, ">": value > self.low, "<": value < self.low,
        }[self.operator]  # fmt: skip


@dataclass(frozen=True)
class Question:
    family: str
    names: Tuple[str, ...]
    constraint: Optional[Constraint]
    filter: Optional[str]


def read_rule(text: str) -> Question:
    """NotDqdl says what is wrong with a rule of a family that we do not use, that has no constraint, or that cannot fail."""
    family, _, rest = text.strip().partition(" ")
    if family not in _NAMES:
        raise NotDqdl(f"{family or 'an empty rule'} is not one of {', '.join(_NAMES)}")
    names, rest = _names(family, f" {rest}")
    where = _WHERE.search(f" {rest}") if family in _WITH_FILTER else None
    if where:
        rest = f" {rest}"[: where.start()].strip()
    constraint = _constraint(rest) if rest else None
    if constraint is None and family not in _WITHOUT_CONSTRAINT:
        raise NotDqdl(f"{family} without a constraint asks nothing")
    question = Question(family, names, constraint, where.group(1) if where else None)
    _refuse_vacuous(question)
    return question


def _names(family: str, rest: str) -> "Tuple[Tuple[str, ...], str]":
    wanted, found = _NAMES[family], []
    while len(found) != wanted:
        match = _STRING.match(rest)
        if not match:
            break
        found.append(match.group(1))
        rest = rest[match.end() :]
    if len(found) < (wanted if wanted >= 0 else 1):
        raise NotDqdl(f"{family} needs {abs(wanted)} quoted name(s)")
    return tuple(found), rest.strip()


def _constraint(text: str) -> Constraint:
    compare, between, listed = _COMPARE.match(text), _BETWEEN.match(text), _LIST.match(text)
    if compare:
        return Constraint(compare.group(1), float(compare.group(2)))
    if between:
        return Constraint("between", float(between.group(1)), float(between.group(2)))
    if listed and listed.group(2).strip():
        return Constraint(listed.group(1), values=listed.group(2))
    raise NotDqdl(f"not a constraint: {text[:80]}")


def _refuse_vacuous(question: Question) -> None:
    family, constraint = question.family, question.constraint
    if family == "CustomSql" and " from " not in f" {question.names[0].lower()} ":
        raise NotDqdl("CustomSql over no table says the same whatever the data")
    if constraint is None or constraint.operator in ("in", "not in"):
        return
    # No count is below 0 and no share outside 0 to 1: a constraint that all of these meet can never fail.
    extremes = (0.0, 0.5, 1.0) if family in _SHARES else (0.0, 1.0, 1e18) if family == "RowCount" else ()
    if extremes and all(constraint.holds(value) for value in extremes):
        raise NotDqdl(f"{family} holds whatever the data")
