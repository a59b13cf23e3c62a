"""`streams compare`: decide pairs of documents without any server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import orjson
import typer

from streams.cli.context import console
from streams.cli.tables import explanation_table
from streams.errors import PayloadError, UsageError
from streams.evaluation import open_lines
from streams.matching.decide import decide, explain
from streams.matching.decision import DISTINCT, Decision
from streams.matching.features import Features, extract
from streams.matching.ruleset import DEFAULT, Rules
from streams.records import Record
from streams.settings import load_settings
from streams.sources import parse

__all__ = ["compare", "compare_lines"]


def compare(
    documents: Annotated[
        list[Path] | None, typer.Argument(help="two files, each with one document as JSON", show_default=False)
    ] = None,
    pairs: Annotated[
        str, typer.Option("--pairs", help='file of lines {"a": document, "b": document}; .gz too; - is standard input')
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="two documents: the comparisons as JSON")] = False,
) -> None:
    """Decide whether documents describe the same paper, without any server.

    With --pairs, print one JSON line for each line of FILE, in order: decision, score, reasons, ruleset. Other fields
    of a line are ignored; a pair that cannot be read is `distinct` with an `error`.

    With two files, show every comparison, its weight in bits and how they add up.
    """
    rules = DEFAULT.with_policy(load_settings().preprints)
    if bool(pairs) == bool(documents):
        raise UsageError("give either --pairs FILE or two files of one document each")
    if pairs:
        _print_lines(pairs, rules)
        return
    if documents is None or len(documents) != 2:
        raise UsageError(f"two files are compared, not {len(documents or ())}")
    _show(documents[0], documents[1], rules, as_json)


def compare_lines(lines: Iterator[bytes], rules: Rules = DEFAULT) -> Iterator[dict[str, Any]]:
    """The decision on each line `{"a": document, "b": document}`, in order; blank lines are passed over."""
    for line in lines:
        if not line.strip():
            continue
        try:
            pair = orjson.loads(line)
            if not isinstance(pair, dict):
                raise PayloadError("not_a_pair", "the line is not a JSON object")
            decision = decide(_features(pair.get("a"), "/a"), _features(pair.get("b"), "/b"), rules)
        except orjson.JSONDecodeError as error:
            yield _unreadable(f"not_json: {error}", rules)
        except PayloadError as error:
            yield _unreadable(str(error), rules)
        else:
            yield _row(decision)


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
    records = _read(a), _read(b)
    explanation = explain(extract(records[0]), extract(records[1]), rules)
    if as_json:
        shown = {**_row(explanation.decision), "veto": explanation.decision.veto, "prior": explanation.prior}
        shown["comparisons"] = [msgspec.structs.asdict(comparison) for comparison in explanation.comparisons]
        typer.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2))
        return
    screen = console()
    for name, record in zip("ab", records, strict=True):
        screen.print(f"{name}: {record.id}  {record.title or '(no title)'}", highlight=False)
    screen.print(explanation_table(explanation))


def _read(path: Path) -> Record:
    try:
        payload = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    item = parse("document", payload)[0]
    if isinstance(item, Record):
        return item
    raise UsageError(f"{path}: {item if isinstance(item, PayloadError) else 'a delete is not a document'}")


def _features(document: Any, where: str) -> Features:
    if not isinstance(document, dict):
        raise PayloadError("not_a_paper", "the document is missing or not an object", where)
    item = parse("document", orjson.dumps(document))[0]
    if isinstance(item, Record):
        return extract(item)
    if isinstance(item, PayloadError):
        raise PayloadError(item.code, item.detail, where + item.where)
    raise PayloadError("not_a_paper", "a delete cannot be compared", where)


def _row(decision: Decision) -> dict[str, Any]:
    row: dict[str, Any] = {
        "decision": decision.verdict,
        "score": decision.score,
        "reasons": decision.reasons,
        "ruleset": decision.ruleset,
    }
    return row | ({"relation": decision.relation} if decision.relation else {})


def _unreadable(error: str, rules: Rules) -> dict[str, Any]:
    return {"decision": DISTINCT, "score": 0.0, "reasons": ["unreadable"], "ruleset": rules.ruleset, "error": error}
