"""Which addresses a webhook may be sent to, and that a name is resolved once and only to those."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver

from streams.webhooks.addresses import AddressRefusedError, GuardedResolver, is_literal, networks_of, refusal

PRIVATE = (
    "127.0.0.1", "127.8.9.10", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "255.255.255.255", "224.0.0.1", "239.1.1.1", "192.0.2.1", "198.18.0.1", "240.0.0.1",
    "0.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::", "2002:a00:1::1",
)  # fmt: skip
PUBLIC = ("8.8.8.8", "93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert address in refusal(address, ())


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_not(address: str) -> None:
    assert refusal(address, ()) == ""


def test_addresses_of_listed_networks_are_allowed_and_no_others() -> None:
    listed = networks_of(["10.20.0.0/16", "::1", "127.0.0.1"])
    allowed = ("10.20.3.4", "::1", "127.0.0.1", "::ffff:10.20.3.4", "8.8.8.8")
    assert [each for each in allowed if refusal(each, listed)] == []
    refused = ("10.21.0.1", "127.0.0.2", "::ffff:10.21.0.1", "169.254.169.254", "fe80::1")
    assert [each for each in refused if not refusal(each, listed)] == []


@pytest.mark.parametrize("text", ["10.20.0.1/16", "example.org", "", "10.0.0.0/33"])
def test_what_is_no_network_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        networks_of([text])


def test_hosts_that_are_addresses() -> None:
    assert [is_literal(host) for host in ("127.0.0.1", "::1", "example.org", "127.1", "0x7f000001")] == [
        True, True, False, False, False,
    ]  # fmt: skip


def resolve(resolver: GuardedResolver, host: str) -> list[str]:
    async def ask() -> list[str]:
        return [each["host"] for each in await resolver.resolve(host, 443)]

    return asyncio.run(ask())


@pytest.mark.parametrize("host", ["localhost", "127.1", "0x7f000001", "2130706433"])
def test_names_of_this_machine_are_refused_however_they_are_written(host: str) -> None:
    with pytest.raises(AddressRefusedError, match="not a public address"):
        resolve(GuardedResolver(()), host)
    assert resolve(GuardedResolver(networks_of(["127.0.0.0/8", "::1"])), host)


class Fixed(AbstractResolver):
    """A resolver whose name has these addresses."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[Any]:
        return [{"hostname": host, "host": each, "port": port, "family": family} for each in self._addresses]

    async def close(self) -> None:
        pass


def test_of_the_addresses_of_a_name_those_that_are_allowed_remain() -> None:
    mixed = GuardedResolver((), Fixed("8.8.8.8", "127.0.0.1", "fd00::1"))
    assert resolve(mixed, "example.org") == ["8.8.8.8"]
    resolver = GuardedResolver((), Fixed("127.0.0.1", "fd00::1"))
    with pytest.raises(AddressRefusedError, match=r"example\.org: 127\.0\.0\.1"):
        resolve(resolver, "example.org")
