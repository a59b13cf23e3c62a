"""deploy/requirements.lock covers exactly the dependencies of pyproject.toml, and the image installs it with hashes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCK = (ROOT / "deploy" / "requirements.lock").read_text()
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
OURS = f"{PROJECT['name']} (pyproject.toml)"


class Pin(NamedTuple):
    version: Version
    hashes: list[str]
    via: set[str]


def pins() -> dict[str, Pin]:
    """Read each pinned package: its version, its hashes and the packages that require it, as uv notes them."""
    entries = re.split(r"^(?=[a-z0-9])", LOCK, flags=re.MULTILINE)
    return {entry.partition("==")[0]: _pin(entry) for entry in entries if "==" in entry.partition("\n")[0]}


def _pin(entry: str) -> Pin:
    head, _, notes = entry.partition("    # via")
    version = re.match(r"[^=]+==(\S+)", head)
    assert version is not None
    via = {line.strip().removeprefix("#").strip() for line in notes.splitlines()}
    return Pin(Version(version[1]), re.findall(r"--hash=sha256:([0-9a-f]{64})", head), via - {""})


def direct() -> dict[str, Requirement]:
    """Return what the image installs by name: the dependencies, and those of the extras `serve` and `harvest`."""
    found = map(Requirement, [*PROJECT["dependencies"], *EXTRAS["serve"], *EXTRAS["harvest"]])
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def test_every_pin_has_hashes() -> None:
    assert len(pins()) > len(direct())
    assert [name for name, pin in pins().items() if not pin.hashes] == []


def test_every_dependency_is_locked_to_a_version_that_it_allows() -> None:
    found = pins()
    for name, requirement in direct().items():
        assert name in found, f"{name} is not locked: run `make lock`"
        assert found[name].version in requirement.specifier, f"{requirement}: run `make lock`"


def test_nothing_is_locked_that_no_dependency_asks_for() -> None:
    found = pins()
    assert {name for name, pin in found.items() if OURS in pin.via} == set(direct())
    for name, pin in found.items():
        assert pin.via <= {OURS, *found}, name
        assert pin.via, name


def test_the_image_carries_no_embedded_server() -> None:
    embedded = {canonicalize_name(Requirement(each).name) for each in PROJECT["optional-dependencies"]["embedded"]}
    assert embedded.isdisjoint(pins())
    assert "[embedded]" not in DOCKERFILE


def test_the_image_installs_the_lock_with_hashes_and_nothing_else() -> None:
    installs = [line for line in DOCKERFILE.splitlines() if "pip " in line and " install " in line]
    assert len(installs) == 3
    assert "--require-hashes --requirement requirements.lock" in installs[0]
    assert "--require-hashes --requirement compile.lock" in installs[1]
    assert "--no-deps" in installs[2]
    copied = (ROOT / ".dockerignore").read_text().splitlines()
    assert {"!deploy/requirements.lock", "!deploy/compile.lock"} <= set(copied)
