"""The forms of reference files, and how a file's form is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any, NamedTuple

from streams.references import bibtex, endnote_xml, medline, ris, table
from streams.references.reference import Entry, Kept, Reference

__all__ = ["FORMS", "Form", "form_of"]


class Form(NamedTuple):
    """A form: its name, the ends of its files' names (the first is what is written), what reads and writes it."""

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[str], Iterator[Reference]]
    write: Callable[[Iterable[Kept]], str]
    entry_of: Callable[[Mapping[str, Any]], Entry]


FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form("bibtex", (".bib", ".bibtex"), bibtex.read, bibtex.write, bibtex.entry_of),
        Form("ris", (".ris",), ris.read, ris.write, ris.entry_of),
        Form("medline", (".nbib", ".medline"), medline.read, medline.write, medline.entry_of),
        Form("endnote-xml", (".xml",), endnote_xml.read, endnote_xml.write, endnote_xml.entry_of),
        Form("csv", (".csv", ".tsv"), table.read, table.write, table.entry_of),
    )
}
_BEGINNINGS = (
    ("ris", re.compile(r"(?:[^\n<{@]*\n){0,8}TY {0,2}- ?[A-Z]{3,8}\s")),
    ("medline", re.compile(r"PMID *- \d")),
    ("endnote-xml", re.compile(r"(?:<\?xml[^>]*>\s*)?(?:<!DOCTYPE[^>]*>\s*)?<xml>\s*<records>")),
    ("bibtex", re.compile(r"(?:%[^\n]*\n|\s)*@\s*[A-Za-z]+\s*[{(]")),
)


def form_of(name: str, beginning: str) -> Form | None:
    """Return the form of a file by the end of its name and the beginning of its text; None where it has none of them.

    A file that ends in `.xml` or `.txt` is known by its beginning alone, for arXiv's records are XML, too.
    """
    text = beginning.lstrip("\ufeff \t\r\n")
    found = next((form for form, pattern in _BEGINNINGS if pattern.match(text)), None)
    if found:
        return FORMS[found]
    suffix = PurePath(name.removesuffix(".gz")).suffix.lower()
    if suffix == ".xml":
        return None
    if suffix == ".txt" and table.is_table(text):  # Web of Science names its tables so
        return FORMS["csv"]
    return next((form for form in FORMS.values() if suffix in form.suffixes), None)
