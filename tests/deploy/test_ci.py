"""`.ci/run` has every step that a change must pass, and the wheel is tried with what README.md shows."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUN = ROOT / ".ci" / "run"


def test_every_step_is_there_and_the_tests_come_last() -> None:
    steps = [line.removeprefix("step ") for line in RUN.read_text().splitlines() if line.startswith("step ")]
    assert steps[-2:] == ["make test", "make test-kafka"]
    assert {
        "make check",
        "make docs",
        "make check-deploy sbom",
        "make wheel",
        ".venv/bin/python .ci/try_wheel.py",
    } <= set(steps)
    assert os.access(RUN, os.X_OK)


def test_the_examples_of_python_are_found_and_no_others() -> None:
    examples = runpy.run_path(str(ROOT / ".ci" / "try_wheel.py"))["examples"]
    text = "```sh\nmake demo\n```\n\n```sh\npython -c 'import streams'\n```\n\n```python\nimport streams\n```\n\n```json\n{}\n```\n"
    assert examples(text) == [("sh", "python -c 'import streams'\n"), ("python", "import streams\n")]
