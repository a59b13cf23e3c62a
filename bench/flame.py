"""Flame graph of what a record costs: CPU time by function, of preparing and of the engine, as one SVG a feed.

    python bench/flame.py FEED.jsonl OUT.svg [--records N]

The feed is played as by `bench/against.py`, in one process beside an embedded Redis, so the graph has both of a worker's
processes; it has neither the broker nor Redis itself, of which the time of each step is printed. A timer looks at the stack
every half millisecond and counts the CPU time since the look before, so waiting for Redis or for a processor counts nothing.
A call of C counts for the Python function that called it. Prints the functions that take the most by themselves.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from pathlib import Path
from types import FrameType

from against import Run, batches

from streams.local.services import Services
from streams.settings import Settings
from streams.worker.prepare_pool import calm_collector

__all__ = ["Sampler", "draw", "tree"]

Stack = tuple[str, ...]
_PERIOD = 0.0005
_WARM = 4
"""Batches before the first look: an empty index is cheap, and code that runs the first time is not."""
_WITHIN = ("<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>", "<lambda>")
"""Frames that count for the function they are in."""
_ROOT = "Run.process"
_SHOWN = 25

_WIDTH, _ROW, _LETTER, _LEAST = 1200.0, 17, 6.2, 1.5
"""Pixels: of the graph, of a row, of a letter; narrower functions are left out."""
_COLOURS = {
    "sources": "#f2b872",
    "normalize": "#f2b872",
    "matching": "#e8896b",
    "records": "#d9c36a",
    "state": "#8fb8de",
}
_COLOURS |= {"clusters": "#a3c585", "events": "#a3c585", "engine": "#c9c4bc"}
_OTHER = "#b6a7d6"


class Sampler:
    """Looks at the stack of the main thread while it is entered; `seconds` has the CPU time by stack, outermost first."""

    def __init__(self) -> None:
        self.seconds: defaultdict[Stack, float] = defaultdict(float)
        self._last = 0.0

    def __enter__(self) -> Sampler:
        self._last = time.thread_time()
        signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, _PERIOD)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)

    def _look(self, _signal: int, frame: FrameType | None) -> None:
        spent = time.thread_time() - self._last
        self.seconds[tuple(_names(frame))[::-1]] += spent
        self._last = time.thread_time()
        signal.setitimer(signal.ITIMER_REAL, _PERIOD)  # begun anew, so that no look is within another


def _names(frame: FrameType | None) -> Iterator[str]:
    """Yield the functions of a stack, innermost first, up to the one that processes a batch."""
    while frame is not None:
        code = frame.f_code
        if code.co_qualname == _ROOT:
            return
        if not code.co_qualname.endswith(_WITHIN):
            yield f"{_module(code.co_filename)}.{code.co_qualname}"
        frame = frame.f_back


@cache
def _module(path: str) -> str:
    """Return the module of a file: within Streams without the package, else its package alone."""
    parts = Path(path).with_suffix("").parts
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1]
    if "streams" in parts:
        return ".".join(parts[len(parts) - parts[::-1].index("streams") :])
    return parts[-1]


class Node:
    """A function as it is called from one place: its CPU time, that of the calls in it included."""

    def __init__(self) -> None:
        self.value = 0.0
        self.calls: dict[str, Node] = {}


def tree(values: Mapping[Stack, float]) -> Node:
    """Return stacks as a tree of calls."""
    root = Node()
    for stack, value in values.items():
        node = root
        node.value += value
        for name in stack:
            node = node.calls.setdefault(name, Node())
            node.value += value
    return root


def draw(values: Mapping[Stack, float], title: str) -> str:
    """Return stacks with their microseconds a record as an SVG, callers above what they call, the largest first."""
    root = tree(values)
    boxes = [(0.0, 0, title, root), *_boxes(root, 0.0, 1, _WIDTH / max(root.value, 1e-9))]
    height = _ROW * (1 + max(row for _, row, _, _ in boxes))
    scale = _WIDTH / max(root.value, 1e-9)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {height}" font-family="monospace" font-size="10">'
    ]
    lines += [_box(left, row, name, node.value, node.value * scale) for left, row, name, node in boxes]
    return "\n".join([*lines, "</svg>\n"])


def _boxes(node: Node, left: float, row: int, scale: float) -> Iterator[tuple[float, int, str, Node]]:
    for name, call in sorted(node.calls.items(), key=lambda item: (-item[1].value, item[0])):
        if call.value * scale >= _LEAST:
            yield left, row, name, call
            yield from _boxes(call, left, row + 1, scale)
        left += call.value * scale


def _box(left: float, row: int, name: str, value: float, width: float) -> str:
    colour = _COLOURS.get(name.partition(".")[0], _OTHER) if row else "#ffffff"
    room = int((width - 4) / _LETTER)
    short = name if row == 0 or len(name) <= room else name.rpartition(".")[2]
    label = escape(short[:room]) if room > 2 else ""
    text = f'<text x="{left + 2:.1f}" y="{row * _ROW + 12}">{label}</text>' if label else ""
    return (
        f'<g><title>{escape(name)}: {value:.1f} µs</title><rect x="{left:.1f}" y="{row * _ROW}" '
        f'width="{max(width - 0.5, 0.5):.1f}" height="{_ROW - 1}" fill="{colour}"/>{text}</g>'
    )


def sample(feed: Path, records: int) -> tuple[dict[Stack, float], dict[str, float]]:
    """Play a feed; return the microseconds of CPU a record by stack, and those of each step and of Redis."""
    sampler = Sampler()
    count, redis = 0, 0.0
    with tempfile.TemporaryDirectory() as out, Services(Settings(http_port=0)) as services:
        run = Run(services.settings, Path(out))
        calm_collector()
        for number, batch in enumerate(batches(feed, records)):
            if number < _WARM:
                run.process(batch)
                run.seconds, redis = dict.fromkeys(run.seconds, 0.0), run.redis_seconds()
                continue
            with sampler:
                run.process(batch)
            count += len(batch)
        run.seconds["redis"] = run.redis_seconds() - redis
    # What the bench itself does: writing messages to files.
    looked = {stack: spent for stack, spent in sampler.seconds.items() if stack and not stack[0].startswith("against.")}
    published = {stack[1:]: spent for stack, spent in sampler.seconds.items() if stack[:1] == ("against.Run._publish",)}
    for stack, spent in published.items():
        if stack and not stack[0].startswith("against."):
            looked[stack] = looked.get(stack, 0.0) + spent
    steps = {step: 1e6 * seconds / count for step, seconds in run.seconds.items()}
    return {stack: 1e6 * spent / count for stack, spent in looked.items()}, steps


def main() -> int:
    """Sample a feed, write its flame graph and print what takes the most."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("feed", type=Path, help="documents, one a line")
    parser.add_argument("out", type=Path, help="the SVG to write")
    parser.add_argument("--records", type=int, default=0, help="most records of the feed; 0: all")
    arguments = parser.parse_args()
    found, steps = sample(arguments.feed, arguments.records)
    total = sum(found.values())
    arguments.out.write_text(draw(found, f"{arguments.feed.stem}: {total:.0f} µs of CPU a record in Python"))
    own: defaultdict[str, float] = defaultdict(float)
    whole: defaultdict[str, float] = defaultdict(float)
    for stack, value in found.items():
        own[stack[-1]] += value
        for name in set(stack):
            whole[name] += value
    print("µs a record by step:", ", ".join(f"{step} {value:.1f}" for step, value in steps.items()))
    print("  own  whole  function")
    for name, value in sorted(own.items(), key=lambda item: -item[1])[:_SHOWN]:
        print(f"{value:5.1f}  {whole[name]:5.1f}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
