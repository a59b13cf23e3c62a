"""The twenty questions of CONTRIBUTING.md have answers: the file exists and contains the word. The forms are valid YAML."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
QUESTIONS = [
    [cell.strip(" `") for cell in line.strip("|").split("|")]
    for line in TEXT.partition("| question |")[2].splitlines()
    if line.startswith("| ") and "?" in line
]


def test_there_are_twenty_with_an_answer_each() -> None:
    assert len(QUESTIONS) == 20
    assert len({answer[1] for answer in QUESTIONS}) == 20
    assert all(len(row) == 3 and all(row) for row in QUESTIONS)


@pytest.mark.parametrize(("question", "file", "word"), QUESTIONS, ids=[row[0] for row in QUESTIONS])
def test_the_answer_is_where_the_question_says(question: str, file: str, word: str) -> None:
    assert word.lower() in (ROOT / file).read_text(encoding="utf-8").lower(), question


def test_every_command_that_it_names_is_a_target_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for line in TEXT.splitlines():
        if line.startswith("| `make "):
            assert f"\n{line.split('`')[1].split()[1]}:" in makefile, line


@pytest.mark.parametrize("path", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda path: path.name)
def test_a_form_or_workflow_can_be_read(path: Path) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    if path.parent.name == "workflows":
        assert "jobs" in content
        assert any("run: .ci/run" in line for line in path.read_text().splitlines())
    elif path.name != "config.yml" and path.parent.name == "ISSUE_TEMPLATE":
        assert {"name", "description", "body"} <= set(content)
