"""Chunks and their marks: wherever sending ends, what is left is what was not acknowledged."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

import orjson
import pytest

from streams.errors import UsageError
from streams.feed_files.chunks import MOST_PAYLOADS, read_chunks, total_bytes
from streams.feed_files.journal import Mark

Done = dict[tuple[str, str], Mark]


def works(first: int, count: int) -> list[dict[str, str]]:
    return [{"DOI": f"10.5555/{n}", "title": f"Work {n}"} for n in range(first, first + count)]


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """A tar of two files of works, one with a heading and one with lines, an empty file, and a file of lines."""
    contents = {
        "0.json.gz": gzip.compress(orjson.dumps({"items": works(0, 1700)})),
        "1.jsonl.gz": gzip.compress(b"\n".join(map(orjson.dumps, works(1700, 1300)))),
        "2.jsonl": b"",
    }
    with tarfile.open(tmp_path / "dump.tar", "w") as archive:
        for name, content in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    (tmp_path / "more.jsonl").write_bytes(b"\n".join(map(orjson.dumps, works(3000, 450))))
    return [str(tmp_path / "dump.tar"), str(tmp_path / "more.jsonl")]


def keys(files: list[str], done: Mapping[tuple[str, str], Mark] | None = None, most: int | None = None) -> list[bytes]:
    return [payload.key for chunk in islice(read_chunks("crossref", files, done), most) for payload in chunk.payloads]


ALL = [f"10.5555/{n}".encode() for n in range(3450)]


def test_all_payloads_come_in_order_and_no_chunk_is_too_large(files: list[str]) -> None:
    chunks = list(read_chunks("crossref", files))
    assert [payload.key for chunk in chunks for payload in chunk.payloads] == ALL
    assert [len(chunk.payloads) for chunk in chunks] == [MOST_PAYLOADS] * 3 + [450]
    assert [chunk.read for chunk in chunks] == sorted(chunk.read for chunk in chunks)
    assert chunks[-1].read == total_bytes(files)
    assert chunks[-1].part == files[1]


def test_whatever_was_acknowledged_is_left_out_and_nothing_else(files: list[str]) -> None:
    for acknowledged in range(5):
        done: Done = {}
        for chunk in islice(read_chunks("crossref", files, {}), acknowledged):
            done |= {(mark.path, mark.member): mark for mark in chunk.marks}
        assert keys(files, done) == ALL[acknowledged * MOST_PAYLOADS :]


def test_a_file_of_another_size_is_sent_from_its_beginning(files: list[str]) -> None:
    done: Done = {}
    for chunk in read_chunks("crossref", files, {}):
        done |= {(mark.path, mark.member): mark for mark in chunk.marks}
    assert list(read_chunks("crossref", files, done)) == []
    Path(files[1]).write_bytes(b"\n".join(map(orjson.dumps, works(5000, 3))))
    assert keys(files, done) == [b"10.5555/5000", b"10.5555/5001", b"10.5555/5002"]


def test_a_file_that_is_damaged_loses_nothing_of_what_came_before(files: list[str]) -> None:
    whole = Path(files[0]).read_bytes()
    Path(files[0]).write_bytes(whole[: whole.index(b"1.jsonl.gz") + 600])
    done: Done = {}

    def acknowledge_all() -> None:
        for chunk in read_chunks("crossref", files, {}):
            done.update({(mark.path, mark.member): mark for mark in chunk.marks})

    with pytest.raises(UsageError, match=r"dump\.tar cannot be read"):
        acknowledge_all()
    assert done[files[0], "0.json.gz"].payloads == 1000
    Path(files[0]).write_bytes(whole)
    assert set(keys(files, done)) == set(ALL)


def test_what_is_not_the_same_the_next_time_cannot_be_resumed(tmp_path: Path) -> None:
    (tmp_path / "a.bib").write_text("@article{a, title = {Coral}, year = 2021}\n")
    (chunk,) = read_chunks("document", [str(tmp_path / "a.bib")])
    assert (len(chunk.payloads), chunk.marks, chunk.part) == (1, [], "references")
    for names in ([str(tmp_path / "a.bib")], ["-"]):
        with pytest.raises(UsageError, match="cannot be resumed"):
            list(read_chunks("document", names, {}))
