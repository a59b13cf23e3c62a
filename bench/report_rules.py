"""The parts of the report on rules: what each is good for, which guards raise false alarms, which changes part a pair."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import report_texts as texts
from ablation import Alarm, Row
from decisive_changes import DECISIVE
from harmless_changes import HARMLESS
from markdown import percent, table
from mutate import Trial
from rules_in_use import RULES
from sets import OWN_SETS, VARIANTS

from streams.matching.decision import DUPLICATE


def rules(rows: Sequence[Row], sets: Sequence[str]) -> Iterator[str]:
    """Return the ablation: one line a rule, the suspects, and one line a rule and set."""
    if not rows:
        return
    yield "## Rule by rule"
    yield texts.RULES
    by_rule: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_rule[row.code].append(row)
    head = [
        "rule",
        "effect",
        "decides",
        "right",
        "wrong",
        "without it: wrong",
        "missed",
        "price",
        "helps in",
        "costs in",
    ]
    yield table(head, (_rule(code, by_rule[code]) for code in RULES if code in by_rule))
    yield from _suspects(by_rule, sets)


def _rule(code: str, rows: Sequence[Row]) -> list[object]:
    judged = [row for row in rows if _counts(row.name)]
    right, wrong = sum(row.right for row in judged), sum(row.wrong for row in judged)
    more_wrong, more_missed = sum(row.more_wrong for row in judged), sum(row.more_missed for row in judged)
    return [
        f"`{code}`",
        RULES[code][1].effect,
        right + wrong,
        right,
        wrong,
        _signed(more_wrong),
        _signed(more_missed),
        _price(-more_wrong, more_missed) if RULES[code][1].effect == DUPLICATE else _price(-more_missed, more_wrong),
        ", ".join(f"{row.name} {row.balance}" for row in rows if row.balance > 0) or "–",
        ", ".join(f"{row.name} {-row.balance}" for row in rows if row.balance < 0) or "–",
    ]


def _price(cost: int, good: int) -> str:
    """Return the cost of one good, a dash where there is no cost."""
    if cost <= 0:
        return "–"
    return f"{cost / good:.1f}" if good > 0 else "∞"


def _counts(name: str) -> bool:
    """Return whether a set counts for what all sets say together: variants would count twice, our own were made for the rules."""
    return name not in OWN_SETS and not any(variant.name == name for variant in VARIANTS)


def _signed(number: int) -> str:
    return f"{number:+d}".replace("-", "−") if number else "0"


def _suspects(by_rule: dict[str, list[Row]], sets: Sequence[str]) -> Iterator[str]:
    """Return which rules help in one set alone, in none, or cost more than they save."""
    one, cost, idle = [], [], []
    for code, rows in by_rule.items():
        judged = [row for row in rows if _counts(row.name)]
        helps = [row for row in judged if row.balance > 0]
        balance = sum(row.balance for row in judged)
        if len(helps) == 1:
            one.append(
                (
                    -helps[0].balance,
                    f"`{code}` ({helps[0].name}, {helps[0].balance} errors; all sets: {_signed(balance)})",
                )
            )
        if balance < 0:
            cost.append((balance, f"`{code}` ({_signed(balance)})"))
        elif not helps:
            idle.append(f"`{code}`")
    unseen = [f"`{code}`" for code in RULES if code not in by_rule]
    yield "**Suspects**, for they help in one set alone, those that help most first: " + (_listed(one) or "none") + "."
    yield (
        "More errors with the rule than without it, all sets together (it may be right even so: it keeps precision, where most "
        "errors are missed pairs): " + (_listed(cost) or "none") + "."
    )
    yield "They decide pairs, and no set is better or worse for it: " + (", ".join(idle) or "none") + "."
    yield f"Rules that decide no pair of these {len(sets)} sets: " + (", ".join(unseen) or "none") + "."


def _listed(found: list[tuple[int, str]]) -> str:
    return ", ".join(text for _, text in sorted(found))


def by_set(rows: Sequence[Row]) -> Iterator[str]:
    """Return the ablation by rule and set."""
    if not rows:
        return
    yield "## Rule by rule and set"
    yield "As above, with precision and recall of the set's clusters without the rule, where that makes a difference."
    head = ["rule", "set", "decides", "right", "wrong", "P", "P without it", "R", "R without it"]
    order = list(RULES)
    yield table(head, (_by_set(row) for row in sorted(rows, key=lambda row: order.index(row.code))))


def _by_set(row: Row) -> list[object]:
    changed = row.without != row.before
    before, after = row.before, row.without
    return [
        f"`{row.code}`", row.name, row.right + row.wrong, row.right, row.wrong,
        f"{before.precision:.4f}", f"{after.precision:.4f}" if changed else "–",
        f"{before.recall:.4f}", f"{after.recall:.4f}" if changed else "–",
    ]  # fmt: skip


def guards(alarms: Sequence[Alarm]) -> Iterator[str]:
    """Return how often each guard holds for pairs that are one work."""
    if not alarms:
        return
    yield "## False alarms of guards"
    yield texts.ALARMS
    rows = []
    for code in RULES:
        mine = [alarm for alarm in alarms if alarm.code == code and _counts(alarm.name)]
        if mine:
            rows.append(
                [
                    f"`{code}`",
                    sum(alarm.false for alarm in mine),
                    sum(alarm.decided for alarm in mine),
                    sum(alarm.true for alarm in mine),
                    ", ".join(f"{a.name} {a.false}" for a in sorted(mine, key=lambda a: -a.false)[:4] if a.false)
                    or "–",
                ]
            )
    yield table(["guard", "false", "decides", "true", "most in"], rows)


def mutations(trials: Sequence[Trial]) -> Iterator[str]:
    """Return the rates by change, and by change and set."""
    if not trials:
        return
    yield "## Changes that should and should not matter"
    yield texts.MUTATIONS
    yield table(
        ["harmless change", "meaning", "pairs", "kept", "in doubt", "apart", "do not meet", "least in"],
        (
            _harmless(change.code, change.meaning, trials)
            for change in HARMLESS
            if _of(change.code, trials, harmless=True)
        ),
    )
    yield table(
        ["decisive change", "meaning", "pairs", "parted", "of them in doubt", "put together", "least in"],
        (
            _decisive(change.code, change.meaning, trials)
            for change in DECISIVE
            if _of(change.code, trials, harmless=False)
        ),
    )


def _of(code: str, trials: Iterable[Trial], *, harmless: bool) -> list[Trial]:
    return [one for one in trials if one.code == code and one.harmless == harmless and _counts(one.name)]


def _harmless(code: str, meaning: str, trials: Iterable[Trial]) -> list[object]:
    mine = _of(code, trials, harmless=True)
    tried = sum(one.tried for one in mine)
    counts = [sum(getattr(one, name) for one in mine) for name in ("doubt", "apart", "unmet")]
    return [code, meaning, tried, percent(sum(one.together for one in mine), tried), *counts, _least(mine)]


def _decisive(code: str, meaning: str, trials: Iterable[Trial]) -> list[object]:
    mine = _of(code, trials, harmless=False)
    tried, together = sum(one.tried for one in mine), sum(one.together for one in mine)
    return [
        code,
        meaning,
        tried,
        percent(tried - together, tried),
        sum(one.doubt for one in mine),
        together,
        _least(mine),
    ]


def _least(trials: Sequence[Trial]) -> str:
    """Return the three sets where a change does most often what it should not."""
    wrong = sorted((one for one in trials if one.rate < 1 and one.tried >= 10), key=lambda one: one.rate)
    return ", ".join(f"{one.name} {one.rate:.0%}" for one in wrong[:3]) or "–"


def mutations_by_set(trials: Sequence[Trial]) -> Iterator[str]:
    """Return the rate of each change on each set."""
    if not trials:
        return
    yield "## Changes by set"
    yield "The share of pairs kept together by harmless changes, and not put together after decisive ones; how many were tried."
    sets = list(dict.fromkeys(trial.name for trial in trials))
    for title, changes, harmless in (("harmless", HARMLESS, True), ("decisive", DECISIVE, False)):
        known = {(t.code, t.name): f"{t.rate:.2f} ({t.tried})" for t in trials if t.harmless == harmless}
        head = [title, *(change.code for change in changes)]
        yield table(head, ([name, *(known.get((change.code, name), "–") for change in changes)] for name in sets))
