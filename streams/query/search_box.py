"""Answers what people put into one box: ids, identifiers, links, titles, documents as JSON, BibTeX and the like. Only reads.

What names a paper is looked up (`lookup.py`), what describes one is matched (`match.py`). A text that does neither as a whole,
such as a reference copied from a paper, is taken for a title, and the identifiers within it are looked up as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from streams.clusters.group import cluster_key
from streams.errors import PayloadError, UsageError
from streams.query.answers import ClusterAnswer, LookupAnswer, MatchAnswer
from streams.query.clusters import Clusters
from streams.query.documents import read_document
from streams.query.index_reader import IndexReader
from streams.query.lookup import look_up
from streams.query.match import match
from streams.query.references import read_reference
from streams.records.record import Record
from streams.references import Form, form_of
from streams.sources.payloads import load_json

__all__ = ["LONGEST_TEXT", "MOST_FOUND", "Question", "SearchAnswer", "read_question", "search"]

Kind = Literal["nothing", "name", "title", "document", "reference", "unreadable"]

LONGEST_TEXT = 200_000
"""Characters of a text that is read."""
MOST_FOUND = 20
"""Clusters in an answer."""
_MOST_NAMES = 20
_LONGEST_TITLE = 2_000
_TOKEN = re.compile(r"[^\s<>()\[\]{}\"',;]{4,300}")
_AFTER = ".:"


class Question(NamedTuple):
    """What a text was read as.

    `names` are the parts to look up, `record` is what to match. `form` is that of a reference (`streams.references`), `left_out`
    is how many further ones the text has. Of a text that cannot be read, `problem` says why and `where` in it.
    """

    kind: Kind
    names: tuple[str, ...] = ()
    record: Record | None = None
    problem: str = ""
    where: str = ""
    form: str = ""
    left_out: int = 0


class SearchAnswer(NamedTuple):
    """What was found: by name and by resemblance, and the clusters of both by their ids."""

    question: Question
    found: tuple[LookupAnswer, ...]
    match: MatchAnswer | None
    clusters: Mapping[str, ClusterAnswer]


def read_question(text: str) -> Question:
    """Return what a text is to be read as. Pure."""
    text = text.replace("\x00", "").strip()
    if not text:
        return Question("nothing")
    if len(text) > LONGEST_TEXT:
        return Question("unreadable", problem=f"{len(text):,} characters; at most {LONGEST_TEXT:,} are read")
    if text[0] in "{[":
        return _document(text)
    if (form := form_of("", text)) is not None:
        return _reference(form, text)
    reference = read_reference(text)
    if reference.cluster or reference.identifiers or (reference.record and not re.search(r"\s", text)):
        return Question("name", (text,))
    return Question("title", _names_within(text), _titled(text))


def search(index: IndexReader, text: str, limit: int = MOST_FOUND) -> SearchAnswer:
    """Return the clusters that a text names, and those that it resembles."""
    question = read_question(text)
    found = tuple(answer for answer in look_up(index, question.names) if answer.clusters or question.kind == "name")
    matched = match(index, [question.record], limit)[0] if question.record else None
    ids = [name for answer in found for name in answer.clusters]
    ids += [each.cluster_id for each in matched.clusters] if matched else []
    return SearchAnswer(question, found, matched, _clusters(index, list(dict.fromkeys(ids))[:limit]))


def _clusters(index: IndexReader, ids: Iterable[str]) -> dict[str, ClusterAnswer]:
    answers = Clusters(index).clusters([cluster_key(name) for name in ids])
    return {answer.cluster_id: answer for answer in answers.values() if answer is not None}


def _document(text: str) -> Question:
    try:
        value = load_json(text.encode(errors="replace"))
    except PayloadError as error:
        return Question("unreadable", problem=f"this is not valid JSON: {error.detail}")
    try:
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, dict):
            return Question("unreadable", problem="paste one document: a JSON object in braces")
        return Question("document", record=read_document(value))
    except PayloadError as error:
        return Question("unreadable", problem=error.detail, where=error.where)


def _reference(form: Form, text: str) -> Question:
    """Return the first reference of a text."""
    try:
        references = list(form.read(text))
        found = next((reference.document for reference in references if reference.document), None)
        if found is None:
            return Question(
                "unreadable", problem=f"no reference can be read in this {form.name}; is it whole?", form=form.name
            )
        return Question("reference", record=read_document(found), form=form.name, left_out=len(references) - 1)
    except (PayloadError, UsageError) as error:
        return Question("unreadable", problem=str(error), form=form.name)


def _titled(text: str) -> Record | None:
    """Return the record of a title, with the lines after it as its authors."""
    title, *lines = (" ".join(line.split()) for line in text.splitlines())
    document = {"title": title[:_LONGEST_TITLE], "authors": "; ".join(line for line in lines if line)}
    try:
        return read_document(document)
    except PayloadError:  # a text of signs alone
        return None


def _names_within(text: str) -> tuple[str, ...]:
    """Return the parts of a text that are identifiers or links, as those in a reference list."""
    found = []
    for match_ in _TOKEN.finditer(text[:_LONGEST_TITLE]):
        token = match_[0].rstrip(_AFTER)
        if any(sign.isdigit() for sign in token) and read_reference(token).identifiers:
            found.append(token)
    return tuple(dict.fromkeys(found))[:_MOST_NAMES]
