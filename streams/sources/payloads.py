"""Readers of payloads: from the bytes of a message to the members they hold, and from members to items.

An item is a `Record`, a `Delete` or a `PayloadError`. An error in one member never affects the others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import orjson
from lxml import etree

from streams.errors import PayloadError
from streams.records.record import Delete, Record

__all__ = ["Adapter", "Item", "Json", "Member", "Reader", "collect", "envelope", "load_json", "load_xml", "read_json"]

Item = Record | Delete | PayloadError
Json = dict[str, Any]
Reader = Callable[[Json], Record | Delete]
"""A reader of one member; raises `PayloadError` where the member cannot be a record."""


class Member(NamedTuple):
    """One member of a payload, and its place there (`/data/3`)."""

    where: str
    value: Any


Members = Callable[[Any], Iterable[Member]]


class Adapter(NamedTuple):
    """The adapter of one source: its name, a reader of its payloads, and a reader of source ids in a topic's keys."""

    name: str
    read: Callable[[bytes], list[Item]]
    source_id: Callable[[str], str]


def load_json(payload: bytes) -> Any:
    """Parse the JSON value of a payload.

    orjson refuses two things that Python's own feeds do write, so those payloads get a second,
    slower reading: lone surrogates and bytes that are not UTF-8 inside a text. Both
    become U+FFFD or are dropped by the reader of texts; the record itself is kept.

    Raises:
        PayloadError: `not_json`, `too_deep`.

    """
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        reason = str(error)
    if "ecursion" in reason:
        raise PayloadError("too_deep", "values are nested too deeply")
    if payload.startswith(b"\xef\xbb\xbf"):
        return load_json(payload[3:])
    try:
        return json.loads(payload.decode("utf-8", "replace"))
    except RecursionError:
        raise PayloadError("too_deep", "values are nested too deeply") from None
    except ValueError:
        raise PayloadError("not_json", reason) from None


_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")


def load_xml(payload: bytes) -> etree._Element:
    """Parse the root element of an XML payload, without entities, DTDs or network.

    Raises:
        PayloadError: `not_xml`, `too_deep`; `xml_doctype` for any document type, for no known feed
            has one and every entity attack needs one.

    """
    if _DOCTYPE.search(payload[:10_000]):
        raise PayloadError("xml_doctype", "the document declares a document type; feeds have none")
    try:
        root = _parse_xml(payload)
    except etree.XMLSyntaxError as error:
        try:  # A control character or a stray byte is no reason to lose a record.
            root = _parse_xml(_UNPRINTABLE.sub("", payload.decode("utf-8", "replace")).encode())
        except (etree.XMLSyntaxError, ValueError):
            code = "too_deep" if "depth" in str(error) else "not_xml"
            raise PayloadError(code, str(error)) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise PayloadError("xml_doctype", "the document declares a document type; feeds have none")
    return root


def _parse_xml(payload: bytes) -> etree._Element:
    # A parser is made for each payload: lxml parsers keep state and may not be shared by threads.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(payload.strip(), parser)
    if root is None:
        raise PayloadError("not_xml", "the document has no element")
    return root


def collect(members: Iterable[Member], read: Reader) -> list[Item]:
    """Read one item of each member; a member that cannot be read gives a `PayloadError` with its place."""
    items: list[Item] = []
    for where, value in members:
        try:
            if not isinstance(value, dict):
                if value is None:
                    raise PayloadError("null_member", "the member is null")
                raise PayloadError("not_a_paper", f"expected an object, found {type(value).__name__}")
            items.append(read(value))
        except PayloadError as error:
            # A new error, for the one that was raised refers to its frames, and these to the payload.
            items.append(PayloadError(error.code, error.detail, where + error.where))
        except RecursionError:
            items.append(PayloadError("too_deep", "values are nested too deeply", where))
        except Exception as error:  # A fault of an adapter costs one item, never the worker.
            items.append(PayloadError("adapter_failed", f"{type(error).__name__}: {error}", where))
    return items or [PayloadError("empty_page", "the payload is well-formed but holds no record")]


def read_json(members: Members, read: Reader) -> Callable[[bytes], list[Item]]:
    """Make the reader of a source whose payloads are JSON."""

    def read_payload(payload: bytes) -> list[Item]:
        return collect(members(load_json(payload)), read)

    return read_payload


_ERRORS = ("error", "errors", "message", "error_message", "detail")


def envelope(*lists: str, inner: tuple[str, ...] = ()) -> Members:
    """Return the members of a payload that is one object, an array of them, or an answer of an API.

    `lists` are the names under which answers hold their arrays; `inner` names an object inside a
    member that is the paper (`citedPaper`, `_source`). An answer that contains only an error is
    `source_error`.
    """

    def unwrap(where: str, value: Any) -> Member:
        if isinstance(value, dict):
            for name in inner:
                if isinstance(value.get(name), dict):
                    return Member(f"{where}/{name}", value[name])
        return Member(where, value)

    def members(value: Any) -> Iterator[Member]:
        if isinstance(value, list):
            for index, member in enumerate(value):
                yield unwrap(f"/{index}", member)
            return
        if not isinstance(value, dict):
            raise PayloadError("not_a_paper", f"expected an object, found {type(value).__name__}")
        for name in lists:
            held = value.get(name)
            if isinstance(held, list):
                for index, member in enumerate(held):
                    yield unwrap(f"/{name}/{index}", member)
                return
            if isinstance(held, dict) and "id" not in value:
                yield from (member._replace(where=f"/{name}{member.where}") for member in members(held))
                return
        if not value:
            return
        if len(value) <= 3:
            for name in _ERRORS:
                if isinstance(value.get(name), str):
                    raise PayloadError("source_error", value[name][:500])
        if "total" in value and not {"title", "id", "paperId", "DOI", "doi"} & value.keys():
            return
        yield unwrap("", value)

    return members
