"""Statistics add up, counter by counter."""

from __future__ import annotations

from typing import Any

import pytest

from streams.engine.statistics import Statistics

ONE = Statistics(parsed={"crossref": 2}, unread={("crossref", "doi"): 1}, candidates=[3], sizes=[2], capped={"key": 1})
OTHER = Statistics(parsed={"crossref": 1, "lakes": 4}, candidates=[0, 1], sizes=[1], changed={"created": 2})


def test_counters_are_summed_by_label_and_candidates_follow_each_other() -> None:
    both = Statistics(
        parsed={"crossref": 3, "lakes": 4},
        unread={("crossref", "doi"): 1},
        candidates=[3, 0, 1],
        sizes=[2, 1],
        capped={"key": 1},
        changed={"created": 2},
    )
    assert both == ONE + OTHER


def test_nothing_added_changes_nothing_and_no_summand_is_changed() -> None:
    assert (ONE + Statistics()).parsed == (Statistics() + ONE).parsed == {"crossref": 2}
    assert ONE + OTHER + ONE == ONE + (OTHER + ONE)
    assert ONE.parsed == {"crossref": 2}


def test_an_unknown_name_is_refused() -> None:
    unknown: dict[str, Any] = {"unchanged": {"": 1}}
    with pytest.raises(TypeError, match="unchanged"):
        Statistics(**unknown)
