"""Every reason code that a decision may carry, and the tables of docs/matching.md made from them.

    python -m streams.matching.reasons

prints the tables in Markdown; a test compares the page with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from streams.matching.affirmations import AFFIRMATIONS
from streams.matching.contradictions import CONTRADICTIONS, WORDS
from streams.matching.doi_classes import TWINS, VERSIONS
from streams.matching.identity import ARXIV, DERIVED, IDENTIFIERS, KINDS, KINDS_OF_WORK, STATED, STATED_DOUBTED
from streams.matching.review_rules import REVIEW_RULES
from streams.matching.rule import Rule
from streams.matching.ruleset import DEFAULT
from streams.matching.titles import DERIVED as ANNOUNCEMENTS

__all__ = ["LEVELS", "REASONS", "STAGES", "Reason", "meaning", "reference"]


class Reason(NamedTuple):
    """A reason code, its effect on a verdict (`streams.matching.rule`), the stage that tries it, and its meaning for a person."""

    code: str
    stage: str
    effect: str
    meaning: str
    example: str
    source: str


STAGES: dict[str, tuple[Rule, ...]] = {
    "identity": (*STATED.values(), STATED_DOUBTED, ARXIV, *DERIVED.values(), *KINDS_OF_WORK, *KINDS, *IDENTIFIERS),
    "contradiction": (*CONTRADICTIONS, *WORDS),
    "affirmation": AFFIRMATIONS,
    "doubt": REVIEW_RULES,
}
"""All rules by the stage at which they are tried, in the order they are tried."""

REASONS: tuple[Reason, ...] = (
    Reason(
        "title_different", "comparison", "distinct", "the titles differ and nothing else ties the two", "", "measured"
    ),
    *(
        Reason(rule.code, stage, rule.effect, rule.meaning, rule.example, rule.source)
        for stage, rules in STAGES.items()
        for rule in rules
    ),
    Reason(
        "preprint_policy",
        "policy",
        "related",
        "a preprint and its publication, kept apart by the policy",
        "",
        "ASySD#69, zoplicate#37",
    ),
    Reason("no_evidence", "weights", "distinct", "nothing known speaks for the pair", "", ""),
)

# Field, level: meaning. The match weights are in weights.toml; the reason code is `field_level`.
LEVELS: dict[str, dict[str, str]] = {
    "title": {
        "exact_rare": "equal in normal form, 50 bits of information or more",
        "exact_uncommon": "equal, 35 to 50 bits",
        "exact_common": "equal, 20 to 35 bits",
        "exact_frequent": "equal, less than 20 bits",
        "exact_stop": "equal, and a title many works share",
        "variant_rare": "equal but for spelling, articles, plurals, abbreviations; 35 bits or more",
        "variant_common": "the same with less information",
        "typo_rare": "the words that differ are misspellings of each other; 35 bits or more",
        "typo_common": "the same with less information",
        "noisy_rare": "one within the other, around it venues, years, names; 35 bits or more",
        "noisy_common": "the same with less information",
        "subtitle_rare": "one lacks the other's subtitle or its name before the colon; 35 bits or more",
        "subtitle_common": "the same with less information",
        "prefix_rare": "one begins the other; 35 bits or more",
        "prefix_common": "the same with less information",
        "inner": "one is elsewhere within the other",
        "extra": "nearly equal, one has words more",
        "reordered": "the same words in another order",
        "other": "nearly equal, words in place of others",
        "main": "main titles equal, subtitles differ",
        "similar": "share 70 % of their letters or words",
        "different": "share less",
    },
    "authors": {
        "same_many": "all of three or more pair up",
        "same_two": "both of two pair up",
        "same_one": "the only author is the same",
        "contained": "the shorter list is within the longer",
        "contained_one": "the only author of one is among those of the other",
        "most": "half of the shorter list or more pair up",
        "some": "fewer pair up",
        "family": "only a family name in common",
        "initials": "only initials in common, of two names or more",
        "cut": "none in common, but a list is known to be cut",
        "group": "a group on one side and persons on the other, or a group alone in common",
        "none": "none in common",
    },
    "year": {
        "day": "one day",
        "same": "one year",
        "lag": "one or two years, one side a preprint",
        "long_lag": "three or four years, one side a preprint",
        "one": "one year apart",
        "two": "two years apart",
        "four": "three or four years apart",
        "more": "more than four years apart",
    },
    "abstract": {
        "same": "fingerprints agree in 9 of 16 places or more",
        "similar": "in 4 to 8",
        "different": "in fewer",
    },
    "place": {
        "same_range": "one volume, one range of pages",
        "same": "one volume, one first page, last page not known",
        "range": "one range of pages, volume not known",
        "page": "one first page, volume not known or other",
        "one_issue": "one volume and issue, pages not known",
        "one_volume": "one volume, issue and pages not known",
        "issue": "one volume and issue, other pages",
        "number": "one volume, two issues, pages not known",
        "conflict": "other first pages",
        "volume": "other volumes, pages not known",
        "twice": "other volumes and other first pages",
    },
    "journal": {"same": "names agree, abbreviated or not", "different": "names differ"},
    "identifier": {
        "same": "an identifier in common",
        "preprint": "two DOIs, one a preprint's",
        "different": "two DOIs of two registrants",
        "registrant": "two DOIs of one registrant",
        "edition": "two DOIs of an encyclopedia's entry in two editions",
        "pmid": "two PubMed or PMC ids",
        "listed": "two records of a source that lists a work once",
    },
}


def meaning(code: str) -> str:
    """Return the meaning of a reason code, `""` for a code that this ruleset does not have."""
    for reason in REASONS:
        if reason.code == code:
            return reason.meaning
    field, _, level = code.partition("_")
    return LEVELS.get(field, {}).get(level, "")


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, ("---",) * len(head), *rows)]
    return "\n".join(lines)


def reference() -> str:
    """Return the tables of reason codes, levels with their weights, announcements and DOI rules, in Markdown."""
    codes = [(f"`{r.code}`", r.stage, r.effect, r.meaning, r.example, r.source) for r in REASONS]
    levels = [
        (f"`{field}_{level}`", text, f"{DEFAULT.weights[field][level]:+.2f}")
        for field, of_field in LEVELS.items()
        for level, text in of_field.items()
    ]
    announcements = [(rule.kind, rule.example) for rule in ANNOUNCEMENTS]
    versions = [(f"`{rule.prefix}…`", f"`{rule.pattern.pattern.replace('|', '¦')}`", rule.source) for rule in VERSIONS]
    twins = [(f"`{prefix}…`", f"`{pattern.pattern}`", source) for prefix, pattern, _, source in TWINS]
    return "\n\n".join(
        (
            f"Ruleset `{DEFAULT.ruleset}`: prior {DEFAULT.prior:+.2f} bits, "
            f"duplicate from {DEFAULT.duplicate}, review from {DEFAULT.review}.",
            "### Rules\n\n" + _table(("Code", "Stage", "Effect", "Meaning", "Example", "Source"), codes),
            "### Levels and weights (bits)\n\n" + _table(("Code", "Meaning", "Weight"), levels),
            "### Announcements of derived works\n\n" + _table(("Relation", "Example"), announcements),
            "### Version DOIs\n\n" + _table(("Registrant", "Folded away", "Source"), [*versions, *twins]),
        )
    )


if __name__ == "__main__":
    print(reference())
