"""Clusters by anything that names a paper, on a real Redis that an engine has filled."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from streams.errors import UsageError
from streams.query.explain import Inspection
from streams.query.lookup import look_up
from streams.settings import Settings
from tests.query.conftest import Library

TITLE = "Deep residual learning of sparse graph representations for molecules"
OTHER = "Variational bounds on turbulent transport in rotating stars"
PAIR = ["Ada Lovelace", "Alan Turing"]


@pytest.fixture
def stocked(library: Library) -> Library:
    library.send("arxiv:1512.00001", title=TITLE, authors=PAIR, year=2015, arxiv_id="1512.00001", doi="10.5555/aaa.1")
    library.send("mine:1", title=TITLE, authors=PAIR, year=2016, doi="10.5555/aaa.1", pmid="31452104")
    library.send("mine:2", title=OTHER, authors=["Grace Hopper"], year=2015, doi="10.5555/bbb.2")
    return library


def cluster_of(library: Library, record: str) -> str:
    """By `streams explain`."""
    return Inspection(library.settings, library.reading).membership(record).cluster_id


def test_a_look_up_takes_two_round_trips_and_one_by_an_id(stocked: Library) -> None:
    for asked, trips in (
        (["doi:10.5555/aaa.1"], 2), (["mine:2"], 1), (["mine:1"], 2), (["mine:2", "pmid:31452104", "doi:10.1/none"], 3),
    ):  # fmt: skip
        stocked.reading.round_trips = 0
        look_up(stocked.index, asked)
        assert stocked.reading.round_trips == trips


def test_every_name_of_a_paper_finds_the_cluster_that_explain_names(
    stocked: Library, unchanged: Callable[[], None]
) -> None:
    unchanged()
    cluster = cluster_of(stocked, "mine:1")
    names = ["doi:10.5555/AAA.1", "https://doi.org/10.5555/aaa.1", "pmid:31452104", "1512.00001", "arxiv:1512.00001v2"]
    names += ["mine:1", "https://arxiv.org/abs/1512.00001", cluster]
    found = look_up(stocked.index, names)
    assert [answer.clusters for answer in found] == [(cluster,)] * len(names)
    assert [answer.asked for answer in found] == names
    assert [record.record for record in found[0].records] == ["arxiv:1512.00001", "mine:1"]
    assert [record.record for record in found[2].records] == ["mine:1"]
    assert cluster_of(stocked, "mine:2") != cluster


def test_what_is_not_there_says_why(stocked: Library) -> None:
    asked = ["10.5555/none", "mine:9", "three loose words", "caaaaaaaaaaaaa"]
    found = look_up(stocked.index, asked)
    assert [answer.code for answer in found] == ["unknown_identifier", "unknown_record", "malformed", "unknown_cluster"]
    assert "first five identifiers" in found[0].detail


def test_an_identifier_may_be_in_two_clusters(library: Library) -> None:
    library.send("mine:1", title=TITLE, authors=PAIR, year=2015, arxiv_id="1512.00001", doi="10.5555/aaa.1")
    library.send("mine:2", title=OTHER, authors=["Grace Hopper"], year=2015, arxiv_id="1512.00009", doi="10.5555/aaa.1")
    (answer,) = look_up(library.index, ["10.5555/aaa.1"])
    clusters = {cluster_of(library, "mine:1"), cluster_of(library, "mine:2")}
    assert len(clusters) == 2
    assert set(answer.clusters) == clusters
    assert [record.record for record in answer.records] == ["mine:1", "mine:2"]


def test_a_work_that_is_only_related_to_is_not_found_in_the_record_that_says_so(library: Library) -> None:
    relation = {"kind": "corrects", "scheme": "doi", "value": "10.5555/aaa.1"}
    library.send("mine:1", title="Erratum to: " + TITLE, authors=PAIR, year=2016, relations=[relation])
    assert look_up(library.index, ["10.5555/aaa.1"])[0].code == "unknown_identifier"


def test_a_merged_cluster_leads_to_the_one_it_went_into(library: Library) -> None:
    library.send("mine:1", title=TITLE, authors=PAIR, year=2015, doi="10.5555/aaa.1")
    library.send("mine:2", title=OTHER, authors=["Grace Hopper"], year=2015, doi="10.5555/bbb.2")
    both = [cluster_of(library, "mine:1"), cluster_of(library, "mine:2")]
    library.bench.correct("k1", "same", "mine:1", "mine:2")
    survivor = cluster_of(library, "mine:1")
    (gone,) = set(both) - {survivor}
    answers = {answer.asked: answer for answer in look_up(library.index, [gone, survivor])}
    assert answers[gone].clusters == answers[survivor].clusters == (survivor,)
    assert (answers[gone].merged_into, answers[survivor].merged_into) == (survivor, "")


def test_a_full_key_still_finds_the_cluster_and_says_that_it_is_full(
    new_generation: Callable[..., Settings], new_library: Callable[[Settings], Library]
) -> None:
    library = new_library(new_generation(key_cap=2))
    for number in range(4):
        library.send(f"mine:{number}", title=TITLE, authors=PAIR, year=2015, doi="10.5555/aaa.1")
    (answer,) = look_up(library.index, ["10.5555/aaa.1"])
    assert answer.key_full
    assert answer.clusters == (cluster_of(library, "mine:0"),)
    assert len(answer.records) == 2


def test_a_deleted_record_is_not_found(stocked: Library) -> None:
    stocked.bench.send("mine:2", None)
    found = look_up(stocked.index, ["mine:2", "10.5555/bbb.2"])
    assert [answer.code for answer in found] == ["unknown_record", "unknown_identifier"]


def test_five_hundred_take_as_many_round_trips_as_one(stocked: Library) -> None:
    stocked.reading.round_trips = 0
    look_up(stocked.index, ["10.5555/bbb.2"])
    alone = stocked.reading.round_trips
    stocked.reading.round_trips = 0
    found = look_up(stocked.index, ["10.5555/bbb.2", "mine:2"] * 250)
    assert (len(found), stocked.reading.round_trips) == (500, alone)
    with pytest.raises(UsageError, match="at most 500"):
        look_up(stocked.index, ["mine:2"] * 501)
