"""checks.dqdl → rules. The file says what is asked, how bad it is and why; the text of each rule is DQDL."""
from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Tuple

from dq.dqdl import NotDqdl, read_rule
from runner.outcome import RunnerError
from runner.render import render

DIMENSIONS = ("completeness", "uniqueness", "timeliness", "validity", "consistency", "accuracy", "drift")
_HEADER = re.compile(r"^# (?P<id>[BSG]-\d{2}(?:\.[a-z_{}]+)?) \| (?P<dimension>[a-z]+) \| (?P<flags>[a-z0-9 -]+) \| (?P<sentence>.+)$")
_FLAG = re.compile(r"^(live-only|no-halt|from-[0-9]+)$")
_EACH = re.compile(r"^# each column: (?P<columns>.+)$")
_SAMPLE = re.compile(r"^# sample: (?P<sql>.+)$")
_THRESHOLD = re.compile(r"((?:>=|<=|=|>|<|(?:not )?in \[|between )[^\"]*)(?:\s+where\s+\".*\")?$")


@dataclass(frozen=True)
class Rule:
    id: str
    dimension: str
    severity: str  # fail or warn, in live mode
    live_only: bool  # fails in live, warns in catchup and replay
    counts_for_halt: bool  # False where the feed is at fault, not the data
    min_rows: int  # a share of fewer rows says too little to stop: it warns
    sentence: str
    text: str
    sample_sql: Optional[str]

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()

    @property
    def is_custom_sql(self) -> bool:
        return self.text.startswith("CustomSql ")

    @property
    def threshold(self) -> str:
        match = _THRESHOLD.search(self.text)
        return match.group(1).strip() if match else ""

    def severity_in(self, mode: str, rows: int) -> str:
        is_lenient = (self.live_only and mode != "live") or rows < self.min_rows
        return "warn" if is_lenient else self.severity


@dataclass(frozen=True)
class Ruleset:
    rules: Tuple[Rule, ...]

    @property
    def fingerprint(self) -> str:
        joined = "\n".join(f"{rule.id} {rule.severity} {rule.text}" for rule in self.rules)
        return hashlib.sha256(joined.encode("utf-8")).hexdigest()


def normalise(text: str) -> str:
    """Deequ gives rules back in another order and without the blanks inside lists."""
    return re.sub(r"\s+", "", text)


def parse_ruleset(text: str, where: str, values: Mapping[str, str]) -> Ruleset:
    """RunnerError on a header that does not parse, a rule without one, a repeated id or text, or no leading RowCount."""
    rules: List[Rule] = []
    header: Optional[Dict[str, str]] = None
    columns: List[str] = []
    sample: Optional[str] = None
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        found = _HEADER.match(line)
        if found:
            header, columns, sample = found.groupdict(), [], None
        elif _EACH.match(line):
            columns = [name.strip() for name in _EACH.match(line).group("columns").split(",")]  # type: ignore[union-attr]
        elif _SAMPLE.match(line):
            sample = _SAMPLE.match(line).group("sql")  # type: ignore[union-attr]
        elif line and not line.startswith("#"):
            if not header:
                raise RunnerError(f"{where}:{number}: a rule without a header line")
            for column in columns or [""]:
                rules.append(_rule(header, line, sample, column, values, f"{where}:{number}"))
            header = None
        elif line.startswith("# ") and re.match(r"^# [A-Z]-\d", line):
            raise RunnerError(f"{where}:{number}: header is not `# id | dimension | severity | sentence`")
    _check(rules, where)
    return Ruleset(tuple(rules))


def _rule(header: Dict[str, str], text: str, sample: Optional[str], column: str, values: Mapping[str, str], where: str) -> Rule:
    flags = header["flags"].split()
    if header["dimension"] not in DIMENSIONS or flags[0] not in ("fail", "warn") or not all(_FLAG.match(flag) for flag in flags[1:]):
        raise RunnerError(f"{where}: unknown dimension or severity in the header of {header['id']}")
    body = render(text.replace("{column}", column), values, where)
    live_only = "live-only" in flags
    min_rows = max([int(flag[5:]) for flag in flags if flag.startswith("from-")], default=0)
    return Rule(
        id=header["id"].replace("{column}", column),
        dimension=header["dimension"],
        severity=flags[0],
        live_only=live_only,
        counts_for_halt=not live_only and "no-halt" not in flags,
        min_rows=min_rows,
        sentence=header["sentence"],
        text=body,
        sample_sql=render(sample, values, where) if sample else None,
    )


def _check(rules: List[Rule], where: str) -> None:
    # A filter that matches no row passes on an empty frame, whatever the rule: the first question is always whether
    # there is anything to ask about (after what was decided upstream).
    if not any(rule.text.startswith("RowCount ") for rule in rules[:2]):
        raise RunnerError(f"{where}: the ruleset must begin with RowCount")
    for rule in rules:
        try:
            read_rule(rule.text)
        except NotDqdl as problem:
            raise RunnerError(f"{where}: {rule.id}: {problem}") from problem
    for what, values in (("id", [rule.id for rule in rules]), ("text", [normalise(rule.text) for rule in rules])):
        repeated = sorted({value for value in values if values.count(value) > 1})
        if repeated:
            raise RunnerError(f"{where}: a rule's {what} is there twice: {repeated[0]}")
