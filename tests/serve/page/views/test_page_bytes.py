"""Text bounded by its bytes in a page."""

from __future__ import annotations

import pytest

from streams.serve.page.templates import text
from streams.serve.page.views.page_bytes import beginning, page_bytes

TEXTS = ("plain", "<b>&\"'", "礁と海", "🪸" * 9, "a\x00\x07\x85\u202eb", "")


@pytest.mark.parametrize("given", TEXTS)
def test_bytes_are_those_of_the_page(given: str) -> None:
    shown = str(text(given)).removeprefix("<bdi>").removesuffix("</bdi>")
    assert len(shown.encode()) <= page_bytes(given) <= len(shown.encode()) + 4


@pytest.mark.parametrize("given", TEXTS)
def test_a_beginning_is_the_longest_that_fits(given: str) -> None:
    for most in range(page_bytes(given) + 2):
        found = beginning(given, most)
        assert given.startswith(found)
        assert page_bytes(found) <= most
        assert found == given or page_bytes(given[: len(found) + 1]) > most
