"""By which names `streams serve` may be reached, and from which pages a browser may write.

A page on the web can give its own name the address 127.0.0.1 (DNS rebinding) and then read what answers there, as the browser takes
it for the page's own server. The name stays in the header `Host`, so a name that is not expected is refused. `Origin` names the
page that sends a write; it has to be one of this service.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from streams.errors import SettingsError
from streams.settings import PREFIX
from streams.settings.addresses import is_loopback
from streams.settings.redaction import hide_tokens

__all__ = ["Address", "Hosts"]

_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Address(NamedTuple):
    """A host name or address in lower case, and the port where one is given."""

    name: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the address that a text names, None where it names none."""
        found = _ADDRESS.fullmatch(text)
        if found is None:
            return None
        name = (found["v6"] or found["name"]).lower().removesuffix(".")
        return cls(name, int(found["port"]) if found["port"] else None)

    @classmethod
    def of_origin(cls, origin: str) -> Self | None:
        """Return the address of the page in a header `Origin`, with its port; None for `null` and other schemes than HTTP."""
        try:
            parts = urlsplit(origin)
            address = cls.parse(parts.netloc)
        except ValueError:
            return None
        if address is None or parts.scheme not in _DEFAULT_PORTS:
            return None
        return cls(address.name, address.port or _DEFAULT_PORTS[parts.scheme])


class Hosts:
    """The names of one service: those of loopback, the host it binds to, and `allowed`, a list separated by commas."""

    def __init__(self, bound: str, allowed: str = "") -> None:
        """Raise SettingsError where a name of the list is malformed."""
        self._bound = bound.lower()
        self._allowed: set[Address] = set()
        for text in filter(None, allowed.split(",")):
            address = Address.parse(text)
            if address is None:
                raise SettingsError(
                    PREFIX + "SERVE_ALLOWED_HOSTS",
                    f"{hide_tokens(text)} is no name of a host",
                    "name or name:port, separated by commas",
                )
            self._allowed.add(address)

    def allows(self, host: str, reached: str = "") -> bool:
        """Tell whether a request with this header `Host` is meant for this service; `reached` is the address it came to."""
        address = Address.parse(host)
        return address is not None and (
            is_loopback(address.name)
            or address.name in (self._bound, reached)
            or address in self._allowed
            or Address(address.name, None) in self._allowed
        )

    def allows_origin(self, origin: str, host: str) -> bool:
        """Tell whether a page of `origin` may write to the service it reaches as `host`: both are the same, or it is listed."""
        page, own = Address.of_origin(origin), Address.parse(host)
        if page is None:
            return False
        candidates = {page}
        if page.port == _DEFAULT_PORTS[urlsplit(origin).scheme]:
            candidates.add(Address(page.name, None))
        return own in candidates or not candidates.isdisjoint(self._allowed)
