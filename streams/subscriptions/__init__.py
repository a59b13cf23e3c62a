"""Subscriptions to `dedup.events` over Server-Sent Events, without any web framework: `Hub` yields encoded frames."""

from streams.subscriptions.filters import EVERYTHING, NEW_PAPERS, TYPES, Filter
from streams.subscriptions.frame_stream import Timing
from streams.subscriptions.hub import Hub
from streams.subscriptions.subscription import Subscription

__all__ = ["EVERYTHING", "NEW_PAPERS", "TYPES", "Filter", "Hub", "Subscription", "Timing"]
