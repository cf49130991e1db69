"""
Precision and recall of the risk models at each threshold, as Markdown on stdout.
Arguments: folder with events.ndjson and labels.json of the simulator; a real day (optional).
Truth: simulated edits labelled vandalism; on the real day edits that somebody else reverted. An undefined precision counts as 0.
"""
from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Sequence, Tuple

ROOT = Path(__file__).resolve().parents[1]
# The row harness: a session on a local folder, and files as bronze rows.
sys.path[:0] = [str(ROOT / "tests" / "spark" / "harness"), str(ROOT / "spark")]

import harness  # noqa: E402

THRESHOLDS = range(10, 100, 10)
Judged = Tuple[float, bool]  # score, damage
Edit = Dict[str, Any]


def edits_of(spark: Any, folder: str, prefix: str, path: str) -> List[Edit]:
    """One cycle over the file, then every scored edit with what the models and the plain rule say of it."""
    harness.create(spark, prefix)
    harness.append_bronze(spark, prefix, harness.rows_of_file(path, 10**9, "replay"))
    args = ["cycle", "--database-prefix", prefix, "--run-id", f"{prefix}-1", "--settle-seconds", "0"]
    args += ["--stage-uri", f"{folder}/stage-{prefix}"]
    found = harness.run_command(spark, {"args": args})
    if found != {"exit": 0}:
        raise SystemExit(f"the cycle over {path} ended with {found}")
    rows = spark.sql(
        f"""
        select s.event_id, s.wiki, s.title, s.user_normalized as user, s.in_scope, s.edit_score as v2, coalesce(r.risk_score, 0D) as v1,
          e.is_anonymous and e.comment_kind in ('empty', 'section_only') as by_rule, v.event_id is not null as is_reverted,
          coalesce(u.alert_triggered, false) as alert_v2, coalesce(r.alert_triggered, false) as alert_v1, u.risk_score as user_v2
        from lake.{prefix}_gold.edit_scores s
        join lake.{prefix}_silver.cleaned_events e on e.event_id = s.event_id
        left join lake.{prefix}_gold.risk_scores r on r.model_version = 'v1' and r.entity_type = 'user'
          and r.stat_date = s.event_date and r.entity_id = s.user_normalized
        left join lake.{prefix}_gold.risk_scores u on u.model_version = 'v2' and u.entity_type = 'user'
          and u.stat_date = s.event_date and u.entity_id = s.user_normalized
        left join (
          select distinct reverted_event_id as event_id from lake.{prefix}_silver.reverts
          where not is_self_revert and seconds_to_revert <= 172800
        ) v on v.event_id = s.event_id
        """
    ).collect()
    return [row.asDict() for row in rows]


def at(judged: Sequence[Judged], threshold: float) -> Tuple[int, float, float]:
    """Flagged, precision, recall."""
    flagged = sum(1 for score, _ in judged if score >= threshold)
    right = sum(1 for score, damage in judged if damage and score >= threshold)
    damage = sum(1 for _, one in judged if one)
    return flagged, right / flagged if flagged else 0.0, right / damage if damage else 0.0


def precision_at_recall(judged: Sequence[Judged], recall: float) -> float:
    """Precision of the highest scores that together find this share of the damage; ties are taken in part."""
    groups: Dict[float, List[int]] = defaultdict(lambda: [0, 0])
    for score, damage in judged:
        groups[score][0] += 1
        groups[score][1] += int(damage)
    wanted = recall * sum(right for _, right in groups.values())
    flagged = right = 0.0
    for score in sorted(groups, reverse=True):
        n, hits = groups[score]
        if hits and right + hits >= wanted:
            part = (wanted - right) / hits
            return wanted / (flagged + part * n) if wanted else 0.0
        flagged, right = flagged + n, right + hits
    return right / flagged if flagged else 0.0


def by_user(edits: Iterable[Edit], is_damage: Callable[[Edit], bool]) -> Dict[str, List[Judged]]:
    """A user is damage with one such edit and half of all; v1 by the score of the day, v2 by the highest edit."""
    people: Dict[str, List[Edit]] = defaultdict(list)
    for one in edits:
        if one["user"] is not None:
            people[one["user"]].append(one)
    found: Dict[str, List[Judged]] = {"v1": [], "v2": []}
    for own in people.values():
        bad = sum(is_damage(one) for one in own)
        damage = bad >= 1 and bad * 2 >= len(own)
        found["v1"].append((own[0]["v1"], damage))
        found["v2"].append((max(one["v2"] for one in own), damage))
    return found


def by_edit(edits: Iterable[Edit], is_damage: Callable[[Edit], bool]) -> Dict[str, List[Judged]]:
    """v1 scores no edits: an edit has the score of its author's whole day, which is more than could be known then."""
    judged = [(one, is_damage(one)) for one in edits]
    return {model: [(one[model], damage) for one, damage in judged] for model in ("v1", "v2")}


def print_thresholds(title: str, models: Dict[str, List[Judged]]) -> None:
    n, bad = len(models["v2"]), sum(damage for _, damage in models["v2"])
    print(f"\n{title}: {n:,} scored, {bad:,} damage\n")
    print("| Threshold | v1 flagged | v1 precision | v1 recall | v2 flagged | v2 precision | v2 recall |\n|--:|--:|--:|--:|--:|--:|--:|")
    for threshold in THRESHOLDS:
        cells = [f"{flagged:,} | {precision:.3f} | {recall:.3f}" for flagged, precision, recall in (at(models[m], threshold) for m in ("v1", "v2"))]
        print(f"| {threshold} | {' | '.join(cells)} |")


def print_wikis(edits: Sequence[Edit], is_damage: Callable[[Edit], bool]) -> None:
    damaged = Counter(one["wiki"] for one in edits if is_damage(one))
    print("\nPer wiki, edits (those with the most damage): precision / recall\n")
    print("| Wiki | Scored | Damage | v1 ≥ 20 | v2 ≥ 20 | v2 ≥ 30 | v2 ≥ 40 | v2 ≥ 50 | v2 ≥ 70 |\n|--|--:|--:|--:|--:|--:|--:|--:|--:|")
    for wiki, bad in damaged.most_common(8):
        models = by_edit([one for one in edits if one["wiki"] == wiki], is_damage)
        asked = [("v1", 20), ("v2", 20), ("v2", 30), ("v2", 40), ("v2", 50), ("v2", 70)]
        cells = ["{1:.2f} / {2:.2f}".format(*at(models[model], threshold)) for model, threshold in asked]
        print(f"| {wiki} | {len(models['v2']):,} | {bad} | {' | '.join(cells)} |")


def print_rule(title: str, edits: Sequence[Edit], is_damage: Callable[[Edit], bool]) -> None:
    """v2 against: unregistered, and the summary empty or only a section."""
    rule = [(1.0 if one["by_rule"] else 0.0, is_damage(one)) for one in edits]
    v2 = [(one["v2"], damage) for one, (_, damage) in zip(edits, rule)]
    flagged, precision, recall = at(rule, 1)
    same = precision_at_recall(v2, recall)
    print(f"\n{title}: {len(rule):,} edits, {sum(damage for _, damage in rule)} damage. The rule flags {flagged}: precision {precision:.3f}, recall {recall:.3f}.")
    print(f"v2 at the same recall: precision {same:.3f}, {same / precision if precision else 0:.2f} times.\n")
    print("| Recall | v2 precision | times the rule's |\n|--:|--:|--:|")
    for share in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        found = precision_at_recall(v2, share)
        print(f"| {share:.2f} | {found:.3f} | {found / precision if precision else 0:.2f} |")


def print_alerts(edits: Sequence[Edit], is_damage: Callable[[Edit], bool]) -> None:
    people: Dict[str, List[Edit]] = defaultdict(list)
    for one in edits:
        people[one["user"] or ""].append(one)
    for model in ("v1", "v2"):
        alerted = [own for own in people.values() if own[0][f"alert_{model}"]]
        right = sum(any(is_damage(one) for one in own) for own in alerted)
        print(f"\nAlerts {model}: {len(alerted)} users, {right} of them did damage.")


def report(title: str, edits: Sequence[Edit], is_damage: Callable[[Edit], bool]) -> None:
    print(f"\n### {title}")
    print_thresholds("Edits", by_edit(edits, is_damage))
    print_thresholds("Users", by_user(edits, is_damage))
    print_wikis(edits, is_damage)
    print_alerts(edits, is_damage)


def is_held_out(one: Edit) -> bool:
    """By page, so that what happened on a page lies on one side."""
    return hashlib.md5(f"{one['wiki']}:{one['title']}".encode()).digest()[0] % 2 == 1


def main() -> None:
    folder = sys.argv[1]
    spark = harness.open_session(folder)
    labels = json.loads(Path(folder, "labels.json").read_text())
    simulated = edits_of(spark, folder, "simulated", f"{folder}/events.ndjson")

    def is_vandalism(one: Edit) -> bool:
        return labels.get(one["event_id"]) == "vandalism"

    report("Simulated stories", simulated, is_vandalism)
    print_rule("Against the plain rule", simulated, is_vandalism)
    if len(sys.argv) > 2:
        real = edits_of(spark, folder, "real", sys.argv[2])

        def is_reverted(one: Edit) -> bool:
            return bool(one["is_reverted"])

        report("Real day, reverts by others", real, is_reverted)
        print_rule("Against the plain rule, half held out", [one for one in real if is_held_out(one)], is_reverted)
        print_rule("Against the plain rule, other half", [one for one in real if not is_held_out(one)], is_reverted)
    spark.stop()


if __name__ == "__main__":
    main()
