"""Real payloads through every adapter: nothing raises, and nearly all works become records."""

from __future__ import annotations

import gzip
import os
from collections import Counter
from pathlib import Path

import orjson
import pytest

from streams.errors import PayloadError
from streams.records.record import Delete, Record
from streams.sources import SOURCES, parse

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("STREAMS_TEST_DATA", ROOT / "../shared/data")) / "raw"

# Files whose rows are something else than papers; every row of them must be refused with a telling code.
NO_WORKS = ("datasets_abstracts", "paper_ids", "publication_venues", "error_rows", "datasets_api", "http400")

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no raw payloads under {DATA} (STREAMS_TEST_DATA)")


def payloads(source: str) -> list[tuple[str, bytes]]:
    found = []
    for path in sorted((DATA / source).rglob("*")):
        if path.name.endswith(".jsonl.gz"):
            found += [(path.name, row) for row in gzip.decompress(path.read_bytes()).split(b"\n") if row.strip()]
        elif path.is_file():
            found.append((path.name, path.read_bytes()))
    return found


def expects_work(name: str, payload: bytes) -> bool:
    """Whether a payload holds at least one paper that says more than its number."""
    if any(part in name for part in NO_WORKS):
        return False
    if payload.lstrip().startswith(b"<"):
        return b"<entry>" in payload or b"<record>" in payload
    value = orjson.loads(payload)
    if "minimal" in name:
        return bool(value.get("paperId") and value.get("title"))
    if "bulk" in name:
        return bool(value["success"])
    if "responses" in name:
        return isinstance(value, list) or any(member.get("title") for member in value.get("data", [value]))
    return True


@pytest.mark.parametrize("source", sorted(set(SOURCES) - {"document"}))
def test_payloads_as_sent(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    works = records = 0
    codes: Counter[str] = Counter()
    for name, payload in payloads(source):
        items = parse(source, payload)
        assert items
        assert all(isinstance(item, (Record, Delete, PayloadError)) for item in items)
        codes.update(f"{name}: {item.code}: {item.detail[:60]}" for item in items if isinstance(item, PayloadError))
        assert not any(isinstance(item, PayloadError) and item.code == "adapter_failed" for item in items), name
        got_record = any(isinstance(item, Record) for item in items)
        if expects_work(name, payload):
            works += 1
            records += got_record
        elif any(part in name for part in NO_WORKS):
            assert not got_record, name
    with capsys.disabled():
        print(f"\n{source}: {records} of {works} payloads of works gave records; refused: {dict(codes)}")
    assert works
    assert records >= 0.95 * works
