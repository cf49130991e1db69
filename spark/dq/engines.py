"""The two engines that evaluate the same rules: `dq.engine` names one."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, Sequence

from pyspark.sql import DataFrame, SparkSession

from dq import deequ_engine, sql_engine
from dq.ruleset import Rule
from dq.verdict import Metric

Evaluate = Callable[[SparkSession, DataFrame, Sequence[Rule], Dict[str, DataFrame]], Dict[str, Metric]]


@dataclass(frozen=True)
class Engine:
    name: str
    version: str  # as results record it
    evaluate: Evaluate


ENGINES = {
    "deequ": Engine("deequ", deequ_engine.ENGINE_VERSION, deequ_engine.evaluate),
    "sql": Engine("sql", "spark sql 3.5", sql_engine.evaluate),
}
