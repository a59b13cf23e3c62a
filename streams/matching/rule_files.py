"""Reads the rules that are data: TOML files and lists of titles beside the modules that use them.

A pattern (regular expression) may be written on several lines: line ends and the blanks around them are removed. `{name}` in a
pattern is replaced by the text that the file defines under this name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from streams.normalize.text import normalize

__all__ = ["joined_pattern", "joined_text", "read_rules", "read_titles"]

_PIECE = re.compile(r"\{([a-z_]+)\}")


def read_rules(name: str) -> dict[str, Any]:
    """Read a rule file of this package."""
    return tomllib.loads(files("streams.matching").joinpath(name).read_text(encoding="utf-8"))


def read_titles(name: str) -> frozenset[str]:
    """Read the titles that a file of this package lists, in normal form."""
    lines = files("streams.matching").joinpath(name).read_text(encoding="utf-8").split("\n")
    return frozenset(line if line.isascii() else normalize(line) for line in lines if line)


def joined_text(text: str, pieces: Mapping[str, str] | None = None) -> str:
    """Join the lines of a text with blanks, and fill in its pieces."""
    return _filled(" ".join(text.split()), pieces or {})


def joined_pattern(pattern: str, pieces: Mapping[str, str] | None = None) -> str:
    """Join the lines of a pattern without blanks, and fill in its pieces."""
    return _filled("".join(line.strip() for line in pattern.split("\n")), pieces or {})


def _filled(text: str, pieces: Mapping[str, str]) -> str:
    return _PIECE.sub(lambda match: pieces.get(match[1], match[0]), text)
