"""Check that the three copies of every cluster agree: Redis, `dedup.events` folded, and `dedup.clusters` folded."""
