"""The page of a pair over HTTP."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.query.conftest import Library
from tests.serve.conftest import Client

HTML = {"Accept": "text/html"}


@pytest.mark.parametrize("other", ["crossref:10.5555/a/b", "mine:100%2F1", "mine:ü?#1", "mine:<b>"])
def test_a_pair_is_shown_whatever_its_ids_are(client: Client, library: Library, other: str) -> None:
    library.send(other, title="On <i>reefs</i> & kin", doi="10.5555/aaa.1")
    answer = client.get(f"/pairs/{quote(other, safe='')}/mine%3A1")
    assert answer.status_code == 200
    assert "Evidence" in answer.text
    assert "<b>" not in answer.text


def test_what_is_no_pair_says_so(client: Client) -> None:
    for path, status in (("mine:1/nobody:1", 404), ("mine:1/mine:1", 422), ("mine:1", 404)):
        assert client.get(f"/pairs/{path}", headers=HTML).status_code == status
