"""Compare Redis, `dedup.events` and `dedup.clusters`, cluster by cluster. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

from streams.verification.differences import Difference
from streams.verification.folds import ClusterFold, EventFold, Folded
from streams.verification.scan import Findings
from streams.verification.states import ENDED, Values, differing, is_live

__all__ = ["between", "compare"]

_Triple = tuple[bytes | None, bytes | None, bytes | None]


def compare(
    findings: Findings,
    events: EventFold,
    clusters: ClusterFold,
    values: Values,
    begins_late: Callable[[str], bool],
    notes: Counter[str],
    only: Collection[str] | None = None,
) -> list[Difference]:
    """Return all differences: those within each of the three places, and those between them.

    Between the places a cluster has one difference for each place that disagrees with the other two. `begins_late` says of which
    clusters the first events may have expired; `notes` counts these. `only` limits the comparison to some cluster ids.
    """
    return [
        *findings.differences,
        *events.differences(),
        *clusters.differences(),
        *between(findings, events, clusters.states, values, begins_late, notes, only),
    ]


def between(
    findings: Findings,
    events: Mapping[str, Folded],
    clusters: Mapping[str, bytes],
    values: Values,
    begins_late: Callable[[str], bool],
    notes: Counter[str],
    only: Collection[str] | None = None,
) -> Iterable[Difference]:
    """Yield the differences between the three places, with the arguments of `compare`."""
    for name in _all(findings.states, findings.redirects, events, clusters):
        if only is not None and name not in only:
            continue
        into = findings.redirects.get(name, "")
        folded = events.get(name)
        late = (folded is None or folded.first > 1) and begins_late(name)
        if late:
            notes["events_begin_late"] += 1
        elif folded is not None and folded.first > 1:
            detail = f"revisions 1 to {folded.first - 1} missing" if folded.first > 2 else "revision 1 missing"
            yield Difference("event_gap", name, detail=detail, clusters=(name,), fingerprint=detail.encode())
        in_redis = findings.states.get(name, ENDED if into else None)
        states = in_redis, folded.state if folded else None, clusters.get(name)
        yield from _compare(name, states, values, unknown_events=late and folded is None)
        if folded and folded.merged_into and into:
            yield from _redirect(name, into, events)


def _all(*places: Collection[str]) -> Iterable[str]:
    """Yield every cluster id once, without a copy of them all in memory."""
    seen: list[Collection[str]] = []
    for place in places:
        yield from (name for name in place if not any(name in earlier for earlier in seen))
        seen.append(place)


def _compare(name: str, states: _Triple, values: Values, *, unknown_events: bool) -> Iterable[Difference]:
    redis, events, clusters = states
    if unknown_events:
        events_differ: tuple[str, ...] = ()
        topics_agree = False
    else:
        events_differ = differing(redis, events) or _end_unknown(redis, events)
        topics_agree = not differing(events, clusters) and not (events is None and is_live(redis))
    clusters_differ = differing(redis, clusters)
    if topics_agree and events is not None and events_differ and (clusters_differ or redis is None):
        yield _shown(_redis_code(states), name, tuple(dict.fromkeys(events_differ + clusters_differ)), states, values)
        return
    if events_differ:
        yield _shown(_code("events", "events_differ", redis, events), name, events_differ, states, values)
    if clusters_differ:
        yield _shown(_code("clusters", "clusters_differ", redis, clusters), name, clusters_differ, states, values)


def _end_unknown(redis: bytes | None, events: bytes | None) -> tuple[str, ...]:
    """Return the field that differs where only one of the two has ever had the cluster.

    A place that has an ended cluster must have its end as well, so a place that lacks it differs.
    """
    return ("standing",) if (redis is None) != (events is None) else ()


def _redis_code(states: _Triple) -> str:
    redis, events, _ = states
    if redis is None or (is_live(events) and not is_live(redis)):
        return "redis_missing"
    return "redis_ghost" if is_live(redis) and not is_live(events) else "redis_differs"


def _code(place: str, differs: str, redis: bytes | None, other: bytes | None) -> str:
    if is_live(other) and not is_live(redis):
        return f"{place}_ghost"
    if other is None or (place == "clusters" and not is_live(other)):
        return f"{place}_missing"
    return differs


def _shown(code: str, name: str, fields: tuple[str, ...], states: _Triple, values: Values) -> Difference:
    shown = tuple((field, values.texts(field, states)) for field in fields)
    fingerprint = b"|".join(state or b"" for state in states)
    return Difference(code, name, fields=shown, clusters=(name,), fingerprint=fingerprint)


def _redirect(name: str, into: str, events: Mapping[str, Folded]) -> Iterable[Difference]:
    """Compare the redirect of a merged cluster: by its events and by Redis it must lead to the same cluster.

    The events of a cluster name the one it was merged into, which may have been merged into others since.
    """
    chain = [name]
    while (folded := events.get(chain[-1])) and folded.merged_into and folded.merged_into not in chain:
        chain.append(folded.merged_into)
    if chain[-1] != into and events.get(chain[-1]) is not None:
        detail = f"by its events it was merged into {chain[-1]}, by Redis into {into}"
        yield Difference("redirect_differs", name, detail=detail, clusters=(*chain, into), fingerprint=detail.encode())
