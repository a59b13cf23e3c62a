"""Embedded services: a private broker and a private Redis, where the settings name none, for the length of a `with`."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from streams.errors import SettingsError
from streams.local.broker import SESSION_SECONDS, Broker
from streams.local.datadir import DataDirectory
from streams.local.valkey import Valkey
from streams.settings import Settings
from streams.state.credentials import redis_options

__all__ = ["Services"]


class Services:
    """The servers that `settings` leaves empty, started for the length of a `with`; `.settings` has their addresses.

        with Services(load_settings(), Path("data")) as services:
            serve(services.settings)

    The embedded servers end with this process, however it ends. `data_dir` keeps Redis' state over restarts; without it everything
    is temporary. Where the settings name both servers, none is embedded and no directory is created.
    """

    def __init__(self, settings: Settings, data_dir: Path | None = None, *, unix_socket: bool = True) -> None:
        """Prepare the servers; `unix_socket` false puts the embedded Redis on a loopback port, for a proxy in front of it."""
        self._given = settings
        self._unix_socket = unix_socket
        self._data = DataDirectory(data_dir)
        self.broker: Broker | None = None
        self.redis: Valkey | None = None
        self.settings = settings

    @property
    def broker_is_new(self) -> bool:
        """Tell whether the broker started without topics: always so for the embedded one, whatever Redis has stored."""
        return self.broker is not None

    @property
    def data_dir(self) -> Path | None:
        """Return the directory in use; None when no server is embedded."""
        return self._data.path if self.broker is not None or self.redis is not None else None

    def __enter__(self) -> Self:
        """Start the servers and wait until they answer.

        Raises EmbeddedError when a server does not start or the data directory is in use, SettingsError when the settings ask for
        a cluster or replicas, which the embedded Redis does not have.
        """
        given = self._given
        if not given.redis_url and given.redis_cluster:
            raise SettingsError(
                "STREAMS_REDIS_CLUSTER",
                "true, but the embedded Redis is no cluster",
                "false, or STREAMS_REDIS_URL as well",
            )
        if not given.redis_url and given.redis_replicas:
            raise SettingsError(
                "STREAMS_REDIS_REPLICAS",
                f"{given.redis_replicas}, but the embedded Redis has no replicas",
                "0, or STREAMS_REDIS_URL as well",
            )
        if not given.kafka_url and given.kafka_security != "plaintext":
            raise SettingsError(
                "STREAMS_KAFKA_SECURITY",
                f"{given.kafka_security}, but the embedded broker has no security",
                "plaintext, or STREAMS_KAFKA_URL as well",
            )
        if not given.redis_url and redis_options(given):
            raise SettingsError(
                "STREAMS_REDIS_PASSWORD",
                "is set, or another setting of the Redis user, but the embedded Redis has no users",
                "nothing, or STREAMS_REDIS_URL as well",
            )
        if given.kafka_url and given.redis_url:
            return self
        self._data.open()
        try:
            self._start()
        except BaseException:  # Ctrl-C included: a server that was started must not outlive Streams
            self.close()
            raise
        return self

    def _start(self) -> None:
        remove = self._data.path if self._data.temporary else None
        found: dict[str, str | float] = {}
        if not self._given.redis_url:
            directory = self._data.path / "redis"
            lock = (self._data.lock_fd,)
            self.redis = Valkey(directory, unix_socket=self._unix_socket, keep_open=lock, remove=remove)
            self.redis.start()
            found["redis_url"] = self.redis.url
        if not self._given.kafka_url:
            self.broker = Broker(self._data.path, remove=remove)
            self.broker.start()
            found |= {
                "kafka_url": self.broker.url,
                "session_timeout": min(self._given.session_timeout, SESSION_SECONDS),
            }
        self.settings = self._given.model_copy(update=found)

    def poll(self) -> list[str]:
        """Return the names of embedded servers that have ended, and how; empty while all run. Cheap, does not block."""
        return [
            f"{child.name}: {ended}"
            for server in (self.broker, self.redis)
            if server is not None and (child := server.child) is not None and (ended := child.poll()) is not None
        ]

    def check(self) -> None:
        """Raise EmbeddedError, with the last lines of its log, when an embedded server has ended."""
        for server in (self.broker, self.redis):
            if server is not None and server.child is not None:
                server.child.check()

    def close(self) -> None:
        """Stop the servers and delete a temporary directory; the end of a `with` block calls this."""
        try:
            if self.broker is not None:
                self.broker.stop()
        finally:
            try:
                if self.redis is not None:
                    self.redis.close()
            finally:
                self._data.close()
                self.broker, self.redis, self.settings = None, None, self._given

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
