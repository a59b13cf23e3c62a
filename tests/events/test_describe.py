from __future__ import annotations

import json
from itertools import islice

from streams import events
from streams.clusters.group import singleton_group
from streams.clusters.group_plan import Change, GroupPlan
from streams.clusters.planner import birth
from streams.events import Cause, Evidence
from streams.matching.decision import DUPLICATE, Decision
from streams.records.record import Record
from streams.sources import parse
from streams.synthetic import generate


def test_an_event_names_only_causes_and_evidence_of_its_own_cluster() -> None:
    from streams.clusters.group import Cluster, Group, Member

    a, b = b"A" * 8, b"B" * 8
    records = {a: Record(source="s", source_id="a", title="T"), b: Record(source="s", source_id="b", title="T")}
    group = Group((Member(a, b"1", 0), Member(b, b"1", 1)), (Cluster(a, 1, 0), Cluster(b, 1, 0)))
    plan = GroupPlan(group, (Change("created", a, 1, (), (a,)), Change("created", b, 1, (), (b,))))
    across = Evidence("s:a", "s:b", Decision(DUPLICATE, 0.9, ("title_exact",), "1"))
    cause = Cause.messages({"s:a", "s:b", "s:c"}, {"s:a": [across], "s:b": [across]})
    described = events.describe(plan, records.get, lambda _: True, cause)
    told = [json.loads(event) for event in described.pending.values()]
    assert [(event["causes"], event["evidence"]) for event in told] == [(["s:a"], []), (["s:b"], [])]


def test_a_birth_is_described_as_any_other_draft_is() -> None:
    payloads = [json.dumps(message.document).encode() for message in islice(generate(5, 100), 100)]
    for record in (item for payload in payloads for item in parse("document", payload) if isinstance(item, Record)):
        plan = birth(b"A" * 8, b"digest", len(record.title))
        described = events.describe(plan, {b"A" * 8: record}.get, lambda _: True, Cause.messages({record.id}))
        ((event, state, canonical),) = events.describe_singletons((b"A" * 8,), (record,))
        assert described.group == singleton_group(b"A" * 8, b"digest", len(record.title), canonical)
        singleton = events.Singleton(b"", event, state)
        assert described.pending == {singleton.event_id.decode(): event}
        assert described.states == {b"A" * 8: singleton.messages(singleton.event_id)[1].value}
        assert list(events.state_messages(described)) == [singleton.messages(singleton.event_id)[1]]
