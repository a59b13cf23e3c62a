"""Reads one generation of state in Redis, finds what contradicts itself, and packs the states of its clusters. Writes nothing.

Everything is read in lots of some thousand records, so memory does not grow with the state but for what is kept of each
cluster. A look at a few records and clusters goes the same way as a look at all.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from streams.clusters.corrections import Verdict, ruling
from streams.clusters.group import cluster_key
from streams.errors import SettingsError, StateError
from streams.settings import PREFIX, Settings
from streams.state.connection import Command, Connection
from streams.state.correction_log import CorrectionLog
from streams.state.layout import Layout
from streams.state.progress import FORMAT, Progress
from streams.verification.differences import Difference
from streams.verification.groups import Pair
from streams.verification.scan import Findings, Look, Scene
from streams.verification.states import Values

__all__ = ["Audit"]

_LOT = 2000
_UNREADABLE = (StateError, msgspec.MsgspecError, struct.error, IndexError)

_Accepted = Mapping[Pair, Verdict] | None


class Audit:
    """Looks at the state of one generation."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        """Raises SettingsError or StateError where the generation was made with other settings or by another version."""
        self._settings = settings
        self._connection = connection
        layout = Layout(settings.namespace, settings.generation, settings.buckets)
        self._progress = Progress(layout, connection)
        self._log = CorrectionLog(layout, connection)
        self.topics_since = self._progress.topics_since()
        self._scene = Scene(layout, connection, settings.key_cap, self.topics_since)
        self._check_settings()

    def everything(self, values: Values) -> Findings:
        """Look at all there is."""
        findings = Findings()
        accepted = self._accepted(findings)
        for ids in self._all():
            findings.take(self._look(ids, accepted, values))
        findings.differences += list(_unheeded(accepted or {}, findings))
        self._owed(findings)
        findings.counts["messages"] = sum(self._progress.positions().values())
        return findings

    def again(self, found: Collection[Difference], values: Values) -> Findings:
        """Look again at what some differences are about; it sees what is around that as well."""
        findings = Findings()
        accepted = self._accepted(findings)
        ids = {record for difference in found for record in difference.ids}
        ids |= {_founder(name) for difference in found for name in difference.clusters} - {b""}
        for lot in _lots(ids):
            ids |= self._homes(lot)
        for lot in _lots(ids):
            findings.take(self._look(lot, accepted, values))
        near = {pair: verdict for pair, verdict in (accepted or {}).items() if pair[0] in ids}
        findings.differences += list(_unheeded(near, findings))
        self._owed(findings)
        return findings

    def _check_settings(self) -> None:
        meta, generation = self._scene.layout.meta, self._settings.generation
        stands, version = self._connection.execute([Command(meta, ("HMGET", meta, "buckets", "format"))])[0]
        if version is not None and int(version) != FORMAT:
            raise StateError(f"generation {generation} has state format {int(version)}, this version knows {FORMAT}")
        if stands is not None and int(stands) != self._settings.buckets:
            problem = f"is {self._settings.buckets}, but generation {generation!r} was made with {int(stands)}"
            raise SettingsError(PREFIX + "BUCKETS", problem, str(int(stands)))

    def _homes(self, ids: Sequence[bytes]) -> set[bytes]:
        """Where the groups of some records live, as far as that can be read."""
        try:
            return {root.id for root in self._scene.groups.resolve(ids).values()}
        except _UNREADABLE:
            middle = len(ids) // 2
            return self._homes(ids[:middle]) | self._homes(ids[middle:]) if middle else set()

    def _all(self) -> Iterator[list[bytes]]:
        """The ids of all records and groups, bucket by bucket, some thousand at a time."""
        layout = self._scene.layout
        hashes = list(zip(layout.bucket_keys("records"), layout.bucket_keys("groups"), strict=True))
        lengths = self._connection.execute([Command(key, ("HLEN", key)) for pair in hashes for key in pair])
        wanted: list[bytes] = []
        expected = 0
        for number, pair in enumerate(hashes):
            length = max(lengths[2 * number : 2 * number + 2])
            if length:
                wanted += pair
                expected += length
            if expected >= _LOT or (wanted and number == len(hashes) - 1):
                replies = self._connection.execute([Command(key, ("HKEYS", key)) for key in wanted])
                yield list(dict.fromkeys(field for reply in replies for field in reply))
                wanted, expected = [], 0

    def _look(self, ids: Sequence[bytes], accepted: _Accepted, values: Values) -> Findings:
        """Look at some records and at the groups that live under them; what cannot be read is found by halving."""
        try:
            return Look(self._scene, ids).findings(accepted, values)
        except _UNREADABLE as error:
            findings = Findings()
            if len(ids) > 1:
                middle = len(ids) // 2
                findings.take(self._look(ids[:middle], accepted, values))
                findings.take(self._look(ids[middle:], accepted, values))
            else:
                detail = f"its record, its group or one that this names: {error}"
                found = Difference("unreadable", record=ids[0].hex(), detail=detail, ids=(ids[0],), fingerprint=ids[0])
                findings.differences.append(found)
            return findings

    def _accepted(self, findings: Findings) -> _Accepted:
        """Of each pair of records the last correction that was accepted."""
        try:
            verdicts = self._log.all()
        except _UNREADABLE as error:
            findings.differences.append(Difference("correction_gap", detail=f"a verdict cannot be read: {error}"))
            return None
        findings.counts["corrections"] = sum(verdict.accepted for verdict in verdicts)
        serials = [verdict.serial for verdict in verdicts]
        if serials != list(range(1, len(serials) + 1)):
            missing = sorted(set(range(1, max(serials) + 1)).difference(serials))
            detail = f"of {max(serials)} verdicts missing or double: {', '.join(map(str, missing[:10])) or serials[-1]}"
            findings.differences.append(Difference("correction_gap", detail=detail, fingerprint=detail.encode()))
        accepted: dict[Pair, Verdict] = {}
        for verdict in verdicts:
            if verdict.accepted:
                said = ruling(verdict)
                accepted[said.a, said.b] = verdict
        return accepted

    def _owed(self, findings: Findings) -> None:
        """Events that were committed and are not known to be published."""
        for fields in self._scene.groups.owed().values():
            for field in sorted(fields):
                name, _, revision = field.rpartition(":")
                findings.counts["owed"] += 1
                found = Difference(
                    "event_owed", name, detail=f"revision {revision}", clusters=(name,), fingerprint=revision.encode()
                )
                findings.differences.append(found)


def _unheeded(accepted: Mapping[Pair, Verdict], findings: Findings) -> Iterable[Difference]:
    """Corrections that the group of their two records does not know; where a group cannot be read nobody can tell."""
    if any(difference.code == "unreadable" for difference in findings.differences):
        return
    for pair, verdict in accepted.items():
        if pair not in findings.heeded:
            detail = f"{verdict.correction}, number {verdict.serial}, on {verdict.a} and {verdict.b}"
            yield Difference("correction_not_applied", detail=detail, ids=pair, fingerprint=pair[0] + pair[1])


def _lots(ids: Collection[bytes]) -> Iterator[list[bytes]]:
    asked = sorted(ids)
    return (asked[start : start + _LOT] for start in range(0, len(asked), _LOT))


def _founder(name: str) -> bytes:
    """The 8-byte id of the record that founded a cluster, `b""` where the name is that of none."""
    try:
        return cluster_key(name)[:8]
    except (ValueError, OverflowError):
        return b""
