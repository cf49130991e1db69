"""
Rules that are a query: all of a gate are asked in one statement, as scalar subqueries, which Spark runs side by side and,
where they read the same frame, in one scan. Deequ would run each in a call of its own (in one call they share a metric's
name and each reports the value of the last), which on a cycle's few rows costs more than the queries themselves.
"""
from __future__ import annotations

import re
import time
from typing import Dict, List, Sequence, Tuple

from pyspark.sql import SparkSession

from dq.dqdl import Question
from dq.ruleset import Rule
from dq.verdict import Metric

Asked = Tuple[Rule, Question]

# `count(*) … where x` keeps a scan of its own; counting the rows for which x holds is the same and can share one.
_COUNT_WHERE = re.compile(r"^select count\(\*\) as v from (?P<view>[a-z_]+) where (?P<condition>.+)$", re.I | re.S)
# A statement of hundreds of subqueries takes longer to plan than to run.
_MOST_AT_ONCE = 40


def ask_all(spark: SparkSession, asked: Sequence[Asked]) -> Dict[str, Metric]:
    """Rule id → metric. A query that fails is asked again alone, so that it does not take the others' answers with it."""
    found: Dict[str, Metric] = {}
    for first in range(0, len(asked), _MOST_AT_ONCE):
        found.update(_ask(spark, list(asked[first : first + _MOST_AT_ONCE])))
    return found


def _ask(spark: SparkSession, asked: List[Asked]) -> Dict[str, Metric]:
    started = time.monotonic()
    try:
        row = spark.sql("select " + ", ".join(f"({_shared(question.names[0])}) as m{n}" for n, (_, question) in enumerate(asked))).collect()[0]
    except Exception as problem:  # noqa: BLE001 - whatever was thrown, a rule that was asked alone has no answer
        if len(asked) == 1:
            return {asked[0][0].id: Metric("error", None, None, str(problem).split("\n")[0][:500], _ms(started))}
        found: Dict[str, Metric] = {}
        for one in asked:
            found.update(_ask(spark, [one]))
        return found
    each = _ms(started) // len(asked)
    return {rule.id: _judged(question, row[n], each) for n, (rule, question) in enumerate(asked)}


def _shared(query: str) -> str:
    match = _COUNT_WHERE.match(query.strip())
    if not match or re.search(r"\b(group by|having|join|union|order by|limit)\b", match.group("condition"), re.I):
        return query
    return f"select count_if({match.group('condition')}) as v from {match.group('view')}"


def _judged(question: Question, value: object, duration_ms: int) -> Metric:
    """A NULL is no answer: an error, where DQDL would read a 0."""
    if value is None:
        return Metric("error", None, None, "the query gave no value", duration_ms)
    measured = float(value)  # type: ignore[arg-type]
    assert question.constraint is not None
    if question.constraint.holds(measured):
        return Metric("passed", "CustomSql", measured, None, duration_ms)
    return Metric("failed", "CustomSql", measured, f"Value: {measured} does not meet the constraint requirement!", duration_ms)


def _ms(started: float) -> int:
    return int((time.monotonic() - started) * 1000)
