"""The search page over HTTP: by GET and by POST, with whatever is asked."""

from __future__ import annotations

import html

import pytest

from streams.query.clusters import Clusters
from tests.query.conftest import Library
from tests.query.test_lookup import TITLE
from tests.serve.conftest import Client


@pytest.mark.parametrize("text", ["10.5555/aaa.1", "mine:1", TITLE, f'{{"title": "{TITLE}", "year": 2015}}'])
def test_a_cluster_is_found_by_get_and_by_post(client: Client, library: Library, text: str) -> None:
    name = Clusters(library.index).record("mine:1").cluster_id
    for answer in (client.get("/search", params={"q": text}), client.post("/search", data={"q": text})):
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/html")
        assert f'href="/clusters/{name}"' in answer.text


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "\x00",
        "a" * 3000,
        "💥",
        "{",
        "@article{",
        "TY  - ",
        "\u202e",
        "{{ 7*7 }}",
        "%00",
        "c" + "a" * 13,
    ],
)
def test_any_text_has_an_answer_and_is_escaped(client: Client, text: str) -> None:
    answer = client.post("/search", data={"q": text})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "49" not in html.unescape(answer.text).split("<main")[1].split("</main>")[0] or "49" in text


def test_an_empty_box_shows_examples(client: Client) -> None:
    page = client.get("/search").text
    assert "What to put in" in page
    assert page.count("/search?q=") >= 5
