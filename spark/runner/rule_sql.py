"""
Reference lists → SQL expressions for load.sql, as ${rules.…}. The lists are ours and were checked: their text may stand in
SQL, quoted; text of events never does. Literals let Spark compile each pattern once; a join on a pattern column would
compile it again for each row.
"""
from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict
from typing import Callable, Dict, Iterable, List, Sequence, Tuple

from runner.reference import Pattern, Reference, Term, Trusted, Watch


def rule_values(reference: Reference) -> Dict[str, str]:
    """
    Expressions over the columns of the row: language, comment, wiki, title, namespace, event_date, clean_user; for
    blacklist_ids nfkc_title, nfkc_comment, nfkc_user; for what a revert names revert_pattern (the number given by the first).
    """
    reverts = reference.reverts
    return {
        "rules.revert_pattern": _first_match(reverts),
        "rules.revert_method": _by_number(reverts, lambda one: text(one.method or "")),
        "rules.reverted_revision": _by_number([*_only(reverts, "revision")], lambda one: _extract(one.regex, one.revision or 0)),
        "rules.reverted_user": _by_number([*_only(reverts, "user")], lambda one: _extract(one.regex, one.user or 0)),
        "rules.is_warning": f"({_first_match(reference.warnings)}) is not null",
        "rules.is_known_bot": _any(_is_user(one) for one in reference.trusted if one.role == "bot"),
        "rules.is_trusted": _any(_is_user(one) for one in reference.trusted),
        "rules.watch_id": _case([(_is_watched(one), text(one.id)) for one in reference.watch]),
        "rules.watch_label": _case([(f"watch_id = {text(one.id)}", text(one.label)) for one in reference.watch]),
        "rules.watch_mode": text(reference.watch_mode),
        "rules.blacklist_ids": _ids(reference.terms),
        "rules.risk_terms": ", ".join(text(one.id) for one in reference.terms if one.adds_risk),
    }


def fingerprint(reference: Reference, domains: Sequence[object]) -> str:
    """Changes when any entry does."""
    content = json.dumps([asdict(reference), [str(one) for one in domains]], sort_keys=True)
    return hashlib.sha256(content.encode("utf-8")).hexdigest()[:32]


def text(value: str) -> str:
    """A SQL string literal; Spark reads \\ in it as an escape."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _case(branches: Sequence[Tuple[str, str]]) -> str:
    if not branches:
        return "cast(null as string)"
    return "case " + " ".join(f"when {condition} then {value}" for condition, value in branches) + " end"


def _any(conditions: Iterable[str]) -> str:
    joined = " or ".join(conditions)
    return f"coalesce({joined}, false)" if joined else "false"


def _matches(column: str, regex: str) -> str:
    return f"{column} rlike {text(regex)}"


def _first_match(patterns: Sequence[Pattern]) -> str:
    """Number of the first pattern that matches: those of the row's language, then those of all."""
    numbered = list(enumerate(patterns))
    languages = sorted({one.language for one in patterns if one.language != "*"})

    def tried(language: str) -> str:
        branches = [(_matches("comment", one.regex), str(number)) for number, one in numbered if one.language == language]
        return _case(branches) if branches else "cast(null as int)"

    own = _case([(f"language = {text(language)}", tried(language)) for language in languages])
    return f"coalesce({own}, {tried('*')})" if languages else tried("*")


_Numbered = Tuple[int, Pattern]


def _only(patterns: Sequence[Pattern], group: str) -> List[_Numbered]:
    return [(number, one) for number, one in enumerate(patterns) if getattr(one, group)]


def _by_number(patterns: "Sequence[Pattern] | Sequence[_Numbered]", value: Callable[[Pattern], str]) -> str:
    numbered = [one if isinstance(one, tuple) else (number, one) for number, one in enumerate(patterns)]
    return _case([(f"revert_pattern = {number}", value(one)) for number, one in numbered])


def _extract(regex: str, group: int) -> str:
    return f"nullif(regexp_extract(comment, {text(regex)}, {group}), '')"


def _in_wikis(wikis: Sequence[str]) -> str:
    return f" and wiki in ({', '.join(text(wiki) for wiki in wikis)})" if wikis else ""


def _is_user(one: Trusted) -> str:
    return f"(clean_user = {text(one.user.replace('_', ' '))}{_in_wikis(one.wikis)})"


def _is_watched(one: Watch) -> str:
    title = "replace(title, '_', ' ')"
    tests = {
        "exact": f"{title} = {text(one.title)}",
        "prefix": f"startswith({title}, {text(one.title)})",
        "regex": _matches(title, one.title),
    }
    spaces = f" and namespace in ({', '.join(str(number) for number in one.namespaces)})" if one.namespaces else ""
    return tests[one.match] + ("" if one.wiki == "*" else _in_wikis([one.wiki])) + spaces


def _ids(terms: Sequence[Term]) -> str:
    if not terms:
        return "cast(null as string)"
    found = ", ".join(f"case when {_has_term(one)} then {text(one.id)} end" for one in terms)
    return f"nullif(concat_ws(',', {found}), '')"


def _has_term(one: Term) -> str:
    columns = [f"nfkc_{field}" if one.case_sensitive else f"lower(nfkc_{field})" for field in one.fields]
    fields = " or ".join(_field_has(one, column) for column in columns)
    until = f" and event_date <= {text(one.expires)}" if one.expires else ""
    return f"({fields}){_in_wikis(one.wikis)}{until}"


def _field_has(one: Term, column: str) -> str:
    if one.type == "regex":
        # A pattern written in capitals could never match lower case text: such a term says case_sensitive.
        return _matches(column, one.pattern)
    keyword = one.pattern if one.case_sensitive else one.pattern.lower()
    if not one.whole_word:
        return f"contains({column}, {text(keyword)})"
    quoted = re.sub(r"([^\w\s])", r"\\\1", keyword)
    return _matches(column, rf"(^|[^\p{{L}}\p{{N}}]){quoted}($|[^\p{{L}}\p{{N}}])")
