"""Decision on a pair of records: rules that settle it, else the match weights of its comparison levels."""

from __future__ import annotations

import math

from streams.matching.affirmations import affirmed_by
from streams.matching.comparisons import RARE
from streams.matching.contradictions import contradicted_by, two_works_of_one_source
from streams.matching.decision import DISTINCT, DUPLICATE, RELATED, REVIEW, Comparison, Decision, Explanation
from streams.matching.feature_values import Features
from streams.matching.identifier_comparisons import arxiv_conflict
from streams.matching.identity import identified_as
from streams.matching.pair import AGREED, PRINTED_ONCE, Levels, Pair, compare, compare_fully
from streams.matching.review_rules import review_rule_of
from streams.matching.rule import BY_IDENTIFIER, VETO, Rule
from streams.matching.ruleset import DEFAULT, RULESET, Rules

__all__ = ["RULESET", "decide", "decide_pair", "explain", "settled_by"]


def decide(a: Features, b: Features, rules: Rules = DEFAULT) -> Decision:
    """Return the decision on two records; symmetric, and a pure function of the records and the ruleset."""
    pair = compare(a, b)
    if pair is None:
        apart = arxiv_conflict(a, b)
        opposes = BY_IDENTIFIER if apart or two_works_of_one_source(a, b) else 0
        return Decision(DISTINCT, 0.0, ("title_different",), rules.ruleset, apart, opposes=opposes)
    return decide_pair(pair, rules)


def decide_pair(pair: Pair, rules: Rules) -> Decision:
    """Return the decision on a pair whose fields have been compared."""
    rule = settled_by(pair)
    return _settle(pair, rule, rules) if rule else _weigh(pair, rules)


def settled_by(pair: Pair) -> Rule | None:
    """Return the rule that settles a pair whatever its match weights, None where weights decide."""
    rule = identified_as(pair)
    if rule or pair.shared:
        return rule
    return contradicted_by(pair) or affirmed_by(pair)


def _settle(pair: Pair, rule: Rule, rules: Rules) -> Decision:
    reasons = (rule.code, *_known(pair.levels))
    if rule.effect == DUPLICATE:
        return _duplicate(pair, rule.score, reasons, rules)
    if rule.effect == RELATED:
        relation = rule.code.partition("_")[2]
        return Decision(RELATED, rule.score, (rule.code,), rules.ruleset, True, relation, BY_IDENTIFIER)
    if rule.effect == REVIEW:
        return Decision(REVIEW, rule.score, reasons, rules.ruleset, opposes=rule.opposes)
    apart = rule.effect == VETO
    opposes = BY_IDENTIFIER if apart else rule.opposes
    return Decision(DISTINCT, rule.score, (rule.code,), rules.ruleset, apart, opposes=opposes)


def _known(levels: Levels) -> tuple[str, ...]:
    return (f"authors_{levels.authors}",) if levels.authors != "unknown" else ()


def match_weight(levels: Levels, rules: Rules) -> float:
    """Return the match weight of a pair in bits: the prior plus the weight of each level."""
    total = rules.prior
    weights = rules.weights
    for field, level in zip(Levels._fields, levels, strict=True):
        total += weights[field].get(level, 0.0)
    return total


def probability(total: float) -> float:
    """Return a match weight in bits as a probability."""
    return round(1.0 / (1.0 + math.pow(2.0, -max(-60.0, min(60.0, total)))), 6)


def _reasons(levels: Levels, rules: Rules, positive: bool) -> tuple[str, ...]:
    weighed = [
        (rules.weights[field].get(level, 0.0), f"{field}_{level}")
        for field, level in zip(Levels._fields, levels, strict=True)
        if level != "unknown"
    ]
    sign = 1 if positive else -1
    weighed.sort(key=lambda item: (-sign * item[0], item[1]))
    return tuple(code for weight, code in weighed if sign * weight > 0) or ("no_evidence",)


_OPPOSING = 0.25
"""Score of a doubted pair below which it speaks against the sides it would join; above, a stronger link outweighs it."""


def _weigh(pair: Pair, rules: Rules) -> Decision:
    levels = pair.levels
    weight = match_weight(levels, rules)
    score = probability(weight)
    if score < rules.review:
        opposes = int(levels.authors == "none" and score < 0.05 and pair.match.bits < RARE)
        return Decision(DISTINCT, score, _reasons(levels, rules, False), rules.ruleset, opposes=opposes)
    reasons = _reasons(levels, rules, True)
    if score < rules.duplicate:
        return Decision(REVIEW, score, reasons, rules.ruleset)
    doubt = review_rule_of(pair)
    if doubt:
        score = min(probability(weight + rules.doubts.get(doubt.code, 0.0)), rules.duplicate - 0.01)
        verdict = REVIEW if score >= rules.review else DISTINCT
        opposes = doubt.opposes if score < _OPPOSING else 0
        return Decision(verdict, score, (doubt.code, *reasons), rules.ruleset, opposes=opposes)
    return _duplicate(pair, score, reasons, rules)


def _duplicate(pair: Pair, score: float, reasons: tuple[str, ...], rules: Rules) -> Decision:
    if rules.preprints != "merge" and pair.preprints == 1:
        verdict = RELATED if rules.preprints == "relate" else DISTINCT
        return Decision(
            verdict, score, ("preprint_policy", *reasons), rules.ruleset, True, "preprint_of", BY_IDENTIFIER
        )
    return Decision(DUPLICATE, score, reasons, rules.ruleset, strength=_strength(pair))


def _strength(pair: Pair) -> int:
    """Return the strength of a link, from 0 to 2.

    2 where an identifier is shared or a source states one work, 0 where nothing but the title agrees, else 1.
    """
    if pair.shared or pair.stated:
        return 2
    levels = pair.levels
    confirmed = (
        levels.authors in AGREED or levels.abstract == "same" or levels.place in PRINTED_ONCE or levels.year == "day"
    )
    return 1 if confirmed else 0


def explain(a: Features, b: Features, rules: Rules = DEFAULT) -> Explanation:
    """Return a decision with its comparisons, their match weights, and the rule that settled the pair, if any."""
    decision = decide(a, b, rules)
    pair = compare(a, b)
    if pair is None:
        return Explanation(decision, _rows(compare_fully(a, b), rules), rules.prior, "title_different")
    rows = _rows(pair, rules)
    if rule := settled_by(pair):
        return Explanation(decision, rows, rules.prior, rule.code)
    if probability(match_weight(pair.levels, rules)) >= rules.duplicate and (doubt := review_rule_of(pair)):
        rows += (Comparison("doubt", "", "", doubt.code, rules.doubts.get(doubt.code, 0.0)),)
    return Explanation(decision, rows, rules.prior)


def _rows(pair: Pair, rules: Rules) -> tuple[Comparison, ...]:
    a, b = pair.a, pair.b
    values = {
        "title": (a.title, b.title),
        "authors": ("; ".join(a.authors), "; ".join(b.authors)),
        "year": (_years(a), _years(b)),
        "abstract": (a.abstract.hex(), b.abstract.hex()),
        "place": (_printed(a), _printed(b)),
        "journal": (a.journal, b.journal),
        "identifier": (" ".join(a.ids), " ".join(b.ids)),
    }
    return tuple(
        Comparison(field, *values[field], level, rules.weights[field].get(level, 0.0))
        for field, level in zip(Levels._fields, pair.levels, strict=True)
    )


def _years(features: Features) -> str:
    return str(features.year or "")


def _printed(features: Features) -> str:
    pages = f"{features.page}-{features.last}" if features.last else features.page
    issue = f"({features.number})" if features.number else ""
    return f"{features.volume}{issue} {pages}".strip()
