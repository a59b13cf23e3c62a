"""How many requests a client may send: so many a second, and twice as many at once after a pause.

The limit is the generic cell rate algorithm: of each client it keeps one time, that by which all its requests would have come at
an even pace. A client is a token, a user or an address; of IPv6 the network of 64 bits, as one client has all of that.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

__all__ = ["RateLimit", "client_address"]

_MOST_CLIENTS = 10_000


class RateLimit:
    """The limit of all clients; of more than `most_clients` those whose last request is the oldest are dropped."""

    def __init__(
        self, rate: int, *, most_clients: int = _MOST_CLIENTS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Allow `rate` requests a second, and twice as many at once; 0: any number."""
        self._pause = 1 / rate if rate else 0.0
        self._ahead = 2 * self._pause * rate - self._pause
        self._most = most_clients
        self._clock = clock
        self._due: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._due)

    def wait(self, client: str) -> float:
        """Return 0 and count the request, or the seconds after which the client may send the next one."""
        if not self._pause:
            return 0.0
        now = self._clock()
        due = max(self._due.get(client, now), now)
        if due - now > self._ahead:
            return due - now - self._ahead
        self._due[client] = due + self._pause
        self._due.move_to_end(client)
        self._drop_old(now)
        return 0.0

    def _drop_old(self, now: float) -> None:
        while len(self._due) > self._most or next(iter(self._due.values())) <= now:
            self._due.popitem(last=False)


def client_address(address: str) -> str:
    """Return what is counted as one client: an IPv4 address, or the first 64 bits of an IPv6 address."""
    if ":" not in address:
        return address
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped) if parsed.ipv4_mapped else f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
