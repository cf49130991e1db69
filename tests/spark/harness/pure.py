"""The parts of the jobs that need no Spark session, one JSON command a line on stdin, one JSON answer a line on stdout."""
from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "spark"))

from dq.baseline import Baselines, read_baselines  # noqa: E402
from dq.dqdl import NotDqdl, read_rule  # noqa: E402
from dq.drift import booked_volume, mix_drift, null_drift, psi, volume_of  # noqa: E402
from dq.notices import Condition, judge_notices, kinds_of, read_state, shown  # noqa: E402
from dq.profile import Measure, Profile  # noqa: E402
from dq.ruleset import parse_ruleset  # noqa: E402
from dq.verdict import Metric, decide, judge  # noqa: E402
from runner.files import Files  # noqa: E402
from runner.load import load_sections  # noqa: E402
from runner.outcome import RunnerError  # noqa: E402
from runner.tables import discover  # noqa: E402
from runner.yaml_subset import parse_yaml  # noqa: E402


def moment(text):
    return datetime.fromisoformat(text) if text else None


def baselines(given) -> Baselines:
    return Baselines(lost=True) if given == "lost" else Baselines(1, given)


def profile(given) -> Profile:
    measures = [Measure(column, "null_rate", rate) for column, rate in given.get("nulls", {}).items()]
    return Profile(given["rows"], tuple(measures), given.get("counts", {}))


def rule(text: str) -> str:
    try:
        read_rule(text)
        return "read"
    except NotDqdl as problem:
        return str(problem)


def ruleset(text: str):
    try:
        return [one.id for one in parse_ruleset(text, "x.dqdl", {}).rules]
    except RunnerError as problem:
        return str(problem)


def verdicts(given):
    rules = parse_ruleset(given["ruleset"], "x.dqdl", {}).rules
    metrics = {name: None if outcome is None else Metric(outcome, None, None, None, 0) for name, outcome in given["outcomes"].items()}
    verdict = decide([judge(one, metrics.get(one.id), given.get("mode", "live"), 1_000_000) for one in rules])
    return [verdict.status, list(verdict.stopping), list(verdict.warned)]


def notices(steps):
    """Each step: minutes since the start, conditions. Answers the (rule, key, state, count) of each step."""
    kinds = kinds_of(parse_yaml((ROOT / "schemas/rules/alerts.yml").read_text(), "alerts.yml"), "alerts.yml")
    state, found = {}, []
    for number, (minutes, conditions) in enumerate(steps):
        now = datetime(2026, 11, 20, minutes // 60 % 24, minutes % 60)
        listed = [Condition(rule, key, {"n": 1} if firing else None) for rule, key, firing in conditions]
        rows, after = judge_notices(kinds, state, listed, f"run-{number}", now)
        state = read_state(json.dumps(after))
        found.append([[row["rule"], row["dedupe_key"], row["state"], row["suppressed_count"]] for row in rows])
    return found


def load(texts):
    """Statements of the one table whose files are given by path."""
    files = Files(texts)
    return [[section.kind, section.name, section.cached, section.sql] for table in discover(files) for section in load_sections(files, table)]


COMMANDS = {
    "psi": lambda g: psi(g["now"], g["before"]),
    "volume": lambda g: volume_of(baselines(g["days"]), moment(g["start"]), moment(g["end"]), g["rows"], 7).__dict__,
    "booked": lambda g: booked_volume(moment(g["start"]), moment(g["end"]), g["rows"]),
    "nulls": lambda g: null_drift(profile(g["profile"]), baselines(g["days"]), g["day"], g["columns"], 1000),
    "mix": lambda g: mix_drift(profile(g["profile"]), baselines(g["days"]), g["day"], "cleaned_events", g["columns"], 1000),
    "baselines": lambda g: (lambda found: None if found is None else json.loads(found.to_json()))(read_baselines(g["text"])),
    "rule": lambda g: rule(g["text"]),
    "ruleset": lambda g: ruleset(g["text"]),
    "verdicts": verdicts,
    "notices": lambda g: notices(g["steps"]),
    "load": lambda g: load(g["files"]),
    "shown": lambda g: shown(g["text"], g.get("user_kind")),
}

for line in sys.stdin:
    given = json.loads(line)
    try:
        print(json.dumps({"ok": COMMANDS[given["command"]](given)}), flush=True)
    except Exception as problem:  # noqa: BLE001
        print(json.dumps({"error": f"{type(problem).__name__}: {problem}"}), flush=True)
