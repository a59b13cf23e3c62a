import pytest

from streams.matching.blocking import blocking_keys
from streams.matching.decide import RULESET, decide, explain
from streams.matching.decision import DISTINCT, DUPLICATE, RELATED, REVIEW, Decision
from streams.matching.feature_values import Features
from streams.matching.ruleset import DEFAULT, Rules
from streams.records.record import Relation
from tests.matching.matching_factory import ABSTRACT, OTHER_ABSTRACT, features

TITLE = "Stochastic lattice models of slowly growing coral colonies"
A = "Ana López"
B = "Bo Jørgensen"


def verdict(a: Features, b: Features, rules: Rules = DEFAULT) -> Decision:
    found = decide(a, b, rules)
    assert found == decide(b, a, rules)
    assert found.ruleset == RULESET
    return found


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (features(TITLE, A, B, date="2020"), features(TITLE.upper(), "López, A.", "Jørgensen, B.", date="2020-05-01")),
        (features(TITLE, A, B, date="2018", source="arxiv", arxiv="1801.00001"),
         features(TITLE, A, B, date="2020", doi="10.1/a")),
        (features(TITLE, A, B, arxiv="1801.00001"), features("Reefs that warn of warming", A, B, arxiv="1801.00001")),
        (features(TITLE, A, B, arxiv="1801.00001"), features(TITLE, arxiv="1801.00001")),
        (features(TITLE, A), features(TITLE + ": an early warning", A, date="2020")),
        (features("Stochastic latice models of slowly growing coral colonies", A, B), features(TITLE, A, B)),
        (features(r"Bounds in $L^\infty$ for coral processes on graphs", A),
         features("Bounds in L∞ for coral processes on graphs", A)),
        (features(TITLE, "山田 太郎", date="2020"), features(TITLE, "Taro Yamada", date="2020")),
        (
            features(TITLE, A, source="arxiv", arxiv="1801.00001", abstract=ABSTRACT, date="2018"),
            features("Slowly growing coral colonies by stochastic lattice models", A, doi="10.1/a", abstract=ABSTRACT, date="2019"),
        ),
    ],
)  # fmt: skip
def test_one_paper_however_it_is_written(a: Features, b: Features) -> None:
    assert verdict(a, b).verdict == DUPLICATE


def test_a_retitled_preprint_whose_words_changed_is_at_least_doubtful() -> None:
    a = features(
        "Coral colonies on a slowly warming lattice", A, B, source="arxiv", arxiv="1801.00001", abstract=ABSTRACT
    )
    b = features("Coral colonies on a gently heated lattice", A, B, doi="10.1/a", abstract=ABSTRACT)
    assert verdict(a, b).verdict in (DUPLICATE, REVIEW)


@pytest.mark.parametrize(
    ("code", "a", "b"),
    [
        ("arxiv_differ", features(TITLE, A, arxiv="1801.00001"), features(TITLE, A, arxiv="1801.00002")),
        ("numbers_differ", features("Coral growth in lagoons, Part I", A), features("Coral growth in lagoons, Part II", A)),
        ("numbers_differ", features("Reef thesaurus supplement 2"), features("Reef thesaurus supplement 3")),
        ("part_on_one_side", features("New coral growth examples", A), features("New coral growth examples II", A)),
        ("negation", features("Coral growth with symmetric shading of lagoons", A),
         features("Coral growth without symmetric shading of lagoons", A)),
        ("alternative", features("Uptake of zinc by coral larvae in vivo", A),
         features("Uptake of zinc by coral larvae in vitro", A)),
        ("prefixed", features("On the periodic growth of coral colonies", A),
         features("On the aperiodic growth of coral colonies", A)),
        ("design", features("Shading of reefs against bleaching: a trial", A),
         features("Shading of reefs against bleaching: a trial protocol", A)),
        ("printed_twice", features(TITLE, A, B, journal="Reef Science", volume="3", pages="11", date="2019"),
         features(TITLE, A, B, journal="Ocean Letters", volume="8", pages="77", date="2020")),
        ("entries_differ", features("Vibrio coralliilyticus strain", A, doi="10.13145/bacdive1.1"),
         features("Vibrio coralliilyticus strain", A, doi="10.13145/bacdive2.1")),
        ("thesis_and_paper", features(TITLE, A, abstract="In this thesis " + ABSTRACT),
         features(TITLE, A, B, journal="Reef Science")),
        ("books_differ", features(TITLE, A, doi="10.1007/978-3-16-148410-0_3"),
         features(TITLE, A, doi="10.1007/978-1-40-289462-6_8")),
        ("ordinal_differs", features("Additional file 1: of " + TITLE, A), features("Additional file 2: of " + TITLE, A)),
    ],
)  # fmt: skip
def test_each_contradiction_has_its_reason(code: str, a: Features, b: Features) -> None:
    found = verdict(a, b)
    assert found.verdict == DISTINCT
    assert code in found.reasons


@pytest.mark.parametrize(
    ("title", "relation"),
    [
        ("Erratum to: " + TITLE, "corrects"),
        ("Comment on " + TITLE, "comments_on"),
        ("Retraction notice to: " + TITLE, "retracts"),
        (TITLE + ": Rejoinder", "replies_to"),
    ],
)
def test_works_about_a_work_are_related_and_never_merged(title: str, relation: str) -> None:
    found = verdict(features(TITLE, A, date="2020"), features(title, A, date="2020"))
    assert (found.verdict, found.relation, found.veto) == (RELATED, relation, True)


def test_what_a_source_states_is_believed() -> None:
    def stating(kind: str) -> Features:
        return features(TITLE, A, arxiv="1801.00001", relations=(Relation(kind, "arxiv", "1801.00002"),))

    other = features(TITLE, A, arxiv="1801.00002")
    assert verdict(stating("version_of"), other).verdict == DUPLICATE
    found = verdict(stating("supplements"), other)
    assert (found.verdict, found.relation, found.veto) == (RELATED, "supplements", True)
    assert set(blocking_keys(stating("version_of"))) & set(blocking_keys(other))
    strange = features("Trees, groups and medians", "Chen Wei", arxiv="1801.00002")
    assert verdict(stating("version_of"), strange).verdict == REVIEW


def test_two_copies_of_one_erratum_are_one() -> None:
    a = features("Erratum to: " + TITLE, A, B, date="2020")
    assert verdict(a, features("Erratum: " + TITLE, A, B, date="2020")).verdict == DUPLICATE


def test_one_title_of_other_authors_is_another_paper() -> None:
    a, b = (
        features("Coral growth in lagoons", A, date="1990"),
        features("Coral growth in lagoons", "Chen Wei", date="2011"),
    )
    found = verdict(a, b)
    assert found.verdict == DISTINCT
    assert "authors_none" in found.reasons


def test_a_stop_title_never_merges_by_itself() -> None:
    a = features("Editorial", A, date="2020", journal="Reef Science")
    assert verdict(a, features("Editorial", A, date="2020")).verdict != DUPLICATE


def test_a_stop_title_merges_where_it_stands_in_one_place() -> None:
    fields = {"date": "2020", "journal": "Reef Science", "volume": "3", "pages": "1-2"}
    assert verdict(features("Editorial", A, **fields), features("Editorial", A, **fields)).verdict in (
        DUPLICATE,
        REVIEW,
    )


def test_an_author_list_cut_short_is_no_other_list() -> None:
    many = [f"{chr(97 + i) * 3}ius {chr(97 + i) * 5}er" for i in range(30)]
    a, b = (
        features(TITLE, *many, date="2020", abstract=ABSTRACT),
        features(TITLE, *many[20:], date="2020", abstract=ABSTRACT),
    )
    assert verdict(a, b).verdict == DUPLICATE


def test_one_doi_on_two_different_works_is_that_of_a_whole() -> None:
    a = features("Chapter on corals and their kin", A, doi="10.1/book")
    found = verdict(a, features("Trees, groups and medians", "Chen Wei", doi="10.1/book"))
    assert (found.verdict, found.reasons[0]) == (DISTINCT, "identifier_of_whole")


def test_one_doi_under_two_titles_is_doubtful_where_nothing_else_is_known() -> None:
    a = features("Chapter on corals and their kin", A, doi="10.1/book", date="1999")
    assert verdict(a, features("Trees, groups and medians", doi="10.1/book", date="2011")).verdict == REVIEW


def test_titles_alike_need_someone_to_confirm() -> None:
    found = verdict(
        features("Fundamental lemma of coral growth"), features("Fundamental lemma of coral growth with sunlight")
    )
    assert found.verdict != DUPLICATE


def test_other_abstracts_speak_against() -> None:
    a = features("Coral growth models", A, abstract=ABSTRACT)
    alike, other = (
        features("Coral growth models", A, abstract=ABSTRACT),
        features("Coral growth models", A, abstract=OTHER_ABSTRACT),
    )
    assert verdict(a, alike).score > 0.9 > verdict(a, other).score


def test_the_policy_on_preprints() -> None:
    a = features(TITLE, A, B, date="2018", source="arxiv", arxiv="1801.00001")
    b = features(TITLE, A, B, date="2019", doi="10.1234/a", journal="Reef Science", volume="3")
    assert verdict(a, b).verdict == DUPLICATE
    relate = verdict(a, b, DEFAULT.with_policy("relate"))
    assert (relate.verdict, relate.relation, relate.veto) == (RELATED, "preprint_of", True)
    separate = verdict(a, b, DEFAULT.with_policy("separate"))
    assert (separate.verdict, separate.veto) == (DISTINCT, True)
    with pytest.raises(ValueError, match="preprint policy"):
        DEFAULT.with_policy("maybe")


def test_an_explanation_adds_up_to_the_score() -> None:
    a, b = features(TITLE, A, B, date="2020"), features(TITLE, A, B, date="2021")
    found = explain(a, b)
    bits = found.prior + sum(row.weight for row in found.comparisons)
    assert found.decision.score == pytest.approx(1 / (1 + 2**-bits), abs=1e-4)
    assert {row.field for row in found.comparisons} == {
        "title",
        "authors",
        "year",
        "abstract",
        "place",
        "journal",
        "identifier",
    }


def test_records_with_nothing_are_not_merged() -> None:
    assert verdict(features(""), features("")).verdict != DUPLICATE
