"""Each private member of Faust and aiokafka that `streams/worker/consumer.py` uses: an upgrade that breaks one is named here."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiokafka.consumer import consumer as aiokafka_consumer
from aiokafka.consumer.group_coordinator import GroupCoordinator
from faust.app.base import App
from faust.transport.consumer import Consumer as BaseConsumer
from faust.transport.consumer import ThreadDelegateConsumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer

from streams.worker import app as app_module
from streams.worker import consumer as adapter

_FOLDER = Path(adapter.__file__).parent


def _source(of: Any) -> str:
    return inspect.getsource(of)


def _parameters(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


def _assigned(owner: type, name: str, value: str) -> bool:
    return re.search(rf"self\.{name}(:[^=\n]+)? = {re.escape(value)}", _source(owner)) is not None


CONTRACTS: dict[str, Callable[[], bool]] = {
    # Faust's consumer: what is acknowledged, committed and read of each partition.
    "_acked": lambda: _assigned(BaseConsumer, "_acked", "defaultdict(list)"),
    "_acked_index": lambda: _assigned(BaseConsumer, "_acked_index", "defaultdict(set)"),
    "_gap": lambda: _assigned(BaseConsumer, "_gap", "defaultdict(IntervalTree)"),
    "_read_offset": lambda: _assigned(BaseConsumer, "_read_offset", "defaultdict(lambda: None)"),
    "_committed_offset": lambda: _assigned(BaseConsumer, "_committed_offset", "defaultdict(lambda: None)"),
    "_unacked_messages": lambda: _assigned(BaseConsumer, "_unacked_messages", "WeakSet()"),
    "_commit_fut": lambda: (
        BaseConsumer._commit_fut is None
        and "self._commit_fut = self._commit_fut, None" in _source(BaseConsumer)
        and "self._commit_fut" in _source(BaseConsumer.maybe_wait_for_commit_to_finish)
    ),
    "_add_gap": lambda: (
        inspect.iscoroutinefunction(BaseConsumer._add_gap)
        and _parameters(BaseConsumer._add_gap) == ["self", "tp", "offset_from", "offset_to"]
    ),
    "_wait_next_records": lambda: (
        inspect.iscoroutinefunction(BaseConsumer._wait_next_records)
        and _parameters(BaseConsumer._wait_next_records) == ["self", "timeout"]
        and "self._getmany(" in _source(BaseConsumer._wait_next_records)
    ),
    "_drain_messages": lambda: (
        _parameters(BaseConsumer._drain_messages) == ["self", "fetcher"]
        and "_drain_messages(self)" in _source(inspect.getmodule(BaseConsumer).Fetcher)  # type: ignore[union-attr]
    ),
    # Faust's consumer in a thread of its own.
    "_thread": lambda: "self._thread = self._new_consumer_thread()" in _source(ThreadDelegateConsumer.__init__),
    "_new_consumer_thread": lambda: _parameters(Consumer._new_consumer_thread) == ["self"],
    "_getmany": lambda: (
        inspect.iscoroutinefunction(Consumer._getmany)
        and _parameters(Consumer._getmany) == ["self", "active_partitions", "timeout"]
    ),
    "_create_worker_consumer": lambda: (
        _parameters(AIOKafkaConsumerThread._create_worker_consumer) == ["self", "transport"]
        and "self._create_worker_consumer(" in _source(AIOKafkaConsumerThread)
    ),
    "_ensure_consumer": lambda: _parameters(AIOKafkaConsumerThread._ensure_consumer) == ["self"],
    # Faust's application.
    "_create_directories": lambda: "self._create_directories()" in _source(App),
    # aiokafka's consumer, which passes these on when it starts, and its coordinator.
    "_fetch_max_wait_ms": lambda: "self._fetch_max_wait_ms" in _source(aiokafka_consumer.AIOKafkaConsumer.start),
    "_isolation_level": lambda: "self._isolation_level" in _source(aiokafka_consumer.AIOKafkaConsumer.start),
    "_client_rack": lambda: "client_rack=self._client_rack" in _source(aiokafka_consumer.AIOKafkaConsumer.start),
    "_coordinator": lambda: (
        "self._coordinator = GroupCoordinator(" in _source(aiokafka_consumer.AIOKafkaConsumer.start)
    ),
    "_maybe_leave_group": lambda: (
        inspect.iscoroutinefunction(GroupCoordinator._maybe_leave_group)
        and _parameters(GroupCoordinator._maybe_leave_group) == ["self"]
        and "self._maybe_leave_group()" in _source(GroupCoordinator.close)
        and "self.reset_generation()" in _source(GroupCoordinator._maybe_leave_group)
    ),
}
"""Each member and what the adapter assumes of it."""


@pytest.mark.parametrize("member", CONTRACTS)
def test_a_private_member_is_as_the_adapter_assumes(member: str) -> None:
    assert CONTRACTS[member](), f"{member} of Faust or aiokafka has changed: see streams/worker/consumer.py"


def _private_names(source: str) -> set[str]:
    """The private attributes and methods that a module uses or defines, without dunders."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
    return {name for name in names if name.startswith("_") and not name.startswith("__")}


def test_every_private_member_that_is_used_has_a_contract() -> None:
    theirs = [BaseConsumer, ThreadDelegateConsumer, Consumer, AIOKafkaConsumerThread, App, GroupCoordinator]
    theirs += [aiokafka_consumer.AIOKafkaConsumer]
    source = _source(adapter)
    own = {
        "_reading",
        "_seeking",
        "_fetching",
        "_rebalances",
        "_source",
        "_answered",
        "_rewind",
        "_fetched",
        "_deliver",
    }
    own |= {"_check_positions", "_take_requests", "_ask_offsets", "_offsets"}
    assert _private_names(source) - own == set(CONTRACTS)
    for name in own:
        assert not any(hasattr(owner, name) for owner in theirs), f"{name} is a member of Faust's or aiokafka's as well"


def test_no_other_module_of_workers_uses_one() -> None:
    for path in [*_FOLDER.glob("*.py"), *(_FOLDER.parent / "kafka").glob("*.py")]:
        if path == Path(adapter.__file__):
            continue
        tree = ast.parse(path.read_text())
        used = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and node.attr in CONTRACTS
            and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
        }
        assert not used, f"{path.name} uses {used}"
    assert issubclass(app_module._App, adapter.TablelessApp)
