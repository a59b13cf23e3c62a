"""Building a generation of state anew from the topics beside the live one, and switching to it (docs/operations.md, "Rebuild").

| module       | what it does                                                                             |
|--------------|------------------------------------------------------------------------------------------|
| `shadow`     | replays the topics of the feeds into the new generation, publishing nothing              |
| `backfill`   | brings over what the topics no longer hold                                               |
| `joined_components` | finds the groups of both generations that share records                                  |
| `transfer_ids` | lets clusters live on: ids, revisions, redirects, corrections, events not yet published  |
| `lock`       | holds the live generation while that goes on, and keeps its workers out at the end       |
| `rebuild`    | the order of all this, to be resumed wherever it was killed                              |
| `generations`| what there is, and how it goes away                                                      |
"""
