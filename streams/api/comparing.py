"""Decide whether two records describe the same work, without any server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, overload

from streams.api.inputs import RecordLike, read_pair, rules_for
from streams.matching.candidate_pairs import are_candidates as features_meet
from streams.matching.decide import decide
from streams.matching.decide import explain as explain_features
from streams.matching.decision import Decision, Explanation
from streams.matching.features import extract
from streams.matching.ruleset import Rules
from streams.records.record import Record

__all__ = ["compare", "explain", "meets"]

Preprints = Literal["merge", "relate", "separate"]


@overload
def compare(a: RecordLike, b: RecordLike, *, preprints: Preprints = "merge") -> Decision: ...
@overload
def compare(
    a: Iterable[RecordLike], b: Iterable[RecordLike], *, preprints: Preprints = "merge"
) -> Iterator[Decision]: ...
def compare(
    a: RecordLike | Iterable[RecordLike], b: RecordLike | Iterable[RecordLike], *, preprints: Preprints = "merge"
) -> Decision | Iterator[Decision]:
    """Decide whether two records describe the same work.

    Records are dictionaries of the `document` form or `Record` values; without a source, two documents count as records of
    two feeds. Two iterables are compared pair by pair, and give an iterator of decisions in the same order; they must be
    equally long. `preprints` says what a preprint and its published version are: one work (`merge`), two related works
    (`relate`) or two works (`separate`).

    Raises PayloadError where a document cannot be read, ValueError where one of two iterables is shorter.

    >>> import streams
    >>> streams.compare({"title": "Attention is all you need", "doi": "10.5555/3295222"},
    ...                 {"title": "Attention Is All You Need.", "doi": "https://doi.org/10.5555/3295222"}).verdict
    'duplicate'
    """
    rules = rules_for(preprints)
    if isinstance(a, (Record, Mapping)) and isinstance(b, (Record, Mapping)):
        return _decide(a, b, rules)
    if isinstance(a, (Record, Mapping)) or isinstance(b, (Record, Mapping)):
        raise TypeError("compare takes two records, or two iterables of records, not one of each")
    return (_decide(one, other, rules) for one, other in zip(a, b, strict=True))


def explain(a: RecordLike, b: RecordLike, *, preprints: Preprints = "merge") -> Explanation:
    """Explain a decision: every field as it was compared, its level and weight in bits, or the rule that decided.

    Arguments and errors are those of `compare` for two records.

    >>> import streams
    >>> explanation = streams.explain({"title": "Erratum to: Coral growth in warm seas"},
    ...                               {"title": "Coral growth in warm seas"})
    >>> explanation.decision.verdict, explanation.rule
    ('related', 'derived_corrects')
    """
    one, other = read_pair(a, b)
    return explain_features(extract(one), extract(other), rules_for(preprints))


def meets(a: RecordLike, b: RecordLike) -> bool:
    """Return whether a running Streams, or `deduplicate`, would compare two records at all.

    Only records that share a blocking key are compared; `compare` decides any two.
    """
    one, other = read_pair(a, b)
    return features_meet(extract(one), extract(other))


def _decide(a: RecordLike, b: RecordLike, rules: Rules) -> Decision:
    one, other = read_pair(a, b)
    return decide(extract(one), extract(other), rules)
