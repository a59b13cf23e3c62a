"""Reason codes in the words of a curator. Pure.

`streams/matching/reasons.py` documents the rules for those who change them; here each code is a sentence for those who judge a
pair. A test holds that every code of the ruleset has its words.
"""

from __future__ import annotations

from streams.matching.reasons import meaning

__all__ = ["FIELDS", "RELATIONS", "RULES", "VERDICTS", "level_words", "words_of"]

VERDICTS: dict[str, str] = {
    "duplicate": "same paper",
    "review": "doubtful",
    "related": "related, not the same",
    "distinct": "different papers",
}
"""The verdicts on a pair."""

RELATIONS: dict[str, str] = {
    "same_as": "is the same as",
    "preprint_of": "is a preprint of",
    "has_preprint": "has the preprint",
    "version_of": "is a version of",
    "has_version": "has the version",
    "corrects": "corrects",
    "retracts": "retracts",
    "comments_on": "comments on",
    "replies_to": "replies to what was said of",
    "reviews": "reviews",
    "supplements": "supplements",
    "part_of": "is part of",
    "has_part": "contains",
    "translation_of": "is a translation of",
}
"""Relations between two works."""

FIELDS: dict[str, str] = {
    "title": "Title",
    "authors": "Authors",
    "year": "Date",
    "abstract": "Abstract",
    "place": "Volume and pages",
    "journal": "Journal",
    "identifier": "Identifiers",
    "doubt": "Reason to doubt",
}
"""What is compared, in the order of an explanation."""

_STATED_SAME = "A source states that the two are versions of one work"
_STATED_ABOUT = "A source states that one is about the other"

RULES: dict[str, str] = {
    "title_different": "The titles differ, and nothing else ties the two together",
    "stated_has_preprint": f"{_STATED_SAME}: a paper and its preprint",
    "stated_has_version": f"{_STATED_SAME}",
    "stated_preprint_of": f"{_STATED_SAME}: a preprint and its paper",
    "stated_same_as": "A source states that the two are the same",
    "stated_version_of": f"{_STATED_SAME}",
    "stated_corrects": f"{_STATED_ABOUT}: a correction",
    "stated_retracts": f"{_STATED_ABOUT}: a retraction",
    "stated_comments_on": f"{_STATED_ABOUT}: a comment",
    "stated_reviews": f"{_STATED_ABOUT}: a review",
    "stated_supplements": f"{_STATED_ABOUT}: a supplement",
    "stated_part_of": "A source states that one is part of the other",
    "stated_has_part": "A source states that one contains the other",
    "stated_translation_of": "A source states that one is a translation of the other",
    "stated_doubted": "A source states that they are one work, but neither titles nor authors agree",
    "arxiv_differ": "Each has an arXiv id of its own, and they differ",
    "derived_corrects": "One is a correction of the other, by its title",
    "derived_retracts": "One is a retraction of the other, by its title",
    "derived_comments_on": "One is a comment on the other, by its title",
    "derived_replies_to": "One replies to what was said of the other, by its title",
    "derived_reviews": "One is a review of the other, by its title or DOI",
    "derived_supplements": "One is a supplement of the other, by its title or DOI",
    "kind_supplements": "One is a data set, software, a poster or a talk with the title of a text",
    "kind_reviews": "One is a book, and the other an article of that title: its review",
    "ordinal_differs": "Two different supplements or notices of one work",
    "notices_differ": "Two notices about one work, with other DOIs, places or years",
    "same_arxiv": "One arXiv id under two titles, and the authors agree",
    "same_pmid": "One PubMed id under two titles, and the authors agree",
    "same_pmcid": "One PubMed Central id under two titles, and the authors agree",
    "same_doi": "One DOI under two titles, and nothing else differs",
    "identifier_of_whole": "The identifier they share names a whole, such as a supplement of abstracts, of which both are parts",
    "titles_differ": "They share an identifier, but the titles differ too much to trust it",
    "title_missing": "One has no title, and neither an identifier nor a place in print is shared",
    "pmids_differ": "Each has a PubMed id of its own, and PubMed lists an article once",
    "entries_differ": "Two DOIs of a registrant that numbers single objects",
    "books_differ": "The DOIs name two books, or chapters of two books",
    "dois_differ": "Two publishers' DOIs, and nothing says that one work was registered twice",
    "listed_twice": "Two records of a source that lists each work once",
    "printed_twice": "Printed at two places, in two journals or years",
    "journals_differ": "Two journals and two years",
    "thesis_and_paper": "One is a thesis, the other a paper in print",
    "recurring_title": "A title that many works share, in another issue, at another page or in another year",
    "listed_again": "One source lists this title in two years or issues: a series",
    "numbers_differ": "The numbers in the titles differ",
    "signs_differ": "A sign in the titles differs, as in C and C++",
    "letters_differ": "One letter differs, as in vitamin C and vitamin E",
    "part_on_one_side": "Only one title ends in a part number",
    "negation": "One title denies what the other says",
    "alternative": "The titles differ in words that exclude each other, as rats and mice do",
    "prefixed": "A prefix changes the meaning of a word, as in aperiodic",
    "other_word": "One word in place of another, as in iron oxide and zinc oxide",
    "design": "Only one title names a study design or a kind of work, as in “protocol”",
    "retitled_same_abstract": "A preprint and an article with the same abstract, retitled",
    "retitled_same_place": "The same volume, first page and authors, under two titles",
    "translated": "One title is a translation, printed at the same place",
    "reworded_preprint": "A preprint and an article of one team in nearly the same words, within two years",
    "retitled_preprint": "A preprint and an article of one team, and the titles share most words",
    "same_meeting": "Proceedings of the same meeting, by the days and the year in both titles",
    "same_issue": "Nearly the same title, the same issue, and the authors agree",
    "title_similar": "The titles are only alike",
    "other_title": "The titles differ, and nothing explains why",
    "title_main": "Main titles are equal, subtitles differ",
    "title_other": "The titles are nearly equal, but some words are others",
    "title_inner": "One title is found within the other",
    "title_prefix_common": "A common title begins a longer one",
    "stop_title": "A title that many works share, such as “Editorial”",
    "authors_none": "No author in common",
    "title_differs_authors_unknown": "The titles are only alike, and no author is known to confirm it",
    "title_alone": "Other works may have this title, and no author is known to confirm it",
    "title_and_identifier_differ": "The titles are only alike, and each has a DOI of its own",
    "title_extra": "One title has words more, and little else confirms it",
    "chapter_and_book": "A chapter's DOI on one side, and a longer title on the other",
    "abstracts_differ": "A common title, and two different abstracts",
    "one_author_of_several": "One author in common, and another abstract",
    "few_authors_other_year": "Few authors in common, and other years: perhaps a series",
    "years_apart": "Both are published, more than four years apart",
    "number_on_one_side": "Only one title has a number",
    "preprint_policy": "A preprint and its publication, which the settings keep apart",
    "no_evidence": "Nothing known speaks for the pair",
}
"""What settles a pair or puts it in doubt, by its code."""

_RARE, _COMMON = "a title that few papers could share", "a title that others may share"
_LEVELS: dict[str, dict[str, str]] = {
    "title": {
        "exact_rare": f"Same title, {_RARE}",
        "exact_uncommon": "Same title, an uncommon one",
        "exact_common": f"Same title, {_COMMON}",
        "exact_frequent": "Same title, a short or frequent one",
        "exact_stop": "Same title, one that many works share",
        "variant_rare": f"Same title but for spelling or abbreviation, {_RARE}",
        "variant_common": f"Same title but for spelling or abbreviation, {_COMMON}",
        "typo_rare": f"Same title but for misspellings, {_RARE}",
        "typo_common": f"Same title but for misspellings, {_COMMON}",
        "noisy_rare": f"Same title with a venue, a year or names around it, {_RARE}",
        "noisy_common": f"Same title with a venue, a year or names around it, {_COMMON}",
        "subtitle_rare": f"Same title, one without its subtitle, {_RARE}",
        "subtitle_common": f"Same title, one without its subtitle, {_COMMON}",
        "prefix_rare": f"One title begins the other, {_RARE}",
        "prefix_common": f"One title begins the other, {_COMMON}",
        "inner": "One title is found within the other",
        "extra": "Nearly the same title, one has words more",
        "reordered": "The same words in another order",
        "other": "Nearly the same title, some words are others",
        "main": "Same main title, another subtitle",
        "similar": "Titles only alike",
        "different": "Different titles",
        "unknown": "A title is missing",
    },
    "authors": {
        "same_many": "The same authors, three or more",
        "same_two": "The same two authors",
        "same_one": "The same only author",
        "contained": "All authors of one are among those of the other",
        "contained_one": "The only author of one is among those of the other",
        "most": "Most authors in common",
        "some": "Some authors in common",
        "family": "Only a family name in common",
        "initials": "Initials agree, names are abbreviated",
        "cut": "No author in common, but a list is cut",
        "group": "A group on one side, persons on the other",
        "none": "No author in common",
        "unknown": "Authors are missing",
    },
    "year": {
        "day": "Same day",
        "same": "Same year",
        "lag": "One or two years apart, one is a preprint",
        "long_lag": "Three or four years apart, one is a preprint",
        "one": "One year apart",
        "two": "Two years apart",
        "four": "Three or four years apart",
        "more": "More than four years apart",
        "unknown": "A date is missing",
    },
    "abstract": {
        "same": "Same abstract",
        "similar": "Similar abstracts",
        "different": "Different abstracts",
        "unknown": "An abstract is missing",
    },
    "place": {
        "same_range": "Same volume and pages",
        "same": "Same volume and first page",
        "range": "Same pages, volume not known",
        "page": "Same first page, volume not known or other",
        "one_issue": "Same issue, pages not known",
        "one_volume": "Same volume, pages not known",
        "issue": "Same issue, other pages",
        "number": "Same volume, other issues",
        "conflict": "Other first pages",
        "volume": "Other volumes",
        "twice": "Other volumes and other pages",
        "unknown": "A volume or page is missing",
    },
    "journal": {
        "same": "Same journal",
        "different": "Different journals",
        "unknown": "A journal is missing",
    },
    "identifier": {
        "same": "An identifier in common",
        "preprint": "Two DOIs, one of them a preprint's",
        "different": "Two DOIs of two publishers",
        "registrant": "Two DOIs of one publisher",
        "edition": "Two DOIs of one entry in two editions",
        "pmid": "Two PubMed ids",
        "listed": "Two records of a source that lists a work once",
        "unknown": "Identifiers are missing, or cannot be compared",
    },
}


def words_of(code: str) -> str:
    """Return a reason code in words; of a code that this ruleset does not have, as an old event may carry, the code itself."""
    if code in RULES:
        return RULES[code]
    field, _, level = code.partition("_")
    return _LEVELS.get(field, {}).get(level) or meaning(code) or code.replace("_", " ")


def level_words(field: str, level: str) -> str:
    """Return what the comparison of a field found, in words."""
    if field == "doubt":
        return words_of(level)
    return _LEVELS.get(field, {}).get(level) or level.replace("_", " ")
