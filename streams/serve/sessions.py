"""Sessions of browsers: a cookie that names a token and a time, signed with a key that only the service knows.

    1764512345.YWRh.Hk3…        expiry in seconds since 1970, name of the token, HMAC-SHA256 of both and of the token's hash

Nothing is kept on the server. A session ends with its time, with its token (revoked or replaced), and with the key.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Self

from streams.errors import SettingsError
from streams.serve.tokens import Token
from streams.settings import PREFIX, Settings
from streams.settings.redaction import hide_tokens

__all__ = ["SESSION_SECONDS", "Sessions"]

SESSION_SECONDS = 12 * 3600
"""A working day: a browser that is left alone does not stay signed in."""
_KEY_BYTES = 32
_COOKIE = re.compile(r"(\d{1,12})\.([A-Za-z0-9_-]{1,88})\.([A-Za-z0-9_-]{43})")


class Sessions:
    """Signs and checks cookies with one key."""

    def __init__(self, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self._clock = clock

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Take the key from the file of the settings, or make one. Raises SettingsError where the file has less than 32 bytes."""
        file = settings.serve_session_key_file
        if not file:
            return cls(secrets.token_bytes(_KEY_BYTES))
        setting, expects = PREFIX + "SERVE_SESSION_KEY_FILE", f"a file with {_KEY_BYTES} or more random bytes"
        try:
            key = Path(file).read_bytes()
        except OSError as error:
            raise SettingsError(setting, f"{hide_tokens(file)} cannot be read: {error.strerror}", expects) from None
        if len(key) < _KEY_BYTES:
            raise SettingsError(setting, f"{file} has {len(key)} bytes", expects)
        return cls(key)

    def issue(self, token: Token) -> str:
        """Return the cookie of a new session with this token."""
        expires = int(self._clock()) + SESSION_SECONDS
        return f"{expires}.{_text(token.name.encode())}.{self._signature(expires, token)}"

    def token(self, cookie: str, named: Callable[[str], Token | None]) -> Token | None:
        """Return the token of a session; None where the cookie was not signed here, is over, or its token is not there any more."""
        found = _COOKIE.fullmatch(cookie)
        if found is None or int(found[1]) <= self._clock():
            return None
        try:
            token = named(urlsafe_b64decode(found[2] + "=" * (-len(found[2]) % 4)).decode())
        except ValueError:  # bytes that are no text, or no Base64
            return None
        if token is None or not hmac.compare_digest(self._signature(int(found[1]), token), found[3]):
            return None
        return token

    def _signature(self, expires: int, token: Token) -> str:
        signed = f"streams session {expires} {token.name} {token.digest}"
        return _text(hmac.digest(self._key, signed.encode(), "sha256"))


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")
