"""The how-to pages for users of the API: each of their commands runs on what it is about, or it is said here why it does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import orjson
import pytest

from streams.local.broker import free_port
from tests.system.processes import Streams, wait_for
from tests.system.test_tutorials import DOCS, PORT, Shell

pytestmark = [pytest.mark.system, pytest.mark.long]

PAGES = (
    "serve",
    "webhooks",
    "page",
    "openrefine",
    "look-up",
    "subscribe",
    "curate",
    "find-and-correct",
    "follow-clusters",
)
AUTHOR = [{"name": "Ashish Vaswani"}, {"name": "Noam Shazeer"}]
FEED = (
    {
        "source": "crossref",
        "id": "10.1038/nature14539",
        "title": "Deep learning",
        "doi": "10.1038/nature14539",
        "pmid": "26017442",
    },
    {
        "source": "arxiv",
        "id": "1706.03762",
        "title": "Attention is all you need",
        "arxiv_id": "1706.03762",
        "authors": AUTHOR,
    },
    {
        "source": "crossref",
        "id": "10.5555/reef.1",
        "title": "Reef survey of the north",
        "doi": "10.5555/reef.1",
        "year": 2020,
    },
    {
        "source": "arxiv",
        "id": "2111.12710",
        "title": "Reef survey of the north",
        "arxiv_id": "2111.12710",
        "year": 2020,
    },
    *(
        {"source": "mine", "id": str(number), "title": "A survey of kelp", "doi": "10.5555/kelp"}
        for number in (1, 2, 3)
    ),
)
CROSSREF = {
    "DOI": "10.1038/nature14539",
    "title": ["Deep learning"],
    "type": "journal-article",
    "published": {"date-parts": [[2015]]},
}

PRINTED = {
    "curl 'http://127.0.0.1:6060/api/v1/lookup?doi=10.1038/nature14539'": '"record":"crossref:10.1038/nature14539"',
    "streams token create ada --scope curate # prints the token, once": "streams_",
    "streams token list": "ada",
    'curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:6060/api/v1/session': "operate",
    "curl -s -H 'Accept: application/x-ndjson' http://127.0.0.1:6060/api/v1/clusters/citqcsry546lr4/history": '"created"',
    "streams token revoke ada": "ada",
    "streams webhooks secret > /etc/streams/catalogue.secret # give it to the receiver as well": "",
    "chmod 600 /etc/streams/catalogue.secret": "",
    "curl http://127.0.0.1:6060/reconcile --data-urlencode 'queries=": '"name":"Attention is all you need"',
    "streams lookup 10.48550/arXiv.1706.03762": "citqcsry546lr4",
    "streams lookup https://doi.org/10.1038/nature14539 pmid:26017442 arxiv:1706.03762": "crossref:10.1038/nature14539",
    "streams lookup --json - < names.txt": '"citqcsry546lr4"',
    """echo '{"title": "Attention is all you need", "authors": ["Ashish Vaswani"]}' | streams match -""": "citqcsry546lr4",
    "streams match works.jsonl --source crossref --json": '"stored_in":"c',
    "curl 'http://127.0.0.1:6060/api/v1/review?order=effect&source=crossref'": '"items"',
    "curl -X POST http://127.0.0.1:6060/api/v1/corrections -H": '"status":"active"',
    "curl -X POST http://127.0.0.1:6060/api/v1/corrections/preview -H": '"mine:3"',
    "curl 'http://127.0.0.1:6060/api/v1/dead-letters?reason=not_json'": "records.crossref:0:17",
    "curl http://127.0.0.1:6060/api/v1/dead-letters/records.crossref:0:17": "not_json",
    "curl -X POST http://127.0.0.1:6060/api/v1/dead-letters/retry -H": '"letters":["records.crossref:0:17"]',
    "curl -X POST http://127.0.0.1:6060/api/v1/dead-letters/drop -H": "there is no such dead letter",  # it was sent again
}  # fmt: skip
"""The beginning of a command, its spaces made one, and a word that it prints."""
NOT_RUN = {
    "pip install 'streams-dedup[serve]'": "installs from a registry",
    "STREAMS_KAFKA_URL=kafka:9092 STREAMS_REDIS_URL=redis://redis:6379/0 streams serve": "names a site's own servers",
    "export STREAMS_SERVE_TOKENS_FILE=/etc/streams/tokens": "a file of the machine",
    "streams token create ada --scope curate": "run above, with the file of this installation",
    "STREAMS_SERVE_HOST=0.0.0.0 STREAMS_SERVE_ALLOWED_HOSTS=dedup.example.org streams serve": "names a site's own address",
    "STREAMS_SERVE_ALLOWED_HOSTS=dedup.example.org": "a setting",
    "STREAMS_SERVE_TRUSTED_USER_HEADER=X-Forwarded-User": "a setting",
    "STREAMS_SERVE_TRUSTED_PROXIES=10.0.0.7": "a setting",
    "STREAMS_SERVE_TRUSTED_SCOPE=curate": "a setting",
    "STREAMS_WEBHOOKS_FILE=/etc/streams/webhooks.toml streams webhooks test catalogue": "asks a receiver of the reader's",
    "STREAMS_WEBHOOKS_FILE=/etc/streams/webhooks.toml streams serve": "a second service beside that of `streams up`",
    "streams webhooks list": "tests/system/test_webhooks.py has receivers",
    "streams webhooks test catalogue": "the same",
    "streams webhooks enable catalogue": "the same",
    "streams webhooks remove catalogue": "the same",
    "streams webhooks parked catalogue": "the same",
    "streams webhooks redeliver catalogue": "the same",
    "streams webhooks discard catalogue": "the same",
    "streams demo --page": "runs until Ctrl-C",
    "curl -N 'http://127.0.0.1:6060/api/v1/events?type=created&source=arxiv'": "runs until Ctrl-C; the tutorial follows",
    "curl -X POST http://127.0.0.1:6060/api/v1/review/8a3f2c1d9e0b47a65c12/claim": "the id of a pair that there is not",
}  # fmt: skip
"""A command without its comment, and the reason; a new command of a page is in neither table, and fails the test."""


def commands() -> Iterator[str]:
    """Yield each command of the pages, its continued lines joined and its spaces made one."""
    text = "".join((DOCS / "how-to" / f"{page}.md").read_text(encoding="utf-8") for page in PAGES)
    for block in re.findall(r"^ *```sh\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            yield re.sub(r"\s+", " ", line).strip()


def word_of(command: str) -> str | None:
    """Return the word that a command prints, None where it is not run."""
    return next((word for begin, word in PRINTED.items() if command.startswith(begin)), None)


def is_left_out(command: str) -> bool:
    return command.partition(" # ")[0] in NOT_RUN


def test_each_command_is_run_or_left_out_for_a_reason() -> None:
    every = list(commands())
    assert [command for command in every if word_of(command) is None and not is_left_out(command)] == []
    assert [begin for begin in PRINTED if not any(command.startswith(begin) for command in every)] == []


def test_the_commands_of_the_pages_print_what_a_reader_looks_for(streams: Callable[..., Streams]) -> None:
    port = f"127.0.0.1:{free_port()}"
    streams_ = streams(http_port=0, serve_port=port.partition(":")[2])
    write_files(streams_.directory)
    shell = Shell(streams_)
    with streams_.start("up"):
        token = wait_for(lambda: re.search(r"streams_\S+", streams_.output()), "a token")
        shell.run("streams send --source document feed.jsonl")
        shell.run("streams send --source crossref broken.jsonl")
        api = f"http://{port}/api/v1"
        found = wait_for(lambda: cluster_of(shell, f"{api}/lookup?arxiv=1706.03762"), "the paper is there")
        letter = wait_for(lambda: letter_of(shell, f"{api}/dead-letters?reason=not_json"), "the dead letter is there")
        names = {
            PORT: port, "/etc/streams": str(streams_.directory), "$TOKEN": token[0], "citqcsry546lr4": found,
            "records.crossref:0:17": letter, "-X POST": f"-X POST -H 'Authorization: Bearer {token[0]}'",
            "curl http://": f"curl -H 'Authorization: Bearer {token[0]}' http://",
        }  # fmt: skip
        wrong = [
            (command, printed)
            for command in commands()
            if (word := word_of(command)) is not None
            if replaced(word, names) not in (printed := shell.run(replaced(command, names)))
        ]
    assert not wrong, "\n".join(f"{c[:90]} -> {p[:300]}" for c, p in wrong)


def write_files(folder: Path) -> None:
    (folder / "feed.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in FEED))
    (folder / "works.jsonl").write_bytes(orjson.dumps(CROSSREF) + b"\n")
    (folder / "names.txt").write_text("arxiv:1706.03762\n10.1038/nature14539\n")
    (folder / "broken.jsonl").write_bytes(b'{"DOI": "10.5555/broken"\n')


def replaced(text: str, names: Mapping[str, str]) -> str:
    for name, real in names.items():
        text = text.replace(name, real)
    return text


def cluster_of(shell: Shell, url: str) -> str:
    answer = orjson.loads(shell.run(f"curl -s '{url}'"))
    return str(answer.get("clusters", [""])[0])


def letter_of(shell: Shell, url: str) -> str:
    items = orjson.loads(shell.run(f"curl -s '{url}'"))["items"]
    return str(items[0]["id"]) if items else ""
