"""Every path, module and test that documents and docstrings name exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STREAMS = ROOT / "streams"
FOLDERS = (ROOT, STREAMS, ROOT / "tests", ROOT / "docs")
DOCUMENTS = [
    *sorted((ROOT / "docs").rglob("*.md")),
    *(path for path in sorted(ROOT.glob("*.md")) if path.name != "CHANGELOG.md"),  # tells what was, not what is
    ROOT / "deploy" / "README.md",
    *sorted((ROOT / ".github").rglob("*.md")),
]
PACKAGES = sorted(path.parent.name for path in STREAMS.glob("*/__init__.py"))
MODULES = sorted(STREAMS.rglob("*.py"))
ALL_FILES = {
    path.name
    for folder in ("streams", "tests", "bench", "docs", "deploy", ".github", ".ci")
    for path in (ROOT / folder).rglob("*")
    if path.is_file()
} | {path.name for path in ROOT.iterdir()}
TESTS = set(re.findall(r"def (test_\w+)", "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))))

# Files of code by their ending; .json and .jsonl are mostly a user's own, so they count with a folder of ours before them only.
FILE = re.compile(r"(?<![\w./*{<$-])((?:[\w.-]+/)*[\w-]+\.(?:py|lua|toml|bin|zdict))\b(?![\w/])")
OURS = re.compile(r"(?<![\w./*{<$-])((?:streams|tests|bench|docs|deploy|\.github|\.ci)/[\w./-]*\w)")
NOT_OURS = {
    "abs",
    "msk_token.py",
    "redis/appendonlydir",
    "records/s.py",
    "follow.py",
    "search.py",
    "graph.py",
    "new_papers.py",
    "mirror.py",
    "webhooks.toml",
}
"""A part of arXiv's URLs; what Redis writes; a unit; programs of the reader."""
FOLDER = re.compile(r"`([a-z_]+(?:/[a-z_]+)*)/`")
MODULE = re.compile(r"(?<![\w./-])(streams(?!\.cluster\.)(?:\.[a-z_]\w*)+)\b")  # not `ce_type` of CloudEvents
TEST = re.compile(r"\b(test_\w+)\b(?!\.py)")
PART = re.compile(rf"(?<![\w./-])((?:{'|'.join(PACKAGES)})/[a-z_]+)\b(?![\w/.]*\w)")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def exists(path: str, beside: Path) -> bool:
    """Whether a path as a text writes it exists: from the root, streams/, tests/ or docs/, or beside the text's file."""
    return any((folder / path).exists() for folder in (*FOLDERS, beside))


def missing(text: str, beside: Path) -> Iterator[str]:
    """Yield what `text`, of a file in the folder `beside`, names and nothing is called."""
    for line in text.splitlines():
        yield from missing_paths(line, beside)
    yield from (name for name in set(MODULE.findall(text)) if not is_module(name))
    examples = set(re.findall(r"def (test_\w+)", text))  # an example of a reader's own test
    for name in set(TEST.findall(text)) - TESTS - examples:
        if f"{name}.py" not in ALL_FILES:
            yield name


def module_file(path: str) -> str:
    """Return `state/layout` as `state/layout.py`, and a folder as it is."""
    return path if (STREAMS / path).is_dir() else f"{path}.py"


def missing_paths(line: str, beside: Path) -> Iterator[str]:
    """Yield the paths of a line that do not exist; a bare name is of a folder that its line names, if it names one."""
    paths = {*FILE.findall(line), *OURS.findall(line), *FOLDER.findall(line), *map(module_file, PART.findall(line))}
    paths -= NOT_OURS
    parents = {path.rpartition("/")[0] for path in paths if "/" in path} | set(FOLDER.findall(line))
    for path in paths:
        in_line = any(exists(f"{parent}/{path}", beside) for parent in parents)
        anywhere = "/" not in path and not parents and path in ALL_FILES
        if not exists(path, beside) and not in_line and not anywhere:
            yield path


def is_module(name: str) -> bool:
    """Whether a dotted name is a module of streams, or something in one."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        module = ROOT.joinpath(*parts[:end])
        file = module.with_suffix(".py") if module.with_suffix(".py").exists() else module / "__init__.py"
        if file.exists():
            rest = parts[end:]
            return not rest or (module / rest[0]).exists() or re.search(rf"\b{rest[0]}\b", file.read_text()) is not None
    return False


def docstrings(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_names_exists(document: Path) -> None:
    assert sorted(missing(document.read_text(encoding="utf-8"), document.parent)) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_where_a_document_leads_to_is_there(document: Path) -> None:
    targets = set(LINK.findall(document.read_text(encoding="utf-8")))
    assert sorted(target for target in targets if not (document.parent / target).exists()) == []


def test_what_docstrings_name_exists() -> None:
    found = {
        f"{module.relative_to(ROOT)}: {name}"
        for module in MODULES
        for text in docstrings(module)
        for name in missing(text, module.parent)
    }
    assert sorted(found) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("`state/nowhere.py` and `state/layout.py`", ["state/nowhere.py"]),
        ("`add_to_key.lua`, beside `add_to_keys.lua`", ["add_to_key.lua"]),
        ("`streams.engine.engine` calls `streams.engine.motor`", ["streams.engine.motor"]),
        ("held by `test_that_nothing_holds_9`", ["test_that_nothing_holds_9"]),
        ("`clusters/` and `clutter/`", ["clutter"]),
    ],
)
def test_a_name_that_is_out_of_date_is_found(text: str, named: list[str]) -> None:
    assert list(missing(text, STREAMS)) == named
