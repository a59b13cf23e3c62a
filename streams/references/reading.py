"""Read files of references, whatever their form and encoding."""

from __future__ import annotations

import codecs
import gzip
import re
from collections.abc import Iterator
from pathlib import Path

from streams.errors import UsageError
from streams.references.forms import FORMS, Form, form_of
from streams.references.reference import Reference

__all__ = ["decode", "form_of_file", "label_of", "read"]

_BEGINNING = 4096
_NOT_IN_A_LABEL = re.compile(r"[^A-Za-z0-9_.-]+")
_LONGEST_LABEL = 60
_GZIP = b"\x1f\x8b"
_MARK = "\ufeff"


def read(path: str, form: Form | None = None) -> Iterator[Reference]:
    """Yield the references of a file, gzip or not, in `form` or in the one that it is known to be in.

    Raises UsageError where the file cannot be read or is in no known form, with its name.
    """
    content = _content(path)
    text = decode(content)
    form = form or form_of(path, text[:_BEGINNING])
    if form is None:
        raise UsageError(f"{path} is in none of the forms of references: {', '.join(FORMS)}")
    try:
        yield from form.read(text)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error


def form_of_file(path: str) -> Form | None:
    """Return the form of references that a file is in; None where it is in none, or cannot be read."""
    try:
        with Path(path).open("rb") as file:
            start = file.read(_BEGINNING)
        if start.startswith(_GZIP):
            with gzip.open(path) as unpacked:
                start = unpacked.read(_BEGINNING)
    except OSError:
        return None
    return form_of(path, decode(start))


def decode(content: bytes) -> str:
    """Return text in UTF-8, in UTF-16 with its mark, or else in Windows-1252, in which old tools still export.

    Exports that were put together may have several encodings, so each line has its own, and marks anywhere are left out.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and error.end == len(content):
            text = content.decode("utf-8", "ignore")  # a beginning that was cut inside a character
        else:
            text = "".join(map(_decoded_line, content.splitlines(keepends=True)))
    return text.replace(_MARK, "")


def _decoded_line(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def label_of(path: str) -> str:
    """Return the source label of a file's records: its name without the end, with `-` for what a label cannot have."""
    name = Path(path).name.removesuffix(".gz")
    stem = _NOT_IN_A_LABEL.sub("-", name.rpartition(".")[0] or name).strip("-_.")
    return stem[:_LONGEST_LABEL] or "references"


def _content(path: str) -> bytes:
    try:
        content = Path(path).read_bytes()
        return gzip.decompress(content) if content.startswith(_GZIP) else content
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
