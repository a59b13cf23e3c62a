"""A cluster as a small page of HTML, for a frame of 430 by 300 pixels. Pure.

Everything in it is the text of strangers: it is escaped, links are http or https, and the page may load and run nothing.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from urllib.parse import quote

from streams.query.answers import ClusterAnswer
from streams.serve.reconcile.candidates import named

__all__ = ["HEADERS", "missing", "preview"]

_STYLE = (
    "body{font:13px/1.4 sans-serif;margin:10px;color:#222;background:#fff;overflow-wrap:anywhere}"
    "h1{font-size:15px;margin:0 0 6px}p{margin:0 0 6px}ul{margin:0;padding-left:18px}small{color:#555}"
)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors *; "
    f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""Headers of each page. Any page may frame it, as OpenRefine does: browsers apply `frame-ancestors` before `X-Frame-Options`."""
_PLACE = (("journal", ""), ("volume", "vol. "), ("number", "no. "), ("pages", "p. "))
_AUTHORS = 10
_RECORDS = 10
_LINKS = 3


def preview(cluster: ClusterAnswer) -> str:
    """Return the page of a cluster: title, authors, where it was published, links and records."""
    document = cluster.document
    authors = document.get("authors", [])
    place = ", ".join(label + text for name, label in _PLACE if (text := document.get(name)))
    date = document.get("publication_date", "")
    body = [
        f"<h1>{escape(named(cluster))}</h1>",
        _paragraph(_listed(authors, _AUTHORS)),
        _paragraph(" · ".join(text for text in (place, date) if text)),
        _links(document),
        f"<p><small>{escape(cluster.cluster_id)}, revision {cluster.revision}, {_records(cluster.size)}</small></p>",
        "<ul>" + "".join(f"<li>{escape(record)}</li>" for record in cluster.records[:_RECORDS]) + "</ul>",
    ]
    if cluster.size > _RECORDS:
        body.append(f"<p><small>and {cluster.size - _RECORDS} more</small></p>")
    return _page(named(cluster), "".join(body))


def missing(reason: str) -> str:
    """Return the page in place of a cluster that is not known."""
    return _page("Not known", _paragraph(reason))


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>{body}</body></html>"
    )


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>" if text else ""


def _listed(names: list[str], most: int) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _records(size: int) -> str:
    return "1 record" if size == 1 else f"{size} records"


def _links(document: dict[str, str | list[str]]) -> str:
    links: list[tuple[str, str]] = []
    if doi := document.get("doi"):
        links.append((f"https://doi.org/{quote(str(doi), safe='/')}", f"doi:{doi}"))
    if arxiv := document.get("arxiv_id"):
        links.append((f"https://arxiv.org/abs/{quote(str(arxiv), safe='/')}", f"arXiv:{arxiv}"))
    links += [(url, url) for url in _safe(document.get("urls", []))][:_LINKS]
    anchors = (
        f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer">{escape(text)}</a>'
        for address, text in links
    )
    return f"<p>{'<br>'.join(anchors)}</p>" if links else ""


def _safe(urls: str | Iterable[str]) -> list[str]:
    """Return the links that lead to a page of the web; others may be scripts."""
    return [url for url in urls if url.lower().startswith(("http://", "https://"))]
