"""The keys of all state in Redis. Every other module that owns keys refers to this table.

`N` is `namespace:generation` (settings), `b` a record bucket, `k` a key bucket; `{…}` is the Redis
Cluster hash tag, so all keys of one record bucket share a slot. A record's 8-byte id is the first
8 bytes of BLAKE2b of `source:source_id`.

| key         | type | field               | value                                                   | owner               |
|-------------|------|---------------------|---------------------------------------------------------|---------------------|
| `N:{b}:r`   | hash | record id, 8 bytes  | 15-byte version (to 37) + compressed features (~75 B)  | state/record_store.py      |
| `N:{b}:d`   | hash | record id, 8 bytes  | compressed record, for documents (~100 bytes + abstract)| state/record_store.py      |
| `N:{b}:g`   | hash | record id, 8 bytes  | its group, or where its group went (9 to ~80 bytes)     | state/group_codec.py   |
| `N:{b}:o`   | hash | cluster id:revision | event committed, not known to be published              | state/group_store.py   |
| `N:{b}:m`   | set  | record id, 8 bytes  | frozen groups, merges pending; nearly always empty      | state/group_store.py   |
| `N:{kK}:k`  | hash | 3-byte fingerprint  | packed entries (id, signature) of that key's records      | state/key_index.py  |
| `N:{kK}:k`  | hash | fingerprint + `+`   | the records that a full key had no room for               | state/key_index.py  |
| `N:l`       | zset | step + cluster key  | when its state is published again, ms                   | state/late.py    |
| `N:c`       | hash | correction id       | the verdict on it, JSON (~300 bytes)                    | state/correction_log.py |
| `N:p`       | hash | topic:partition     | next offset to handle                                   | state/progress.py   |
| `N:{t}:p`   | hash | topic:partition     | the same on a Redis Cluster, in 64 keys (below)         | state/progress.py   |
| `N:p`, `N:{t}:p` | hash | `@` + replication id | ms when a position was last stored under this id | state/progress.py   |
| `N:p`, `N:{t}:p` | hash | `@state:` + id | 0: the state of this id has its positions here         | state/progress.py   |
| `N:meta`    | hash | name                | what is fixed for the index version (buckets, …)        | state/progress.py   |
| `N:meta`    | hash | `state`, `state_named`, … | id of the state; whether `dedup.control` has it too | state/identity.py   |
| `N:meta`    | hash | name                | which workers are active, which version took over       | state/fence.py      |
| `N:meta`    | hash | `partitions:topic`  | how many partitions a topic of `dedup.*` has            | state/fixed_partitions.py |
| `N:h:worker`| string | the worker's id    | its last heartbeat, JSON (~1 kB), for 15 s              | state/heartbeats.py |
| `namespace:totals` | hash | name           | totals with their offsets, and the lease on them        | totals/snapshot.py  |
| `namespace:webhooks` | hash | name         | states of webhooks, and the lease of the process that sends | webhooks/states.py |
| `namespace:wait` | string |               | empty: written before each `WAIT`; `:{0}`, … on a cluster | state/connection.py |

Hashes with few small fields are stored by Redis as listpacks, without a pointer or an allocation
per field: that, and not the data, is what makes a record cost 360 bytes instead of 1,500. It needs
`hash-max-listpack-entries` ≥ 1024 and `hash-max-listpack-value` ≥ 4096 in the server's settings
(`streams doctor` looks). Fields of a bucket = records / `STREAMS_BUCKETS`.

On a Redis Cluster each shard may lose writes alone in a failover, so each must keep all positions: there a worker stores
them 64 times, under tags `t` that are one in every 256 of the 16,384 slots, so that every primary with 256 slots in a
row has some.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from hashlib import blake2b
from struct import Struct

from redis.crc import REDIS_CLUSTER_HASH_SLOTS as SLOTS
from redis.crc import key_slot

from streams.matching.prefilter import WEAK_KINDS
from streams.records.stored import ID_BYTES
from streams.settings import Settings
from streams.state.formats import FIRST, LATEST

__all__ = ["Layout", "heartbeat_key", "mark_key", "meta_key", "totals_key", "webhooks_key"]

_KEY_BUCKETS_PER_RECORD_BUCKET = 4
_SPREAD_KEYS = 64


def meta_key(namespace: str, generation: str) -> bytes:
    """Return the key of a generation's facts, which are read before its number of buckets is known."""
    return f"{namespace}:{generation}:meta".encode()


def mark_key(namespace: str) -> bytes:
    """Return the key that is written before each `WAIT`; on a cluster, the beginning of such keys."""
    return f"{namespace}:wait".encode()


def heartbeat_key(namespace: str, generation: str, worker: str) -> bytes:
    """Return the key of the heartbeat of a worker, which Redis removes by itself."""
    return f"{namespace}:{generation}:h:{worker}".encode()


def totals_key(namespace: str) -> bytes:
    """Return the key of the totals, which all generations of a namespace share."""
    return f"{namespace}:totals".encode()


def webhooks_key(namespace: str) -> bytes:
    """Return the key of the states of webhooks, which all generations of a namespace share: event ids outlive a rebuild."""
    return f"{namespace}:webhooks".encode()


# Copied for each key, which takes less time than a new one.
_KEY_DIGEST = blake2b(digest_size=ID_BYTES)
_KEY_PARTS = Struct(">II")
_LONG, _SHORT = 4, 3
"""Bytes of a fingerprint in format 1, where every entry has a signature, and since."""
_WEAK = 1 << 23
_OTHER_BITS = _WEAK - 1


class Layout:
    """Names of keys for one namespace and generation with a fixed number of buckets.

    More than ten methods, for each key has one.
    """

    def __init__(self, namespace: str, generation: str, buckets: int, form: int = LATEST) -> None:
        """Name blocking keys as a format of the state has them (`state/formats.py`); other keys are the same in all."""
        self.signs_all_entries = form == FIRST
        self.fingerprint_bytes = _LONG if self.signs_all_entries else _SHORT
        self.prefix = f"{namespace}:{generation}"
        self.generation = generation
        self.buckets = buckets
        self.key_buckets = buckets * _KEY_BUCKETS_PER_RECORD_BUCKET
        names = [f"{self.prefix}:{{{bucket}}}:".encode() for bucket in range(buckets)]
        self._records = [name + b"r" for name in names]
        self._documents = [name + b"d" for name in names]
        self._groups = [name + b"g" for name in names]
        self._outboxes = [name + b"o" for name in names]
        self._moves = [name + b"m" for name in names]
        self._record_pairs = list(zip(self._records, self._documents, strict=True))
        self._group_pairs = list(zip(self._groups, self._outboxes, strict=True))
        self._singletons = list(zip(self._groups, self._outboxes, self._records, strict=True))
        self.key_names = [f"{self.prefix}:{{k{bucket}}}:k".encode() for bucket in range(self.key_buckets)]
        self.corrections = f"{self.prefix}:c".encode()
        self.late = f"{self.prefix}:l".encode()
        self.progress = f"{self.prefix}:p".encode()
        self.spread_progress = tuple(f"{self.prefix}:{{{tag}}}:p".encode() for tag in _spread_tags())
        self.meta = meta_key(namespace, generation)

    @classmethod
    def of(cls, settings: Settings, form: int = LATEST) -> Layout:
        """Return the layout of the index version that settings name, which has a format."""
        return cls(settings.namespace, settings.generation, settings.buckets, form)

    def bucket(self, record: bytes) -> int:
        """Return the bucket of a record's 8-byte id."""
        return int.from_bytes(record[:4], "big") % self.buckets

    def records(self, record: bytes) -> bytes:
        """Return the key of the hash that holds the record's features."""
        return self._records[int.from_bytes(record[:4], "big") % self.buckets]

    def documents(self, record: bytes) -> bytes:
        """Return the key of the hash that holds the record for documents."""
        return self._documents[int.from_bytes(record[:4], "big") % self.buckets]

    def record_pair(self, record: bytes) -> tuple[bytes, bytes]:
        """Return the keys of `records` and `documents`."""
        return self._record_pairs[int.from_bytes(record[:4], "big") % self.buckets]

    def group_pair(self, record: bytes) -> tuple[bytes, bytes]:
        """Return the keys of `groups` and `outbox`."""
        return self._group_pairs[int.from_bytes(record[:4], "big") % self.buckets]

    def singleton(self, record: bytes) -> tuple[bytes, bytes, bytes]:
        """Return the keys of `groups`, `outbox` and `records`, which a record needs to be the first of a cluster."""
        return self._singletons[int.from_bytes(record[:4], "big") % self.buckets]

    def groups(self, record: bytes) -> bytes:
        """Return the key of the hash that holds the record's group."""
        return self._groups[int.from_bytes(record[:4], "big") % self.buckets]

    def outbox(self, record: bytes) -> bytes:
        """Return the key of the outbox beside the record's group."""
        return self._outboxes[int.from_bytes(record[:4], "big") % self.buckets]

    def moves(self, record: bytes) -> bytes:
        """Return the key of the set that names the record while its group is on its way into another."""
        return self._moves[int.from_bytes(record[:4], "big") % self.buckets]

    def bucket_keys(self, kind: str) -> list[bytes]:
        """Return all keys of one kind (`records`, `documents`, `groups`, `outboxes`, `moves`), for scans."""
        keys: list[bytes] = getattr(self, f"_{kind}")
        return list(keys)

    def all_keys(self) -> list[bytes]:
        """Return every key there may be but `meta`, of which a little stays when a generation is dropped."""
        buckets = (self._records, self._documents, self._groups, self._outboxes, self._moves, self.key_names)
        alone = (self.corrections, self.late, self.progress, *self.spread_progress)
        return [*alone, *(key for keys in buckets for key in keys)]

    def key(self, kind: str, value: str) -> tuple[bytes, bytes]:
        """Return the Redis key and the fingerprint under which the records of a blocking key are kept.

        37 bits tell keys apart at the default size, weak ones and strong ones for themselves (46 in format 1); two blocking keys
        with the same bits cost a comparison, never a wrong merge, for every link is checked against the keys themselves.
        """
        ((number, fingerprint),) = self.slots(((kind, value),))
        return self.key_names[number], fingerprint.to_bytes(self.fingerprint_bytes, "big")

    def slots(self, keys: Iterable[tuple[str, str]]) -> list[tuple[int, int]]:
        """Return of each blocking key the number of its Redis key, an index of `key_names`, and its fingerprint, as `key` does."""
        found: list[tuple[int, int]] = []
        new, parts, buckets, is_short = (
            _KEY_DIGEST.copy,
            _KEY_PARTS.unpack,
            self.key_buckets,
            not self.signs_all_entries,
        )
        for kind, value in keys:
            digest = new()
            digest.update(f"{kind}\0{value}".encode("utf-8", "surrogatepass"))
            number, fingerprint = parts(digest.digest())
            if is_short:
                fingerprint = fingerprint & _OTHER_BITS | _WEAK if kind in WEAK_KINDS else fingerprint & _OTHER_BITS
            found.append((number % buckets, fingerprint))
        return found


@cache
def _spread_tags() -> tuple[str, ...]:
    """Return the smallest numbers that, as hash tags, have one slot in every 256, in the order of the slots."""
    width, found, number = SLOTS // _SPREAD_KEYS, dict[int, str](), 0
    while len(found) < _SPREAD_KEYS:
        found.setdefault(key_slot(str(number).encode()) // width, str(number))
        number += 1
    return tuple(found[place] for place in sorted(found))
