"""What indexers, publishers and page readers put around a title."""

import pytest

from streams.matching.title_notes import NOTES, brackets_at_end, is_note
from streams.matching.titles import title_forms
from streams.normalize.text import normalize

TITLE = "Coral growth in warm lagoons"
WORDS = "coral growth in warm lagoons"
AROUND = """
{} [see comments]|{}. [see comment].|{} [letter; comment]|{} [Letter] [Comment]|{} [Comment in: Reef Sci. 2001;3:4]
{} [Retraction in: Reef Sci. 2001;3:4]|{}.[Erratum appears in Reef Sci. 2004 Sep;29(9):1762 Note: Okafor, N [added]]
{} [corrected][published erratum appears in Reef Sci. 2013;27(3):377]|{} [Erratum: Reef Sci. 12 (2003) 3]
{} Erratum appears in Reef Sci. 2004;29:1762|{}. Published erratum appears in Reef Sci 2004;29:1762
{} (Retracted article. See vol. 12, pg. 34, 2001)|{} (Retracted Article)|RETRACTED: {}|[RETRACTED] {}|WITHDRAWN: {}
TEMPORARY REMOVAL: {}|{} - RETRACTED|{} (with discussion)|{} (Reprinted from Reef Sci, vol 3, pg 1-9, 1997)
Reprint of: {}|{} (Extended Abstract)|{} (panel)|{} (Cochrane review)|{} [J]|{} [version 1; referees: 1 approved]
{} (Studien zur Riffkunde ; Bd. 6)|{} (Studien und Materialien : Kleine Reihe ; Bd. 6)
{} (NBER Working Paper No. 1234)|{} [Lecture Notes in Reefs 123]|{}. NBER Working Paper No. 1234
{} (Technical Report No. 12)|{} [Review] [33 refs]|[{}] [Article in Russian]|{} [1]|ORIGINAL ARTICLE {}
Research Article: {}|EDITOR'S COMMENTS {}|Okafor/Editor's Comments: {}|Microsoft Word - {}|{}*|{} *|{}†|{}<sup>1</sup>
{}¹|{} 1, 2|{}☆|arXiv:2001.12345v1 [q-bio.PE] 3 Jun 2020 {}|0 Ju l 2 00 1 {}|M F ] 2 0 D ec 2 01 8 {}
{} arXiv:2001.12345v2 [q-bio.PE] 3 Jun 2020|RETRACTED {}|WITHDRAWN ARTICLE {}|Article Withdrawn: {}|{}.pdf
{} (Retracted and replaced)|Corrected and republished from: “{}”|Invited talk: {}|Keynote address: {}
"""


@pytest.mark.parametrize("form", [form for line in AROUND.strip().split("\n") for form in line.split("|")])
def test_what_is_around_a_title_is_no_part_of_it(form: str) -> None:
    forms = title_forms(form.format(TITLE))
    assert (forms.derived, forms.whole) == ("", WORDS)


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Searching graphs with A*", normalize("Searching graphs with A*")),
        ("Reefs of the world (1990-2003)", "reefs of the world 1990 2003"),
        ("A trial of shade in coral nurseries (SHADE 2)", "a trial of shade in coral nurseries shade 2"),
        ("Special issue on warm lagoons", "special issue on warm lagoons"),
        ("Retracted corals in reef science", "retracted corals in reef science"),
        ("Invited talks on warm lagoons", "invited talks on warm lagoons"),
        ("Retracted articles in reef science", "retracted articles in reef science"),
        ("12 May 2003: a day on the reef", "12 may 2003 a day on the reef"),
        ("Parts 1, 2", "parts 1 2"),
        ("Bleaching in the lagoon (report of two cases)", "bleaching in the lagoon report of 2 cases"),
        ("Error correction in warm lagoons", "error correction in warm lagoons"),
    ],
)
def test_what_belongs_to_a_title_stays(title: str, words: str) -> None:
    assert title_forms(title).whole == words


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Reefs, Ch. 3", "Reefs, Chapter 3"),
        ("Reefs, Vol. 2", "Reefs, Volume 2"),
        ("Reefs, Pt. I", "Reefs, Part 1"),
        ("Heat & light", "Heat and light"),
        ("Heat vs. light on reefs", "Heat versus light on reefs"),
        ("Reefs, No. 4", "Reefs, Number 4"),
    ],
)
def test_abbreviations_read_as_the_words_in_full(one: str, two: str) -> None:
    assert title_forms(one) == title_forms(two)


def test_a_mangled_apostrophe_reads_as_one() -> None:
    assert title_forms("the reefâ ?? s growth").whole == title_forms("the reef's growth").whole


def test_brackets_may_hold_brackets() -> None:
    assert brackets_at_end("Coral (a (b) c).") == 6
    assert brackets_at_end("Coral [a (b]") == 6
    assert brackets_at_end("Coral growth)") == -1
    assert brackets_at_end("Coral growth") == -1


def test_every_note_has_an_example_it_knows() -> None:
    for note in NOTES:
        assert is_note(note.example), note
        assert note.example[0] in note.brackets
