"""Watch the process of the embedded broker, which begins all topics anew when it starts."""

from __future__ import annotations

import asyncio

from streams.kafka.connection import KafkaConnection

__all__ = ["BrokerProcess"]


class BrokerProcess:
    """A plain connection to the broker: its end is the end of the process. Use from one event loop."""

    def __init__(self, kafka: KafkaConnection) -> None:
        """Take where the broker is; `connect` connects."""
        self._kafka = kafka
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self) -> None:
        """Connect to the process that runs now, in place of an earlier one. Raises OSError."""
        self.close()
        host, _, port = self._kafka.servers[0].rpartition(":")
        self._reader, self._writer = await asyncio.open_connection(host.strip("[]"), int(port))

    def runs(self) -> bool:
        """Return whether the process that was connected to still runs; False before the first connection."""
        return self._reader is not None and not self.has_ended()

    def has_ended(self) -> bool:
        """Return whether the process that was connected to has ended; False before the first connection."""
        return self._reader is not None and (self._reader.at_eof() or self._reader.exception() is not None)

    def close(self) -> None:
        """Close the connection."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
