"""Every code that the service answers with is in the table, with its status, and every one of the table is answered."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from streams.clusters.corrections import CONFLICT, ID_USED, NOTHING_TO_UNDO
from streams.query.clusters import Clusters
from streams.query.index_reader import open_index
from streams.serve import guards
from streams.serve.access import Caller
from streams.serve.problem_codes import CODES, type_of
from streams.serve.problems import _CODES, MEDIA_TYPE, ProblemError
from streams.serve.resources import Resources
from streams.serve.tokens import TokenFile
from streams.settings import Settings
from tests.serve.conftest import Client, client_of
from tests.serve.desk import CHAPTER, OTHER, Desk
from tests.serve.running import served

ROOT = Path(__file__).parents[2]
MODULES = [path for path in sorted((ROOT / "streams").rglob("*.py")) if path.name != "problem_codes.py"]
NOT_OVER_HTTP = {"unknown_token"}
"""Of a command."""


def raised(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield each status and code, written as such, of the errors that a module raises."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            given = [each.value if isinstance(each, ast.Constant) else None for each in node.args]
            if node.func.id == "ProblemError" and isinstance(given[0], int) and isinstance(given[1], str):
                yield given[0], given[1]
            if node.func.id == "NotFoundError" and isinstance(given[0], str):
                yield 404, given[0]


def test_every_code_that_is_raised_is_in_the_table_with_its_status() -> None:
    found = {each for path in MODULES for each in raised(ast.parse(path.read_text(encoding="utf-8")))}
    assert {(301, "merged"), (401, "token_missing"), (404, "unknown_cluster"), (503, "busy")} <= found
    described = {(status, code) for code, meaning in CODES.items() for status in meaning.statuses}
    found |= {*_CODES.items(), (409, CONFLICT), (409, NOTHING_TO_UNDO), (409, ID_USED)}
    assert {each for each in found - described if each[1] not in NOT_OVER_HTTP} == set()


def test_no_code_of_the_table_is_unused() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in MODULES)
    assert [code for code in CODES if f'"{code}"' not in text] == []


def code(answer: Any) -> tuple[int, str]:
    """Return the status and the code of a problem document."""
    assert answer.headers["Content-Type"] == MEDIA_TYPE, answer.text
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"] == type_of(body["code"])
    return answer.status_code, body["code"]


def of_any_request(client: Client) -> Iterator[Any]:
    """Yield answers to requests that need nothing stored."""
    api = "/api/v1"
    yield client.get(f"{api}/nothing")
    yield client.delete(f"{api}/lookup")
    yield client.get(f"{api}/review", params={"limit": 0})
    yield client.post("/reconcile", content=b"{}", headers={"Content-Type": "application/json"})
    yield client.post(f"{api}/dead-letters/retry", json={"origins": ["x" * 1_000_001]})
    yield client.get(f"{api}/dead-letters", params={"cursor": "AAAA"})
    yield client.get(f"{api}/lookup", params={"doi": "10.5555/nobody"})
    for path in (
        "clusters/caaaaaaaaaaaaa", "records/mine:9", "corrections/none", "dead-letters/t:0:9", "webhooks/none/parked",
    ):  # fmt: skip
        yield client.get(f"{api}/{path}")
    yield client.post(f"{api}/review/none/claim")
    yield client.get("/dead-letters/outcomes/none")
    yield client.get(api, headers={"Host": "evil.example"})
    yield client.get(api, headers={"Authorization": "Bearer x"})
    yield client.post(f"{api}/review/none/claim", headers={"Origin": "https://evil.example"})


def of_corrections(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Yield answers to a curator whose corrections contradict, and whose pair and cluster another one has changed."""
    desk.send("mine:1", CHAPTER)
    desk.send("mine:2", OTHER)
    (pair,) = desk.wait_for_pairs(1)
    assert desk.api.post(f"/api/v1/review/{pair['id']}/claim").status_code == 200
    with monkeypatch.context() as other:
        other.setattr(Caller, "author", "ada")
        yield desk.api.post(f"/api/v1/review/{pair['id']}/claim")
    with open_index(desk.settings) as index:
        before = {Clusters(index).record(record).cluster_id for record in ("mine:1", "mine:2")}
    with desk.deciding():
        made = {"a": "mine:1", "b": "mine:2"}
        assert desk.api.post("/api/v1/corrections", json=made | {"action": "same", "id": "k1"}).status_code == 200
        yield desk.api.post("/api/v1/corrections", json=made | {"action": "same", "id": "k1", "reason": "x"})
        yield desk.api.post("/api/v1/corrections", json=made | {"action": "different"})
        yield desk.api.post("/api/v1/corrections", json={"action": "undo", "undoes": "k9"})
    for name in before:
        for follow in (True, False):
            answer = desk.api.get(f"/api/v1/clusters/{name}", params={"follow": follow}, follow_redirects=False)
            if answer.status_code != 200:
                yield answer


def of_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Yield answers to clients without a token or with a lesser, and of services without Redis, full, asked too fast, broken."""
    tokens = TokenFile(folder / "of-readers")
    reads = {"Authorization": f"Bearer {tokens.create('reader', 'read')}"}
    away: dict[str, Any] = {"redis_url": "redis://127.0.0.1:1", "serve_tokens_file": str(tokens.path)}
    settings = Settings(**away, serve_requests_per_second=0)
    resources = Resources(settings)
    with client_of(settings, resources, raises=False) as client:
        yield client.post("/api/v1/review/none/claim")
        yield client.post("/api/v1/review/none/claim", headers=reads)
        yield client.get("/api/v1/records/mine:1")
        with monkeypatch.context() as full:
            full.setattr(guards, "MOST_REQUESTS", 0)
            yield client.get("/api/v1/session")
        with monkeypatch.context() as broken:
            broken.setattr(resources, "ask", None)
            yield client.get("/api/v1/records/mine:1")
    with client_of(Settings(**away, serve_requests_per_second=1)) as client:
        while (answer := client.get("/api/v1/session")).status_code == 200:
            pass
        yield answer


def of_a_slow_body(monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Return what is answered to a body that does not arrive; on a real connection, for a test client sends all at once."""
    monkeypatch.setattr(guards, "_BODY_SECONDS", 0.2)
    head = b"POST /api/v1/match HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
    with served() as own, own.connect(head) as slow, slow.makefile("rb") as answer:
        status = int(answer.readline().split()[1])
        while answer.readline().strip():
            pass
        return status, json.loads(answer.read())["code"]


def test_every_problem_of_the_table_is_answered_to_a_request(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = chain(of_any_request(desk.api), of_corrections(desk, monkeypatch), of_others(tmp_path, monkeypatch))
    found = {code(answer) for answer in answers} | {of_a_slow_body(monkeypatch)}
    assert found == {(status, name) for name, meaning in CODES.items() for status in meaning.statuses}


def test_a_type_is_the_address_of_a_paragraph_on_the_site() -> None:
    configuration = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    site = re.search(r"^site_url: (\S+)$", configuration, re.MULTILINE)
    assert site is not None
    assert "\nuse_directory_urls: false" in configuration
    assert ROOT.joinpath("docs/reference/problems.md").exists()
    for code in CODES:
        assert type_of(code) == f"{site[1]}reference/problems.html#{code}"
        assert re.fullmatch(r"[a-z_]+", code), "the anchor of a heading is the heading itself"
    assert ProblemError(404, "unknown_cluster", "none").problem.type == type_of("unknown_cluster")
