"""Tests of what people do with clusters."""
