"""Crossref's and OpenAlex's lists as documented: works by day, cursors that expire, rate headers; and OpenAlex's snapshot."""

from __future__ import annotations

import gzip
import itertools
from datetime import date, timedelta
from typing import Any

import orjson
from aiohttp import web

from tests.harvest.feed_server import Asked, FeedServer

__all__ = ["OpenAlexServer", "WorksServer", "crossref_works", "openalex_works"]

Works = list[tuple[date, dict[str, Any]]]


def crossref_works(count: int, since: date, days: int) -> Works:
    """Works of Crossref with the day of their deposit, the same each time."""
    return [
        (
            since + timedelta(n % days),
            {
                "DOI": f"10.5555/AB{n}",
                "title": [f"Work {n}"],
                "type": "journal-article",
                "author": [{"family": "Reef"}],
            },
        )
        for n in range(count)
    ]


def openalex_works(count: int, since: date, days: int) -> Works:
    """Works of OpenAlex with the day they were added."""
    return [
        (since + timedelta(n % days), {"id": f"https://openalex.org/W{n + 1}", "title": f"Work {n}", "authorships": []})
        for n in range(count)
    ]


class WorksServer(FeedServer):
    """Lists `works` by the filter of days named `field`; `rows` a page. `snapshot` has files by their path."""

    def __init__(self, works: Works, field: str, rows: int = 10) -> None:
        super().__init__()
        self.works = works
        self.rows = rows
        self.short = 0
        self.snapshot: dict[str, bytes] = {}
        self._field = field
        self._cursors: dict[str, int] = {}
        self._numbers = itertools.count(1)

    def forget(self) -> None:
        """Make all cursors invalid."""
        self._cursors.clear()

    def days_asked(self) -> list[str]:
        """The day of each list that was begun."""
        return [
            asked.query["filter"].split(",")[0].partition(":")[2]
            for asked in self.asked
            if asked.query.get("cursor") == "*"
        ]

    def answer(self, asked: Asked) -> web.Response:
        if not asked.path.endswith("/works") or "filter" not in asked.query:
            return self._stored(asked)
        filters = dict(part.split(":", 1) for part in asked.query["filter"].split(","))
        since, until = filters[f"from-{self._field}"], filters[f"until-{self._field}"]
        found = [work for day, work in self.works if since <= str(day) <= until]
        cursor = asked.query["cursor"]
        if cursor != "*" and cursor not in self._cursors:
            return web.Response(status=404, body=b'{"status":"failed","message":"cursor not found"}')
        start = self._cursors.get(cursor, 0)
        page = found[start : start + self.rows]
        if self.short and start:  # a page in the midst of the list is empty
            self.short -= 1
            page = []
        after = f"c{next(self._numbers)}"
        self._cursors[after] = start + len(page)
        return self._page(page, len(found), after)

    def _page(self, page: list[dict[str, Any]], total: int, cursor: str) -> web.Response:
        body = {
            "status": "ok",
            "message-type": "work-list",
            "message": {"total-results": total, "items": page, "next-cursor": cursor},
        }
        return _json(body)

    def _stored(self, asked: Asked) -> web.Response:
        return web.Response(status=404)


class OpenAlexServer(WorksServer):
    """The same lists in the form of OpenAlex, and the snapshot's bucket."""

    def answer(self, asked: Asked) -> web.Response:
        if "filter" in asked.query:
            assert asked.query["api_key"] == "k"
            changed = (
                asked.query["filter"].replace("from_created_date", "from-day").replace("to_created_date", "until-day")
            )
            return super().answer(asked._replace(query=dict(asked.query) | {"filter": changed}))
        return self._stored(asked)

    def _page(self, page: list[dict[str, Any]], total: int, cursor: str) -> web.Response:
        return _json({"meta": {"count": total, "next_cursor": cursor if page else None}, "results": page})

    def _stored(self, asked: Asked) -> web.Response:
        if asked.query.get("list-type") == "2":
            return self._listing(int(asked.query.get("continuation-token", "0")))
        name = asked.path.lstrip("/")
        if name == "data/works/manifest":
            return _json(
                {"entries": [{"url": f"s3://openalex/{n}", "meta": {}} for n in self.snapshot if "works/up" in n]}
            )
        if name not in self.snapshot:
            return web.Response(status=404)
        body = gzip.compress(self.snapshot[name])
        start = int(asked.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        status = 206 if "Range" in asked.headers else 200
        return web.Response(status=status, body=body[start:], headers={"ETag": f'"{name}"'})

    def _listing(self, start: int) -> web.Response:
        """A page of the bucket's list, as ListObjectsV2 of Amazon S3 answers."""
        names = sorted(name for name in self.snapshot if "merged" in name)
        keys = "".join(f"<Contents><Key>{name}</Key></Contents>" for name in names[start : start + self.rows])
        is_last = start + self.rows >= len(names)
        more = "" if is_last else f"<NextContinuationToken>{start + self.rows}</NextContinuationToken>"
        text = (
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<IsTruncated>{str(not is_last).lower()}</IsTruncated>{keys}{more}</ListBucketResult>"
        )
        return web.Response(body=text.encode(), content_type="application/xml")


def _json(value: object) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")
