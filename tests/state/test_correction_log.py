from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from streams.clusters.corrections import Correction, Standing, Verdict, read_correction
from streams.settings import Settings
from streams.state.connection import Connection
from streams.state.correction_log import DECIDE_CORRECTION, CorrectionLog
from streams.state.layout import Layout
from tests.engine.worlds import correction as message


def said(*told: tuple[str, ...]) -> list[Verdict]:
    """Verdicts on corrections k0, k1, … given as (action, a, b) or ("undo", id)."""
    verdicts: list[Verdict] = []
    standing = Standing()
    for number, (action, *about) in enumerate(told):
        correction = read_correction(message(f"k{number}", action, *about, offset=number, author=f"a{number}").value)
        verdicts.append(standing.decide(correction))
        standing.take(verdicts[-1])
    return verdicts


A, B, C, D = "s:a", "s:b", "s:c", "s:d"


@pytest.fixture
def log(generation: Settings, new_connection: Callable[[], Connection]) -> Callable[[], CorrectionLog]:
    layout = Layout(generation.namespace, generation.generation, generation.buckets)

    def make() -> CorrectionLog:
        connection = new_connection()
        connection.register(DECIDE_CORRECTION)
        return CorrectionLog(layout, connection)

    return make


def _corrections(*told: tuple[str, ...]) -> list[Correction]:
    return [verdict.correction for verdict in said(*told)]


def test_the_first_verdict_stands_for_every_worker_and_replay(log: Callable[[], CorrectionLog]) -> None:
    told = _corrections(("same", A, B), ("different", A, B), ("undo", "k0"), ("different", A, B))
    first = log().decide(told)
    assert [v.accepted for v in first] == [True, False, True, True]
    # k1 would be accepted by what stands now; the verdict on it was another.
    assert log().decide(told) == first
    assert log().decide(told[1:2]) == first[1:2]
    assert log().all() == first
    assert log().find(["k3", "k9"]) == [first[3], None]


def test_one_correction_twice_in_a_batch_is_one(log: Callable[[], CorrectionLog]) -> None:
    (one,) = _corrections(("same", A, B))
    assert [v.serial for v in log().decide([one, one])] == [1, 1]
    assert len(log().all()) == 1


def test_an_id_stands_for_one_correction(log: Callable[[], CorrectionLog]) -> None:
    (one,), (other,) = _corrections(("same", A, B)), _corrections(("same", A, C))
    assert [v.code for v in log().decide([one, other])] == ["", "correction_id_used"]
    assert log().decide([other])[0].code == "correction_id_used"
    later = msgspec.structs.replace(one, time="2027-01-01T00:00:00Z")
    assert log().decide([later]) == log().decide([one])
    assert [v.correction for v in log().all()] == [one]
