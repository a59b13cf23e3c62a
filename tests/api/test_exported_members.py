"""The exported names: complete, sorted, described, typed, and cheap to import."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import streams
import streams.errors
import streams.testing

SOURCE = Path(streams.__file__).read_text(encoding="utf-8")


def test_all_names_are_listed_once_and_sorted() -> None:
    assert streams.__all__ == sorted(set(streams.__all__))
    assert streams.testing.__all__ == sorted(set(streams.testing.__all__))


def test_every_listed_name_is_there_under_its_own_name() -> None:
    for name in streams.__all__:
        value = getattr(streams, name)
        assert isinstance(value, str) if name == "__version__" else value.__name__ == name
    for name in streams.testing.__all__:
        assert getattr(streams.testing, name).__name__ == name


def test_type_checkers_see_the_listed_names_and_no_others() -> None:
    branch = next(node for node in ast.parse(SOURCE).body if isinstance(node, ast.If))
    imported = {alias.name for node in branch.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert imported | {"__version__"} == set(streams.__all__)


@pytest.mark.parametrize("module", [streams, streams.testing], ids=lambda module: module.__name__)
def test_every_name_has_a_docstring_and_so_have_its_methods(module: object) -> None:
    for name in module.__all__:  # type: ignore[attr-defined]
        value = getattr(module, name)
        if name == "__version__":
            continue
        assert inspect.getdoc(value), name
        for member, method in vars(value).items() if isinstance(value, type) else ():
            if inspect.isfunction(method) and not member.startswith("_") and value.__module__.startswith("streams."):
                assert method.__doc__, f"{name}.{member}"


def test_the_whole_error_tree_is_exported() -> None:
    assert set(streams.errors.__all__) == {name for name in streams.__all__ if name.endswith("Error")}
    assert all(issubclass(getattr(streams, name), streams.StreamsError) for name in streams.errors.__all__)


def test_an_unknown_name_is_an_attribute_error_and_dir_lists_the_exported_ones() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'deduplicat'"):
        streams.deduplicat  # type: ignore[attr-defined]  # noqa: B018
    assert set(streams.__all__) <= set(dir(streams))


def loaded(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after running some code."""
    report = f"import sys; before = set(sys.modules); {code}; print(*set(sys.modules) - before)"
    return set(
        subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True).stdout.split()
    )


def test_importing_the_package_loads_nothing_else() -> None:
    assert loaded("import streams") == {"streams"}


def test_the_api_and_its_stand_ins_load_no_server_client() -> None:
    modules = loaded("import streams; [getattr(streams, name) for name in streams.__all__]; import streams.testing")
    heads = {module.partition(".")[0] for module in modules}
    assert not heads & {"redis", "hiredis", "aiokafka", "faust", "pydantic", "typer", "rich", "uvloop"}
    assert "streams.testing" in modules


def test_the_version_is_that_of_the_distribution() -> None:
    assert streams.__version__.split(".")[0].isdigit()
