"""What the load of a page cost: the server's part, the answer, the first paint, what blocked it, and bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from playwright.sync_api import Page

__all__ = ["Load", "load"]

_TIMES = """() => {
  const page = performance.getEntriesByType('navigation')[0];
  const all = [page, ...performance.getEntriesByType('resource')];
  return {
    server: page.serverTiming.find((each) => each.name === 'total')?.duration ?? 0,
    response: page.responseEnd,
    paint: performance.getEntriesByName('first-contentful-paint')[0].startTime,
    blocking: all.filter((each) => each.renderBlockingStatus === 'blocking').map((each) => new URL(each.name).pathname),
    sizes: Object.fromEntries(all.map((each) => [new URL(each.name).pathname, each.decodedBodySize])),
  };
}"""
_PAINTED = "() => performance.getEntriesByName('first-contentful-paint').length > 0"


class Load(NamedTuple):
    """Times in ms since the browser began to load the page, but `server`: what the service took for it.

    `blocking` are the files that the browser waited for before it painted; `sizes` the bytes of each file, unpacked.
    """

    server: float
    response: float
    paint: float
    blocking: Sequence[str]
    sizes: Mapping[str, int]


def load(page: Page, path: str) -> Load:
    """Load a page, and return what it cost once it was painted, which may come after the load."""
    page.goto(path)
    page.wait_for_function(_PAINTED)
    return Load(**page.evaluate(_TIMES))
