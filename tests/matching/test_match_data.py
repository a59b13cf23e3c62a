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
    ("scholarly_pairs", 0.995, 0.98, 0.998),
    ("archive_pairs", 0.97, 0.9, 0.97),
    ("diabetes", 1.0, 0.993, 0.995),
    ("stroke", 1.0, 0.993, 0.995),
    ("cytology_screening", 0.999, 0.98, 0.995),
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
