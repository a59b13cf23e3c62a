"""Clusters that change by events as docs/events.md describes them, and a count of them by hand."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from random import Random

from streams.totals.fold import SIZES, Change, Counters

__all__ = ["Clusters", "counted"]

SOURCES = ("arxiv", "crossref", "core", "openalex")


class Clusters:
    """A set of clusters, changed at random; each change returns its events in any order between clusters."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._revisions: Counter[str] = Counter()
        self.records: dict[str, list[str]] = {}
        self._made = 0

    def change(self) -> list[Change]:
        """Make one change and return its events."""
        kinds = [self._create]
        if self.records:
            kinds += [self._add, self._update, self._remove, self._split]
        if len(self.records) > 1:
            kinds.append(self._merge)
        events = self._random.choice(kinds)()
        self._random.shuffle(events)
        return events

    def _new_record(self) -> str:
        self._made += 1
        return f"{self._random.choice(SOURCES)}:{self._made}"

    def _any(self) -> str:
        return self._random.choice(sorted(self.records))

    def _event(self, kind: str, name: str, after: list[str]) -> Change:
        self._revisions[name] += 1
        before = self.records.get(name, [])
        self.records[name] = sorted(after)
        if not after:
            del self.records[name]
        return Change(kind, name, self._revisions[name], before, sorted(after))

    def _create(self) -> list[Change]:
        return [self._event("created", f"c{self._made}", [self._new_record()])]

    def _add(self) -> list[Change]:
        name = self._any()
        return [self._event("record_added", name, [*self.records[name], self._new_record()])]

    def _update(self) -> list[Change]:
        name = self._any()
        return [self._event("record_updated", name, self.records[name])]

    def _remove(self) -> list[Change]:
        name = self._any()
        records = self.records[name]
        return [self._event("record_removed", name, self._random.sample(records, len(records) - 1))]

    def _split(self) -> list[Change]:
        name = self._any()
        records = self.records[name]
        if len(records) < 2:
            return self._update()
        at = self._random.randrange(1, len(records))
        self._made += 1
        return [
            self._event("split", name, records[:at]),
            self._event("created", f"c{self._made}.1", records[at:]),
        ]

    def _merge(self) -> list[Change]:
        survivor, other = self._random.sample(sorted(self.records), 2)
        joined = self.records[survivor] + self.records[other]
        return [self._event("merged", survivor, joined), self._event("merged", other, [])]


def counted(clusters: dict[str, list[str]]) -> Counters:
    """Count clusters one figure at a time, without the code under test."""
    sources = [Counter(record.split(":")[0] for record in records) for records in clusters.values()]
    every = sorted({source for found in sources for source in found})
    overlap: dict[str, dict[str, int]] = {}
    for a, b in [*combinations(every, 2), *((source, source) for source in every)]:
        both = sum(found[a] > 1 if a == b else bool(found[a] and found[b]) for found in sources)
        if both:
            overlap.setdefault(a, {})[b] = both
    sizes = Counter(max(size for size in SIZES if size <= len(records)) for records in clusters.values())
    return Counters(
        records=dict(sum(sources, Counter())),
        clusters=len(clusters),
        clusters_of=dict(Counter(source for found in sources for source in found)),
        sizes=dict(sizes),
        overlap=overlap,
    )
