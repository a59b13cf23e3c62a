from __future__ import annotations

import pytest

from streams.settings.addresses import is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost"])
def test_addresses_of_this_machine(host: str) -> None:
    assert is_loopback(host)


OTHERS = ["0.0.0.0", "::", "10.0.0.1", "localhost.example.org", "streams", "", "127.0.0.1.example.org"]  # noqa: S104


@pytest.mark.parametrize("host", OTHERS)
def test_other_addresses(host: str) -> None:
    assert not is_loopback(host)
