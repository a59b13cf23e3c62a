from __future__ import annotations

import sys
from pathlib import Path

# Worlds of records, and engines that are switched and killed, are those of the tests of clusters.
sys.path.insert(0, str(Path(__file__).parent.parent / "clusters"))
