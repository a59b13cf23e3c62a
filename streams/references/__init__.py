"""Files of references as reviewers export them: BibTeX, RIS, MEDLINE (nbib), EndNote XML, CSV.

`read` makes a document of each reference, in the form that the source `document` reads, and keeps the entry as it was.
`write_deduplicated` writes entries again, each with the id of its cluster. A module a form; `forms.py` has the table of them.
"""

from __future__ import annotations

from streams.references.collection import Collected, collect
from streams.references.deduplicated import Deduplicated, write_deduplicated
from streams.references.forms import FORMS, Form, form_of
from streams.references.reading import read
from streams.references.reference import Kept, Reference

__all__ = [
    "FORMS",
    "Collected",
    "Deduplicated",
    "Form",
    "Kept",
    "Reference",
    "collect",
    "form_of",
    "read",
    "write_deduplicated",
]
