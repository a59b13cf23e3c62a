"""What must hold for a page that is open, whichever way led to it: by an address, a form or a failure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.visitor import PHONE, WIDE

__all__ = ["LANDMARKS", "MOST_BYTES", "audit", "has_no_markup_of_strangers", "serious"]

MOST_BYTES = 200_000
LANDMARKS = (
    "region", "landmark-one-main", "landmark-main-is-top-level", "landmark-no-duplicate-banner", "landmark-no-duplicate-main",
    "landmark-no-duplicate-contentinfo", "landmark-unique", "page-has-heading-one", "heading-order",
)  # fmt: skip
"""Rules of axe that are best practice rather than serious, and hold here."""
_VARIANTS: Sequence[tuple[Literal["light", "dark"], int]] = (("dark", PHONE), ("light", WIDE))
"""Both widths and both schemes; `test_all_pages.py` looks at every page in all four of their pairs."""
_WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
_MARKUP = "() => document.querySelectorAll('main script, main img, main b b, main [onload]').length"
_BYTES = """() => [performance.getEntriesByType('navigation')[0], ...performance.getEntriesByType('resource')]
  .reduce((sum, each) => sum + each.decodedBodySize, 0)"""


def serious(page: Page, axe: Axe) -> list[Any]:
    """Return what axe finds on a page that is serious, or about landmarks and headings. An empty page fails."""
    result = axe.run(page).response
    assert result["passes"], page.url
    assert len(page.locator("main").inner_text()) > 30, f"{page.url} has no content"
    return [
        (page.url, each["id"], each["impact"], [node["html"][:200] for node in each["nodes"][:3]])
        for each in result["violations"]
        if each["impact"] in ("serious", "critical") or each["id"] in LANDMARKS
    ]


def audit(page: Page, content: str) -> list[Any]:
    """Look at a page, whose main part has some words, in two variants, and return what axe finds; all else fails at once."""
    page.wait_for_load_state("load")
    words = " ".join(page.locator("main").inner_text().split())
    assert content in words, f"{page.url} has not {content!r}: {words[:2000]}"
    has_no_markup_of_strangers(page)
    assert page.evaluate(_BYTES) <= MOST_BYTES, page.url
    found, axe, size = list[Any](), Axe(), page.viewport_size
    for scheme, width in _VARIANTS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 844 if width == PHONE else 900})
        wide = page.evaluate(_WIDER)
        assert wide <= 0, f"{page.url} is {wide} px wider than a window of {width} px"
        found += [(scheme, width, *each) for each in serious(page, axe)]
    assert size is not None
    page.set_viewport_size(size)
    return found


def has_no_markup_of_strangers(page: Page) -> None:
    """Fail where a title became an element, or a control character came through."""
    assert page.evaluate(_MARKUP) == 0, page.url
    words = page.locator("main").inner_text()
    assert not {"\u0000", "\u0007", "\u202e"} & set(words), page.url
