"""The work of people on clusters: corrections, doubtful pairs, dead letters; for the command line and `streams serve` alike.

corrections.py    make a correction, publish it, read what a worker decided
"""
