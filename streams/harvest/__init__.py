"""Harvesters: ask the servers of feeds for what is new, and publish it to the topics of their sources, unattended.

A source (`source.py`) says which windows are due, and asks for the payloads of one. The harvester (`harvester.py`) publishes them,
and writes the checkpoint of a window after Kafka has acknowledged all of them, so that a kill at any moment costs a window at most.

    streams harvest arxiv --from 2026-11-01 --follow
"""
