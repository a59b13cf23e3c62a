"""Messages that try to kill a worker, among good ones: the good ones are clustered, the bad ones are dead letters."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from processes import json_lines

from streams.agents.feed import Payload
from streams.agents.topics import RECORDS
from streams.local.run import run
from streams.settings import Settings
from streams.testing import generate

pytestmark = pytest.mark.system

BAD: dict[str, tuple[str, bytes, bytes, str]] = {
    "truncated JSON": ("document", b"t:1", b'{"source":"t","id":"1","title":"Cut of', "not_json"),
    "wrong types": ("document", b"t:2", b'{"source":["t"],"id":{"a":1},"title":7}', "no_identity"),
    "deep nesting": ("openalex", b"W1", b'{"id":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "too_deep"),
    "wrong source": ("crossref", b"x", b"<?xml version='1.0'?><OAI-PMH><ListRecords/></OAI-PMH>", "not_json"),
    "empty": ("document", b"", b"", "no_identity"),
    "binary": ("arxiv", b"\x00\xff", bytes(range(256)) * 40, "not_json"),
    "billion laughs": (
        "arxiv",
        b"y",
        b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><feed>&b;</feed>',
        "xml_doctype",
    ),
}
"""Name -> source, key, value, the code it is refused with."""

MENDED: dict[str, tuple[bytes, bytes]] = {
    "5 MB title": (b"m:1", b'{"source":"m","id":"1","title":"' + b"Very long " * 524_288 + b'"}'),
    "NUL bytes": (b"m:2", b'{"source":"m","id":"2","title":"Zero\\u0000 and nothing","authors":["A\\u0000B"]}'),
    "huge author list": (
        b"m:3",
        b'{"source":"m","id":"3","title":"A very large experiment","authors":[' + b'"A. B",' * 60_000 + b'"C. D"]}',
    ),
    "invalid UTF-8": (b"m:4", b'{"source":"m","id":"4","title":"Broken \xff\xfe\xc3( letters in a title"}'),
}
"""What is excessive or damaged but says what it is about: a record, cut to size. Name -> key, value."""


def test_poison_takes_nobody_with_it(tmp_path: Path, broker_settings: Callable[[], dict[str, Any]]) -> None:
    good = [
        Payload("document", item.record_id.encode(), item.value)
        for item in generate(31, 60, noise=0.5)
        if item.event == "new" and item.live
    ]
    poison = [Payload(source, key, value) for source, key, value, _ in BAD.values()]
    poison += [Payload("document", key, value) for key, value in MENDED.values()]
    mixed = list(good)
    for number, payload in enumerate(poison):
        mixed.insert(7 * number + 3, payload)
    summary = run(Settings(batch_records=64, **broker_settings()), mixed, tmp_path)
    assert summary["messages"] == len(mixed)
    assert summary["worker_restarts"] == 0

    clustered = [record for cluster in json_lines(tmp_path / "clusters.jsonl") for record in cluster["records"]]
    assert sorted(clustered) == sorted(
        [payload.key.decode() for payload in good] + [key.decode() for key, _ in MENDED.values()]
    )

    letters = json_lines(tmp_path / "dead-letter.jsonl")
    by_payload = {_payload(letter): letter for letter in letters}
    assert len(letters) == len(BAD) == summary["dead_letters"]
    origins = set()
    for name, (source, key, value, code) in BAD.items():
        letter = by_payload[value]
        assert (letter["code"], letter["source"]) == (code, source), name
        assert letter["key"] == key.decode("utf-8", "replace")
        assert letter["detail"]
        assert "where" in letter
        topic, partition, offset = letter["origin"].rsplit(":", 2)
        assert topic.endswith(RECORDS + source)
        assert int(partition) >= 0
        assert int(offset) >= 0
        origins.add(letter["origin"])
    assert len(origins) == len(BAD)


def _payload(letter: dict[str, Any]) -> bytes:
    return b64decode(letter["payload_base64"]) if "payload_base64" in letter else letter["payload"].encode()
