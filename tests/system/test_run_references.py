"""`streams run` on exports of references, as a reviewer uses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from streams.references.reading import read
from tests.references import files
from tests.references.test_collection import put
from tests.system.processes import Streams

pytestmark = [pytest.mark.system, pytest.mark.long]


def test_five_forms_become_one(streams: Callable[..., Streams], tmp_path: Path) -> None:
    broken = {"broken.bib": "@article{a, title={open\n@article{b, title={Closed seas}, year=2020}\n"}
    paths = put(tmp_path, files.ALL | broken)
    out = tmp_path / "out"
    said = streams().ok("run", *paths, "--out", out, "--write", "bibtex")
    assert "13 records are 7 papers: 6 duplicates" in said
    assert (
        "7 references are kept in deduplicated.bib, their 6 duplicates are in duplicates.bib. 1 could not be read"
        in said
    )
    kept = list(read(str(out / "deduplicated.bib")))
    assert sum(reference.document["title"].startswith("On DNA of corals") for reference in kept) == 1
    letters = [orjson.loads(line) for line in (out / "dead-letter.jsonl").read_bytes().splitlines()]
    assert len(letters) == 1, "an entry that cannot be read is a dead letter, too"


def test_an_unknown_form_to_write_is_refused(streams: Callable[..., Streams], tmp_path: Path) -> None:
    (path,) = put(tmp_path, {"a.ris": files.RIS})
    done = streams()("run", path, "--out", tmp_path / "out", "--write", "word")
    assert done.returncode == 2
    assert "--write word: unknown form; known: bibtex, ris, medline, endnote-xml, csv" in done.stderr
