"""The pages of the API's reference are current, and have every path, parameter, type and code."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.serve.problem_codes import CODES
from streams.serve.reference import api_page, description, pages, problems_page

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", ["api.md", "problems.md"])
def test_the_pages_are_current(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert pages()[name] == text, "run: python -m streams.serve.reference docs/reference"


def test_every_path_parameter_answer_and_type_has_its_place() -> None:
    described = description()
    page = api_page(described)
    for path, item in described["paths"].items():
        for method, operation in item.items():
            text = page.split(f"### {method.upper()} {path}\n")[1].split("\n#")[0]
            assert operation["summary"] in text
            for parameter in operation.get("parameters", ()):
                (row,) = [line for line in text.splitlines() if line.startswith(f"| `{parameter['name']}` | ")]
                assert row.endswith(" |")
                assert not row.endswith("|  |"), f"{path}: {parameter['name']} has no description"
            for status in operation["responses"]:
                assert status in text.partition("| status |")[2]
    for name, schema in described["components"]["schemas"].items():
        text = page.split(f"### {name}\n")[1].split("\n#")[0]
        assert all(f"| `{field}` | " in text for field in schema["properties"])
        assert text.strip()[0] not in "|", f"{name} has no docstring"


def test_what_it_links_to_is_on_the_page() -> None:
    page = api_page(description())
    anchors = {line.removeprefix("### ").lower() for line in page.splitlines() if line.startswith("### ")}
    targets = {part.split(")")[0] for part in page.split("](#")[1:]}
    assert targets - anchors == {"problem-codes"}
    assert "\n## Problem codes\n" in page


def test_every_code_has_a_paragraph_and_a_row() -> None:
    assert all(f"\n## {code}\n" in problems_page() for code in CODES)
    page = api_page(description())
    assert all(f"| {status} | [`{code}`]" in page for code, each in CODES.items() for status in each.statuses)
