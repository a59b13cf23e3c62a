from __future__ import annotations

from typing import Any

import orjson

from streams.records.record import Record
from streams.sources import parse


def one(value: Any) -> Record:
    (item,) = parse("papers_with_code", orjson.dumps(value))
    assert isinstance(item, Record), item
    return item


def test_api_paper() -> None:
    record = one(
        {
            "id": "perfect-quantum-error-correction-code",
            "arxiv_id": "quant-ph/9602019",
            "url_abs": "https://arxiv.org/abs/quant-ph/9602019v1",
            "title": "Perfect Quantum Error Correction Code",
            "authors": ["Raymond Laflamme", "Cesar Miquel"],
            "published": "1996-02-27",
            "proceeding": None,
        }
    )
    assert record.id == "papers_with_code:perfect-quantum-error-correction-code"
    assert tuple(record.identifiers[0]) == ("arxiv", "quant-ph/9602019")
    assert (record.date, record.version) == ("1996-02-27", 0)


def test_dump_rows_of_papers_and_of_links_share_an_id() -> None:
    page = "https://paperswithcode.com/paper/attention-is-all-you-need"
    paper = one(
        {
            "paper_url": page,
            "title": "Attention Is All You Need",
            "arxiv_id": None,
            "date": "2017-06-12",
            "proceeding": "NeurIPS 2017 12",
            "authors": [],
        }
    )
    link = one(
        {
            "paper_url": page,
            "paper_title": "Attention Is All You Need",
            "paper_arxiv_id": "1706.03762",
            "repo_url": "https://github.com/a/b",
        }
    )
    assert paper.id == link.id == "papers_with_code:attention-is-all-you-need"
    assert (paper.journal, link.identifier("arxiv")) == ("NeurIPS 2017 12", "1706.03762")


def test_no_slug() -> None:
    assert parse("papers_with_code", b'{"title": "T"}')[0].code == "no_identity"  # type: ignore[union-attr]


def test_pages_and_tombstones() -> None:
    assert parse("papers_with_code", b'{"count": 0, "results": []}')[0].code == "empty_page"  # type: ignore[union-attr]
    assert parse("papers_with_code", None, b"a-paper")[0].id == "papers_with_code:a-paper"  # type: ignore[union-attr]
