"""Tests of its modules."""
