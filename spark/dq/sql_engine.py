"""
The same rules as plain Spark SQL: `dq.engine: sql`. Rules over columns of primary are one query, which scans once; rules
that are queries are one statement; each other rule is a query of its own.
"""
from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Dict, List, Optional, Sequence

from pyspark.sql import DataFrame, SparkSession

from dq.custom_sql import Asked, ask_all
from dq.dqdl import Constraint, NotDqdl, Question, read_rule
from dq.ruleset import Rule
from dq.verdict import Metric

# Small queries wait for the driver more than for cores; four at once keep two cores busy.
_THREADS = 4
_EVERY_ROW = Constraint(">=", 1.0)


def evaluate(spark: SparkSession, primary: DataFrame, rules: Sequence[Rule], sources: Dict[str, DataFrame]) -> Dict[str, Metric]:
    """Rule id → metric. `primary` and the sources are also views of those names."""
    found: Dict[str, Metric] = {}
    columns: List[Asked] = []
    queries: List[Asked] = []
    others: List[Asked] = []
    for rule in rules:
        try:
            question = read_rule(rule.text)
        except NotDqdl as problem:
            found[rule.id] = Metric("error", None, None, str(problem), 0)
            continue
        kind = columns if question.family in _COLUMN_SQL else queries if question.family == "CustomSql" else others
        kind.append((rule, question))
    jobs: List[Callable[[], Dict[str, Metric]]] = [lambda: _columns(primary, columns)] if columns else []
    jobs += [lambda: ask_all(spark, queries)] if queries else []
    jobs += [lambda one=one: _single(spark, primary, one, sources) for one in others]
    with ThreadPoolExecutor(_THREADS) as pool:
        for metrics in pool.map(lambda job: job(), jobs):
            found.update(metrics)
    return found


def _share(condition: str, question: Question) -> str:
    """Of the rows that the filter leaves; of none, all."""
    among = f" filter (where {question.filter})" if question.filter else ""
    return f"coalesce(avg(if({condition}, 1.0D, 0.0D)){among}, 1.0D)"


def _column_values(question: Question) -> str:
    column, constraint = f"`{question.names[0]}`", question.constraint
    assert constraint is not None
    if constraint.operator in ("in", "not in"):
        # DQDL's strings are in double quotes, which in Spark SQL are strings as well.
        condition = f"{column} {constraint.operator} ({constraint.values})"
    elif constraint.operator == "between":
        condition = f"{column} > {constraint.low!r}D and {column} < {constraint.high!r}D"
    else:
        condition = f"{column} {constraint.operator} {constraint.low!r}D"
    return _share(f"coalesce({condition}, false)", question)


_COLUMN_SQL: Dict[str, Callable[[Question], str]] = {
    "RowCount": lambda question: "cast(count(*) as double)",
    "IsComplete": lambda question: _share(f"`{question.names[0]}` is not null", question),
    "Completeness": lambda question: _share(f"`{question.names[0]}` is not null", question),
    "ColumnValues": _column_values,
}


def _columns(primary: DataFrame, asked: List[Asked]) -> Dict[str, Metric]:
    started = time.monotonic()
    try:
        row = primary.selectExpr(*[f"{_COLUMN_SQL[question.family](question)} as m{n}" for n, (_, question) in enumerate(asked)]).collect()[0]
    except Exception as problem:  # noqa: BLE001 - a column that is gone must not hide what the others would have said
        if len(asked) > 1:
            found: Dict[str, Metric] = {}
            for one in asked:
                found.update(_columns(primary, [one]))
            return found
        return {asked[0][0].id: _error(problem, started)}
    each = _ms(started) // len(asked)
    return {rule.id: _metric(question, row[n], each) for n, (rule, question) in enumerate(asked)}


def _single(spark: SparkSession, primary: DataFrame, one: Asked, sources: Dict[str, DataFrame]) -> Dict[str, Metric]:
    rule, question = one
    started = time.monotonic()
    try:
        value = _SINGLE[question.family](spark, primary, question, sources)
    except Exception as problem:  # noqa: BLE001 - whatever was thrown, the rule has no answer
        return {rule.id: _error(problem, started)}
    return {rule.id: _metric(question, value, _ms(started))}


Single = Callable[[SparkSession, DataFrame, Question, Dict[str, DataFrame]], Optional[float]]


def _unique(spark: SparkSession, primary: DataFrame, question: Question, sources: Dict[str, DataFrame]) -> Optional[float]:
    """Share of rows whose values no other row has. A row without one of them is not unique."""
    columns = [f"`{name}`" for name in question.names]
    complete = " and ".join(f"{column} is not null" for column in columns)
    counted = primary.groupBy(*question.names).count().selectExpr(f"coalesce(sum(if(count = 1 and {complete}, 1.0D, 0.0D)) / sum(count), 0.0D)")
    return float(counted.collect()[0][0])


def _row_match(spark: SparkSession, primary: DataFrame, question: Question, sources: Dict[str, DataFrame]) -> Optional[float]:
    return _ratio(float(primary.count()), float(sources[question.names[0]].count()))


def _aggregate_match(spark: SparkSession, primary: DataFrame, question: Question, sources: Dict[str, DataFrame]) -> Optional[float]:
    """`sum(column)` against `sum(source.column)`."""
    ours, theirs = question.names
    source = theirs.split("(", 1)[1].split(".", 1)[0]
    there = sources[source].selectExpr(f"cast({theirs.replace(source + '.', '')} as double)").collect()[0][0]
    return _ratio(primary.selectExpr(f"cast({ours} as double)").collect()[0][0], there)


def _ratio(ours: Optional[float], theirs: Optional[float]) -> Optional[float]:
    if ours is None or theirs is None:
        return None
    if theirs == 0:
        # Nothing on both sides agrees; something against nothing is as far apart as can be.
        return 1.0 if ours == 0 else float("inf")
    return ours / theirs


_SINGLE: Dict[str, Single] = {
    "Uniqueness": _unique,
    "IsPrimaryKey": _unique,
    "RowCountMatch": _row_match,
    "AggregateMatch": _aggregate_match,
}


def _metric(question: Question, value: Optional[float], duration_ms: int) -> Metric:
    if value is None:
        return Metric("error", None, None, "the query gave no value", duration_ms)
    name = f"{question.family}.{'.'.join(question.names)}"
    # A list or a range says what every row's value is: the share of those that keep to it must be all.
    constraint = question.constraint if question.family != "ColumnValues" else None
    if (constraint or _EVERY_ROW).holds(value):
        return Metric("passed", name, value, None, duration_ms)
    return Metric("failed", name, value, f"Value: {value} does not meet the constraint requirement!", duration_ms)


def _error(problem: Exception, started: float) -> Metric:
    return Metric("error", None, None, str(problem).split("\n")[0][:500], _ms(started))


def _ms(started: float) -> int:
    return int((time.monotonic() - started) * 1000)
