"""The one place that configures the Spark session. The catalog itself comes from outside (start-job, the local runtime, tests)."""
from __future__ import annotations

from pyspark.sql import SparkSession

from runner.args import Config

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    # Every timestamp of the lake is without zone; a zoned one would change the columns' type.
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.adaptive.coalescePartitions.enabled": "true",
    # Every statement's plan is written out for a page that nobody opens.
    "spark.sql.ui.explainMode": "simple",
    "spark.sql.debug.maxToStringFields": "0",
    "spark.sql.maxPlanStringLength": "1000",
    # The optimizer's inferred conditions grow by the power of the columns that a plan renames: the scores of one edit filled a
    # heap of 1 GB and planned for ten minutes. Our statements say by themselves which days and hours they read.
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.mapKeyDedupPolicy": "LAST_WIN",
    # Views of one run are cached and read many times; the default of 200 partitions costs more than the work.
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.iceberg.handle-timestamp-without-timezone": "true",
}
# Compiling a plan, or planning it again after each of its stages, costs more than it saves until there are this many rows.
PLAN_AGAIN_FROM_ROWS = 300_000
# A cycle is some 20,000 to some 100,000 rows: each task more costs more than it does (two instead of four: 7 % of a cycle).
DEFAULT_SHUFFLE_PARTITIONS = 2


def open_session(config: Config) -> SparkSession:
    builder = SparkSession.builder.appName(f"wikilake-{config.command}")
    for key, value in SETTINGS.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    apply_settings(session, config)
    return session


def apply_settings(session: SparkSession, config: Config) -> None:
    """Also on a session that exists already: the answers must not depend on who opened it."""
    for key, value in SETTINGS.items():
        if key.startswith("spark.sql."):
            session.conf.set(key, value)
    _plan_for(session, is_large=config.rebuild or config.days is not None)
    session.conf.set("spark.sql.shuffle.partitions", str(config.shuffle_partitions or DEFAULT_SHUFFLE_PARTITIONS))
    session.sparkContext.setLogLevel("WARN")


def fit_to(session: SparkSession, rows: int) -> None:
    """Small increments are interpreted and planned once, large ones compiled and planned again on the way; rebuilds as well."""
    _plan_for(session, is_large=rows >= PLAN_AGAIN_FROM_ROWS)


def _plan_for(session: SparkSession, is_large: bool) -> None:
    for key in ("spark.sql.codegen.wholeStage", "spark.sql.adaptive.enabled"):
        session.conf.set(key, str(is_large).lower())
    # Else each expression is still compiled by itself: 10 of 157 s of processor time of a cycle.
    session.conf.set("spark.sql.codegen.factoryMode", "FALLBACK" if is_large else "NO_CODEGEN")
