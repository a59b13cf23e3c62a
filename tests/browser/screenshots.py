"""Pictures of every page with the demo's papers, light and dark, on a wide screen and a phone.

    python -m tests.browser.screenshots FOLDER [PAGE ...]

Writes FOLDER/PAGE-light-1440.png and so on; without pages all of them, and `overview` among them while records come in.
`settled` is the review after a decision.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.sync_api import sync_playwright

from tests.browser.papers import ask, cluster_of, paper
from tests.browser.stack import Stack, running_stack
from tests.browser.visitor import PHONE, WIDE, Visitors, chromium

SHOWN = "arxiv:1706.03762"
"""The record whose cluster is shown: *Attention Is All You Need*."""
FLOW_SECONDS = 70


class Variant(NamedTuple):
    """How a page is looked at."""

    scheme: Literal["light", "dark"]
    width: int


VARIANTS = [Variant(scheme, width) for scheme in ("light", "dark") for width in (WIDE, PHONE)]


def main(folder: Path, wanted: list[str]) -> None:
    """Write the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as stack, sync_playwright() as play:
        addresses = {**dict(pages(stack)), "settled": "/review"}
        browser = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        visitors = Visitors(browser, stack.url)
        if "overview" in (wanted or addresses):
            flow(stack, visitors)
        for name, path in addresses.items():
            for scheme, width in VARIANTS if not wanted or name in wanted else ():
                page = visitors.open(path, token=stack.token, scheme=scheme, width=width)
                if name == "settled":
                    page.keyboard.press("d")
                page.wait_for_timeout(1500)
                page.screenshot(path=folder / f"{name}-{scheme}-{width}.png", full_page=True)
                page.context.close()
        print("\n".join(visitors.problems))
        browser.close()


def pages(stack: Stack) -> Iterator[tuple[str, str]]:
    """Yield the name and the address of each page."""
    cluster = cluster_of(stack, SHOWN, 2)
    a, b = (record.replace("/", "%2F") for record in ask(stack, f"/clusters/{cluster}")["records"][:2])
    yield from {
        "overview": "/", "search": f"/search?q={SHOWN.partition(':')[2]}", "cluster": f"/clusters/{cluster}",
        "pair": f"/pairs/{a}/{b}", "review": "/review", "dead-letters": "/dead-letters", "workers": "/workers",
        "subscriptions": "/subscriptions", "sign-in": "/sign-in", "history": f"/clusters/{cluster}/history",
        "split": f"/clusters/{cluster}/split", "merge": f"/clusters/{cluster}/merge?with=1512.03385",
        "payload": f"/payload?record={SHOWN}", "bulk": "/review/bulk?action=different", "not-found": "/nothing",
    }.items()  # fmt: skip


def flow(stack: Stack, visitors: Visitors) -> None:
    """Let papers of one more source come in for a minute, so that charts have a line."""
    page = visitors.open("/")
    for second in range(FLOW_SECONDS):
        number = second % 23
        stack.send(
            *(
                paper(f"harvest:{second}-{n}", f"Reef survey {number} of transect {n}", year=1990 + number)
                for n in range(2 + number)
            )
        )
        page.wait_for_timeout(900)
    page.context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
