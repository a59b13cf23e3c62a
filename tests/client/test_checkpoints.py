"""A checkpoint in a file is the old position or the new one, whatever happens between."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.client import Checkpoint, FileCheckpoint


def test_what_is_saved_is_loaded_by_the_next_program(tmp_path: Path) -> None:
    path = tmp_path / "position"
    assert FileCheckpoint(path).load() == "beginning"
    assert FileCheckpoint(str(path), first="now").load() == "now"
    FileCheckpoint(path).save("0:7,1:3")
    FileCheckpoint(path).save("0:8,1:3")
    assert FileCheckpoint(path, first="now").load() == "0:8,1:3"
    assert [each.name for each in tmp_path.iterdir()] == ["position"]


def test_an_empty_file_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "position").touch()
    assert FileCheckpoint(tmp_path / "position").load() == "beginning"


def test_a_save_that_fails_leaves_the_position_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = FileCheckpoint(tmp_path / "position")
    checkpoint.save("0:7")

    def fail(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="no space left"):
        checkpoint.save("0:8")
    assert checkpoint.load() == "0:7"


def test_it_is_a_checkpoint(tmp_path: Path) -> None:
    assert isinstance(FileCheckpoint(tmp_path / "position"), Checkpoint)
