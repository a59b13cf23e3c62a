"""The verdict on a pair of records: identifiers, guards, then the weighed likeness of the fields."""

from __future__ import annotations

from typing import NamedTuple

from streams.matching.compare import (
    abstract_level,
    authors_level,
    identifier_level,
    journal_level,
    place_level,
    TitleMatch,
    title_level,
    year_level,
)
from streams.matching.decision import DISTINCT, DUPLICATE, RELATED, REVIEW, Comparison, Decision, Explanation
from streams.matching.doi_classes import is_entry
from streams.matching.features import IS_PREPRINT, IS_THESIS, Features
from streams.matching.guards import GUARDS, Guard, relation_between
from streams.matching.rules import DEFAULT, RULESET, Rules

__all__ = ["RULESET", "decide", "explain"]


class _Levels(NamedTuple):
    """What two records reach in each field."""

    title: str
    authors: str
    year: str
    abstract: str
    place: str
    journal: str
    identifier: str


def decide(a: Features, b: Features, rules: Rules = DEFAULT) -> Decision:
    """The verdict on a pair: symmetric, and a function of the two records and the rules alone."""
    identifier, shared = identifier_level(a, b)
    match = title_level(a, b)
    title = match.level
    place = place_level(a, b)
    abstract = abstract_level(a, b)
    if title == "different" and not shared and place != "same" and abstract in ("unknown", "different"):
        return Decision(DISTINCT, 0.0, ("title_different",), rules.ruleset, _arxiv_conflict(a, b))
    authors, _ = authors_level(a, b)
    levels = _Levels(title, authors, year_level(a, b), abstract, place, journal_level(a, b), identifier)
    return _verdict(a, b, levels, match, shared, rules)


def _arxiv_conflict(a: Features, b: Features) -> bool:
    """Two arXiv ids and none in common: two works, unless a source states otherwise (INSPIRE)."""
    one = [value for value in a.ids if value.startswith("arxiv:")]
    if not one:
        return False
    two = [value for value in b.ids if value.startswith("arxiv:")]
    return bool(two) and not any(value in two for value in one)


def _bits(levels: _Levels, rules: Rules) -> float:
    total = rules.prior
    weights = rules.weights
    for field, level in zip(_Levels._fields, levels, strict=True):
        total += weights[field].get(level, 0.0)
    return total


def _score(bits: float) -> float:
    return round(1.0 / (1.0 + 2.0 ** -max(-60.0, min(60.0, bits))), 6)


def _reasons(levels: _Levels, rules: Rules, positive: bool) -> tuple[str, ...]:
    weighed = [
        (rules.weights[field].get(level, 0.0), f"{field}_{level}")
        for field, level in zip(_Levels._fields, levels, strict=True)
        if level != "unknown"
    ]
    sign = 1 if positive else -1
    weighed.sort(key=lambda item: (-sign * item[0], item[1]))
    return tuple(code for weight, code in weighed if sign * weight > 0)


def _verdict(a: Features, b: Features, levels: _Levels, match: TitleMatch, shared: str, rules: Rules) -> Decision:  # noqa: PLR0912
    score = _score(_bits(levels, rules))
    exact = levels.title.startswith("exact")
    if _arxiv_conflict(a, b):
        return Decision(DISTINCT, min(score, 0.05), ("arxiv_differ",), rules.ruleset, True)
    relation = relation_between(a, b)
    if relation and levels.title not in ("different", "similar", "main", "unknown"):
        return Decision(RELATED, min(score, 0.05), (f"derived_{relation}",), rules.ruleset, True, relation)
    if a.ordinal != b.ordinal:
        return Decision(DISTINCT, min(score, 0.05), ("ordinal_differs",), rules.ruleset, True)
    retitled = levels.abstract == "same" and bool((a.flags | b.flags) & IS_PREPRINT)
    # Evidence no likeness of titles could give: one place in print, one abstract. A paper that is retitled is so
    # between preprint and publication; two published texts of one abstract and two titles are two talks.
    firm = levels.place == "same" or retitled or (exact and levels.abstract == "same")
    doubt: Guard | None = None
    if not exact:
        doubt = _guard(a, b, match)
        if doubt and doubt.effect != "doubt" and not shared and not (firm and doubt.effect == "distinct"):
            return Decision(DISTINCT, min(score, 0.1), (doubt.code,), rules.ruleset, doubt.effect == "apart")
    if shared:
        if levels.authors == "none" and levels.title in ("different", "similar"):
            return Decision(REVIEW, 0.5, (f"same_{shared.partition(':')[0]}", "contradicted"), rules.ruleset)
    else:
        found = _contradiction(a, b, levels)
        if found:
            return Decision(DISTINCT, min(score, 0.1), (found,), rules.ruleset, True)
        if levels.authors == "none" and not firm:
            verdict = REVIEW if score >= rules.duplicate else DISTINCT
            return Decision(verdict, score, _reasons(levels, rules, False), rules.ruleset, verdict == DISTINCT)
        if levels.title == "exact_stop" and not firm:
            return Decision(
                REVIEW if score >= rules.duplicate else DISTINCT, min(score, 0.5), ("stop_title",), rules.ruleset
            )
    doubtful = doubt.code if doubt else "other_word" if levels.title == "other" else ""
    if doubtful and not shared and not firm and score >= rules.review:
        return Decision(REVIEW, min(score, 0.8), (doubtful,), rules.ruleset)
    if score >= rules.duplicate:
        return _duplicate(a, b, score, _reasons(levels, rules, True), rules)
    if score >= rules.review:
        return Decision(REVIEW, score, _reasons(levels, rules, True), rules.ruleset)
    return Decision(DISTINCT, score, _reasons(levels, rules, False), rules.ruleset)


def _contradiction(a: Features, b: Features, levels: _Levels) -> str:
    """What outweighs even equal titles and authors: two places in print, two entries of a collection, a thesis against a paper."""
    if levels.place in ("twice", "volume") and (levels.journal == "different" or levels.year not in ("same", "unknown")):
        return "printed_twice"
    if levels.identifier == "registrant" and _entries(a, b):
        return "entries_differ"
    thesis, paper = (a, b) if a.flags & IS_THESIS else (b, a)
    if (a.flags ^ b.flags) & IS_THESIS and paper.n_authors > thesis.n_authors > 0 and not paper.flags & IS_PREPRINT:
        return "thesis_and_paper"
    return ""


def _entries(a: Features, b: Features) -> bool:
    return any(is_entry(value[4:]) for value in a.ids + b.ids if value.startswith("doi:"))


def _guard(a: Features, b: Features, match: TitleMatch) -> Guard | None:
    if match.level.startswith("noisy"):
        return None
    for guard in GUARDS:
        if guard.test(a, b, match.difference):
            return guard
    return None


def _duplicate(a: Features, b: Features, score: float, reasons: tuple[str, ...], rules: Rules) -> Decision:
    if rules.preprints != "merge" and (a.flags ^ b.flags) & IS_PREPRINT:
        verdict = RELATED if rules.preprints == "relate" else DISTINCT
        return Decision(verdict, score, ("preprint_policy", *reasons), rules.ruleset, True, "preprint_of")
    return Decision(DUPLICATE, score, reasons, rules.ruleset)


def _years(features: Features) -> str:
    return str(features.year or "")


def explain(a: Features, b: Features, rules: Rules = DEFAULT) -> Explanation:
    """The decision on a pair with the comparisons that led to it."""
    title = title_level(a, b).level
    authors, agreement = authors_level(a, b)
    identifier, shared = identifier_level(a, b)
    rows = (
        ("title", a.title, b.title, title),
        ("authors", "; ".join(a.authors), "; ".join(b.authors), authors),
        ("year", _years(a), _years(b), year_level(a, b)),
        ("abstract", a.abstract.hex(), b.abstract.hex(), abstract_level(a, b)),
        ("place", f"{a.volume} {a.page}".strip(), f"{b.volume} {b.page}".strip(), place_level(a, b)),
        ("journal", a.journal, b.journal, journal_level(a, b)),
        ("identifier", " ".join(a.ids), " ".join(b.ids), identifier),
    )
    comparisons = tuple(
        Comparison(field, one, two, level, rules.weights[field].get(level, 0.0)) for field, one, two, level in rows
    )
    return Explanation(decide(a, b, rules), comparisons, rules.prior)
