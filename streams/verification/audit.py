"""Scan one generation of state in Redis for contradictions, and pack the state of each of its clusters. Writes nothing.

Records are read in chunks of some thousand, so memory grows with the number of clusters only. A scan of a few records and clusters
takes the same path as a scan of all.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from streams.clusters.corrections import Verdict, ruling
from streams.errors import SettingsError, StateError
from streams.records.chunks import chunks
from streams.settings import PREFIX, Settings
from streams.state.connection import Command, Connection
from streams.state.correction_log import CorrectionLog
from streams.state.formats import LATEST
from streams.state.generation import facts
from streams.state.layout import Layout
from streams.state.progress import Progress, known_format
from streams.verification.differences import Difference, key_of
from streams.verification.groups import Pair
from streams.verification.scan import Findings, Scan, ScanContext
from streams.verification.states import Values

__all__ = ["Audit"]

_CHUNK = 2000
_UNREADABLE = (StateError, msgspec.MsgspecError, struct.error, IndexError)

_Accepted = Mapping[Pair, Verdict] | None


class Audit:
    """Scan the state of one generation, all of it or some records."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        """Check that the generation was made with these settings; raises SettingsError, StateError for another state format."""
        self._settings = settings
        self._connection = connection
        layout = Layout.of(settings, self._check_settings())
        self._progress = Progress(layout, connection)
        self._log = CorrectionLog(layout, connection)
        self.topics_since = self._progress.topics_since()
        self._context = ScanContext(layout, connection, settings.key_cap, self.topics_since)

    def scan_all(self, values: Values) -> Findings:
        """Scan all records and groups."""
        findings = Findings()
        accepted = self._accepted(findings)
        for ids in self._all():
            findings.add(self._scan(ids, accepted, values))
        findings.differences += list(_not_applied(accepted or {}, findings))
        self._pending_events(findings)
        findings.counts["messages"] = sum(self._progress.positions().values())
        return findings

    def rescan(self, found: Collection[Difference], values: Values) -> Findings:
        """Scan the records and clusters of some differences again, with the groups that these records are in."""
        findings = Findings()
        accepted = self._accepted(findings)
        ids = {record for difference in found for record in difference.ids}
        ids |= {key_of(name)[:8] for difference in found for name in difference.clusters} - {b""}
        for chunk in chunks(sorted(ids), _CHUNK):
            ids |= self._root_ids(chunk)
        for chunk in chunks(sorted(ids), _CHUNK):
            findings.add(self._scan(chunk, accepted, values))
        near = {pair: verdict for pair, verdict in (accepted or {}).items() if pair[0] in ids}
        findings.differences += list(_not_applied(near, findings))
        self._pending_events(findings)
        return findings

    def _check_settings(self) -> int:
        """Return the format of the generation."""
        generation, ours = self._settings.generation, self._settings.buckets
        known = facts(self._settings.namespace, generation, self._connection)
        form = known_format(generation, known.get("format", str(LATEST)))
        if (buckets := int(known.get("buckets", ours))) != ours:
            problem = f"is {ours}, but generation {generation!r} was made with {buckets}"
            raise SettingsError(PREFIX + "BUCKETS", problem, str(buckets))
        return form

    def _root_ids(self, ids: Sequence[bytes]) -> set[bytes]:
        """Return the root records of the groups of some records, as far as those can be read."""
        try:
            return {root.id for root in self._context.groups.resolve(ids).values()}
        except _UNREADABLE:
            middle = len(ids) // 2
            return self._root_ids(ids[:middle]) | self._root_ids(ids[middle:]) if middle else set()

    def _all(self) -> Iterator[list[bytes]]:
        """Yield the ids of all records and groups, bucket by bucket, some thousand at a time."""
        layout = self._context.layout
        hashes = list(zip(layout.bucket_keys("records"), layout.bucket_keys("groups"), strict=True))
        lengths = self._connection.execute([Command(key, ("HLEN", key)) for pair in hashes for key in pair])
        wanted: list[bytes] = []
        expected = 0
        for number, pair in enumerate(hashes):
            length = max(lengths[2 * number : 2 * number + 2])
            if length:
                wanted += pair
                expected += length
            if expected >= _CHUNK or (wanted and number == len(hashes) - 1):
                replies = self._connection.execute([Command(key, ("HKEYS", key)) for key in wanted])
                yield list(dict.fromkeys(field for reply in replies for field in reply))
                wanted, expected = [], 0

    def _scan(self, ids: Sequence[bytes], accepted: _Accepted, values: Values) -> Findings:
        """Scan some records and the groups whose root they are; a value that cannot be read is found by halving."""
        try:
            return Scan(self._context, ids).findings(accepted, values)
        except _UNREADABLE as error:
            findings = Findings()
            if len(ids) > 1:
                middle = len(ids) // 2
                findings.add(self._scan(ids[:middle], accepted, values))
                findings.add(self._scan(ids[middle:], accepted, values))
            else:
                detail = f"its record, its group or one that this names: {error}"
                found = Difference("unreadable", record=ids[0].hex(), detail=detail, ids=(ids[0],), fingerprint=ids[0])
                findings.differences.append(found)
            return findings

    def _accepted(self, findings: Findings) -> _Accepted:
        """Return the last accepted correction of each pair of records; None where an outcome cannot be read."""
        try:
            verdicts = self._log.all()
        except _UNREADABLE as error:
            findings.differences.append(Difference("correction_gap", detail=f"an outcome cannot be read: {error}"))
            return None
        findings.counts["corrections"] = sum(verdict.accepted for verdict in verdicts)
        serials = [verdict.serial for verdict in verdicts]
        if serials != list(range(1, len(serials) + 1)):
            missing = sorted(set(range(1, max(serials) + 1)).difference(serials))
            detail = f"of {max(serials)} outcomes missing or double: {', '.join(map(str, missing[:10])) or serials[-1]}"
            findings.differences.append(Difference("correction_gap", detail=detail, fingerprint=detail.encode()))
        accepted: dict[Pair, Verdict] = {}
        for verdict in verdicts:
            if verdict.accepted:
                decided = ruling(verdict)
                accepted[decided.a, decided.b] = verdict
        return accepted

    def _pending_events(self, findings: Findings) -> None:
        """Add the events that were committed and whose publication is not acknowledged."""
        for fields in self._context.groups.pending_events().values():
            for field in sorted(fields):
                name, _, revision = field.rpartition(":")
                findings.counts["owed"] += 1
                found = Difference(
                    "event_owed", name, detail=f"revision {revision}", clusters=(name,), fingerprint=revision.encode()
                )
                findings.differences.append(found)


def _not_applied(accepted: Mapping[Pair, Verdict], findings: Findings) -> Iterable[Difference]:
    """Yield the accepted corrections that the group of their two records lacks; none where some group cannot be read."""
    if any(difference.code == "unreadable" for difference in findings.differences):
        return
    for pair, verdict in accepted.items():
        if pair not in findings.applied:
            detail = f"{verdict.correction}, number {verdict.serial}, on {verdict.a} and {verdict.b}"
            yield Difference("correction_not_applied", detail=detail, ids=pair, fingerprint=pair[0] + pair[1])
