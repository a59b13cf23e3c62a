"""What a subscriber selects."""

from __future__ import annotations

import pytest

from streams.api.event import ClusterState, Event
from streams.client.selection import select


def test_without_types_and_sources_all_is_selected() -> None:
    assert select((), ()).accepts(Event("ca", 1, ("x:1",), type="created"))
    assert select((), ()).query() == []


def test_by_type_and_by_source_before_or_after() -> None:
    chosen = select({"created", "split"}, ["arxiv"])
    assert chosen.accepts(Event("ca", 1, ("arxiv:1", "crossref:1"), type="created"))
    assert chosen.accepts(Event("ca", 2, ("crossref:1",), type="split", before=("arxiv:1", "crossref:1")))
    assert not chosen.accepts(Event("ca", 1, ("arxiv_mirror:1",), type="created")), (
        "a name is not the beginning of another"
    )
    assert not chosen.accepts(Event("ca", 2, ("arxiv:1",), type="merged"))
    assert chosen.query() == [("type", "created"), ("type", "split"), ("source", "arxiv")]


def test_states_are_selected_by_source_alone() -> None:
    assert select({"created"}, {"arxiv"}).accepts(ClusterState("ca", 3, ("arxiv:1",), {}))
    assert not select((), {"arxiv"}).accepts(ClusterState("ca", 3, ("crossref:1",), {}))


def test_a_type_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ValueError, match="no event has the type create; types are created"):
        select(["create"], ())


@pytest.mark.parametrize("given", [{"types": "created", "sources": ()}, {"types": (), "sources": "arxiv"}])
def test_one_text_in_place_of_a_collection_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(TypeError, match="expected a collection"):
        select(**given)
