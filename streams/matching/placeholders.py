"""Words that sources write in place of a title they do not have: `Untitled`, `nan`, `(:unav)`, `OUP accepted manuscript`."""

from __future__ import annotations

import re
from importlib.resources import files

from streams.text import word_set

__all__ = ["is_file_name", "is_placeholder"]

_LONGEST = 48
_EXACT = frozenset(files("streams.matching").joinpath("placeholders.txt").read_text(encoding="utf-8").split("\n")) - {
    ""
}
_NOTHING = word_set("nan null none nil undefined na unknown object missing")
_NUMBERED = re.compile(r"(?:document|untitled|presentation|scan|img|dsc|doc|microsoft word)(?: ?\d+)+")
_FILE_NAME = re.compile(r"[^.:?!]{1,90}\.(?:pdf|docx?|pptx?|rtf|tiff?|jpe?g|png|xlsx?|csv|zip|mp4|eps)", re.IGNORECASE)


def is_placeholder(words: str) -> bool:
    """Return whether words in normal form stand in place of a title."""
    return len(words) <= _LONGEST and (
        words in _EXACT
        or (words[-1:].isdigit() and _NUMBERED.fullmatch(words) is not None)
        or (" " in words and _NOTHING.issuperset(words.split(" ")))
    )


def is_file_name(text: str) -> bool:
    """Return whether a title is the name of a file."""
    return (text[-4:-3] == "." or text[-5:-4] == ".") and _FILE_NAME.fullmatch(text) is not None
