"""Exports of references, as a reviewer uses them: `streams run`, and `streams send` to a worker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from streams.events import CLUSTERS
from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import read_to_now
from streams.local.services import Services
from streams.local.worker import WorkerProcess
from streams.references.deduplicated import write_deduplicated
from streams.references.forms import FORMS
from streams.references.reading import read
from streams.settings import Settings
from tests.references import files
from tests.references.test_collection import put
from tests.system.processes import Streams, wait_for

pytestmark = [pytest.mark.system, pytest.mark.long]


def test_five_forms_become_one(streams: Callable[..., Streams], tmp_path: Path) -> None:
    broken = {"broken.bib": "@article{a, title={open\n@article{b, title={Closed seas}, year=2020}\n"}
    paths = put(tmp_path, files.ALL | broken)
    out = tmp_path / "out"
    said = streams().ok("run", *paths, "--out", out, "--write", "bibtex")
    assert "13 records are 7 papers: 6 duplicates" in said
    assert (
        "7 references are kept in deduplicated.bib, their 6 duplicates are in duplicates.bib. 1 could not be read"
        in said
    )
    kept = list(read(str(out / "deduplicated.bib")))
    assert sum(reference.document["title"].startswith("On DNA of corals") for reference in kept) == 1
    letters = [orjson.loads(line) for line in (out / "dead-letter.jsonl").read_bytes().splitlines()]
    assert len(letters) == 1, "an entry that cannot be read is a dead letter, too"


def test_an_unknown_form_to_write_is_refused(streams: Callable[..., Streams], tmp_path: Path) -> None:
    (path,) = put(tmp_path, {"a.ris": files.RIS})
    done = streams()("run", path, "--out", tmp_path / "out", "--write", "word")
    assert done.returncode == 2
    assert "--write word: unknown form; known: bibtex, ris, medline, endnote-xml, csv" in done.stderr


def test_exports_are_sent_to_clusters_and_run_back_into_each_form(
    broker_settings: Callable[[], dict[str, Any]], tmp_path: Path
) -> None:
    """All five files are sent as they are; `streams run` makes the clusters that a worker made, and each form tells them."""
    paths = put(tmp_path, files.ALL)
    with (
        Services(Settings(**broker_settings(), http_port=0)) as services,
        WorkerProcess(services.settings, tmp_path / "worker.log") as worker,
    ):
        own = services.settings
        worker.wait_ready()
        addresses = {name: getattr(own, name) for name in ("kafka_url", "redis_url", "topic_prefix", "app_id")}
        streams = Streams(tmp_path, **addresses)
        assert streams.ok("send", "--source", "document", *paths).startswith("12 payloads sent")

        def clusters() -> dict[str, list[str]]:
            found = asyncio.run(states(own))
            return found if sum(map(len, found.values())) == 12 else {}

        wait_for(clusters, "all references are in dedup.clusters")
        wait_for(lambda: len(clusters()) == 6, "the clusters of one work are one")
        out = tmp_path / "out"
        together = {frozenset(records) for records in clusters().values()}
        streams.ok("run", *paths, "--out", out, "--write", "ris")
    ours = [orjson.loads(line) for line in (out / "clusters.jsonl").read_bytes().splitlines()]
    assert {frozenset(state["records"]) for state in ours} == together, "a run has the clusters of the worker"
    for name, form in FORMS.items():
        if name != "ris":
            write_deduplicated(paths, ours, out, form)
        kept, left_out = (out / f"{what}{form.suffixes[0]}" for what in ("deduplicated", "duplicates"))
        assert (len(list(read(str(kept)))), len(list(read(str(left_out))))) == (6, 6)
        written = kept.read_text(encoding="utf-8")
        assert all(state["cluster_id"] in written for state in ours), "each entry tells its cluster"


async def states(settings: Settings) -> dict[str, list[str]]:
    """Read the records of each cluster that is in `dedup.clusters`."""
    found: dict[str, list[str]] = {}
    async for message in read_to_now(KafkaConnection.of(settings), [settings.topic_prefix + CLUSTERS]):
        found[message.key.decode()] = orjson.loads(message.value)["records"] if message.value else []
    return {cluster: records for cluster, records in found.items() if records}
