"""The pages of dead letters: by source and reason, one opened with its faults marked, and what became of a choice. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from streams.curation.dead_letter_book import Count
from streams.kafka.dead_letters import DeadLetter
from streams.serve.dead_letters import DeadLetterContent, DeadLetterOutcome
from streams.serve.page.views.faults import Fault, PayloadView, payload_view
from streams.serve.page.views.page_bytes import page_bytes

__all__ = [
    "REASONS", "CountRow", "Kind", "LetterRow", "LetterView", "OutcomeRow", "OutcomesView", "count_rows", "letter_row",
    "letter_view", "outcomes_view", "reason_words",
]  # fmt: skip

REASONS: Mapping[str, tuple[str, str]] = {
    "not_json": ("It is not valid JSON", "Repair what sends it; a message that is cut is sent anew."),
    "not_xml": ("It is not well-formed XML", "Repair what sends it; a message that is cut is sent anew."),
    "xml_doctype": ("The XML declares a document type, which feeds have none of", "Leave the declaration out."),
    "too_deep": ("Values are nested too deeply", "Drop it, unless the source can send it flatter."),
    "too_large": ("The payload is larger than is read", "Send its members one by one."),
    "empty_page": ("It is well-formed, and holds no record", "Drop it: nothing is lost."),
    "source_error": ("The source answered with an error instead of records", "Fetch it again, and drop this."),
    "not_a_paper": ("It is not a paper", "Drop it, or send it to the topic of the right source."),
    "null_member": ("A member of the list is null", "Drop it: nothing is lost."),
    "no_identity": (
        "It has no usable id, or neither a title nor an identifier",
        "Complete it at the source, and send it again.",
    ),
    "unknown_source": ("No adapter has the name of its source", "Send it to the topic of a source that is known."),
    "adapter_failed": ("The adapter of its source failed", "Report it; retry after the update."),
    "internal_error": ("A fault of Streams", "Report it; retry after the update."),
    "bad_correction": ("It is not a correction", "Drop it, and correct on the page of the pair."),
    "correction_conflict": ("The correction contradicts others", "Drop it; undo the others first where it was right."),
    "nothing_to_undo": ("There was nothing to undo", "Drop it."),
    "correction_id_used": ("Another correction has its id", "Drop it; send it with another id."),
}
"""What a reason code means, and what to do."""

_MOST_LETTERS_BYTES = 30_000
_LETTER_BYTES = 200
"""Of the mark-up of a letter in a page."""


class Kind(NamedTuple):
    """The dead letters that are shown: of a source, with a reason; empty: all."""

    source: str = ""
    reason: str = ""

    def address(self, path: str = "/dead-letters", **more: str) -> str:
        """Return the address of a page about these letters."""
        query = urlencode({name: value for name, value in (self._asdict() | more).items() if value})
        return f"{path}?{query}" if query else path


class CountRow(msgspec.Struct, frozen=True, kw_only=True):
    """How many letters a source has for a reason, and the address of their list."""

    source: str
    code: str
    words: str
    letters: int
    address: str


class LetterRow(msgspec.Struct, frozen=True, kw_only=True):
    """A letter in the list. `time` is a Unix time in seconds, `address` that of its message."""

    origin: str
    address: str
    source: str
    code: str
    words: str
    detail: str
    where: str
    size: int
    time: float
    is_retried: bool
    is_cut: bool


class LetterView(msgspec.Struct, frozen=True, kw_only=True):
    """A message that could not be read: its letters with what to do, and its payload with the faults marked.

    `letters` are the first ones, as many as a page has room for; `letters_left_out` is how many come after them.
    """

    origin: str
    source: str
    key: str
    size: int
    shown: int
    time: float
    letters: tuple[LetterRow, ...]
    letters_left_out: int
    advice: tuple[str, ...]
    payload: PayloadView
    address: str
    """Of the whole payload, in the API."""


class OutcomeRow(msgspec.Struct, frozen=True):
    """What became of one message; `kind` is good or bad."""

    origin: str
    kind: str
    words: str
    letters: int


class OutcomesView(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a choice: the first rows those that failed. `is_cut`: more messages were asked for than are taken at once."""

    title: str
    rows: tuple[OutcomeRow, ...]
    failed: int
    is_cut: bool


def reason_words(code: str) -> str:
    """Return what a reason code means; of a code that is not known, the code itself."""
    return REASONS[code][0] if code in REASONS else code.replace("_", " ")


def count_rows(counts: Sequence[Count]) -> tuple[CountRow, ...]:
    """Return the counts by source and reason."""
    return tuple(
        CountRow(
            source=each.source,
            code=each.code,
            words=reason_words(each.code),
            letters=each.letters,
            address=Kind(each.source, each.code).address(),
        )
        for each in counts
    )


def letter_row(letter: DeadLetter) -> LetterRow:
    """Return a letter as the list shows it."""
    return LetterRow(
        origin=letter.origin,
        address=f"/dead-letters/{quote(letter.origin, safe=':')}",
        source=letter.source,
        code=letter.code,
        words=reason_words(letter.code),
        detail=letter.detail,
        where=letter.where,
        size=letter.size,
        time=letter.time / 1000,
        is_retried=bool(letter.retry_of),
        is_cut=letter.truncated,
    )


def letter_view(content: DeadLetterContent) -> LetterView:
    """Return a message that could not be read, with its faults marked."""
    first = content.letters[0]
    faults = [Fault(letter.where, letter.detail) for letter in content.letters]
    rows = _fitting(content.letters)
    return LetterView(
        origin=content.origin,
        source=first.source,
        key=content.key,
        size=content.size,
        shown=content.shown,
        time=first.time / 1000,
        letters=rows,
        letters_left_out=len(content.letters) - len(rows),
        advice=tuple(dict.fromkeys(REASONS[each.code][1] for each in content.letters if each.code in REASONS)),
        payload=payload_view(content.payload, content.payload_base64, faults),
        address=f"/api/v1/dead-letters/{quote(content.origin, safe=':')}",
    )


def _fitting(letters: Sequence[DeadLetter]) -> tuple[LetterRow, ...]:
    rows: list[LetterRow] = []
    room = _MOST_LETTERS_BYTES
    for row in map(letter_row, letters):
        # Long texts are there twice: their beginning, and as a title.
        room -= _LETTER_BYTES + 2 * page_bytes(row.detail[:1000] + row.where[:1000])
        if room < 0 and rows:
            break
        rows.append(row)
    return tuple(rows)


def outcomes_view(outcomes: Sequence[DeadLetterOutcome], *, is_retry: bool, is_cut: bool) -> OutcomesView:
    """Return what became of each message, those that failed first."""
    rows = sorted(map(_outcome, outcomes), key=lambda row: row.kind != "bad")
    failed = sum(row.kind == "bad" for row in rows)
    done = "sent again" if is_retry else "dropped"
    return OutcomesView(
        title=f"{len(rows) - failed:,} of {len(rows):,} messages {done}", rows=tuple(rows), failed=failed, is_cut=is_cut
    )


def _outcome(outcome: DeadLetterOutcome) -> OutcomeRow:
    if outcome.problem:
        return OutcomeRow(outcome.origin, "bad", f"stays: {outcome.problem}", len(outcome.letters))
    words = "dropped" if outcome.dropped else f"sent to {outcome.topic}"
    return OutcomeRow(outcome.origin, "good", words, len(outcome.letters))
