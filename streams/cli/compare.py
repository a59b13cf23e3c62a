"""`streams compare`: decide pairs of documents without any server.

A document of a pair needs no `id` and no `source`: the name of its side, `a` or `b`, is used for both, so that two documents
without a source count as records of two feeds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import orjson
import typer

from streams.api.inputs import name_side
from streams.cli.context import console
from streams.cli.tables import explanation_table
from streams.errors import PayloadError, UsageError
from streams.evaluation.scores import open_lines
from streams.matching.candidate_pairs import are_candidates, shared_key_kinds
from streams.matching.decide import decide, explain
from streams.matching.decision import DISTINCT, Decision
from streams.matching.feature_values import Features
from streams.matching.features import extract
from streams.matching.ruleset import DEFAULT, Rules
from streams.records.record import Record
from streams.settings import load_settings
from streams.sources import document as documents
from streams.sources.payloads import Json, Member, collect, load_json

__all__ = ["compare", "compare_lines"]


def compare(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="two files, each with one document as JSON", show_default=False),
    ] = None,
    pairs: Annotated[
        str, typer.Option("--pairs", help='file of lines {"a": document, "b": document}; .gz too; - is standard input')
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="two documents: the comparisons as JSON")] = False,
) -> None:
    """Decide whether documents describe the same paper, without any server.

    A document needs no id and no source; without a source the two count as records of two feeds.

    With --pairs, print one JSON line for each line of FILE, in order: decision, score, reasons, ruleset, meets (whether a
    feed would compare the two at all), and warnings where fields could not be read. Other fields of a line are ignored;
    a pair that cannot be read is `distinct` with an `error`.

    With two files, show every comparison, its weight in bits and how they add up.
    """
    rules = DEFAULT.with_policy(load_settings().preprints)
    if bool(pairs) == bool(files):
        raise UsageError("give either --pairs FILE or two files of one document each")
    if pairs:
        _print_lines(pairs, rules)
        return
    if files is None or len(files) != 2:
        raise UsageError(f"two files are compared, not {len(files or ())}")
    _show(files[0], files[1], rules, as_json)


def compare_lines(lines: Iterator[bytes], rules: Rules = DEFAULT) -> Iterator[dict[str, Any]]:
    """Yield the decision on each line `{"a": document, "b": document}`, in order; blank lines are skipped."""
    for line in lines:
        if not line.strip():
            continue
        try:
            pair = orjson.loads(line)
            if not isinstance(pair, dict):
                raise PayloadError("not_a_pair", "the line is not a JSON object")
            a, b = _sides(pair.get("a"), pair.get("b"), ("/a", "/b"))
        except orjson.JSONDecodeError as error:
            yield _unreadable(f"not_json: {error}", rules)
        except PayloadError as error:
            yield _unreadable(str(error), rules)
        else:
            yield _row(a, b, decide(a.features, b.features, rules))


class _Side(NamedTuple):
    """One document of a pair: its record and its features."""

    record: Record
    features: Features


def _print_lines(path: str, rules: Rules) -> None:
    unreadable = 0
    out = typer.get_binary_stream("stdout")
    with open_lines(path) as lines:
        for row in compare_lines(iter(lines), rules):
            unreadable += "error" in row
            out.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
    out.flush()
    if unreadable:
        typer.echo(f"{unreadable} pairs could not be read; their lines have an error", err=True)


def _show(a: Path, b: Path, rules: Rules, as_json: bool) -> None:
    try:
        sides = _sides(_load(a), _load(b), (str(a), str(b)))
    except PayloadError as error:
        raise UsageError(str(error)) from None
    explanation = explain(sides[0].features, sides[1].features, rules)
    if as_json:
        shown = {**_row(*sides, explanation.decision), "veto": explanation.decision.veto, "prior": explanation.prior}
        if explanation.rule:
            shown["rule"] = explanation.rule
        shown["comparisons"] = [msgspec.structs.asdict(comparison) for comparison in explanation.comparisons]
        typer.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2))
        return
    screen = console()
    for name, (record, _) in zip("ab", sides, strict=True):
        identity = "" if record.source_id == name else f"{record.id}  "  # without an id it has that of its side
        screen.print(f"{name}: {identity}{record.title or '(no title)'}", highlight=False)
        if record.warnings:
            screen.print(f"   {_warned(record.warnings)}", highlight=False)
    screen.print(explanation_table(explanation))
    if text := _never_met(sides[0].features, sides[1].features):
        screen.print(text, highlight=False)


def _warned(warnings: Sequence[str]) -> str:
    """Return which fields of a document could not be read, and why."""
    notes = (warning.partition(": ") for warning in warnings)
    return "; ".join(f"{field}: could not be read as given ({what})" for field, _, what in notes)


def _never_met(a: Features, b: Features) -> str:
    """Return why a worker would never compare two records, `""` where it would."""
    if are_candidates(a, b):
        return ""
    if shared_key_kinds(a, b):
        return (
            "The two share only blocking keys that also need an author in common or close years, "
            "so a feed never compares them."
        )
    return "The two share no blocking key, so a feed never compares them."


def _load(path: Path) -> Any:
    """Read the document in a file, the first one of a list. Raises UsageError."""
    try:
        value = load_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    except PayloadError as error:
        raise UsageError(f"{path}: {error}") from None
    return value[0] if isinstance(value, list) and value else value


def _sides(a: Any, b: Any, where: tuple[str, str]) -> tuple[_Side, _Side]:
    """Read both documents of a pair. Raises PayloadError with the one of the two places in `where` that is wrong."""
    for value, place in zip((a, b), where, strict=True):
        if not isinstance(value, dict):
            raise PayloadError("not_a_paper", "the document is missing or not an object", place)
    sources = a.get("source"), b.get("source")
    return _side(name_side(a, "a", sources[1]), where[0]), _side(name_side(b, "b", sources[0]), where[1])


def _side(document: Json, where: str) -> _Side:
    item = collect([Member(where, document)], documents.read)[0]
    if isinstance(item, Record):
        return _Side(item, extract(item))
    if isinstance(item, PayloadError):
        raise item
    raise PayloadError("not_a_paper", "a delete cannot be compared", where)


def _row(a: _Side, b: _Side, decision: Decision) -> dict[str, Any]:
    row: dict[str, Any] = {
        "decision": decision.verdict,
        "score": decision.score,
        "reasons": decision.reasons,
        "ruleset": decision.ruleset,
        "meets": are_candidates(a.features, b.features),
    }
    if decision.relation:
        row["relation"] = decision.relation
    if a.record.warnings or b.record.warnings:
        row["warnings"] = {"a": a.record.warnings, "b": b.record.warnings}
    return row


def _unreadable(error: str, rules: Rules) -> dict[str, Any]:
    fields = {"decision": DISTINCT, "score": 0.0, "reasons": ["unreadable"], "ruleset": rules.ruleset}
    return {**fields, "meets": False, "error": error}
