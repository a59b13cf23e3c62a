"""Tests of its paths."""
