"""Names by which the service may be reached, and pages that may write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import SettingsError
from streams.serve.hosts import Address, Hosts

EVERYWHERE = "0.0.0.0"  # noqa: S104


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:6060", "127.0.0.1:6060", "[::1]:6060", "localhost.:1", "127.8.8.8"]
)
def test_names_of_loopback(host: str) -> None:
    assert Hosts("127.0.0.1").allows(host)
    assert Hosts(EVERYWHERE, "streams.example").allows(host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "127.0.0.1.evil.example:6060", "localhost.evil.example", "evil.example:6060@127.0.0.1",
        "127.0.0.1 evil.example", "", "0.0.0.0:6060", "10.0.0.7", "[::1", "[::2]:80", "localhost:port", "x.localhost", "2130706433",
    ],
)  # fmt: skip
def test_other_names_are_refused(host: str) -> None:
    assert not Hosts("127.0.0.1").allows(host, "127.0.0.1")
    assert not Hosts(EVERYWHERE if host != "0.0.0.0:6060" else "::", "streams.example").allows(host, "10.0.0.8")


def test_the_bound_and_the_reached_address_and_what_is_allowed() -> None:
    hosts = Hosts("streams.internal", "Streams.example,other.example:8443,[2001:db8::1]")
    assert hosts.allows("streams.internal:6060")
    assert hosts.allows("10.0.0.7:6060", "10.0.0.7")
    assert hosts.allows("streams.example")
    assert hosts.allows("streams.example:1")
    assert hosts.allows("other.example:8443")
    assert not hosts.allows("other.example")
    assert hosts.allows("[2001:DB8::1]:6060")


def test_a_malformed_list_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"STREAMS_SERVE_ALLOWED_HOSTS: a:b:c"):
        Hosts("127.0.0.1", "ok.example,a:b:c")


@pytest.mark.parametrize(
    ("origin", "host", "may"),
    [
        ("http://127.0.0.1:6060", "127.0.0.1:6060", True),
        ("http://localhost:6060", "127.0.0.1:6060", False),
        ("http://127.0.0.1:3333", "127.0.0.1:6060", False),
        ("https://streams.internal", "streams.internal", True),
        ("http://streams.internal:80", "streams.internal", True),
        ("http://streams.internal:8080", "streams.internal", False),
        ("https://streams.internal", "streams.internal:443", True),
        ("http://streams.internal", "streams.internal:443", False),
        ("https://streams.example", "127.0.0.1:6060", True),
        ("https://streams.example:444", "127.0.0.1:6060", False),
        ("https://other.example:8443", "127.0.0.1:6060", True),
        ("https://evil.example", "127.0.0.1:6060", False),
        ("https://streams.example.evil.example", "127.0.0.1:6060", False),
        ("null", "127.0.0.1:6060", False),
        ("", "127.0.0.1:6060", False),
        ("file://", "127.0.0.1:6060", False),
        ("http://[::1", "127.0.0.1:6060", False),
        ("ftp://127.0.0.1:6060", "127.0.0.1:6060", False),
    ],
)
def test_pages_that_may_write(origin: str, host: str, may: bool) -> None:
    assert Hosts("127.0.0.1", "streams.example,other.example:8443").allows_origin(origin, host) is may


@given(st.text(), st.text(), st.text())
def test_no_text_is_an_error(host: str, origin: str, reached: str) -> None:
    hosts = Hosts("127.0.0.1", "streams.example")
    if (address := Address.parse(host)) and address.name.endswith(".evil.example"):
        assert not hosts.allows(host)
    hosts.allows(host, reached)
    hosts.allows_origin(origin, host)


@given(st.from_regex(r"[a-z0-9.-]{1,20}\.evil\.example(:[0-9]{1,4})?", fullmatch=True))
def test_no_name_of_a_stranger_is_allowed(host: str) -> None:
    hosts = Hosts("127.0.0.1", "streams.example")
    assert not hosts.allows(host)
    assert not hosts.allows_origin(f"https://{host}", "127.0.0.1:6060")
