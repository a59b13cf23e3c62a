"""Webhooks by Standard Webhooks: `streams serve` posts the events of `dedup.events` to endpoints that a file names (ADR 44)."""
