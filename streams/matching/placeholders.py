"""Words that sources write in place of a title they do not have: `Untitled`, `nan`, `(:unav)`, `OUP accepted manuscript`."""

from __future__ import annotations

import re

from streams.matching.rule_files import read_titles
from streams.normalize.text import word_set

__all__ = ["is_placeholder", "without_file_ending"]

_LONGEST = 48
_EXACT = read_titles("placeholders.txt")
_NOTHING = word_set("nan null none nil undefined na unknown object missing")
_NUMBERED = re.compile(r"(?:document|untitled|presentation|scan|img|dsc|doc|microsoft word)(?: ?\d+)+")
_FILE_ENDING = re.compile(r"(?<=[\w)\]])\.(?:pdf|docx?|pptx?|rtf|tiff?|jpe?g|png|xlsx?|csv|zip|mp4|eps)", re.IGNORECASE)
_FEWEST_WORDS = 4


def is_placeholder(words: str) -> bool:
    """Tell whether words in normal form are a placeholder for a missing title."""
    return len(words) <= _LONGEST and (
        words in _EXACT
        or (words[-1:].isdigit() and _NUMBERED.fullmatch(words) is not None)
        or (" " in words and _NOTHING.issuperset(words.split(" ")))
    )


def without_file_ending(text: str) -> str:
    """Return a title without the ending of a file; `""` where it is the name of a file and nothing else."""
    dot = -4 if text[-4:-3] == "." else -5 if text[-5:-4] == "." else 0
    if not dot or not _FILE_ENDING.fullmatch(text, len(text) + dot):
        return text
    words = text[:dot].replace("_", " ")
    return words if len(words.split()) >= _FEWEST_WORDS else ""
