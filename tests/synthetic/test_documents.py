"""The documents that sources have of a made-up work."""
# ruff: noqa: S311 - a seed makes a test repeatable

from __future__ import annotations

from random import Random

from streams.synthetic.documents import make_documents, newer, source_id, sources_of
from streams.synthetic.works import make_family

WORKS = [work for seed in range(60) for work in make_family(Random(seed), 100 * seed)]


def test_a_work_has_one_to_six_documents_of_its_sources() -> None:
    for work in WORKS:
        sources = sources_of(work, Random(1))
        documents = make_documents(work, Random(1), 1.0)
        assert [document["source"] for document in documents] == sources
        assert 1 <= len(documents) <= 6


def test_ids_of_arxiv_and_crossref_are_those_of_the_work() -> None:
    for work in WORKS:
        assert source_id("arxiv", work, 0, Random(1)) == work.arxiv
        assert source_id("crossref", work, 0, Random(1)) == work.doi.lower()


def test_a_newer_document_is_the_same_record_of_a_later_version() -> None:
    for work in WORKS:
        for document in make_documents(work, Random(1), 0.0):
            later = newer(document, work, Random(2))
            assert (later["source"], later["id"]) == (document["source"], document["id"])
            assert later["version"] > document.get("version", 0)
