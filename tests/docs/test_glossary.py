"""docs/glossary.md is sorted, defines each term once, and no retired word is a term as well."""

from __future__ import annotations

from pathlib import Path

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (Path(__file__).parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("|") and not line.startswith(("| term", "|---"))
]
TERMS = [row[0] for row in ROWS]


def test_every_row_has_a_term_and_its_meaning() -> None:
    assert len(ROWS) > 80
    assert [row for row in ROWS if len(row) != 3 or not row[0] or not row[1].endswith(".")] == []


def test_terms_are_sorted_and_unique() -> None:
    assert [term.lower() for term in TERMS] == sorted({term.lower() for term in TERMS})
