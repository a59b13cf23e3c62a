"""arXiv's OAI-PMH as documented: days, sets, pages with tokens that expire, and nothing but the last version of a paper."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple
from xml.sax.saxutils import escape

from aiohttp import web

from tests.harvest.feed_server import Asked, FeedServer

__all__ = ["ArxivServer", "Paper", "papers"]


class Paper(NamedTuple):
    """A paper as the server has it; `day` is its datestamp."""

    number: str
    day: date
    title: str
    withdrawn: bool = False
    set_name: str = "cs"


def papers(count: int, since: date, days: int) -> list[Paper]:
    """Make papers of some days, the same each time; a few of them are withdrawn."""
    return [
        Paper(
            f"{2401 + each // 10_000}.{each % 10_000 + 1:05}",
            since + timedelta(each % days),
            f"On the {each}th problem of < & >",
            each % 41 == 7,
            "math" if each % 5 == 0 else "cs",
        )
        for each in range(count)
    ]


class ArxivServer(FeedServer):
    """Answers ListRecords; `page_size` records a page. `forget` makes all tokens expire; `expired` were sent after it."""

    def __init__(self, listed: list[Paper], page_size: int = 10) -> None:
        super().__init__()
        self.papers = listed
        self.page_size = page_size
        self._tokens: dict[str, tuple[list[Paper], int]] = {}
        self.expired = self._number = 0

    def forget(self) -> None:
        self._tokens.clear()

    def answer(self, asked: Asked) -> web.Response:
        query = asked.query
        assert query["verb"] == "ListRecords"
        if token := query.get("resumptionToken"):
            assert set(query) == {"verb", "resumptionToken"}
            if token not in self._tokens:
                self.expired += 1
                return _answer('<error code="badResumptionToken">expired</error>')
            return self._page(*self._tokens[token])
        since, until = date.fromisoformat(query["from"]), date.fromisoformat(query["until"])
        found = [
            paper
            for paper in self.papers
            if since <= paper.day <= until and query.get("set", paper.set_name) == paper.set_name
        ]
        if query.get("set") == "none":
            return _answer('<error code="badArgument">no such set</error>')
        if not found:
            return _answer('<error code="noRecordsMatch">nothing</error>')
        return self._page(found, 0)

    def _page(self, found: list[Paper], start: int) -> web.Response:
        after = start + self.page_size
        token = ""
        if after < len(found):
            self._number += 1
            token = f"token|{self._number}"
            self._tokens[token] = found, after
        listed = "".join(record(paper) for paper in found[start:after])
        return _answer(f"<ListRecords>{listed}<resumptionToken>{token}</resumptionToken></ListRecords>")


def record(paper: Paper) -> str:
    """A record in the format arXivRaw."""
    kind = "<source_type>I</source_type>" if paper.withdrawn else ""
    return (
        f"<record><header><identifier>oai:arXiv.org:{paper.number}</identifier><datestamp>{paper.day}</datestamp>"
        f"<setSpec>{paper.set_name}</setSpec></header><metadata>"
        '<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/">'
        f'<id>{paper.number}</id><submitter>A. Author</submitter><version version="v1">'
        f"<date>Mon, 1 Jan 2024 00:00:00 GMT</date><size>9kb</size>{kind}</version>"
        f"<title>{escape(paper.title)}</title><authors>Ada Author, Bo Borg</authors><categories>cs.DL</categories>"
        "<abstract>A text.</abstract></arXivRaw></metadata></record>"
    )


def _answer(content: str) -> web.Response:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        f"<responseDate>2026-11-30T00:00:00Z</responseDate><request>x</request>{content}</OAI-PMH>"
    )
    return web.Response(body=text.encode(), content_type="text/xml")
