"""What a search shows, by what was found."""

from __future__ import annotations

import pytest

from streams.query.answers import ClusterAnswer, Found, LookupAnswer, MatchAnswer, MatchedCluster
from streams.query.search_box import Question, SearchAnswer, read_question
from streams.serve.page.views.search import card_of, search_view, short_list

CLUSTER = ClusterAnswer(
    cluster_id="caaaaaaaaaaaaa",
    revision=3,
    size=3,
    records=("arxiv:1", "crossref:10.5555/a", "crossref:10.5/b"),
    document={"title": "On reefs", "authors": ["A"] * 8, "year": 2015, "doi": "10.5555/a"},
)
MATCHED = MatchedCluster(
    cluster_id=CLUSTER.cluster_id, joins=True, verdict="duplicate", score=0.9712, relation="", record="arxiv:1", title="", size=3,
    reasons=("title_exact_rare", "authors_same_many", "title_exact_rare"),
)  # fmt: skip


def answer(
    text: str, *, found: tuple[LookupAnswer, ...] = (), match: MatchAnswer | None = None, clusters: bool = True
) -> SearchAnswer:
    return SearchAnswer(read_question(text), found, match, {CLUSTER.cluster_id: CLUSTER} if clusters else {})


def test_a_card_has_the_sources_and_the_facts() -> None:
    card = card_of(CLUSTER)
    assert (card.title, card.size, card.sources) == ("On reefs", 3, (("arxiv", 1), ("crossref", 2)))
    assert card.authors == "A; A; A; A; A; A and 2 more"
    assert card.facts == "2015 · 10.5555/a"
    assert card.verdict == ""


def test_a_name_says_what_it_was_taken_for() -> None:
    looked = LookupAnswer(
        asked="10.5555/a", read_as=("doi:10.5555/a",), clusters=(CLUSTER.cluster_id,), records=(Found("a:1", "c"),)
    )
    view = search_view("10.5555/a", answer("10.5555/a", found=(looked,)))
    assert (view.understood, [card.note for card in view.cards]) == ("Understood as a DOI", ["has this identifier"])
    assert (view.names[0].read_as, view.names[0].found) == ("doi:10.5555/a", 1)
    assert view.outcome == ""


@pytest.mark.parametrize(
    ("read_as", "words"),
    [
        (("cluster",), "a cluster id"),
        (("mine:1",), "a record id"),
        (("arxiv:1706.1", "arxiv:1706.1"), "an arXiv id"),
        (("isbn:1", "mine:1"), "an ISBN or a record id"),
    ],
)
def test_names_have_articles(read_as: tuple[str, ...], words: str) -> None:
    looked = LookupAnswer(asked="x", read_as=read_as)
    view = search_view("x", SearchAnswer(Question("name", ("x",)), (looked,), None, {}))
    assert view.understood == f"Understood as {words}"


def test_a_document_says_what_would_become_of_it_and_why() -> None:
    text = '{"title": "On reefs", "authors": ["Ada Reef"], "doi": "10.5555/a"}'
    view = search_view(text, answer(text, match=MatchAnswer(cluster_id=CLUSTER.cluster_id, clusters=(MATCHED,))))
    assert view.understood == "Understood as a document"
    assert ("Identifiers", "doi:10.5555/a") in view.read
    assert view.outcome == f"Were it sent now, it would join cluster {CLUSTER.cluster_id}."
    (card,) = view.cards
    assert (card.verdict_words, card.percent, card.record) == ("same paper", 97.1, "arxiv:1")
    assert len(card.reasons) == 2
    assert all(" " in reason for reason in card.reasons)


def test_a_document_may_join_several_none_or_be_kept_out() -> None:
    text = '{"title": "On reefs"}'
    several = MatchAnswer(clusters=(MATCHED, MATCHED))
    assert "one cluster of 2" in search_view(text, answer(text, match=several)).outcome
    none = MatchAnswer(candidates=1)
    assert "a cluster of its own; it was compared with 1 record." in search_view(text, answer(text, match=none)).outcome
    large = MatchAnswer(partitioned=False)
    assert "too large" in search_view(text, answer(text, match=large)).outcome
    kept = MatchedCluster(
        **{name: getattr(MATCHED, name) for name in MATCHED.__struct_fields__} | {"joins": False, "kept_out_by": "m:2"}
    )
    assert (
        search_view(text, answer(text, match=MatchAnswer(clusters=(kept,)))).cards[0].note
        == "would not join it: m:2 contradicts"
    )


def test_a_title_is_not_said_to_join() -> None:
    view = search_view(
        "On reefs\nA. Reef; B. Kin", answer("On reefs\nA. Reef; B. Kin", match=MatchAnswer(clusters=(MATCHED,)))
    )
    assert (view.understood, view.outcome, view.read) == ("Understood as a title and 2 authors", "", ())
    assert view.cards


def test_nothing_and_what_cannot_be_read() -> None:
    assert search_view("", answer("", clusters=False)).kind == "nothing"
    view = search_view("{", answer("{", clusters=False))
    assert (view.understood, bool(view.problem), view.cards) == ("This could not be read", True, ())


def test_a_list_is_cut_where_it_is_long() -> None:
    assert short_list(["a", "b"], 2) == "a; b"
    assert short_list(map(str, range(1200)), 1) == "0 and 1,199 more"
