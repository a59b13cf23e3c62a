"""Make the request of a webhook: a thin payload about one event, and the signed headers of Standard Webhooks. Pure.

    webhook-id: cbobk67ngxyhu6:7            the event id, the same at every attempt: receivers drop repeats by it
    webhook-timestamp: 1764504000           when this attempt was made, Unix seconds
    webhook-signature: v1,K5oZ… v1,9zXq…    HMAC-SHA256 of `id.timestamp.body` by each secret, Base64

    {"type":"cluster.merged","timestamp":"2026-11-30T12:00:00.118Z","data":{"event_id":"cbobk67ngxyhu6:7","type":"merged",…}}

`timestamp` is that of the event's message, `data` the event without its evidence, and without its document unless it is asked for.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
from standardwebhooks import Webhook

from streams import __version__

__all__ = ["TEST_TYPE", "Delivery", "event_delivery", "headers", "new_secret", "probe_delivery"]

TEST_TYPE = "webhook.test"
"""The type of what `streams webhooks test` sends."""
_PREFIX = "whsec_"
_SECRET_BYTES = 32
_HEAVY = ("document", "evidence")


class Delivery(NamedTuple):
    """What is sent, at every attempt alike: the id and the body."""

    id: str
    body: str


def event_delivery(event: Mapping[str, Any], time: int, *, with_document: bool = False) -> Delivery:
    """Return the delivery of an event, given as its JSON fields; `time` is the timestamp of its message in Unix ms."""
    left_out = _HEAVY[1:] if with_document else _HEAVY
    data = {name: value for name, value in event.items() if name not in left_out}
    return Delivery(
        event["event_id"], _body(f"cluster.{event['type']}", datetime.fromtimestamp(time / 1000, UTC), data)
    )


def probe_delivery(now: float) -> Delivery:
    """Return a delivery that is about no event, with an id that no other has; `now` in Unix seconds."""
    return Delivery(f"test_{secrets.token_urlsafe(12)}", _body(TEST_TYPE, datetime.fromtimestamp(now, UTC), {}))


def headers(delivery: Delivery, keys: Sequence[str], now: float) -> dict[str, str]:
    """Return the headers of an attempt at `now` (Unix seconds), signed by each of the secrets."""
    made = datetime.fromtimestamp(int(now), UTC)
    return {
        "content-type": "application/json",
        "user-agent": f"streams/{__version__}",
        "webhook-id": delivery.id,
        "webhook-timestamp": str(int(now)),
        "webhook-signature": " ".join(Webhook(key).sign(delivery.id, made, delivery.body) for key in keys),
    }


def new_secret() -> str:
    """Return a secret of 32 random bytes, as Standard Webhooks writes it: `whsec_` and Base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _body(kind: str, time: datetime, data: Mapping[str, Any]) -> str:
    moment = time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return orjson.dumps({"type": kind, "timestamp": moment, "data": data}).decode()
