"""The flame graph: stacks become boxes whose widths are their time, callers above what they call."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from flame import Sampler, draw, tree

STACKS = {("engine.apply",): 10.0, ("engine.apply", "matching.decide"): 30.0, ("engine.prepare",): 60.0}


def test_a_call_has_the_time_of_all_calls_in_it() -> None:
    root = tree(STACKS)
    assert root.value == 100.0
    assert root.calls["engine.apply"].value == 40.0
    assert root.calls["engine.apply"].calls["matching.decide"].value == 30.0


def test_boxes_are_as_wide_as_their_time_and_below_their_caller() -> None:
    found = {
        name: (float(left), int(top), float(width))
        for name, left, top, width in re.findall(
            r'<title>([\w.]+): [\d.]+ µs</title><rect x="([\d.]+)" y="(\d+)" width="([\d.]+)"', draw(STACKS, "all")
        )
    }
    assert found["engine.prepare"] == (0.0, 17, 719.5)
    assert found["engine.apply"] == (720.0, 17, 479.5)
    assert found["matching.decide"] == (720.0, 34, 359.5)


def test_names_are_escaped() -> None:
    assert "a.&lt;locals&gt;.b" in draw({("a.<locals>.b",): 1.0}, "all")


def test_time_is_counted_for_the_function_that_spends_it() -> None:
    with Sampler() as sampler:
        ends = time.thread_time() + 0.05
        while time.thread_time() < ends:
            _busy()
    spent = sum(seconds for stack, seconds in sampler.seconds.items() if stack[-1].endswith("_busy"))
    assert spent > 0.02


def _busy() -> None:
    for number in range(1000):
        str(number)
