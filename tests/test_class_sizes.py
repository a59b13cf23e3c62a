"""No class has more than ten methods without a reason: its docstring says `More than ten methods, for …`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1] / "streams"
MOST = 10


def large_classes() -> Iterator[tuple[str, int, str]]:
    """Yield the classes with more methods than that, public and private ones, with their docstrings."""
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                names = [each.name for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
                own = [name for name in names if not (name.startswith("__") and name.endswith("__"))]
                if len(own) > MOST:
                    yield f"{path.relative_to(ROOT)} {node.name}", len(own), ast.get_docstring(node) or ""


def test_a_class_with_more_than_ten_methods_says_why() -> None:
    found = list(large_classes())
    assert found, "there are some"
    assert [f"{name}: {count}" for name, count, text in found if "More than ten methods, for " not in text] == []
