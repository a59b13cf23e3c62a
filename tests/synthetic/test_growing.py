"""The feed whose words and authors never run out."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from pathlib import Path

import orjson
from rapidfuzz import fuzz

from streams.records.record import Record
from streams.sources.document import read
from streams.synthetic.growing import growing_documents, main, works


def words(records: int) -> int:
    return len({word for document in growing_documents(3, records) for word in document["title"].lower().split(" ")})


def test_a_shorter_feed_is_the_beginning_of_a_longer_one() -> None:
    longer = list(growing_documents(3, 400))
    assert list(islice(growing_documents(3, 200), 200)) == longer[:200]
    assert list(growing_documents(4, 200)) != longer[:200]


def test_ids_differ_and_every_document_is_read() -> None:
    documents = list(growing_documents(3, 400))
    found = [read(document) for document in documents]
    assert all(isinstance(record, Record) for record in found)
    assert len({record.id for record in found if isinstance(record, Record)}) == 400


def test_new_words_keep_coming_ever_more_slowly() -> None:
    few, more = words(2_000), words(4_000)
    assert 1.2 * few < more < 1.95 * few


def test_some_records_are_copies_of_earlier_ones() -> None:
    titles = [document["title"] for document in growing_documents(3, 2_000)]
    assert 10 < len(titles) - len(set(titles)) < 100


def test_documents_of_one_work_have_much_of_the_title_in_common() -> None:
    found = defaultdict[int, list[str]](list)
    for work, document in zip(works(3, 3_000), growing_documents(3, 3_000), strict=True):
        found[work].append(document["title"])
    same = [titles for titles in found.values() if len(titles) > 1]
    assert len(same) > 20
    assert all(fuzz.ratio(titles[0], other) > 80 for titles in same for other in titles[1:])


def test_the_command_writes_a_document_a_line(tmp_path: Path) -> None:
    main(["--records", "20", "--seed", "3", "--out", str(tmp_path / "feed.jsonl")])
    lines = (tmp_path / "feed.jsonl").read_bytes().splitlines()
    assert [orjson.loads(line) for line in lines] == list(growing_documents(3, 20))
