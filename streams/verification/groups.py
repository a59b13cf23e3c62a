"""Check that one group in Redis is consistent with itself and with the records it names. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from streams.clusters.corrections import Verdict
from streams.clusters.corrections import ruling as as_decided
from streams.clusters.group import Group, cluster_id
from streams.records.stored import Stored
from streams.verification.differences import Difference

__all__ = ["View", "check_group", "check_rulings", "named_records"]

Pair = tuple[bytes, bytes]


class View(NamedTuple):
    """Lookups for the records that a group names, by 8-byte id: the stored version, the root of the group, the record id."""

    stored: Callable[[bytes], Stored | None]
    root_of: Callable[[bytes], bytes]
    name: Callable[[bytes], str]


def named_records(group: Group) -> set[bytes]:
    """Return the records whose pointers must lead to the group: members, seed records of its clusters, ends of corrections."""
    keys = {cluster.key for cluster in group.clusters} | group.merged.keys()
    corrected = {end for ruling in group.rulings for end in (ruling.a, ruling.b)}
    return {member.id for member in group.members} | {key[:8] for key in keys} | corrected


def check_group(root: bytes, group: Group, view: View) -> Iterable[Difference]:
    """Yield the contradictions of the group with root record `root`."""

    def difference(code: str, key: bytes = b"", record: bytes = b"", detail: str = "") -> Difference:
        names = cluster_id(key) if key else "", view.name(record) if record else ""
        ids = (root, record) if record else (root,)
        return Difference(code, *names, detail, ids=ids, fingerprint=root)

    for detail in _malformed(group):
        yield difference("group_malformed", root, detail=detail)
        return
    for member in group.members:
        key = group.clusters[member.cluster].key
        stored = view.stored(member.id)
        if stored is None or not stored.version.live:
            yield difference("member_not_live", key, member.id, "never stored" if stored is None else "deleted")
        elif stored.version.digest != member.digest:
            detail = f"the cluster has {member.digest.hex()}, stored is {stored.version.digest.hex()}"
            yield difference("member_outdated", key, member.id, detail)
    for record in sorted(named_records(group)):
        if (leads_to := view.root_of(record)) != root:
            detail = f"it is named in the group of {view.name(root)} and leads to that of {view.name(leads_to)}"
            yield difference("pointer_differs", record=record, detail=detail)
    clusters = {cluster.key for cluster in group.clusters}
    for key, into in group.merged.items():
        if key in clusters:
            yield difference("redirect_broken", key, detail="it was merged away and is current as well")
        elif into not in clusters:
            yield difference("redirect_broken", key, detail=f"{cluster_id(into)}, which it redirects to, is not there")


def _malformed(group: Group) -> Iterable[str]:
    if any(not 0 <= member.cluster < len(group.clusters) for member in group.members):
        yield "a member is in no cluster of it"
    if len({member.id for member in group.members}) < len(group.members):
        yield "a record is a member twice"
    if len({cluster.key for cluster in group.clusters}) < len(group.clusters):
        yield "a cluster is there twice"


def check_rulings(root: bytes, group: Group, accepted: Mapping[Pair, Verdict], view: View) -> Iterable[Difference]:
    """Yield the corrections that a group does not follow as they were accepted; `accepted` has the last one of each pair."""
    place = {member.id: member.cluster for member in group.members}
    for ruling in group.rulings:
        pair = (ruling.a, ruling.b)
        names = f"{view.name(ruling.a)} and {view.name(ruling.b)}"
        last = accepted.get(pair)
        code = detail = ""
        if last is None or ruling.serial > last.serial:
            code, detail = "correction_unknown", f"on {names}, number {ruling.serial}"
        elif ruling != as_decided(last):
            code, detail = "correction_not_applied", f"number {last.serial}, on {names}: the group has {ruling.serial}"
        elif ruling.a in place and ruling.b in place:
            together = place[ruling.a] == place[ruling.b]
            if ruling.holds and together != (ruling.holds > 0):
                where = "one cluster" if together else "two clusters"
                code, detail = "correction_not_followed", f"number {ruling.serial}: {names} are in {where}"
        if code:
            yield Difference(code, detail=detail, ids=(root, *pair), fingerprint=ruling.a + ruling.b)
