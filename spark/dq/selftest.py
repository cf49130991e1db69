"""Before any data is judged the engine shows that it can say no. An engine that passes everything passes this never."""
from __future__ import annotations

from typing import Callable, Dict, Sequence

from pyspark.sql import DataFrame, SparkSession

from dq.ruleset import Rule
from dq.verdict import Metric

Engine = Callable[[SparkSession, DataFrame, Sequence[Rule], Dict[str, DataFrame]], Dict[str, Metric]]

# One of each family used by the gates, each wrong about the frame below; the last is right, so that an engine that
# refuses everything is noticed as well.
_BAD = (
    ("bad.count", "RowCount > 5"),
    ("bad.complete", 'IsComplete "name"'),
    ("bad.values", 'ColumnValues "kind" in ["a"]'),
    ("bad.key", 'IsPrimaryKey "kind"'),
    ("bad.sql", 'CustomSql "select count(*) as v from selftest_frame" = 0'),
    ("bad.match", 'RowCountMatch "selftest_other" = 1.0'),
)
_GOOD = ("good.count", "RowCount > 1")


def _rule(identity: str, text: str) -> Rule:
    return Rule(identity, "validity", "fail", False, True, 0, "the engine can fail", text, None)


def self_test(spark: SparkSession, engine: Engine) -> "list[str]":
    """Names of the rules that were answered wrongly; empty when the engine can be trusted to fail."""
    frame = spark.sql("select * from values (1, 'x', 'b'), (2, cast(null as string), 'b') as t(id, name, kind)")
    frame.createOrReplaceTempView("selftest_frame")
    rules = [_rule(identity, text) for identity, text in (*_BAD, _GOOD)]
    metrics = engine(spark, frame, rules, {"selftest_other": spark.sql("select 1 as id")})
    wrong = [identity for identity, _ in _BAD if metrics.get(identity) is None or metrics[identity].outcome != "failed"]
    good = metrics.get(_GOOD[0])
    return wrong + ([] if good and good.outcome == "passed" else [_GOOD[0]])
