"""Decide which addresses a webhook may be sent to: public ones, and those of networks that the configuration lists.

A name is resolved once for each new connection, and the connection goes to an address that was checked: a name that has a public
address at first and a private one a moment later (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

__all__ = ["AddressRefusedError", "GuardedResolver", "Networks", "is_literal", "networks_of", "refusal"]

Address: TypeAlias = IPv4Address | IPv6Address
Networks: TypeAlias = tuple[IPv4Network | IPv6Network, ...]

_NAT64 = IPv6Network("64:ff9b::/96")
"""Addresses by which a gateway reaches those of IPv4, the last 32 bits."""


class AddressRefusedError(OSError):
    """A webhook would go to an address that it may not go to."""


def networks_of(texts: Iterable[str]) -> Networks:
    """Return networks and addresses as they are compared. Raises ValueError where one is neither."""
    return tuple(ip_network(text.strip()) for text in texts)


def is_literal(host: str) -> bool:
    """Tell whether the host of a URL is an address, which is not resolved."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def refusal(address: str, allowed: Networks) -> str:
    """Return why no webhook goes to an address, empty where one may: it is public, or in a network that is `allowed`."""
    found = ip_address(address.partition("%")[0])
    meant = _meant(found)
    if any(each in network for network in allowed for each in meant):
        return ""
    for each in meant:
        if not each.is_global or each.is_multicast:
            return f"{address} is not a public address, and in no network of allow_networks"
    return ""


def _meant(address: Address) -> Sequence[Address]:
    """Return an address with the one of IPv4 that it stands for, if it stands for one."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address in _NAT64:
        return address, IPv4Address(int(address) & 0xFFFF_FFFF)
    inner = address.sixtofour or (address.teredo[1] if address.teredo else None)
    return (address, inner) if inner is not None else (address,)


class GuardedResolver(AbstractResolver):
    """Resolves names as the system does, and leaves out the addresses that are refused."""

    def __init__(self, allowed: Networks, inner: AbstractResolver | None = None) -> None:
        """Take the networks that are allowed beside public addresses, and what resolves: by default the system, in threads."""
        self._allowed = allowed
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host that may be connected to. Raises AddressRefusedError where there are none, OSError."""
        self._inner = self._inner or ThreadedResolver()  # it takes the running loop
        found = await self._inner.resolve(host, port, family)
        refused = [refusal(each["host"], self._allowed) for each in found]
        allowed = [each for each, reason in zip(found, refused, strict=True) if not reason]
        if not allowed:
            raise AddressRefusedError(f"{host}: {refused[0] if refused else 'it has no address'}")
        return allowed

    async def close(self) -> None:
        """Close nothing: the system's resolver has no connection of its own."""
