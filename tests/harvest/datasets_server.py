"""Semantic Scholar's Datasets and bulk search as documented: releases, differences, signed links that expire, ranges."""

from __future__ import annotations

import gzip
import itertools
from typing import Any
from urllib.parse import urlsplit

import orjson
from aiohttp import web

from tests.harvest.feed_server import Asked, FeedServer

__all__ = ["DatasetsServer", "rows"]

API = "/datasets/v1"


def rows(first: int, after: int, title: str = "Paper") -> list[dict[str, Any]]:
    """Rows of the dataset `papers` with corpus ids from `first`."""
    return [
        {
            "corpusid": number,
            "title": f"{title} {number}",
            "externalids": {"CorpusId": str(number)},
            "authors": [],
            "year": 2026,
        }
        for number in range(first, after)
    ]


def packed(listed: list[dict[str, Any]], members: int = 3) -> bytes:
    """JSON lines as gzip of several members; the first one ends within a line."""
    text = b"".join(orjson.dumps(row) + b"\n" for row in listed)
    size = max(len(text) // members, 1) + 7
    return b"".join(gzip.compress(text[start : start + size]) for start in range(0, len(text), size)) or gzip.compress(
        b""
    )


class DatasetsServer(FeedServer):
    """`releases` in order; `bases` and `diffs` have files by name, `diffs[a, b]` as (updates, deletes).

    A link is valid `uses` times.
    """

    def __init__(self) -> None:
        super().__init__()
        self.releases: list[str] = []
        self.bases: dict[str, dict[str, bytes]] = {}
        self.diffs: dict[tuple[str, str], tuple[dict[str, bytes], dict[str, bytes]]] = {}
        self.uses = 1
        self.ranges = True
        self.search: list[dict[str, Any]] = []
        self._signatures: dict[str, int] = {}
        self._numbers = itertools.count(1)

    def files_asked(self) -> list[str]:
        return [asked.path.removeprefix("/files/") for asked in self.asked if asked.path.startswith("/files/")]

    def answer(self, asked: Asked) -> web.Response:
        parts = asked.path.removeprefix(API).strip("/").split("/")
        if asked.path.startswith("/files/"):
            return self._file(asked)
        if asked.path.endswith("/search/bulk"):
            return self._search(asked)
        assert asked.headers["x-api-key"] == "k"
        match parts:
            case ["release", "latest"]:
                return _json({"release_id": self.releases[-1], "datasets": []})
            case ["release", release, "dataset", "papers"]:
                if release not in self.bases:
                    return web.Response(status=404, body=b'{"message":"no such release"}')
                files = [self._signed(f"{release}/base/{name}") for name in self.bases[release]]
                return _json({"name": "papers", "files": files})
            case ["diffs", since, "to", until, "papers"]:
                return self._diffs(since, self.releases[-1] if until == "latest" else until)
        return web.Response(status=404, body=b"{}")

    def _diffs(self, since: str, until: str) -> web.Response:
        if since not in self.releases or (since, self.releases[self.releases.index(since) + 1]) not in self.diffs:
            return web.Response(status=404, body=b'{"message":"no diffs from there"}')
        found = []
        steps = self.releases[self.releases.index(since) : self.releases.index(until) + 1]
        for pair in itertools.pairwise(steps):
            updates, deletes = self.diffs[pair]
            place = "..".join(pair)
            found.append(
                {
                    "from_release": pair[0],
                    "to_release": pair[1],
                    "update_files": [self._signed(f"{place}/update/{name}") for name in updates],
                    "delete_files": [self._signed(f"{place}/delete/{name}") for name in deletes],
                }
            )
        return _json({"dataset": "papers", "start_release": since, "end_release": until, "diffs": found})

    def _signed(self, path: str) -> str:
        signature = f"s{next(self._numbers)}"
        self._signatures[signature] = self.uses
        return f"{self.url}/files/{path}?X-Amz-Signature={signature}"

    def _file(self, asked: Asked) -> web.Response:
        assert "x-api-key" not in asked.headers, "keys are not for other servers"
        signature = asked.query["X-Amz-Signature"]
        if self._signatures.get(signature, 0) <= 0:
            return web.Response(status=403, body=b"<Error><Code>AccessDenied</Code></Error>")
        self._signatures[signature] -= 1
        place, kind, name = urlsplit(asked.path).path.removeprefix("/files/").split("/")
        if kind == "base":
            body = self.bases[place][name]
        else:
            first, second = place.split("..")
            body = self.diffs[first, second][kind == "delete"][name]
        headers = {"ETag": f'"{hash(body)}"'}
        if self.ranges and (asked_range := asked.headers.get("Range")):
            start = int(asked_range.removeprefix("bytes=").rstrip("-"))
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            return web.Response(status=206, body=body[start:], headers=headers)
        return web.Response(body=body, headers=headers)

    def _search(self, asked: Asked) -> web.Response:
        start = 0
        if token := asked.query.get("token"):
            if token not in self._signatures:
                return web.Response(status=400, body=b'{"error":"bad token"}')
            start = self._signatures[token]
        token = f"t{next(self._numbers)}"
        self._signatures[token] = start + 10
        more = start + 10 < len(self.search)
        return _json(
            {"total": len(self.search), "token": token if more else None, "data": self.search[start : start + 10]}
        )

    def forget(self) -> None:
        """Make all links and tokens invalid."""
        self._signatures.clear()


def _json(value: object) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")
