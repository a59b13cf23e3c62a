"""Whether the three places that tell of clusters agree: Redis, `dedup.events` folded, `dedup.clusters` folded."""
