"""Files to payloads."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import pytest

from streams.errors import UsageError
from streams.feed_files.payloads import read_payloads


def values(source: str, *files: Path) -> list[bytes]:
    return [payload.value for payload in read_payloads(source, map(str, files))]


@pytest.mark.parametrize("name", ["feed.jsonl", "feed.jsonl.gz", "feed"])
def test_lines_are_payloads_gzip_or_not(tmp_path: Path, name: str) -> None:
    lines = [b'{"id":"1"}', b"broken", '{"id":"2","title":"a\u2028b"}'.encode()]
    content = b"\n\n".join(lines) + b"\r\n"
    (tmp_path / name).write_bytes(content if name == "feed.jsonl" else gzip.compress(content))
    assert values("document", tmp_path / name) == lines


@pytest.mark.parametrize(
    "content", [b"<feed>\n<entry/>\n</feed>", b'{\n  "id": "1"\n}\n', b'\n[\n{"id":"1"},\n{"id":"2"}\n]']
)
def test_a_file_that_is_one_payload_stays_whole(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "one").write_bytes(content)
    assert [value.strip() for value in values("document", tmp_path / "one")] == [content.strip()]


def test_a_first_line_that_is_broken_is_one_payload_among_others(tmp_path: Path) -> None:
    (tmp_path / "feed").write_bytes(b'{"id":\n{"id":"2"}\n')
    assert values("document", tmp_path / "feed") == [b'{"id":', b'{"id":"2"}']


def test_a_file_of_the_public_data_of_crossref_has_a_payload_for_each_work(tmp_path: Path) -> None:
    works = [b'{"DOI": "10.5555/A",  "title":["One"]}', b'{"DOI":"10.5555/b"}']
    (tmp_path / "0.json.gz").write_bytes(gzip.compress(b'{"items": [\n' + b",\n".join(works) + b"]}"))
    (tmp_path / "1.jsonl.gz").write_bytes(gzip.compress(b"\n".join(works) + b"\n"))
    for name in ("0.json.gz", "1.jsonl.gz"):
        payloads = list(read_payloads("crossref", [str(tmp_path / name)]))
        assert [payload.value for payload in payloads] == works
        assert [payload.key for payload in payloads] == [b"10.5555/a", b"10.5555/b"]


def test_an_empty_file_has_no_payload(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"\n\n")
    assert values("document", tmp_path / "empty") == []


def test_standard_input_is_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    class Input:
        buffer = io.BufferedReader(io.BytesIO(b'{"id":"1"}\n'))

    monkeypatch.setattr(sys, "stdin", Input())
    assert [payload.value for payload in read_payloads("document", ["-"])] == [b'{"id":"1"}']


def test_what_cannot_be_read_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown source 'nature'"):
        list(read_payloads("nature", []))
    with pytest.raises(UsageError, match="cannot be read"):
        list(read_payloads("arxiv", [str(tmp_path / "missing")]))


def test_rows_of_merged_ids_are_json_and_other_rows_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"merge_date,id,merge_into_id\r\n2026-09-02,W2,W4\r\n"))
    (payload,) = read_payloads("openalex", [str(tmp_path / "a.csv.gz")])
    assert payload.key == b"W2"
    assert payload.value == b'{"merge_date":"2026-09-02","id":"W2","merge_into_id":"W4"}'
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"merge_date,id,merge_into_id\nW2,W4\n"))
    with pytest.raises(UsageError, match="a row of merged ids has 2 columns"):
        values("openalex", tmp_path / "b.csv.gz")
