"""--dry-run: every statement as it would be run, with the values that are known without looking at data."""
from __future__ import annotations

import re
from datetime import datetime
from typing import Dict, List

from dq.ruleset import parse_ruleset
from runner.args import Config
from runner.ddl import WRITE_PROPERTIES, spark_create
from runner.files import Files
from runner.load import load_sections
from runner.pieces import read_sections
from runner.render import literal, render
from runner.rules import Rules
from runner.tables import Table

# Shown where only the data knows the value.
_LATER = (
    "dates", "first_at", "last_at", "until_at", "neighbour_dates", "history_dates", "label_dates", "mark", "first_offset",
    "last_offset", "touched_windows", "as_of", "as_of_before", "input_before", "valid_through", "valid_through_before",
    "bronze_read", "run_seed",
)  # fmt: skip
_NAMED = re.compile(r"\bas ([a-z_]+)")


def print_plan(config: Config, files: Files, rules: Rules, tables: List[Table]) -> None:
    known = {**rules.values, "lake": f"{config.catalog}.{config.database_prefix}", **{name: f"<{name}>" for name in _LATER}}
    for table in tables:
        if config.command in ("cycle", table.layer):
            _print_table(config, files, table, known)


def _print_table(config: Config, files: Files, table: Table, known: Dict[str, str]) -> None:
    name = f"{config.catalog}.{config.database_prefix}_{table.layer}.{table.name}"
    layer, source = table.input.split(".")
    values = {
        **known,
        "target": f"{name}.branch_<run>",
        "branch": f"{name}.branch_<run>",
        "main": name,
        "stored": name,
        "input": f"{config.catalog}.{config.database_prefix}_{layer}.{source} version as of <snapshot>",
        "run_at": literal(datetime(2000, 1, 1), "run_at"),
        **_also(config, table),
    }
    print(f"-- {table.full_name}\n{spark_create(table.ddl, name, config.lake_uri, WRITE_PROPERTIES)};\n")
    checks = f"{table.folder}/checks.sql"
    for path, found in ((f"{table.folder}/load.sql", load_sections(files, table)), (checks, read_sections(files, checks))):
        for section in found:
            if section.kind == "literals":
                values = {**{name: f"<{name}>" for name in _NAMED.findall(section.sql)}, **values}
            print(f"-- {path} @{section.kind} {section.name}\n{render(section.sql, values, path)};\n")
    path = f"{table.folder}/checks.dqdl"
    for rule in parse_ruleset(files.read(path), path, values).rules:
        print(f"-- {rule.id} {rule.severity}{' in live mode only' if rule.live_only else ''}: {rule.sentence}\n{rule.text}")
    print()


def _also(config: Config, table: Table) -> Dict[str, str]:
    values: Dict[str, str] = {}
    for other in table.also:
        layer, name = other.split(".")
        values[name] = f"{config.catalog}.{config.database_prefix}_{layer}.{name} version as of <snapshot>"
        values[f"{name}_mark"] = f"<{name}_mark>"
        values[f"{name}_before"] = f"{config.catalog}.{config.database_prefix}_{layer}.{name} version as of <snapshot before>"
    return values
