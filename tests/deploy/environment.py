"""The environment and the options that deployment files give to Streams, read as settings and by the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from typer.core import TyperGroup
from typer.main import get_command

from streams.cli.commands import app
from streams.settings import PREFIX, Settings

__all__ = ["SECURED", "SECURITY", "harvest_options", "settings_of"]

_KAFKA = ("SECURITY", "SASL_MECHANISM", "SASL_USER", "SASL_PASSWORD_FILE", "CA_FILE", "CERT_FILE", "KEY_FILE")
_REDIS = ("USER", "PASSWORD_FILE", "CA_FILE", "CERT_FILE", "KEY_FILE")
SECURED = (
    frozenset(f"STREAMS_KAFKA_{name}" for name in _KAFKA),
    frozenset(f"STREAMS_REDIS_{name}" for name in _REDIS),
    frozenset({"STREAMS_HTTP_TOKEN_FILE"}),
    frozenset({"STREAMS_SERVE_TOKENS_FILE", "STREAMS_SERVE_SESSION_KEY_FILE"}),
    frozenset({"STREAMS_WEBHOOKS_FILE"}),
    frozenset({"STREAMS_SEMANTIC_SCHOLAR_KEY_FILE"}),
    frozenset({"STREAMS_OPENALEX_KEY_FILE"}),
)
"""Settings of secured servers and of a secured port, one set for each. They name files that are there at run time alone."""
SECURITY = frozenset().union(*SECURED)


def settings_of(environment: Mapping[str, str]) -> Settings:
    """Return the settings that an environment makes, but for those of security; an unknown name or a wrong value is an error."""
    given = {name: value for name, value in environment.items() if name.startswith(PREFIX) and name not in SECURITY}
    return Settings.model_validate({name.removeprefix(PREFIX).lower(): value for name, value in given.items()})


def harvest_options(words: Sequence[str]) -> Mapping[str, Any]:
    """Return what `streams harvest` reads in the words after its name; a word that it does not know is an error."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return dict(group.commands["harvest"].make_context("harvest", list(words)).params)
