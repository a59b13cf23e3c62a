"""The pages of dead letters: words, addresses, outcomes."""

from __future__ import annotations

from typing import Any

import pytest

from streams.curation.dead_letter_book import Count
from streams.errors import PAYLOAD_CODES
from streams.kafka.dead_letters import DeadLetter
from streams.serve.access import Caller
from streams.serve.dead_letters import DeadLetterContent, DeadLetterOutcome
from streams.serve.page.templates import render
from streams.serve.page.views.dead_letters import (
    REASONS,
    Kind,
    count_rows,
    letter_row,
    letter_view,
    outcomes_view,
    reason_words,
)  # fmt: skip


def letter(**given: Any) -> DeadLetter:
    usual = {
        "id": "t:0:1", "origin": "t:0:1", "where": "", "source": "document", "code": "not_json", "detail": "it is wrong",
        "size": 10, "time": 5_000, "retry_of": "", "truncated": False,
    }  # fmt: skip
    return DeadLetter(**{**usual, **given})


def test_each_reason_has_words_and_advice() -> None:
    assert set(PAYLOAD_CODES) <= set(REASONS)
    assert all(words and advice.endswith(".") for words, advice in REASONS.values())
    assert reason_words("no_such_code") == "no such code"


def test_addresses_name_what_is_filtered() -> None:
    assert Kind().address() == "/dead-letters"
    assert Kind("arxiv").address(cursor="c") == "/dead-letters?source=arxiv&cursor=c"
    (row,) = count_rows([Count("arxiv", "not_json", 3)])
    assert (row.address, row.letters) == ("/dead-letters?source=arxiv&reason=not_json", 3)
    assert row.words == "It is not valid JSON"


def test_a_letter_in_the_list() -> None:
    row = letter_row(letter(origin="a/b:0:1", retry_of="x", truncated=True))
    assert (row.address, row.time, row.is_retried, row.is_cut) == ("/dead-letters/a%2Fb:0:1", 5.0, True, True)
    assert not letter_row(letter()).is_retried


def test_a_message_with_its_faults_marked() -> None:
    content = DeadLetterContent(
        origin="t:0:1",
        letters=(letter(code="no_identity", where="/0/id"), letter(code="null_member", where="/1")),
        key="k",
        size=20,
        shown=18,
        payload='[{"id": ""}, null]',
    )
    view = letter_view(content)
    assert [line.marked for line in view.payload.lines if line.is_fault] == ['"id": ""', "null"]
    assert (view.source, len(view.letters), len(view.advice)) == ("document", 2, 2)
    assert view.address == "/api/v1/dead-letters/t:0:1"


def test_outcomes_show_what_failed_first() -> None:
    view = outcomes_view(
        [
            DeadLetterOutcome(origin="t:0:1", letters=("a", "b"), topic="records.document"),
            DeadLetterOutcome(origin="t:0:2", problem="was deleted meanwhile"),
        ],
        is_retry=True,
        is_cut=True,
    )
    assert (view.title, view.failed, view.is_cut) == ("1 of 2 messages sent again", 1, True)
    assert [(row.origin, row.kind, row.words) for row in view.rows] == [
        ("t:0:2", "bad", "stays: was deleted meanwhile"), ("t:0:1", "good", "sent to records.document"),
    ]  # fmt: skip
    dropped = outcomes_view([DeadLetterOutcome(origin="t:0:1", dropped=True)], is_retry=False, is_cut=False)
    assert (dropped.title, dropped.rows[0].words) == ("1 of 1 messages dropped", "dropped")


def opened(payload: str, *letters: DeadLetter) -> str:
    """The page of a dead letter."""
    content = DeadLetterContent(
        origin="t:0:1",
        letters=letters,
        key="k",
        size=len(payload.encode()),
        shown=len(payload.encode()),
        payload=payload,
    )
    view = letter_view(content)
    return render("dead-letter.html", here="/dead-letters/t:0:1", viewer=Caller(), view=view, sources=("document",))


@pytest.mark.parametrize("character", ["<", "\u7901", "\U0001fab8", "\x00", "x"])
def test_a_page_of_a_letter_is_small_whatever_its_characters(character: str) -> None:
    lines = "\n".join([character * 700] * 400)
    html = opened(lines, letter(detail=f"it is wrong (char {len(lines) // 2})"))
    assert len(html.encode()) < 115_000
    assert "lines not shown" in html
    assert "<mark>" in html, "the fault is among what is shown"
    assert len(opened(character * 300_000, letter()).encode()) < 15_000


def test_a_page_of_many_letters_is_small() -> None:
    letters = [letter(where=f"/{place}/id", detail="<" * 400) for place in range(1_000)]
    html = opened("{}", *letters)
    assert len(html.encode()) < 60_000
    assert "and 999 more in this message" in html
    assert "more, which the API lists" in html
