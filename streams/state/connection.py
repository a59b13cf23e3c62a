"""One round trip for many commands, on a single Redis or on a Redis Cluster. Key `namespace:wait` of `state/layout.py`.

A command is a tuple of arguments whose key is named beside it, for routing. On a cluster each node gets its commands in one
write, all nodes before any is waited for; what a node refuses because a slot moves or a replica takes over goes where
it says, or again a moment later. A command that may have been executed is never repeated here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha1
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import redis
from redis.exceptions import (
    AskError,
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    MasterDownError,
    MovedError,
    NoPermissionError,
    NoScriptError,
    ReadOnlyError,
    TryAgainError,
)

from streams.errors import ForgottenError, RedisError, RedisSetupError
from streams.settings import Settings
from streams.state.credentials import redis_options
from streams.state.layout import mark_key
from streams.state.refusal import advice
from streams.state.servers import Arguments, Cluster, Server, Servers, Single, UnsentError, converse

__all__ = ["READ_FIELDS", "Command", "Connection", "Script", "connect", "connect_to_read"]

T = TypeVar("T")

_PAUSES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.3)
"""Seconds before a refused command is sent again: 1 in all, then the caller gets the error, and waits longer."""
_PATIENCE = (0.02, 0.1, 0.4, 0.8, 1.0, 1.0, 1.0)
"""Seconds before a call that failed is repeated: 4 in all, longer than a replica of a cluster mostly takes to take over."""
_LONG, _LONGEST = 2.0, 8.0
"""Seconds after which no attempt begins, however many are left: each may have waited for a machine that is off."""
_PATIENCE_ALONE = (0.02, 0.1)
_WAIT_MS = 3000
"""How long a server waits for its replicas to acknowledge: a disk that is busy may hold one up for a second or two."""

_LATER = (NoScriptError, TryAgainError, ClusterDownError, MasterDownError, ReadOnlyError, BusyLoadingError)
"""Refusals that say that the command was not executed, and that it may be soon."""
_ELSEWHERE = (MovedError, AskError)
"""The same, by a node of a cluster that does not have the key."""
_FORGOTTEN = "FORGOTTEN"
"""How the scripts refuse a call on a server whose replication id the caller does not know (`state/history.lua`)."""


_NO_CREDENTIALS = ("NOAUTH", "WRONGPASS", "NOPERM", "Authentication required")
_NO_CLUSTER = "cluster support disabled"


class Command(NamedTuple):
    """A Redis command: the key it is routed by, and all its arguments (bytes, str or int)."""

    key: bytes
    args: Arguments


class Script:
    """A Lua script shipped beside the module that uses it, called by its hash."""

    def __init__(self, *paths: Path) -> None:
        """Several files are one script, in their order: functions that scripts share come first."""
        self.source = "".join(path.read_text(encoding="utf-8") for path in paths)
        # Redis names scripts by SHA-1; nothing is secured by it.
        self.sha = sha1(self.source.encode(), usedforsecurity=False).hexdigest()

    def call(self, keys: Sequence[bytes], args: Iterable[bytes | str | int]) -> Command:
        """Return the command that runs the script on `keys`, which share a hash slot."""
        return Command(keys[0], ("EVALSHA", self.sha, len(keys), *keys, *args))


READ_FIELDS = Script(Path(__file__).parent / "read_fields.lua")
_READ_TOGETHER = 128
"""Fields that one script reads: it holds the server for about 0.1 ms."""


class _Detour(NamedTuple):
    """How a command that was refused is sent again: its arguments, and the server that was named for it once, if one was."""

    args: Arguments
    ask: tuple[str, int] | None = None


class Connection:
    """Sends commands in bulk and returns their replies in order.

    Not safe for use from two threads at once. Raises RedisError when a server cannot be reached, refuses a command, or has
    fewer replicas that acknowledge than it should; the caller may then repeat all of them, because every
    write of Streams is idempotent.

    More than ten methods, for a command may be refused, redirected or unanswered.
    """

    def __init__(self, servers: Servers, scripts: Iterable[Script] = (), replicas: int = 0) -> None:
        """Prepare a connection to `servers`, which may execute `scripts`.

        A reply is returned only when `replicas` replicas have all the data that the exchange has read or written.
        """
        self.servers = servers
        self.replicas = replicas
        self.is_cluster = isinstance(servers, Cluster)
        self._scripts = {script.sha: script for script in scripts}
        self._again = (*_LATER, *_ELSEWHERE) if self.is_cluster else _LATER
        self.round_trips = 0
        self.permit: Callable[[], None] = lambda: None
        """Called before each round trip: raises where the caller may not touch the state any more."""
        self.on_answer: Callable[[float], None] = lambda _seconds: None
        """Called with the seconds of each round trip that was answered."""
        self.on_error: Callable[[redis.RedisError], None] = lambda _error: None
        """Called with each error that is raised as a RedisError of Streams."""

    def register(self, *scripts: Script) -> None:
        """Load scripts on every server, and keep them, so that this worker can load one again on a server that has lost it."""
        self._scripts.update({script.sha: script for script in scripts})
        for script in scripts:
            self.everywhere("SCRIPT", "LOAD", script.source)

    def execute(self, commands: Sequence[Command]) -> list[Any]:
        """Run the commands in as few round trips as the topology allows; replies in the order of the commands.

        Commands on one key are executed in their order, but for one that is refused while its slot moves: it comes after
        those that were not. The commands of Streams allow this: each is a compare-and-set, adds to a set, or writes fields
        that no other of the same call writes.
        """
        if not commands:
            return []
        try:
            return self._execute(commands, self.permit)
        except redis.RedisError as error:
            self.on_error(error)
            raise _as_ours(error) from error

    def chunks(self, items: Sequence[T], most: int) -> Iterable[Sequence[T]]:
        """Yield items in chunks for one script call each: `most` on one server, one on a cluster, where keys are on several."""
        size = 1 if self.is_cluster else most
        return (items[start : start + size] for start in range(0, len(items), size))

    def read_fields(self, keys: Sequence[bytes], fields: Sequence[bytes]) -> list[bytes | None]:
        """Return one field of each of many hashes, None where there is none: by a script where one server has all of them.

        A reply costs more than a value in it. A connection on which `READ_FIELDS` was not registered calls no script.
        """
        if self.is_cluster or READ_FIELDS.sha not in self._scripts:
            return self.execute([Command(key, ("HGET", key, f)) for key, f in zip(keys, fields, strict=True)])
        chunks = [slice(start, start + _READ_TOGETHER) for start in range(0, len(keys), _READ_TOGETHER)]
        replies = self.execute([READ_FIELDS.call(keys[chunk], fields[chunk]) for chunk in chunks])
        return [value for reply in replies for value in reply]

    def call(self, *args: bytes | str | int) -> Any:
        """Run one command on the key that is its first argument, for the few that are not on the hot path.

        It is repeated for some seconds where a server is lost, so it must be one that may be executed twice.
        """
        name = args[1] if len(args) > 1 else b""
        command = Command(name if isinstance(name, bytes) else str(name).encode(), args)
        return self._patiently(lambda: self._execute([command], lambda: None)[0])

    def everywhere(self, *args: bytes | str | int) -> list[Any]:
        """Run one command that has no key on every server that takes writes; one reply each."""

        def ask() -> list[Any]:
            replies = [reply for (reply,) in converse([(server, [args]) for server in self.servers.primaries()])]
            _raise_first(replies)
            return replies

        return self._patiently(ask)

    def close(self) -> None:
        """Give up the connections."""
        self.servers.close()

    def _patiently(self, work: Callable[[], T]) -> T:
        began = time.monotonic()
        for pause in (*(_PATIENCE if self.is_cluster else _PATIENCE_ALONE), None):
            try:
                return work()
            except redis.RedisError as error:
                lost = isinstance(error, (redis.ConnectionError, redis.TimeoutError, *_LATER))
                if pause is None or not lost or time.monotonic() - began > _LONGEST:
                    self.on_error(error)
                    raise _as_ours(error) from error
                self.servers.changed()
                time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _execute(self, commands: Sequence[Command], permit: Callable[[], None]) -> list[Any]:
        replies: list[Any] = [None] * len(commands)
        todo: Sequence[int] = range(len(commands))
        detours: dict[int, _Detour] = {}
        began = time.monotonic()
        for pause in (*_PAUSES, None):
            permit()
            self.round_trips += 1
            asked = time.monotonic()
            try:
                refused = self._exchange(commands, todo, detours, replies)
                self.on_answer(time.monotonic() - asked)
            except UnsentError as error:
                self.servers.changed()
                if not self.is_cluster:
                    raise
                refused = dict.fromkeys(todo, error)
            if not refused:
                break
            if pause is None or time.monotonic() - began > _LONG:
                raise next(iter(refused.values()))
            todo = sorted(refused)
            before = {position: detours.get(position, _Detour(commands[position].args)) for position in todo}
            detours = {position: self._detour(before[position], error) for position, error in refused.items()}
            if moves := [error for error in refused.values() if isinstance(error, MovedError)]:
                self.servers.moved(moves)
            time.sleep(pause)
        _raise_first(replies)
        return replies

    def _exchange(
        self, commands: Sequence[Command], todo: Sequence[int], detours: Mapping[int, _Detour], replies: list[Any]
    ) -> dict[int, redis.RedisError]:
        """Send the commands at the positions `todo` and note the replies; returns which were not executed, and why."""
        lots = self._lots(commands, todo, detours)
        try:
            answered = converse([(s, self._written(s, commands, lot, detours)) for s, lot in lots.items()])
        except (redis.ConnectionError, redis.TimeoutError):
            self.servers.changed()
            raise
        refused: dict[int, redis.RedisError] = {}
        doubt: redis.RedisError | None = None
        for (server, lot), said in zip(lots.items(), answered, strict=True):
            here = self._read(lot, said, detours, replies)
            refused |= here
            if self.replicas and len(here) < len(lot):
                doubt = doubt or self._doubt(server, said[-2:])
            if any(isinstance(error, ReadOnlyError) for error in here.values()):
                server.reconnect()
        if doubt is not None:
            self.servers.changed()
            raise doubt
        return refused

    def _lots(
        self, commands: Sequence[Command], todo: Sequence[int], detours: Mapping[int, _Detour]
    ) -> dict[Server, list[int]]:
        """Return the positions of the commands by the server each goes to."""
        if not self.is_cluster:
            return {self.servers.owner(b""): list(todo)}
        lots: dict[Server, list[int]] = {}
        for position in todo:
            detour = detours.get(position)
            named = detour.ask if detour else None
            server = self.servers.named(*named) if named else self.servers.owner(commands[position].key)
            lots.setdefault(server, []).append(position)
        return lots

    def _written(
        self, server: Server, commands: Sequence[Command], lot: Sequence[int], detours: Mapping[int, _Detour]
    ) -> list[Arguments]:
        """Return the commands as they are sent, with a write and WAIT after them where replicas must have everything.

        WAIT covers all that the server had written before the last write of its own connection: with a write right before it,
        all that was read is on the replicas as well, not only what this connection has written (ADR 14).
        """
        written: list[Arguments] = []
        if not detours:
            written += [commands[position].args for position in lot]
        for position in lot if detours else ():
            args, ask = detours[position]
            written += [("ASKING",), args] if ask else [args]
        if self.replicas:
            written += [("SET", server.mark, ""), ("WAIT", self.replicas, _WAIT_MS)]
        return written

    def _read(
        self, lot: Sequence[int], said: Sequence[Any], detours: Mapping[int, _Detour], replies: list[Any]
    ) -> dict[int, redis.RedisError]:
        """Put one server's replies into `replies`; return the refusals by position."""
        refused: dict[int, redis.RedisError] = {}
        answers = iter(said)
        for position in lot:
            reply = next(answers)
            if detours and detours[position].ask:
                reply = next(answers)  # the one before was to ASKING
            if isinstance(reply, Exception) and isinstance(reply, self._again):
                refused[position] = reply
            else:
                replies[position] = reply
        return refused

    def _doubt(self, server: Server, answers: Sequence[Any]) -> redis.RedisError | None:
        """Return the error in the replies to the write and WAIT, None where enough replicas have acknowledged."""
        for answer in answers:
            if isinstance(answer, redis.RedisError):
                return answer if server.mark else redis.ResponseError("a node has no slots yet to write a mark in")
        if answers[-1] < self.replicas:
            detail = f"{answers[-1]} of {self.replicas} replicas have acknowledged within {_WAIT_MS / 1000:g} s"
            return redis.ResponseError(detail)
        return None

    def _detour(self, before: _Detour, error: redis.RedisError) -> _Detour:
        """Return how a refused command is sent the next time."""
        if isinstance(error, NoScriptError):
            return before._replace(args=("EVAL", self._scripts[str(before.args[1])].source, *before.args[2:]))
        if isinstance(error, AskError) and not isinstance(error, MovedError):
            return before._replace(ask=(error.host, error.port))
        return before._replace(ask=None)


def connect(settings: Settings) -> Connection:
    """Connect by the settings' URL. The server is not asked for anything yet."""
    make = Cluster if settings.redis_cluster else Single
    servers = make(settings.redis_url, mark_key(settings.namespace), redis_options(settings))
    return Connection(servers, replicas=settings.redis_replicas)


def connect_to_read(settings: Settings) -> Connection:
    """Connect without a write and a WAIT after each round trip, whatever STREAMS_REDIS_REPLICAS says.

    For reading, and for values that a failover may lose: heartbeats and totals.
    """
    return connect(settings.model_copy(update={"redis_replicas": 0}))


def _raise_first(replies: Iterable[Any]) -> None:
    for reply in replies:
        if isinstance(reply, Exception):
            raise reply


def _as_ours(error: redis.RedisError) -> RedisError:
    if isinstance(error, MovedError):
        return RedisSetupError("Redis: this server is a node of a Redis Cluster; set STREAMS_REDIS_CLUSTER=true")
    cause = error.__cause__ if isinstance(error, UnsentError) and error.__cause__ else error
    if isinstance(cause, (AuthenticationError, NoPermissionError)) or str(cause).startswith(_NO_CREDENTIALS):
        return RedisSetupError(f"Redis refuses the user or password: {cause}{advice(error)}")
    if _NO_CLUSTER in str(error):
        return RedisSetupError("Redis: this server is no node of a Redis Cluster; set STREAMS_REDIS_CLUSTER=false")
    if str(error).startswith(_FORGOTTEN):
        return ForgottenError(f"Redis failed over or was restarted:{str(error).removeprefix(_FORGOTTEN)}")
    return RedisError(f"Redis: {str(error) or type(error).__name__}{advice(error)}")
