from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.settings.redaction import hide, hide_tokens

SECRETS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).map(lambda text: f"s3cr{text}t")
"""Passwords with any characters in them: people do not escape those that a URL should have escaped."""


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("redis://r:6379/0", "redis://r:6379/0"),
        ("redis://:secret@r:6379/0", "redis://***@r:6379/0"),
        ("rediss://user:p@ss/?@r", "rediss://***@r"),
        ("rediss//user:secret@r", "***@r"),
        ("unix:///run/redis.sock?db=1", "unix:///run/redis.sock?db=1"),
        ("redis://r/0?username=u&password=p@q&db=1", "redis://r/0?username=***&password=***&db=1"),
        ("kafka-1:9092,[::1]:9092", "kafka-1:9092,[::1]:9092"),
        ("sasl_ssl://user:secret@kafka:9092", "***@kafka:9092"),
        ("a:one@k1:9092,b:two@k2:9092", "***@k2:9092"),
    ],
)
def test_what_is_shown_of_an_address(address: str, shown: str) -> None:
    assert hide(address) == shown


@given(
    SECRETS, st.sampled_from(["redis://u:{}@r:6379/0", "rediss//:{}@r", "u:{}@kafka:9092", "sasl_ssl://u:{}@k:1,k:2"])
)
def test_no_password_before_the_host_is_shown(secret: str, address: str) -> None:
    assert secret not in hide(address.format(secret))


@given(
    SECRETS.filter(lambda text: "&" not in text),
    st.sampled_from(["password", "ssl_password", "sasl.password", "PASSWORD", "token", "auth", "username"]),
    st.sampled_from(["", "&db=1", "&ssl_ca_certs=x@y"]),
)
def test_no_password_of_a_query_is_shown(secret: str, name: str, more: str) -> None:
    assert secret not in hide(f"redis://r:6379/0?{name}={secret}{more}")


def test_tokens_and_secrets_are_hidden_and_paths_are_not() -> None:
    token, secret = "streams_" + "aB3-" * 8, "whsec_" + "aB3/+" * 7 + "="
    assert hide_tokens(f"/etc/{token}: no such file") == "/etc/streams_***: no such file"
    assert hide_tokens(f"no variable '{secret}'") == "no variable 'whsec_***'"
    assert hide_tokens("/srv/streams_data/tokens-of-people") == "/srv/streams_data/tokens-of-people"
