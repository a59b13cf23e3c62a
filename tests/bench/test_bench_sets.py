"""The labelled sets of the bench: what counts, for which works, and what is left out with what."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest

pytest.importorskip("numpy")

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture(autouse=True)
def bench(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripts of the bench import each other as modules beside them."""
    monkeypatch.syspath_prepend(str(BENCH))


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(b"\n".join(map(orjson.dumps, rows))))


OWLS = "Hearing of burrowing owls under snow cover in boreal winters"
RIFTS = "Magma chambers beneath slow continental rifts of the Cretaceous"
MOSS = "Nitrogen uptake of peat mosses on drained fens after rewetting"
TEAMS = {RIFTS: ["Kwame Bediako", "Ylva Sandström"], MOSS: ["Priit Tamm", "Oksana Levytska"]}


def paper(source: str, number: int, title: str, **more: Any) -> dict[str, Any]:
    authors = TEAMS.get(title, ["Ines Halvorsen", "Tomas Reyk"])
    return {"source": source, "id": str(number), "title": title, "authors": authors, "year": 2011, **more}


def feed(folder: Path) -> None:
    """Three works: two records of owls, three of rifts, one of which has no title, and moss alone."""
    rows = [
        paper("one", 1, OWLS), paper("two", 2, OWLS), paper("one", 3, RIFTS), paper("pdf", 4, RIFTS),
        {"source": "pdf", "id": "5"}, paper("two", 6, MOSS),
    ]  # fmt: skip
    write(folder / "feed.jsonl.gz", rows)
    works = {"one:1": "o", "two:2": "o", "one:3": "r", "pdf:4": "r", "pdf:5": "r", "two:6": "m"}
    write(folder / "gold.jsonl.gz", [{"record": record, "cluster": work} for record, work in works.items()])


def test_pairs_of_records_that_cannot_be_read_count_as_missed(tmp_path: Path) -> None:
    from scores import score
    from sets import load
    from subjects import Subject

    feed(tmp_path / "mis_quarterly")
    subject = Subject(load("mis_quarterly", tmp_path, 0))
    scores = score(subject, subject.found(subject.world))
    assert (scores.pairs.correct, scores.pairs.predicted, scores.pairs.gold) == (2, 2, 4)
    assert scores.precision == (1.0, 1.0)
    assert scores.recall.low < scores.pairs.recall < scores.recall.high


def test_a_variant_leaves_a_source_out_with_its_gold(tmp_path: Path) -> None:
    from sets import load, names
    from subjects import Subject

    feed(tmp_path / "mis_quarterly")
    assert names(tmp_path) == ["mis_quarterly", "mis_quarterly_clean", "generated", "demo"]
    clean = Subject(load("mis_quarterly_clean", tmp_path, 0))
    assert clean.base == "mis_quarterly"
    assert sorted(clean.world.names) == ["one:1", "one:3", "two:2", "two:6"]
    assert (len(clean.gold), clean.unread.total()) == (1, 0)


def test_labels_say_what_is_scored_and_a_pair_must_meet(tmp_path: Path) -> None:
    from sets import load
    from subjects import Subject

    labels = ("duplicate", "distinct", "related", "debatable", "unsure")
    rows = [{"pair": label, "a": paper("one", 1, OWLS), "b": paper("two", 2, OWLS), "label": label} for label in labels]
    rows.append({"pair": "far", "a": paper("one", 7, OWLS), "b": paper("two", 8, MOSS), "label": "duplicate"})
    write(tmp_path / "some" / "pairs.jsonl.gz", rows)
    subject = Subject(load("some", tmp_path, 0))
    scored = {subject.key(pair): pair in subject.found(subject.world) for pair, _ in subject.judged()}
    assert scored == {"duplicate": True, "distinct": True, "related": True, "far": False}
    assert len(set(subject.works.values())) == 1, "the pairs share titles, so they are drawn together"
    write(tmp_path / "some" / "pairs.jsonl.gz", [rows[0] | {"label": "perhaps"}])
    with pytest.raises(ValueError, match="unknown label 'perhaps'"):
        load("some", tmp_path, 0)


def test_a_labelled_pair_is_left_out_with_the_feed_it_comes_from(tmp_path: Path) -> None:
    from sets import load
    from subjects import Subject, trace_shared_pairs
    from train import examples
    from word_counts import Titles

    feed(tmp_path / "owls")
    pairs = [
        {"pair": "known", "a": paper("one", 1, OWLS), "b": paper("two", 2, OWLS), "label": "duplicate"},
        {"pair": "other", "a": paper("one", 1, MOSS), "b": paper("two", 22, MOSS), "label": "duplicate"},
    ]
    write(tmp_path / "judged" / "pairs.jsonl.gz", pairs)
    owls, judged = (Subject(load(name, tmp_path, 0)) for name in ("owls", "judged"))
    trace_shared_pairs([owls, judged])
    assert {judged.key(pair): sets for pair, sets in judged.elsewhere.items()} == {"known": {"owls"}}
    assert {owls.key(pair): sets for pair, sets in owls.elsewhere.items()} == {"one:1 two:2": {"judged"}}
    assert (len(examples(judged)), len(examples(judged, "owls"))) == (1, 1)
    assert examples(judged)[0].weight == 2 * examples(judged, "owls")[0].weight == 40.0
    titles = Titles([owls, judged])
    assert [counts.words["owls"] for counts in (titles.counts, titles.without("owls"))] == [1, 0]
    assert [
        titles.without(name).words["moss"] + titles.without(name).words["mosses"] for name in ("owls", "judged")
    ] == [1, 1]
    assert titles.without("judged").titles == len({OWLS, RIFTS, MOSS})


def test_another_table_of_words_is_read_for_a_while(tmp_path: Path) -> None:
    from sets import load
    from subjects import Subject
    from word_counts import Titles, swapped, table

    from streams.matching.words import information, is_word

    feed(tmp_path / "owls")
    made = table(Titles([Subject(load("owls", tmp_path, 0))]).counts, ["qworble"])
    before = information("data"), is_word("qworble"), is_word("owls")
    with swapped(made):
        assert (is_word("qworble"), is_word("owls")) == (True, False)
        assert information("data") > before[0]
    assert (information("data"), is_word("qworble"), is_word("owls")) == before


def test_pairs_without_an_identifier_are_held_against_judged_ones(tmp_path: Path) -> None:
    from natural import sample
    from sets import load
    from subjects import Subject

    feed(tmp_path / "natural")
    (tmp_path / "natural" / "gold.jsonl.gz").unlink()
    judged = [{"pair": "p", "a": paper("one", 1, OWLS), "b": paper("two", 2, OWLS), "label": "related"}]
    write(tmp_path / "judged" / "pairs.jsonl.gz", judged)
    natural, judge = (Subject(load(name, tmp_path, 0)) for name in ("natural", "judged"))
    assert not natural.is_labelled
    assert sample(natural, natural.world, [judge]) == (2, 0, 1, 1)


def test_the_naive_peer_puts_equal_titles_and_equal_dois_together(tmp_path: Path) -> None:
    from peers import bib_dedupe, naive
    from sets import load
    from subjects import Subject

    rows = [
        paper("one", 1, OWLS), paper("two", 2, OWLS.upper() + "."), paper("one", 3, RIFTS, doi="10.5555/rifts.1"),
        paper("two", 4, "Cretaceous rifts", doi="https://doi.org/10.5555/RIFTS.1"), paper("two", 5, MOSS),
    ]  # fmt: skip
    write(tmp_path / "owls" / "feed.jsonl.gz", rows)
    works = {"one:1": "o", "two:2": "o", "one:3": "r", "two:4": "r", "two:5": "r"}
    write(tmp_path / "owls" / "gold.jsonl.gz", [{"record": record, "cluster": work} for record, work in works.items()])
    subject = Subject(load("owls", tmp_path, 0))
    scores = naive(subject).scores
    assert scores is not None
    assert (scores.pairs.correct, scores.pairs.predicted, scores.pairs.gold) == (2, 2, 4)
    assert bib_dedupe(subject, limit=60.0).why in ("", "not installed", "fails on this set")


def test_what_is_asked_is_counted_by_record_and_by_score(tmp_path: Path) -> None:
    from reviews import review
    from sets import load
    from subjects import Subject

    from streams.matching.decision import REVIEW, Decision

    feed(tmp_path / "owls")
    subject = Subject(load("owls", tmp_path, 0))
    doubt = {pair: Decision(REVIEW, 0.58, ("title_alone",), "") for pair in subject.met}
    found = review(subject, subject.world.revised(doubt))
    assert (found.records, found.touched, found.doubtful, found.asked, found.most) == (5, 4, 2, 2, 1)
    assert (found.known, found.same, found.capped) == (2, 2, 0)
    assert [(one.known, one.same) for one in found.bins] == [(0, 0), (2, 2), (0, 0), (0, 0)]


def test_what_is_settled_is_not_asked_and_one_question_between_two_clusters_is_enough(tmp_path: Path) -> None:
    from reviews import review
    from sets import load
    from subjects import Subject

    from streams.matching.decision import DISTINCT, REVIEW, Decision

    rows = [paper(source, number, OWLS) for number, source in enumerate(("one", "two", "three", "four"))]
    write(tmp_path / "owls" / "feed.jsonl.gz", rows)
    subject = Subject(load("owls", tmp_path, 0))
    doubt, apart = Decision(REVIEW, 0.6, ("title_alone",), ""), Decision(DISTINCT, 0.1, ("no_evidence",), "", veto=True)
    one, other = (0, 1), (2, 3)
    between = {pair: doubt for pair in subject.met if pair not in (one, other)}
    found = review(subject, subject.world.revised(between))
    assert (found.doubtful, found.asked, found.capped) == (4, 1, 0)
    found = review(subject, subject.world.revised(between | {one: apart, other: apart}))
    assert (found.doubtful, found.asked) == (4, 4), "four clusters, so four questions"
