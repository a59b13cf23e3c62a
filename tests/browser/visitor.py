"""A person with a browser: pages of a width and a colour scheme, and what must never happen on any of them."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

__all__ = ["PHONE", "WIDE", "Visitors", "chromium", "visiting"]

PHONE, WIDE = 390, 1440
"""Widths in CSS pixels that every page is looked at in."""


def chromium() -> str:
    """The path of Debian's Chromium; skips the test where it is not there."""
    found = shutil.which("chromium")
    if found is None:
        assert not os.environ.get("REQUIRE_CHROMIUM"), "chromium is not installed, and REQUIRE_CHROMIUM is set"
        pytest.skip("chromium is not installed (Debian: apt-get install chromium)")
    return found


class Visitors:
    """Opens pages. `problems` has what went wrong on them: dialogs, errors of scripts, foreign requests, a broken policy."""

    def __init__(self, browser: Browser, url: str) -> None:
        """Take the address of the service."""
        self._browser, self._url = browser, url
        self._contexts: list[BrowserContext] = []
        self._forgiven: list[str] = []
        self.problems: list[str] = []

    def open(
        self,
        path: str = "/",
        *,
        token: str = "",
        width: int = WIDE,
        scheme: Literal["light", "dark"] = "light",
        scripts: bool = True,
        **given: Any,
    ) -> Page:
        """Open a page in a browser window of its own, signed in where a token is given."""
        context = self._browser.new_context(
            viewport={"width": width, "height": 844 if width < 600 else 900},
            color_scheme=scheme,
            reduced_motion="reduce",
            java_script_enabled=scripts,
            base_url=self._url,
            timezone_id=given.pop("zone", "Europe/Berlin"),
            locale="en-GB",
            **given,
        )
        self._contexts.append(context)
        if token:
            answer = context.request.post("/api/v1/session", data={"token": token}, headers={"Origin": self._url})
            assert answer.ok, answer.text()
        page = context.new_page()
        page.on("dialog", self._dialog)
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        page.on("console", lambda m: self.problems.append(f"{page.url}: {m.text}") if m.type == "error" else None)
        page.on("request", self._request)
        page.goto(path)
        return page

    def forgive(self, pattern: str) -> None:
        """Let problems pass that the test causes."""
        self._forgiven.append(pattern)

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def check(self) -> None:
        """Fail where anything went wrong on a page."""
        found = [each for each in self.problems if not any(re.search(p, each) for p in self._forgiven)]
        assert not found, "\n".join(found)

    def _dialog(self, dialog: Any) -> None:
        self.problems.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self._url + "/", "data:")):
            self.problems.append(f"a foreign request: {request.url}")


@contextmanager
def visiting(browser: Browser, url: str) -> Iterator[Visitors]:
    """Yield visitors of a service; fail at the end where a script failed, a dialog opened, or a page asked another host."""
    made = Visitors(browser, url)
    yield made
    made.close()
    made.check()
