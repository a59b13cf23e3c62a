"""Messages that try to kill a worker: those that must become dead letters, and those that must become records."""

from __future__ import annotations

__all__ = ["BAD", "MENDED"]

BAD: dict[str, tuple[str, bytes, bytes, str]] = {
    "truncated JSON": ("document", b"t:1", b'{"source":"t","id":"1","title":"Cut of', "not_json"),
    "wrong types": ("document", b"t:2", b'{"source":["t"],"id":{"a":1},"title":7}', "no_identity"),
    "deep nesting": ("openalex", b"W1", b'{"id":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "too_deep"),
    "wrong source": ("crossref", b"x", b"<?xml version='1.0'?><OAI-PMH><ListRecords/></OAI-PMH>", "not_json"),
    "empty": ("document", b"", b"", "no_identity"),
    "binary": ("arxiv", b"\x00\xff", bytes(range(256)) * 40, "not_json"),
    "billion laughs": (
        "arxiv",
        b"y",
        b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><feed>&b;</feed>',
        "xml_doctype",
    ),
}
"""Name -> source, key, value, the code it is refused with."""

MENDED: dict[str, tuple[bytes, bytes]] = {
    "5 MB title": (b"m:1", b'{"source":"m","id":"1","title":"' + b"Very long " * 524_288 + b'"}'),
    "NUL bytes": (b"m:2", b'{"source":"m","id":"2","title":"Zero\\u0000 and nothing","authors":["A\\u0000B"]}'),
    "huge author list": (
        b"m:3",
        b'{"source":"m","id":"3","title":"A very large experiment","authors":[' + b'"A. B",' * 60_000 + b'"C. D"]}',
    ),
    "invalid UTF-8": (b"m:4", b'{"source":"m","id":"4","title":"Broken \xff\xfe\xc3( letters in a title"}'),
}
"""What is excessive or damaged but says what it is about: a record, cut to size. Name -> key, value."""
