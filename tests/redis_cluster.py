"""A real Redis Cluster of the tests' own on loopback: three primaries, with a replica of each where wanted.

Slots are moved, nodes killed and restarted as an operator or an accident would do it; redis-py gives the orders.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Self

import redis
from redis.crc import REDIS_CLUSTER_HASH_SLOTS as SLOTS

from streams.local.broker import free_port
from streams.local.process import Child, wait_until
from streams.local.valkey import REDIS_OPTIONS, answers_redis, valkey_executable
from tests.system.processes import wait_for

__all__ = ["Node", "RedisCluster"]

_START_SECONDS = 30.0
_NODE_TIMEOUT_MS = 1000
_OPTIONS = REDIS_OPTIONS | {
    "cluster-enabled": "yes",
    "cluster-node-timeout": str(_NODE_TIMEOUT_MS),
    "cluster-replica-validity-factor": "0",
    "repl-diskless-sync-delay": "0",
    "enable-debug-command": "local",
}
_MANY = 1000
_ROUND_SECONDS = 0.1
"""How long a question from node to node and its answer take at most."""


class _Known(NamedTuple):
    """A node as another one knows it: when its last answer came (Unix time), and its configuration epoch."""

    id: str
    answered: float
    epoch: str


class Node:
    """One server of the cluster, over its restarts."""

    def __init__(self, directory: Path) -> None:
        self.port, bus = free_port(), free_port()
        directory.mkdir(parents=True, mode=0o700)
        options = _OPTIONS | {
            "bind": "127.0.0.1", "port": str(self.port), "cluster-port": str(bus), "dir": str(directory), "daemonize": "no",
        }  # fmt: skip
        command = [
            valkey_executable(directory),
            *(part for name, value in options.items() for part in ("--" + name, value)),
        ]
        self._child = Child(f"node {self.port}", command, directory / "server.log")
        self.bus = bus
        self.client: Any = redis.Redis(port=self.port, decode_responses=True, socket_timeout=10)
        self.id = ""

    def start(self) -> None:
        self._child.start()
        wait_until(self._child, lambda: answers_redis(("127.0.0.1", self.port)), _START_SECONDS)
        assert self.client.info("server")["process_id"] == self._child.pid, "another server has its port"
        self.id = self.ask("CLUSTER", "MYID")

    def ask(self, *command: object) -> Any:
        """What the node itself answers, whatever the cluster."""
        return self.client.execute_command(*command)

    def cluster_info(self) -> dict[str, str]:
        return dict(line.split(":", 1) for line in str(self.ask("CLUSTER", "INFO")).splitlines() if ":" in line)

    @property
    def lives(self) -> bool:
        return self._child.poll() is None

    @property
    def is_primary(self) -> bool:
        return self.lives and self.client.info("replication")["role"] == "master"

    def kill(self) -> None:
        self._child.kill()

    def freeze(self) -> None:
        """It answers nothing, as a machine that hangs."""
        os.kill(self._child.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._child.pid, signal.SIGCONT)

    def cut_off_replicas(self) -> None:
        """From now on its replicas learn nothing of what it does, until it is started again."""
        self.ask("ACL", "SETUSER", "default", "-psync", "-sync")
        self.ask("CLIENT", "KILL", "TYPE", "replica")

    def stop(self) -> None:
        if self.lives:
            self.thaw()
        self.client.close()
        self._child.stop()


class RedisCluster:
    """Three primaries with a third of the slots each. Use as a context manager."""

    def __init__(self, directory: Path, *, replicas: bool = False) -> None:
        self.nodes = [Node(directory / f"node{number}") for number in range(6 if replicas else 3)]
        self.primaries, self.replicas = self.nodes[:3], self.nodes[3:]
        self._moved = 0.0

    @property
    def url(self) -> str:
        """The address of one node, which is all that a client is told."""
        return f"redis://127.0.0.1:{self.nodes[0].port}"

    def __enter__(self) -> Self:
        try:
            self._form()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for node in self.nodes:
            node.stop()

    def _form(self) -> None:
        for node in self.nodes:
            node.start()
        for number, node in enumerate(self.nodes, start=1):
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", number)
        first = self.nodes[0]
        for node in self.nodes[1:]:
            node.ask("CLUSTER", "MEET", "127.0.0.1", first.port, first.bus)
        share = SLOTS // 3 + 1
        for number, node in enumerate(self.primaries):
            node.ask("CLUSTER", "ADDSLOTSRANGE", number * share, min((number + 1) * share, SLOTS) - 1)
        wait_for(
            lambda: all(len(self._known(node)) == len(self.nodes) for node in self.nodes), "the nodes know each other"
        )
        for primary, replica in zip(self.primaries, self.replicas, strict=False):
            replica.ask("CLUSTER", "REPLICATE", primary.id)
        self.wait_whole()

    @staticmethod
    def _known(node: Node) -> list[str]:
        """The nodes that a node knows and has shaken hands with."""
        return [line for line in node.ask("CLUSTER", "NODES").splitlines() if "handshake" not in line]

    def wait_whole(self) -> None:
        """Until every living node says that all slots are served, and every living replica has its primary's data."""
        living = [node for node in self.nodes if node.lives]
        wait_for(lambda: all(node.cluster_info()["cluster_state"] == "ok" for node in living), "the cluster is whole")
        for node in living:
            wait_for(partial(_is_primary_or_in_step, node), f"{node.port} follows its primary")

    def owner(self, key: bytes | str) -> Node:
        """The living primary that has a key's slot, by what it says itself."""
        return self.owner_of(self.slot(key))

    def slot(self, key: bytes | str) -> int:
        return int(self._living().ask("CLUSTER", "KEYSLOT", key))

    def owner_of(self, slot: int) -> Node:
        for first, last, primary, *_ in self._living().ask("CLUSTER", "SLOTS"):
            if first <= slot <= last:
                return next(node for node in self.nodes if node.port == primary[1])
        raise AssertionError(f"nobody has slot {slot}")

    def _living(self) -> Node:
        return next(node for node in self.nodes if node.lives)

    def migrate(
        self, slots: Iterable[int], source: Node, target: Node, meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        """Move slots with their keys, all of them at once: `meanwhile` runs when half of the keys are moved."""
        moving = list(slots)
        self._wait_heard()
        for slot in moving:
            target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
            source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)
        keys = [key for slot in moving for key in self._keys(source, slot)]
        self._move(source, target, keys[::2])
        try:
            meanwhile()
        finally:  # whatever a test has found, the next one wants whole slots
            self._finish(moving, source, target)

    def _finish(self, moving: Sequence[int], source: Node, target: Node) -> None:
        for slot in moving:
            while rest := self._keys(source, slot):
                self._move(source, target, rest)
        others = [node for node in self.nodes if node.lives and node not in (source, target) and node.is_primary]
        for slot in moving:
            for node in (target, source, *others):
                node.ask("CLUSTER", "SETSLOT", slot, "NODE", target.id)

        self._moved = time.time()
        living = [node for node in self.nodes if node.lives]
        wait_for(lambda: len({_epoch(node, target) for node in living}) == 1, "all nodes know of the move")

    def _wait_heard(self) -> None:
        """Until nothing that nodes said in the midst of the last move is still on its way.

        A node that hears late that another does not claim a slot, and imports it from there again, takes it over at once:
        the other drops the keys it still has.
        """
        living = [node for node in self.nodes if node.lives]
        ids = {node.id for node in living}

        def heard(node: Node) -> bool:
            others = [known for known in _nodes(node) if known.id in ids - {node.id}]
            return all(known.answered > self._moved + _ROUND_SECONDS for known in others)

        wait_for(lambda: all(heard(node) for node in living), "every node has heard of every other since")

    def _keys(self, node: Node, slot: int) -> Sequence[str]:
        keys: Sequence[str] = node.ask("CLUSTER", "GETKEYSINSLOT", slot, _MANY)
        return keys

    def _move(self, source: Node, target: Node, keys: Sequence[str]) -> None:
        for key in keys:
            source.ask("MIGRATE", "127.0.0.1", target.port, key, 0, 5000)

    def wait_failover(self) -> None:
        """Until replicas have the slots of all primaries that were killed."""
        living = [node for node in self.nodes if node.lives]
        ports = {node.port for node in living}

        def taken_over(node: Node) -> bool:
            owners = {primary[1] for _, _, primary, *_ in node.ask("CLUSTER", "SLOTS")}
            return owners <= ports and node.cluster_info()["cluster_state"] == "ok"

        wait_for(lambda: all(taken_over(node) for node in living), "replicas take over")


def _is_primary_or_in_step(node: Node) -> bool:
    return node.is_primary or _is_in_step(node)


def _is_in_step(replica: Node) -> bool:
    told = replica.client.info("replication")
    return bool(told["master_link_status"] == "up" and not told["master_sync_in_progress"])


def _nodes(node: Node) -> list[_Known]:
    """What a node knows of all of them."""
    lines = (line.split() for line in node.ask("CLUSTER", "NODES").splitlines())
    return [_Known(fields[0], int(fields[5]) / 1000, fields[6]) for fields in lines]


def _epoch(node: Node, of: Node) -> str:
    """The configuration epoch of a node, as another one knows it."""
    return next(known.epoch for known in _nodes(node) if known.id == of.id)
