from __future__ import annotations

from streams.query.index_reader import IndexReader
from streams.query.titles import titles_of
from tests.query.conftest import Library


def test_titles_of_the_records_that_are_stored(library: Library) -> None:
    library.send("mine:1", title="Corals and their kin", year=2015)
    library.send("mine:2", title="Trees, groups and medians", year=2011)
    library.send("mine:2", deleted=True)
    index = IndexReader(library.settings, library.connection)
    assert titles_of(index, ["mine:1", "mine:1", "mine:2", "mine:3"]) == {"mine:1": "Corals and their kin"}
    assert titles_of(index, []) == {}
