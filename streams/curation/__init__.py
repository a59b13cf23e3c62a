"""The work of people on clusters: corrections, doubtful pairs, dead letters; for the command line and `streams serve` alike.

corrections.py        make a correction, publish it, read what a worker decided
database.py           the SQLite file that `streams serve` folds three topics into, its tables and the positions in the topics
review_queue.py       doubtful pairs of `dedup.review`: in an order, claimed by a person
sent_corrections.py   corrections of `dedup.corrections`, decided or not
dead_letter_book.py   current dead letters of `dedup.dead-letter`, without their payloads
folding.py            takes messages of the topics over, together with the positions
follower.py           reads the topics
"""
