"""Records that a test sends, and where they came to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import orjson
from playwright.sync_api import Page

from streams.feed_files.payloads import Payload
from tests.browser.stack import Stack
from tests.system.processes import wait_for

__all__ = ["ask", "cluster_of", "document", "send_documents"]


def document(record: str, **fields: Any) -> Payload:
    """A payload of the source `document` for a record `label:id`."""
    source, _, name = record.partition(":")
    return Payload("document", record.encode(), orjson.dumps({"source": source, "id": name, **fields}))


def send_documents(stack: Stack, page: Page, payloads: Sequence[Payload]) -> str:
    """Send payloads, wait until a worker has decided all of them, and return the cluster of the first."""
    stack.send(*payloads)
    names = [payload.key.decode() for payload in payloads]
    return str(wait_for(lambda: _all_known(page, names), f"{len(names)} records are known"))


def cluster_of(page: Page, record: str) -> str:
    """The cluster that a record is in now, `""` where it is not known."""
    found = ask(page, f"records/{quote(record)}")
    return str(found.get("cluster_id", ""))


def ask(page: Page, path: str) -> dict[str, Any]:
    """What the API answers."""
    answer: dict[str, Any] = page.context.request.get(f"/api/v1/{path}").json()
    return answer


def _all_known(page: Page, names: Sequence[str]) -> str:
    found = [cluster_of(page, name) for name in names]
    return found[0] if all(found) else ""
