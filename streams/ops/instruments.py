"""The instruments behind the metrics of a worker: bounded counters and gauges, and histograms that take many values at once."""

from __future__ import annotations

import re
import threading
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

__all__ = ["OTHER", "Counts", "Distribution", "InstrumentRegistry", "MetricInfo", "Replaced", "Values"]

OTHER = "other"
"""Label value for all values beyond the first 64 or outside a fixed set, and for malformed ones."""

_VALUES_MAX = 64
_LABEL = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class Values:
    """The values of one label: those of a fixed set, or else the first 64 well-formed ones that are counted."""

    def __init__(self, fixed: Collection[str] = ()) -> None:
        self._known = set(fixed)
        self._most = len(self._known) or _VALUES_MAX

    def bounded(self, value: str) -> str:
        """Return the value, or `OTHER` where the label has no room for it."""
        if value in self._known:
            return value
        if len(self._known) >= self._most or not _LABEL.fullmatch(value):
            return OTHER
        self._known.add(value)
        return value


class Counts:
    """A counter whose label values are bounded, with its children cached: `Counter.labels` costs more than the counting."""

    def __init__(self, counter: Counter, labels: Sequence[Values]) -> None:
        self._counter = counter
        self._labels = labels
        self._children: dict[tuple[str, ...], Counter] = {}

    def begin(self, known: Iterable[tuple[str, ...]]) -> None:
        """Expose these label values with 0, so that an increase from their first event on is seen."""
        for values in known:
            self.add(0, *values)

    def add(self, count: float, *values: str) -> None:
        """Add to the counter with these label values."""
        if not values:
            self._counter.inc(count)
            return
        child = self._children.get(values)
        if child is None:
            known = tuple(label.bounded(value) for label, value in zip(self._labels, values, strict=True))
            child = self._counter.labels(*known)
            if known == values:  # only then is the number of entries bounded
                self._children[values] = child
        child.inc(count)

    def total(self, *values: str) -> int:
        """Return the count of these label values, of all without any."""
        samples = [sample for family in self._counter.collect() for sample in family.samples]
        return round(
            sum(
                sample.value
                for sample in samples
                if sample.name.endswith("_total") and (not values or tuple(sample.labels.values()) == values)
            )
        )


class Distribution(Collector):
    """A histogram that takes the values of a whole micro-batch under one lock; Prometheus' own takes one at a time.

    It has no label, or one with a fixed set of values, all of which are exposed from the beginning.
    """

    def __init__(
        self,
        name: str,
        meaning: str,
        bounds: Sequence[float],
        registry: CollectorRegistry,
        label: str = "",
        known: Collection[str] = ("",),
    ) -> None:
        self._name = name
        self._meaning = meaning
        self._bounds = tuple(bounds)
        self._label = label
        self._lock = threading.Lock()
        self._counts = {value: [0] * (len(bounds) + 1) for value in known}
        self._sums = dict.fromkeys(known, 0.0)
        registry.register(self)

    def observe(self, values: Iterable[float], of: str = "") -> None:
        """Count values, a negative one, as of clocks that disagree, as 0; `of` is the value of the label.

        Raises KeyError where the label has no such value.
        """
        counts, bounds = self._counts[of], self._bounds
        with self._lock:
            total = self._sums[of]
            for given in values:
                value = given if given > 0 else 0.0
                counts[bisect_left(bounds, value)] += 1
                total += value
            self._sums[of] = total

    def counts(self, of: str = "") -> list[int]:
        """Return how many values are in each bucket, beyond the last bound in one more. Raises KeyError as `observe` does."""
        with self._lock:
            return list(self._counts[of])

    def collect(self) -> Iterator[Metric]:
        """Yield the histogram as it is now."""
        family = HistogramMetricFamily(self._name, self._meaning, labels=[self._label] if self._label else None)
        names = [floatToGoString(bound) for bound in (*self._bounds, float("inf"))]  # type: ignore[no-untyped-call]
        with self._lock:
            for value, counts in self._counts.items():
                buckets = list(zip(names, accumulate(counts), strict=True))
                family.add_metric([value] if self._label else [], buckets, self._sums[value])
        yield family


class Replaced(Collector):
    """A gauge of which all series are replaced at once, so that those of the past are no longer exposed."""

    def __init__(self, name: str, meaning: str, label: str, registry: CollectorRegistry) -> None:
        self._name = name
        self._meaning = meaning
        self._label = label
        self._read: Callable[[], Mapping[str, float]] = dict
        registry.register(self)

    def follow(self, read: Callable[[], Mapping[str, float]]) -> None:
        """Ask for all series at each scrape: label value -> value."""
        self._read = read

    def set(self, values: Mapping[str, float]) -> None:
        """Replace all series: label value -> value."""
        fixed = dict(values)
        self._read = lambda: fixed

    def collect(self) -> Iterator[Metric]:
        """Yield the gauge as it is now."""
        family = GaugeMetricFamily(self._name, self._meaning, labels=[self._label])
        for value, number in self._read().items():
            family.add_metric([value], number)
        yield family


class MetricInfo(NamedTuple):
    """One metric as documentation: exposed `name`, `kind`, label names and `meaning` with its unit."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str


class InstrumentRegistry:
    """Makes instruments, exposes them, and describes them."""

    def __init__(self, fixed: Mapping[str, Collection[str]]) -> None:
        """Take the values of those labels that have a `fixed` set of them."""
        self.registry = CollectorRegistry()
        self.described: list[MetricInfo] = []
        """The metrics as documentation, without those of the process, which come on top."""
        self._fixed = fixed

    def counter(self, name: str, meaning: str, **labels: Iterable[tuple[str, ...]]) -> Counts:
        """Make a counter; the first of its labels names the values of all labels that are exposed with 0 from the start."""
        self._describe(name, "counter", tuple(labels), meaning)
        values = [Values(self._fixed.get(label, ())) for label in labels]
        counts = Counts(Counter(name, meaning, tuple(labels), registry=self.registry), values)
        counts.begin(next(iter(labels.values()), ()))
        return counts

    def gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        """Make a gauge."""
        self._describe(name, "gauge", labels, meaning)
        return Gauge(name, meaning, labels, registry=self.registry)

    def replaced(self, name: str, meaning: str, label: str) -> Replaced:
        """Make a gauge of which all series are replaced at once."""
        self._describe(name, "gauge", (label,), meaning)
        return Replaced(name, meaning, label, self.registry)

    def distribution(
        self, name: str, meaning: str, bounds: tuple[float, ...], label: str = "", known: Collection[str] = ("",)
    ) -> Distribution:
        """Make a histogram, of which `label` has the `known` values."""
        self._describe(name, "histogram", (label,) if label else (), meaning)
        return Distribution(name, meaning, bounds, self.registry, label, known)

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """Render all metrics, with the content type that suits the HTTP Accept header."""
        encode, content_type = choose_encoder(accept)
        text: bytes = encode(self.registry)
        return text, content_type

    def _describe(self, name: str, kind: str, labels: tuple[str, ...], meaning: str) -> None:
        self.described.append(MetricInfo(name, kind, labels, meaning))
