"""Matching on labelled data, where there is any: no part of the project, so these tests skip without it."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("STREAMS_TEST_DATA", ROOT.parent / "shared" / "data"))
sys.path.insert(0, str(ROOT / "bench"))

# Set, least precision, least recall, least share of true pairs that meet under a key.
GOALS = [
    ("scholarly_pairs", 0.995, 0.985, 0.998),
    ("archive_pairs", 0.97, 0.88, 0.97),
    ("judged_pairs", 0.975, 0.8, 0.97),
    ("preprint_abstracts", 0.99, 0.88, 0.97),
    ("diabetes", 0.999, 0.99, 0.995),
    ("stroke", 0.999, 0.99, 0.995),
    ("cytology_screening", 0.999, 0.99, 0.995),
    ("inspire_merges", 0.99, 0.8, 0.9),
    ("medrxiv_published", 0.998, 0.94, 0.97),
    ("mis_quarterly", 0.99, 0.95, 0.97),
    ("ukri_openalex", 0.998, 0.998, 0.998),
]


@pytest.mark.parametrize(("name", "precision", "recall", "blocking"), GOALS)
def test_goals_on_labelled_data(name: str, precision: float, recall: float, blocking: float) -> None:
    folder = DATA / name
    if not folder.exists():
        pytest.skip(f"no labelled data at {folder} (set STREAMS_TEST_DATA)")
    import compare

    if (folder / "pairs.jsonl.gz").exists():
        found, _ = compare.measure_pairs(compare.load_pairs(folder))
    else:
        found, _ = compare.measure_feed(compare.load_feed(folder))
        assert found["candidates"] <= 15
    assert found["precision"] >= precision
    assert found["recall"] >= recall
    assert found["blocking"] >= blocking
    assert found["review"] <= 0.06
