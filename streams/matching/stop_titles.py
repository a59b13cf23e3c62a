"""Titles that many works share, so that the title alone says nothing.

A stop title never makes two records the same by itself and is a key only together with author, year or place.
Sources: fuzzycat, bib-dedupe, dissemin, OpenAIRE blacklists (matching.md 3.2).
"""

from __future__ import annotations

import re

__all__ = ["is_stop_title"]

_EXACT = frozenset(
    """
    abbreviations|about this issue|about the authors|about the contributors|abstract|abstracts|acknowledgement|acknowledgements|
    acknowledgment|acknowledgments|acknowledgement to reviewers|acknowledgement of reviewers|list of reviewers|reviewers|
    advertisement|advertisements|advertising|advertorial|afterword|agenda|aims and scope|announcement|announcements|
    annual report|annual meeting|appendix|appendices|author index|authors index|subject index|authors reply|author reply|
    authors response|author response|the authors reply|awards|back cover|back matter|bibliography|
    biographies|biography|book notes|book notices|book review|book reviews|books|books received|briefs|bulletin|business meeting|
    calendar|calendar of events|call for papers|case report|case reports|chairmans message|chapter|chapter 1|
    colophon|comment|comments|commentary|commentaries|communication|conclusion|conclusions|concluding remarks|
    conference announcement|conference report|conference reports|contents|contributors|contributor biographies|
    copyright|correction|corrections|correspondence|corrigenda|corrigendum|cover|cover image|cover page|
    cover picture|current awareness|dedication|diary|discussion|discussions|dissertation|doctor of philosophy|doctoral thesis|
    editor s note|editors note|editor s introduction|editors introduction|editorial|editorial board|editorial comment|
    editorial introduction|editorials|editors note|editorial note|epilogue|errata|erratum|events|executive summary|foreword|
    forthcoming papers|foreword to the special issue|from the editor|from the editors|front cover|front matter|frontispiece|
    general discussion|glossary|guest editorial|guest editors introduction|guidelines for authors|highlights|
    illustrations|imprint|in brief|in memoriam|in memory|in this issue|index|information for authors|inside front cover|
    instructions for authors|instructions to authors|interview|introduction|introduction to the special issue|introductory remarks|
    inside back cover|issue information|keynote|keynote address|keynote lecture|keynote speech|keynote talk|legislation|letter|
    letter from the editor|letter to the editor|letter to editor|letters|letters to the editor|list of abbreviations|
    list of contributors|list of figures|list of participants|list of tables|literature|masthead|master thesis|masters thesis|
    meeting abstracts|meeting report|meetings|message from the editor|miscellanea|miscellaneous|miscellany|minutes|new books|news|
    news and notes|news and views|news in brief|news items|newsletter|notes|notes and news|notes on contributors|notice|notices|
    obituaries|obituary|opening remarks|opinion|oral presentations|oral abstracts|outlook|overview|panel discussion|patents|
    personalia|perspective|perspectives|plenary lecture|poster abstracts|poster presentations|poster session|posters|powered by nict|
    preface|preface to the special issue|prelims|preliminaries|preliminary pages|presidential address|presidents message|proceedings|
    product news|program|programme|prologue|publication notice|publications received|publishers note|publisher s note|
    questions and answers|recensies|recenzje|recension|recensioni|recensiones|resena|resenas|rezension|rezensionen|references|
    rejoinder|remarks|reply|response|reports|research highlights|results|resume|retraction|retraction notice|review|
    review article|reviews|shorter notices|short notices|short communication|short communications|society news|special issue|
    special section|spine|subject index|summaries|summary|supplement|supplementary material|supplementary materials|
    supplemental material|supporting information|survey|symposium|table of contents|tables of contents|
    thanks to reviewers|the editors desk|thesis|title page|titelei|toc|tribute|untitled|untitled document|update|
    volume index|volume information|vorwort|editorial preface|welcome|welcome message|workshop|zusammenfassung|
    no title|title not available|not available|primeras paginas|primeras|indice|sommaire|inhalt|inhaltsverzeichnis|einleitung|
    avant propos|presentacion|presentation|presentazione|introduccion|introduction generale|editorial notes|
    receive tables of contents by e mail|guest editor s introduction|communications|conference papers|papers|
    invited talk|invited talks|invited lecture|session 1|panel|tutorial|tutorials|demo|demonstrations|
    column|reminiscences on influential papers|editors notes|industry news|chair s message|chairs message|
    changes to the editorial board|treasurers message|call for participation
    """.replace("\n", "").replace("    ", "").split("|")
)  # fmt: skip
# Titles made to a template: only the numbers, the year or the journal differ.
_TEMPLATE = re.compile(
    r"^(?:.{0,60}\b(?:cover and )?(?:front|back) (?:cover|matter)\b.*|.*\bcover and (?:front|back) matter|"
    r"(?:guest )?editors? (?:s )?(?:introduction|note|foreword|preface)s?(?: to .*)?|"
    r"(?:introduction|preface|foreword|editorial) (?:to|for) (?:the |this )?(?:mini ?track|special (?:issue|section)|issue|volume|proceedings).*|"
    r"(?:erratum|corrigendum|correction|errata|addendum)s?|"
    r"(?:minutes|proceedings) of the .*|announcements? .{0,20}|(?:book|film|media) reviews?.{0,12}|"
    r"(?:issue|volume) (?:information|contents|index).*|.{0,40}\b(?:table of contents|title page|author index|subject index|call for papers)|"
    r"(?:notes?|list) (?:on|of) (?:contributors|reviewers|referees).*|(?:letters?|letter) to the editor.*|chapter \d+|part \d+|"
    r"communications of the .{3,40} volume \d+ (?:paper|article) \d+|liebe mitglieder.*|"
    r"(?:editorial|preface|foreword|introduction|abstracts|contents|news|obituary|index)(?: \d+)+)$"
)


def is_stop_title(normal: str) -> bool:
    """Whether a title in normal form is one many works share."""
    return normal in _EXACT or (len(normal) < 160 and _TEMPLATE.match(normal) is not None)
