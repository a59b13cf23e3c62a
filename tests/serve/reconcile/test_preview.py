"""A page of strangers' texts: nothing in it is markup but what Streams wrote."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest

from streams.query.answers import ClusterAnswer
from streams.serve.reconcile.preview import HEADERS, missing, preview
from tests.serve.reconcile.test_properties import CLUSTER

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><svg onload=alert(1)>",
    "' onmouseover='alert(1)",
    "</style><iframe src=//evil.example>",
    "&lt;b&gt; \u2028 \x00 {{constructor}}",
)
ALLOWED = {"html", "head", "meta", "title", "style", "body", "h1", "p", "small", "ul", "li", "a", "br"}


class Page(HTMLParser):
    """The tags, attributes and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.style = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] == ["style"] and not self.style:
            self.style = data
        else:
            self.text += data

    @property
    def links(self) -> list[str]:
        return [value or "" for name, value in self.attributes if name == "href"]


def hostile(text: str) -> ClusterAnswer:
    names = ("title", "journal", "volume", "number", "pages", "publication_date", "doi", "arxiv_id")
    document: dict[str, Any] = dict.fromkeys(names, text)
    document |= {"authors": [text], "urls": [text, "javascript:alert(1)", "JaVaScRiPt:alert(1)", f"https://x/{text}"]}
    return ClusterAnswer(
        cluster_id=CLUSTER.cluster_id, revision=1, size=1, records=(f"mine:{text}",), document=document
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_are_texts(text: str) -> None:
    page = Page(preview(hostile(text)))
    assert set(page.tags) <= ALLOWED
    assert page.tags.count("style") == page.tags.count("title") == 1
    assert {name for name, _ in page.attributes} <= {"lang", "charset", "href", "target", "rel"}
    assert all(link.startswith("https://") for link in page.links)
    assert page.text.count(text) >= 6, "they are shown as they are"
    assert text in Page(missing(text)).text
    assert set(Page(missing(text)).tags) <= ALLOWED


def test_a_page_shows_the_cluster() -> None:
    page = Page(preview(CLUSTER))
    for text in (
        "Corals",
        "Ada Reef, Bo Shoal",
        "Seas · 2021-05",
        "doi:10.5555/aaa.1",
        "3 records",
        "arxiv:1512.00001",
    ):
        assert text in page.text
    assert page.links[:2] == ["https://doi.org/10.5555/aaa.1", "https://arxiv.org/abs/1512.00001"]


def test_long_lists_are_cut_and_say_so() -> None:
    document = {"title": "Corals", "authors": [f"Author {number}" for number in range(3000)], "urls": []}
    records = tuple(f"mine:{number}" for number in range(1000))
    text = preview(
        ClusterAnswer(cluster_id=CLUSTER.cluster_id, revision=1, size=1000, records=records, document=document)
    )
    assert "and 2990 more" in text
    assert "and 990 more" in text
    assert len(text) < 5_000


def test_only_its_own_style_may_be_applied_and_any_page_may_frame_it() -> None:
    digest = b64encode(sha256(Page(preview(CLUSTER)).style.encode()).digest()).decode()
    policy = HEADERS["Content-Security-Policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "frame-ancestors *" in policy, "without it a header that forbids frames everywhere would forbid them here"
