from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from streams.serve.page import static_files
from streams.serve.page.static_files import static_address
from tests.serve.conftest import Client

STATIC = Path(static_files.__file__).parent / "static"
VENDORED = json.loads((STATIC / "vendored.json").read_text())


def test_vendored_files_are_what_their_list_says() -> None:
    listed = {each["file"]: each["sha256"] for package in VENDORED for each in package["files"]}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (STATIC / "vendor").iterdir()}
    assert found == listed
    assert all(each["license_file"] in listed for each in VENDORED)
    assert {each["license"] for each in VENDORED} <= {"0BSD", "MIT"}


def test_what_the_list_names_is_in_the_notice() -> None:
    notice = (Path(__file__).parents[3] / "NOTICE").read_text()
    for package in VENDORED:
        assert f"{package['package']} {package['version']}" in notice


def test_a_file_is_kept_by_browsers_until_it_changes(visitor: Client) -> None:
    address = static_address("streams.css")
    answer = visitor.get(address)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert visitor.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert visitor.get("/static/streams.css?v=old").headers["Cache-Control"] == "no-cache"


def test_nothing_but_files_of_the_page_is_served(visitor: Client) -> None:
    for path in ("/static/none.css", "/static/../templates/base.html", "/static/vendor", "/static/%2e%2e/__init__.py"):
        assert visitor.get(path).status_code == 404, path
    with pytest.raises(KeyError):
        static_address("none.css")
