"""How many records a second `streams send` publishes of the public data files, and what it does again when it was killed.

    python bench/send.py [--works N] [--runs N] [--kafka HOST:PORT] [SOURCE=FILE…]

Without FILEs it makes a zip as arXiv's snapshot at Kaggle and a tar of packed files as Crossref's yearly one, of `--works` records
each. `arxiv=archive.zip` or `crossref=crossref-2026.tar` sends a file of yours. Each is sent as it comes to the embedded broker, or
to the Kafka of `--kafka`, under a topic prefix of its own. The whole process is timed, with its start. Then it is sent with a
journal, killed in its midst, and resumed.
"""

from __future__ import annotations

import argparse
import gzip
import io
import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from streams.local.services import Services
from streams.settings import load_settings

LETTERS = random.Random(1)  # noqa: S311 - the same each time
WORDS = ["".join(LETTERS.choices("aeiounrstlm", k=LETTERS.randint(2, 10))) for _ in range(5_000)]
"""So many that a text packs about as well as a real one."""


class Sent(NamedTuple):
    """A run of `streams send`: how many payloads it said, its time and the CPU of its process in seconds."""

    payloads: int
    seconds: float
    cpu: float


def text(chance: random.Random, words: int) -> str:
    """Return so many words."""
    return " ".join(chance.choices(WORDS, k=words))


def arxiv_row(number: int) -> dict[str, Any]:
    """Return a row of the snapshot at Kaggle."""
    chance = random.Random(number)  # noqa: S311 - the same each time
    names = [[text(chance, 1).title(), text(chance, 1).title(), ""] for _ in range(4)]
    return {
        "id": f"{2001 + number // 99_999}.{number % 99_999 + 1:05}",
        "submitter": "Ada Reef",
        "authors": ", ".join(f"{first} {last}" for last, first, _ in names),
        "title": text(chance, 10),
        "comments": "12 pages, 4 figures",
        "journal-ref": None,
        "doi": f"10.5555/{number}",
        "categories": "cs.DL math.CO",
        "abstract": text(chance, 150),
        "versions": [{"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"}],
        "update_date": "2008-11-26",
        "authors_parsed": names,
    }


def crossref_work(number: int) -> dict[str, Any]:
    """Return a work of the yearly public data file."""
    chance = random.Random(number)  # noqa: S311 - the same each time
    cited = [
        {"key": f"{number}_CR{n}", "doi-asserted-by": "publisher", "DOI": f"10.5555/c{chance.randrange(10**6)}"}
        | {"unstructured": text(chance, 12)}
        for n in range(24)
    ]
    return {
        "DOI": f"10.5555/w{number}",
        "type": "journal-article",
        "title": [text(chance, 12)],
        "author": [{"given": text(chance, 1).title(), "family": text(chance, 1).title(), "affiliation": []}] * 4,
        "container-title": ["Journal of Tides"],
        "issued": {"date-parts": [[2020, 3, 2]]},
        "deposited": {"date-time": "2025-01-01T00:00:00Z", "timestamp": 1735689600000},
        "reference": cited,
        "abstract": text(chance, 120),
        "ISSN": ["1234-5678"],
        "member": "311",
    }


def arxiv_zip(path: Path, works: int) -> None:
    """Write a zip of one file of JSON lines."""
    name = "arxiv-metadata-oai-snapshot.json"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w", force_zip64=True) as file:
        for number in range(works):
            file.write(orjson.dumps(arxiv_row(number)) + b"\n")


def crossref_tar(path: Path, works: int) -> None:
    """Write a tar of packed files of 5,000 works each."""
    with tarfile.open(path, "w") as archive:
        for start in range(0, works, 5000):
            content = gzip.compress(
                orjson.dumps({"items": [crossref_work(n) for n in range(start, min(start + 5000, works))]}), 6
            )
            info = tarfile.TarInfo(f"public/{start // 5000}.json.gz")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


MADE = {"arxiv": arxiv_zip, "crossref": crossref_tar}


def command(kafka: str, prefix: str, source: str, path: Path, *more: str) -> subprocess.Popen[str]:
    """Start `streams send` of a file."""
    environment = os.environ | {
        "STREAMS_KAFKA_URL": kafka,
        "STREAMS_TOPIC_PREFIX": prefix,
        "STREAMS_REDIS_URL": "redis://127.0.0.1:1/0",  # not used
    }
    arguments = [sys.executable, "-m", "streams", "send", "--source", source, *more, str(path)]
    return subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def sent(process: subprocess.Popen[str], began: float, before: float) -> Sent:
    """Wait for a run. Ends the program where it fails."""
    output, _ = process.communicate()
    if process.returncode:
        sys.exit(f"streams send failed:\n{output}")
    return Sent(int(output.split()[0]), time.monotonic() - began, children_cpu() - before)


def children_cpu() -> float:
    """Return the CPU seconds of the processes that have ended and were waited for: those of `streams send`."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def whole(kafka: str, prefix: str, source: str, path: Path) -> Sent:
    """Send a file as a whole."""
    began, before = time.monotonic(), children_cpu()
    return sent(command(kafka, prefix, source, path), began, before)


def resumed(kafka: str, prefix: str, source: str, path: Path, seconds: float) -> Sent:
    """Send with a journal, kill it after some seconds, and return the run that resumes."""
    journal = path.with_suffix(f".journal{prefix}")
    process = command(kafka, prefix, source, path, "--resume", str(journal))
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    began, before = time.monotonic(), children_cpu()
    return sent(command(kafka, prefix, source, path, "--resume", str(journal)), began, before)


def dumps(given: list[str], folder: Path, works: int) -> Iterator[tuple[str, Path]]:
    """Yield source and path of the files that are given, or made."""
    for each in given:
        source, _, name = each.partition("=")
        yield source, Path(name)
    for source, make in MADE.items() if not given else ():
        path = folder / source
        make(path, works)
        yield source, path


def main() -> None:
    """Send each file and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="SOURCE=FILE")
    parser.add_argument("--works", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--kafka", default="")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for source, path in dumps(arguments.files, Path(folder), arguments.works):
            measure(arguments.kafka, source, path, arguments.runs)


@contextmanager
def broker(kafka: str) -> Iterator[str]:
    """Yield the address of the Kafka that is given, or of an embedded broker that is started."""
    with Services(load_settings().model_copy(update={"kafka_url": kafka})) as services:
        yield services.settings.kafka_url


def measure(kafka: str, source: str, path: Path, runs: int) -> None:
    """Print the figures of a file."""
    found = []
    for number in range(runs):
        with broker(kafka) as url:  # one for each run: the embedded one keeps everything in memory
            found.append(whole(url, f"{source}{number}.", source, path))
    rates = [run.payloads / run.seconds for run in found]
    count, cpu = found[0].payloads, statistics.median(run.cpu / run.payloads for run in found)
    rate = f"median of {runs}: {statistics.median(rates):.0f} records/s (least {min(rates):.0f}, most {max(rates):.0f})"
    packed = path.stat().st_size / count / 1000
    print(
        f"{source}: {count:,} records of {packed:.2f} kB packed, {rate}, {cpu * 1e6:.0f} µs of CPU a record", flush=True
    )
    middle = statistics.median(run.seconds for run in found) / 2
    with broker(kafka) as url:
        rest = resumed(url, f"{source}-again.", source, path, middle)
    left = f"{rest.payloads:,} of {count:,} records were left, sent in {rest.seconds:.1f} s"
    print(f"{source}: killed after {middle:.1f} s and resumed: {left}", flush=True)


if __name__ == "__main__":
    main()
