"""Building a generation of state anew from the topics beside the live one, and switching to it (docs/operations.md, "Rebuild").

| module       | what it does                                                                             |
|--------------|------------------------------------------------------------------------------------------|
| `shadow`     | replays the topics of the feeds into the new generation, publishing nothing              |
| `carry`      | brings over what the topics no longer hold                                               |
| `closures`   | finds the groups of both generations that share records                                  |
| `adopt`      | lets clusters live on: ids, revisions, redirects, corrections, events not yet published  |
| `holder`     | holds the live generation while that goes on, and keeps its workers out at the end       |
| `rebuild`    | the order of all this, to be resumed wherever it was killed                              |
| `generations`| what there is, and how it goes away                                                      |
"""
