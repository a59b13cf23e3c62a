"""Streams: find and merge duplicate records of scholarly works.

`parse` reads payloads of feeds, `compare` and `explain` decide pairs, `deduplicate` clusters records in memory, and
`ClusterView` follows the events that a running Streams publishes. All names in `__all__` are stable; docs/python.md
describes them. `streams.testing` has substitutes for the tests of programs that subscribe.

Importing this package loads no other module: each name is loaded when it is used first (PEP 562), so the command line and the
workers do not pay for the Python API, and no import cycle can come from here.
"""

from __future__ import annotations

TYPE_CHECKING = False  # not from `typing`, which alone would take most of the time of this import
if TYPE_CHECKING:
    from streams.api.cluster_view import ClusterView
    from streams.api.comparing import compare, explain, meets
    from streams.api.deduplicating import Cluster, Progress, deduplicate
    from streams.api.event import ClusterRelation, ClusterState
    from streams.api.inputs import parse
    from streams.errors import (
        BrokerError,
        BusyError,
        EmbeddedError,
        FeedError,
        FencedError,
        ForeignStateError,
        ForgottenError,
        GapError,
        LostStateError,
        MissingExtraError,
        NotFoundError,
        NoTopicError,
        OlderCopyError,
        PayloadError,
        RedisError,
        RedisSetupError,
        RefusedError,
        ServiceError,
        SettingsError,
        StateError,
        StreamsError,
        StuckError,
        SupersededError,
        UsageError,
        WrongSetupError,
    )
    from streams.matching.decision import Comparison, Decision, Explanation
    from streams.records.record import Author, Delete, Identifier, Record, Relation

    __version__: str

__all__ = [
    "Author",
    "BrokerError",
    "BusyError",
    "Cluster",
    "ClusterRelation",
    "ClusterState",
    "ClusterView",
    "Comparison",
    "Decision",
    "Delete",
    "EmbeddedError",
    "Explanation",
    "FeedError",
    "FencedError",
    "ForeignStateError",
    "ForgottenError",
    "GapError",
    "Identifier",
    "LostStateError",
    "MissingExtraError",
    "NoTopicError",
    "NotFoundError",
    "OlderCopyError",
    "PayloadError",
    "Progress",
    "Record",
    "RedisError",
    "RedisSetupError",
    "RefusedError",
    "Relation",
    "ServiceError",
    "SettingsError",
    "StateError",
    "StreamsError",
    "StuckError",
    "SupersededError",
    "UsageError",
    "WrongSetupError",
    "__version__",
    "compare",
    "deduplicate",
    "explain",
    "meets",
    "parse",
]

_MODULES = {
    "streams.api.cluster_view": ("ClusterView",),
    "streams.api.comparing": ("compare", "explain", "meets"),
    "streams.api.deduplicating": ("Cluster", "Progress", "deduplicate"),
    "streams.api.event": ("ClusterRelation", "ClusterState"),
    "streams.api.inputs": ("parse",),
    "streams.errors": tuple(name for name in __all__ if name.endswith("Error")),
    "streams.matching.decision": ("Comparison", "Decision", "Explanation"),
    "streams.records.record": ("Author", "Delete", "Identifier", "Record", "Relation"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

if not TYPE_CHECKING:  # mypy reads the imports above, and so refuses names that are not exported

    def __getattr__(name: str) -> object:
        """Load an exported name when it is used first."""
        if name == "__version__":
            value = _version()
        elif module := _MODULE_OF.get(name):
            from importlib import import_module  # noqa: PLC0415 - `import streams` loads nothing

            value = getattr(import_module(module), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        """List the exported names beside those that are loaded."""
        return sorted({*globals(), *__all__})


def _version() -> str:
    """Return the version of the installed distribution, `0+unknown` where Streams runs from files that are not installed."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - takes 20 ms

    try:
        return version("streams-dedup")
    except PackageNotFoundError:
        return "0+unknown"
