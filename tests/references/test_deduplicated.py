"""What is written after a run: each work once, the rest beside it, nothing lost."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from streams.references.collection import collect
from streams.references.deduplicated import write_deduplicated
from streams.references.forms import FORMS
from streams.references.reading import read
from tests.references import files
from tests.references.test_collection import put

TITLE = "On DNA of corals"


def clusters(paths: list[str]) -> list[dict[str, object]]:
    """Return the clusters in which the references whose title begins like one are together, and every other alone."""
    ids = {one.record_id: one.reference.document.get("title", "").startswith(TITLE) for one in collect(paths)}
    alone: list[dict[str, object]] = [
        {"cluster_id": f"c-{record}", "records": [record]} for record, is_one in ids.items() if not is_one
    ]
    return [{"cluster_id": "c-dna", "records": [record for record, is_one in ids.items() if is_one]}, *alone]


def test_files_of_several_forms_become_ris(tmp_path: Path) -> None:
    paths = put(tmp_path, files.ALL)
    written = write_deduplicated(paths, clusters(paths), tmp_path)
    assert [path.name for path in written.files] == ["deduplicated.ris", "duplicates.ris"]
    kept, rest = (list(read(str(path))) for path in written.files)
    assert (len(kept), len(rest)) == (written.kept, written.left_out) == (8, 4)
    assert sum(reference.document["title"].startswith(TITLE) for reference in kept) == 1
    assert all(reference.document["title"].startswith(TITLE) for reference in rest)
    assert "Streams cluster c-dna (5)" in written.files[0].read_text()


def test_one_form_stays_and_entries_are_as_they_were(tmp_path: Path) -> None:
    paths = put(tmp_path, {"a.csv": files.CSV, "b.csv": files.CSV})
    written = write_deduplicated(paths, clusters(paths), tmp_path)
    with written.files[0].open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["Cited by"], row["streams_cluster"], row["streams_records"]) for row in rows] == [
        ("14", "c-dna", "2"),
        ("", "c-a:" + rows[1]["streams_cluster"].partition(":")[2], "1"),
        ("", "c-b:" + rows[2]["streams_cluster"].partition(":")[2], "1"),
    ]


@pytest.mark.parametrize("form", FORMS)
def test_any_form_can_be_asked_for(tmp_path: Path, form: str) -> None:
    paths = put(tmp_path, files.ALL)
    written = write_deduplicated(paths, clusters(paths), tmp_path, FORMS[form])
    assert len(list(read(str(written.files[0])))) == 8
    assert len(list(read(str(written.files[1])))) == 4


def test_nothing_is_lost(tmp_path: Path) -> None:
    broken = "@article{a, title={open\n@article{b, title={Closed}, year=2020}\n"
    paths = put(tmp_path, {"a.bib": files.BIBTEX, "broken.bib": broken})
    written = write_deduplicated(paths, [], tmp_path)
    assert written.kept + written.unread == len(list(collect(paths)))
    assert written.left_out == 0, "a reference without a cluster is kept"
    assert "open" in (tmp_path / "unread.txt").read_text()
