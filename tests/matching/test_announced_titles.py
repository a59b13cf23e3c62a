"""The title of a work in what follows the announcement that is about it."""

from __future__ import annotations

import pytest

from streams.matching.announced_titles import title_of_work

TITLE = "Lichens on basalt cliffs"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (TITLE, "corrects"),
        (f": {TITLE}.", "corrects"),
        (f'"{TITLE}"', "comments_on"),
        (f"'{TITLE}'", "replies_to"),
        (f'Halvorsen et al. "{TITLE}"', "corrects"),
        (f"Halvorsen et al., {TITLE}", "corrects"),
        (f'Halvorsen and Reyk, "{TITLE}"', "corrects"),
        (f'"{TITLE}" [J. Lichen Sci. 12 (2003) 34-56]', "corrects"),
        (f"{TITLE} (Lichen Sci. 12, 34 (2003))", "retracts"),
        (f"{TITLE} by I. Halvorsen and T. Reyk", "comments_on"),
        (f"{TITLE}.docx", "supplements"),
        (f"Halvorsen I, Reyk T (2019) {TITLE}. Lichen Keys 123: 45-67. https://doi.org/10.5555/lichen.1", "corrects"),
    ],
)
def test_what_stands_around_the_title_goes(text: str, kind: str) -> None:
    assert title_of_work(text, kind) == TITLE


@pytest.mark.parametrize("title", ['"Big" lichens on basalt', "Lichens (of 3 kinds) on basalt", "Lichens by the sea"])
def test_what_belongs_to_the_title_stays(title: str) -> None:
    assert title_of_work(title, "comments_on") == title


def test_only_names_are_no_title() -> None:
    assert title_of_work('"Halvorsen et al."', "comments_on") == ""
