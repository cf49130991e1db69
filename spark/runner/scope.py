"""A session of its own for each table, so that tables can be loaded side by side without sharing names of views."""
from __future__ import annotations

from dataclasses import replace

from pyspark.sql import SparkSession

from runner.iceberg import Lake
from runner.run import Run


def scoped(run: Run) -> Run:
    """The same run in a session that begins with the views and settings of the run's; caches and the catalog are shared."""
    child = run.spark._jsparkSession.cloneSession()
    _share_catalog(run.spark._jsparkSession, child, run.config.catalog)
    session = SparkSession(run.spark.sparkContext, child)
    return replace(run, spark=session, lake=Lake(session, run.lake.catalog, run.lake.prefix))


def _share_catalog(parent, child, name: str) -> None:  # type: ignore[no-untyped-def] - Java objects
    """A session would make a catalog of its own: one more connection, and tables that do not see what others committed."""
    manager = parent.sessionState().catalogManager()
    catalog = manager.catalog(name)
    field = manager.getClass().getDeclaredField("catalogs")
    field.setAccessible(True)
    field.get(child.sessionState().catalogManager()).put(name, catalog)
