"""Formats of the state: in which form the values of an index version are written. Read `state/layout.py` first.

An index version keeps the format it was begun with (`format` of `N:meta`, `state/progress.py`), so workers of an earlier
release may work beside those of this one, and take over again. Values name their form themselves: any is read anywhere.
Of blocking keys the length of the fingerprint says it, so a program that looks one up has to know the format (`Layout`).

| value               | format 1                           | format 2                                       | owner                |
|---------------------|------------------------------------|------------------------------------------------|----------------------|
| record version      | 21 to 37 bytes                     | 15 to 37: what is 0 is left out                | records/version.py   |
| features, documents | a Zstandard frame, dictionary 1    | a block without headers, dictionary 2          | state/codec.py       |
| group of one record | as every group                     | 21 bytes: what follows from its id is left out | state/group_codec.py |
| blocking key        | fingerprint of 4 bytes, signatures | 3 bytes, signatures of weak keys alone         | state/key_index.py   |

A rebuild (`streams rebuild`) makes an index version of the latest format.
"""

from __future__ import annotations

__all__ = ["FIRST", "LATEST"]

FIRST, LATEST = 1, 2
