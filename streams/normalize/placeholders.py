"""Placeholders that tables, forms and catalogues write for a missing value, which must never compare as equal."""

from __future__ import annotations

__all__ = ["is_missing"]

# Of table tools and of programs: pandas, R, JavaScript, SQL, spreadsheets.
_WRITTEN = "nan null none nil undefined n/a n.a. #n/a #ref! #value! <na> na(n) - -- --- – — ? . .. ... [] {} () missing"
# DataCite's codes for values that are not known, which some write with brackets and some without.
_CODES = "unac unal unap unas unav unkn none null tba"
_MISSING = frozenset(
    (
        *_WRITTEN.split(),
        *(form for code in _CODES.split() for form in (f":{code}", f"(:{code})")),
        "not available",
        "not provided",
    )
)
_LONGEST = max(map(len, _MISSING))


def is_missing(value: str) -> bool:
    """Tell whether a value is a placeholder for a missing one: `NaN`, `null`, `:unav`; `NA` is R's, but `Na` is a name."""
    return len(value) <= _LONGEST and (value == "NA" or value.lower() in _MISSING)
