from __future__ import annotations

import gzip
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.harvest.client import GarbledError
from streams.harvest.shards import GzipLines


def lines_of(data: bytes, *cuts: int) -> list[bytes]:
    reader, found, start = GzipLines(), list[bytes](), 0
    for cut in (*sorted(cuts), len(data)):
        for lines in reader.feed(data[start:cut]):
            found += lines
        start = cut
    return found + reader.end()


@given(st.lists(st.binary(min_size=1).filter(lambda line: line.strip() and not set(line) & set(b"\r\n"))), st.randoms())
def test_any_members_in_any_chunks_are_the_same_lines(wanted: list[bytes], chance: random.Random) -> None:
    text = b"\n".join(wanted) + (b"\n" if chance.random() < 0.5 and wanted else b"")
    places = sorted(chance.randrange(len(text) + 1) for _ in range(3))
    pieces = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
    data = b"".join(gzip.compress(piece) for piece in pieces)
    assert lines_of(data, *(chance.randrange(len(data)) for _ in range(4))) == wanted


def test_much_of_one_byte_is_cut_up() -> None:
    data = gzip.compress(b"{}\n" + b" " * 30_000_000 + b"\n{}\n")
    reader = GzipLines()
    assert [line for lines in reader.feed(data) for line in lines] == [b"{}", b"{}"]
    assert max(len(line) for line in lines_of(gzip.compress(b"x" * 3_000_000))) == 3_000_000


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_what_is_cut_off_or_changed_is_found(share: float) -> None:
    data = gzip.compress(bytes(random.Random(1).randrange(32, 127) for _ in range(5000)))  # noqa: S311 - the same each time
    cut = max(int(len(data) * share), 1)
    with pytest.raises(GarbledError):
        lines_of(data[:cut])
    if share == 0.5:
        with pytest.raises(GarbledError):
            lines_of(data[:cut] + bytes([data[cut] ^ 255]) + data[cut + 1 :])


def test_plain_json_is_taken_and_pages_of_errors_are_not() -> None:
    assert lines_of(b'{"a":1}\n{"a":2}') == [b'{"a":1}', b'{"a":2}']
    for wrong in (b"<Error/>", b"", b"id,merge\n"):
        with pytest.raises(GarbledError):
            lines_of(wrong)
    assert lines_of(gzip.compress(b"")) == []
    assert lines_of(gzip.compress(b"{}\n") + b"\0" * 100) == [b"{}"]
