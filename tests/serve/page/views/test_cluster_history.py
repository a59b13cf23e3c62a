"""Events in words, newest first."""

from __future__ import annotations

from typing import Any

from streams.query.cluster_events import BoundedHistory
from streams.query.history import Chronicle
from streams.serve.page.views.cluster_history import HistoryView, history_view


def event(cluster: str, revision: int, kind: str, before: list[str], after: list[str], **more: Any) -> dict[str, Any]:
    return {
        "cluster_id": cluster,
        "revision": revision,
        "type": kind,
        "before": before,
        "after": after,
        "evidence": [],
        **more,
    }


def view(*events: dict[str, Any], is_whole: bool = True) -> HistoryView:
    chronicle = Chronicle()
    for number, each in enumerate(events):
        chronicle.add(1000 * (number + 1), each)
    return history_view(BoundedHistory(chronicle.history("ca"), is_whole))


def test_a_timeline_says_who_came_why_and_who_said_so() -> None:
    correction = {"id": "k1", "action": "same", "a": "m:1", "b": "m:2", "author": "ada", "reason": "one study"}
    shown = view(
        event("ca", 1, "created", [], ["m:1"], causes=["m:1"]),
        event("cb", 1, "created", [], ["m:2"], causes=["m:2"]),
        event("cb", 2, "merged", ["m:2"], [], merged_into=["ca"], causes=["k1"]),
        event("ca", 2, "merged", ["m:1"], ["m:1", "m:2"], merged_from=["cb"], corrections=[correction], causes=["k1"],
              evidence=[{"reasons": ["same_doi", "same_doi", "authors_same_many"]}]),
        event("ca", 3, "canonical_changed", ["m:1", "m:2"], ["m:1", "m:2"], causes=["rebuild:g2"]),
    )  # fmt: skip
    assert [(row.cluster_id, row.revision) for row in shown.rows][:2] == [("ca", 3), ("ca", 2)]
    assert shown.several
    changed, merged = shown.rows[0], shown.rows[1]
    assert (changed.words, changed.cause) == ("The document changed", "a rebuild under other rules (g2)")
    assert (merged.words, merged.added, merged.removed, merged.size) == ("Took in cb", ("m:2",), (), 2)
    assert len(merged.reasons) == 2
    assert merged.people == ("ada: m:1 and m:2 are the same paper — one study",)
    assert (shown.rows[-1].time, shown.missing, shown.is_whole) in ((1.0, (), True), (2.0, (), True))


def test_what_is_missing_is_named_and_what_is_not_known_is_shown() -> None:
    shown = view(
        event("ca", 3, "of_a_later_version", [f"m:{n}" for n in range(20)], [], merged_into=["cz"]), is_whole=False
    )
    (row,) = shown.rows
    assert (row.words, len(row.removed), row.left_out) == ("Merged into cz", 12, 8)
    assert (shown.missing, shown.merged_into, shown.is_whole) == (("ca, up to revision 2",), "cz", False)
    (row,) = view(event("ca", 1, "of_a_later_version", [], [])).rows
    assert row.words == "of a later version"


def test_a_change_of_the_document_names_its_fields() -> None:
    changed = {"id": "ca", "title": "B", "arxiv_id": "1"}
    shown = view(
        event("ca", 1, "created", [], ["m:1"], document={"id": "ca", "title": "A", "year": 2015}),
        event(
            "ca",
            2,
            "canonical_changed",
            ["m:1"],
            ["m:1"],
            document=changed,
            evidence=[{"reasons": ["same_doi"]}],
        ),
        event("ca", 3, "record_removed", ["m:1"], [], document=None),
    )
    assert [row.fields for row in shown.rows] == [(), ("title", "arXiv id"), ()]
    assert shown.rows[1].reasons == (), "they are those of what came before"


def test_an_event_that_only_names_the_change_of_the_one_before_is_shown_with_it() -> None:
    document = {"id": "ca", "title": "A"}
    shown = view(
        event("ca", 1, "created", [], ["m:1"], document=document),
        event("ca", 2, "record_added", ["m:1"], ["m:1", "m:2"], document={**document, "title": "B", "versions": [2]}),
        event(
            "ca",
            3,
            "canonical_changed",
            ["m:1", "m:2"],
            ["m:1", "m:2"],
            document={**document, "title": "B", "versions": [2]},
        ),
        event("ca", 4, "canonical_changed", ["m:1", "m:2"], ["m:1", "m:2"], document={**document, "versions": [3]}),
    )
    rows = [(row.revision, row.last_revision, row.fields) for row in shown.rows]
    assert rows == [(4, 4, ("title", "the list of records")), (2, 3, ("title",)), (1, 1, ())]
