"""Papers that tests of the page send, and the addresses of what comes of them."""
# ruff: noqa: S310 - addresses on loopback

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import orjson

from streams.feed_files.payloads import Payload
from tests.browser.stack import Stack
from tests.system.processes import wait_for

__all__ = ["HOSTILE", "SEEN", "ask", "cluster_of", "hostile_papers", "paper"]

HOSTILE = (
    "<script>alert(1)</script> on the growth of corals",
    '"><img src=x onerror=alert(2)> in shallow reefs',
    "</title></script><svg onload=alert(3)> and their kin",
    "{{ 7 * 7 }} ${alert(4)} javascript:alert(5) & <hx-partial hx-target=body>",
    "\u202eslaroc fo htworg eht\u202c <b>bold</b> \u0000\u0007 $\\frac{a}{b}$ 🪸 日本語 עברית",
    "Very long title of a paper on corals " * 270,
)
"""Titles of strangers: scripts, mark-up, templates, text from right to left, control characters, 10,000 characters."""

SEEN = (
    HOSTILE[0],
    HOSTILE[1],
    HOSTILE[2],
    HOSTILE[3],
    "<b>bold</b>",
    "$\\frac{a}{b}$ 🪸 日本語 עברית",
    HOSTILE[5][:70],
)
"""What a person reads of each: the text as it was sent, without control characters; the start of what is long."""


def paper(record: str, title: str, **more: Any) -> Payload:
    """Return the payload of a paper, by default one by Ada Reef of 1999."""
    source, _, name = record.partition(":")
    fields = {"source": source, "id": name, "title": title, "authors": ["Ada Reef"], "year": 1999} | more
    return Payload("document", b"", orjson.dumps(fields))


def ask(stack: Stack, path: str) -> Any:
    """Return what the API answers, None where there is no such thing."""
    headers = {"Authorization": f"Bearer {stack.token}"}
    try:
        with urllib.request.urlopen(
            urllib.request.Request(f"{stack.url}/api/v1{path}", headers=headers), timeout=20
        ) as answer:
            return orjson.loads(answer.read())
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


def cluster_of(stack: Stack, record: str, records: int = 1) -> str:
    """Wait until a record is in a cluster of so many, and return the id of the cluster."""

    def found() -> str:
        answer = ask(stack, f"/lookup?record={urllib.parse.quote(record)}")
        clusters = answer["clusters"] if answer else ()
        return str(clusters[0]) if clusters and ask(stack, f"/clusters/{clusters[0]}")["size"] >= records else ""

    return str(wait_for(found, f"{record} is in a cluster of {records}", 60))


def hostile_papers(stack: Stack) -> list[str]:
    """Send pairs of papers with each hostile title, doubtful pairs, and broken payloads; return the pages that show them."""
    found = []
    for number, title in enumerate(HOSTILE):
        ids = f"hostile:{number}", f"evil:<b>{number}"
        stack.send(*(paper(record, title, doi=f"10.5555/hostile.{number}") for record in ids))
        stack.send(paper(f"book:{number}", title, doi=f"10.5555/book.{number}"))
        stack.send(
            paper(
                f"part:{number}",
                f"Trees, groups and medians {number}",
                year=2011,
                doi=f"10.5555/book.{number}",
                authors=[],
            )
        )
        cluster = f"/clusters/{cluster_of(stack, ids[0], 2)}"
        found += [
            cluster,
            f"{cluster}/split",
            f"{cluster}/merge?with={urllib.parse.quote(ids[0])}",
            f"{cluster}/history",
            f"/payload?record={urllib.parse.quote(ids[1])}",
            f"/pairs/{urllib.parse.quote(ids[1], safe='')}/{ids[0]}",
            f"/search?q={urllib.parse.quote(title[:200])}",
        ]
    stack.send(Payload("document", b"<script>alert(6)</script>", b'{"title": "<script>alert(7)</script>"'))
    return [
        *found,
        "/",
        "/review",
        "/review/bulk?action=same",
        "/dead-letters",
        "/workers",
        "/subscriptions",
        "/nothing/<script>alert(8)</script>",
    ]
