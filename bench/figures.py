"""All figures of speed and size, each by its own command, with the facts of the machine; or two commits by turns.

    python bench/figures.py [--quick] [--against REVISION [--pairs N]] [NAME…]

Without names every figure is measured. `--quick` takes small feeds: it shows that the commands work, not how fast anything is.
`--against` measures each figure in this tree and in a checkout of the revision by turns, and prints the median of the ratios; one
of two runs on a shared machine says little. CPU is that of the command and all the processes that it started: it depends less on
what else the machine does than time.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from machine import facts

ROOT = Path(__file__).parents[1]


class Figure(NamedTuple):
    """A command that prints a figure: its script, its arguments, those for a quick run, and a pattern whose group is the figure."""

    script: str
    full: Sequence[str]
    quick: Sequence[str]
    pattern: str
    unit: str


FIGURES: dict[str, Figure] = {
    "throughput": Figure(
        "throughput.py",
        ("--works", "12000", "--runs", "1"),
        ("--works", "300", "--runs", "1"),
        r"median of \d+: (\d+)",
        "records/s, one worker",
    ),
    "latency": Figure(
        "latency.py",
        ("--records", "20", "--pause", "0.3"),
        ("--records", "3", "--pause", "0.1"),
        r"median (\d+)",
        "ms, a record alone, from send to stored position",
    ),
    "workers": Figure(
        "workers.py",
        ("--turns", "1"),
        ("--works", "300", "--turns", "1"),
        r"median of \d+: ([\d.]+)",
        "times the rate of one worker, by two",
    ),
    "steady-latency": Figure(
        "latency.py",
        ("--load", "0.5", "--seconds", "20"),
        ("--load", "0.5", "--seconds", "2", "--rate", "100", "--backlog", "300"),
        r"published: .*?p99 (\d+)",
        "ms, p99 at half of the highest rate, from send to the event published",
    ),
    "send": Figure(
        "send.py",
        ("--works", "200000", "--runs", "1"),
        ("--works", "2000", "--runs", "1"),
        r"crossref: .*?median of \d+: (\d+)",
        "records/s, `streams send` of Crossref's yearly file as it comes",
    ),
    "queries": Figure(
        "query.py",
        ("--records", "20000", "--queries", "2000"),
        ("--records", "1000", "--queries", "100"),
        r"match.*?p50 +([\d.]+)",
        "ms, median of a match",
    ),
    "footprint": Figure(
        "footprint.py",
        ("--works", "8000", "--abstracts", "drop"),
        ("--works", "300", "--abstracts", "drop"),
        r"together +([\d.]+)",
        "bytes a record in Redis, without abstracts",
    ),
    "memory": Figure(
        "memory.py",
        ("--records", "200000"),
        ("--records", "3000"),
        r"worker at the end +([\d.]+)",
        "MB, resident memory of a worker after a long feed",
    ),
    "growth": Figure(
        "growth.py",
        (),
        ("--records", "4000", "--marks", "2000", "4000"),
        r"at the end: ([\d.]+)",
        "pairs compared a record, at 67,000 generated records",
    ),
    "serve": Figure(
        "serve.py",
        ("--seconds", "15"),
        ("--seconds", "4", "--records", "2000", "--turns", "1"),
        r"lookup.*?p99 +([\d.]+)",
        "ms, 99th percentile of a look-up beside a feed",
    ),
    "clicks": Figure(
        "query_cost.py",
        (),
        ("--indexed", "500", "--backlog", "500", "--pairs", "1"),
        r"worker, µs a record.*?median ([\d.]+)",
        "times the worker's processor a record, with one person's clicks",
    ),
}
if shutil.which("chromium"):
    FIGURES |= {
        "page": Figure(
            "page.py",
            ("--loads", "9"),
            ("--loads", "1"),
            r"slowest first paint (\d+)",
            "ms, first paint of the slowest page",
        )
    }


class Run(NamedTuple):
    """One run of a command: its figure (0 where it printed none), its time and CPU in seconds, and what it printed."""

    value: float
    seconds: float
    cpu: float
    output: str


def measure(figure: Figure, tree: Path, *, quick: bool) -> Run:
    """Run the figure's command in a tree. Ends the program where the command fails."""
    command = [sys.executable, f"bench/{figure.script}", *(figure.quick if quick else figure.full)]
    before, began = _cpu(), time.monotonic()
    environment = os.environ | {"PYTHONPATH": str(tree)}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command[1:])} failed in {tree}:\n{done.stdout}{done.stderr}")
    found = re.search(figure.pattern, done.stdout, re.DOTALL)
    value = float(found[1]) if found else 0.0
    return Run(value, time.monotonic() - began, _cpu() - before, done.stdout)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def checkout(revision: str) -> Iterator[Path]:
    """Check a revision out beside this tree, for as long as it is compared."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--detach", "--quiet", str(tree), revision], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def show(names: Sequence[str], *, quick: bool) -> None:
    """Print what the commands print, and at the end a line a figure."""
    lines = []
    for name in names:
        figure = FIGURES[name]
        run = measure(figure, ROOT, quick=quick)
        print(f"\n== {name}: bench/{figure.script}\n{run.output.rstrip()}", flush=True)
        lines.append(f"{name:12} {run.value:10.1f} {figure.unit} ({run.seconds:.0f} s, {run.cpu:.0f} s of CPU)")
    print("\n" + "\n".join(lines))


def compare(names: Sequence[str], revision: str, pairs: int, *, quick: bool) -> None:
    """Print for each figure the pairs of runs by turns, and the median of their ratios, of CPU too."""
    with checkout(revision) as other:
        for name in names:
            figure = FIGURES[name]
            if not (other / "bench" / figure.script).exists():
                print(f"{name}: {revision} has no bench/{figure.script}")
                continue
            ratios, cpu = [], []
            print(f"\n== {name}, {figure.unit}: {revision} → this tree")
            for number in range(pairs):
                order = (other, ROOT) if number % 2 == 0 else (ROOT, other)
                runs = {tree: measure(figure, tree, quick=quick) for tree in order}
                before, now = runs[other], runs[ROOT]
                cpu.append(now.cpu / before.cpu)
                if before.value:
                    ratios.append(now.value / before.value)
                print(
                    f"{before.value:10.1f} → {now.value:10.1f}   CPU {before.cpu:6.1f} → {now.cpu:6.1f} s", flush=True
                )
            if ratios:
                print(f"median ratio {statistics.median(ratios):.3f}, of CPU {statistics.median(cpu):.3f}", flush=True)


def main() -> None:
    """Print the facts of the machine, then the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(FIGURES))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--against", metavar="REVISION")
    parser.add_argument("--pairs", type=int, default=5)
    arguments = parser.parse_args()
    names = arguments.names or list(FIGURES)
    if unknown := [name for name in names if name not in FIGURES]:
        parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(FIGURES)}")
    for name, value in facts():
        print(f"{name:10} {value}")
    if arguments.against:
        compare(names, arguments.against, 1 if arguments.quick else arguments.pairs, quick=arguments.quick)
    else:
        show(names, quick=arguments.quick)


if __name__ == "__main__":
    main()
