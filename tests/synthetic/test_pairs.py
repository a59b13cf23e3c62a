from streams.synthetic import labelled_pairs

KINDS = [
    "plain",
    "sibling",
    "part",
    "annual",
    "generic",
    "derived",
    "retitled",
    "template",
    "namesake",
    "translated",
    "thesis",
]


def test_labelled_pairs_hold_both_labels_and_name_the_trap() -> None:
    pairs = list(labelled_pairs(1, 1_000))
    assert {pair["label"] for pair in pairs} == {"duplicate", "distinct"}
    assert {pair["why"] for pair in pairs} == set(KINDS)
    assert len({pair["pair"] for pair in pairs}) == len(pairs)
    assert all(pair["why"] != "plain" for pair in pairs if pair["label"] == "distinct")
