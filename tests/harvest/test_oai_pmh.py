from __future__ import annotations

from datetime import date

import pytest

from streams.harvest.client import GarbledError, Response
from streams.harvest.oai_pmh import OaiError, read_page
from tests.harvest.arxiv_server import ArxivServer, papers
from tests.harvest.feed_server import HTML, Asked

QUERY = {"verb": "ListRecords", "from": "2026-11-01", "until": "2026-11-02"}


def page(content: str) -> Response:
    head = '<?xml version="1.0"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
    return Response({}, f"{head}{content}</OAI-PMH>".encode())


def body() -> bytes:
    answer = ArxivServer(papers(12, date(2026, 11, 1), 2)).answer(Asked("/", QUERY, {}))
    return bytes(answer.body or b"")  # type: ignore[arg-type]


def test_a_page_has_records_as_they_came_and_a_token() -> None:
    found = read_page(Response({}, body()))
    assert len(found.records) == 10
    assert found.token == "token|1"  # noqa: S105 - of the protocol
    first = found.records[0]
    assert (first.identifier, first.datestamp) == ("oai:arXiv.org:2401.00001", "2026-11-01")
    assert first.xml.startswith(b"<record")
    assert b"&lt; &amp; &gt;" in first.xml


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_page_that_is_cut_off_is_none(share: float) -> None:
    whole = body()
    with pytest.raises(GarbledError):
        read_page(Response({}, whole[: int(len(whole) * share)]))


@pytest.mark.parametrize(
    "wrong",
    [b"", HTML, b"<!DOCTYPE html>" + HTML, b"Rate exceeded.", b"<OAI-PMH/>", page("").body, page("<Identify/>").body],
)
def test_something_else_is_no_page(wrong: bytes) -> None:
    with pytest.raises(GarbledError):
        read_page(Response({}, wrong))


def test_a_stray_control_character_is_no_reason_to_refuse_a_page() -> None:
    assert len(read_page(Response({}, body().replace(b"A text.", b"A \x0b text."))).records) == 10


def test_an_error_of_the_protocol_is_an_answer() -> None:
    found = read_page(page('<error code="noRecordsMatch"> none </error>'))
    assert found.error == OaiError("noRecordsMatch", "none")
    found = read_page(page('<error code="badArgument"/><error code="badResumptionToken"/>'))
    assert found.error is not None
    assert found.error.code == "badResumptionToken"
    with pytest.raises(GarbledError, match="no header"):
        read_page(page("<ListRecords><record/></ListRecords>"))
