"""The command line as a program: errors as exit codes and plain words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from streams import __version__

Said = tuple[int, str, str]


@pytest.mark.parametrize(
    ("setting", "value", "expects"),
    [
        ("partitions", "0", "greater than or equal to 1"),
        ("partitions", "many", "partitions of a topic"),
        ("http_port", "70000", "65535"),
        ("preprints", "sometimes", "'merge', 'relate' or 'separate'"),
        ("generation", "a:b", "index generation"),
        ("kafka_urls", "x", "STREAMS_KAFKA_URL"),
    ],
)
def test_a_bad_setting_is_2_and_named_with_what_it_expects(
    say: Callable[..., Said], setting: str, value: str, expects: str
) -> None:
    code, _, err = say("demo", **{setting: value})
    assert code == 2
    assert f"STREAMS_{setting.upper()}" in err
    assert expects in err


def test_the_version_is_printed(say: Callable[..., Said]) -> None:
    code, out, _ = say("--version")
    assert code == 0
    assert out.splitlines()[0] == f"streams {__version__}"
    assert out.splitlines()[1].startswith("compiled modules: ")


def test_the_installed_command_gives_its_exit_code_to_the_shell(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "streams", "explain", "a:1", "--data-dir", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("streams: nothing runs in ")
