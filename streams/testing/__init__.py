"""Test doubles for programs that use Streams: no broker, no Redis.

`FakeStreams` turns records into the messages that subscribers of a running Streams receive, by the same rules and
in the same form. `event_messages` does it for one feed at once. `generated_feed` makes records with known truth.
"""

from streams.testing.fake_streams import FakeStreams, Message, event_messages
from streams.testing.feeds import FeedItem, generated_feed

__all__ = ["FakeStreams", "FeedItem", "Message", "event_messages", "generated_feed"]
