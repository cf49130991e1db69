"""
DQDL through Deequ's EvaluateDataQuality.

Rules over columns and other datasets go in one call, which scans once; CustomSql goes to dq/custom_sql.py. What is not
recognised as a measured failure is an error, so that a warn rule that could not run stops the gate like any other.
"""
from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, List, Optional, Sequence, Tuple

from pyspark.sql import DataFrame, SparkSession

from dq.custom_sql import ask_all
from dq.dqdl import read_rule
from dq.ruleset import Rule, normalise
from dq.verdict import Metric

ENGINE_VERSION = "deequ 2.1.0-spark-3.5, dqdl 1.0.0"
# The only sentences by which Deequ says "measured, and refused".
_MEASURED = re.compile(r"^Value: (?P<value>-?[0-9.]+(?:E-?[0-9]+)?) does not meet the constraint requirement[!.]?\s*$")


def evaluate(spark: SparkSession, primary: DataFrame, rules: Sequence[Rule], sources: Dict[str, DataFrame]) -> Dict[str, Metric]:
    """Rule id → metric. A rule the engine said nothing of is absent; one that raised is an error."""
    queries = [(rule, read_rule(rule.text)) for rule in rules if rule.is_custom_sql]
    others = [rule for rule in rules if not rule.is_custom_sql]
    with ThreadPoolExecutor(2) as pool:
        asked = pool.submit(lambda: ask_all(spark, queries))
        found = _batch(spark, primary, others, sources) if others else {}
        return {**found, **asked.result()}


def _batch(spark: SparkSession, primary: DataFrame, rules: List[Rule], sources: Dict[str, DataFrame]) -> Dict[str, Metric]:
    started = time.monotonic()
    try:
        rows = _process(spark, primary, [rule.text for rule in rules], sources)
    except Exception as problem:  # noqa: BLE001 - whatever Deequ throws, the rules of this call have no answer
        reason = str(problem).split("\n")[0]
        if len(rules) > 1:
            # One unreadable rule must not hide what the others would have said.
            found: Dict[str, Metric] = {}
            for rule in rules:
                found.update(_batch(spark, primary, [rule], sources))
            return found
        return {rules[0].id: Metric("error", None, None, reason, _ms(started))}
    by_text = {normalise(row["Rule"]): row for row in rows}
    duration = _ms(started) // max(len(rules), 1)
    answered = ((rule, by_text.get(normalise(rule.text))) for rule in rules)
    return {rule.id: _metric(rule, row, duration) for rule, row in answered if row is not None}


def _process(spark: SparkSession, primary: DataFrame, texts: List[str], sources: Dict[str, DataFrame]) -> List[Any]:
    jvm = spark._jvm
    ruleset = "Rules = [\n" + ",\n".join(texts) + "\n]"
    engine = jvm.com.amazon.deequ.dqdl.EvaluateDataQuality
    extra = jvm.java.util.HashMap()
    for name, frame in sources.items():
        extra.put(name, frame._jdf)
    scala_map = jvm.scala.collection.JavaConverters.mapAsScalaMapConverter(extra).asScala().toMap(jvm.scala.Predef.conforms())
    return DataFrame(engine.process(primary._jdf, ruleset, scala_map), spark).collect()


def _metric(rule: Rule, row: Any, duration_ms: int) -> Metric:
    outcome, reason = row["Outcome"], row["FailureReason"]
    name, value = _measured(rule, row["EvaluatedMetrics"] or {})
    if outcome == "Passed":
        return Metric("passed", name, value, None, duration_ms)
    if outcome == "Failed":
        match = _MEASURED.match((reason or "").strip())
        if match:
            return Metric("failed", name or rule.text.split(" ")[0], float(match.group("value")), reason, duration_ms)
        return Metric("error", None, None, (reason or "failed without a reason").split("\n")[0], duration_ms)
    return Metric("skipped" if outcome == "Skipped" else "error", None, None, f"outcome {outcome}", duration_ms)


def _measured(rule: Rule, metrics: Dict[str, float]) -> Tuple[Optional[str], Optional[float]]:
    """The metric of the rule. Several (a key's uniqueness and completeness): the worst one decides."""
    if not metrics:
        # A passed ColumnValues without a threshold holds for every row; Deequ gives no number for `between`.
        return None, None
    name = min(metrics, key=lambda key: metrics[key])
    return name, float(metrics[name])


def _ms(started: float) -> int:
    return int((time.monotonic() - started) * 1000)
