"""
One Spark session for many row tests: reads commands as JSON lines on stdin, answers each with one JSON line on fd 3.
The lake is a local folder (hadoop catalog); bronze, ops and dq_audit tables are made from schemas/tables.
"""
from __future__ import annotations

import gzip
import json
import os
import re
import signal
import sys
import threading
import traceback
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "spark"))

from pyspark.sql import Row, SparkSession  # noqa: E402

from dq import deequ_engine  # noqa: E402
from dq.engines import ENGINES  # noqa: E402
from dq.ruleset import parse_ruleset  # noqa: E402
from dq.verdict import judge  # noqa: E402
from runner import gold_notices, job  # noqa: E402
from runner.args import parse_args  # noqa: E402
from runner.ddl import SPARK_TYPES, parse_ddl, spark_create  # noqa: E402
from runner.files import load_files  # noqa: E402
from runner.iceberg import Lake  # noqa: E402
from runner.job import run  # noqa: E402
from runner.render import threshold_values  # noqa: E402
from runner.rules import load_rules  # noqa: E402
from runner.session import SETTINGS, apply_settings  # noqa: E402
from runner.yaml_subset import parse_yaml  # noqa: E402

sys.path.insert(0, str(Path(__file__).parent))
from measure import cost, generate  # noqa: E402

BRONZE = parse_ddl((ROOT / "schemas/tables/bronze.raw_events.sql").read_text(), "bronze.raw_events")
MILLISECOND = timedelta(milliseconds=1)


class Killed(BaseException):
    """Not an Exception: nothing in the runner may catch it, as nothing catches a kill."""


def open_session(warehouse: str) -> SparkSession:
    builder = SparkSession.builder.master("local[2]").appName("row-tests")
    settings = {
        **SETTINGS,
        "spark.jars": os.environ["WIKILAKE_SPARK_JARS"],
        "spark.ui.enabled": "false",
        "spark.driver.memory": os.environ.get("WIKILAKE_DRIVER_MEMORY", "1g"),
        # Row tests are short: what the second compiler would gain it never earns back.
        # Its default code cache of 48 MB is full after one cycle, and a full one switches the compiler off.
        "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.warehouse.dir": f"{warehouse}/spark",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog",
        "spark.sql.catalog.lake.type": "hadoop",
        "spark.sql.catalog.lake.warehouse": f"{warehouse}/lake",
    }
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def create(spark: SparkSession, prefix: str) -> None:
    for path in sorted((ROOT / "schemas" / "tables").glob("*.sql")):
        ddl = parse_ddl(path.read_text(), path.name)
        layer, table = path.stem.split(".")
        if layer not in ("bronze", "ops", "dq_audit", "live"):
            continue
        spark.sql(f"create namespace if not exists lake.{prefix}_{layer}")
        spark.sql(spark_create(ddl, f"lake.{prefix}_{layer}.{table}", None, {}))


def moment(value):
    return datetime.fromisoformat(value.replace("Z", "")) if isinstance(value, str) else value


def bronze_row(given: dict) -> tuple:
    """Fills what a test does not care about, so that a row says only what it is about."""
    row = {name: None for name in BRONZE.names}
    event_at = moment(given["event_timestamp"])
    row.update(
        kafka_topic="raw-events", kafka_partition=0, event_type="edit", namespace=0, domain="en.wikipedia.org", title="A page",
        user="Somebody", comment="because", wiki="enwiki", is_bot=False, schema_version="1.0.0", source_kind="live",
        schema_uri="/mediawiki/recentchange/1.0.0", source_topic="eqiad.mediawiki.recentchange", batch_id="b",
        length_old=1000, length_new=1100, revision_old=1, revision_new=2, is_minor=False,
    )  # fmt: skip
    row.update(given)
    row["event_timestamp"] = event_at
    for name in ("kafka_timestamp", "producer_ingested_at", "bronze_processed_at"):
        row[name] = moment(row[name]) if row[name] else event_at + timedelta(seconds=2)
    row["rc_timestamp"] = moment(row["rc_timestamp"]) if row["rc_timestamp"] else event_at
    row["server_name"] = given.get("server_name", row["domain"])
    if "length_delta" not in given and row["event_type"] in ("edit", "new") and row["length_new"] is not None:
        old = 0 if row["event_type"] == "new" else row["length_old"]
        row["length_old"] = None if row["event_type"] == "new" else row["length_old"]
        row["length_delta"] = None if old is None else row["length_new"] - old
    if "event_date" not in given:
        row["event_date"] = event_at.strftime("%Y-%m-%d")
    if "event_hour" not in given:
        row["event_hour"] = event_at.hour
    if row["ingest_lag_ms"] is None:
        row["ingest_lag_ms"] = (row["bronze_processed_at"] - event_at) // MILLISECOND
    if "raw_event" not in given:
        row["raw_event"] = json.dumps({"meta": {"id": row["event_id"]}, "title": row["title"]})
    return tuple(row[name] for name in BRONZE.names)


BRONZE_SCHEMA = ", ".join(f"`{name}` {SPARK_TYPES[kind]}" for name, kind, _ in BRONZE.columns)


def append_bronze(spark: SparkSession, prefix: str, rows: list) -> int:
    frame = spark.createDataFrame([bronze_row(row) for row in rows], BRONZE_SCHEMA)
    frame.coalesce(1).sortWithinPartitions("event_date", "event_hour").writeTo(f"lake.{prefix}_bronze.raw_events").append()
    return len(rows)


def rows_of_file(path: str, limit: int, kind: str) -> list:
    """Recentchange events of a file as bronze rows, in file order on 12 partitions."""
    opener = gzip.open if path.endswith(".gz") else open
    found, offsets = [], {}
    with opener(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if number >= limit:
                break
            event = json.loads(line)
            meta, length, revision = event["meta"], event.get("length", {}), event.get("revision", {})
            partition = hash_partition(f"{event['wiki']}:{event['title']}")
            offset = offsets.get(partition, 0)
            offsets[partition] = offset + 1
            at = datetime.fromisoformat(meta["dt"].replace("Z", ""))
            now = datetime(2026, 11, 1) + timedelta(milliseconds=number)
            delta = None
            if event["type"] in ("edit", "new") and "new" in length:
                delta = length["new"] - length.get("old", 0)
            found.append(
                {
                    "event_id": meta["id"], "event_timestamp": at, "domain": meta["domain"], "wiki": event["wiki"],
                    "server_name": event["server_name"], "title": event["title"], "user": event.get("user"),
                    "comment": event.get("comment"), "is_bot": event.get("bot"), "is_minor": event.get("minor"),
                    "is_patrolled": event.get("patrolled"), "event_type": event["type"], "namespace": event["namespace"],
                    "length_old": length.get("old"), "length_new": length.get("new"), "length_delta": delta,
                    "revision_old": revision.get("old"), "revision_new": revision.get("new"), "rc_id": event.get("id"),
                    "kafka_partition": partition, "kafka_offset": offset, "kafka_timestamp": now, "bronze_processed_at": now,
                    "producer_ingested_at": now, "source_kind": kind, "raw_event": line.rstrip("\n"),
                    "schema_uri": event["$schema"], "source_topic": meta["topic"], "log_id": event.get("log_id"),
                    "log_type": event.get("log_type"), "log_action": event.get("log_action"),
                    "log_params": json.dumps(event["log_params"]) if "log_params" in event else None,
                }
            )  # fmt: skip
    return found


def hash_partition(key: str) -> int:
    value = 0
    for char in key:
        value = (value * 31 + ord(char)) % 1_000_003
    return value % 12


def run_command(spark: SparkSession, given: dict) -> dict:
    """
    Also: `kill_at`, a boundary at which this process dies by SIGKILL; `nested` {at, args}, a run that begins and ends while
    this one stands at a boundary; `thresholds`, values of rules/thresholds.yml for this run; `watch`, queries that a reader
    repeats all the while: every different answer comes back as `seen`; `may_fail`, an exit by an error is an answer.
    """
    if given.get("thresholds"):
        with replaced(job, "load_rules", changed_rules(given.pop("thresholds"))):
            return run_command(spark, given)
    if given.get("watch"):
        with Reader(spark, given.pop("watch")) as reader:
            answer = run_command(spark, given)
        return {**answer, "seen": reader.seen, "looks": reader.looks}
    # Only these tables, where a person looks for something.
    only = os.environ.get("WIKILAKE_TABLES")
    config = parse_args([*given["args"], *(["--tables", only] if only and "--tables" not in given["args"] else [])])
    crash_at, nested = given.get("crash_at"), given.get("nested")
    inner = {}

    def boundary(name: str) -> None:
        if name == crash_at:
            raise Killed(name)
        if name == given.get("kill_at"):
            os.kill(os.getpid(), signal.SIGKILL)
        if nested and name == nested["at"] and not inner:
            inner.update(run_command(spark, {"args": nested["args"], "may_fail": True}))

    clock = {"clock": (lambda: moment(given["now"]))} if given.get("now") else {}
    try:
        code = run(spark, config, boundary=boundary, **clock)
        error = {}
        if code == 1:
            error = {"error": json.loads(Path(f"{config.stage_uri}/runs/{config.run_id}.json").read_text())["error"]}
        if code == 1 and not given.get("may_fail"):
            raise RuntimeError(f"the run ended with an error: {error['error']}")
        return {"exit": code, **error, **({"nested": inner} if nested else {})}
    except Killed as killed:
        spark.catalog.clearCache()
        return {"killed": str(killed)}


@contextmanager
def replaced(module, name: str, value):
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


def changed_rules(thresholds: dict):
    def load(files):
        found = load_rules(files)
        flat = {**found.thresholds, **thresholds}
        return replace(found, thresholds=flat, values={**found.values, **threshold_values(flat)})

    return load


class Reader:
    """Somebody who looks again and again, in a session of their own, while a run goes on."""

    def __init__(self, spark: SparkSession, queries: list) -> None:
        self._spark, self._queries = spark.newSession(), queries
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.seen: list = []
        self.looks = 0

    def _look(self) -> None:
        tables = {name for query in self._queries for name in re.findall(r"lake\.\w+\.\w+", query)}
        while not self._stop.is_set():
            for name in tables:
                self._spark.catalog.refreshTable(name)  # else the session would show what it saw first
            answer = [[list(row) for row in self._spark.sql(query).collect()] for query in self._queries]
            self.looks += 1
            if answer not in self.seen:
                self.seen.append(answer)

    def __enter__(self) -> "Reader":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def disordered(rows_of_engine):
    """Deequ's answers the other way round, without blanks, as it may give them."""

    def process(*args):
        rows = rows_of_engine(*args)
        return [Row(**{**row.asDict(), "Rule": row["Rule"].replace(", ", ",")}) for row in reversed(rows)]

    return process


def rules_of(path: str, extra: dict):
    files = load_files()
    return parse_ruleset(files.read(path), path, {**threshold_values(load_rules(files).thresholds), **extra})


def evaluate(spark: SparkSession, given: dict) -> dict:
    """Registers views by SQL, then evaluates the named rules of a ruleset. Returns rule id → [outcome, status, value]."""
    for name, sql in given["views"]:
        spark.sql(sql).createOrReplaceTempView(name)
    wanted = set(given["rules"])
    rules = [rule for rule in rules_of(given["ruleset"], {}).rules if rule.id in wanted]
    sources = {name: spark.table(name) for name in given.get("sources", [])}
    engine = ENGINES[given.get("engine", "deequ")]
    process = disordered(deequ_engine._process) if given.get("disorder") else deequ_engine._process
    with replaced(deequ_engine, "_process", process):
        metrics = engine.evaluate(spark, spark.table("primary"), rules, sources)
    judged = [judge(rule, metrics.get(rule.id), given.get("mode", "live"), given.get("rows", 1_000_000)) for rule in rules]
    return {one.rule.id: [one.metric.outcome, one.status, one.metric.value, one.metric.reason] for one in judged}


def gold_notices_of(spark: SparkSession, given: dict) -> list:
    """What a run that published at `processed_at`, and has seen events up to `newest`, would tell of the gold tables."""
    run_of = SimpleNamespace(spark=spark, lake=Lake(spark, "lake", given["prefix"]), config=SimpleNamespace(run_id="r"), values=lambda: load_rules(load_files()).values)
    plan, newest = SimpleNamespace(seal={"processed-at": given["processed_at"]}), moment(given["newest"])
    found = [*gold_notices._risky(run_of, plan, newest), *gold_notices._volume(run_of, plan, newest)]
    return [[one.rule, one.key, one.evidence] for one in found]


def main() -> None:
    answers = os.fdopen(3, "w")
    spark = open_session(sys.argv[1])
    apply_settings(spark, parse_args(["cycle", "--database-prefix", "x"]))
    commands = {
        "create": lambda g: create(spark, g["prefix"]),
        "bronze": lambda g: append_bronze(spark, g["prefix"], g["rows"]),
        "bronze_file": lambda g: append_bronze(spark, g["prefix"], rows_of_file(g["path"], g["limit"], g.get("kind", "replay"))),
        "run": lambda g: run_command(spark, g),
        "sql": lambda g: [row.asDict() for row in spark.sql(g["sql"]).collect()],
        "generate": lambda g: generate(spark, g["prefix"], g["sql"]),
        "cost": lambda g: cost(spark, g["after"]),
        "evaluate": lambda g: evaluate(spark, g),
        "rules": lambda g: [rule.__dict__ for rule in rules_of(g["ruleset"], {}).rules],
        "gold_notices": lambda g: gold_notices_of(spark, g),
        "yaml": lambda g: parse_yaml(g["text"], g["name"]),
    }
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        given = json.loads(line)
        try:
            answer = {"ok": commands[given["command"]](given)}
        except Exception as problem:  # noqa: BLE001
            answer = {"error": f"{type(problem).__name__}: {problem}"[:4000], "trace": traceback.format_exc()[-2000:]}
        print(json.dumps(answer, default=str), file=answers, flush=True)


if __name__ == "__main__":
    main()
