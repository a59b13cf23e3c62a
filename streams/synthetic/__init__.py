"""Made-up feeds with known truth, for load, property tests and evaluation."""

from __future__ import annotations

from streams.synthetic.generator import Generated, generate, gold_rows
from streams.synthetic.pairs import labelled_pairs

__all__ = ["Generated", "generate", "gold_rows", "labelled_pairs"]
