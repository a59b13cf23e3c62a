"""What setup.py compiles: the modules that pyproject.toml names, and none that mypyc cannot compile as it is meant."""

from __future__ import annotations

import ast
import runpy
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
OPTIONS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["streams-dedup"]["compile"]
MODULES: list[str] = runpy.run_path(str(ROOT / "setup.py"), run_name="setup")["compiled_modules"]()


def test_every_pattern_names_modules_and_every_exception_is_one_of_them() -> None:
    found = {pattern: {str(path.relative_to(ROOT)) for path in ROOT.glob(pattern)} for pattern in OPTIONS["modules"]}
    assert [pattern for pattern, paths in found.items() if not paths] == []
    assert set(OPTIONS["except"]) <= set().union(*found.values())
    assert {"streams/matching/decide.py", "streams/sources/__init__.py", "streams/normalize/text.py"} <= set(MODULES)


def test_no_compiled_module_defines_a_struct() -> None:
    for name in MODULES:
        for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                assert "Struct" not in " ".join(map(ast.unparse, node.bases)), f"{name}: {node.name}, see ADR 48"
