"""Read the current dead letters from their topic; `streams/kafka/redrive.py` redrives and deletes them.

Topic `dedup.dead-letter`, cleanup `compact,delete`:

| message   | key                      | value                | headers                                                            |
|-----------|--------------------------|----------------------|--------------------------------------------------------------------|
| letter    | origin or `origin#where` | the original payload | `streams-code`, `-detail`, `-where`, `-source`, `-origin`, `-key`, |
|           |                          |                      | `-arrival`, where they apply `-retry-of`, `-size`; see messages.py |
| tombstone | that of the letter       | none                 | none: the letter is deleted; it is in the letter's own partition   |

A letter is current while no tombstone comes after it. `streams-size` is present where the payload was too large and is truncated.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from typing import Any, NamedTuple

import msgspec

from streams import events
from streams.errors import UsageError
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import read_one, read_to_now
from streams.kafka.truncation import SIZE
from streams.settings import Settings

__all__ = [
    "Content",
    "DeadLetter",
    "Letter",
    "content_of",
    "contents",
    "letter_of",
    "select",
    "standing",
    "topic_of_letters",
]

_FEW = 8
"""Letters that are read one by one: each takes a connection of its own."""


class DeadLetter(msgspec.Struct, frozen=True):
    """A message, or one item of it, that could not be read. `id` is its `origin`, followed by `#` and `where` for an item.

    `origin` is topic:partition:offset of the message, `where` the path in its payload, empty for all of it. `size` is that of the
    whole payload in bytes, `time` Unix time in ms, `retry_of` the origin of the dead letter that was sent again before.
    `truncated`: only the beginning of the payload is kept.
    """

    id: str
    origin: str
    where: str
    source: str
    code: str
    detail: str
    size: int
    time: int
    retry_of: str
    truncated: bool


class Letter(DeadLetter, frozen=True):
    """A dead letter in its topic, without its payload.

    `id` is its key there; `place` the partition and offset; `arrival` orders the message among those about its record (0: not
    known).
    """

    arrival: int
    place: tuple[int, int]

    @property
    def shown(self) -> DeadLetter:
        """What people and programs are shown of it."""
        return msgspec.convert(self, DeadLetter, from_attributes=True)


class Content(NamedTuple):
    """The key and the payload of the message that was refused, and the headers of its letter."""

    key: bytes
    payload: bytes
    headers: Sequence[tuple[str, bytes]]


def topic_of_letters(settings: Settings) -> str:
    """Return the full name of the topic of dead letters."""
    return settings.topic_prefix + events.DEAD_LETTER


async def standing(settings: Settings) -> list[Letter]:
    """Return the current letters without their payloads, oldest first. Raises BrokerError."""
    found: dict[str, dict[str, Letter]] = {}
    async for message in read_to_now(KafkaConnection.of(settings), [topic_of_letters(settings)]):
        letter = letter_of(message)
        if isinstance(letter, str):
            found.pop(letter, None)
        else:
            # The first version of Streams gave all items of a payload the same key.
            found.setdefault(letter.id, {})[letter.where] = letter
    letters = [letter for items in found.values() for letter in items.values()]
    return sorted(letters, key=lambda letter: (letter.time, letter.place))


def select(letters: Iterable[Letter], names: Sequence[str] = (), *, code: str = "", source: str = "") -> list[Letter]:
    """Return the letters with one of these ids or origins, this reason code and this source; an empty filter passes all.

    Raises UsageError where a name is that of no letter.
    """
    all_letters = list(letters)
    known = {name for letter in all_letters for name in (letter.id, letter.origin)}
    for name in names:
        if name not in known:
            raise UsageError(f"there is no dead letter {name!r}; `streams dead-letter list` shows all")
    wanted = set(names)
    return [
        letter
        for letter in all_letters
        if (not wanted or letter.id in wanted or letter.origin in wanted)
        and code in ("", letter.code)
        and source in ("", letter.source)
    ]


async def contents(settings: Settings, letters: Iterable[Letter]) -> AsyncIterator[tuple[Letter, Content]]:
    """Yield the letters with their payloads; those that were compacted away are left out.

    A few are read one by one; of many, in the order of the topic, all of it is read.
    """
    wanted = {letter.place: letter for letter in letters}
    if len(wanted) <= _FEW:
        for letter in wanted.values():
            if content := await content_of(settings, letter):
                yield letter, content
        return
    async with aclosing(read_to_now(KafkaConnection.of(settings), [topic_of_letters(settings)])) as stream:  # type: ignore[type-var]
        async for message in stream:
            found = wanted.pop((message.partition, message.offset), None)
            if found is not None:
                yield found, _content(message)
            if not wanted:
                return


async def content_of(settings: Settings, letter: Letter) -> Content | None:
    """Return the payload of a letter; None where it was compacted away. Raises BrokerError."""
    message = await read_one(KafkaConnection.of(settings), topic_of_letters(settings), *letter.place)
    if message is None or _text(message.key or b"") != letter.id or "streams-code" not in dict(message.headers):
        return None
    return _content(message)


def _content(message: Any) -> Content:
    return Content(dict(message.headers).get("streams-key", b""), message.value or b"", message.headers)


def letter_of(message: Any) -> Letter | str:
    """Return the letter that a message of the topic (aiokafka's ConsumerRecord) is; of a tombstone the id that it deletes."""
    key = _text(message.key or b"")
    headers = dict(message.headers)
    if "streams-code" not in headers:
        return key
    texts = {name.removeprefix("streams-"): _text(value) for name, value in headers.items()}
    whole, arrival = texts.get("size", ""), texts.get("arrival", "")
    return Letter(
        id=key,
        origin=texts.get("origin", key),
        where=texts.get("where", ""),
        source=texts.get("source", ""),
        code=texts["code"],
        detail=texts.get("detail", ""),
        size=int(whole) if whole.isdecimal() else len(message.value or b""),
        time=message.timestamp,
        retry_of=texts.get("retry-of", ""),
        truncated=SIZE in headers,
        arrival=int(arrival) if arrival.isdecimal() else 0,
        place=(message.partition, message.offset),
    )


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
