from streams.matching.title_labels import LABELS, without_label


def test_every_label_has_an_example_it_knows() -> None:
    for label in LABELS:
        assert without_label(label.example) == "Coral growth", label
