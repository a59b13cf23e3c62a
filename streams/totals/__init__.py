"""Totals over all records, folded from `dedup.events` by one process and kept in Redis with the offsets that they include."""
