"""A stack for all tests of a process, a browser for those of a module, and visitors for each test.

The browser is not kept longer, as Playwright keeps an event loop in the thread of the tests, where `asyncio.run` fails meanwhile:
within these tests `run_apart` of stack.py does it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.stack import Stack, running_stack
from tests.browser.visitor import Visitors, chromium, visiting

_FIRST_LOOK = "test_first_look.py"
"""What `make test` looks at; all else is in `make test-long`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)
            if item.path.name != _FIRST_LOOK:
                item.add_marker(pytest.mark.long)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The page with the demo's clusters; tests may add to them, each its own records."""
    chromium()
    with running_stack(tmp_path_factory.mktemp("page")) as stack:
        yield stack


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = chromium()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def visitors(browser: Browser, stack: Stack) -> Iterator[Visitors]:
    """Opens pages; the test fails where a script failed, a dialog opened, or a page asked another host for anything."""
    with visiting(browser, stack.url) as made:
        yield made
