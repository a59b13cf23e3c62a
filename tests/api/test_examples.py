"""Every example works as printed: the Python blocks of the docs, the doctests, and the examples that mypy checks."""

from __future__ import annotations

import contextlib
import doctest
import importlib
import importlib.util
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.api.typing_examples import EXAMPLES

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/python.md", "docs/recipes.md")
MODULES = (
    "streams.api.cluster_view",
    "streams.api.comparing",
    "streams.api.deduplicating",
    "streams.api.inputs",
    "streams.testing.fake_streams",
    "streams.testing.feeds",
)
_FENCE = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block of a page: the language, what follows it on the line, and the text."""

    language: str
    note: str
    text: str


def blocks(page: str) -> list[Block]:
    return [Block(m[1], m[2].strip(), m[3]) for m in _FENCE.finditer((ROOT / page).read_text(encoding="utf-8"))]


def needs(code: str) -> set[str]:
    """Return the packages that code imports and that are not installed."""
    heads = {match[1] for match in re.finditer(r"^(?:import|from) (\w+)", code, re.MULTILINE)}
    return {head for head in heads if importlib.util.find_spec(head) is None}


@pytest.mark.parametrize("page", PAGES)
def test_python_blocks_run_and_print_what_the_text_block_after_them_says(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found, names, ran = blocks(page), dict[str, Any](__name__="__main__"), 0
    for position, block in enumerate(found):
        if block.language != "python":
            continue
        code = compile(block.text, f"{page}, block {position}", "exec")
        if block.note.startswith("title=") or needs(block.text):  # without end, or of a package that is not here
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, names)  # noqa: S102 - what the page tells readers to run
        ran += 1
        after = found[position + 1] if position + 1 < len(found) else None
        if after and after.language == "text":
            assert printed.getvalue() == after.text, f"{page}, block {position}"
    assert ran, f"no example of {page} was run"


def test_the_quick_start_has_five_lines() -> None:
    quick = next(block.text for block in blocks("README.md") if block.language == "python")
    assert len([line for line in quick.splitlines() if line]) == 5


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.__name__)
def test_examples_that_mypy_checks(example: Callable[[], None]) -> None:
    example()
