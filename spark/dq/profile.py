"""
What a frame looks like, in numbers that can be compared with those of other days. Two queries over the frame, side by
side; nothing is kept of any single event.
"""
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from pyspark.sql import DataFrame, Row, SparkSession

_PERCENTILES = (("p05", 0.05), ("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
# Values of a category that get a row of their own: what a mix is made of, not its long tail.
_TOP_VALUES = 20
# An event's text may stand in a column of names, but never at length.
_MAX_VALUE_CHARS = 60


@dataclass(frozen=True)
class ProfileSpec:
    columns: Tuple[str, ...] = ()
    numbers: Tuple[str, ...] = ()
    texts: Tuple[str, ...] = ()
    categories: Tuple[str, ...] = ()
    by_wiki: Tuple[str, ...] = ()
    wikis: Tuple[str, ...] = ()


@dataclass(frozen=True)
class Measure:
    """One row of dq_audit.profile_metrics, but for what all rows of a profile share."""

    column: str
    metric: str
    value: float
    segment: str = "*"


@dataclass(frozen=True)
class Profile:
    rows: int
    measures: Tuple[Measure, ...]
    # Of each category how many rows have each value; NULL is a value of its own, ''.
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def null_rows(self, column: str) -> Optional[int]:
        found = next((one for one in self.measures if (one.column, one.metric, one.segment) == (column, "null_rate", "*")), None)
        return None if found is None else round(found.value * self.rows)


def spec_of(document: Any, table: str, wikis: Sequence[str]) -> ProfileSpec:
    """The entry of profile.yml; an empty one for a table that has none."""
    entry = (document or {}).get(table)
    if not entry:
        return ProfileSpec()
    return ProfileSpec(**{name: tuple(columns) for name, columns in entry.items()}, wikis=tuple(sorted(wikis)))


def take_profile(spark: SparkSession, spec: ProfileSpec) -> Profile:
    """Of the view `primary`. Raises what Spark raises: a frame that cannot be measured cannot be judged."""
    with ThreadPoolExecutor(3) as pool:
        whole = pool.submit(lambda: spark.sql(_whole_sql(spec)).collect()[0])
        mixed = pool.submit(lambda: spark.sql(_mix_sql(spec.categories)).collect() if spec.categories else [])
        wikis = pool.submit(lambda: spark.sql(_wiki_sql(spec)).collect() if spec.by_wiki and spec.wikis else [])
        row, mix, segments = whole.result(), mixed.result(), wikis.result()
    rows = int(row["n"])
    counts = _counts(spec.categories, mix)
    measures = [Measure("*", "row_count", float(rows))]
    if rows:
        measures += _of_row(row, "*", [*spec.columns, *spec.numbers, *spec.texts], spec)
        measures += [measure for column in spec.categories for measure in _of_counts(column, counts[column], rows)]
        for one in segments:
            measures += [Measure("*", "row_count", float(one["n"]), one["wiki"])] + _of_row(one, one["wiki"], spec.by_wiki, spec)
    return Profile(rows, tuple(measures), counts)


def _whole_sql(spec: ProfileSpec) -> str:
    return f"select {', '.join(['count(*) as n', *_aggregates([*spec.columns, *spec.numbers, *spec.texts], spec)])} from primary"


def _wiki_sql(spec: ProfileSpec) -> str:
    listed = ", ".join(f"'{wiki}'" for wiki in spec.wikis)
    return f"select wiki, {', '.join(['count(*) as n', *_aggregates(spec.by_wiki, spec)])} from primary where wiki in ({listed}) group by wiki"


def _mix_sql(categories: Sequence[str]) -> str:
    pairs = ", ".join(f"'{name}', coalesce(cast(`{name}` as string), '')" for name in categories)
    return f"select name, value, count(*) as n from (select stack({len(categories)}, {pairs}) as (name, value) from primary) group by name, value"


def _aggregates(columns: Sequence[str], spec: ProfileSpec) -> List[str]:
    """Named <column>__<metric>."""
    found: Dict[str, str] = {}
    for name in columns:
        found[f"{name}__present"] = f"count(`{name}`)"
        if name in spec.numbers:
            wanted = ", ".join(str(share) for _, share in _PERCENTILES)
            found[f"{name}__percentiles"] = f"percentile_approx(cast(`{name}` as double), array({wanted}), 1000)"
            found.update({f"{name}__{metric}": f"{metric}(cast(`{name}` as double))" for metric in ("min", "max", "stddev")})
            found[f"{name}__mean"] = f"avg(`{name}`)"
        if name in spec.texts:
            found[f"{name}__mean_length"] = f"avg(length(`{name}`))"
            found[f"{name}__distinct_count"] = f"approx_count_distinct(`{name}`, 0.02)"
    return [f"{expression} as `{name}`" for name, expression in found.items()]


def _of_row(row: Row, segment: str, columns: Sequence[str], spec: ProfileSpec) -> List[Measure]:
    found: List[Measure] = []
    for column in dict.fromkeys(columns):
        values: Dict[str, Any] = {"null_rate": 1 - row[f"{column}__present"] / row["n"]}
        if column in spec.numbers:
            values.update({metric: row[f"{column}__{metric}"] for metric in ("min", "max", "mean", "stddev")})
            shares = row[f"{column}__percentiles"] or [None] * len(_PERCENTILES)
            values.update({metric: value for (metric, _), value in zip(_PERCENTILES, shares)})
        if column in spec.texts:
            values.update({metric: row[f"{column}__{metric}"] for metric in ("mean_length", "distinct_count")})
        found += [Measure(column, metric, float(value), segment) for metric, value in values.items() if value is not None]
    return found


def _counts(categories: Sequence[str], mix: Sequence[Row]) -> Dict[str, Dict[str, int]]:
    found: Dict[str, Dict[str, int]] = {name: {} for name in categories}
    for row in mix:
        found[row["name"]][row["value"]] = row["n"]
    return found


def _of_counts(column: str, counts: Mapping[str, int], rows: int) -> List[Measure]:
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_TOP_VALUES]
    shares = [Measure(f"{column}={value[:_MAX_VALUE_CHARS]}", "mean", count / rows) for value, count in common]
    named = [value for value in counts if value != ""]
    return [
        Measure(column, "null_rate", counts.get("", 0) / rows),
        Measure(column, "distinct_count", float(len(named))),
        Measure(column, "top_value_share", max(counts.values(), default=0) / rows),
        *shares,
    ]


PROFILE_SCHEMA = (
    "run_id string, layer string, table_name string, column_name string, segment string, metric_name string, run_date string, "
    "metric_value double, rows_profiled bigint, window_start timestamp_ntz, profiled_at timestamp_ntz"
)


def profile_rows(
    run_id: str, layer: str, table: str, profile: Profile, window_start: Optional[datetime], at: datetime
) -> List[Tuple[Any, ...]]:
    """Rows of dq_audit.profile_metrics."""
    unique = {(one.column, one.segment, one.metric): one for one in profile.measures}
    return [
        (run_id, layer, table, one.column, one.segment, one.metric, at.strftime("%Y-%m-%d"), one.value, profile.rows, window_start, at)
        for one in unique.values()
    ]


def profile_frame(spark: SparkSession, rows: Sequence[Tuple[Any, ...]]) -> DataFrame:
    return spark.createDataFrame(list(rows), PROFILE_SCHEMA).coalesce(1)
