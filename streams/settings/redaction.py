"""Hide what is secret in the address of a server: errors, logs, `doctor` and files show it in this form only."""

from __future__ import annotations

import re

__all__ = ["HIDDEN", "hide"]

HIDDEN = "***"

_FIELD = re.compile(
    r"(?P<name>[?&;][\w.%-]*(?:pass|pwd|secret|token|auth|user|cred)[\w.%-]*=).*?(?=&[\w.%-]+=|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def hide(address: str) -> str:
    """Return a URL or a list of `host:port` with `***` for all that comes before `@` and for passwords and users of its query.

    Malformed addresses are hidden as well: all that comes before the last `@`, but for a scheme that ends with `://`.
    """
    shown = _FIELD.sub(rf"\g<name>{HIDDEN}", address)
    before, at, host = shown.rpartition("@")
    if not at:
        return shown
    scheme = _SCHEME.match(before)
    return f"{scheme[0] if scheme else ''}{HIDDEN}@{host}"
