"""How a client proves to Redis who it is: the settings beside the URL, under the names that redis-py has for them."""

from __future__ import annotations

from typing import Any

from streams.settings import Settings
from streams.settings.security import secret

__all__ = ["redis_options"]


def redis_options(settings: Settings) -> dict[str, Any]:
    """Return the options of a connection that the settings give; what they leave empty is that of the URL.

    Raises SettingsError where a file of a password cannot be read.
    """
    given = {
        "username": settings.redis_user,
        "password": secret(settings, "redis_password"),
        "ssl_ca_certs": settings.redis_ca_file,
        "ssl_certfile": settings.redis_cert_file,
        "ssl_keyfile": settings.redis_key_file or settings.redis_cert_file,
    }
    return {name: value for name, value in given.items() if value}
