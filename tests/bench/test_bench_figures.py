"""The table of figures: every command is there, and its pattern finds the figure in what it prints."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"
sys.path.insert(0, str(BENCH))

from figures import FIGURES, measure  # noqa: E402 - scripts of bench/ import one another by name
from machine import facts  # noqa: E402 - the same

ROOT = BENCH.parent


def test_every_command_is_there() -> None:
    for figure in FIGURES.values():
        assert (BENCH / figure.script).is_file()
        re.compile(figure.pattern)


def test_the_facts_name_what_figures_depend_on() -> None:
    found = dict(facts())
    assert "cores usable" in found["processor"]
    assert "built with" in found["Python"]
    assert "aiokafka" in found["packages"]


def test_a_quick_run_has_a_figure() -> None:
    run = measure(FIGURES["footprint"], ROOT, quick=True)
    assert 200 < run.value < 1000, run.output
    assert run.cpu > 0


@pytest.mark.long
@pytest.mark.parametrize("name", ["throughput", "latency", "memory"])
def test_quick_runs_on_servers_have_a_figure(name: str) -> None:
    run = measure(FIGURES[name], ROOT, quick=True)
    assert run.value > 0, run.output
