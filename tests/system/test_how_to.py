"""The how-to pages for users of the API: each command in them runs, or it is said here why it is not run."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from streams.local.broker import free_port
from tests.system.processes import Streams, wait_for
from tests.system.test_tutorials import DOCS, PORT, Shell

pytestmark = [pytest.mark.system, pytest.mark.long]

PAGES = ("serve", "webhooks", "page", "openrefine", "look-up", "subscribe", "curate")
# A piece of the command, and a word that it prints.
RUN = {
    "api/v1/lookup?doi=": "unknown_identifier",  # nothing was sent
    "token create ada --scope curate      #": "streams_",
    "token list": "ada",
    "token revoke ada": "ada",
    "webhooks secret >": "",
    "/reconcile --data": '"q0"',
    "| streams match -": "cluster",
    "review?order=effect": '"items"',
    "dead-letters?reason=": '"items"',
}
NOT_RUN = {
    "pip install": "installs from a registry",
    "streams serve": "`streams up` has started it; addresses of a site of its own",
    "/api/v1/session": "needs a token of the service; the tutorial of the API signs in",
    "export STREAMS_SERVE_TOKENS_FILE": "a file under /etc",
    "token create ada --scope curate\n": "as above, in a file under /etc",
    "STREAMS_SERVE_ALLOWED_HOSTS=": "a setting",
    "STREAMS_SERVE_TRUSTED_": "a setting",
    "/history": "a cluster of an example; tests/serve/test_same_answers.py asks for a history",
    "chmod 600": "a file under /etc",
    "streams webhooks ": "needs an endpoint; tests/system/test_webhooks.py has one",
    "demo --page": "runs until Ctrl-C; tests/browser has it",
    "streams lookup ": "papers of an example; exits with 1 where there are none",
    "match works.jsonl": "a file of the reader's",
    "curl -N": "streams until Ctrl-C; the tutorial of the API follows",
    "curl -X POST": "records of an example, and a token",
    "dead-letters/records.crossref": "a message of an example",
}


def commands() -> list[str]:
    """Return each command of the pages, its continued lines joined."""
    text = "".join((DOCS / "how-to" / f"{page}.md").read_text(encoding="utf-8") for page in PAGES)
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [line + "\n" for block in blocks for line in re.sub(r"\\\n\s*", " ", block).splitlines()]


def test_each_command_of_the_pages_runs_or_is_left_out_for_a_reason(streams: Callable[..., Streams]) -> None:
    port = f"127.0.0.1:{free_port()}"
    streams_ = streams(http_port=0, serve_port=port.partition(":")[2])
    shell = Shell(streams_)
    shell.before += f"export STREAMS_SERVE_TOKENS_FILE={streams_.directory}/tokens\n"
    undecided: list[str] = []
    wrong: list[tuple[str, str]] = []
    with streams_.start("up"):
        wait_for(lambda: "streams_" in streams_.output(), "a token")
        for command in commands():
            word = next((word for piece, word in RUN.items() if piece in command), None)
            if word is None:
                undecided += [] if any(piece in command for piece in NOT_RUN) else [command]
                continue
            printed = shell.run(command.replace(PORT, port).replace("/etc/streams", str(streams_.directory)))
            wrong += [] if word in printed else [(command, printed)]
    assert (undecided, wrong) == ([], [])
