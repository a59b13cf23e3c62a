"""`/static/…`: style, scripts and pictures of the page, from the package; a browser keeps them until they change.

`static_address` adds the beginning of a file's SHA-256 to its address, so an address has one content, which may be kept for a
year. The files are open to all, as the page to sign in needs them.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Annotated, Any, NamedTuple

from litestar import Request, Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter

from streams.serve.access import OPEN_TO_ALL

__all__ = ["router", "static_address"]

_TYPES = {
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "json": "application/json",
    "txt": "text/plain",
}
_KEPT = "public, max-age=31536000, immutable"
_ASKED_AGAIN = "no-cache"


class _File(NamedTuple):
    content: bytes
    media_type: str
    tag: str


@cache
def _all() -> dict[str, _File]:
    """Return every file of `static/` by its path there: some 150 kB."""
    found: dict[str, _File] = {}
    folders = [("", files("streams.serve.page").joinpath("static"))]
    while folders:
        place, folder = folders.pop()
        for entry in folder.iterdir():
            if entry.is_dir():
                folders.append((f"{place}{entry.name}/", entry))
            elif (media_type := _TYPES.get(entry.name.rpartition(".")[2])) is not None:
                content = entry.read_bytes()
                found[place + entry.name] = _File(content, media_type, sha256(content).hexdigest()[:12])
    return found


def static_address(name: str) -> str:
    """Return the address of a file in `static/`. Raises KeyError where there is none."""
    return f"/static/{name}?v={_all()[name].tag}"


@get("/static/{name:path}", operation_id="pageStatic", opt=OPEN_TO_ALL, sync_to_thread=False)
def static_file(
    request: Request[Any, Any, Any], name: Annotated[str, PathParameter(description="A file in `static/`.")]
) -> Response[bytes]:
    """Return a file of the page."""
    file = _all().get(name.removeprefix("/"))
    if file is None:
        raise NotFoundException(f"there is no file {name}")
    tag = f'"{file.tag}"'
    headers = {"ETag": tag, "Cache-Control": _KEPT if request.query_params.get("v") == file.tag else _ASKED_AGAIN}
    if tag in request.headers.get("If-None-Match", ""):
        return Response(b"", status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)


router = Router("/", route_handlers=[static_file])
