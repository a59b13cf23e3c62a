"""One round trip for many commands, on a single Redis or on a Redis Cluster.

redis-py makes the connections (authentication, TLS, cluster topology); the commands are packed by
hiredis and sent as one write, for redis-py's pipeline objects cost more time than Redis does.
A command is a tuple of arguments whose key is named beside it, for routing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha1
from pathlib import Path
from typing import Any, NamedTuple

import hiredis
import redis
from redis.backoff import ExponentialBackoff
from redis.cluster import RedisCluster
from redis.exceptions import NoScriptError, ResponseError
from redis.retry import Retry

from streams.errors import RedisError
from streams.settings import Settings

__all__ = ["Command", "Connection", "Script", "connect"]

_TIMEOUT_SECONDS = 10.0


class Command(NamedTuple):
    """A Redis command: the key it is routed by, and all its arguments (bytes, str or int)."""

    key: bytes
    args: tuple[Any, ...]


class Script:
    """A Lua script shipped beside the module that uses it, called by its hash."""

    def __init__(self, path: Path) -> None:
        self.source = path.read_text(encoding="utf-8")
        # Redis names scripts by SHA-1; nothing is secured by it.
        self.sha = sha1(self.source.encode(), usedforsecurity=False).hexdigest()

    def call(self, keys: Sequence[bytes], args: Iterable[bytes | str | int]) -> Command:
        """The command that runs the script on `keys`, which share a hash slot."""
        return Command(keys[0], ("EVALSHA", self.sha, len(keys), *keys, *args))


class Connection:
    """Sends commands in bulk and returns their replies in order.

    Not safe for use from two threads at once. Raises RedisError when the server cannot be reached
    or refuses a command; the caller may then repeat the whole lot, for all our writes are idempotent.
    """

    def __init__(self, client: redis.Redis | RedisCluster, scripts: Iterable[Script] = ()) -> None:
        # redis-py leaves half of its methods without types; what we call of it is checked by running it.
        self.client: Any = client
        self.is_cluster = isinstance(client, RedisCluster)
        self._scripts = {script.sha: script for script in scripts}
        self.round_trips = 0
        self.permit: Callable[[], None] = lambda: None
        """Called before each round trip: raises where its owner may not touch the state any more."""

    def register(self, *scripts: Script) -> None:
        """Load scripts, and remember them, so that a server that has forgotten one is given it again."""
        self._scripts.update({script.sha: script for script in scripts})
        try:
            for script in scripts:
                self.client.script_load(script.source)
        except redis.RedisError as error:
            raise RedisError(f"Redis: {error or type(error).__name__}") from error

    def execute(self, commands: Sequence[Command]) -> list[Any]:
        """Run the commands in as few round trips as the topology allows; replies in the order of the commands."""
        if not commands:
            return []
        self.permit()
        self.round_trips += 1
        try:
            if self.is_cluster:
                return self._execute_cluster(self.client, commands)
            replies = _exchange(self.client.connection_pool, commands)
            return [self._settle(self.client, command, reply) for command, reply in zip(commands, replies, strict=True)]
        except redis.RedisError as error:
            raise RedisError(f"Redis: {error or type(error).__name__}") from error

    def call(self, *args: bytes | str | int) -> Any:
        """Run one command through redis-py, for the few that are not on the hot path."""
        try:
            return self.client.execute_command(*args)
        except redis.RedisError as error:
            raise RedisError(f"Redis: {error or type(error).__name__}") from error

    def close(self) -> None:
        """Give up the connections."""
        self.client.close()

    def _execute_cluster(self, client: Any, commands: Sequence[Command]) -> list[Any]:
        by_node: dict[str, list[int]] = defaultdict(list)
        pools = {}
        for position, command in enumerate(commands):
            node = client.nodes_manager.get_node_from_slot(client.keyslot(command.key))
            by_node[node.name].append(position)
            pools[node.name] = client.get_redis_connection(node).connection_pool
        replies: list[Any] = [None] * len(commands)
        for name, positions in by_node.items():
            try:
                answered = _exchange(pools[name], [commands[position] for position in positions])
            except redis.ConnectionError as error:
                # The node is gone or was replaced: each command goes again by redis-py, which follows the topology.
                answered = [error] * len(positions)
            for position, reply in zip(positions, answered, strict=True):
                replies[position] = reply
        return [self._settle(client, command, reply) for command, reply in zip(commands, replies, strict=True)]

    def _settle(self, client: Any, command: Command, reply: Any) -> Any:
        if not isinstance(reply, Exception):
            return reply
        if isinstance(reply, NoScriptError):
            script = self._scripts[str(command.args[1])]
            return client.execute_command("EVAL", script.source, *command.args[2:])
        if self.is_cluster:
            return client.execute_command(*command.args)
        raise reply


def _exchange(pool: Any, commands: Sequence[Command]) -> list[Any]:
    connection = pool.get_connection()
    try:
        connection.send_packed_command([b"".join([hiredis.pack_command(command.args) for command in commands])])
        replies = []
        for _ in commands:
            try:
                replies.append(connection.read_response(disable_decoding=True))
            except ResponseError as error:
                replies.append(error)
        return replies
    except BaseException:
        # A half-read connection would give the next caller this caller's replies.
        connection.disconnect()
        raise
    finally:
        pool.release(connection)


def connect(settings: Settings) -> Connection:
    """Connect by the settings' URL. The server is not asked for anything yet."""
    options: dict[str, Any] = {
        "socket_timeout": _TIMEOUT_SECONDS,
        "protocol": 2,
    }
    if settings.redis_cluster:
        client: redis.Redis | RedisCluster = RedisCluster.from_url(
            settings.redis_url, retry=Retry(ExponentialBackoff(cap=1.0, base=0.05), 8), **options
        )
    else:
        client = redis.Redis.from_url(
            settings.redis_url, retry=Retry(ExponentialBackoff(cap=0.5, base=0.02), 2), **options
        )
    return Connection(client)
