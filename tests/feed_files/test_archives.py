"""What is read of folders and archives, in which order, and what is said where one is damaged."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from streams.errors import UsageError
from streams.feed_files.archives import files_of, parts, read_errors

LINES = b'{"id":"1"}\n{"id":"2"}\n'


def read(path: Path) -> list[tuple[str, bytes]]:
    found = []
    for part in parts(str(path)):
        with read_errors(part.path), part.open() as file:
            found.append((part.member, file.read()))
    return found


def tar_of(members: list[tuple[str, bytes]], mode: str = "w") -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return written.getvalue()


MEMBERS = [
    ("dump/README.md", b"read me"),
    ("dump/0.jsonl.gz", gzip.compress(LINES)),
    ("dump/._0.jsonl.gz", b"of a Mac"),
    ("dump/1.jsonl", LINES),
    ("dump/0.jsonl.gz", gzip.compress(b"{}\n")),
]
READ = [("dump/0.jsonl.gz", LINES), ("dump/1.jsonl", LINES), ("dump/0.jsonl.gz#2", b"{}\n")]


def test_the_members_of_a_tar_are_parts_whether_it_is_packed_or_not(tmp_path: Path) -> None:
    for name, mode in (("a", "w"), ("b.tar.gz", "w:gz")):
        (tmp_path / name).write_bytes(tar_of(MEMBERS, mode))
        assert read(tmp_path / name) == READ


def test_the_members_of_a_zip_are_parts(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "archive.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in MEMBERS[:4]:
            archive.writestr(name, content)
    assert read(tmp_path / "archive.zip") == READ[:2]


def test_a_file_is_one_part_gzip_of_several_members_or_not(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(LINES)
    (tmp_path / "packed").write_bytes(gzip.compress(LINES[:5]) + gzip.compress(LINES[5:]))
    (tmp_path / "empty").write_bytes(b"")
    assert [read(tmp_path / name) for name in ("plain", "packed", "empty")] == [
        [("", LINES)],
        [("", LINES)],
        [("", b"")],
    ]


def test_a_folder_is_read_by_the_paths_in_it_with_deletes_last(tmp_path: Path) -> None:
    names = [
        "merged_ids/w/2026-09-02.csv.gz",
        "works/d=2/part_000.gz",
        "works/d=1/part_001.gz",
        "works/d=1/part_000.gz",
    ]
    for name in [*names, "works/manifest", "LICENSE.txt", ".hidden/a.json", "works/.b.json"]:
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(LINES)
    assert files_of([str(tmp_path / "data")]) == [str(tmp_path / "data" / name) for name in reversed(names)]
    single = str(tmp_path / "data" / "LICENSE.txt")
    assert files_of([single, "-"]) == [single, "-"]


def test_what_cannot_be_read_is_said_with_the_name_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="missing cannot be read: neither a file nor a folder"):
        files_of([str(tmp_path / "missing")])
    (tmp_path / "nothing").mkdir()
    with pytest.raises(UsageError, match=r"nothing cannot be read: no file in it ends with \.gz"):
        files_of([str(tmp_path / "nothing")])
    for name, content in {
        "cut.gz": gzip.compress(LINES * 1000)[:-20],
        "wrong.gz": gzip.compress(LINES)[:-8] + b"\0" * 8,
        "cut.tar": tar_of(MEMBERS)[:1500],
        "between.tar": tar_of(MEMBERS)[:1024],
        "within.tar": tar_of(MEMBERS)[:1540],
        "cut.zip": b"PK\x03\x04 and no more",
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UsageError, match=f"{name} cannot be read: "):
            read(tmp_path / name)
    encrypted = io.BytesIO()
    with zipfile.ZipFile(encrypted, "w") as archive:
        archive.writestr("a.json", LINES)
    flagged = bytearray(encrypted.getvalue())
    flagged[flagged.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "secret.zip").write_bytes(flagged)
    with pytest.raises(UsageError, match=r"secret\.zip cannot be read: it is encrypted"):
        read(tmp_path / "secret.zip")


def test_the_position_is_that_of_the_file_as_it_is_on_the_disk(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(content := tar_of(MEMBERS))
    positions = []
    for part in parts(str(tmp_path / "a.tar")):
        with part.open() as file:
            file.read()
        positions.append(part.position())
    assert positions == sorted(positions)
    assert 0 < positions[-1] <= len(content)
