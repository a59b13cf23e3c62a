"""Read the pages of OAI-PMH 2.0. Pure.

Parsed strictly: a page that is cut off is no page, however much of it could be read.
"""

from __future__ import annotations

from typing import NamedTuple

from lxml import etree

from streams.errors import PayloadError
from streams.harvest.client import GarbledError, Response
from streams.sources.payloads import load_xml

__all__ = ["OaiError", "OaiPage", "OaiRecord", "read_page"]

_NAMESPACE = "{http://www.openarchives.org/OAI/2.0/}"
_SHOWN = 200


class OaiRecord(NamedTuple):
    """One `<record>` as it came: its identifier, its datestamp, and its XML."""

    identifier: str
    datestamp: str
    xml: bytes


class OaiError(NamedTuple):
    """What the server says is wrong: a code of the protocol (`noRecordsMatch`, …) and a text."""

    code: str
    text: str


class OaiPage(NamedTuple):
    """One answer to ListRecords; `token` asks for the next page, empty after the last."""

    records: list[OaiRecord]
    token: str = ""
    error: OaiError | None = None


def read_page(response: Response) -> OaiPage:
    """Read an answer to ListRecords. Raises GarbledError where it is not whole, or something else."""
    try:
        root = load_xml(response.body)
    except PayloadError as error:
        raise GarbledError(f"the answer is no OAI-PMH: {error}") from None
    if root.tag != f"{_NAMESPACE}OAI-PMH":
        raise GarbledError(f"the answer is <{etree.QName(root).localname}>, no OAI-PMH")
    errors = [
        OaiError(each.get("code", ""), (each.text or "").strip()[:_SHOWN])
        for each in root.findall(f"{_NAMESPACE}error")
    ]
    if errors:
        # A list may have badResumptionToken beside others; that one decides what to do.
        return OaiPage([], error=max(errors, key=lambda each: each.code == "badResumptionToken"))
    listed = root.find(f"{_NAMESPACE}ListRecords")
    if listed is None:
        raise GarbledError("the answer has neither records nor an error")
    records = [_record(each) for each in listed.findall(f"{_NAMESPACE}record")]
    return OaiPage(records, (listed.findtext(f"{_NAMESPACE}resumptionToken") or "").strip())


def _record(element: etree._Element) -> OaiRecord:
    header = element.find(f"{_NAMESPACE}header")
    if header is None:
        raise GarbledError("a record has no header")
    xml = etree.tostring(element, encoding="utf-8", xml_declaration=False, with_tail=False)
    identifier = (header.findtext(f"{_NAMESPACE}identifier") or "").strip()
    return OaiRecord(identifier, (header.findtext(f"{_NAMESPACE}datestamp") or "").strip(), xml)
