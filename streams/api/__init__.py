"""The Python API: what `import streams` exports, in memory and without any server.

These modules put the rules of `streams.matching` and `streams.clusters` behind a few functions; they decide nothing themselves.
Only the names that `streams/__init__.py` exports are stable.
"""
