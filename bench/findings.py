"""All that an evaluation found, in the order of the sets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ablation import Alarm, Row
from left_out import LeftOut
from mutate import Trial
from order import Order
from peers import Peer
from targets import Sample
from tasks import Fitted, Judged, Shipped
from train import Fit

__all__ = ["Findings", "gather"]


class Findings(NamedTuple):
    """Lists are empty, and single values None, where a part was not asked for."""

    fitted: list[Fitted]
    left_out: list[LeftOut]
    learned: Fit | None
    rows: list[Row]
    alarms: list[Alarm]
    trials: list[Trial]
    orders: list[Order]
    peers: list[Peer]
    dumped: list[dict[str, Any]]
    sample: Sample | None = None


def gather(results: Iterable[Any], sets: Sequence[str]) -> Findings:
    """Sort results, as they came, by their kind and by the order of the sets."""
    found = Findings([], [], None, [], [], [], [], [], [])
    for result in results:
        match result:
            case Fitted():
                found.fitted.append(result)
            case Judged():
                found.rows.extend(result.rows)
                found.alarms.extend(result.alarms)
            case Order():
                found.orders.append(result)
            case Peer():
                found.peers.append(result)
            case Shipped():
                found.dumped.extend(result.rows)
            case Fit():
                found = found._replace(learned=result)
            case [LeftOut(), *_]:
                found.left_out.extend(result)
            case [Trial(), *_]:
                found.trials.extend(result)
    at = {name: number for number, name in enumerate(sets)}
    for of_sets in (found.rows, found.alarms, found.trials, found.orders, found.peers):
        of_sets.sort(key=lambda one: at[one.name])
    found.fitted.sort(key=lambda one: at[one.outcome.name])
    found.left_out.sort(key=lambda one: at[one.outcome.name])
    found.dumped.sort(key=lambda row: at[row["set"]])
    return found
