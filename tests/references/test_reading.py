"""Files in any encoding, gzip or not; and files that are no references."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from streams.errors import UsageError
from streams.references.reading import decode, form_of_file, label_of, read
from tests.references import files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "tides.ris"
    path.write_bytes(files.RIS.lstrip("\ufeff").encode(encoding))
    assert [reference.document["authors"] for reference in read(str(path))] == [
        ["Reef, A.", "Müller, J."],
        ["Dune, Ed"],
        ["Cliff, Flo"],
    ]


def test_exports_of_several_encodings_put_together(tmp_path: Path) -> None:
    """As by `cat`: a mark in the midst, and lines in two encodings."""
    path = tmp_path / "all.ris"
    one = "TY  - JOUR\nAU  - Müller, J.\nTI  - Über {}\nER  - \n"
    path.write_bytes(one.format(1).encode() + one.format(2).encode("utf-8-sig") + one.format(3).encode("cp1252"))
    assert [reference.document["title"] for reference in read(str(path))] == ["Über 1", "Über 2", "Über 3"]
    assert {reference.document["authors"][0] for reference in read(str(path))} == {"Müller, J."}


def test_a_character_that_is_cut_is_still_utf_8() -> None:
    assert decode("Müller ü".encode()[:-1]) == "Müller "


def test_gzip(tmp_path: Path) -> None:
    path = tmp_path / "tides.nbib.gz"
    path.write_bytes(gzip.compress(files.MEDLINE.encode()))
    assert len(list(read(str(path)))) == 2
    form = form_of_file(str(path))
    assert form is not None
    assert form.name == "medline"


def test_other_files(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing of a kind")
    with pytest.raises(UsageError, match="is in none of the forms of references: bibtex, ris"):
        list(read(str(path)))
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        list(read(str(tmp_path / "missing.ris")))
    assert form_of_file(str(tmp_path / "missing.ris")) is None


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.xml", "<xml><records><record></xml>", r"a\.xml: not EndNote XML: .*line 1"),
        ("a.csv", "one,two\n1,2\n", r"a\.csv: the table has no column `title` in its first line: 'one', 'two'"),
    ],
)
def test_a_file_that_is_broken_as_a_whole(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=said):
        list(read(str(tmp_path / name)))


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("/a/scopus export (2).csv", "scopus-export-2"),
        ("x.ris.gz", "x"),
        ("文.bib", "references"),
        ("a" * 90, "a" * 60),
    ],
)
def test_labels(name: str, label: str) -> None:
    assert label_of(name) == label
