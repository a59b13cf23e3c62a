"""Say which setting to correct where Redis refuses a client."""

from __future__ import annotations

import ssl

from redis.exceptions import AuthenticationError, NoPermissionError

__all__ = ["GUIDE", "advice"]

GUIDE = "docs/operations.md#a-redis-user-of-its-own"
_UNKNOWN = ("WRONGPASS", "NOAUTH", "invalid username-password", "Authentication required")
_USER = "STREAMS_REDIS_USER or STREAMS_REDIS_PASSWORD"


def advice(error: BaseException) -> str:
    """Return what to add to the text of an error of redis-py, with a separator before it; empty where nothing is known."""
    text = f"{error} {error.__cause__ or ''}"
    if isinstance(error, NoPermissionError) or "has no permissions" in text:
        return f": the user of STREAMS_REDIS_USER lacks a right; see {GUIDE}"
    if isinstance(error, AuthenticationError) or any(part in text for part in _UNKNOWN):
        return f": correct {_USER}"
    if "hostname mismatch" in text.lower() or "ip address mismatch" in text.lower():
        return ": name the host in STREAMS_REDIS_URL as its certificate does"
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return ": set STREAMS_REDIS_CA_FILE to the certificate of the authority that signed the server's"
    if "CERTIFICATE_REQUIRED" in text.upper():
        return ": set STREAMS_REDIS_CERT_FILE and STREAMS_REDIS_KEY_FILE"
    if isinstance(error.__cause__, ssl.SSLError) or "WRONG_VERSION_NUMBER" in text:
        return ": it does not speak TLS there, or does not accept our certificate; see rediss:// in STREAMS_REDIS_URL"
    return ""
