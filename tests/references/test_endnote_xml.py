"""EndNote's XML as managers write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.references.endnote_xml import read, write
from streams.references.reading import read as read_file
from streams.references.reference import Kept

RECORD = "<record><rec-number>1</rec-number><titles><title>Über Korallen</title></titles>{}</record>"


def xml(more: str = "", encoding: str = "UTF-8") -> str:
    return f'<?xml version="1.0" encoding="{encoding}" ?><xml><records>{RECORD.format(more)}</records></xml>'


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "ISO-8859-1", "Windows-1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(xml(encoding=encoding).encode(encoding))
    assert [reference.document["title"] for reference in read_file(str(path))] == ["Über Korallen"]


def test_characters_that_xml_has_not() -> None:
    (reference,) = read(xml("<abstract>a\x0bb&#x1;c&#11;d&#xD;&#10;&#x9;e</abstract>"))
    assert reference.document["abstract"].split() == ["abcd", "e"]
    assert len(list(read(write([Kept(reference.entry, "c", 1)])))) == 1


def test_dates_links_and_pubmed() -> None:
    more = (
        "<dates><year></year><pub-dates><date>2020-03-02</date></pub-dates></dates><custom2>PMC7654321</custom2>"
        "<urls><web-urls><url>https://example.org/a</url></web-urls></urls><accession-num>31234567</accession-num>"
        "<remote-database-provider>NLM</remote-database-provider>"
    )
    document = next(read(xml(more))).document
    assert (document["year"], document["urls"]) == ("2020", ["https://example.org/a"])
    assert (document["pmid"], document["pmcid"]) == ("31234567", "PMC7654321")
