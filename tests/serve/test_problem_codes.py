"""Every code that the service answers with is in the table, with the status it comes with, and has its page on the site."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from streams.clusters.corrections import CONFLICT, ID_USED, NOTHING_TO_UNDO
from streams.serve.problem_codes import CODES, type_of
from streams.serve.problems import _CODES, ProblemError

ROOT = Path(__file__).parents[2]
MODULES = [path for path in sorted((ROOT / "streams").rglob("*.py")) if path.name != "problem_codes.py"]
NOT_OVER_HTTP = {"unknown_token"}
"""Of a command."""


def raised(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield each status and code, written as such, of the errors that a module raises."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            given = [each.value if isinstance(each, ast.Constant) else None for each in node.args]
            if node.func.id == "ProblemError" and isinstance(given[0], int) and isinstance(given[1], str):
                yield given[0], given[1]
            if node.func.id == "NotFoundError" and isinstance(given[0], str):
                yield 404, given[0]


def test_every_code_that_is_raised_is_in_the_table_with_its_status() -> None:
    found = {each for path in MODULES for each in raised(ast.parse(path.read_text(encoding="utf-8")))}
    assert {(301, "merged"), (401, "token_missing"), (404, "unknown_cluster"), (503, "busy")} <= found
    described = {(status, code) for code, meaning in CODES.items() for status in meaning.statuses}
    found |= {*_CODES.items(), (409, CONFLICT), (409, NOTHING_TO_UNDO), (409, ID_USED)}
    assert {each for each in found - described if each[1] not in NOT_OVER_HTTP} == set()


def test_no_code_of_the_table_is_unused() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in MODULES)
    assert [code for code in CODES if f'"{code}"' not in text] == []


def test_every_code_of_the_table_is_provoked_by_a_test() -> None:
    """By a test that names it, on the way to the service."""
    own = Path(__file__)
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py") if path != own]
    assert [code for code in CODES if not any(f'"{code}"' in text for text in texts)] == []


def test_a_type_is_the_address_of_a_paragraph_on_the_site() -> None:
    configuration = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    site = re.search(r"^site_url: (\S+)$", configuration, re.MULTILINE)
    assert site is not None
    assert "\nuse_directory_urls: false" in configuration
    assert ROOT.joinpath("docs/reference/problems.md").exists()
    for code in CODES:
        assert type_of(code) == f"{site[1]}reference/problems.html#{code}"
        assert re.fullmatch(r"[a-z_]+", code), "the anchor of a heading is the heading itself"
    assert ProblemError(404, "unknown_cluster", "none").problem.type == type_of("unknown_cluster")
