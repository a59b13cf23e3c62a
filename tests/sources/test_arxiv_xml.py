"""arXiv's XML: OAI-PMH in its formats, and the Atom of its API."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
import pytest

from streams.errors import PayloadError
from streams.records.record import Delete, Record
from streams.sources import parse


def one(payload: bytes | Mapping[str, object]) -> Record:
    items = parse("arxiv", payload if isinstance(payload, bytes) else orjson.dumps(payload))
    assert len(items) == 1
    assert isinstance(items[0], Record), items[0]
    return items[0]


def oai(metadata: str, header: str = "", status: str = "") -> bytes:
    header = header or "<identifier>oai:arXiv.org:1810.09584</identifier><datestamp>2019-01-15</datestamp>"
    return (
        f'<record xmlns="http://www.openarchives.org/OAI/2.0/"><header{status}>{header}</header>'
        f"<metadata>{metadata}</metadata></record>"
    ).encode()


def test_oai_arxiv_as_a_bare_record() -> None:
    record = one(
        oai(
            '<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>math/0611800</id><created>2006-11-26</created>'
            "<updated>2008-01-02</updated><authors><author><keyname>Roe</keyname><forenames>J.</forenames>"
            "<suffix>III</suffix></author></authors><title>On &amp; on\n  again</title><acm-class>03E75</acm-class>"
            "<doi>10.1000/X</doi><abstract> We prove it. </abstract></arXiv>",
            "<identifier>oai:arXiv.org:math/0611800</identifier><datestamp>2009-11-30</datestamp>",
        )
    )
    assert record.id == "arxiv:math/0611800"
    assert (record.title, record.date, record.updated) == ("On & on again", "2006-11-26", "2009-11-30T00:00:00Z")
    assert record.version == 0, "this format does not say which version it is"
    assert record.authors[0].name == "J. Roe III"
    assert record.identifier("doi") == "10.1000/x"


RAW = (
    '<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>1810.09584</id><submitter>R</submitter>'
    '<version version="v1"><date>Mon, 22 Oct 2018 22:41:50 GMT</date><source_type>D</source_type></version>'
    '<version version="v2"><date>Sun, 13 Jan 2019 11:17:09 GMT</date><source_type>{}</source_type></version>'
    "<title>Martingale theory for housekeeping heat</title>"
    "<authors>Raphael Chetrite, Shamik Gupta and Izaak Neri</authors></arXivRaw>"
)


def test_oai_arxiv_raw() -> None:
    record = one(oai(RAW.format("D")))
    assert (record.version, record.date, record.type) == (2, "2018-10-22", "preprint")
    assert [author.name for author in record.authors] == ["Raphael Chetrite", "Shamik Gupta", "Izaak Neri"]


def test_a_paper_that_was_withdrawn_is_gone() -> None:
    gone = Delete(source="arxiv", source_id="1810.09584", reason="arxiv_withdrawn", updated="2019-01-15T00:00:00Z")
    assert parse("arxiv", oai(RAW.format("I"))) == [gone]


def test_oai_dc() -> None:
    record = one(
        oai(
            '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            "<dc:title>An invitation to loop quantum gravity</dc:title><dc:creator>Smolin, Lee</dc:creator>"
            "<dc:description>Comment: 50 pages</dc:description><dc:description> We describe it. </dc:description>"
            "<dc:date>2005-06-28</dc:date><dc:date>2004-08-05</dc:date>"
            "<dc:identifier>https://arxiv.org/abs/hep-th/0408048</dc:identifier>"
            "<dc:identifier>http://arxiv.org/abs/hep-th/0408048</dc:identifier>"
            "<dc:identifier>Houston J. Math. 34 (2008)</dc:identifier>"
            "<dc:identifier>doi:10.1142/9789812702340_0078</dc:identifier></oai_dc:dc>",
            "<identifier>oai:arXiv.org:hep-th/0408048</identifier><datestamp>2017-08-23</datestamp>",
        )
    )
    assert record.id == "arxiv:hep-th/0408048"
    assert record.identifier("doi") == "10.1142/9789812702340_0078"
    assert (record.journal, record.date, record.abstract) == (
        "Houston J. Math. 34 (2008)",
        "2004-08-05",
        "We describe it.",
    )
    assert (record.authors[0].family, record.authors[0].given) == ("Smolin", "Lee")


def page(*records: bytes, verb: str = "ListRecords") -> bytes:
    inside = b"".join(records)
    return (
        f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><{verb}>'.encode()
        + inside
        + f"</{verb}></OAI-PMH>".encode()
    )


def test_a_page_keeps_its_good_records_beside_a_bad_and_a_deleted_one() -> None:
    header = "<identifier>oai:arXiv.org:0704.0002</identifier><datestamp>2020-01-01</datestamp>"
    gone = oai("", header, ' status="deleted"')
    bad = oai("<arXiv><id>x</id></arXiv>", "<identifier>oai:arXiv.org:x</identifier>")
    items = parse("arxiv", page(oai(RAW.format("D")), gone, bad, b"<record/>"))
    assert isinstance(items[0], Record)
    assert items[1] == Delete(
        source="arxiv", source_id="0704.0002", reason="oai_deleted", updated="2020-01-01T00:00:00Z"
    )
    assert isinstance(items[2], PayloadError)
    assert (items[2].code, items[2].where) == ("no_identity", "/ListRecords/record[3]/id")
    assert isinstance(items[3], PayloadError)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (page(), "empty_page"),
        (b'<OAI-PMH><error code="noRecordsMatch">none</error></OAI-PMH>', "empty_page"),
        (b'<OAI-PMH><error code="badResumptionToken">expired</error></OAI-PMH>', "source_error"),
        (b"<OAI-PMH><Identify><protocolVersion>2.0</protocolVersion></Identify></OAI-PMH>", "not_a_paper"),
        (b"<html><body>503</body></html>", "not_a_paper"),
        (b"<feed/>", "empty_page"),
        (b"<feed><entry>", "not_xml"),
        (b"<!DOCTYPE html><html/>", "xml_doctype"),
        (b"<a>" * 100_000, "too_deep"),
    ],
)
def test_pages_without_records(payload: bytes, code: str) -> None:
    (item,) = parse("arxiv", payload)
    assert isinstance(item, PayloadError)
    assert item.code == code


def test_deleted_headers_of_list_identifiers() -> None:
    header = b'<header status="deleted"><identifier>oai:arXiv.org:0704.0002</identifier></header>'
    assert isinstance(parse("arxiv", page(header, verb="ListIdentifiers"))[0], Delete)


ENTRY = (
    "<entry><id>{}</id><title>Frequency of Hot\n  Jupiters</title><updated>2006-03-02T14:57:58Z</updated>"
    "<published>2006-01-02T14:57:58Z</published><summary>  We derive. </summary><author><name>A. Gould</name></author>"
    '<author><name>S. Dorsher</name></author><arxiv:doi xmlns:arxiv="http://arxiv.org/schemas/atom">10.1000/Y</arxiv:doi></entry>'
)


def test_atom() -> None:
    feed = f'<feed xmlns="http://www.w3.org/2005/Atom">{ENTRY.format("http://arxiv.org/abs/astro-ph/0601001v3")}</feed>'
    record = one(feed.encode())
    assert (record.id, record.version) == ("arxiv:astro-ph/0601001", 3)
    assert (record.date, record.updated) == ("2006-01-02", "2006-03-02T14:57:58Z")
    assert record.identifier("doi") == "10.1000/y"
    assert record.title == "Frequency of Hot Jupiters"
    assert one(ENTRY.format("http://arxiv.org/abs/1605.08386v1").encode()).id == "arxiv:1605.08386"


def test_an_error_of_the_api_comes_as_an_entry() -> None:
    (item,) = parse(
        "arxiv", f"<feed>{ENTRY.format('https://arxiv.org/api/errors#incorrect_id_format_for_abc')}</feed>".encode()
    )
    assert isinstance(item, PayloadError)
    assert (item.code, item.where) == ("source_error", "/entry[1]")


def test_entities_are_never_expanded() -> None:
    lol = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "lol"}">' for i in range(9))
    bomb = f'<?xml version="1.0"?><!DOCTYPE lolz [{lol}]><feed><entry><id>&l8;</id></entry></feed>'
    for payload in (bomb.encode(), bomb.encode("utf-16")):
        (item,) = parse("arxiv", payload)
        assert isinstance(item, PayloadError)
        assert item.code in ("xml_doctype", "not_xml")


def test_a_stray_byte_in_xml_costs_no_record() -> None:
    entry = ENTRY.format("http://arxiv.org/abs/1605.08386v1").encode()
    assert one(entry.replace(b"Gould", b"Go\xffuld")).id == "arxiv:1605.08386"
    assert one(entry.replace(b"Gould", b"Go\x00uld")).authors[0].name == "A. Gould"
