"""Hide what is secret in the address of a server, and tokens: errors, logs, `doctor` and files show them in this form only."""

from __future__ import annotations

import re

__all__ = ["HIDDEN", "hide", "hide_tokens"]

HIDDEN = "***"

_FIELD = re.compile(
    r"(?P<name>[?&;][\w.%-]*(?:pass|pwd|secret|token|auth|user|cred)[\w.%-]*=).*?(?=&[\w.%-]+=|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_TOKEN = re.compile(r"(streams_)[A-Za-z0-9_-]{16,}|(whsec_)[A-Za-z0-9+/]{16,}=*")
"""A token of `streams serve` (streams/serve/tokens.py) or a secret of a webhook, wherever a person has put it."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def hide(address: str) -> str:
    """Return a URL or a list of `host:port` with `***` for all that comes before `@`, passwords and users of its query, and tokens.

    Malformed addresses are hidden as well: all that comes before the last `@`, but for a scheme that ends with `://`.
    """
    shown = hide_tokens(_FIELD.sub(rf"\g<name>{HIDDEN}", address))
    before, at, host = shown.rpartition("@")
    if not at:
        return shown
    scheme = _SCHEME.match(before)
    return f"{scheme[0] if scheme else ''}{HIDDEN}@{host}"


def hide_tokens(text: str) -> str:
    """Return the text with `streams_***` for each token of `streams serve` in it, and `whsec_***` for each secret of a webhook."""
    return _TOKEN.sub(rf"\g<1>\g<2>{HIDDEN}", text)
