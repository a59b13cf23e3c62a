"""Every reason code a decision may carry, and the tables of docs/matching.md made from them.

    python -m streams.matching.reasons

prints the tables in Markdown; a test holds the page to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from streams.matching.doi_classes import TWINS, VERSIONS
from streams.matching.guards import GUARDS
from streams.matching.rules import DEFAULT
from streams.matching.titles import DERIVED

__all__ = ["LEVELS", "REASONS", "Reason", "meaning", "reference"]


class Reason(NamedTuple):
    """What a code does to a verdict: `apart` (distinct, veto), `distinct`, `related`, `doubt` (at best review), `duplicate`."""

    code: str
    effect: str
    meaning: str
    example: str
    source: str


REASONS: tuple[Reason, ...] = (
    Reason("title_different", "distinct", "the titles differ and nothing else ties the two", "", "measured"),
    Reason("arxiv_differ", "apart", "two arXiv ids and none in common", "2101.00001 / 2101.00002", "INSPIRE"),
    Reason(
        "same_arxiv",
        "duplicate",
        "one arXiv id under two titles, and the authors agree",
        "a paper retitled in v2",
        "S2APLER",
    ),
    Reason("same_pmid", "duplicate", "one PubMed id under two titles, and the authors agree", "", "bib-dedupe"),
    Reason("same_pmcid", "duplicate", "one PMC id under two titles, and the authors agree", "", "bib-dedupe"),
    Reason("same_doi", "doubt", "one DOI under two titles is no proof", "a book's DOI on a chapter", "OpenAIRE"),
    Reason("titles_differ", "doubt", "one identifier, but the titles differ", "", "OpenAIRE, bib-dedupe"),
    Reason("derived_corrects", "related", "one corrects the other", "Erratum to: ...", "fuzzycat, cometadata"),
    Reason("derived_retracts", "related", "one retracts the other", "Retraction notice to: ...", "cometadata"),
    Reason("derived_comments_on", "related", "one comments on the other", "Comment on ...", "cometadata"),
    Reason(
        "derived_replies_to", "related", "one replies to what was said of the other", "...: Rejoinder", "cometadata"
    ),
    Reason("derived_reviews", "related", "one reviews the other", "10.3410/f.…; ...-rc1", "fuzzycat, softcite"),
    Reason("derived_supplements", "related", "one is a part or supplement of the other", "10.1021/….s001", "fuzzycat"),
    *(
        Reason(
            f"stated_{kind}",
            "duplicate",
            "a source states that the two are one work in versions",
            "",
            "DataCite, Crossref",
        )
        for kind in ("same_as", "version_of", "has_version", "preprint_of", "has_preprint")
    ),
    *(
        Reason(
            f"stated_{kind}",
            "related",
            "a source states how one is about or beside the other",
            "",
            "DataCite, Crossref",
        )
        for kind in (
            "corrects",
            "retracts",
            "comments_on",
            "reviews",
            "supplements",
            "part_of",
            "has_part",
            "translation_of",
        )
    ),
    Reason("ordinal_differs", "apart", "two supplements of one work", "Additional file 1 / file 2", "fuzzycat"),
    Reason(
        "printed_twice", "apart", "two places in print, in two journals or years", "a talk and its paper", "bib-dedupe"
    ),
    Reason("entries_differ", "apart", "two DOIs of a registrant that numbers objects", "10.13145/bacdive…", "fuzzycat"),
    Reason(
        "books_differ",
        "distinct",
        "two DOIs, each with an ISBN: two books or chapters",
        "10.1007/978-…_3",
        "fuzzycat BOOK_CHAPTER",
    ),
    Reason("thesis_and_paper", "apart", "a thesis, and a paper with more authors", "", "measured"),
    Reason(
        "title_main",
        "doubt",
        "main titles equal, subtitles differ",
        "SYSTEM: task A / SYSTEM: task B",
        "fuzzycat SUBTITLE",
    ),
    Reason(
        "title_other",
        "doubt",
        "other words in nearly equal titles",
        "iron oxide / zinc oxide",
        "awesome-ai-for-math#142",
    ),
    Reason("title_extra", "doubt", "one source, one title with words more", "periodic / locally periodic", "measured"),
    Reason("title_similar", "doubt", "titles share most letters", "", "measured"),
    Reason("title_inner", "doubt", "one title stands within the other", "reefs / the growth of reefs", "measured"),
    Reason("title_prefix_short", "doubt", "a short title begins a longer one", "", "measured"),
    Reason("title_retitled", "doubt", "one abstract under two titles, neither a preprint", "two talks", "measured"),
    Reason("title_alone", "doubt", "equal titles of few words, no authors, and no date or two DOIs", "", "dissemin"),
    Reason("title_differs_authors_unknown", "doubt", "titles only alike, and no author to confirm", "", "measured"),
    Reason("title_and_identifier_differ", "doubt", "titles only alike, and each has a DOI", "", "measured"),
    Reason(
        "one_author_of_several",
        "doubt",
        "an author in common and another abstract",
        "a thesis and its paper",
        "measured",
    ),
    Reason(
        "registrant_knows_two",
        "doubt",
        "two DOIs of one registrant, authors not the same",
        "",
        "fuzzycat SHARED_DOI_PREFIX",
    ),
    Reason("years_apart", "doubt", "both published, more than four years apart", "", "fuzzycat YEAR"),
    Reason("stop_title", "doubt", "a title many works share", "Editorial", "fuzzycat, dissemin, OpenAIRE"),
    Reason(
        "authors_none",
        "doubt",
        "no author in common, where both name persons",
        "",
        "fuzzycat CONTRIB_INTERSECTION_EMPTY",
    ),
    Reason(
        "preprint_policy",
        "related",
        "a preprint and its publication, kept apart by the policy",
        "",
        "ASySD#69, zoplicate#37",
    ),
    Reason("no_evidence", "distinct", "nothing known speaks for the pair", "", ""),
    *(Reason(guard.code, guard.effect, guard.meaning, guard.example, guard.source) for guard in GUARDS),
)

# Field, level: what it means. Their weights stand in weights.toml; the reason code is `field_level`.
LEVELS: dict[str, dict[str, str]] = {
    "title": {
        "exact_long": "equal in normal form, six informative words or more",
        "exact_mid": "equal, four or five informative words",
        "exact_short": "equal, two or three informative words",
        "exact_tiny": "equal, one informative word",
        "exact_stop": "equal, and a title many works share",
        "noisy_long": "one within the other, around it venues, years, names (four informative words or more)",
        "noisy_short": "the same with fewer words",
        "subtitle_long": "one lacks the other's subtitle or its name before the colon",
        "subtitle_short": "the same with fewer than four informative words",
        "prefix_long": "one begins the other",
        "prefix_short": "the same with fewer than four informative words",
        "inner": "one stands elsewhere within the other",
        "typo": "the words that differ are misspellings of each other",
        "extra": "nearly equal, one has words more",
        "other": "nearly equal, words stand in place of others",
        "main": "main titles equal, subtitles differ",
        "retitled": "differ, but the abstracts are one",
        "translated": "differ, one is a translation, printed at one place",
        "similar": "share 70 % of their letters in order",
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
        "group": "a group on one side, persons on the other",
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
        "same": "one volume, one first page",
        "page": "one first page, volume not known or other",
        "issue": "one volume and issue, other pages",
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
    },
}


def meaning(code: str) -> str:
    """What a reason code means, `""` for a code this ruleset does not know."""
    for reason in REASONS:
        if reason.code == code:
            return reason.meaning
    field, _, level = code.partition("_")
    return LEVELS.get(field, {}).get(level, "")


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, ("---",) * len(head), *rows)]
    return "\n".join(lines)


def reference() -> str:
    """The tables of reason codes, levels with their weights, announcements and DOI rules, in Markdown."""
    codes = [(f"`{r.code}`", r.effect, r.meaning, r.example, r.source) for r in REASONS]
    levels = [
        (f"`{field}_{level}`", text, f"{DEFAULT.weights[field][level]:+.2f}")
        for field, of_field in LEVELS.items()
        for level, text in of_field.items()
    ]
    announcements = [(rule.kind, rule.example) for rule in DERIVED]
    versions = [(f"`{rule.prefix}…`", f"`{rule.pattern.pattern.replace('|', '¦')}`", rule.source) for rule in VERSIONS]
    twins = [(f"`{prefix}…`", f"`{pattern.pattern}`", source) for prefix, pattern, _, source in TWINS]
    return "\n\n".join(
        (
            f"Ruleset `{DEFAULT.ruleset}`: prior {DEFAULT.prior:+.2f} bits, "
            f"duplicate from {DEFAULT.duplicate}, review from {DEFAULT.review}.",
            "### Rules\n\n" + _table(("Code", "Effect", "Meaning", "Example", "Source"), codes),
            "### Levels and weights (bits)\n\n" + _table(("Code", "Meaning", "Weight"), levels),
            "### Announcements of derived works\n\n" + _table(("Relation", "Example"), announcements),
            "### Version DOIs\n\n" + _table(("Registrant", "Folded away", "Source"), [*versions, *twins]),
        )
    )


if __name__ == "__main__":
    print(reference())
