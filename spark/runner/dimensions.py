"""Reference lists → ops.dim_*, for queries. Replaced when a list has changed, by one commit a table; else not looked at."""
from __future__ import annotations

from datetime import datetime
from typing import Any, List, Optional, Sequence, Tuple

from pyspark.sql import functions as F

from runner.iceberg import PREFIX, Lake
from runner.log import info, warn
from runner.reference import Reference
from runner.rules import Domain

_Rows = Tuple[str, str, List[Tuple[Any, ...]]]  # table, schema, rows without loaded_at


def replace_dimensions(lake: Lake, reference: Reference, domains: Sequence[Domain], fingerprint: str, at: datetime) -> None:
    """A table that does not exist is left out: the migration makes them, and no row of silver depends on them."""
    for table, schema, rows in _contents(reference, domains):
        if not lake.exists(table):
            warn("reference-table-missing", table=table)
            continue
        frame = lake.spark.createDataFrame([(*row, at) for row in rows], f"{schema}, loaded_at timestamp_ntz").coalesce(1)
        writer = frame.writeTo(lake.sql_name(table)).option(f"snapshot-property.{PREFIX}rules", fingerprint)
        writer.overwrite(F.lit(True))
        info("reference-table-replaced", table=table, rows=len(rows))


def _contents(reference: Reference, domains: Sequence[Domain]) -> List[_Rows]:
    return [
        (
            "ops.dim_domain",
            "domain string, wiki string, language string, project string, region string, in_scope boolean",
            [(one.domain, one.wiki, one.language, one.project, one.region, one.in_scope) for one in domains],
        ),
        (
            "ops.dim_watch",
            "watch_id string, position int, label string, wiki string, title string, title_match string, namespaces string, "
            "tags string, severity string, notify_on string, mode string",
            [
                (
                    one.id, position, one.label, one.wiki, one.title, one.match, _listed(one.namespaces), _listed(one.tags),
                    one.severity, _listed(one.notify_on), reference.watch_mode,
                )  # fmt: skip
                for position, one in enumerate(reference.watch, 1)
            ],
        ),
        (
            "ops.dim_blacklist",
            "term_id string, pattern string, pattern_type string, fields string, wikis string, whole_word boolean, "
            "case_sensitive boolean, severity string, adds_risk boolean, expires string",
            [
                (
                    one.id, one.pattern, one.type, _listed(one.fields), _listed(one.wikis), one.whole_word,
                    one.case_sensitive, one.severity, one.adds_risk, one.expires,
                )  # fmt: skip
                for one in reference.terms
            ],
        ),
        (
            "ops.dim_trusted",
            "user_normalized string, role string, wikis string, reason string",
            [(one.user.replace("_", " "), one.role, _listed(one.wikis), one.reason) for one in reference.trusted],
        ),
    ]


def _listed(values: Sequence[object]) -> Optional[str]:
    return ",".join(str(value) for value in values) or None
