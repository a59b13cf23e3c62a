"""Write the references of files again, without the duplicates that a run found among them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from streams.references.collection import Collected, collect
from streams.references.forms import FORMS, Form
from streams.references.reference import Kept

__all__ = ["Deduplicated", "choose_form", "write_deduplicated"]

_MIXED = FORMS["ris"]


class Deduplicated(NamedTuple):
    """What was written: how many references were kept, left out and could not be read, and the files."""

    kept: int
    left_out: int
    unread: int
    files: tuple[Path, ...]


def write_deduplicated(
    paths: Sequence[str], clusters: Iterable[Mapping[str, Any]], out: Path, form: Form | None = None
) -> Deduplicated:
    """Write `deduplicated` and `duplicates` into `out`, in the form of the files, or in RIS where they have several.

    `clusters` are states as in clusters.jsonl. Of each cluster the reference with the most fields is kept, the first of
    equal ones, as it was in its file; the others are `duplicates`. Every entry names its cluster and how many references that has.
    A reference that is in no cluster is kept, with an empty name. One that cannot be read has its text in `unread.txt`.
    """
    everything = list(collect(paths))
    collected = [one for one in everything if not one.reference.text]
    unread = [one.reference.text for one in everything if one.reference.text]
    form = form or choose_form(collected)
    cluster_of = {
        record: (state["cluster_id"], len(state["records"])) for state in clusters for record in state["records"]
    }
    together: defaultdict[str, list[Collected]] = defaultdict(list)
    for number, one in enumerate(collected):
        cluster, _ = cluster_of.get(one.record_id, ("", 0))
        together[cluster or f"-{number}"].append(one)
    chosen = {max(members, key=_filled).record_id for members in together.values()}
    kept = [_entry(one, form, cluster_of) for one in collected if one.record_id in chosen]
    rest = [_entry(one, form, cluster_of) for one in collected if one.record_id not in chosen]
    files = [out / f"deduplicated{form.suffixes[0]}", out / f"duplicates{form.suffixes[0]}"]
    for path, entries in zip(files, (kept, rest), strict=True):
        path.write_text(form.write(entries), encoding="utf-8", newline="")
    if unread:
        files.append(out / "unread.txt")
        files[-1].write_text("\n".join(unread), encoding="utf-8")
    return Deduplicated(len(kept), len(rest), len(unread), tuple(files))


def choose_form(collected: Iterable[Collected]) -> Form:
    """Return the form that all references have, RIS where they have several or there are none."""
    forms = {one.form.name for one in collected}
    return FORMS[forms.pop()] if len(forms) == 1 else _MIXED


def _filled(one: Collected) -> int:
    return len(one.reference.document)


def _entry(one: Collected, form: Form, cluster_of: Mapping[str, tuple[str, int]]) -> Kept:
    """Return the entry as it was where the form is its own, else made of its document."""
    cluster, records = cluster_of.get(one.record_id, ("", 1))
    own = one.form.name == form.name
    return Kept(one.reference.entry if own else form.entry_of(one.document), cluster, records)
