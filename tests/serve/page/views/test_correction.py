"""What is shown before and after corrections."""

from __future__ import annotations

import msgspec
import pytest

from streams.clusters.corrections import Correction
from streams.curation.corrections import corrections_of_sets, make_correction
from streams.query.answers import ClusterAnswer, PreviewAnswer, PreviewCluster
from streams.serve.corrections import Action, CorrectionAnswer, StatusName
from streams.serve.page.views.correction import outcome_view, preview_view, split_sets


def made(action: str = "different", **more: str) -> Correction:
    fields = {"identifier": "k1", "a": "m:1", "b": "m:2"} if action != "undo" else {"identifier": "k1", "undoes": "k0"}
    return make_correction(action, "ada", **fields | more)


SPLIT = PreviewAnswer(
    clusters=(PreviewCluster("ca", ("m:1",), ("ca",), False), PreviewCluster("ca.1", ("m:2", "m:3"), ("ca",), True)),
    changes=True,
)


def test_a_preview_counts_clusters_and_keeps_the_corrections_for_the_form() -> None:
    view = preview_view([made()], SPLIT, {"m:2": "On reefs"}, [["m:1"], ["m:2", "m:3"]])
    assert (view.outcome, view.is_other, view.refused) == ("1 cluster would become 2 clusters.", False, "")
    assert view.says == ("m:1 and m:2 are different papers",)
    assert msgspec.json.decode(view.form) == [{"id": "k1", "action": "different", "a": "m:1", "b": "m:2"}]
    assert [each.is_new for each in view.clusters] == [False, True]
    assert view.clusters[1].shown == (("m:2", "On reefs"), ("m:3", ""))
    assert (view.clusters[0].before, view.clusters[1].before) == ((), ("ca",))


def test_a_preview_says_where_the_result_is_another_one() -> None:
    assert preview_view([made()], SPLIT, {}, [["m:1", "m:3"], ["m:2"]]).is_other
    assert (
        preview_view([made()], PreviewAnswer(unknown=("m:9",)), {}).outcome == "Not stored, so it would wait for m:9."
    )
    assert "too large" in preview_view([made()], PreviewAnswer(computed=False), {}).outcome
    assert "Nothing would change" in preview_view([made()], PreviewAnswer(), {}).outcome
    refused = preview_view(
        [made()], PreviewAnswer(refused="correction_conflict", detail="it contradicts k9", conflicts=(made(),)), {}
    )
    assert (refused.refused, refused.conflicts[0].id) == ("it contradicts k9", "k1")
    assert preview_view([made("undo")], PreviewAnswer(), {}).says == ("undo correction k0",)


def test_a_split_is_said_in_sets() -> None:
    records = [f"m:{n}" for n in range(4)]
    assert split_sets(records, {}) == [records]
    assert split_sets(records, {"m:1": "2", "m:3": "3", "m:0": "1"}) == [["m:0", "m:2"], ["m:1"], ["m:3"]]
    assert split_sets(records, dict.fromkeys(records, "2")) == [records], "all on another paper is no split"
    many = [f"m:{n:03}" for n in range(1000)]
    sets = split_sets(many, {"m:000": "1", "m:005": "2", "m:007": "2"})
    assert sets == [["m:000"], ["m:005", "m:007"]]
    assert len(corrections_of_sets(sets, "ada")) == 2


def answer(status: StatusName, action: Action = "same") -> CorrectionAnswer:
    return CorrectionAnswer(
        id=f"k-{status}", action=action, status=status, author="a", time="t", a="m:1", b="m:2", undoes="k0"
    )


@pytest.mark.parametrize(
    ("found", "headline", "tones", "undoable"),
    [
        ([answer("active")], "Done", ["good"], ("k-active",)),
        ([answer("sent")], "Sent", ["warn"], ()),
        ([answer("done", "undo")], "Done", ["good"], ()),
        (["it contradicts"], "Refused", ["bad"], ()),
        (["it contradicts", answer("active")], "Done in part", ["bad", "good"], ("k-active",)),
        ([answer("undone")], "Done", ["good"], ()),
    ],
)
def test_an_outcome_has_a_headline(
    found: list[CorrectionAnswer | str], headline: str, tones: list[str], undoable: tuple[str, ...]
) -> None:
    cluster = ClusterAnswer(cluster_id="ca", revision=1, size=1, records=("m:1",), document={"title": "T"})
    view = outcome_view(found, {"ca": cluster})
    assert (view.headline, [each.tone for each in view.notices], view.undoable) == (headline, tones, undoable)
    assert [card.cluster_id for card in view.cards] == ["ca"]
    assert view.waiting == (headline == "Sent")
