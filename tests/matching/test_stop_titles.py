"""Titles that say nothing of the work: shared by many, appearing every year, or written in place of one."""

import pytest

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


def test_no_letters_are_no_title() -> None:
    for title in ("-", "...", "?", ""):
        assert title_forms(title).whole == ""
