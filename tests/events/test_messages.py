from __future__ import annotations

from streams import events
from streams.errors import PayloadError
from streams.events import Evidence, dead_letter, dead_letter_fields, decision_message
from streams.matching.decision import REVIEW, Decision


def test_a_question_to_people_says_what_the_decision_says() -> None:
    evidence = Evidence("a:1", "b:2", Decision(REVIEW, 0.6, ("title_alone",), "1"))
    decision, question = decision_message(evidence), events.review_message(evidence)
    assert (decision.topic, question.topic) == (events.DECISIONS, events.REVIEWS)
    assert (decision.key, decision.value) == (question.key, question.value)


def test_a_dead_letter_keeps_bytes_that_are_no_text() -> None:
    letter = dead_letter(PayloadError("not_json", "x" * 5000 + "\ud800", "/a"), b"\xff\0", "t:0:1", "arxiv", b"\xfe")
    assert letter.value == b"\xff\0"
    fields = dead_letter_fields(letter.value, letter.headers)
    assert fields["payload_base64"] == "/wA="
    assert "payload" not in fields
    assert len(fields["detail"]) == 2000
    assert (fields["code"], fields["where"], fields["origin"]) == ("not_json", "/a", "t:0:1")
