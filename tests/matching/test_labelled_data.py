"""Matching on labelled data, where there is any: no part of the project, so these tests skip without it.

They keep the shipped rules from breaking; what was asked of them, and whether it holds, `make evaluate DATA=...` says.
"""

import os
import sys
from pathlib import Path

import pytest

pytest.importorskip("numpy")

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("STREAMS_TEST_DATA", ROOT.parent / "shared" / "data"))
sys.path.insert(0, str(ROOT / "bench"))

from targets import TARGETS  # noqa: E402 - a module of the bench

SLACK = {"precision": 0.02, "recall": 0.05}
TOO_LARGE = ("dblp_scholar",)


@pytest.mark.parametrize("name", [name for name in TARGETS if name not in TOO_LARGE])
def test_scores_on_labelled_data(name: str) -> None:
    from measure import blocking, outcome
    from sets import load, names
    from subjects import Subject

    if name not in names(DATA):
        pytest.skip(f"no set {name} at {DATA} (set STREAMS_TEST_DATA)")
    subject = Subject(load(name, DATA, 0))
    found = outcome(subject, subject.world)
    assert found.scores is not None
    target, pairs = TARGETS[name], found.scores.pairs
    assert pairs.precision >= (target.precision or 0.0) - SLACK["precision"]
    assert pairs.recall >= (target.recall or 0.0) - SLACK["recall"]
    met = blocking(subject)
    assert met.decided is None or met.decided <= 15
    assert not subject.is_feed or found.review.touched <= 0.06 * found.review.records
