"""Opens dead letters, sends them again and drops them, each with its outcome: what the API and the page share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

import msgspec

from streams.curation import dead_letter_book
from streams.curation.database import Database
from streams.curation.dead_letter_book import Selection
from streams.errors import NotFoundError, UsageError
from streams.events import dead_letter_fields
from streams.kafka.dead_letters import Content, DeadLetter, Letter, content_of
from streams.kafka.redrive import drop, retry
from streams.kafka.topics import create_topics
from streams.serve.problems import ProblemError
from streams.serve.resources import Resources
from streams.sources import SOURCES

__all__ = [
    "MOST_CHOSEN",
    "Choice",
    "DeadLetterContent",
    "DeadLetterOutcome",
    "DeadLetterOutcomes",
    "RetryRequest",
    "drop_chosen",
    "open_letter",
    "retry_chosen",
]  # fmt: skip

MOST_CHOSEN = 500
MOST_PAYLOAD = 1_000_000
"""Bytes of a payload in an answer."""


class DeadLetterContent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message that could not be read: its dead letters say what is wrong and where, `payload` is what it was.

    `payload_base64` has it where it is no UTF-8. `shown` counts its bytes in this answer, at most a million, of `size` in all.
    """

    origin: str
    letters: tuple[DeadLetter, ...]
    key: str
    size: int
    shown: int
    payload: str = ""
    payload_base64: str = ""


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Dead letters: by `origins`, or all with a `reason`, of a `source`, or both; up to 500 messages at once."""

    origins: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]], msgspec.Meta(max_length=MOST_CHOSEN)
    ] = []
    reason: Annotated[str, msgspec.Meta(max_length=100)] = ""
    source: Annotated[str, msgspec.Meta(max_length=200)] = ""


class RetryRequest(Choice, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Dead letters to send again; `to` names the source they belong to, where they came by the topic of another one."""

    to: Annotated[str, msgspec.Meta(max_length=200)] = ""


class DeadLetterOutcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one message: the `topic` it was sent to, or `dropped`, or the `problem`; `letters` are its dead letters."""

    origin: str
    letters: tuple[str, ...] = ()
    topic: str = ""
    dropped: bool = False
    problem: str = ""


class DeadLetterOutcomes(msgspec.Struct, frozen=True):
    """An outcome for each message; `more`: others were asked for as well, ask again for them."""

    items: tuple[DeadLetterOutcome, ...]
    more: bool


async def open_letter(resources: Resources, name: str) -> DeadLetterContent:
    """Return a message by its origin or the id of one of its dead letters, with its payload. Raises NotFoundError."""
    letters = await resources.curation.database.run(partial(dead_letter_book.named, name=name))
    if not letters:
        raise NotFoundError("unknown_dead_letter", f"there is no dead letter {name!r}")
    content = await content_of(resources.settings, letters[0])
    if content is None:
        raise NotFoundError("unknown_dead_letter", f"the dead letter {name!r} was deleted or replaced just now")
    return _content(letters, content)


async def retry_chosen(resources: Resources, choice: RetryRequest) -> DeadLetterOutcomes:
    """Send the payloads of dead letters again and delete these. Raises UsageError for an unknown `to`, BrokerError."""
    if choice.to and choice.to not in SOURCES:
        raise UsageError(f"unknown source {choice.to!r}; known: {', '.join(SOURCES)}")
    book = resources.curation.database
    letters, outcomes, more = await _chosen(book, choice)
    if letters:
        await create_topics(resources.settings)
        whole = await book.run(partial(dead_letter_book.of_messages, letters=letters))
        done = await retry(resources.settings, whole, letters, to=choice.to)
        await book.run(partial(dead_letter_book.delete, letters=[x for o in done if not o.problem for x in o.letters]))
        outcomes += [
            DeadLetterOutcome(
                origin=outcome.letters[0].origin,
                letters=tuple(letter.id for letter in outcome.letters),
                topic=outcome.topic,
                problem=outcome.problem,
            )
            for outcome in done
        ]
    return DeadLetterOutcomes(tuple(outcomes), more)


async def drop_chosen(resources: Resources, choice: Choice) -> DeadLetterOutcomes:
    """Delete dead letters without sending their payloads. Raises BrokerError."""
    book = resources.curation.database
    letters, outcomes, more = await _chosen(book, choice)
    if letters:
        await drop(resources.settings, letters)
        await book.run(partial(dead_letter_book.delete, letters=letters))
        by_origin: dict[str, list[str]] = {}
        for letter in letters:
            by_origin.setdefault(letter.origin, []).append(letter.id)
        outcomes += [
            DeadLetterOutcome(origin=origin, letters=tuple(names), dropped=True) for origin, names in by_origin.items()
        ]
    return DeadLetterOutcomes(tuple(outcomes), more)


async def _chosen(book: Database, choice: Choice) -> tuple[list[Letter], list[DeadLetterOutcome], bool]:
    """Return the letters that are chosen, outcomes for names of none, and whether more were asked for than one request takes.

    Raises ProblemError where nothing is said, or both names and filters.
    """
    filters = bool(choice.reason or choice.source)
    if bool(choice.origins) == filters:
        raise ProblemError(422, "malformed", "give either origins, or a reason, a source or both")
    if filters:
        selection = Selection(choice.source, choice.reason)
        letters = await book.run(partial(dead_letter_book.selected, selection=selection, most=MOST_CHOSEN + 1))
        origins = list(dict.fromkeys(letter.origin for letter in letters))
        kept = set(origins[:MOST_CHOSEN])
        return [letter for letter in letters if letter.origin in kept], [], len(origins) > MOST_CHOSEN
    found: dict[str, Letter] = {}
    unknown = []
    for name in dict.fromkeys(choice.origins):
        named = await book.run(partial(dead_letter_book.named, name=name))
        found |= {letter.id + letter.where: letter for letter in named}
        if not named:
            unknown.append(DeadLetterOutcome(origin=name, problem="there is no such dead letter"))
    return list(found.values()), unknown, False


def _content(letters: Sequence[Letter], content: Content) -> DeadLetterContent:
    shown = content.payload[:MOST_PAYLOAD]
    while shown and len(shown) < len(content.payload) and content.payload[len(shown)] & 0xC0 == 0x80:
        shown = shown[:-1]  # a character of several bytes is not cut
    fields = dead_letter_fields(shown, ())
    return DeadLetterContent(
        origin=letters[0].origin,
        letters=tuple(letter.shown for letter in letters),
        key=content.key.decode("utf-8", "backslashreplace"),
        size=letters[0].size,
        shown=len(shown),
        payload=fields.get("payload", ""),
        payload_base64=fields.get("payload_base64", ""),
    )
