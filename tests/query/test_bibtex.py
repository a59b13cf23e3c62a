"""A BibTeX entry as a document."""

from __future__ import annotations

import pytest

from streams.errors import PayloadError
from streams.query.bibtex import looks_like_bibtex, read_bibtex

ENTRY = r"""@inproceedings{vas17,
  title = {Attention {Is} All You Need},
  author = {Vaswani, Ashish and {\L}ukasz Kaiser and M{\"u}ller, J.
            and others},
  year = 2017, month = jun,
  eprint = {1706.03762}, archivePrefix = "arXiv",
  booktitle = {NIPS}, pages = {1--11}, volume = {30},
}
"""


def test_an_entry_becomes_a_document() -> None:
    assert read_bibtex(ENTRY) == {
        "title": "Attention Is All You Need",
        "authors": ["Vaswani, Ashish", "Łukasz Kaiser", "Müller, J."],
        "authors_complete": False,
        "publication_date": "2017-06",
        "arxiv_id": "1706.03762",
        "journal": "NIPS",
        "pages": "1-11",
        "volume": "30",
        "type": "proceedings-article",
    }


def test_the_first_entry_counts_and_other_archives_are_no_arxiv_ids() -> None:
    text = "@article{a, title={One}, date={2020-01-02}, eprint={7}, eprinttype={hal}}\n@book{b, title={Two}}"
    assert read_bibtex(text) == {"title": "One", "publication_date": "2020-01-02", "type": "journal-article"}


@pytest.mark.parametrize(
    "text", ["@article{", "@article{x, title = {never closed", "@", "@comment{nothing}", "@@@{{{}}}"]
)
def test_what_is_no_entry_says_so(text: str) -> None:
    with pytest.raises(PayloadError, match="BibTeX"):
        read_bibtex(text)


def test_bibtex_is_known_by_its_first_signs() -> None:
    assert looks_like_bibtex("\n @Article{x,")
    assert not looks_like_bibtex("@home: a study")
    assert not looks_like_bibtex("10.5555/@{")
