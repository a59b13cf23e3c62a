"""A record batch is a message of Faust's at the last of its records, and covers all offsets since reading began."""

from __future__ import annotations

from types import SimpleNamespace

from faust.types import TP

from streams.state.progress import Step
from streams.worker.record_batch import RecordBatch


def test_it_has_the_offset_of_the_last_record_and_covers_what_the_topic_has_not() -> None:
    records = [
        SimpleNamespace(topic="records.arxiv", partition=3, offset=offset, timestamp=1000 + offset, timestamp_type=1)
        for offset in (7, 9, 10)
    ]
    batch = RecordBatch(TP("records.arxiv", 3), records, begins=5, epoch=2, generation_id=1)
    assert (batch.topic, batch.partition, batch.offset, batch.timestamp) == ("records.arxiv", 3, 10, 1.010)
    assert batch.step == Step("records.arxiv", 3, 5, 11), "from where reading began to behind the last record"
    assert batch.epoch == 2
    assert batch.records is records
