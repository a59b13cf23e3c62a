"""The verdict on a pair of records: identifiers, guards, then the weighed likeness of the fields."""

from __future__ import annotations

import math
from typing import NamedTuple

from streams.matching.compare import (
    TitleMatch,
    abstract_level,
    authors_level,
    identifier_level,
    journal_level,
    place_level,
    title_level,
    year_level,
)
from streams.matching.decision import DISTINCT, DUPLICATE, RELATED, REVIEW, Comparison, Decision, Explanation
from streams.matching.doi_classes import is_entry, is_of_book
from streams.matching.features import IS_PREPRINT, IS_THESIS, TRANSLATED, Features
from streams.matching.guards import GUARDS, relation_between
from streams.matching.rules import DEFAULT, RULESET, Rules

__all__ = ["RULESET", "SAME_WORK", "decide", "explain", "stated"]


# Stated relations that mean one work in several versions; all others mean another work.
SAME_WORK = frozenset(("same_as", "version_of", "has_version", "preprint_of", "has_preprint"))


class Levels(NamedTuple):
    """What two records reach in each field; the names of `streams.matching.compare`."""

    title: str
    authors: str
    year: str
    abstract: str
    place: str
    journal: str
    identifier: str


class Pair(NamedTuple):
    """Two records with all that comparison found of them."""

    a: Features
    b: Features
    levels: Levels
    match: TitleMatch
    shared: str


def decide(a: Features, b: Features, rules: Rules = DEFAULT) -> Decision:
    """The verdict on a pair: symmetric, and a function of the two records and the rules alone."""
    pair = compare(a, b)
    if pair is None:
        return Decision(DISTINCT, 0.0, ("title_different",), rules.ruleset, arxiv_conflict(a, b) or _two_works(a, b))
    ruled = identity(pair, rules) or contradiction(pair, rules)
    return ruled or _weigh(pair, rules)


def compare(a: Features, b: Features) -> Pair | None:
    """All comparisons of a pair; None where the titles differ so much that nothing else needs a look."""
    identifier, shared = identifier_level(a, b)
    match = title_level(a, b)
    place = place_level(a, b)
    abstract = abstract_level(a, b)
    if match.level == "different" and not shared and not stated(a, b):
        if place == "same" and (a.flags ^ b.flags) & TRANSLATED:
            match = match._replace(level="translated")
        elif abstract == "same":
            match = match._replace(level="retitled")
        else:
            return None
    authors, _ = authors_level(a, b)
    levels = Levels(match.level, authors, year_level(a, b), abstract, place, journal_level(a, b), identifier)
    return Pair(a, b, levels, match, shared)


def stated(a: Features, b: Features) -> str:
    """The kind of relation a source states between the two, `""` where none does; another work outranks the same."""
    if not a.relations and not b.relations:
        return ""
    kinds = [
        relation.partition(" ")[0]
        for one, other in ((a, b), (b, a))
        for relation in one.relations
        if relation.partition(" ")[2] in other.ids
    ]
    return min(kinds, key=lambda kind: (kind in SAME_WORK, kind)) if kinds else ""


def arxiv_conflict(a: Features, b: Features) -> bool:
    """Two arXiv ids and none in common: two works, unless a source states otherwise (INSPIRE)."""
    one = [value for value in a.ids if value.startswith("arxiv:")]
    if not one:
        return False
    two = [value for value in b.ids if value.startswith("arxiv:")]
    return bool(two) and not any(value in two for value in one)


def _two_works(a: Features, b: Features) -> bool:
    """Two records of one source with two titles and two DOIs, neither a preprint's: that source knows two works."""
    if a.source != b.source or not a.ids or not b.ids:
        return False
    return identifier_level(a, b)[0] in ("different", "registrant") and not (a.flags | b.flags) & IS_PREPRINT


def bits(levels: Levels, rules: Rules) -> float:
    """The sum of the prior and all weights, in bits."""
    total = rules.prior
    weights = rules.weights
    for field, level in zip(Levels._fields, levels, strict=True):
        total += weights[field].get(level, 0.0)
    return total


def probability(total: float) -> float:
    """A sum of bits as a probability."""
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


_ALIKE = ("exact", "typo", "noisy", "subtitle", "prefix", "inner", "extra", "other")


def identity(pair: Pair, rules: Rules) -> Decision | None:
    """What identifiers and stated kinds of work settle: two arXiv ids, an erratum, another supplement."""
    a, b, levels, _, shared = pair
    kind = stated(a, b)
    if kind in SAME_WORK:
        doubted = levels.authors == "none" and levels.title in ("different", "similar")
        if doubted:
            return Decision(REVIEW, 0.5, (f"stated_{kind}", "titles_differ"), rules.ruleset)
        return _duplicate(a, b, 0.98, (f"stated_{kind}",), rules)
    if kind:
        return Decision(RELATED, 0.0, (f"stated_{kind}",), rules.ruleset, True, kind)
    if arxiv_conflict(a, b):
        return Decision(DISTINCT, 0.0, ("arxiv_differ",), rules.ruleset, True)
    relation = relation_between(a, b)
    if relation and levels.title.startswith(_ALIKE):
        return Decision(RELATED, 0.0, (f"derived_{relation}",), rules.ruleset, True, relation)
    if a.ordinal != b.ordinal:
        return Decision(DISTINCT, 0.0, ("ordinal_differs",), rules.ruleset, True)
    if shared and levels.title in ("different", "similar"):
        return _same_identifier(pair, rules)
    return None


def _same_identifier(pair: Pair, rules: Rules) -> Decision:
    """One identifier under two titles: the authors tell whether it is one paper retitled.

    A DOI is no proof: a book's stands on its chapters, a volume's on its papers (OpenAIRE, bib-dedupe).
    """
    scheme = pair.shared.partition(":")[0]
    agreed = pair.levels.authors in _AGREED
    if agreed and (scheme in _WORK_SCHEMES or pair.levels.title == "similar"):
        return _duplicate(pair.a, pair.b, 0.97, (f"same_{scheme}", f"authors_{pair.levels.authors}"), rules)
    return Decision(REVIEW, 0.5, (f"same_{scheme}", "titles_differ"), rules.ruleset)


_AGREED = ("same_many", "same_two", "same_one", "contained", "contained_one", "most")
_WORK_SCHEMES = ("arxiv", "pmid", "pmcid")  # each names one paper and never a whole of which it is a part


def is_firm(pair: Pair) -> bool:
    """Whether there is evidence no likeness of titles could give: one identifier, one place in print, one abstract.

    A paper that is retitled is so between preprint and publication; two published texts with one abstract and
    two titles are two talks. Catalogues give a publication its preprint's date, so a day in common counts there too.
    """
    a, b, levels, _, shared = pair
    if shared or levels.place == "same":
        return True
    if levels.abstract == "same":
        return levels.title.startswith("exact") or bool((a.flags | b.flags) & IS_PREPRINT)
    published = bool((a.flags ^ b.flags) & IS_PREPRINT)
    return published and levels.year == "day" and levels.authors in ("same_many", "same_two")


def contradiction(pair: Pair, rules: Rules) -> Decision | None:
    """What outweighs even equal titles and authors, where no identifier is shared."""
    a, b, levels, match, shared = pair
    if shared:
        return None
    code = _printed_twice(levels) or _thesis(a, b)
    if code:
        return Decision(DISTINCT, 0.05, (code,), rules.ruleset, True)
    code, apart = _collection(a, b, levels)
    if code:
        return Decision(DISTINCT, 0.05, (code,), rules.ruleset, apart)
    if match.difference.a or match.difference.b:
        guard = next((g for g in GUARDS if g.effect != "doubt" and g.test(a, b, match.difference)), None)
        if guard and not levels.title.startswith("noisy") and (guard.effect == "apart" or not is_firm(pair)):
            return Decision(DISTINCT, 0.05, (guard.code,), rules.ruleset, guard.effect == "apart")
    return None


def _printed_twice(levels: Levels) -> str:
    """Two places in print that are no misprint of each other: other volume or page, and other journal or year."""
    other_year = levels.year not in ("same", "unknown")
    if levels.place in ("twice", "volume") and (levels.journal == "different" or other_year):
        return "printed_twice"
    if levels.place == "conflict" and (levels.journal == "different" or (other_year and levels.journal != "same")):
        return "printed_twice"
    return ""


def _collection(a: Features, b: Features, levels: Levels) -> tuple[str, bool]:
    """Two DOIs that number things of a kind, and whether that is beyond doubt."""
    if levels.identifier not in ("registrant", "different"):
        return "", False
    dois = [value[4:] for value in a.ids + b.ids if value.startswith("doi:")]
    if levels.identifier == "registrant" and any(map(is_entry, dois)):
        return "entries_differ", True
    return ("books_differ", False) if all(map(is_of_book, dois)) else ("", False)


def _thesis(a: Features, b: Features) -> str:
    if not (a.flags ^ b.flags) & IS_THESIS:
        return ""
    thesis, paper = (a, b) if a.flags & IS_THESIS else (b, a)
    return "thesis_and_paper" if paper.n_authors > thesis.n_authors > 0 and not paper.flags & IS_PREPRINT else ""


# Author levels that do not confirm. Half of the records of a feed come without authors, and then a title that
# is only alike says little: "Fundamental theorem of asset pricing", "... with taxes".
_NO_WORD_OF_AUTHORS = ("unknown", "group", "cut", "initials", "family")
_TYPO_ALONE = 96.0


def _unconfirmed(levels: Levels, ratio: float) -> str:
    """What a title lacks where no author confirms it."""
    if not levels.title.startswith(("exact", "typo")) or (levels.title == "typo" and ratio < _TYPO_ALONE):
        return "title_differs_authors_unknown"
    return "title_alone" if _alone(levels) else ""


def _alone(levels: Levels) -> bool:
    """Whether a title of few words stands alone: too little else is known to tell it from its namesakes."""
    if levels.title == "exact_long" or levels.abstract == "similar":
        return False
    if levels.identifier in ("different", "registrant") or levels.year == "unknown":
        return True
    return levels.title in ("exact_short", "exact_tiny") and levels.year != "day"


def doubt(pair: Pair) -> str:
    """The code of what keeps a pair in doubt whatever its score, `""` where nothing does."""
    a, b, levels, match, _ = pair
    if is_firm(pair):
        return ""
    if levels.title in ("similar", "different", "main", "other", "inner", "prefix_short", "retitled"):
        return f"title_{levels.title}"
    if levels.title == "exact_stop":
        return "stop_title"
    if levels.authors == "none":
        return "authors_none"
    if levels.authors in _NO_WORD_OF_AUTHORS and (code := _unconfirmed(levels, match.ratio)):
        return code
    if not levels.title.startswith("exact") and levels.identifier in ("different", "registrant"):
        return "title_and_identifier_differ"
    if levels.identifier == "registrant" and not levels.authors.startswith("same"):
        return "registrant_knows_two"
    if levels.title == "extra" and a.source == b.source:
        return "title_extra"  # one source seldom writes one title in two ways; an author's next paper is likelier
    if levels.abstract == "different" and levels.authors in ("contained_one", "some"):
        return "one_author_of_several"  # a thesis and the paper out of it share a title, an author and little else
    if levels.year == "more" and (a.journal or a.page) and (b.journal or b.page):
        return "years_apart"
    if (match.difference.a or match.difference.b) and not levels.title.startswith("noisy"):
        guard = next((g for g in GUARDS if g.effect == "doubt" and g.test(a, b, match.difference)), None)
        return guard.code if guard else ""
    return ""


def _weigh(pair: Pair, rules: Rules) -> Decision:
    levels = pair.levels
    score = probability(bits(levels, rules))
    if score < rules.review:
        veto = levels.authors == "none" and score < 0.05
        return Decision(DISTINCT, score, _reasons(levels, rules, False), rules.ruleset, veto)
    reasons = _reasons(levels, rules, True)
    if score < rules.duplicate:
        return Decision(REVIEW, score, reasons, rules.ruleset)
    doubtful = doubt(pair)
    if doubtful:
        return Decision(REVIEW, min(score, rules.duplicate - 0.01), (doubtful, *reasons), rules.ruleset)
    return _duplicate(pair.a, pair.b, score, reasons, rules)


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
    authors, _ = authors_level(a, b)
    identifier, _ = identifier_level(a, b)
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
