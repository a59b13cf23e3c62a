"""Messages that try to kill a worker, among good ones: the good ones are clustered, the bad ones are dead letters."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streams.feed_files.payloads import Payload
from streams.kafka.topics import RECORDS
from streams.local.run import run
from streams.settings import Settings
from streams.synthetic import generate
from tests.system.poison import BAD, MENDED
from tests.system.processes import json_lines

pytestmark = pytest.mark.system


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
