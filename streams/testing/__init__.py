"""Made-up feeds with known truth, for load, property tests and evaluation."""

from __future__ import annotations

from streams.testing.generator import Generated, generate, gold_rows
from streams.testing.pairs import labelled_pairs

__all__ = ["Generated", "generate", "gold_rows", "labelled_pairs"]
