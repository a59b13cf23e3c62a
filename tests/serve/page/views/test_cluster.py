"""What the page of a cluster shows, from what queries answer."""

from __future__ import annotations

from typing import Any

import msgspec

from streams.clusters.canonical import canonical
from streams.clusters.corrections import Correction
from streams.clusters.field_origins import field_origins
from streams.matching.decision import Decision
from streams.query.answers import ClusterAnswer, Link, RelatedWork, Spanning
from streams.query.dossier import Dossier, StoredRecord
from streams.query.explain import Pairing, RefusedLink
from streams.records.record import Author, Record
from streams.serve.page.views.cluster import ClusterView, cluster_view
from tests.clusters.test_canonical import ARXIV, CROSSREF, SCHOLAR

VETO = Decision("distinct", 0.0, ("dois_differ",), "r", veto=True)
SAME = Decision("duplicate", 0.9, ("same_doi",), "r")


def dossier(*records: Record, **more: Any) -> Dossier:
    ordered = sorted(records, key=lambda record: record.id)
    answer = ClusterAnswer(
        cluster_id="ca",
        revision=2,
        size=len(ordered),
        records=tuple(r.id for r in ordered),
        document=canonical("ca", ordered),
    )
    fields: dict[str, Any] = {
        "answer": answer,
        "shown": tuple(StoredRecord(record, 1_000_000, number) for number, record in enumerate(ordered)),
        "origins": field_origins(ordered),
        "spanning": Spanning((), 0, 1, True, len(ordered)),
        "kept_apart": (),
        "refused": (),
        "corrections": (),
        "is_compared": True,
        "family": ("ca",),
        "titles": {},
    }
    return Dossier(**fields | more)


def view(**more: Any) -> ClusterView:
    return cluster_view(dossier(ARXIV, CROSSREF, SCHOLAR, **more))


def test_each_value_names_its_record_and_how_many_say_the_same() -> None:
    rows = {row.field: row for row in view().document}
    title = rows["title"]
    assert (title.values, title.origins) == (("On Graphs",), ("crossref:10.5555/x",))
    assert (title.same, title.other, title.none) == (3, 0, 0), "case is no difference"
    authors = rows["authors"]
    assert (authors.values, authors.same, authors.other) == (("A. One; B. Two; C. Three",), 2, 1)
    assert (rows["journal"].same, rows["journal"].none) == (1, 2)
    assert rows["abstract"].origins == ("arxiv:2001.00001",)
    assert list(rows)[:2] == ["title", "authors"]
    assert rows["urls"].values == ("https://doi.org/10.5555/x", "https://arxiv.org/abs/2001.00001")


def test_records_are_marked_where_they_differ_from_the_document() -> None:
    rows = {row.source: row for row in view().records}
    assert [row.number for row in view().records] == [1, 2, 3]
    assert not any(segment.differs for segment in rows["arxiv"].title)
    assert not any(segment.differs for row in rows.values() for segment in row.authors)
    assert rows["arxiv"].date[0].differs, "2020-01 is not 2020-11"
    assert rows["semantic_scholar"].date == ()
    assert "title" in rows["crossref"].gives
    assert rows["arxiv"].arrived == 1000.0


def test_the_order_of_a_name_is_no_difference_and_another_name_is() -> None:
    others = tuple(map(Author, ("One, A.", "Two, B.", "Else, C.")))
    row = cluster_view(dossier(msgspec.structs.replace(ARXIV, authors=others), CROSSREF)).records[0]
    assert [segment.text for segment in row.authors if segment.differs] == ["Else, C."]


def test_a_date_that_is_only_less_precise_is_no_difference() -> None:
    year = msgspec.structs.replace(ARXIV, date="2020")
    (row,) = [row for row in cluster_view(dossier(year, CROSSREF)).records if row.source == "arxiv"]
    assert [segment.differs for segment in row.date] == [False]


def test_links_complete_the_cluster_step_by_step() -> None:
    links = tuple(
        Link(a, b, score, ("same_doi", "authors_same_many", "year_day", "abstract_same"))
        for a, b, score in (
            ("arxiv:2001.00001", "crossref:10.5555/x", 0.99),
            ("crossref:10.5555/x", "semantic_scholar:7", 0.8),
        )
    )
    shown = view(spanning=Spanning(links, 4, 1, True, 3))
    assert [(row.before, row.after, row.percent) for row in shown.links] == [(1, 2, 99.0), (2, 3, 80.0)]
    assert len(shown.links[0].reasons) == 3
    assert shown.links_left_out == 4


def test_what_is_kept_apart_is_named_once_by_its_refusal() -> None:
    outside = Pairing("crossref:10.5555/x", "mine:1", VETO, True)
    link = Pairing("arxiv:2001.00001", "mine:1", SAME, True)
    second = Pairing("mine:2", "semantic_scholar:7", VETO, True)
    shown = view(
        kept_apart=(outside, second),
        refused=(RefusedLink(link, outside, False),),
        titles={"mine:1": "On graphs, again"},
    )
    assert [(row.inside, row.outside, row.title) for row in shown.apart] == [
        ("arxiv:2001.00001", "mine:1", "On graphs, again"),
        ("semantic_scholar:7", "mine:2", ""),
    ]
    assert shown.apart[0].why.startswith(
        "Alike, but others contradict (crossref:10.5555/x and mine:1: Two publishers' DOIs"
    )
    assert shown.apart[1].verdict == "different papers"
    made = Correction(
        id="k1", action="different", author="a", time="2026-01-01T00:00:00Z", a="mine:1", b="crossref:10.5555/x"
    )
    by_people = view(refused=(RefusedLink(link, outside, False),), corrections=(made,))
    assert by_people.apart[0].why == "People said that they are different papers"
    many = tuple(Pairing(f"mine:{number}", "semantic_scholar:7", VETO, True) for number in range(25))
    assert (len(view(kept_apart=many).apart), view(kept_apart=many).apart_left_out) == (20, 5)


def test_corrections_and_relations_are_in_words() -> None:
    made = Correction(
        id="k1", action="same", author="ada", time="2026-01-01T00:00:00Z", a="a:1", b="b:1", reason="one study"
    )
    found = dossier(ARXIV, corrections=(made,), titles={"mine:3": "Erratum"})
    related = msgspec.structs.replace(found.answer, relations=(RelatedWork("corrects", "arxiv:2001.00001", "mine:3"),))
    shown = cluster_view(found._replace(answer=related))
    assert [(row.says, row.author, row.reason) for row in shown.corrections] == [("the same paper", "ada", "one study")]
    assert [(row.words, row.other, row.title) for row in shown.relations] == [("corrects", "mine:3", "Erratum")]


def test_a_large_cluster_has_pages() -> None:
    found = dossier(ARXIV)
    large = found._replace(
        answer=msgspec.structs.replace(found.answer, size=1000),
        shown=tuple(StoredRecord(ARXIV, 0, place) for place in range(30, 60)),
    )
    shown = cluster_view(large)
    assert (shown.first, shown.previous_from, shown.next_from) == (30, 0, 60)
    assert (view().previous_from, view().next_from) == (-1, -1)


def test_an_empty_cluster_is_shown_as_one() -> None:
    answer = ClusterAnswer(cluster_id="ca", revision=4, size=0, records=(), document={})
    shown = cluster_view(Dossier(answer, (), {}, Spanning((), 0, 0, True, 0), (), (), (), False, (), {}))
    assert (shown.size, shown.title, shown.document, shown.records) == (0, "", (), ())
