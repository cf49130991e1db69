"""Metric → verdict → action, three steps apart. Pure: no Spark, no clock."""
from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

from dq.ruleset import Rule

PASSED, WARNED, FAILED, ERROR, SKIPPED = "PASSED", "WARNED", "FAILED", "ERROR", "SKIPPED"


@dataclass(frozen=True)
class Metric:
    """What an engine says of one rule. outcome: passed, failed (measured and refused), error (could not be measured)."""

    outcome: str
    name: Optional[str]
    value: Optional[float]
    reason: Optional[str]
    duration_ms: int


@dataclass(frozen=True)
class Judged:
    rule: Rule
    severity: str
    status: str
    metric: Metric


@dataclass(frozen=True)
class GateVerdict:
    status: str  # PASSED, FAILED, ERROR
    stopping: Tuple[str, ...]
    warned: Tuple[str, ...]
    counts_for_halt: bool


def judge(rule: Rule, metric: Optional[Metric], mode: str, rows: int) -> Judged:
    """An answer that is missing or could not be computed is an ERROR whatever the severity: silence is not consent."""
    severity = rule.severity_in(mode, rows)
    if metric is None:
        return Judged(rule, severity, ERROR, Metric("error", None, None, "the engine gave no result for this rule", 0))
    if metric.outcome == "passed":
        return Judged(rule, severity, PASSED, metric)
    if metric.outcome == "failed":
        return Judged(rule, severity, FAILED if severity == "fail" else WARNED, metric)
    return Judged(rule, severity, SKIPPED if metric.outcome == "skipped" else ERROR, metric)


def decide(judged: Sequence[Judged]) -> GateVerdict:
    """One FAILED, ERROR or SKIPPED rule stops the gate; no rule at all does too."""
    broken: List[Judged] = [one for one in judged if one.status in (ERROR, SKIPPED)]
    failed: List[Judged] = [one for one in judged if one.status == FAILED]
    stopping = tuple(one.rule.id for one in failed + broken)
    warned = tuple(one.rule.id for one in judged if one.status == WARNED)
    if not judged:
        return GateVerdict(ERROR, ("no rule was evaluated",), warned, True)
    if failed:
        # Rules skipped because B-01 failed say nothing of their own.
        causes = failed + [one for one in broken if one.status == ERROR]
        return GateVerdict(FAILED, stopping, warned, any(one.rule.counts_for_halt for one in causes))
    if broken:
        return GateVerdict(ERROR, stopping, warned, True)
    return GateVerdict(PASSED, (), warned, False)
