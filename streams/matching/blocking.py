"""Blocking keys of a record: values under which two records of one paper are likely to be found together.

A pure function of `Features`. A feed compares a pair only if the two share a blocking key, so keys are generous: each
of the fuzzy kinds survives another kind of error. `docs/evaluation.md` says what each adds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from streams.matching.feature_values import IS_PREPRINT, STOP_TITLE, Features
from streams.normalize.text import STOPWORDS, compact

__all__ = ["MAX_KEYS", "Key", "blocking_keys"]

MAX_KEYS = 15
_MIN_COMPACT = 10  # letters; a shorter title is a key only together with author or year
_MAIN = 16  # letters; a shorter main title is no key without its subtitle
_PREFIX, _SUFFIX = 16, 20  # letters of the informative words from either end
_RARE_WORDS = 3
_AUTHOR_WORDS = 3
_STEM = 9  # letters of a word that are kept, so that its endings do not count


class Key(NamedTuple):
    """A blocking key: `kind` says how it was made, `value` is short text in normal form."""

    kind: str
    value: str


_Found = list[tuple[str, str]]
# Of a pair; a third of the time of calling the class, and a record has seven keys.
_KEY: Callable[[tuple[str, str]], Key] = partial(tuple.__new__, Key)


def blocking_keys(features: Features) -> tuple[Key, ...]:
    """Return the blocking keys of a record, identifiers first, at most `MAX_KEYS`."""
    found = [("id", value) for value in features.ids[:5]]
    # A record that a source relates to another work gets that work's identifier as a key, so that the two are compared.
    found += [("id", relation.partition(" ")[2]) for relation in features.relations[:2]]
    if features.title:
        if features.flags & STOP_TITLE:
            _stop_keys(features, found)
        else:
            _title_keys(features, found)
    _team_keys(features, found)
    if features.page and features.volume:
        where = features.journal[:1] or features.date // 10000 or ""
        found.append(("place", f"{features.volume} {features.page} {where}"))
    if features.abstract:
        # With letters of a name: abstracts made of stock sentences would put thousands of records under one key.
        initials = _family(features)[:3]
        found += [("abstract", features.abstract[at : at + 3].hex() + initials) for at in (0, 5, 10)]
    return tuple(map(_KEY, dict.fromkeys(found)))[:MAX_KEYS]


def _family(features: Features) -> str:
    first = features.authors[0] if features.authors else ""
    return first.partition("|")[0][:12]


def _stop_keys(features: Features, found: _Found) -> None:
    family = _family(features)
    if family and features.date:
        found.append(("stop", f"{compact(features.title)[:24]} {family} {features.date // 10000}"))
    if features.volume and features.journal:
        found.append(
            ("stop", f"{compact(features.title)[:24]} {features.journal[:9]} {features.volume} {features.number}")
        )


def _title_keys(features: Features, found: _Found) -> None:
    whole = compact(features.title)
    words = [word for word in features.title.split(" ") if word not in STOPWORDS]
    longest = _longest(words)
    family = _family(features)
    if len(whole) >= _MIN_COMPACT and (len(words) > 1 or not whole.isascii()):
        found.append(("title", whole[:72]))
        if features.cut:
            main = compact(features.main)
            if len(main) >= _MAIN:
                found.append(("title", main[:72]))
            elif family and " " not in features.main:
                found.append(("short", f"{main} {family}"))
        _part_keys(features, words, longest, found)
    elif family:
        found.append(("short", f"{whole} {family}"))
    elif features.date:
        found.append(("short", f"{whole} {features.date // 10000}"))
    if features.authors:
        name = f"{family} {initial}" if (initial := features.authors[0].partition("|")[2][:1]) else family
        found += [("author", f"{name} {word}") for word in longest[:_AUTHOR_WORDS]]
    for other in features.others[:2]:
        if len(compact(other)) >= _MIN_COMPACT:
            found.append(("title", compact(other)[:72]))


def _team_keys(features: Features, found: _Found) -> None:
    """Add keys of all authors and the year, for works published under another title.

    A preprint gets a second key with the year after, for its article may appear then.
    """
    if not 2 <= features.n_authors == len(features.authors) or not features.date:
        return
    year = features.date // 10000
    team = " ".join(sorted(name.partition("|")[0][:6] for name in features.authors))[:48]
    for later in (0, 1) if features.flags & IS_PREPRINT else (0,):
        found.append(("team", f"{team} {year + later}"))


def _part_keys(features: Features, words: list[str], longest: list[str], found: _Found) -> None:
    """Add keys that survive an error in one part of the title: its beginning, the end of its main part, its longest words."""
    letters = "".join(words)
    if len(letters) > _PREFIX:
        found.append(("begin", letters[:_PREFIX]))
    ending = "".join(word for word in features.main.split(" ") if word not in STOPWORDS) if features.cut else letters
    ending = ending if len(ending) >= _SUFFIX else letters
    if len(ending) > _SUFFIX:
        found.append(("end", ending[-_SUFFIX:]))
    if len(longest) >= _RARE_WORDS:
        found.append(("words", " ".join(sorted(longest[:_RARE_WORDS]))))


def _longest(words: list[str]) -> list[str]:
    """Return the words of a title without their endings, the longest first."""
    return sorted(sorted({word[:_STEM] for word in words}), key=len, reverse=True)
