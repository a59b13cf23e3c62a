"""Who a request is from."""

from __future__ import annotations

from litestar.testing import RequestFactory

from streams.serve.access import Caller
from streams.serve.author import author_of


def test_the_authenticated_user_is_the_author_and_loopback_is_where_there_is_none() -> None:
    request = RequestFactory().post("/corrections")
    assert author_of(request) == "loopback"
    assert author_of(RequestFactory().post("/corrections", user=Caller("ada", "curate", "token"))) == "ada"
    assert author_of(RequestFactory().post("/corrections", user=Caller("", "read", "loopback"))) == "loopback"
