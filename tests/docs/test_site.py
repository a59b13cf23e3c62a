"""The documentation site: every page in the navigation, nothing from other hosts, one address of the repository."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIGURATION = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
PAGES = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
MADE = {f"reference/{name}.md" for name in ("commands", "settings", "metrics", "schemas", "rules")}
"""Pages that docs/_hooks/site.py makes from the code."""


def test_the_navigation_names_pages_that_exist() -> None:
    navigation = CONFIGURATION[CONFIGURATION.index("\nnav:") :]
    named = re.findall(r"([\w/.-]+\.md)$", navigation, re.MULTILINE)
    assert len(named) == len(set(named))
    assert sorted(set(named) - PAGES - MADE) == []
    assert set(named) >= MADE


def test_nothing_is_fetched_from_other_hosts() -> None:
    assert re.search(r"^  font: false", CONFIGURATION, re.MULTILINE)
    assert "extra_javascript" not in CONFIGURATION
    assert "extra_css" not in CONFIGURATION


def test_the_repository_has_one_address() -> None:
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]
    repository = re.search(r"^repo_url: (\S+)$", CONFIGURATION, re.MULTILINE)
    assert repository is not None
    assert urls["Source"] == repository[1]
    assert all(url.startswith(repository[1]) for url in urls.values())


def test_examples_and_drawings_of_docstrings_are_code_on_the_site() -> None:
    pytest.importorskip("griffe", reason="comes with the dependency group `docs`")
    as_written = runpy.run_path(str(ROOT / "docs" / "_hooks" / "docstrings.py"))["as_written"]
    assert as_written("Add.\n\n>>> 1 + 1\n2") == "Add.\n\n\n```pycon\n>>> 1 + 1\n2\n```"
    assert as_written("A tree.\n\nroot\n├── leaf") == "A tree.\n\n```text\nroot\n├── leaf\n```"
    assert as_written("Two lines\nof text.\n\n    indented") == "Two lines\nof text.\n\n    indented"
