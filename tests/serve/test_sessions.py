"""Cookies of sessions: only those that were signed here, for a token that is there, until their time."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import SettingsError
from streams.serve.sessions import SESSION_SECONDS, Sessions
from streams.serve.tokens import Token, digest
from streams.settings import Settings

ADA = Token("ada", "curate", digest("streams_a"))
TOKENS = {"ada": ADA, "grace@example.org": Token("grace@example.org", "read", digest("streams_g"))}
NONE: dict[str, Token] = {}
KEY = bytes(range(32))


def test_a_session_has_its_token_until_its_time() -> None:
    now = [1000.0]
    sessions = Sessions(KEY, lambda: now[0])
    for token in TOKENS.values():
        cookie = sessions.issue(token)
        assert sessions.token(cookie, TOKENS.get) == token
        assert Sessions(KEY, lambda: now[0]).token(cookie, TOKENS.get) == token
        assert Sessions(bytes(32), lambda: now[0]).token(cookie, TOKENS.get) is None
    now[0] += SESSION_SECONDS
    assert sessions.token(cookie, TOKENS.get) is None


def test_a_session_ends_with_its_token_and_has_its_present_scope() -> None:
    sessions = Sessions(KEY)
    cookie = sessions.issue(ADA)
    assert sessions.token(cookie, NONE.get) is None
    assert sessions.token(cookie, {"ada": ADA._replace(digest=digest("streams_new"))}.get) is None
    assert sessions.token(cookie, {"ada": ADA._replace(scope="read")}.get) == ADA._replace(scope="read")


@given(st.data())
def test_no_changed_cookie_is_taken(data: st.DataObject) -> None:
    sessions = Sessions(KEY, lambda: 1000.0)
    cookie = sessions.issue(ADA)
    place = data.draw(st.integers(0, len(cookie) - 1))
    character = data.draw(st.characters(codec="ascii").filter(lambda c: c != cookie[place]))
    assert sessions.token(cookie[:place] + character + cookie[place + 1 :], TOKENS.get) is None


@given(st.text() | st.from_regex(r"9999999999\.[A-Za-z0-9_-]{1,9}\.[A-Za-z0-9_-]{43}", fullmatch=True))
def test_no_other_text_is_a_session_or_an_error(cookie: str) -> None:
    assert Sessions(KEY).token(cookie, TOKENS.get) is None


def test_the_key_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    settings = Settings(serve_session_key_file=str(path))
    with pytest.raises(SettingsError, match=r"STREAMS_SERVE_SESSION_KEY_FILE: .* cannot be read"):
        Sessions.of(settings)
    path.write_bytes(KEY[:31])
    with pytest.raises(SettingsError, match="has 31 bytes"):
        Sessions.of(settings)
    path.write_bytes(KEY)
    assert Sessions.of(settings).token(Sessions.of(settings).issue(ADA), TOKENS.get) == ADA
    made = Sessions.of(Settings())
    assert Sessions.of(Settings()).token(made.issue(ADA), TOKENS.get) is None
