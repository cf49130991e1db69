"""
The lists of schemas/rules that classify rows: who is trusted, what is watched, which terms, which summaries undo or warn.
The files are judged in full by schemas/rules/validate-rules.ts; here is checked what SQL relies on.
"""
from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

from runner.files import Files
from runner.yaml_subset import parse_yaml

METHODS = ("rollback", "undo", "tool", "manual")
FIELDS = ("title", "comment", "user")
_ID = re.compile(r"^[a-z0-9][a-z0-9-]{0,59}$")
_WIKI = re.compile(r"^[a-z0-9_]+$")
_LANGUAGE = re.compile(r"^(\*|[a-z]{2,10}(-[a-z]{2,10}){0,2})$")
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")
MAX_REGEX = 200


@dataclass(frozen=True)
class Trusted:
    user: str
    role: str  # bot, reverter
    wikis: Tuple[str, ...]  # empty: all
    reason: str


@dataclass(frozen=True)
class Watch:
    id: str
    label: str
    wiki: str  # * for all
    title: str
    match: str  # exact, prefix, regex
    namespaces: Tuple[int, ...]  # empty: all
    tags: Tuple[str, ...]
    severity: str
    notify_on: Tuple[str, ...]


@dataclass(frozen=True)
class Term:
    id: str
    pattern: str
    type: str  # keyword, regex
    fields: Tuple[str, ...]
    wikis: Tuple[str, ...]
    whole_word: bool
    case_sensitive: bool
    severity: str
    adds_risk: bool
    expires: Optional[str]


@dataclass(frozen=True)
class Pattern:
    """A summary that undoes (`method` says how) or, without a method, warns."""

    id: str
    language: str  # * for all
    regex: str
    method: Optional[str]
    revision: Optional[int]  # number of the group that names it
    user: Optional[int]


@dataclass(frozen=True)
class Reference:
    trusted: Tuple[Trusted, ...] = ()
    watch_mode: str = "mark"
    watch: Tuple[Watch, ...] = ()
    terms: Tuple[Term, ...] = ()
    reverts: Tuple[Pattern, ...] = ()
    warnings: Tuple[Pattern, ...] = ()


def load_reference(files: Files, problems: List[str]) -> Reference:
    """Problems of all five files are added to `problems`; what could be read is returned."""
    watch_mode, watch = _watch(files, problems)
    return Reference(
        trusted=_trusted(files, problems),
        watch_mode=watch_mode,
        watch=watch,
        terms=_terms(files, problems),
        reverts=_patterns(files, "rules/revert-patterns.yml", True, problems),
        warnings=_patterns(files, "rules/warning-patterns.yml", False, problems),
    )


class _Entry:
    """One entry of a file: typed fields, each complaint with file, number and field."""

    def __init__(self, where: str, entry: Any, problems: List[str]) -> None:
        self._where, self._problems = where, problems
        self._entry: Dict[str, Any] = entry if isinstance(entry, dict) else {}
        if not isinstance(entry, dict):
            problems.append(f"{where}: not a mapping")

    def fail(self, name: str, reason: str) -> None:
        self._problems.append(f"{self._where}: {name}: {reason}")

    def text(self, name: str, allowed: Sequence[str] = (), form: "Optional[re.Pattern[str]]" = None) -> str:
        value = self._entry.get(name)
        # `language: no` is a word here, whatever a reader of other YAML makes of it.
        if not isinstance(value, str) or not value or "${" in value:
            self.fail(name, "must be text")
            return ""
        if (allowed and value not in allowed) or (form and not form.match(value)):
            self.fail(name, f"'{value}' is not allowed")
        return value

    def flag(self, name: str) -> bool:
        value = self._entry.get(name)
        if not isinstance(value, bool):
            self.fail(name, "must be true or false")
        return value is True

    def number(self, name: str) -> Optional[int]:
        value = self._entry.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            self.fail(name, "must be a whole number")
            return None
        return value

    def words(self, name: str, allowed: Sequence[str] = (), form: "Optional[re.Pattern[str]]" = None) -> Tuple[str, ...]:
        value = self._entry.get(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.fail(name, "must be a list of words")
            return ()
        wrong = [item for item in value if (allowed and item not in allowed) or (form and not form.match(item))]
        if wrong:
            self.fail(name, f"'{wrong[0]}' is not allowed")
        return tuple(value)

    def numbers(self, name: str) -> Tuple[int, ...]:
        value = self._entry.get(name)
        if not isinstance(value, list) or not all(isinstance(item, int) and not isinstance(item, bool) for item in value):
            self.fail(name, "must be a list of whole numbers")
            return ()
        return tuple(value)

    def regex(self, name: str) -> str:
        value = self.text(name)
        if len(value) > MAX_REGEX:
            self.fail(name, f"longer than {MAX_REGEX} characters")
        try:
            re.compile(value)
        except re.error as problem:
            self.fail(name, str(problem))
        return value

    def part(self, name: str) -> "_Entry":
        return _Entry(f"{self._where}: {name}", self._entry.get(name), self._problems)


def _entries(files: Files, path: str, name: str, problems: List[str]) -> "Tuple[Dict[str, Any], List[_Entry]]":
    document = parse_yaml(files.read(path), path)
    listed = document.get(name) if isinstance(document, dict) else None
    if not isinstance(listed, list):
        problems.append(f"{path}: '{name}' must be a list")
        return {}, []
    return document, [_Entry(f"{path}: entry {number}", entry, problems) for number, entry in enumerate(listed, 1)]


def _trusted(files: Files, problems: List[str]) -> Tuple[Trusted, ...]:
    _, entries = _entries(files, "rules/trusted.yml", "trusted", problems)
    return tuple(
        Trusted(one.text("user"), one.text("role", ("bot", "reverter")), one.words("wikis", form=_WIKI), one.text("reason"))
        for one in entries
    )


def _watch(files: Files, problems: List[str]) -> "Tuple[str, Tuple[Watch, ...]]":
    document, entries = _entries(files, "rules/watch-list.yml", "watch", problems)
    mode = str(document.get("mode"))
    if mode not in ("mark", "filter"):
        problems.append("rules/watch-list.yml: mode must be mark or filter")
    found = []
    for one in entries:
        match = one.text("match", ("exact", "prefix", "regex"))
        title = one.regex("title") if match == "regex" else canonical_title(one.text("title"))
        notify = one.part("notify")
        wiki = one.text("wiki")
        if wiki != "*" and not _WIKI.match(wiki):
            one.fail("wiki", f"'{wiki}' is not allowed")
        found.append(
            Watch(
                one.text("id", form=_ID), one.text("label"), wiki, title, match, one.numbers("namespaces"), one.words("tags"),
                notify.text("severity", ("info", "warning", "critical")),
                notify.words("on", ("anomaly", "edit_war", "blanking", "any_edit")),
            )  # fmt: skip
        )
    return mode, tuple(found)


def canonical_title(title: str) -> str:
    """As MediaWiki writes it: NFC, spaces, the first letter upper case."""
    spaced = unicodedata.normalize("NFC", title).replace("_", " ").strip()
    return spaced[:1].upper() + spaced[1:]


def _terms(files: Files, problems: List[str]) -> Tuple[Term, ...]:
    _, entries = _entries(files, "rules/blacklist.yml", "terms", problems)
    found = []
    for one in entries:
        kind = one.text("type", ("keyword", "regex"))
        expires = one._entry.get("expires")
        if expires is not None and not (isinstance(expires, str) and _DAY.match(expires)):
            one.fail("expires", "must be YYYY-MM-DD or null")
        found.append(
            Term(
                one.text("id", form=_ID), one.regex("pattern") if kind == "regex" else one.text("pattern"), kind,
                one.words("fields", FIELDS), one.words("wikis", form=_WIKI), one.flag("whole_word"), one.flag("case_sensitive"),
                one.text("severity", ("info", "warning", "critical")), one.flag("adds_risk"), expires,
            )  # fmt: skip
        )
    return tuple(found)


def _patterns(files: Files, path: str, is_revert: bool, problems: List[str]) -> Tuple[Pattern, ...]:
    _, entries = _entries(files, path, "patterns", problems)
    found = []
    for one in entries:
        regex, example, counterexample = one.regex("regex"), one.text("example"), one.text("counterexample")
        pattern = Pattern(
            one.text("id", form=_ID), one.text("language", form=_LANGUAGE), regex,
            one.text("method", METHODS) if is_revert else None, one.number("revision"), one.number("user"),
        )  # fmt: skip
        groups = _groups(regex)
        if groups is not None:
            if not re.search(regex, example):
                one.fail("example", "does not match")
            if re.search(regex, counterexample):
                one.fail("counterexample", "matches")
            if any(number is not None and not 1 <= number <= groups for number in (pattern.revision, pattern.user)):
                one.fail("regex", "has no such group")
        found.append(pattern)
    return tuple(found)


def _groups(regex: str) -> Optional[int]:
    try:
        return re.compile(regex).groups
    except re.error:
        return None
