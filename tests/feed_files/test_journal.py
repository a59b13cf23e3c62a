"""A journal tells what is acknowledged, also after a kill, and is used for one thing by one process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from streams.errors import UsageError
from streams.feed_files.journal import Journal, Mark

MARKS = [Mark("a.tar", "0.json", 1000, 77), Mark("a.tar", "0.json", 1500, 77, whole=True), Mark("b", "", 3, 9)]


def stored(path: Path) -> Mapping[tuple[str, str], Mark]:
    with Journal(path, "crossref", "records.crossref") as journal:
        return dict(journal.marks)


def test_the_last_mark_of_each_part_counts(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    assert stored(path) == {}
    for mark in MARKS:
        with Journal(path, "crossref", "records.crossref") as journal:
            journal.add([mark])
            journal.add([])
    assert stored(path) == {("a.tar", "0.json"): MARKS[1], ("b", ""): MARKS[2]}


def test_a_journal_that_was_cut_off_anywhere_has_the_marks_before(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Journal(path, "crossref", "records.crossref") as journal:
        journal.add(MARKS)
    whole = path.read_bytes()
    ends = [index for index, byte in enumerate(whole) if byte == ord("\n")]
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        lines = sum(end < length for end in ends)
        expected = {(mark.path, mark.member): mark for mark in MARKS[: max(lines - 1, 0)]}
        assert stored(path) == expected
        with Journal(path, "crossref", "records.crossref") as journal:
            journal.add([MARKS[2]])
        assert stored(path) == expected | {("b", ""): MARKS[2]}


def test_what_is_no_journal_of_this_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    for content in (b"my notes", b"my notes\n", b'{"source":"crossref"}\n'):
        path.write_bytes(content)
        with pytest.raises(UsageError, match="is no journal"):
            stored(path)
        assert path.read_bytes() == content
    path.unlink()
    stored(path)
    with pytest.raises(UsageError, match=r"is the journal of crossref to records\.crossref; this is arxiv to records"):
        Journal(path, "arxiv", "records.arxiv")
    with pytest.raises(UsageError, match="cannot be used as a journal"):
        stored(tmp_path / "missing" / "journal")


def test_two_processes_cannot_have_one_journal(tmp_path: Path) -> None:
    with (
        Journal(tmp_path / "journal", "crossref", "records.crossref"),
        pytest.raises(UsageError, match="is in use by another process"),
    ):
        stored(tmp_path / "journal")
    stored(tmp_path / "journal")
