"""Titles that many works share, so that the title alone says nothing.

A stop title never makes two records the same by itself and is a key only together with author, year or place. Some are known
word for word (`stop_titles.txt`). Most are made of nothing but words for the parts of a journal or a book and the people who make it
(`Notes from the editor`, `Author index to volume 12`), or have such words around a name (`FORMS`). All hold through a letter or two
miswritten, a lost apostrophe (`editor s notes`), a number before the title, a volume or a date behind it.
Sources: fuzzycat, bib-dedupe, dissemin, OpenAIRE blacklists (matching.md 3.2), OpenAlex (paratext).
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from streams.text import word_set

__all__ = ["FORMS", "Form", "is_stop_title"]


class Form(NamedTuple):
    """A form of titles that come again: what they are, words of which one begins or ends them, their pattern, an example."""

    meaning: str
    words: str
    pattern: str
    example: str


_PEOPLE = (
    "editor editors editorial editorials chief guest associate managing president presidents presidential chair chairs chairman chairmans "
    "chairmen chairperson treasurer treasurers secretary secretarys director directors dean deans publisher publishers author authors contributor "
    "contributors reviewer reviewers referee referees member members membership committee committees board boards officers staff participants "
    "speakers advertisers advertiser advisory reader readers subscribers correspondents organizers organizing organising steering council "
    "trustees vice incoming outgoing past retiring external ad hoc moderator translator translators consultants collaborators sponsors"
)
_PIECES = (
    "note notes comment comments commentary commentaries remark remarks message messages letter letters column columns corner desk page pages "
    "report reports introduction introductions introductory preface prefaces foreword forewords afterword prologue epilogue address welcome choice "
    "picks pick statement statements overview viewpoint viewpoints word words farewell greetings thoughts summary summaries announcement "
    "announcements acknowledgement acknowledgements acknowledgment acknowledgments thanks appreciation gratitude forum highlights reply replies response responses "
    "rejoinder discussion discussions correspondence communication communications news newsletter newsletters brief briefs briefly items item miscellany "
    "miscellanea miscellaneous notice notices calendar calendars event events diary dates meeting meetings conference conferences congress congresses symposium "
    "symposia workshop workshops session sessions courses schedule program programs programme programmes agenda minutes proceedings abstract abstracts "
    "papers posters poster presentations presentation oral plenary keynote invited talks talk panel panels tutorial tutorials demos demonstrations lecture lectures "
    "conclusion conclusions concluding closing opening final results outlook prospects recommendations obituary obituaries memoriam memory "
    "deaths tribute tributes biography biographies biographical questions answers views opinion opinions advertorial report editorials supplement supplements supplementary supplemental "
    "material materials"
)
_MATTER = (
    "cover covers front back frontmatter backmatter matter inside outside contents content table tables toc title titles masthead imprint "
    "colophon index indexes indices volume volumes vol issue issues number numbers no iss part parts chapter chapters section sections appendix appendices annex "
    "bibliography bibliographic bibliographical references glossary abbreviations acronyms symbols figures illustrations plates list lists errata erratum corrigenda corrigendum "
    "correction corrections addendum addenda retraction retractions clarifications guidelines instructions information guide submission submissions manuscript manuscripts subscription "
    "subscriptions copyright permissions aims scope advertisement advertisements advertising classified ads jobs positions vacancies employment "
    "awards prizes fellowships book books booklist bookshelf booknotes review reviews reviewed received recent new forthcoming upcoming coming future current "
    "selected annotated short essay essays film media publications publication journal journals periodicals dissertations theses thesis society societies "
    "association annual general special regular monthly quarterly weekly cumulative combined complete subject subjects keyword keywords name names persons next "
    "previous other call calls nominations proposals participation contributions preliminaries preliminary prelims prelim ifc ofc obc bulletin year week month image picture photo photograph legend caption"
)
_BETWEEN = "of and the for to in from on by with our your a an at about s this is us its all into or"
# Words that only qualify the others: alone they may be anything ("Back to the future").
_QUALIFYING = (
    "back front inside outside new recent forthcoming upcoming coming future current selected annotated short annual general special regular "
    "monthly quarterly weekly cumulative combined complete subject subjects next previous other past vice incoming outgoing retiring external ad hoc name "
    "names persons word words final closing opening results outlook prospects matter year week month picture photo photograph image associate "
    "managing guest advisory steering organizing organising chief brief briefly material materials view views thoughts memory reader readers invited "
    "media film dates call calls questions answers choice pick picks item items courses demos address guide essay essays"
)
_FOREIGN = (
    "inhalt vorwort herausgeber redaktion nachrichten mitteilungen buchbesprechung buchbesprechungen rezension rezensionen autoren register sachregister "
    "einleitung schlusswort zusammenfassung danksagung geleitwort nachwort vorbemerkungen personalia leserbriefe titelblatt impressum sommaire avant propos "
    "remerciements bibliographie comptes rendus livres recus actualites courrier lecteurs resumes auteurs matieres redaction sumario indice autores "
    "resenas resenhas agradecimientos agradecimentos noticias cartas carta nota prologo prefacio presentacion apresentacao expediente recensioni prefazione premessa "
    "ringraziamenti notiziario editoriale voorwoord inhoudsopgave boekbesprekingen recensies mededelingen предисловие содержание введение заключение рецензии хроника "
    "редакции оглавление указатель"
)
_FOREIGN_BETWEEN = "der die das und des de la le les du el los las del do da dos di il un une по от и al ao aux au"
_COMMON = word_set(f"{_PEOPLE} {_PIECES} {_MATTER} {_FOREIGN}") - word_set(_QUALIFYING)
_ALLOWED = _COMMON | word_set(f"{_QUALIFYING} {_BETWEEN} {_FOREIGN_BETWEEN}")
_LETTERED = word_set("appendix part section session annex chapter volume index supplement table figure plate poster")
_MONTH = "january|february|march|april|may|june|july|august|september|october|november|december|spring|summer|autumn|fall|winter"
_MONTHS = frozenset(_MONTH.split("|"))
_MEETING = (
    r"(?:meetings?|conference|congress|symposium|workshop|assembly|convention|colloquium|conferences|congresses|school|seminar)"
)

# Forms with words of their own among the common ones.
FORMS: tuple[Form, ...] = (
    Form("an introduction to an issue", "introduction preface foreword editorial prologue overview guest the an a welcome",
         r"(?:an? |the )?(?:guest )?(?:editorial )?(?:introduction|introductory remarks|preface|foreword|editorial|overview|prologue|welcome)s? (?:to|for|of|on) (?:the |this |our )?(?:\w+ )?"
         r"(?:mini ?track|special (?:issue|section|collection|topic|feature)|theme issue|thematic issue|issue|volume|proceedings|section|supplement|symposium|collection|journal|series)\b.*",
         "Introduction to the special issue on reefs"),
    Form("a word of an officer to somebody", "editor editors guest president presidents chair chairs treasurer secretary director publisher",
         r"(?:guest |associate )?(?:editor|president|chair|chairman|treasurer|secretary|director|publisher)s?(?: in chief)?s? (?:introduction|notes?|foreword|preface|message|remarks|report|comments?)s?(?: (?:to|on|for) .*)",
         "Editors' introduction to the reef studies"),
    Form("front and back matter", "cover matter contents front back", r".{0,60}\b(?:front|back|end) (?:cover|matter)\b.*|.*\bcover and (?:front|back) matter|contents of .{3,60} volume \d+", "BMS volume 12 issue 3 cover and front matter"),
    Form("a journal's page", "authors information papers index board calendar contents page listing listings news advertisement masthead",
         r".{3,70}\b(?:information (?:for|to) authors|instructions (?:for|to) authors|guidelines for authors|publication information|call for papers|author index|subject index|editorial board|society information|"
         r"table of contents|title page|staff listing|institutional listings|calendar of events|back cover|front cover|masthead)", "Reef Studies: information for authors"),
    Form("a list of persons", "acknowledgement acknowledgements acknowledgment acknowledgments thanks thank list reviewers referees our",
         r"(?:acknowledge?ments?|thanks|thank you|list|appreciation|gratitude)(?: (?:of|to|for|the|our|all|ad hoc|\d+))* (?:reviewers|referees|contributors|participants)\b.*|(?:our )?(?:reviewers|referees) (?:for|of|in) .{0,40}\d{4}.*", "Acknowledgement to the reviewers of Reef Studies in 2016"),
    Form("a notice with nothing else", "error errors erratum errata corrigendum correction corrections incorrect missing",
         r"(?:errors?|mistakes?|omissions?|incorrect \w+|missing \w+|corrections?) in (?:the )?(?:text|tables?|figures?|byline|title|author\w*|references?|abstract|article|affiliations?|acknowledge?ments?|dos\w+|data|equations?)\b.{0,40}|"
         r"(?:errat(?:um|a)|corrigend(?:um|a)|corrections?) (?:to|for|in|of) (?:volume|vol|issue|page|pages|the \w+ issue)\b.{0,40}", "Error in table 2"),
    Form("announcements of a meeting or a call", "call calls announcement announcements calendar", r"calls? for (?:papers|participation|abstracts|proposals|nominations)\b.*|announcements? (?:of|from|for|by)\b.{0,40}", "Call for papers: reefs in the lab"),
    Form("a column with its author", "book books film media reminiscences", r"(?:book|film|media|software) reviews? (?:column|section|editor|department)\b.{0,40}|books? reviews? (?:acm )?sigmod .*|reminiscences on influential .{0,40}", "Book review column by Okafor"),
    Form("minutes and abstracts of a meeting", "minutes proceedings abstracts abstract program programme papers posters presentations report reports highlights summary invited plenary keynote talk",
         rf"(?:minutes|proceedings) of (?:the|a|an) .*|(?:book of |selected |poster |oral |invited |plenary |keynote )*(?:abstracts?|program(?:me)?|posters?|presentations?|papers|talks?|lectures?|schedule)"
         rf"(?: (?:of|from|for|presented at|given at|at|in))+ (?:(?:the|papers|posters|talks) )*(?:.{{0,60}} )?{_MEETING}\b.{{0,60}}", "Abstracts of the 12th annual meeting of the reef society"),
    Form("a journal's paper and its number", "communications", r"communications of the .{3,40} volume \d+ (?:paper|article) \d+", "Communications of the reef society volume 3 article 4"),
    Form("a letter to members", "liebe dear", r"liebe (?:mitglieder|leser|kolleg).*|dear (?:reader|colleague|member)s?.*", "Liebe Mitglieder der Gesellschaft"),
    Form("years ago", "years ago", r"\d+(?: and \d+)? years ago.{0,20}", "50 years ago"),
)  # fmt: skip

_ABBREVIATED_S = re.compile(r"(?<=[a-z]) s\b")


def _canonical(normal: str) -> str:
    """Words without the blank a lost apostrophe leaves: `editor s notes`, `editors notes`."""
    return _ABBREVIATED_S.sub("s", normal) if " s" in normal else normal


_EXACT = frozenset(
    _canonical(title)
    for title in files("streams.matching").joinpath("stop_titles.txt").read_text(encoding="utf-8").split("\n")
    if title
)


def _by_word() -> dict[str, tuple[re.Pattern[str], ...]]:
    found: dict[str, tuple[re.Pattern[str], ...]] = {}
    for form in FORMS:
        pattern = re.compile(rf"(?:{form.pattern})$")
        for word in form.words.split():
            found[word] = (*found.get(word, ()), pattern)
    return found


_FORMS = _by_word()
_LONGEST = 160
_PLACE_BEHIND = re.compile(
    rf" (?:(?:volume|vol|issue|iss|number|no|heft|nr|band|year|{_MONTH}|\d{{1,4}}|[a-z]) )*(?:\d{{1,4}}|{_MONTH})$"
)


def is_stop_title(normal: str) -> bool:
    """Whether a title in normal form is one many works share."""
    if len(normal) > _LONGEST:
        return False
    words = _canonical(normal)
    return _is_stop(words) or (len(words) <= _LONGEST_EXACT and (_is_stop_with_place(words) or _is_slip(words)))


def _is_stop(words: str) -> bool:
    if words in _EXACT:
        return True
    each = words.split(" ")
    first, last = each[0], each[-1]
    if (first in _ALLOWED or first.isdigit()) and len(each) < _MOST_COMMON_WORDS and _are_common(each):
        return True
    return any(pattern.match(words) for word in (first, last) for pattern in _FORMS.get(word, ()))


_MOST_COMMON_WORDS = 12


def _are_common(words: list[str]) -> bool:
    """Whether all words are those of a journal's parts, one of them at least more than a small or qualifying word."""
    common = False
    before = ""
    for word in words:
        if word in _COMMON:
            common = True
        elif word not in _ALLOWED and not word.isdigit() and word not in _MONTHS and not (len(word) == 1 and before in _LETTERED):
            return False
        before = word if len(word) > 1 else ""
    return common


def _is_stop_with_place(words: str) -> bool:
    """Whether words are a stop title with a number before it, or a volume, a month or a year behind it."""
    first, _, rest = words.partition(" ")
    if rest and (first.isdigit() or len(first) == 1) and rest in _EXACT:
        return True
    if words[-1:].isdigit() or words.rpartition(" ")[2] in _MONTHS:
        inner = _PLACE_BEHIND.sub("", words)
        return inner != words and inner in _EXACT
    return False


_ENDS = 5  # letters at either end by which a miswritten title is looked up
_SLIPS = 9  # letters for each that may be wrong
_LONGEST_EXACT = max(len(title) for title in _EXACT) + 12


def _by_ends() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for title in _EXACT:
        letters = title.replace(" ", "")
        if len(letters) >= _SLIPS:
            for part in {letters[:_ENDS], letters[-_ENDS:]}:
                found[part] = (*found.get(part, ()), letters)
    return found


_NEAR = _by_ends()


def _is_slip(words: str) -> bool:
    """Whether words are a stop title with a letter or two wrong."""
    letters = words.replace(" ", "")
    if len(letters) < _SLIPS or words[-1:].isdigit():
        return False
    near = (*_NEAR.get(letters[:_ENDS], ()), *_NEAR.get(letters[-_ENDS:], ()))
    return any(
        abs(len(letters) - len(title)) < 3 and Levenshtein.distance(letters, title) <= len(title) // _SLIPS
        for title in near
    )
