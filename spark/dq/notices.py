"""Notices for people: which condition is new, which only goes on, which is over. Pure; the caller writes what comes out."""
from __future__ import annotations

import hashlib
import html
import ipaddress
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from runner.outcome import RunnerError

# Text that somebody else wrote is shown this far, and no further.
MAX_TEXT = 200
# More than this in ten minutes is a flood: the rest is recorded and not sent one by one.
_FLOOD, _FLOOD_WINDOW = 20, timedelta(minutes=10)
# A key that was silent for this long is forgotten: its day is over, or what it was about no longer exists.
_FORGET_AFTER = timedelta(days=3)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069]")


@dataclass(frozen=True)
class Kind:
    """An entry of rules/alerts.yml. window None: once for each key, however long it goes on."""

    rule: str
    title: str
    severity: str
    channels: str
    window: Optional[timedelta]
    resolves: bool
    query: str
    runbook: str


@dataclass(frozen=True)
class Condition:
    """Something that was looked at. `evidence` None: it is all right now."""

    rule: str
    key: str
    evidence: Optional[Mapping[str, Any]]


State = Dict[str, Dict[str, Any]]


def kinds_of(document: Any, where: str) -> Dict[str, Kind]:
    """RunnerError names the entry that cannot be used."""
    found: Dict[str, Kind] = {}
    for entry in (document or {}).get("alerts") or []:
        try:
            minutes = entry["window_minutes"]
            window = None if minutes == "once" else timedelta(minutes=int(minutes))
            found[entry["id"]] = Kind(
                entry["id"], entry["title"], entry["severity"], entry["channels"], window, bool(entry["resolves"]), entry["query"],
                entry["runbook"],
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as problem:
            raise RunnerError(f"{where}: {entry if not isinstance(entry, dict) else entry.get('id')}: {problem}") from problem
    if not found:
        raise RunnerError(f"{where}: 'alerts' must be a list with at least one entry")
    return found


def read_state(text: Optional[str]) -> State:
    """What is firing. An unreadable one is taken as empty: a notice too many is better than one too few."""
    try:
        found = json.loads(text) if text else {}
        return {str(key): {**entry, "since": str(entry["since"]), "sent_at": str(entry["sent_at"]), "repeats": int(entry["repeats"])} for key, entry in found.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def judge_notices(
    kinds: Mapping[str, Kind], state: State, conditions: Sequence[Condition], run_id: str, now: datetime
) -> "Tuple[List[Dict[str, Any]], State]":
    """(rows of ops.alerts, what is firing from now on). Within its window a condition is counted, not sent again."""
    after: State = {key: entry for key, entry in state.items() if now - datetime.fromisoformat(entry["sent_at"]) < _FORGET_AFTER}
    rows: List[Dict[str, Any]] = []
    for condition in conditions:
        row = _one(kinds[condition.rule], after, condition, run_id, now)
        if row:
            rows.append(row)
    return rows, after


def _one(kind: Kind, after: State, condition: Condition, run_id: str, now: datetime) -> Optional[Dict[str, Any]]:
    identity = f"{kind.rule}:{condition.key}"
    known = after.get(identity)
    if condition.evidence is None:
        if known is None or not kind.resolves:
            return None
        del after[identity]
        return _row(kind, condition, "resolved", known, run_id, now)
    if known is None:
        entry = {"since": now.isoformat(), "sent_at": now.isoformat(), "repeats": 0}
        state = "suppressed" if _is_flood(after, now) else "firing"
    elif kind.window is None or now - datetime.fromisoformat(known["sent_at"]) < kind.window:
        entry, state = {**known, "repeats": known["repeats"] + 1}, "repeated"
    else:
        entry, state = {**known, "sent_at": now.isoformat()}, "firing"
    row = _row(kind, condition, state, entry, run_id, now)
    # What was counted has been told.
    after[identity] = {**entry, "repeats": 0} if state == "firing" else entry
    return row


def _is_flood(state: State, now: datetime) -> bool:
    return sum(now - datetime.fromisoformat(entry["sent_at"]) < _FLOOD_WINDOW for entry in state.values()) >= _FLOOD


def _row(kind: Kind, condition: Condition, state: str, entry: Mapping[str, Any], run_id: str, now: datetime) -> Dict[str, Any]:
    identity = "\n".join((run_id, kind.rule, condition.key, state))
    return {
        "alert_id": hashlib.sha256(identity.encode("utf-8")).hexdigest()[:32],
        "rule": kind.rule,
        "dedupe_key": condition.key,
        "severity": kind.severity,
        "state": state,
        "channels": kind.channels,
        "subject": f"[{'RESOLVED' if state == 'resolved' else kind.severity}] {kind.title}: {condition.key}"[:MAX_TEXT],
        "body": _body(kind, condition, entry),
        "occurred_at": now,
        "suppressed_count": int(entry["repeats"]),
        "log_date": now.strftime("%Y-%m-%d"),
    }


def _body(kind: Kind, condition: Condition, entry: Mapping[str, Any]) -> str:
    """Rule, since when, evidence, one query to run, the runbook's heading: JSON, for whoever formats it."""
    evidence = {"over": True} if condition.evidence is None else dict(condition.evidence)
    return json.dumps(
        {"rule": kind.rule, "since": entry["since"], "evidence": evidence, "query": kind.query, "runbook": kind.runbook}, default=str
    )


def shown(text: Optional[str], user_kind: Optional[str] = None) -> str:
    """Text of an event as a notice may show it: one line, escaped, cut, no link; an address only by its network."""
    plain = _CONTROL.sub(" ", text or "").strip()
    if user_kind == "ip":
        plain = _network(plain)
    cut = plain if len(plain) <= MAX_TEXT else plain[: MAX_TEXT - 1] + "…"
    return html.escape(re.sub(r"(?i)(https?|ftp)://|www\.", lambda match: match.group(0).replace(":", "").replace(".", " "), cut))


def _network(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "an address"
    return str(ipaddress.ip_network(f"{found}/{24 if found.version == 4 else 48}", strict=False))
