"""The servers of a Redis: which one has a key, and an exchange with several of them at once.

redis-py makes the connections (authentication, TLS) and reads the replies; the commands are packed by hiredis and sent as
one write a server, for redis-py's pipeline objects cost more time than Redis does. Which server of a cluster has which slot
is asked here: redis-py's cluster client repeats a command whose reply was lost, and a compare-and-set that was applied
is then taken for one that was refused.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from types import MappingProxyType
from typing import Any

import hiredis
import redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.crc import REDIS_CLUSTER_HASH_SLOTS as SLOTS
from redis.crc import key_slot
from redis.exceptions import BusyLoadingError, MovedError, ResponseError
from redis.retry import Retry

__all__ = ["Arguments", "Cluster", "Server", "Servers", "Single", "UnsentError", "converse"]

_TIMEOUT_SECONDS = 10.0
_NODE_TIMEOUT_SECONDS, _NODE_CONNECT_SECONDS = 5.0, 3.0
"""A node of a cluster is not waited for so long: another one may have its slots by then."""

Arguments = tuple[Any, ...]
"""A command with all its arguments: bytes, str or int."""


class UnsentError(redis.ConnectionError):
    """A server cannot be connected to, and nothing was sent to any: the exchange may be repeated."""


class Server:
    """One Redis process and the connections to it.

    `mark` is a key of its own that may be written without meaning anything, `b""` where it has none.
    """

    def __init__(self, pool: redis.ConnectionPool, mark: bytes = b"") -> None:
        self.mark = mark
        # redis-py leaves half of its methods without types; what we call of it is checked by running it.
        self.pool: Any = pool

    def reconnect(self) -> None:
        """Give up the idle connections: another server may answer at the address by now."""
        self.pool.disconnect(inuse_connections=False)

    def close(self) -> None:
        """Close all connections to Redis."""
        self.pool.disconnect()


class Single:
    """The topology of a Redis that is a single server, not a cluster."""

    def __init__(self, url: str, mark: bytes, credentials: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Connect by a URL and `credentials` beside it (redis-py's options); `mark` is the key written before each `WAIT`."""
        retry = Retry(ExponentialBackoff(cap=0.5, base=0.02), 2)
        pool = redis.ConnectionPool.from_url(
            url, socket_timeout=_TIMEOUT_SECONDS, protocol=2, retry=retry, **credentials
        )
        self._server = Server(pool, mark)

    def owner(self, key: bytes) -> Server:
        """Return the server."""
        return self._server

    def named(self, host: str, port: int) -> Server:
        """Return the server."""
        return self._server

    def primaries(self) -> Sequence[Server]:
        """Return the server."""
        return [self._server]

    def changed(self) -> None:
        """Do nothing: there is one server."""

    def moved(self, moves: Iterable[MovedError]) -> None:
        """Do nothing: only a cluster says so, and the caller gets the error itself, for the setting is wrong."""

    def close(self) -> None:
        """Close all connections to Redis."""
        self._server.close()


class Cluster:
    """A Redis Cluster, known by the address of any of its nodes. Nothing is asked before it is needed."""

    def __init__(self, url: str, mark: bytes, credentials: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Know the cluster by one node; the keys written before each `WAIT` begin with `mark`.

        `credentials` are redis-py's options, and hold for every node.
        """
        self._mark, self._marks = mark, 0
        options: dict[str, Any] = {
            "socket_timeout": _NODE_TIMEOUT_SECONDS,
            "socket_connect_timeout": _NODE_CONNECT_SECONDS,
            **credentials,
        }
        self._seed = Server(redis.ConnectionPool.from_url(url, protocol=2, retry=Retry(NoBackoff(), 0), **options))
        self._servers: dict[tuple[str, int], Server] = {}
        self._order: deque[tuple[str, int]] = deque()
        self._owners: list[Server | None] = []
        self._stale = True

    def owner(self, key: bytes) -> Server:
        """Return the primary that has the key's slot."""
        if self._stale:
            self._look()
        slot = key_slot(key)
        server = self._owners[slot]
        if server is None:
            self._stale = True
            raise UnsentError(f"no node of the cluster has slot {slot}")
        return server

    def named(self, host: str, port: int) -> Server:
        """Return the node at an address that another node has named; a new one if it was not known before."""
        address = host, port
        if address not in self._servers:
            seed = self._seed.pool
            options = seed.connection_kwargs | {"host": host, "port": port}
            self._servers[address] = Server(redis.ConnectionPool(connection_class=seed.connection_class, **options))
            self._order.append(address)
        return self._servers[address]

    def primaries(self) -> Sequence[Server]:
        """Return the primaries that have slots."""
        if self._stale:
            self._look()
        return _each(self._owners)

    def changed(self) -> None:
        """Ask again which node has which slot before the next command: one was lost, or named another one."""
        self._stale = True

    def moved(self, moves: Iterable[MovedError]) -> None:
        """Ask anew which node has which slot; the refusals themselves are newer than the answer of another node."""
        with contextlib.suppress(UnsentError):
            self._look()
        for move in moves:
            if move.host and self._owners:
                self._owners[move.slot_id] = self.named(move.host, move.port)
        self._choose_marks()

    def close(self) -> None:
        """Close all connections to Redis."""
        for server in (self._seed, *self._servers.values()):
            server.close()

    def _look(self) -> None:
        """Ask one node after the other, beginning with another one each time: a node that was cut off has old answers."""
        self._order.rotate(-1)
        failure: Exception | None = None
        for address in [*self._order, None]:
            server = self._seed if address is None else self._servers[address]
            host = address[0] if address else str(self._seed.pool.connection_kwargs.get("host", "localhost"))
            try:
                ((answer,),) = converse([(server, [("CLUSTER", "SLOTS")])])
            except (redis.ConnectionError, redis.TimeoutError) as error:
                failure = error
                continue
            if not isinstance(answer, Exception):
                self._learn(answer, host)
                return
            failure = answer
        raise UnsentError(f"no node of the cluster can be asked: {failure}") from failure

    def _learn(self, slots: Sequence[Any], host: str) -> None:
        """Replace the topology by the answer `slots` to `CLUSTER SLOTS`, which the node at `host` gave.

        A node without a name in the answer is the one at `host`, which does not know how others reach it.
        """
        owners: list[Server | None] = [None] * SLOTS
        known: set[tuple[str, int]] = set()
        for first, last, *nodes in slots:
            addresses = [(name.decode() if name else host, int(port)) for name, port, *_ in nodes]
            known.update(addresses)
            owners[first : last + 1] = [self.named(*addresses[0])] * (last - first + 1)
        for address in known:  # replicas too: they can be asked
            self.named(*address)
        for address in self._servers.keys() - known:
            self._servers.pop(address).close()
            self._order.remove(address)
        self._owners, self._stale = owners, False
        self._choose_marks()

    def _choose_marks(self) -> None:
        """Choose a key in a slot of its own for each primary; another one each time, for that slot may move."""
        self._marks += 1
        for server in self._servers.values():
            server.mark = b""
        for server in _each(self._owners):
            names = (b"%s:{%d}" % (self._mark, number) for number in count(self._marks))
            server.mark = next(name for name in names if self._owners[key_slot(name)] is server)


Servers = Single | Cluster
"""Where commands go. All of it may raise UnsentError."""


def _each(owners: Iterable[Server | None]) -> list[Server]:
    return list({id(server): server for server in owners if server is not None}.values())


def converse(lots: Sequence[tuple[Server, Sequence[Arguments]]]) -> list[list[Any]]:
    """Send each server its commands, all servers before any is read, and return the replies; errors are among them.

    Raises UnsentError where a server cannot be connected to, and redis-py's ConnectionError or TimeoutError
    where a connection was lost: then any of the commands may have been executed.
    """
    connections: list[Any] = []
    answered: list[list[Any]] = []
    sent = 0
    try:
        for server, _ in lots:
            connections.append(_connected(server))
        for connection, (_, commands) in zip(connections, lots, strict=True):
            sent += 1
            connection.send_packed_command([b"".join([hiredis.pack_command(arguments) for arguments in commands])])
        for connection, (_, commands) in zip(connections, lots, strict=True):
            answered.append([_reply(connection) for _ in commands])
        return answered
    finally:
        for number, connection in enumerate(connections):
            if len(answered) <= number < sent:
                # A half-read connection would give the next caller this caller's replies.
                connection.disconnect()
            lots[number][0].pool.release(connection)


def _connected(server: Server) -> Any:
    try:
        return server.pool.get_connection()
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise UnsentError(*error.args) from error


def _reply(connection: Any) -> Any:
    try:
        return connection.read_response(disable_decoding=True)
    except (ResponseError, BusyLoadingError) as error:
        return error
