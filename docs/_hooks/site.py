"""Hooks of the documentation site: pages made from the code, the list of decisions, and links that lead out of docs/.

Documents link to files beside docs/ (`../streams/…`) as GitHub wants it; on the site such links lead to the repository.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from typer.cli import get_docs_for_click

from streams.cli.commands import app
from streams.cli.reference import metrics_table, settings_table
from streams.events.schemas import NAMES, schema
from streams.matching import reasons

_SCHEMAS, _SCHEMA_PAGE = "../streams/events/schemas", "reference/schemas.md"
_LINK = re.compile(r"(\]\()(\.\./[^)\s]*|[\w./-]+)(\))")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put every decision into the navigation, in order."""
    decisions = sorted(path.name for path in (Path(config.docs_dir) / "decisions").glob("*.md"))
    for entry in config.nav or []:
        if entry.get("Decisions") == "decisions/":
            entry["Decisions"] = [f"decisions/{name}" for name in decisions]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made from the code."""
    pages: dict[str, Callable[[], str]] = {
        "reference/commands.md": _commands,
        "reference/settings.md": _settings,
        "reference/metrics.md": _metrics,
        "reference/rules.md": _rules,
        _SCHEMA_PAGE: _schemas,
    }
    for path, content in pages.items():
        files.append(File.generated(config, path, content=content()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """Lead links that leave docs/ to the schemas' page or to the repository."""
    folder = posixpath.dirname(page.file.src_uri)

    def lead(link: re.Match[str]) -> str:
        path, _, anchor = link[2].partition("#")
        target = posixpath.normpath(posixpath.join(folder, path))
        if not target.startswith("../"):
            return link[0]
        if target.startswith(_SCHEMAS):
            name = Path(target).stem if target.endswith(".json") else ""
            return f"{link[1]}{posixpath.relpath(_SCHEMA_PAGE, folder or '.')}{'#' + name if name else ''}{link[3]}"
        repository_path = target.removeprefix("../")
        kind = "blob" if (Path(config.docs_dir).parent / repository_path).is_file() else "tree"
        return f"{link[1]}{config.repo_url.rstrip('/')}/{kind}/main/{repository_path}{'#' + anchor if anchor else ''}{link[3]}"

    return _LINK.sub(lead, markdown)


def _commands() -> str:
    command = typer.main.get_command(app)
    context = typer.Context(command, info_name="streams")
    return str(get_docs_for_click(obj=command, ctx=context, name="streams", title="Commands"))


def _settings() -> str:
    return f"# Settings\n\nEnvironment variables, each with a default that suits the embedded servers.\n\n{settings_table()}"


def _metrics() -> str:
    return f"# Metrics\n\nWhat a worker says at `/metrics` on its HTTP port.\n\n{metrics_table()}"


def _rules() -> str:
    return f"# Rules\n\nEvery reason code that a decision may carry.\n\n{reasons.reference()}"


def _schemas() -> str:
    parts = ["# Schemas\n\nThe JSON Schemas (2020-12) of all messages and files, as the package ships them.\n"]
    for name in NAMES:
        text = json.dumps(schema(name), indent=2, ensure_ascii=False)
        parts.append(f"## {name}\n\n```json\n{text}\n```\n")
    return "\n".join(parts)
