"""Build a generation of state from the topics beside the live one, and switch to it (docs/operations.md, "Rebuild").

| module              | what it does                                                                                   |
|---------------------|------------------------------------------------------------------------------------------------|
| `rebuild`           | runs the steps in order; a run that was killed is resumed by the same command                  |
| `generations`       | names, checks, reports and removes generations                                                 |
| `lock`              | holds the rebuild lock of the live generation, and drains its workers before the switch        |
| `shadow`            | replays the topics of the feeds into the new generation, publishing nothing                    |
| `backfill`          | copies the records that the topics no longer hold                                              |
| `joined_components` | finds the groups of both generations that share records                                        |
| `transfer_ids`      | keeps cluster ids, revisions, redirects, corrections and events not yet published              |
"""
