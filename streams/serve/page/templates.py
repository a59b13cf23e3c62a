"""Make pages of the templates in `templates/`: values are escaped, and a value that a template lacks is an error.

    return page(request, "workers.html", view=view)

Filters for what pages show, besides Jinja's own:

| filter                | of                                      | gives                                                        |
|-----------------------|-----------------------------------------|--------------------------------------------------------------|
| `number`, `number(2)` | a number, or None                       | `12,345`, `0.25`; a dash for None                            |
| `percent`             | a share from 0 to 1, or None            | `12.3 %`                                                     |
| `duration`            | seconds, or None                        | `35 ms`, `2.5 s`, `4 min`, `3 h`, `2 d`                      |
| `size`                | bytes                                   | `1.2 MB`                                                     |
| `moment`              | a datetime, or Unix time in seconds     | `<time>`, which a script shows in the viewer's zone          |
| `text`, `text(200)`   | text of strangers, such as titles       | `<bdi>`, without characters that change what is around it    |
| `record_id(60)`       | a record id                             | the id as an element, its source stronger                    |
| `signed`              | bits                                    | `+1.5`, `−2.0`                                               |
| `web(address, 200)`   | text of strangers, and an address       | a link to another site; text where the address is none       |
| `address`             | an identifier, such as `doi:10.1000/x`  | its address at its site, empty where no site is known        |
| `part`                | an id for a path                        | percent-encoded                                              |
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Request, Response
from litestar.response import Redirect
from markupsafe import Markup, escape

from streams import __version__
from streams.serve.access import Caller
from streams.serve.page.static_files import static_address
from streams.serve.page.views.addresses import address_of

__all__ = [
    "SECTIONS", "Section", "duration", "fragment", "moment", "number", "page", "part", "percent", "record_id", "redirect", "render",
    "signed", "size", "text", "web",
]  # fmt: skip

Anything = Request[Any, Any, Any]
NOTHING = "–"


class Section(NamedTuple):
    """An entry of the navigation."""

    path: str
    name: str


SECTIONS = (
    Section("/", "Overview"),
    Section("/search", "Search"),
    Section("/review", "Review"),
    Section("/dead-letters", "Dead letters"),
    Section("/workers", "Workers"),
    Section("/subscriptions", "Subscriptions"),
)
_HEADERS = {
    # A form of the page names the page in `Origin`, which a browser leaves out under `no-referrer`.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def page(
    request: Anything, template: str, *, status_code: int = 200, headers: Mapping[str, str] | None = None, **values: Any
) -> Response[str]:
    """Return a whole page. `values` are what its template shows, beside `here`, the path, and `viewer`, the caller."""
    viewer = request.user if isinstance(request.user, Caller) else Caller()
    body = render(template, here=request.url.path, viewer=viewer, **values)
    return Response(body, status_code=status_code, media_type="text/html", headers={**_HEADERS, **(headers or {})})


def fragment(template: str, **values: Any) -> Response[str]:
    """Return a part of a page, which htmx puts into one."""
    return Response(render(template, **values), media_type="text/html", headers=_HEADERS)


def redirect(path: str) -> Redirect:
    """Return the answer to a form that was carried out: the browser asks for `path` next."""
    return Redirect(path, status_code=303, headers=_HEADERS)


def render(template: str, **values: Any) -> str:
    """Return what a template makes of `values`."""
    return _ENVIRONMENT.get_template(template).render(now=time.time(), **values)


def number(value: float | None, digits: int = 0) -> str:
    """Return a number with its digits grouped, a dash for None."""
    return NOTHING if value is None else f"{value:,.{digits}f}"


def percent(share: float | None) -> str:
    """Return a share from 0 to 1 in percent, a dash for None."""
    return NOTHING if share is None else f"{share * 100:.1f} %"


def duration(seconds: float | None) -> str:
    """Return a time span in the unit that suits it, a dash for None."""
    if seconds is None:
        return NOTHING
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms" if seconds else "0 s"
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    for unit, length, most in (("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds < most:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds / 86_400:,.0f} d"


def size(count: float) -> str:
    """Return a number of bytes in the unit that suits it."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} GB"


def moment(value: datetime | float | None) -> str | Markup:
    """Return the element of a time, in UTC; a script shows it in the viewer's zone. `value` None gives a dash."""
    if value is None:
        return NOTHING
    at = (value if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC)).astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        at.isoformat(timespec="milliseconds").replace("+00:00", "Z"), f"{at:%Y-%m-%d %H:%M:%S} UTC"
    )


_VISIBLE: dict[int, str] = {code: chr(0x2400 + code) for code in range(32)}
_VISIBLE |= {0x7F: "\u2421", 0x09: "\t", 0x0A: "\n", 0x0D: "\u240d"}
_VISIBLE |= dict.fromkeys((*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\ufffd")
"""Control characters as pictures of themselves; those that would turn the direction of what is around them are replaced."""


def text(value: str | None, most: int = 0) -> Markup:
    """Return text of strangers as an element that isolates its direction; `most` is how many characters are shown, 0 for all."""
    shown = clean(value)
    if most and len(shown) > most:
        return Markup('<bdi title="{}">{}…</bdi>').format(shown[:1000], shown[:most].rstrip())
    return Markup("<bdi>{}</bdi>").format(escape(shown))


def clean(value: str | None) -> str:
    """Return text of strangers without characters that change what is around it; it is escaped as any value is."""
    return (value or "").encode("utf-8", "replace").decode().translate(_VISIBLE)


def record_id(value: str, most: int = 0) -> Markup:
    """Return a record id as an element that isolates its direction, the source in it stronger than what follows."""
    shown = clean(value)
    source, colon, name = shown.partition(":")
    rest = f"{colon}{name}"
    if most and len(shown) > most:
        return Markup('<bdi class="id" title="{}"><strong>{}</strong>{}…</bdi>').format(
            shown[:1000], source[:most], rest[: max(most - len(source), 0)]
        )
    return Markup('<bdi class="id"><strong>{}</strong>{}</bdi>').format(source, rest)


def signed(value: float) -> str:
    """Return a number with one digit and its sign, a minus and not a hyphen."""
    return f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")


def web(value: str, address: str, most: int = 0) -> Markup:
    """Return text of strangers as a link to another site; as text alone where the address is none of the web."""
    shown = text(value, most)
    if not address.startswith(("https://", "http://")):
        return shown
    return Markup('<a class="out" href="{}" rel="noopener noreferrer external">{}</a>').format(clean(address), shown)


def part(value: str) -> str:
    """Return an id as one part of a path."""
    return quote(value, safe=":")


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("streams.serve.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "number": number, "percent": percent, "duration": duration, "size": size, "moment": moment, "text": text, "clean": clean,
        "part": part, "record_id": record_id, "signed": signed, "web": web, "address": address_of,
    }  # fmt: skip
    made.globals |= {"static": static_address, "sections": SECTIONS, "version": __version__}
    return made


_ENVIRONMENT = _environment()
