import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.matching import titles
from streams.matching.stop_titles import is_stop_title
from streams.matching.titles import DERIVED, title_forms
from streams.normalize.text import normalize

PIECES = (
    "Coral growth", "Erratum", "to:", "“", "”", "[", "]", "(", ")", "Comment on", "Reply", ":", "-", "=", "/", "Part II",
    "vol 12, pg 3, 2001", "et al.", "[Review]", "(Retraction)", "[in German]", "1", "*", "RETRACTED:", "nan", "訂正",
    "Editor's Comments", "by N. Okafor", "?", ".",
)  # fmt: skip


def test_the_subtitle_is_apart_however_it_is_marked() -> None:
    for title in (
        "Coral growth: a lattice model",
        "Coral growth - a lattice model",
        "Coral growth. A lattice model",
        "Coral growth — a lattice model",
    ):
        forms = title_forms(title)
        assert (forms.main, forms.rest) == ("coral growth", "a lattice model"), title
    assert title_forms("Coral growth", "A lattice model").whole == "coral growth a lattice model"
    assert title_forms("Coral growth: a lattice model", "A lattice model").whole == "coral growth a lattice model"


@pytest.mark.parametrize(
    "title",
    [
        "Coral growth in warm lagoons [in German]",
        "Coral growth in warm lagoons [Article in French, Italian]",
        "Coral growth in warm lagoons. [Chinese]",
        "Coral growth in warm lagoons [Review] [33 refs]",
        "Coral growth in warm lagoons. [Erratum appears in Reef Sci. 2011;3:4]",
        "Original article: Coral growth in warm lagoons",
        "[HTML] Coral growth in warm lagoons",
        "RETRACTED: Coral growth in warm lagoons",
        "Coral growth in warm lagoons [version 2; peer review: 2 approved]",
        "[Coral growth in warm lagoons]",
        "Coral growth in warm lagoons.",
    ],
)
def test_what_others_put_around_a_title_is_taken_off(title: str) -> None:
    assert title_forms(title).whole == "coral growth in warm lagoons"


def test_a_title_in_brackets_is_a_translation() -> None:
    assert title_forms("[Coral growth in warm lagoons].").translated
    assert title_forms("Coral growth in warm lagoons [in Dutch]").tagged


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Erratum to: Coral growth", "corrects"),
        ("Publisher Correction: Coral growth", "corrects"),
        ("Coral growth: Corrigendum", "corrects"),
        ("Retraction notice to: Coral growth", "retracts"),
        ("Comment on “Coral growth”", "comments_on"),
        ("Coral growth: Comment", "comments_on"),
        ("Reply to comment on Coral growth", "replies_to"),
        ("Coral growth: Rejoinder", "replies_to"),
        ("Book Review: Coral growth", "reviews"),
        ("Additional file 2: of Coral growth", "supplements"),
        ("Correction of spinal deformity", ""),
        ("Response to thermal stress of corals", ""),
        ("A review of coral growth", ""),
        ("Data assimilation for corals", ""),
        ("Letters from a reef", ""),
    ],
)
def test_a_title_says_when_it_is_about_another_work(title: str, kind: str) -> None:
    forms = title_forms(title)
    assert forms.derived == kind
    if kind:
        assert forms.whole == "coral growth"


def test_every_announcement_has_an_example_it_knows() -> None:
    for rule in DERIVED:
        assert rule.pattern.search(rule.example.replace("...", "Coral growth")), rule


def test_supplements_keep_their_number() -> None:
    assert title_forms("Additional file 2: of Coral growth").ordinal == "2"


@pytest.mark.parametrize(
    "title",
    ["Editorial", "Editor's Note", "Table of Contents", "Introduction to the Special Issue on Reefs", "Letters to the Editor",
     "BMS volume 12 issue 3 Cover and Front matter", "Doctor of Philosophy", "Rezensionen"],
)  # fmt: skip
def test_titles_many_works_share_are_known(title: str) -> None:
    assert is_stop_title(normalize(title))


@pytest.mark.parametrize(
    "title", ["Coral growth", "An introduction to coral growth", "Editorial boards of reef journals compared"]
)
def test_titles_of_their_own_are_no_stop_titles(title: str) -> None:
    assert not is_stop_title(normalize(title))


@example("111| / 1")
@given(st.text(alphabet="ab1 .:-|/?;)(", max_size=24))
def test_the_quick_look_for_a_subtitle_finds_what_the_pattern_finds(text: str) -> None:
    text = " ".join(text.split())
    start, end = titles._subtitle_mark(text)
    found = titles._SUBTITLE.search(text, 3)
    if found is None:
        assert end == 0
    else:
        assert (text[:start].strip(), text[end:]) == (text[: found.start()].strip(), text[found.end() :])


@given(st.text(max_size=60))
def test_any_text_has_forms(text: str) -> None:
    forms = title_forms(text)
    assert forms == title_forms(text)
    assert not (forms.placeholder and forms.whole)


@given(st.lists(st.sampled_from(PIECES), max_size=7).map(" ".join))
def test_pieces_of_titles_in_any_order_have_forms(text: str) -> None:
    forms = title_forms(text)
    assert bool(forms.full) <= bool(forms.derived)
    assert not (forms.part and forms.bare)
