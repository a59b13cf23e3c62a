"""Every form: what is read of it, and that what is written is read again as the same references."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.references.forms import FORMS, form_of
from streams.references.reference import Kept
from tests.references import files

_FORM_OF_FILE = {
    "tides.bib": "bibtex",
    "tides.ris": "ris",
    "tides.nbib": "medline",
    "tides.xml": "endnote-xml",
    "tides.csv": "csv",
}


@pytest.mark.parametrize("name", files.ALL)
def test_a_form_is_known_by_name_and_by_content(name: str) -> None:
    text = files.ALL[name]
    found = form_of(name, text)
    assert found is not None
    assert found.name == _FORM_OF_FILE[name]
    if found.name != "csv":
        assert form_of("export.txt", text) is found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("feed.jsonl", '{"id": "1"}'),
        ("page.xml", '<?xml version="1.0"?><OAI-PMH><record/></OAI-PMH>'),
        ("records.xml", "<record><header/></record>"),
        ("notes.txt", "some words"),
    ],
)
def test_other_files_are_no_references(name: str, text: str) -> None:
    assert form_of(name, text) is None


@pytest.mark.parametrize("name", files.ALL)
def test_a_form_reads_the_fields(name: str) -> None:
    document = next(FORMS[_FORM_OF_FILE[name]].read(files.ALL[name])).document
    assert document["title"].rstrip(".").replace(",", "") == "On DNA of corals in warm water"
    assert [author.partition(",")[0] for author in document["authors"][:2]] == ["Reef", "Müller"]
    assert document["year"] == "2020"
    assert document["journal"].lower() == "journal of tides"
    assert (document["volume"], document["number"], document["pages"]) == ("12", "3", "101-119")
    assert document["doi"].lower().endswith("10.5555/tides.2020.101")


@pytest.mark.parametrize("name", files.ALL)
def test_what_is_written_is_read_as_the_same(name: str) -> None:
    form = FORMS[_FORM_OF_FILE[name]]
    before = list(form.read(files.ALL[name]))
    text = form.write([Kept(reference.entry, f"c{number}", 2) for number, reference in enumerate(before)])
    after = list(form.read(text))
    assert [reference.document for reference in after] == [reference.document for reference in before]
    assert [reference.key for reference in after] == [reference.key for reference in before]
    for number in range(len(before)):
        assert f"c{number}" in text


@pytest.mark.parametrize("name", files.ALL)
def test_a_file_that_was_written_is_written_again_with_its_new_clusters_alone(name: str) -> None:
    form = FORMS[_FORM_OF_FILE[name]]
    text = files.ALL[name]
    for run in ("first", "second"):
        text = form.write([Kept(reference.entry, f"{run}{n}", 2) for n, reference in enumerate(form.read(text))])
    assert "second0" in text
    assert "first0" not in text


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.name)
@pytest.mark.parametrize("name", files.ALL)
def test_any_form_is_written_from_documents(form: object, name: str) -> None:
    own, other = FORMS[_FORM_OF_FILE[name]], FORMS[str(getattr(form, "name", ""))]
    documents = [{"id": str(n), "source": "a", **r.document} for n, r in enumerate(own.read(files.ALL[name]))]
    again = list(other.read(other.write([Kept(other.entry_of(document), "c", 1) for document in documents])))
    assert [reference.document["title"] for reference in again] == [document["title"] for document in documents]
    assert [len(reference.document["authors"]) for reference in again] == [
        len(document["authors"]) for document in documents
    ]
    for reference, document in zip(again, documents, strict=True):
        year = str(document.get("year") or document["publication_date"])[:4]
        assert reference.document["year"] == year
        for field in ("doi", "pmid", "volume", "journal"):
            assert reference.document.get(field) == document.get(field), field


def test_the_fixtures_are_files(tmp_path: Path) -> None:
    for name, text in files.ALL.items():
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
        found = form_of(name, (tmp_path / name).read_text(encoding="utf-8"))
        assert found is not None
