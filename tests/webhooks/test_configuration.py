"""The file of endpoints: what it may say, and that an error names the setting and the line, and never a secret."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from streams.errors import SettingsError
from streams.subscriptions.filters import EVERYTHING, Filter
from streams.webhooks.configuration import NO_WEBHOOKS, Webhooks, read_webhooks
from streams.webhooks.delivery import new_secret

SECRET, OTHER = new_secret(), new_secret()
Read = Callable[..., Webhooks]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write the file and read it."""

    def write(text: str, mode: int = 0o600) -> Webhooks:
        file = tmp_path / "webhooks.toml"
        file.write_text(text)
        file.chmod(mode)
        return read_webhooks(str(file))

    return write


def endpoint(more: str = "", url: str = "https://hooks.example.org/a?key=1", name: str = "a") -> str:
    return f'[[endpoint]]\nname = "{name}"\nurl = "{url}"\nsecrets = ["{SECRET}"]\n{more}\n'


def test_no_file_no_webhooks(read: Read) -> None:
    assert read_webhooks("") == NO_WEBHOOKS
    assert read("") == NO_WEBHOOKS


def test_an_endpoint_has_what_the_file_says(read: Read) -> None:
    (one,) = read(endpoint()).endpoints
    assert (one.name, one.url, one.secrets) == ("a", "https://hooks.example.org/a?key=1", (SECRET,))
    assert (one.filter, one.with_document, one.start, one.enabled) == (EVERYTHING, False, "now", True)
    more = 'types = ["created", "merged"]\nsources = ["arxiv"]\ndocument = true\nstart = "beginning"\nenabled = false'
    (one,) = read(endpoint(more)).endpoints
    assert one.filter == Filter.of(types=["created", "merged"], sources=["arxiv"])
    assert (one.with_document, one.start, one.enabled, one.park_after) == (True, "beginning", False, 30 * 3600)
    (one,) = read(endpoint("park_after = 1.5")).endpoints
    assert one.park_after == 5400


@pytest.mark.parametrize("hours", ["0", "-1", "121", '"soon"'])
def test_an_event_is_parked_after_more_than_no_time_and_at_most_five_days(read: Read, hours: str) -> None:
    with pytest.raises(SettingsError, match="line 5"):
        read(endpoint(f"park_after = {hours}"))


def test_neither_secret_nor_path_is_shown(read: Read) -> None:
    (one,) = read(endpoint()).endpoints
    assert one.origin == "https://hooks.example.org"
    for shown in (repr(one), repr(read(endpoint()))):
        assert SECRET not in shown
        assert "key=1" not in shown


def test_secrets_come_from_files_and_the_environment(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.secret").write_text(SECRET + "\n")
    (tmp_path / "a.secret").chmod(0o440)
    monkeypatch.setenv("HOOK_SECRET", OTHER)
    text = '[[endpoint]]\nname = "a"\nurl = "https://a.example.org"\nsecret_files = ["a.secret"]\nsecret_env = ["HOOK_SECRET"]'
    (one,) = read(text, 0o644).endpoints
    assert one.secrets == (SECRET, OTHER)
    (tmp_path / "a.secret").chmod(0o604)
    with pytest.raises(SettingsError, match=r"line 4 of .*other users may read or write a\.secret"):
        read(text)


def test_hosts_without_tls_and_private_addresses_are_listed(read: Read) -> None:
    listed = 'allow_networks = ["127.0.0.0/8", "::1"]\nallow_http = ["127.0.0.1", "::1"]\n'
    for url in ("http://127.0.0.1:80/", "https://127.0.0.1/", "http://[::1]:8080/hook"):
        assert read(listed + endpoint(url=url)).endpoints[0].url == url
        with pytest.raises(SettingsError, match="line 3 of"):
            read(endpoint(url=url))
    with pytest.raises(SettingsError, match=r"line 5 of .*hooks\.example\.org would be called without TLS"):
        read(listed + endpoint(url="http://hooks.example.org"))


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("endpoint = 3", 1, "Expected `array`"),
        ('\nallow_networks = ["10.0.0.1/8"]', 2, "has host bits set"),
        ("\n\nallow = true", 3, "unknown field `allow`"),
        ('[[endpoint]]\nname = "a"', 1, "missing required field `url`"),
        (endpoint("colour = 1"), 5, "unknown field `colour`"),
        (endpoint() + endpoint('types = ["made"]', name="b"), 10, "'made' is not a type of event"),
        (endpoint('dois = ["x"]'), 5, "'x' is not an identifier"),
        (endpoint('start = "then"'), 5, "Invalid enum value 'then'"),
        (endpoint("document = 1"), 5, "Expected `bool`"),
        (endpoint(name="a b"), 2, "'a b' cannot be the name"),
        (endpoint() + "\n" + endpoint(), 8, "there are two endpoints a"),
        (endpoint(url="ftp://a.example.org"), 3, "this is no URL of an endpoint"),
        (endpoint(url="https://user:word@a.example.org"), 3, "this is no URL of an endpoint"),
        (endpoint(url="https://a.example.org:99999"), 3, "this is no URL"),
        (endpoint(url="https://10.0.0.1/"), 3, "is not a public address"),
        (endpoint('secret_files = ["none"]'), 5, "none cannot be read"),
        (endpoint('secret_env = ["NO_SUCH"]'), 5, "the environment has no NO_SUCH"),
        (endpoint().replace(SECRET, "whsec_c2hvcnQ="), 4, "no secret of Standard Webhooks"),
        (endpoint().replace(SECRET, "secret"), 4, "no secret of Standard Webhooks"),
        (endpoint().replace(f'"{SECRET}"', ""), 1, "the endpoint has 0 secrets"),
        (endpoint().replace(f'"{SECRET}"', ", ".join(3 * [f'"{SECRET}"'])), 4, "the endpoint has 3 secrets"),
        ("".join(endpoint(name=f"e{number}") for number in range(51)), 251, "51 endpoints"),
    ],
)  # fmt: skip
def test_an_error_names_the_setting_and_the_line(read: Read, text: str, line: int, says: str) -> None:
    with pytest.raises(SettingsError) as error:
        read(text)
    said = str(error.value)
    assert said.startswith("STREAMS_WEBHOOKS_FILE: line ")
    assert f"line {line} of " in said
    assert says in said
    assert SECRET not in said


def test_what_is_no_toml_is_named_with_its_place(read: Read) -> None:
    with pytest.raises(SettingsError, match=r"STREAMS_WEBHOOKS_FILE: .* is not TOML: .*line 2, column"):
        read("[[endpoint]]\nname = a\n")


def test_a_file_that_others_may_read_has_no_secrets_in_it(read: Read) -> None:
    for mode in (0o640, 0o604):
        with pytest.raises(SettingsError, match=r"line 4 of .*other users may read the secrets"):
            read(endpoint(), mode)
    with pytest.raises(SettingsError, match="may be written by every user"):
        read("", 0o602)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"STREAMS_WEBHOOKS_FILE: .*No such file"):
        read_webhooks(str(tmp_path / "none.toml"))
