"""Read from Kafka and Redis the facts that `streams.ops.diagnosis` checks; every request has a time limit."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import redis.asyncio
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError
from redis.exceptions import NoPermissionError
from redis.exceptions import RedisError as ClientError

from streams.errors import BrokerError, RedisError
from streams.kafka.connection import KafkaConnection, started
from streams.kafka.refusal import explained, quiet
from streams.ops.diagnosis import KafkaFacts, TopicFacts
from streams.ops.redis_diagnosis import Node, RedisFacts
from streams.settings import Settings
from streams.settings.redaction import hide
from streams.state.credentials import redis_options
from streams.state.refusal import advice

__all__ = ["ask_kafka", "ask_partitions", "ask_redis"]

_SECONDS = 10.0
_CLEANUP = "cleanup.policy"
_CONFIG = ("maxmemory-policy", "append*", "hash-max-*")
_SESSIONS = ("group.min.session.timeout.ms", "group.max.session.timeout.ms")


async def ask_kafka(kafka: KafkaConnection, topics: Sequence[str], seconds: float = _SECONDS) -> KafkaFacts:
    """Describe the Kafka cluster and those of `topics` that exist; creates no topic. Raises BrokerError."""
    try:
        with quiet():
            async with asyncio.timeout(seconds):
                admin = AIOKafkaAdminClient(request_timeout_ms=int(seconds * 1000), **kafka.client("doctor"))
                async with started(admin, kafka):
                    return await _describe(admin, topics)
    except TimeoutError:
        raise BrokerError(f"Kafka at {kafka.shown} does not answer within {seconds:g} seconds") from None
    except (KafkaError, OSError, ValueError) as error:
        raise explained(kafka, "cannot be reached", error) from None


async def ask_partitions(kafka: KafkaConnection, topics: Sequence[str], seconds: float = _SECONDS) -> dict[str, int]:
    """Return how many partitions those of `topics` have that exist; creates no topic. Raises BrokerError."""
    facts = await ask_kafka(kafka, topics, seconds)
    return {name: topic.partitions for name, topic in facts.topics.items()}


async def _describe(admin: Any, topics: Sequence[str]) -> KafkaFacts:
    cluster = await admin.describe_cluster()
    # All of them, not by name: to ask by name for a topic that does not exist makes some brokers create it.
    described = {topic["topic"]: topic["partitions"] for topic in await admin.describe_topics()}
    names = [name for name in topics if name in described]
    configs = await _configs(admin, names)
    facts = {
        name: TopicFacts(
            partitions=len(described[name]),
            replicas=min((len(partition["replicas"]) for partition in described[name]), default=0),
            leaderless=sum(partition["leader"] < 0 for partition in described[name]),
            configs=configs.get(name, {}),
        )
        for name in names
    }
    return KafkaFacts(len(cluster["brokers"]), facts, await _sessions(admin, cluster["brokers"][0]["node_id"]))


async def _sessions(admin: Any, broker: int) -> tuple[float, float] | None:
    """Return the shortest and longest session timeout of a consumer group in seconds, None where the broker does not say."""
    resource = ConfigResource(ConfigResourceType.BROKER, str(broker), dict.fromkeys(_SESSIONS))
    with contextlib.suppress(KafkaError, OSError):  # not authorized, or it is Tansu, which closes the connection
        (response,) = await admin.describe_configs([resource])
        entries = response.to_object()["resources"][0]["config_entries"]
        values = {entry["config_names"]: int(entry["config_value"]) / 1000 for entry in entries}
        return (values[_SESSIONS[0]], values[_SESSIONS[1]]) if len(values) == len(_SESSIONS) else None
    return None


async def _configs(admin: Any, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the configuration of each topic, as far as the broker lets Streams read it."""
    if not names:
        return {}
    configs: dict[str, dict[str, str]] = {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    with contextlib.suppress(KafkaError):  # not authorized: the check says "not reported"
        for response in await admin.describe_configs(resources):
            for resource in response.to_object()["resources"]:
                if resource["error_code"] == 0:
                    entries = {entry["config_names"]: entry["config_value"] for entry in resource["config_entries"]}
                    given = {name: value for name, value in entries.items() if value}
                    configs[resource["resource_name"]] = {_CLEANUP: "delete"} | given  # Tansu omits defaults
    return configs


async def ask_redis(settings: Settings, seconds: float = _SECONDS) -> RedisFacts:
    """Read INFO, CLUSTER INFO and CONFIG of the server of the settings, and of all nodes of its cluster. Raises RedisError."""
    url, client = settings.redis_url, _Clients(redis_options(settings), seconds)
    facts = await _ask_server(url, client)
    if facts.info.get("cluster_enabled") != "1":
        return facts
    return facts._replace(nodes=await _ask_nodes(url, client))


async def _ask_nodes(url: str, clients: _Clients) -> list[Node]:
    """Read the facts of every node that the one at `url` lists; returns none where it refuses to list them."""
    asked = urlsplit(url)
    user, _, _ = asked.netloc.rpartition("@")

    async def ask(address: str, entry: dict[str, Any]) -> Node:
        host, _, port = address.rpartition(":")
        netloc = f"{user}@" * bool(user) + f"{host or asked.hostname}:{port}"
        slots = sum(int(ends[-1]) - int(ends[0]) + 1 for ends in entry["slots"])
        try:
            facts: RedisFacts | str = await _ask_server(urlunsplit(asked._replace(netloc=netloc)), clients)
        except RedisError as error:
            facts = str(error)
        return Node(f"{host or asked.hostname}:{port}", "master" in entry["flags"], slots, facts)

    try:
        async with clients.to(url) as client:
            known = await client.cluster("NODES")
    except (ClientError, OSError):  # not authorized
        return []
    gone = ("noaddr", "handshake")
    nodes = {address: entry for address, entry in known.items() if not any(flag in entry["flags"] for flag in gone)}
    return await asyncio.gather(*(ask(address, entry) for address, entry in sorted(nodes.items())))


class _Clients(NamedTuple):
    """How to connect to any node of a Redis: its credentials (redis-py's options) and the time limit."""

    credentials: Mapping[str, Any]
    seconds: float

    def to(self, url: str) -> Any:
        """Return a client of the server at `url`."""
        limits: dict[str, Any] = {"socket_timeout": self.seconds, "socket_connect_timeout": self.seconds}
        return redis.asyncio.Redis.from_url(url, decode_responses=True, retry=None, **limits, **self.credentials)


async def _ask_server(url: str, clients: _Clients) -> RedisFacts:
    shown = hide(url)
    try:
        async with asyncio.timeout(clients.seconds):
            async with clients.to(url) as client:
                return await _read(client)
    except TimeoutError:
        raise RedisError(f"Redis at {shown} does not answer within {clients.seconds:g} seconds") from None
    except (ClientError, OSError, ValueError) as error:
        raise RedisError(
            f"Redis at {shown} cannot be used: {str(error) or type(error).__name__}{advice(error) or _closed(url, error)}"
        ) from None


async def _read(client: Any) -> RedisFacts:
    await client.ping()
    try:
        given = await client.info("all")
    except NoPermissionError:  # an ACL without INFO: the checks say what is not known for that
        return RedisFacts({}, {}, refused=("INFO", "CONFIG GET"))
    info = {name: str(value) for name, value in given.items() if not isinstance(value, dict)}
    if info.get("cluster_enabled") == "1":
        with contextlib.suppress(ClientError):
            info.update({name: str(value) for name, value in (await client.cluster("INFO")).items()})
    config: dict[str, str] = {}
    refused: tuple[str, ...] = ()
    try:
        for pattern in _CONFIG:
            config.update(await client.config_get(pattern))
    except NoPermissionError:
        refused = ("CONFIG GET",)
    except ClientError:  # managed services have no CONFIG; INFO has the most important of it
        pass
    return RedisFacts(info, config, refused=refused)


def _closed(url: str, error: Exception) -> str:
    """Return what to add where a server ends a connection over TLS: a client may not hear that it lacks a certificate."""
    if url.startswith("rediss://") and any(part in str(error) for part in ("closed by server", "reset by peer")):
        return ": where it asks for a client certificate, set STREAMS_REDIS_CERT_FILE and STREAMS_REDIS_KEY_FILE"
    return ""
