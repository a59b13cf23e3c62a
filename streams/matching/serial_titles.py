"""Titles of works that appear again and again under one title: yearly reports, yearbooks, statistics, proceedings.

Two records with such a title and two years are two works, though all else agrees. `serial_title` says by which form a title is one. A
title that names its own year or number (`Annual report 1996`, `Proceedings of the 5th workshop`) needs no such help: the numbers tell.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["SERIALS", "Serial", "serial_title"]


class Serial(NamedTuple):
    """A form of serial titles: a stable `code`, words of which such a title has one, the pattern, an example."""

    code: str
    words: str
    pattern: str
    example: str


_OFTEN = (
    r"(?:annual|yearly|biennial|triennial|quarterly|monthly|weekly|half yearly|semi ?annual|bi ?annual|bi ?monthly|fortnightly|daily|"
    r"year end|end of year)"
)
_REPORT = (
    r"(?:progress reports?|performance reports?|reports?|reviews?|surveys?|bulletins?|statements?|summar(?:y|ies)|abstracts?|accounts|updates?|newsletters?|statistics|registers?|"
    r"proceedings|compilation|forecasts?|digests?)"
)
_WIDE = (
    r"(?:global|world|international|european|national|regional|human development|african|asian|arab|eu|oecd|trade and development)"
)
_FIELDS = (
    r"(?:health|labou?r|education|educational|trade|foreign trade|crime|criminal|judicial|vital|fishery|fisheries|agricultural|forest|forestry|cancer|energy|population|tourism|transport|transportation|"
    r"financial|banking|housing|employment|unemployment|school|library|migration|immigration|accident|road accident|mortality|birth|marriage|demographic|industrial|mineral|price|wage|tax|"
    r"revenue|social security|insurance|hospital|shipping|railway|postal|national accounts|balance of payments|prison|police|court|customs|construction|environmental|water|electricity)"
)

SERIALS: tuple[Serial, ...] = (
    Serial("periodical_report", "annual yearly biennial triennial quarterly monthly weekly half semiannual semi biannual bi bimonthly fortnightly daily year",
           rf"(?:.{{0,60}}\b)?{_OFTEN} (?:\w+ )?{_REPORT}\b(?! (?:of|on) the literature).*", "Annual report of the reef commission"),
    Serial("progress_report", "progress activity activities status",
           r"(?:.{0,60} (?<!\ba )(?<!\ban )(?<!\bthe ))?(?:progress|activity|activities|status) reports?(?: (?:of|on|for|to|from) .*)?", "Progress report of the reef survey"),
    Serial("yearbook", "yearbook year almanac jahrbuch annuaire anuario annuario arsbok jahresbericht jahresberichte geschaftsbericht tatigkeitsbericht rapport informe memoria relatorio relazione "
           "jaarverslag jaarboek arsberattelse arsredovisning отчет ежегодник statistisches",
           r"(?:\w+ ){0,4}(?:yearbook|year book|almanac)(?: (?:of|for|on) .*)?|(?:statistisches )?jahrbuch(?: (?:der|des|fur|fuer) .*)?|(?:annuaire|anuario|annuario|arsbok|jaarboek)\b.*|"
           r"(?:.{0,60} )?(?:jahresberichte?|geschaftsbericht|tatigkeitsbericht|rapport (?:annuel|d activite|dactivite)|informe anual|memoria anual|relatorio anual|relazione annuale|jaarverslag|"
           r"arsberattelse|arsredovisning|годовои отчет|годовой отчет|ежегодник)\b.*", "Statistical yearbook of the reefs"),
    Serial("statistics", "statistics statistical",
           rf"statistical (?:abstracts?|tables?|bulletin|report|summary|handbook|review|digest|sources|annex|appendix|supplement)(?: (?:of|on|for) .{{1,60}})?|(?:\w+ ){{0,2}}{_FIELDS} statistics(?: (?:of|for|in) .{{1,60}})?",
           "Fisheries statistics"),
    Serial("world_report", "report outlook statistics monitor prospects barometer scoreboard accounts",
           rf"(?:the )?{_WIDE} (?:[^\W\d]+ ){{0,4}}(?:report|outlook|statistics|monitor|prospects|barometer|scoreboard|accounts)(?: (?:on|of) .{{1,40}})?", "World malaria report"),
    Serial("state_of", "state", r"(?:the )?state of the (?:worlds?|world s|nations?|nation s|union|environment|cities) ?.{0,50}|(?:the )?state of (?:world|global) .{0,50}|(?:the )?state of .{1,50} in the world", "The state of the world's reefs"),
    Serial("at_a_glance", "glance", r"(?:education|health|government|pensions|society|environment|regions|taxation) at a glance.{0,30}", "Health at a glance"),
    Serial("proceedings", "proceedings transactions minutes actes actas atti", r"(?:the )?(?:proceedings|transactions|minutes|actes|actas|atti) (?:of|from|du|del|des|der|della) .*", "Proceedings of the annual meeting of the reef society"),
    Serial("catalogue", "catalogue catalog bulletin prospectus handbook directory", r"(?:course |college |university |general |graduate |undergraduate |school )+(?:catalogue?|bulletin|calendar|prospectus|handbook|directory)\b.*|"
           r"(?:membership|staff) directory.*", "University catalogue"),
    Serial("census", "census budget", r"(?:\w+ ){0,3}census of (?:population|agriculture|housing|manufactures|industry|business|governments)\b.*|(?:the )?budget (?:report|statement|speech|estimates)\b.*", "Census of population"),
)  # fmt: skip


def _by_word() -> dict[str, tuple[tuple[str, re.Pattern[str]], ...]]:
    found: dict[str, tuple[tuple[str, re.Pattern[str]], ...]] = {}
    for serial in SERIALS:
        pattern = re.compile(rf"(?:{serial.pattern})$")
        for word in serial.words.split():
            found[word] = (*found.get(word, ()), (serial.code, pattern))
    return found


_RULES = _by_word()
_WORDS = frozenset(_RULES)
_OWN_NUMBER = re.compile(
    r"\b(?:1[6-9]|20)\d\d\b|\b\d{1,3}(?:st|nd|rd|th)?\b|\b(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|"
    r"\w+teenth|twentieth|twenty \w+)\b"
)


def serial_title(normal: str) -> str:
    """The code of the form by which a title in normal form is a serial's, `""` for a title that appears but once."""
    words = normal.split(" ")
    if _WORDS.isdisjoint(words) or _OWN_NUMBER.search(normal):
        return ""
    for word in words:
        for code, pattern in _RULES.get(word, ()):
            if pattern.match(normal):
                return code
    return ""
