from __future__ import annotations

import pytest

from streams.serve.page.errors import wants_page
from streams.serve.problems import MEDIA_TYPE
from tests.serve.conftest import Client, client_of
from tests.serve.page.conftest import AWAY, HTML


@pytest.mark.parametrize("path", ["/api/v1/clusters/c", "/reconcile", "/metrics", "/healthz", "/static/a.css", "/api"])
def test_programs_get_documents(path: str) -> None:
    assert not wants_page(path, HTML["Accept"])


def test_people_get_pages_and_clients_that_take_anything_documents() -> None:
    assert wants_page("/clusters/c", HTML["Accept"])
    assert not wants_page("/clusters/c", "*/*")
    assert not wants_page("/clusters/c", "application/json")


def test_an_unknown_path_is_a_page_with_a_way_on(visitor: Client) -> None:
    answer = visitor.get("/nothing/<b>here")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "<h1>Not found</h1>" in answer.text
    assert "<b>here" not in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert visitor.get("/nothing", headers={"Accept": "*/*"}).headers["Content-Type"] == MEDIA_TYPE


def test_a_host_that_is_refused_is_a_page_too(visitor: Client) -> None:
    answer = visitor.get("/", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "text/html; charset=utf-8")
    assert "host_refused" in answer.text
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_who_may_not_read_is_led_to_the_sign_in_and_back() -> None:
    with client_of(AWAY.model_copy(update={"serve_allowed_hosts": "streams.example"}), raises=False) as client:
        answer = client.get("/clusters/c1?tab=history", headers=HTML, follow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?return=/clusters/c1%3Ftab%3Dhistory")
        assert client.get("/clusters/c1").status_code == 401
