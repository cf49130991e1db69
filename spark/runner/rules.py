"""The job's configuration: everything of schemas/rules, checked before any table is touched."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Tuple

from runner.files import Files
from runner.outcome import RunnerError
from runner.reference import Reference, load_reference
from runner.render import threshold_values
from runner.rule_sql import fingerprint, rule_values
from runner.yaml_subset import parse_yaml

REGIONS = ("asia_pacific", "europe", "americas", "middle_east", "other")


@dataclass(frozen=True)
class Domain:
    domain: str
    wiki: str
    language: str
    project: str
    region: str
    in_scope: bool


@dataclass(frozen=True)
class Rules:
    thresholds: Dict[str, Any]  # flat: "silver.large_deletion_below" → -5000
    domains: Tuple[Domain, ...]
    region_by_language: Dict[str, str]
    reference: Reference
    values: Dict[str, str]  # what ${name} stands for in SQL: thresholds and rules.*
    fingerprint: str  # of domains and lists

    def number(self, name: str) -> float:
        value = self.thresholds.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise RunnerError(f"rules/thresholds.yml: {name} must be a number")
        return value

    def text(self, name: str, allowed: Tuple[str, ...]) -> str:
        value = self.thresholds.get(name)
        if value not in allowed:
            raise RunnerError(f"rules/thresholds.yml: {name} must be one of {', '.join(allowed)}")
        return value


def load_rules(files: Files) -> Rules:
    """All problems of all files together in one RunnerError."""
    problems: List[str] = []
    thresholds = _flatten(parse_yaml(files.read("rules/thresholds.yml"), "rules/thresholds.yml"), "", problems)
    document = parse_yaml(files.read("rules/domains.yml"), "rules/domains.yml")
    domains = _domains(document, problems)
    by_language = (document or {}).get("region_by_language") or {}
    for language, region in by_language.items():
        if region not in REGIONS:
            problems.append(f"rules/domains.yml: region_by_language.{language}: unknown region '{region}'")
    reference = load_reference(files, problems)
    if problems:
        raise RunnerError("; ".join(problems))
    values = {**threshold_values(thresholds), **rule_values(reference)}
    return Rules(thresholds, tuple(domains), dict(by_language), reference, values, fingerprint(reference, domains))


def _flatten(value: Any, prefix: str, problems: List[str]) -> Dict[str, Any]:
    if not isinstance(value, dict):
        problems.append(f"rules/thresholds.yml: {prefix or 'the document'} must be a mapping")
        return {}
    flat: Dict[str, Any] = {}
    for key, item in value.items():
        name = f"{prefix}.{key}" if prefix else key
        if isinstance(item, dict):
            flat.update(_flatten(item, name, problems))
        elif isinstance(item, (int, float, str)):
            flat[name] = item
        else:
            problems.append(f"rules/thresholds.yml: {name} must be a number or a word")
    return flat


def _domains(document: Any, problems: List[str]) -> List[Domain]:
    entries = document.get("domains") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        problems.append("rules/domains.yml: 'domains' must be a list with at least one entry")
        return []
    found: Dict[str, Domain] = {}
    fields = {"domain": str, "wiki": str, "language": str, "project": str, "region": str, "in_scope": bool}
    for number, entry in enumerate(entries, 1):
        where = f"rules/domains.yml: entry {number}"
        if not isinstance(entry, dict) or set(entry) != set(fields):
            problems.append(f"{where}: needs exactly {', '.join(fields)}")
            continue
        wrong = [name for name, kind in fields.items() if not isinstance(entry[name], kind)]
        if wrong:
            problems.append(f"{where}: wrong type of {', '.join(wrong)}")
            continue
        domain = Domain(**entry)
        if domain.region not in REGIONS:
            problems.append(f"{where}: unknown region '{domain.region}'")
        if domain.domain in found:
            problems.append(f"{where}: {domain.domain} is there twice (a domain has exactly one region)")
        found[domain.domain] = domain
    return list(found.values())
