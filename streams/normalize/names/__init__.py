"""Author names in a form that can be compared, and the comparison of two author lists.

A name becomes `family|given`: lower case, accents folded, particles, degrees and marks dropped, given names as
words and initials. Sources: bib-dedupe, fuzzycat, ADS, S2APLER, cometadata (see docs/matching.md).
"""

from streams.normalize.names.agreement import (
    Agreement,
    agreement,
    family_in_common,
    initials_in_common,
    same_person,
)
from streams.normalize.names.degrees import is_degree, may_be_initials, without_degrees, without_marks
from streams.normalize.names.reading import GIVEN, author_key, is_group, split_names

__all__ = [
    "GIVEN",
    "Agreement",
    "agreement",
    "author_key",
    "family_in_common",
    "initials_in_common",
    "is_degree",
    "is_group",
    "may_be_initials",
    "same_person",
    "split_names",
    "without_degrees",
    "without_marks",
]
