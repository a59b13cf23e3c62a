"""Which paths stay encoded."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from streams.serve.encoded_paths import EncodedPaths, record_in_path


@pytest.mark.parametrize(
    ("path", "raw", "seen"),
    [
        ("/pairs/crossref:10.5/a/b:1", b"/pairs/crossref:10.5%2Fa/b:1", "/pairs/crossref:10.5%2Fa/b:1"),
        ("/api/v1/pairs/a:1/b:1", b"/api/v1/pairs/a%3A1/b:1?x=/", "/api/v1/pairs/a%3A1/b:1"),
        ("/clusters/ü", b"/clusters/%C3%BC", "/clusters/ü"),
        ("/pairs/a:1/b:1", None, "/pairs/a:1/b:1"),
    ],
)
def test_the_path_of_a_pair_is_as_it_was_sent(path: str, raw: bytes | None, seen: str) -> None:
    scopes: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        scopes.append(scope)

    given: Any = {"type": "http", "path": path, "raw_path": raw}
    nothing: Any = None
    asyncio.run(EncodedPaths(app)(given, nothing, nothing))
    assert scopes[0]["path"] == seen


def test_a_part_is_decoded_once() -> None:
    assert record_in_path("crossref:10.5%2Fa%252F") == "crossref:10.5/a%2F"
