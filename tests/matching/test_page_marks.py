"""Stamps of archives and marks of footnotes, as page readers take them for a part of the title."""

from __future__ import annotations

import pytest

from streams.matching.page_marks import without_footnote_mark, without_stamp

TITLE = "Drifting ice on polar seas"


@pytest.mark.parametrize(
    "stamped",
    [
        f"arXiv:1902.00001v2 [physics.ao-ph] 4 Mar 2019 {TITLE}",
        f"3 Ma r 2 01 9 {TITLE}",
        f"{TITLE} arXiv:1902.00001v2",
        f"{TITLE} (arXiv:1902.00001v2 [physics.ao-ph] 4 Mar 2019)",
    ],
)
def test_the_stamp_of_an_archive_goes(stamped: str) -> None:
    assert without_stamp(stamped) == TITLE


@pytest.mark.parametrize(
    "title", [TITLE, "4 Mar 2019: a day of drifting ice", "Reading arXiv in bed", "[Ice] and seas"]
)
def test_other_titles_keep_what_they_begin_with(title: str) -> None:
    assert without_stamp(title) == title


@pytest.mark.parametrize("mark", ["*", " *", "†", "¹", "<sup>1</sup>", "$^{*}$", " 1, 2", "☆"])
def test_the_mark_of_a_footnote_goes(mark: str) -> None:
    assert without_footnote_mark(TITLE + mark) == TITLE


@pytest.mark.parametrize(
    "title", ["Paths by A*", "Areas in m²", "Ice, parts 1, 2", "Ice in 3 acts", "Drifting ice 2", ""]
)
def test_a_sign_that_belongs_to_the_title_stays(title: str) -> None:
    assert without_footnote_mark(title) == title
