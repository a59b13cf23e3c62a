"""How many records a second one worker decides, through Kafka topics, beside the embedded broker and Redis.

    python bench/throughput.py [--works N] [--runs N] [FILE…]

Without FILEs a generated feed is played (`--works`, about 2.6 records each). Prints each run and the median; time is from
the first message sent until the last is decided, its events published and its position marked.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from streams.feed_files.keys import DOCUMENT
from streams.feed_files.payloads import read_payloads
from streams.local.run import run
from streams.settings import load_settings
from streams.synthetic.generator import generate


def generated(folder: Path, works: int) -> str:
    """Write a generated feed as a file of documents, and return its path."""
    path = folder / "feed.jsonl"
    with path.open("wb") as file:
        for message in generate(1, works):
            if message.value:
                file.write(message.value + b"\n")
    return str(path)


def main() -> None:
    """Play the feed some times and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--works", type=int, default=4000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    rates = []
    with tempfile.TemporaryDirectory() as folder:
        files = arguments.files or [generated(Path(folder), arguments.works)]
        for number in range(arguments.runs):
            summary = run(load_settings(), read_payloads(DOCUMENT, files), Path(folder) / f"out{number}")
            rates.append(summary["records_per_second"])
            print(
                f"{summary['messages']} messages in {summary['seconds']:.2f} s: {rates[-1]:.0f} records/s", flush=True
            )
    print(
        f"median of {len(rates)}: {statistics.median(rates):.0f} records/s (least {min(rates):.0f}, most {max(rates):.0f})"
    )


if __name__ == "__main__":
    main()
