"""Forms of pages, filled in and sent as a browser without scripts does."""

from __future__ import annotations

from typing import Any

from httpx import Response
from lxml import html

from tests.serve.conftest import Client


class Form:
    """The first form of a page that is posted to an address that ends so; `fields` are what it sends."""

    def __init__(self, page: Response, action: str) -> None:
        document: Any = html.fromstring(page.text)
        forms = [
            form for form in document.forms if form.get("method") == "post" and form.get("action").endswith(action)
        ]
        assert forms, f"the page has no form {action}:\n{page.text}"
        self.action = forms[0].get("action")
        self.fields: dict[str, Any] = {}
        for name, value in forms[0].form_values():
            self.fields.setdefault(name, []).append(value)

    def send(self, client: Client, **more: Any) -> Response:
        """Send the form, further fields included, and follow the redirect."""
        return client.post(self.action, data={**self.fields, **more})


def text_of(page: Response) -> str:
    """The words of the main part of a page."""
    main: Any = html.fromstring(page.text).find(".//main")
    return " ".join(main.text_content().split())
