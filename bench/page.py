"""How long the page takes: the server's part, the bytes, and the first paint in Chromium, the median of several loads a page.

    python bench/page.py [--loads N]

A broker, a Redis, a worker with the demo's papers and `streams serve` run on this machine, and so does the browser. Each page is
loaded once before it is counted, as style and scripts are kept by the browser until they change; `cold` is that first load.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from machine import facts

from tests.browser.paint import Load, load
from tests.browser.screenshots import pages
from tests.browser.stack import Stack, running_stack
from tests.browser.visitor import chromium

_LOADS = 9


class Row(NamedTuple):
    """A page: its first load, and the medians of those after it."""

    name: str
    cold: Load
    server: float
    response: float
    paint: float
    size: int


def measured(browser: Browser, stack: Stack, name: str, path: str, loads: int) -> Row:
    """Load a page so many times after the first one, in a browser that has seen no page of the service."""
    context = browser.new_context(base_url=stack.url, extra_http_headers={"Authorization": f"Bearer {stack.token}"})
    page: Page = context.new_page()
    cold, *warm = [load(page, path) for _ in range(loads + 1)]
    context.close()

    def median(field: str) -> float:
        return float(statistics.median(getattr(each, field) for each in warm))

    return Row(name, cold, median("server"), median("response"), median("paint"), sum(cold.sizes.values()))


def main() -> None:
    """Print a line a page, and the slowest first paint."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loads", type=int, default=_LOADS)
    loads = parser.parse_args().loads
    for name, value in facts():
        print(f"{name:10} {value}")
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as stack, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        rows = [measured(browser, stack, name, path, loads) for name, path in pages(stack)]
        browser.close()
    print(f"\n{'page':14} {'server':>8} {'answer':>8} {'paint':>8} {'cold':>8}   bytes   (ms, median of {loads} loads)")
    for row in rows:
        print(
            f"{row.name:14} {row.server:8.1f} {row.response:8.1f} {row.paint:8.1f} {row.cold.paint:8.1f} {row.size:7,}"
        )
    print(f"slowest first paint {max(row.paint for row in rows):.0f} ms")


if __name__ == "__main__":
    main()
