"""Let bib-dedupe (PyPI) find duplicates in a file of documents: run by `bench/peers.py` in a process of its own.

python bench/peer_bib_dedupe.py RECORDS.jsonl PAIRS.jsonl
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
from bib_dedupe.bib_dedupe import block, match, prep


def row(document: dict[str, Any]) -> dict[str, str]:
    """Return a document as a row of bib-dedupe's table."""
    get = document.get
    return {
        "ID": str(document["row"]),
        "ENTRYTYPE": "article",
        "title": get("title") or "",
        "author": " and ".join(one if isinstance(one, str) else one.get("name", "") for one in get("authors") or ()),
        "year": str(get("year") or ""),
        **{name: str(get(name) or "") for name in ("journal", "volume", "number", "pages", "doi", "abstract")},
    }


def main() -> None:
    """Read, match and write the pairs that bib-dedupe is sure of."""
    given, taken = map(Path, sys.argv[1:])
    documents = [json.loads(line) for line in given.read_text(encoding="utf-8").splitlines()]
    # One process: the sets run side by side, one on each core.
    table = prep(pd.DataFrame([row(document) for document in documents]), verbosity_level=0, cpu=1)
    matched = match(block(table, verbosity_level=0, cpu=1), verbosity_level=0, cpu=1)
    sure = matched[matched["duplicate_label"] == "duplicate"] if not matched.empty else matched
    pairs = zip(sure["ID_1"], sure["ID_2"], strict=True) if not sure.empty else ()
    taken.write_text("\n".join(json.dumps([int(a), int(b)]) for a, b in pairs), encoding="utf-8")


if __name__ == "__main__":
    main()
