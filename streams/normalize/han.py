"""Variant forms of Chinese characters: traditional, simplified, Japanese and older forms compare as one.

The table is `normalize/han_variants.txt`; it is read at the first Chinese character, for most feeds have none.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

__all__ = ["fold_han", "has_han"]

_HAN = re.compile("[\u4e00-\u9fff]")


@cache
def _variants() -> dict[int, str]:
    lines = files("streams.normalize").joinpath("han_variants.txt").read_text(encoding="utf-8").splitlines()
    pairs = "".join(line for line in lines if not line.startswith("#"))
    return dict(zip(map(ord, pairs[::2]), pairs[1::2], strict=True))


def has_han(text: str) -> bool:
    """Tell whether a text has Chinese characters, be they of a Chinese, Japanese or Korean text."""
    return _HAN.search(text) is not None


def fold_han(text: str) -> str:
    """Return a text with each Chinese character in the one form that stands for all its variants.

    >>> fold_han("圖書館") == fold_han("图书馆") == fold_han("図書館")
    True
    """
    return text.translate(_variants())
