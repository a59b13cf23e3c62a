"""Titles that say nothing of the work: shared by many, appearing every year, or written in place of one."""

import pytest

from streams.matching.serial_titles import SERIALS, serial_title
from streams.matching.stop_titles import FORMS, is_stop_title
from streams.matching.titles import title_forms
from streams.normalize.text import normalize

STOP = """
Video_1|S1 Table|Table S1|Additional file 3|Supplementary Table 1|Data Sheet 1|Fig. 3|Decision letter|Peer review
Editor's notes|editorâ ?? s notes|Editors' comments|EDITOR'S COMMENTS|Okafor/Editor's Comments|Remarks from the editor
From the Editor-in-Chief|From the editors' desk|In this issue|Guest Editors' Introduction
Reminiscences an influential papers|Book reviews|Letters|News & Notes|President's message|Vice Chair's Message
Treasurer's report|Author Index to Volume 12|Authors' reply|List of reviewers|Acknowledgement to Reviewers
Inside Front Cover|Editorial board/Aims & scope|Editoral|Editorial 2003|Éditorial|Índice de autores|Carta al editor
Предисловие|От редакции|目次|編集後記|编者按|Calls for Papers and Announcements|Calendar of events|Abstracts of papers
Conference program|1. Introduction|Chapter 3|Part II|Appendix A|Conclusions and outlook|Results and discussion
Materials and methods|Erratum|Publisher's Note|Notes on contributors|Books received|Volume 12, Issue 3
Reef Studies: information for authors|Book review column|Introduction to the special issue on reefs
Minutes of the meeting|Newsletter|Progress report
"""


@pytest.mark.parametrize("title", [title for line in STOP.strip().split("\n") for title in line.split("|")])
def test_titles_made_of_the_words_of_a_journal_are_stop_titles(title: str) -> None:
    assert is_stop_title(title_forms(title).whole)


@pytest.mark.parametrize(
    "title",
    [
        "Back to the future", "Word for word", "Letters from a reef", "Fake news", "News coverage of reefs",
        "Abstract algebra", "Plate tectonics", "Index theory", "Editorial independence", "A survey of reefs",
        "Notes on corals", "Preface to coral history", "Table tennis", "Contents of coral stomachs",
        "Abstracts of the 79th Reef Congress", "Discussion forums", "In memoriam Ngozi Okafor",
        "Introduction to C",
    ],
)  # fmt: skip
def test_one_word_of_its_own_makes_a_title(title: str) -> None:
    assert not is_stop_title(normalize(title))


def test_every_form_has_an_example_it_knows() -> None:
    for form in FORMS:
        assert is_stop_title(normalize(form.example)), form
    for serial in SERIALS:
        assert serial_title(normalize(serial.example)) == serial.code


@pytest.mark.parametrize(
    "title",
    [
        "World malaria report", "Global reef report", "Annual report of the reef commission",
        "Quarterly bulletin of reefs", "Jahresbericht", "Rapport annuel de la société",
        "Yearbook of forest products", "World economic outlook", "The state of food insecurity in the world",
    ],
)  # fmt: skip
def test_serial_titles_are_known(title: str) -> None:
    assert serial_title(normalize(title))


@pytest.mark.parametrize(
    "title",
    [
        "Annual report 1996", "Proceedings of the 5th workshop on reefs", "A progress report on coral growth",
        "Annual growth of corals", "Statistics of random reefs", "First report of bleaching in the lagoon",
        "Report on the workshop on reefs", "Reefs: an interim report",
    ],
)  # fmt: skip
def test_titles_that_appear_once_or_name_their_number_are_no_serials(title: str) -> None:
    assert serial_title(normalize(title)) == ""


PLACEHOLDERS = """
nan|NULL|undefined|None|[no title]|no title available|(:unav)|Untitled|title not available|N/A|Title|[Not Available]
OUP accepted manuscript|Accepted Manuscript|In press|Article in press|sin título|Ohne Titel|無題|Без названия|paper.pdf
Retracted|[o.T.]|Microsoft Word - Document1|TBA|[object Object]|undefined undefined
"""


@pytest.mark.parametrize("title", [title for line in PLACEHOLDERS.strip().split("\n") for title in line.split("|")])
def test_what_stands_in_place_of_a_title_is_none(title: str) -> None:
    forms = title_forms(title)
    assert forms.placeholder
    assert forms.whole == ""


@pytest.mark.parametrize(
    "title", ["Unknown reefs", "The untitled lagoon", "Null models of reefs", "Title deeds", "Reading a pdf"]
)
def test_a_title_with_such_a_word_is_a_title(title: str) -> None:
    assert not title_forms(title).placeholder


def test_the_name_of_a_supplements_file_says_that_it_is_one() -> None:
    forms = title_forms("Presentation1.pdf")
    assert (forms.derived, forms.whole, forms.placeholder) == ("supplements", "", True)


def test_no_letters_are_no_title() -> None:
    for title in ("-", "...", "?", ""):
        assert title_forms(title).whole == ""
