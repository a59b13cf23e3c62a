"""What holds for any two records, however strange."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.matching.blocking import MAX_KEYS, blocking_keys
from streams.matching.decide import decide, explain, probability
from streams.matching.decision import DISTINCT, DUPLICATE, RELATED, REVIEW
from streams.matching.feature_values import Features
from streams.matching.features import extract, extract_all
from streams.matching.ruleset import DEFAULT
from streams.records.record import Author, Identifier, Record, Relation
from tests.matching.matching_factory import ABSTRACT, OTHER_ABSTRACT

WORDS = ("coral", "growth",
         "of", "the", "Part", "II", "3", "in", "vivo", "vitro", "not", "reef", "Erratum", "to:", "Editorial", ":",
         "$x^2$")  # fmt: skip
NAMES = ("López, A.", "Ana López", "Bo Li", "Li, B.", "LUX Collaboration", "山田 太郎")
titles = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join))
names = st.one_of(st.text(max_size=12), st.sampled_from(NAMES))
identifiers = st.one_of(
    st.builds(Identifier, st.sampled_from(("doi", "arxiv", "pmid", "issn", "odd")), st.text(max_size=8)),
    st.sampled_from(
        (Identifier("doi", "10.1/a"), Identifier("arxiv", "2101.00001"), Identifier("doi", "10.1021/b.s001"))
    ),
)
dates = st.one_of(st.just(""), st.dates().map(str), st.integers(1500, 2100).map(str), st.just("2020-05"))
records = st.builds(
    Record,
    source=st.sampled_from(("arxiv", "crossref", "document")),
    source_id=st.text(min_size=1, max_size=4),
    title=titles,
    subtitle=st.one_of(st.just(""), titles),
    other_titles=st.lists(titles, max_size=2).map(tuple),
    authors=st.lists(st.builds(Author, names), max_size=12).map(tuple),
    authors_complete=st.booleans(),
    date=dates,
    journal=st.sampled_from(("", "Reef Science", "J. Reef Sci.", "arXiv")),
    volume=st.text(max_size=4),
    number=st.text(max_size=4),
    pages=st.text(max_size=8),
    abstract=st.sampled_from(("", ABSTRACT, OTHER_ABSTRACT, "x")),
    type=st.sampled_from(("", "erratum", "peer-review", "thesis", "preprint")),
    identifiers=st.lists(identifiers, max_size=4).map(tuple),
    relations=st.lists(
        st.builds(
            Relation,
            st.sampled_from(("corrects", "same_as", "part_of")),
            st.just("doi"),
            st.sampled_from(("10.1/a", "10.1/x")),
        ),
        max_size=2,
    ).map(tuple),
)


@settings(max_examples=300)
@given(records, records)
def test_decisions_are_symmetric_and_sound(one: Record, two: Record) -> None:
    a, b = extract(one), extract(two)
    found = decide(a, b)
    assert found == decide(b, a) == decide(a, b)
    assert found.verdict in (DUPLICATE, REVIEW, RELATED, DISTINCT)
    assert 0 <= found.score <= 1
    assert not (found.verdict == DUPLICATE and found.veto)
    assert found.verdict != DISTINCT or found.reasons
    assert bool(found.relation) == (found.verdict == RELATED)
    assert explain(a, b).decision == found


@given(records)
def test_features_survive_storage_and_keys_stay_few(one: Record) -> None:
    found = extract(one)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Features) == found
    assert extract(one) == found
    made = blocking_keys(found)
    assert len(made) <= MAX_KEYS
    assert len(set(made)) == len(made)
    assert all(key.value for key in made)


@given(st.lists(records, max_size=4))
def test_records_together_have_the_features_they_have_alone(some: list[Record]) -> None:
    assert extract_all(some) == [extract(one) for one in some]


@given(records)
def test_a_record_meets_itself_where_it_has_keys(one: Record) -> None:
    found = extract(one)
    assert set(blocking_keys(found)) == set(blocking_keys(extract(one)))
    assert not decide(found, found).veto


@given(records, st.sampled_from(("merge", "relate", "separate")))
def test_policies_change_only_preprints(one: Record, policy: str) -> None:
    found = extract(one)
    assert decide(found, found, DEFAULT.with_policy(policy)).verdict == decide(found, found).verdict


@settings(max_examples=300)
@given(records, records)
def test_an_explanation_names_the_rule_or_its_rows_add_up(one: Record, two: Record) -> None:
    found = explain(extract(one), extract(two))
    if found.rule:
        assert found.rule in found.decision.reasons
        return
    total = found.prior + sum(row.weight for row in found.comparisons)
    expected = probability(total)
    doubt = next((row.level for row in found.comparisons if row.field == "doubt"), "")
    if doubt:
        assert found.decision.reasons[0] == doubt
        expected = min(expected, DEFAULT.duplicate - 0.01)
    assert found.decision.score == expected
