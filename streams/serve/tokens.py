"""The tokens of `streams serve`: a file with a name, a scope and a hash for each.

    # name scope sha256
    ada curate 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08

A token has 256 random bits, so a plain SHA-256 of it cannot be turned back, and the file lets no reader in. Who may replace the
file may make tokens: it has mode 0600, and is replaced as a whole. A running service reads it again when it changes.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from streams.errors import NotFoundError, SettingsError, UsageError
from streams.event_log import EventLog
from streams.settings import PREFIX
from streams.settings.redaction import hide_tokens

__all__ = ["FILE_NAME", "PREFIX_OF_TOKENS", "SCOPES", "Scope", "Token", "TokenFile", "TokenReader", "digest"]

log = EventLog(__name__)

Scope = Literal["read", "curate", "operate"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
"""What a token allows, each including those before it."""
FILE_NAME = "tokens"
"""The name of the file in the data directory of `streams up`."""
PREFIX_OF_TOKENS = "streams_"
"""How each token begins, so that scanners of repositories and logs find it (streams/settings/redaction.py hides it)."""

_HEADING = "# name scope sha256: made by `streams token`; the tokens themselves are nowhere\n"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SETTING = PREFIX + "SERVE_TOKENS_FILE"
_RANDOM_BYTES = 32


class Token(NamedTuple):
    """A token as the file has it: `name` is the author of what is done with it, `digest` the SHA-256 of its text."""

    name: str
    scope: Scope
    digest: str


def digest(token: str) -> str:
    """Return the hash by which the file knows a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class TokenFile:
    """The file at a path, to be changed by one process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()  # a link to the file must remain one

    @property
    def shown(self) -> str:
        """The path as it may be shown: a person may have put a token there."""
        return hide_tokens(str(self.path))

    def tokens(self) -> list[Token]:
        """Return all tokens, in the order of the file; none where there is no file.

        Raises SettingsError where it cannot be read, or names the first line that is malformed, never with what is in it.
        """
        tokens, malformed = _parse(_read(self.path))
        if malformed:
            raise SettingsError(
                _SETTING,
                f"line {malformed[0]} of {self.shown} is malformed",
                "`name scope sha256` a line",
            )
        return tokens

    def create(self, name: str, scope: Scope) -> str:
        """Add a token and return its text, which is written nowhere. Raises UsageError where the name is malformed or in use."""
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{hide_tokens(name)!r} cannot be the name of a token: letters, digits and . _ @ + -, up to 64"
            )
        token = PREFIX_OF_TOKENS + secrets.token_urlsafe(_RANDOM_BYTES)
        with self._locked():
            tokens = self.tokens()
            if any(each.name == name for each in tokens):
                raise UsageError(f"there is a token named {name} in {self.shown}: revoke it, or choose another name")
            self._write([*tokens, Token(name, scope, digest(token))])
        return token

    def revoke(self, name: str) -> None:
        """Remove a token. Raises NotFoundError where there is none of this name."""
        with self._locked():
            tokens = self.tokens()
            kept = [each for each in tokens if each.name != name]
            if len(kept) == len(tokens):
                raise NotFoundError("unknown_token", f"there is no token named {hide_tokens(name)} in {self.shown}")
            self._write(kept)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock of the file's directory: the file itself is replaced, so a lock on it would be on the old one."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            directory = os.open(self.path.parent, os.O_RDONLY)
        except OSError as error:
            raise _unusable(self.path, "written", error) from None
        try:
            fcntl.flock(directory, fcntl.LOCK_EX)
            yield
        finally:
            os.close(directory)

    def _write(self, tokens: list[Token]) -> None:
        text = _HEADING + "".join(" ".join(token) + "\n" for token in tokens)
        new = self.path.with_name(self.path.name + ".new")
        try:
            new.unlink(missing_ok=True)  # of a process that was killed
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
        except OSError as error:
            raise _unusable(self.path, "written", error) from None


class TokenReader:
    """The tokens of a file that may change at any time; a look-up costs a `stat`."""

    def __init__(self, path: Path) -> None:
        """Read the file. Raises SettingsError where it is not there, cannot be read, may be written by all, or is malformed."""
        self._path = path
        try:
            found = path.stat()
        except OSError as error:
            raise _unusable(path, "read", error) from None
        if found.st_mode & 0o002:
            raise SettingsError(_SETTING, f"{path} may be written by every user", "a file of mode 0600")
        self._version = _version(found)
        self._tokens = TokenFile(path).tokens()
        self._index()

    def __len__(self) -> int:
        return len(self._tokens)

    def find(self, token: str) -> Token | None:
        """Return the token with this text; None where there is none, or none any more."""
        self._follow()
        return self._by_digest.get(digest(token))

    def named(self, name: str) -> Token | None:
        """Return the token with this name; None where there is none, or none any more."""
        self._follow()
        return self._by_name.get(name)

    def _follow(self) -> None:
        """Read the file again if it changed.

        Of a file that went bad what can be read counts: a person meant to change it, perhaps to revoke a token.
        """
        try:
            version = _version(self._path.stat())
        except OSError:
            version = ()
        if version == self._version:
            return
        self._version = version
        try:
            text = _read(self._path)
        except SettingsError as error:
            log.error("tokens_unreadable", "{reason}: no token counts until it can be read", reason=str(error))
            text = ""
        self._tokens, malformed = _parse(text)
        self._index()
        for line in malformed:
            log.error(
                "tokens_malformed", "line {line} of {path} is malformed and left out", line=line, path=str(self._path)
            )
        log.info("tokens_read", "{count} tokens were read from {path}", count=len(self._tokens), path=str(self._path))

    def _index(self) -> None:
        self._by_digest: Mapping[str, Token] = {token.digest: token for token in self._tokens}
        self._by_name: Mapping[str, Token] = {token.name: token for token in self._tokens}


def _version(found: os.stat_result) -> tuple[int, ...]:
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise _unusable(path, "read", error) from None


def _parse(text: str) -> tuple[list[Token], list[int]]:
    """Return the tokens of a file, and the numbers of the lines that are malformed or repeat a name."""
    tokens: dict[str, Token] = {}
    malformed = []
    for number, line in enumerate(text.splitlines(), 1):
        parts = line.split()
        if not parts or parts[0].startswith("#"):
            continue
        if (
            len(parts) == 3
            and _NAME.fullmatch(parts[0])
            and parts[1] in SCOPES
            and _DIGEST.fullmatch(parts[2])
            and parts[0] not in tokens
        ):
            tokens[parts[0]] = Token(*parts)  # type: ignore[arg-type]  # the scope is one of SCOPES
        else:
            malformed.append(number)
    return list(tokens.values()), malformed


def _unusable(path: Path, how: str, error: OSError) -> SettingsError:
    problem = f"{hide_tokens(str(path))} cannot be {how}: {error.strerror}"
    return SettingsError(_SETTING, problem, "a file made by `streams token create`")
