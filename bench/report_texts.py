"""What docs/evaluation.md says between its tables."""

from __future__ import annotations

INTRO = """\
Measured on {date} with ruleset {ruleset} by `make evaluate DATA=../shared/data`, in memory and without servers, by
the rules of the product: two records are compared when they meet in the key index (at most 64 under a key, the
smallest ids; pairs under weak keys alone must pass the prefilter), they are linked when the verdict is
`duplicate`, and each group of linked records is divided by `clusters.partition`. A list of labelled pairs is judged
pair by pair; one that does not meet counts as not found.

Two questions have two answers here. *Fitted* is what the shipped rules do; their weights were fitted on these sets.
**Left out** is what they do on a set that neither the weights nor the table of words have seen: both are made anew
without it and its variants (`bench/left_out.py`). A labelled pair that stands in a second set is left out with
either: of judged_pairs, whose pairs were drawn from the others, those that come from dblp_scholar, diabetes, stroke
or cytology_screening are left out with these, and with judged_pairs its pairs are left out of these. **What is not
left out are the rules themselves**: which there are, and in what order, was decided with all sets in view. So the
figures tell whether weights carry over; whether rules do, only records nobody has looked at can tell."""

LEGEND = """\
P, R and F1 count pairs of records: within clusters where the set is a feed (dblp_scholar: pairs across its two
sources alone), labelled pairs where it is a list, `unsure` and `debatable` ones left out, `related` ones counted as
not one work. Pairs of records that cannot be read (neither a title nor an identifier) count as missed. In brackets:
between these bounds lie 95 % of 1,000 resamples of the works (gold clusters; of labelled pairs those that share a
title)."""

REVIEW = """\
Of the doubtful pairs of a feed those go to `dedup.review` that `clusters/review_queue.py` chooses: none within one
cluster, one between two clusters, few of one record. Here the records come in the order of their ids, in
micro-batches of 1,024, within the budget of one pair
for every 70 records. *asked*: pairs chosen; *capped*: passed over by a cap, the others are settled elsewhere;
*records asked about*: share of a set's records with such a pair; *most*: pairs of the record that has most; *one
work*: share of the asked pairs that are one work, of those whose truth the set knows (across sources alone, where
only those are labelled). Left out where the set is labelled, else with the shipped weights."""

CALIBRATION = """\
Of pairs asked about, by their score, and of all compared pairs: how many are one work. Scores left out. *each set
alike*: the mean of the sets' own shares, so that the largest does not speak for all."""

RULES = """\
Each rule is left out in turn, by the shipped weights. *decides*: compared pairs of known truth for which it is the
first rule that holds; *right* where it lets one work be one or keeps two works from it, *wrong* where not. *without
it*: the wrong and the missed pairs that there are more in the clusters of all sets when it is left out (fewer: −).
*helps in* and *costs in*: the sets in which errors, wrong and missed together, grow or shrink without it. *price*: of
a rule that keeps pairs apart the pairs it misses for each wrong one it prevents; of one that puts them together the
wrong ones for each it finds. A rule that helps in **one set alone** is a suspect: it may be that set's and nobody
else's. Sets of our own and variants do not count for that."""

ALARMS = """\
A guard is a rule that keeps a pair from being one work. *false*: pairs that are one work and for which it holds,
whether or not another rule comes first; *decides*: those of them that it is the one to keep apart or in doubt;
*true*: compared pairs of two works for which it holds. All labelled sets together."""

MUTATIONS = """\
Of each set up to 200 labelled pairs that are decided duplicates, one of a work; one record is changed in one thing
(`bench/mutate.py`, seeded). After a **harmless** change the pair should still be put together; *kept* says how often
it is, the rest is in doubt, apart, or would not meet in the key index. After a **decisive** change it should not be
put together: *parted* says how often it is not, with how many of these are left in doubt. For a change of words the
changed record has neither identifier, place nor abstract, which another work would not share; where the pair is not a
duplicate even so, before the change, it is not tried."""

PEERS = """\
On the same records, scored the same way. *same title or DOI*: titles of equal letters and digits, or equal DOIs.
*bib-dedupe*: from PyPI (the dependency group `peers`), its own blocking, one core; pairs in its class `maybe` count as not
found. Links are closed over transitively in feeds."""

ORDER = """\
Each set (of pair sets: their documents) shuffled again and again (`bench/order.py`), and the clusters compared. In
memory the key index is simulated exactly; sets of fewer than 3,000 records also went through the real engine on a
real Redis, in batches of random size, compared with the simulation. *records that move*: records whose cluster is not
the same in every order. *keys over the cap*: keys with more than 64 members, the only place where the order can
decide whether two records meet; *different sets of links* counts what was met in the orders."""

BLOCKING = """\
*blocking recall*: share of true pairs that meet under a key at all; *after prefilter*: that are compared. *candidates*:
pairs read under keys, *compared*: what is left of them after the prefilter; both per record that arrives. *records/s*:
extraction to clusters, one process on a shared machine; *decide*: median of one pair, features at hand."""

ERRORS = """\
With the shipped weights. *missed*: pairs that are one work and were not put together; *wrong*: the other way round.
The category is the verdict on the pair with its first reason ([what the codes mean](matching.md#rules)). Of the data
of others only numbers are shown. Labels we do not follow are named in
[Matching](matching.md#labels-we-do-not-follow)."""
