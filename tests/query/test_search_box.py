"""What one box takes, and what it finds."""

from __future__ import annotations

import pytest

from streams.query.search_box import LONGEST_TEXT, read_question, search
from tests.query.conftest import Library
from tests.query.test_lookup import OTHER, PAIR, TITLE

BIBTEX = r"""@inproceedings{vas17, title = {Attention {Is} All You Need}, author = {Vaswani, Ashish and {\L}ukasz Kaiser},
  year = 2017, eprint = {1706.03762}, archivePrefix = "arXiv", booktitle = {NIPS}}"""
RIS = "TY  - JOUR\nTI  - On reefs\nAU  - Reef, Ada\nDO  - 10.5555/aaa.1\nER  - \n"


@pytest.mark.parametrize(
    "text",
    [
        "caaaaaaaaaaaaa",
        "arxiv:1706.03762",
        "1706.03762v3",
        "10.5555/aaa.1",
        "pmid:12345",
        "https://doi.org/10.5555/aaa.1",
        "mine:7",
        "W2963403868",
    ],
)
def test_a_name_is_looked_up_as_it_is(text: str) -> None:
    question = read_question(f"  {text}\n")
    assert (question.kind, question.names, question.record) == ("name", (text,), None)


def test_a_title_may_be_followed_by_authors_and_has_a_colon_now_and_then() -> None:
    question = read_question("BERT: deep  bidirectional transformers\nJ. Devlin; M. Chang")
    assert question.kind == "title"
    assert question.record is not None
    assert question.record.title == "BERT: deep bidirectional transformers"
    assert [author.name for author in question.record.authors] == ["J. Devlin", "M. Chang"]


def test_identifiers_within_a_reference_are_names() -> None:
    text = "Vaswani A, et al. (2017). Attention is all you need. arXiv:1706.03762. doi:10.5555/3295222.3295349."
    assert read_question(text).names == ("arXiv:1706.03762", "doi:10.5555/3295222.3295349")


def test_a_document_is_read() -> None:
    document = read_question('{"title": "On reefs", "doi": "10.5555/aaa.1"}')
    assert document.kind == "document"
    assert document.record is not None
    assert document.record.identifier("doi") == "10.5555/aaa.1"


@pytest.mark.parametrize(
    ("text", "form", "title"),
    [(BIBTEX, "bibtex", "Attention Is All You Need"), (RIS, "ris", "On reefs"), (RIS + RIS, "ris", "On reefs")],
)
def test_the_first_of_pasted_references_is_read(text: str, form: str, title: str) -> None:
    question = read_question(text)
    assert (question.kind, question.form, question.left_out) == ("reference", form, text.count("TY  - JOUR") // 2)
    assert question.record is not None
    assert question.record.title == title


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"title": ', "JSON"),
        ("[1, 2]", "one document"),
        ("{}", ""),
        ("@article{x", "bibtex"),
        ("x" * (LONGEST_TEXT + 1), "200,001 characters"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, problem: str) -> None:
    question = read_question(text)
    assert question.kind == "unreadable"
    assert question.problem
    assert problem.casefold() in question.problem.casefold()


@pytest.mark.parametrize("text", ["", "  \n", "\x00", "\x00 \x00"])
def test_an_empty_box_asks_nothing(text: str) -> None:
    assert read_question(text).kind == "nothing"


@pytest.mark.parametrize(
    "text", ["…", "ؤ", "a" * 10_000, "<script>alert(1)</script>", "\ud800", "a\u202eb", "💥" * 3, ":", "@"]
)
def test_any_text_is_read(text: str, library: Library) -> None:
    answer = search(library.index, text)
    assert answer.question.kind in ("title", "name", "unreadable")
    assert not answer.clusters


def test_a_name_a_title_and_a_document_find_their_cluster(library: Library) -> None:
    library.send("mine:1", title=TITLE, authors=PAIR, year=2015, doi="10.5555/aaa.1")
    library.send("mine:2", title=TITLE, authors=PAIR, year=2015, doi="10.5555/aaa.1", pages="7")
    library.send("mine:3", title=OTHER, authors=["Grace Hopper"], year=2015)
    by_name = search(library.index, "10.5555/aaa.1")
    (cluster,) = by_name.clusters
    assert by_name.match is None
    assert by_name.found[0].clusters == (cluster,)
    assert by_name.clusters[cluster].size == 2
    for text in (TITLE, f"{TITLE}\n{'; '.join(PAIR)}", f'{{"title": "{TITLE}", "year": 2015}}'):
        answer = search(library.index, text)
        assert answer.match is not None
        assert [found.cluster_id for found in answer.match.clusters] == [cluster]
        assert answer.clusters.keys() == {cluster}
    quoted = search(library.index, f"Somebody (2015). {TITLE}. https://doi.org/10.5555/aaa.1")
    assert quoted.clusters.keys() == {cluster}
    unknown = search(library.index, "10.5555/nobody")
    assert (unknown.found[0].code, unknown.clusters) == ("unknown_identifier", {})
