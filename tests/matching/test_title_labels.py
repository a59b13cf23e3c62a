import pytest

from streams.matching.title_labels import LABELS, without_label


def test_every_label_has_an_example_it_knows() -> None:
    for label in LABELS:
        assert without_label(label.example) == "Coral growth", label


@pytest.mark.parametrize(
    "labelled",
    [
        "Research Article: {}", "RESEARCH ARTICLE {}", "RETRACTED: {}", "[RETRACTED] {}", "Withdrawn - {}", "[PDF] {}",
        "Microsoft Word - {}", "Halvorsen/Editor's Comments: {}", "Original Article: RETRACTED: {}",
    ],
)  # fmt: skip
def test_labels_before_a_title_go(labelled: str) -> None:
    assert without_label(labelled.format("Lichens on basalt")) == "Lichens on basalt"


@pytest.mark.parametrize(
    "title", ["Research articles on lichens", "Retracted glaciers of Norway", "Review", "Lichens: a review"]
)
def test_titles_that_begin_with_such_a_word_stay(title: str) -> None:
    assert without_label(title) == title
