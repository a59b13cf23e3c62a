"""The page of dead letters without scripts: listed, opened, sent again, dropped, one by one or all of a kind."""

from __future__ import annotations

import pytest

from streams.serve.page import dead_letters as route
from tests.serve.conftest import Client
from tests.serve.desk import Desk
from tests.serve.page.forms import Form, text_of

PATH = "/dead-letters"
PAGE = b'[{"title":"One without an id"},{"source":"p","id":"1","title":"One of a page that is good"},null]'


@pytest.fixture
def pages(desk: Desk) -> Client:
    """A browser of an operator, with letters of three kinds."""
    for payload in (b"{", PAGE, b"{"):
        desk.payload(payload)
    desk.wait_for_letters(4)
    desk.api.headers["Accept"] = "text/html"
    return desk.api


def test_they_are_counted_listed_and_opened(pages: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    page = pages.get(PATH)
    assert "4 messages or parts of them" in text_of(page)
    assert page.text.count('name="origin"') == 4
    kind = pages.get(PATH, params={"reason": "null_member"})
    assert kind.text.count('name="origin"') == 1
    opened = pages.get(f"{PATH}/{_origin(kind)}")
    assert "A member of the list is null" in text_of(opened)
    assert opened.text.count("<mark>") == 2
    assert "null</mark>" in opened.text
    monkeypatch.setattr(route, "_A_PAGE", 3)
    cut = pages.get(PATH)
    assert "The list is cut at 3" in text_of(cut)
    older = pages.get(cut.text.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&"))
    assert older.text.count('name="origin"') == 1


def test_one_is_sent_again_and_one_dropped(pages: Client) -> None:
    origin = _origin(pages.get(PATH, params={"reason": "null_member"}))
    done = Form(pages.get(f"{PATH}/{origin}"), "/retry").send(pages)
    assert "1 of 1 messages sent again" in text_of(done)
    assert "records.document" in text_of(done)
    gone = pages.post(f"{PATH}/drop", data={"origin": [origin]})
    assert "0 of 1 messages dropped" in text_of(gone)
    assert "there is no such dead letter" in text_of(gone)
    assert pages.get(f"{PATH}/{origin}").status_code == 404
    assert "2 messages or parts" in text_of(pages.get(PATH))
    left = pages.get(PATH).text.count('name="origin"')
    assert left == 2


def test_all_of_a_kind_after_a_question(pages: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    page = pages.get(PATH, params={"reason": "not_json"})
    asked = Form(page, "/all").send(pages, action="drop")
    assert "Drop 2 messages?" in text_of(asked)
    done = Form(asked, "/drop").send(pages)
    assert "2 of 2 messages dropped" in text_of(done)
    assert "There are none of this kind any more" in text_of(Form(page, "/all").send(pages, action="retry"))
    monkeypatch.setattr(route, "MOST_CHOSEN", 0)
    cut = pages.post(f"{PATH}/all", data={"action": "retry", "reason": "null_member"})
    assert "The list is cut at 0" in text_of(cut)


def test_what_is_no_choice_and_who_may(pages: Client) -> None:
    assert pages.post(f"{PATH}/retry", data={}).status_code == 422
    assert pages.post(f"{PATH}/retry", data={"reason": "not_json", "to": "nowhere"}).status_code == 422
    assert pages.get(f"{PATH}/outcomes/nothing").status_code == 404
    assert pages.get(f"{PATH}/retry").url.path == PATH
    origin = _origin(pages.get(PATH))
    del pages.headers["Authorization"]
    page = pages.get(PATH)
    assert "Sign in" in text_of(page)
    assert 'name="origin"' not in page.text
    assert pages.get(f"{PATH}/{origin}").url.path == "/sign-in"
    assert pages.post(f"{PATH}/drop", data={"origin": [origin]}).status_code == 401


def _origin(page: object) -> str:
    """The origin of the first letter of a list."""
    return str(page.text.partition('name="origin" value="')[2].partition('"')[0])  # type: ignore[attr-defined]
