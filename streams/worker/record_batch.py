"""The message that the consumer hands over in place of one a record (docs/decisions/0006-record-batches.md)."""

from __future__ import annotations

from typing import Any

from faust.types.tuples import ConsumerMessage

from streams.state.progress import Step

__all__ = ["RecordBatch"]


class RecordBatch(ConsumerMessage):
    """Records of one partition, in order, as one message of Faust's.

    `begins` is the offset where reading began: the topic has no message between it and the first record. `epoch` is that of
    the partition when the records were read.
    """

    __slots__ = ("begins", "epoch", "records")

    def __init__(self, tp: Any, records: list[Any], begins: int, epoch: int, generation_id: int) -> None:
        last = records[-1]
        super().__init__(
            last.topic, last.partition, last.offset, last.timestamp / 1000, last.timestamp_type, [], None, b"", None,
            tp=tp, generation_id=generation_id,
        )  # fmt: skip
        self.records = records
        self.begins = begins
        self.epoch = epoch

    @property
    def step(self) -> Step:
        """The offset range that is processed with it."""
        return Step(self.topic, self.partition, self.begins, self.offset + 1)
