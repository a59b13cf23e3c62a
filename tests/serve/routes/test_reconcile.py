"""`/reconcile` as OpenRefine and pages of other origins ask it, over an engine that was fed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.query.clusters import Clusters
from streams.serve.reconcile.manifest import manifest
from tests.query.conftest import Library
from tests.query.test_lookup import OTHER, PAIR, TITLE
from tests.serve.conftest import Client, client_with_token
from tests.serve.reconcile import recorded, schemas

PATH = "/reconcile"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"


def post(client: Client, field: str, text: str) -> Any:
    """Send a form as OpenRefine's HTTP client writes it."""
    answer = client.post(PATH, content=f"{field}={quote_plus(text)}", headers=recorded.HEADERS)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    return answer.json()


def reconcile(client: Client, **queries: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    batch = post(client, "queries", json.dumps(queries))
    schemas.check(schemas.RESULT_BATCH, batch)
    assert list(batch) == list(queries)
    return {key: found["result"] for key, found in batch.items()}


def cluster_of(library: Library, record: str) -> str:
    return Clusters(library.index).record(record).cluster_id


def test_open_refine_adds_the_service_by_its_manifest(client: Client) -> None:
    answer = client.get(PATH, headers={"Accept": "application/json, text/javascript, */*; q=0.01"})
    schemas.check(schemas.MANIFEST, answer.json())
    assert answer.json() == manifest(str(client.base_url).rstrip("/"))
    assert client.get(f"{PATH}/").json() == answer.json()
    elsewhere = client.get(PATH, headers={"Host": "localhost:8443"}).json()
    assert elsewhere["preview"]["url"] == "http://localhost:8443/reconcile/preview?id={{id}}"
    old = client.get(PATH, params={"callback": "jQuery36005_1623", "_": "1764496000000"})
    assert old.headers["Content-Type"] == "application/javascript"
    assert json.loads(old.text.removeprefix("/**/jQuery36005_1623(").removesuffix(");")) == answer.json()


def test_open_refine_guesses_the_type_of_a_column(client: Client) -> None:
    """Ten samples with three candidates each; it counts the types of the candidates."""
    found = reconcile(
        client, q0={"query": TITLE, "limit": 3}, q1={"query": OTHER, "limit": 3}, q2={"query": "?", "limit": 3}
    )
    assert [each["type"] for each in found["q0"] + found["q1"]] == [[{"id": "work", "name": "Scholarly work"}]] * 2
    assert found["q2"] == []


def test_recorded_requests_of_open_refine_are_answered(client: Client, library: Library) -> None:
    library.send("mine:8", title=recorded.TITLE, authors=PAIR, year=2015)
    batch = client.post(PATH, content=recorded.QUERIES, headers=recorded.HEADERS)
    schemas.check(schemas.RESULT_BATCH, batch.json())
    found = {key: [(each["id"], each["match"]) for each in row["result"]] for key, row in batch.json().items()}
    assert found == {
        "q0": [(cluster_of(library, "mine:8"), True)],
        "q1": [],
        "q2": [(cluster_of(library, "mine:1"), True)],
        "q3": [],
    }
    made = client.post(PATH, content=recorded.EXTEND, headers=recorded.HEADERS).json()
    schemas.check(schemas.EXTENSION, made)
    assert [each["id"] for each in made["meta"]] == ["doi", "authors", "year", "size", "records"]
    assert list(made["rows"]) == ["c1", "caaaaaaaaaaaaa"]


def test_open_refine_reconciles_a_column_with_others_beside_it(client: Client, library: Library) -> None:
    authors = {"pid": "authors", "v": "; ".join(PAIR)}
    found = reconcile(
        client,
        q0={
            "query": TITLE,
            "type": "work",
            "type_strict": "should",
            "properties": [authors, {"pid": "year", "v": 2015}],
        },
        q1={
            "query": OTHER,
            "type": "work",
            "type_strict": "should",
            "properties": [{"pid": "author", "v": "Hopper, G."}],
        },
        q2={"query": "A paper that no source has", "type": "work", "type_strict": "should", "properties": [authors]},
    )
    first, second = cluster_of(library, "mine:1"), cluster_of(library, "mine:3")
    assert [(each["id"], each["name"], each["match"]) for each in found["q0"]] == [(first, TITLE, True)]
    assert [(each["id"], each["name"], each["match"]) for each in found["q1"]] == [(second, OTHER, True)]
    assert found["q0"][0]["score"] > 95
    assert found["q0"][0]["description"] == "Ada Lovelace, Alan Turing · 2015 · 2 records"
    assert found["q2"] == []


def test_a_column_of_identifiers_is_reconciled(client: Client, library: Library) -> None:
    library.send("mine:4", title="Twin", authors=PAIR, year=2001, pmid="31452104", doi="10.5555/twins.1")
    library.send("mine:5", title="Quite another work on lichens", year=1980, doi="10.5555/twins.1")
    names = ["10.5555/AAA.1", "https://doi.org/10.5555/aaa.1", "mine:2", cluster_of(library, "mine:1"), "10.5555/none"]
    found = reconcile(
        client, **{f"q{number}": {"query": name} for number, name in enumerate([*names, "10.5555/twins.1"])}
    )
    wanted = [(cluster_of(library, "mine:1"), 100.0, True)]
    for key in ("q0", "q1", "q2", "q3"):
        assert [(each["id"], each["score"], each["match"]) for each in found[key]] == wanted
    assert found["q4"] == []
    assert {(each["score"], each["match"]) for each in found["q5"]} == {(50.0, False)}
    assert {each["id"] for each in found["q5"]} == {cluster_of(library, "mine:4"), cluster_of(library, "mine:5")}


def test_a_title_and_the_identifier_of_another_paper_are_no_match(client: Client, library: Library) -> None:
    wrong = {"query": OTHER, "properties": [{"pid": "doi", "v": "10.5555/aaa.1"}]}
    found = reconcile(client, q0=wrong)["q0"]
    assert {each["id"] for each in found} == {cluster_of(library, "mine:1"), cluster_of(library, "mine:3")}
    assert not any(each["match"] for each in found)


def test_a_merged_cluster_leads_to_its_survivor(client: Client, library: Library) -> None:
    both = {cluster_of(library, "mine:1"), cluster_of(library, "mine:3")}
    library.bench.correct("k1", "same", "mine:1", "mine:3")
    survivor = cluster_of(library, "mine:1")
    (gone,) = both - {survivor}
    assert [each["id"] for each in reconcile(client, q0={"query": gone})["q0"]] == [survivor]
    asked = {"ids": [gone], "properties": [{"id": "cluster"}, {"id": "size"}]}
    assert post(client, "extend", json.dumps(asked))["rows"] == {
        gone: {"cluster": [{"str": survivor}], "size": [{"int": 3}]}
    }
    assert survivor in client.get(f"{PATH}/preview", params={"id": gone}).text


def test_the_limit_of_a_query_is_kept_and_does_not_make_a_match(client: Client, library: Library) -> None:
    twin = "Thermal stability of layered perovskite oxides under reducing conditions"
    for number in (1, 2):
        library.send(f"twin:{number}", title=twin, authors=PAIR, year=2015, pmid=f"3145210{number}")
    asked = {"query": twin, "properties": [{"pid": "authors", "v": PAIR}]}
    assert cluster_of(library, "twin:1") != cluster_of(library, "twin:2")
    assert [each["match"] for each in reconcile(client, q0=asked)["q0"]] == [False, False]
    assert [each["match"] for each in reconcile(client, q0={**asked, "limit": 1})["q0"]] == [False]


def test_open_refine_adds_columns(client: Client, library: Library) -> None:
    name = cluster_of(library, "mine:1")
    proposed = client.get(f"{PATH}/properties", params={"type": "work"}).json()
    schemas.check(schemas.PROPOSALS, proposed)
    assert proposed["type"] == "work"
    assert "doi" in [each["id"] for each in proposed["properties"]]
    some = client.get(f"{PATH}/properties", params={"type": "", "limit": 2}).json()
    assert (len(some["properties"]), some["limit"]) == (2, 2)
    asked = '{"ids":["%s","cgone"],"properties":[{"id":"doi"},{"id":"records","settings":{"limit":"1"}},{"id":"year"}]}'
    made = post(client, "extend", asked % name)
    schemas.check(schemas.EXTENSION, made)
    assert made["rows"][name] == {
        "doi": [{"str": "10.5555/aaa.1"}],
        "records": [{"str": "mine:1"}],
        "year": [{"int": 2015}],
    }
    assert made["rows"]["cgone"] == {"doi": [], "records": [], "year": []}
    assert client.get(PATH, params={"extend": asked % name}).json() == made


def test_open_refine_suggests_while_a_person_types(client: Client, library: Library) -> None:
    name = cluster_of(library, "mine:1")
    jsonp = {"callback": "jQuery3_1", "_": "1764496000001"}
    for text in (TITLE, name, "10.5555/aaa.1"):
        found = client.get(f"{PATH}/suggest/entity", params={"prefix": text}).json()
        schemas.check(schemas.ENTITIES, found)
        assert [(each["id"], each["name"]) for each in found["result"]] == [(name, TITLE)]
        assert client.get(f"{PATH}/suggest/entity", params={"prefix": text, "cursor": 1}).json() == {"result": []}
        again = client.get(f"{PATH}/suggest/entity", params={"prefix": text, **jsonp}).text
        assert json.loads(again.removeprefix("/**/jQuery3_1(").removesuffix(");")) == found
    for text in ("", "Deep resid", "  "):
        assert client.get(f"{PATH}/suggest/entity", params={"prefix": text}).json() == {"result": []}
    properties = client.get(f"{PATH}/suggest/property", params={"prefix": "jour"}).json()
    schemas.check(schemas.PROPERTIES, properties)
    assert [each["id"] for each in properties["result"]] == ["journal"]
    for text, number in (("", 1), ("schol", 1), ("work", 1), ("person", 0)):
        types = client.get(f"{PATH}/suggest/type", params={"prefix": text}).json()
        schemas.check(schemas.TYPES, types)
        assert len(types["result"]) == number


def test_open_refine_shows_a_preview(client: Client, library: Library) -> None:
    library.send(
        "mine:9", title="<script>alert(1)</script> on corals", authors=['"><img src=x onerror=alert(1)>'], year=2001
    )
    page = client.get(f"{PATH}/preview", params={"id": cluster_of(library, "mine:9")})
    assert page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "<script" not in page.text
    assert "<img" not in page.text
    assert "frame-ancestors *" in page.headers["Content-Security-Policy"]
    library.bench.send("mine:9", None)
    for name in ("caaaaaaaaaaaaa", "<b>nonsense</b>", ""):
        missing = client.get(f"{PATH}/preview", params={"id": name})
        assert missing.status_code == 404
        assert missing.headers["Content-Type"].startswith("text/html")
        assert "<b>" not in missing.text
    assert client.get(f"{PATH}/preview").json()["code"] == "invalid"


def test_a_page_of_another_origin_may_ask_here_and_nowhere_else(library: Library, tmp_path: Path) -> None:
    """Where a token is needed, which a proxy adds, as the specification has it."""
    with client_with_token(library.settings.model_copy(update={"serve_requests_per_second": 0}), tmp_path) as client:
        may_ask(client, "https://elsewhere.example")


def test_without_tokens_a_page_of_this_machine_may_ask_and_no_other(client: Client) -> None:
    """OpenRefine's own pages are of this machine; any page on the web could read what was never published."""
    may_ask(client, "http://127.0.0.1:3333")
    may_ask(client, "http://localhost:3333")
    page, own = "https://elsewhere.example", "http://127.0.0.1:3333/project"
    for headers in (
        {"Origin": page},
        {"Origin": "null"},
        {"Referer": f"{page}/a"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "script"},
        {"Origin": page, "Referer": own},
    ):
        answer = client.get(PATH, params={"callback": "f"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused"), headers
        assert client.post(PATH, data={"queries": "{}"}, headers=headers).status_code == 403
    asked = {"Origin": page, "Access-Control-Request-Method": "POST"}
    assert client.options(PATH, headers=asked).status_code == 403
    for headers in (
        {},
        {"Referer": own, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "script"},
        {"Sec-Fetch-Site": "none"},
        {"Referer": page, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"},
    ):
        assert client.get(PATH, headers=headers).status_code == 200, headers


def may_ask(client: Client, page: str) -> None:
    origin = {"Origin": page}
    for path in ("", "/suggest/entity", "/suggest/property", "/suggest/type", "/properties", "/preview?id=c"):
        assert client.get(PATH + path, headers=origin).headers["Access-Control-Allow-Origin"] == "*", path
    for text, status in (("{}", 200), ("{", 400)):
        answer = client.post(PATH, data={"queries": text}, headers=origin)
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (status, "*")
    asked = {**origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    assert client.options(PATH, headers=asked).headers["Access-Control-Allow-Headers"] == "Content-Type"
    for path in ("/api/v1/lookup?q=mine:1", "/healthz"):
        assert "Access-Control-Allow-Origin" not in client.get(path, headers=origin).headers


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        ("", FORM, 400),
        ("q=1", FORM, 400),
        ("queries", FORM, 400),
        ("queries=", FORM, 400),
        ("queries=%ff", FORM, 400),
        ("queries=%7B%22q%22%3A1%7D", FORM, 400),
        ("queries=%7B%22q%22%3A%7B%22query%22%3A%22%ff%22%7D%7D", FORM, 400),
        ("queries=[]", FORM, 400),
        ("extend=", FORM, 400),
        ("extend={}", FORM, 400),
        ("queries={}&" + "&".join(f"a{number}=1" for number in range(2000)), FORM, 400),
        ('{"queries":{}}', "application/json", 415),
        ("queries={}", "text/plain", 415),
        ("queries={}", "", 415),
        ("--x\r\n", "multipart/form-data; boundary=x", 415),
        ("queries=" + "x" * 1_000_001, FORM, 413),
        ("queries=" + quote_plus(json.dumps({f"q{n}": {"query": "x"} for n in range(1000)})), FORM, 413),
        ("extend=" + quote_plus(json.dumps({"ids": ["c"] * 1000, "properties": []})), FORM, 413),
    ],
)
def test_what_is_malformed_is_a_problem_document(client: Client, content: str, kind: str, status: int) -> None:
    answer = client.post(PATH, content=content, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == ("too_large" if status == 413 else "invalid")


@pytest.mark.parametrize(
    "path",
    ["?queries=x", "?extend=x", "?callback=a(b)", "?queries={}&callback=1", "/suggest/entity?cursor=-1",
     "/suggest/entity?prefix=x&callback=;", "/properties?limit=0", "/suggest/property?prefix=" + "x" * 2001],
)  # fmt: skip
def test_malformed_parameters_are_problem_documents(client: Client, path: str) -> None:
    answer = client.get(PATH + path)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_an_empty_batch_is_answered(client: Client) -> None:
    assert post(client, "queries", "{}") == {}
    assert reconcile(client, q0={"query": "  "}) == {"q0": []}


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20),
    st.sampled_from(["10.5555/aaa.1", "mine:1", TITLE, "Ada Lovelace", "2015", "https://x", "doi:", "c" + "a" * 13]),
    st.fixed_dictionaries({"id": st.text(max_size=5)}, optional={"name": st.text(max_size=5)}),
)  # fmt: skip
PIDS = st.sampled_from(
    ["title", "authors", "author", "year", "doi", "pmid", "url", "identifier", "journal", "abstract", "x"]
)
QUERIES = st.fixed_dictionaries(
    {},
    optional={
        "query": VALUES,
        "limit": VALUES,
        "type": st.one_of(VALUES, st.lists(VALUES, max_size=2)),
        "properties": st.one_of(
            VALUES,
            st.lists(
                st.fixed_dictionaries({"pid": PIDS, "v": st.one_of(VALUES, st.lists(VALUES, max_size=3))}), max_size=4
            ),
        ),
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(VALUES, st.dictionaries(st.text(max_size=5), QUERIES, max_size=4)))
def test_no_batch_makes_the_service_fail(client: Client, batch: Any) -> None:
    answer = client.post(PATH, data={"queries": json.dumps(batch)})
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        schemas.check(schemas.RESULT_BATCH, answer.json())
        assert list(answer.json()) == list(batch)
