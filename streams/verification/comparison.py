"""The three places side by side, cluster by cluster. Pure."""

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
    """All that is wrong: in each place in itself, and between them, one for each cluster and each place that stands alone.

    `begins_late` says of which clusters the first events cannot be there; `notes` counts these. `only`: of these clusters.
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
    """What the places say of each cluster, as `compare`."""
    for name in _all(findings.states, findings.redirects, events, clusters):
        if only is not None and name not in only:
            continue
        into = findings.redirects.get(name, "")
        told = events.get(name)
        late = (told is None or told.first > 1) and begins_late(name)
        if late:
            notes["events_begin_late"] += 1
        elif told is not None and told.first > 1:
            detail = f"revisions 1 to {told.first - 1} missing" if told.first > 2 else "revision 1 missing"
            yield Difference("event_gap", name, detail=detail, clusters=(name,), fingerprint=detail.encode())
        in_redis = findings.states.get(name, ENDED if into else None)
        states = in_redis, told.state if told else None, clusters.get(name)
        yield from _compare(name, states, values, unknown_events=late and told is None)
        if told and told.merged_into and into:
            yield from _redirect(name, into, events)


def _all(*places: Collection[str]) -> Iterable[str]:
    """Every name once, without another copy of them all."""
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
        events_differ = differing(redis, events) or _unheard(redis, events)
        topics_agree = not differing(events, clusters) and not (events is None and is_live(redis))
    clusters_differ = differing(redis, clusters)
    if topics_agree and events is not None and events_differ and (clusters_differ or redis is None):
        yield _shown(_redis_code(states), name, tuple(dict.fromkeys(events_differ + clusters_differ)), states, values)
        return
    if events_differ:
        yield _shown(_code("events", "events_differ", redis, events), name, events_differ, states, values)
    if clusters_differ:
        yield _shown(_code("clusters", "clusters_differ", redis, clusters), name, clusters_differ, states, values)


def _unheard(redis: bytes | None, events: bytes | None) -> tuple[str, ...]:
    """A cluster that is no more was once: whoever knows of it has heard of its end."""
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
    """By its events a cluster went into one that may have gone on into others: the last is the one Redis names."""
    chain = [name]
    while (told := events.get(chain[-1])) and told.merged_into and told.merged_into not in chain:
        chain.append(told.merged_into)
    if chain[-1] != into and events.get(chain[-1]) is not None:
        detail = f"by its events it went into {chain[-1]}, by Redis into {into}"
        yield Difference("redirect_differs", name, detail=detail, clusters=(*chain, into), fingerprint=detail.encode())
