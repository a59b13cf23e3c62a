"""The manifest of `/reconcile`: what the service offers, and at which addresses. Pure.

All addresses begin with the one that the client used, so the service answers behind any name and port.
"""

from __future__ import annotations

from typing import Any

from streams import __version__
from streams.serve.reconcile.protocol import MOST_QUERIES, EntityType

__all__ = ["PATH", "PREVIEW_SIZE", "WORK", "manifest"]

PATH = "/reconcile"
WORK = EntityType("work", "Scholarly work")
"""The one type of entities."""
PREVIEW_SIZE = (430, 300)
"""Width and height of a preview in pixels."""


def manifest(base: str) -> dict[str, Any]:
    """Return the manifest of the service at `base`, the scheme, host and port that the client used."""
    service = base + PATH
    preview = service + "/preview?id={{id}}"
    width, height = PREVIEW_SIZE
    return {
        "versions": ["0.1", "0.2"],
        "name": "Streams: clusters of scholarly records",
        "identifierSpace": base + "/api/v1/clusters/",
        "schemaSpace": "https://schema.org/CreativeWork",
        "serviceVersion": __version__,
        "defaultTypes": [{"id": WORK.id, "name": WORK.name}],
        "view": {"url": preview},
        "preview": {"url": preview, "width": width, "height": height},
        "suggest": {
            kind: {"service_url": service, "service_path": f"/suggest/{kind}"}
            for kind in ("entity", "property", "type")
        },
        "extend": {
            "propose_properties": {"service_url": service, "service_path": "/properties"},
            "property_settings": [
                {
                    "name": "limit",
                    "label": "Limit",
                    "type": "number",
                    "default": 0,
                    "help_text": "Most values of a cluster, 0 for all",
                }
            ],
        },
        "batchSize": MOST_QUERIES,
    }
