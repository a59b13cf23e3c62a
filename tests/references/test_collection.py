"""References of several files: every one is a record of its own."""

from __future__ import annotations

from pathlib import Path

from streams.records.record import Record
from streams.references.collection import collect
from streams.sources import parse
from tests.references import files


def put(folder: Path, names: dict[str, str]) -> list[str]:
    for name, text in names.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return [str(folder / name) for name in names]


def test_every_reference_is_a_record(tmp_path: Path) -> None:
    collected = list(collect(put(tmp_path, files.ALL)))
    ids = [one.record_id for one in collected]
    assert len(set(ids)) == len(ids) == 3 + 3 + 2 + 2 + 2
    assert ids[:3] == ["tides:reef2020", "tides:shoal2021", "tides:reef2020-2"]
    for one in collected:
        (record,) = parse("document", one.payload)
        assert isinstance(record, Record)
        assert record.id == one.record_id
        assert record.title
        assert not record.warnings


def test_files_of_one_name(tmp_path: Path) -> None:
    paths = put(tmp_path, {"a/x.nbib": files.MEDLINE, "b/x.nbib": files.MEDLINE})
    assert [one.record_id for one in collect(paths)] == ["x:31234567", "x:30000001", "x-2:31234567", "x-2:30000001"]


def test_ids_stay_when_a_file_is_read_again(tmp_path: Path) -> None:
    paths = put(tmp_path, files.ALL)
    assert [one.record_id for one in collect(paths)] == [one.record_id for one in collect(paths)]


def test_what_cannot_be_read_is_a_payload_as_it_is(tmp_path: Path) -> None:
    (path,) = put(tmp_path, {"broken.bib": "@article{a, title={open\n@article{b, title={Closed}, year=2020}\n"})
    payloads = [one.payload for one in collect([path])]
    assert any(payload.startswith(b"@article{a") for payload in payloads)
