"""Bytes of a message to the members they hold, and members to items."""

from __future__ import annotations

from typing import Any

import pytest

from streams.errors import PayloadError
from streams.records.record import Delete, Record
from streams.sources.payloads import Json, Member, collect, envelope, load_json, load_xml, read_json


def read(member: Json) -> Record | Delete:
    if "fault" in member:
        raise KeyError(member["fault"])
    if "id" not in member:
        raise PayloadError("no_identity", "no id", "/id")
    return Record(source="feed", source_id=str(member["id"]))


def codes(items: list[Any]) -> list[str]:
    return [item.code if isinstance(item, PayloadError) else item.id for item in items]


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        (b'{"a":1}', {"a": 1}),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b'{"a":"\xff"}', {"a": "\ufffd"}),
        (rb'{"a":"\ud800"}', {"a": "\ud800"}),
    ],
)
def test_json_is_read_in_spite_of_stray_bytes(payload: bytes, value: Json) -> None:
    assert load_json(payload) == value


@pytest.mark.parametrize(
    ("payload", "code"), [(b"{", "not_json"), (b"", "not_json"), (b"[" * 5000 + b"]" * 5000, "too_deep")]
)
def test_other_json_is_refused_by_code(payload: bytes, code: str) -> None:
    with pytest.raises(PayloadError) as caught:
        load_json(payload)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("payload", "code"),
    [(b"moss", "not_xml"), (b"<a>", "not_xml"), (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "xml_doctype")],
)
def test_xml_is_refused_by_code(payload: bytes, code: str) -> None:
    with pytest.raises(PayloadError) as caught:
        load_xml(payload)
    assert caught.value.code == code


def test_a_control_character_costs_no_xml() -> None:
    assert load_xml(b"<a>mo\x01ss</a>").text == "moss"


def test_errors_of_one_member_do_not_touch_its_neighbours() -> None:
    members = [
        Member("/0", {"id": 1}),
        Member("/1", {}),
        Member("/2", None),
        Member("/3", 7),
        Member("/4", {"fault": 1}),
    ]
    items = collect([*members, Member("/5", {"id": 2})], read)
    assert codes(items) == ["feed:1", "no_identity", "null_member", "not_a_paper", "adapter_failed", "feed:2"]
    assert [item.where for item in items if isinstance(item, PayloadError)] == ["/1/id", "/2", "/3", "/4"]
    assert codes(collect([], read)) == ["empty_page"]


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"id": 1}, [""]),
        ([{"id": 1}, {"id": 2}], ["/0", "/1"]),
        ({"data": [{"id": 1}]}, ["/data/0"]),
        ({"data": {"data": [{"id": 1}]}}, ["/data/data/0"]),
        ({"data": [{"paper": {"id": 1}}]}, ["/data/0/paper"]),
        ({}, []),
        ({"total": 0}, []),
    ],
)
def test_members_are_found_in_what_apis_put_around_them(value: Any, where: list[str]) -> None:
    assert [member.where for member in envelope("data", inner=("paper",))(value)] == where


def test_an_answer_that_only_tells_of_an_error_is_the_sources_error() -> None:
    with pytest.raises(PayloadError) as caught:
        list(envelope("data")({"error": "too many requests"}))
    assert (caught.value.code, caught.value.detail) == ("source_error", "too many requests")


def test_a_source_of_json_reads_all_of_it() -> None:
    assert codes(read_json(envelope("data"), read)(b'{"data":[{"id":1},{}]}')) == ["feed:1", "no_identity"]
