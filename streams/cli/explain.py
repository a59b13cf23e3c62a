"""`streams explain`: print why a record is in its cluster, or why two records are or are not in one cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import orjson
import typer
from rich.console import Console
from rich.table import Table

from streams.cli.context import console, open_state
from streams.cli.tables import explanation_table
from streams.clusters.corrections import Correction
from streams.matching.decision import DUPLICATE
from streams.query.explain import Inspection, Membership, Pairing, Refused
from streams.settings import Settings

__all__ = ["explain_pair", "explain_record", "show_place"]

_MOST_ROWS = 30


def explain_record(settings: Settings, record: str, *, as_json: bool) -> None:
    """Print the cluster of a record, with the decisions inside it."""
    with open_state(settings) as (current, connection):
        place = Inspection(current, connection).membership(record)
    if as_json:
        typer.echo(orjson.dumps(_fields(place), option=orjson.OPT_INDENT_2).decode())
    else:
        show_place(console(), place)


def explain_pair(settings: Settings, a: str, b: str, *, as_json: bool) -> None:
    """Print every comparison of two records, and whether they are in one cluster."""
    with open_state(settings) as (current, connection):
        meeting = Inspection(current, connection).compare(a, b)
    if as_json:
        fields = {"a": a, "b": b, **msgspec.to_builtins(meeting._asdict())}
        typer.echo(orjson.dumps(fields, option=orjson.OPT_INDENT_2).decode())
        return
    screen = console()
    screen.print(explanation_table(meeting.explanation, title=f"{a}  ×  {b}"))
    for holds, corrections in (("the same", meeting.same), ("different", meeting.different)):
        if corrections:
            text = "; ".join(map(str, corrections))
            screen.print(f"People say that they are {holds}, which outranks the decision: {text}")
    screen.print("They are in one cluster." if meeting.together else "They are not in one cluster.")


def show_place(screen: Console, place: Membership) -> None:
    """Print a cluster: its document, its records, and the decisions behind it."""
    document = place.document
    authors = document.get("authors", [])
    shown = ", ".join(authors[:4]) + (f" and {len(authors) - 4} more" if len(authors) > 4 else "")
    screen.print(document.get("title", "(no title)"), style="bold")
    details = [shown, document.get("publication_date", ""), document.get("journal", ""), document.get("doi", "")]
    screen.print("  " + " · ".join(detail for detail in details if detail))
    screen.print(f"  cluster {place.cluster_id}, revision {place.revision}: {', '.join(place.records)}")
    if links := _spanning(place.inside):
        screen.print(_pairings("together because", links))
    if place.kept_apart:
        screen.print(_pairings("kept apart because", place.kept_apart))
    if place.refused:
        screen.print(_refusals(place.refused))
    if place.corrections:
        screen.print(_corrections(place.corrections))


def _spanning(pairings: Sequence[Pairing]) -> list[Pairing]:
    """Return the strongest links that connect all records of a cluster, as few as possible (a maximum spanning tree)."""
    side: dict[str, str] = {}

    def find(record: str) -> str:
        while side.setdefault(record, record) != record:
            record = side[record]
        return record

    chosen = []
    links = [p for p in pairings if p.decision.verdict == DUPLICATE and p.share_a_key]
    for pairing in sorted(links, key=lambda p: (-p.decision.score, p.a, p.b)):
        a, b = find(pairing.a), find(pairing.b)
        if a != b:
            side[b] = a
            chosen.append(pairing)
    return chosen


def _pairings(title: str, pairings: Sequence[Pairing]) -> Table:
    table = Table("pair", "decision", "score", "reasons", title=title, title_justify="left", box=None, pad_edge=True)
    for pairing in pairings[:_MOST_ROWS]:
        decision = pairing.decision
        table.add_row(
            f"{pairing.a} × {pairing.b}", decision.verdict, f"{decision.score:.3f}", ", ".join(decision.reasons[:5])
        )
    if len(pairings) > _MOST_ROWS:
        table.add_row(f"… and {len(pairings) - _MOST_ROWS} more", "", "", "")
    return table


def _refusals(refused: Sequence[Refused]) -> Table:
    table = Table("duplicate", "not joined because", title="not joined", title_justify="left", box=None, pad_edge=True)
    for refusal in refused[:_MOST_ROWS]:
        link, because = refusal.link, refusal.because
        reason = ", ".join(because.decision.reasons[:2])
        text = f"{because.a} × {because.b}: {reason}"
        if refusal.rival:
            text = f"the title is all that agrees, and it is also that of another work ({text})"
        table.add_row(f"{link.a} × {link.b}", text)
    return table


def _corrections(corrections: Sequence[Correction]) -> Table:
    table = Table("correction", "pair", "by", "reason", title="corrected by people", title_justify="left", box=None)
    for made in corrections[:_MOST_ROWS]:
        table.add_row(
            f"{made.id} {made.action}", f"{made.a} × {made.b}", f"{made.author}, {made.time[:10]}", made.reason
        )
    return table


def _fields(place: Membership) -> dict[str, Any]:
    fields = place._asdict()
    for name in ("inside", "kept_apart"):
        fields[name] = [
            {"a": p.a, "b": p.b, "share_a_key": p.share_a_key, **msgspec.to_builtins(p.decision)} for p in fields[name]
        ]
    fields["refused"] = [
        {
            "a": r.link.a,
            "b": r.link.b,
            "because": {"a": r.because.a, "b": r.because.b, "reasons": r.because.decision.reasons},
            "rival": r.rival,
        }
        for r in place.refused
    ]
    fields["corrections"] = msgspec.to_builtins(place.corrections)
    return fields
