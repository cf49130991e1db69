"""
The silver and gold tables a second time: from the raw lines, in DuckDB, by the definitions of the data model, without a look
at the Spark job. Compares row by row and column by column and prints one JSON object.
"""
from __future__ import annotations

import argparse
import ipaddress
import json
import re
import sys
import time
import unicodedata
from pathlib import Path

import duckdb

SQL = Path(__file__).resolve().parent / "sql"
# Sums of doubles differ in the last digits with the order of addition; nothing a person reads does.
TOLERANCE = 1e-9
SAMPLES = 5


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def load_rows(db, table: str, columns: str, rows: list) -> None:
    """A small table of our own: one object a row, read back by DuckDB with the types asked for."""
    db.execute(f"create table {table} ({columns})")
    names = [part.split()[0] for part in columns.split(", ")]
    path = ARGS.work / f"{table}.ndjson"
    with path.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(dict(zip(names, row))) + "\n")
    if rows:
        types = ", ".join(f"{part.split()[0]}: {quoted(part.split()[1])}" for part in columns.split(", "))
        db.execute(f"insert into {table} select * from read_json({quoted(str(path))}, format = 'newline_delimited', columns = {{{types}}})")


def load_input(db) -> None:
    db.execute(f"create table raw_lines as select json from read_json_objects({quoted(str(ARGS.raw))}, format = 'newline_delimited')")
    db.execute(f"create table records as select * from read_csv({quoted(str(ARGS.records))}, header = true)")
    lines, records = (db.execute(f"select count(*) from {name}").fetchone()[0] for name in ("raw_lines", "records"))
    if lines != records:
        raise SystemExit(f"{lines} lines, {records} records")


def load_lists(db, rules: dict) -> None:
    domains = rules["domains"]
    load_rows(db, "domains", "domain varchar, region varchar, in_scope boolean", [(d["domain"], d["region"], d["in_scope"]) for d in domains["domains"]])
    load_rows(db, "regions", "language varchar, region varchar", list(domains["region_by_language"].items()))
    load_rows(db, "trusted", "name varchar, role varchar, wikis varchar[]", [(t["user"], t["role"], t["wikis"]) for t in rules["trusted"]["trusted"]])


def classify_addresses(db) -> None:
    names = db.execute("select distinct plain_user from named where regexp_full_match(plain_user, '[0-9a-fA-F:.]+')").fetchall()
    load_rows(db, "ip_literals", "name varchar", [row for row in names if is_address(row[0])])


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
        return True
    except ValueError:
        return False


def match_patterns(db, name: str, patterns: list, where: str) -> None:
    """(language, comment) → the pattern that decides: the first of the own language, else the first of all."""
    db.execute(f"create table {name}_texts as select distinct language, comment from named where is_edit and comment is not null and {where}")
    db.execute(f"create table {name}_hits (language varchar, comment varchar, is_own boolean, place int, method varchar, revision varchar, named_user varchar)")
    for place, one in enumerate(patterns):
        own = one["language"] != "*"
        regex = quoted(one["regex"])

        def group(field: str) -> str:
            return f"nullif(regexp_extract(comment, {regex}, {one[field]}), '')" if one.get(field) else "null"

        db.execute(
            f"insert into {name}_hits select language, comment, {own}, {place}, {quoted(one.get('method', ''))}, {group('revision')}, {group('user')} "
            f"from {name}_texts where regexp_matches(comment, {regex})" + (f" and language = {quoted(one['language'])}" if own else "")
        )
    db.execute(
        f"create table {name} as select language, comment, method, "
        "try_cast(translate(revision, '۰۱۲۳۴۵۶۷۸۹', '0123456789') as bigint) as revision, named_user "
        f"from {name}_hits qualify row_number() over (partition by language, comment order by is_own desc, place) = 1"
    )


def canonical_title(title: str) -> str:
    spaced = unicodedata.normalize("NFC", title).replace("_", " ")
    return spaced[:1].upper() + spaced[1:]


def find_watched(db, entries: list) -> None:
    titles = db.execute("select distinct wiki, namespace, title from named where title is not null").fetchall()
    found = []
    for wiki, namespace, title in titles:
        name = canonical_title(title)
        for one in entries:
            wanted = one["title"] if one["match"] == "regex" else canonical_title(one["title"])
            fits = {"exact": name == wanted, "prefix": name.startswith(wanted), "regex": one["match"] == "regex" and re.search(wanted, name) is not None}
            if one["wiki"] in ("*", wiki) and (not one["namespaces"] or namespace in one["namespaces"]) and fits[one["match"]]:
                found.append((wiki, namespace, title, one["id"]))
                break
    load_rows(db, "watch_labels", "id varchar, label varchar", [(one["id"], one["label"]) for one in entries])
    load_rows(db, "watched_titles", "wiki varchar, namespace int, title varchar, id varchar", found)
    db.execute("create table watched as select n.event_id, w.id from named n join watched_titles w on w.wiki = n.wiki and w.namespace = n.namespace and w.title = n.title")


def find_terms(db, terms: list) -> None:
    columns = {"title": "title", "comment": "comment", "user": "plain_user"}
    hits = []
    for field, column in columns.items():
        texts = [text for (text,) in db.execute(f"select distinct {column} from named where {column} is not null").fetchall()]
        wanted = [(place, one, term_regex(one)) for place, one in enumerate(terms) if field in one["fields"]]
        for text in texts:
            plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
            for place, one, regex in wanted:
                if regex.search(plain if one["case_sensitive"] else plain.casefold()):
                    hits.append((field, text, place, one["id"], one["wikis"], one["expires"]))
    load_rows(db, "term_texts", "field varchar, text varchar, place int, id varchar, wikis varchar[], expires varchar", hits)
    load_rows(db, "risky_terms", "id varchar", [(one["id"],) for one in terms if one["adds_risk"]])
    joined = " union ".join(
        f"select n.event_id, t.place, t.id from named n join term_texts t on t.field = {quoted(field)} and t.text = n.{column} "
        "where (len(t.wikis) = 0 or list_contains(t.wikis, n.wiki)) and (t.expires is null or strftime(n.event_timestamp, '%Y-%m-%d') <= t.expires)"
        for field, column in columns.items()
    )
    db.execute(f"create table term_hits as select event_id, string_agg(id, ',' order by place) as ids from ({joined}) group by event_id")


def term_regex(one: dict) -> "re.Pattern[str]":
    if one["type"] == "regex":
        return re.compile(one["pattern"])
    text = re.escape(one["pattern"] if one["case_sensitive"] else one["pattern"].casefold())
    return re.compile(rf"(?<![^\W_]){text}(?![^\W_])" if one["whole_word"] else text)


def thresholds(rules: dict) -> dict:
    flat: dict = {}

    def walk(value, prefix: str) -> None:
        for key, item in value.items():
            name = f"{prefix}.{key}" if prefix else key
            walk(item, name) if isinstance(item, dict) else flat.__setitem__(name, item)

    walk(rules["thresholds"], "")
    return flat


def run_file(db, path: Path, values: dict) -> None:
    text = re.sub(r"\{\{([a-z0-9_.]+)\}\}", lambda found: str(values[found.group(1)]), path.read_text(encoding="utf-8"))
    for statement in db.extract_statements(text):
        try:
            db.execute(statement)
        except duckdb.Error as problem:
            raise SystemExit(f"{path.name}: {problem}\n{statement.query}") from problem


def compare(db, table: str, key: list, ignored: list) -> dict:
    """Every column of the lake's table except times of processing, and every row of either side."""
    known = {row[0] for row in db.execute("select table_name from information_schema.tables").fetchall()}
    if table not in known or not (ARGS.exports / table).exists():
        return {"table": table, "rows": 0, "columns": 0, "differences": 0, "only_ours": 0, "only_lake": 0, "by_column": {}, "samples": {}, "not_recomputed": ["*"]}
    db.execute(f"create view lake_{table} as select * from read_parquet({quoted(str(ARGS.exports / table))} || '/*.parquet', hive_partitioning = false)")
    described = db.execute(f"describe lake_{table}").fetchall()
    ours = {row[0] for row in db.execute(f"describe {table}").fetchall()}
    columns = [(row[0], row[1]) for row in described if row[0] not in key and row[0] not in ignored and not row[0].endswith("_processed_at")]
    missing = [name for name, _ in columns if name not in ours]
    compared = [(name, kind) for name, kind in columns if name in ours]
    same = " and ".join(f"l.{name} is not distinct from o.{name}" for name in key)
    tests = {name: differs(name, kind) for name, kind in compared}
    flags = "".join(f", {test} as d_{name}" for name, test in tests.items())
    db.execute(
        f"create table diff_{table} as select l.{key[0]} is null as only_ours, o.{key[0]} is null as only_lake, "
        + ", ".join(f"coalesce(l.{name}, o.{name}) as {name}" for name in key)
        + f"{flags} from lake_{table} l full join {table} o on {same}"
    )
    any_flag = " or ".join(["only_ours", "only_lake", *(f"d_{name}" for name in tests)])
    rows, different, only_ours, only_lake = db.execute(
        f"select count(*), count(*) filter ({any_flag}), count(*) filter (only_ours), count(*) filter (only_lake) from diff_{table}"
    ).fetchone()
    by_column = {}
    for name in tests:
        count = db.execute(f"select count(*) from diff_{table} where d_{name} and not only_ours and not only_lake").fetchone()[0]
        if count:
            by_column[name] = {"rows": count, "samples": samples(db, table, key, same, name)}
    sides = {
        side: db.execute(f"select {', '.join(key)} from diff_{table} where {side} limit {SAMPLES}").fetchall()
        for side, count in (("only_ours", only_ours), ("only_lake", only_lake))
        if count
    }
    return {
        "table": table, "rows": rows, "columns": len(compared), "differences": different, "only_ours": only_ours, "only_lake": only_lake,
        "by_column": by_column, "samples": sides, "not_recomputed": missing,
    }  # fmt: skip


def differs(name: str, kind: str) -> str:
    plain = f"l.{name} is distinct from o.{name}"
    if kind not in ("DOUBLE", "FLOAT"):
        return plain
    return f"({plain} and not coalesce(abs(l.{name} - o.{name}) <= {TOLERANCE} * greatest(1, abs(l.{name})), false))"


def samples(db, table: str, key: list, same: str, name: str) -> list:
    keys = ", ".join(f"d.{one}" for one in key)
    on_lake, on_ours = (" and ".join(f"{side}.{one} is not distinct from d.{one}" for one in key) for side in ("l", "o"))
    return db.execute(
        f"select {keys}, l.{name}, o.{name} from (select * from diff_{table} where d_{name} and not only_ours and not only_lake limit {SAMPLES}) d "
        f"join lake_{table} l on {on_lake} join {table} o on {on_ours}"
    ).fetchall()


def main() -> int:
    rules = json.loads(ARGS.rules.read_text(encoding="utf-8"))
    plan = json.loads(ARGS.plan.read_text(encoding="utf-8"))
    ARGS.work.mkdir(parents=True, exist_ok=True)
    db = duckdb.connect(str(ARGS.work / "recompute.duckdb"))
    started = time.monotonic()
    seconds = {}

    def timed(name: str, step) -> None:
        before = time.monotonic()
        step()
        seconds[name] = round(time.monotonic() - before, 1)

    values = thresholds(rules)
    timed("input", lambda: (load_input(db), load_lists(db, rules), run_file(db, SQL / "10-events.sql", values), classify_addresses(db)))
    timed("reverts' patterns", lambda: match_patterns(db, "comment_reverts", rules["revert-patterns"]["patterns"], "true"))
    timed("warnings' patterns", lambda: match_patterns(db, "comment_warnings", rules["warning-patterns"]["patterns"], "namespace = 3"))
    timed("lists", lambda: (find_watched(db, rules["watch-list"]["watch"]), find_terms(db, rules["blacklist"]["terms"])))
    for path in sorted(SQL.glob("*.sql")):
        if not path.name.startswith("10-"):
            timed(path.name, lambda: run_file(db, path, values))
    results = []
    for one in plan["tables"]:
        timed(f"compare {one['table']}", lambda: results.append(compare(db, one["table"], one["key"], one.get("ignored", []))))
    print(json.dumps({"tables": results, "seconds": seconds, "total_s": round(time.monotonic() - started, 1)}, default=str))
    return 0


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("raw", "records", "rules", "plan", "exports", "work"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    ARGS = parse_args()
    sys.exit(main())
