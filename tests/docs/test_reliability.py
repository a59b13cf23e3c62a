"""Each fault of the table in docs/reliability.md has a test: it exists where the table says, and runs where it says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
TITLE = "## Faults and their tests"
LINK = re.compile(r"`((?:tests/\w+/)?test_\w+\.py)`(: (?:`test_\w+`(?:, )?)+)?")
MARKS = {"long", "soak"}


class Row(NamedTuple):
    fault: str
    tests: str
    notes: str


def rows() -> list[Row]:
    text = (ROOT / "docs" / "reliability.md").read_text().partition(TITLE)[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [Row(*(part.strip() for part in line.strip("|").split("|"))) for line in lines]


def named(row: Row) -> Iterator[tuple[str, str]]:
    """Yield the file and the name of each test of a row; the name is empty where a whole file is meant."""
    for file, names in LINK.findall(row.tests):
        path = file if "/" in file else f"tests/system/{file}"
        yield from ((path, name) for name in re.findall(r"`(test_\w+)`", names) or [""])


def functions_of(path: str, name: str) -> list[ast.FunctionDef]:
    """Return the tests of this name in a file, or all of its tests."""
    tree = ast.parse((ROOT / path).read_text())
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    return [node for node in found if name in ("", node.name)]


def marks(test: ast.FunctionDef, *, of_all_cases: bool) -> set[str]:
    """Return the marks of a test; those of single cases only unless `of_all_cases`."""
    written = [ast.unparse(each) for each in test.decorator_list]
    chosen = [each for each in written if not (of_all_cases and ".parametrize(" in each)]
    return set(re.findall(r"mark\.(\w+)", " ".join(chosen)))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.fault)
def test_a_fault_has_tests_that_exist_and_run_where_it_says(row: Row) -> None:
    assert len(row) == 3
    tests = list(named(row))
    assert tests, "no test is named"
    seen: list[ast.FunctionDef] = []
    for path, name in tests:
        assert (ROOT / path).exists(), path
        found = functions_of(path, name)
        assert found, f"{path} has no {name or 'test'}"
        seen += found
    said = MARKS & set(re.findall(r"\w+", row.notes))
    for mark in said:
        assert any(mark in marks(test, of_all_cases=False) for test in seen), f"none is {mark}"
    for mark in MARKS - said:
        assert not all(mark in marks(test, of_all_cases=True) for test in seen), f"all are {mark}, which the row hides"


def test_the_table_is_read() -> None:
    assert len(rows()) > 25
    assert len({row.fault for row in rows()}) == len(rows())
