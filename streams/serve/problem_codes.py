"""The codes of problem documents, each with its meaning and what a client does; docs/reference/problems.md is made of them.

A code is stable: programs compare it, and its `type` is the address of its paragraph on the documentation site.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["CODES", "Meaning", "type_of"]

_PAGE = "https://streams-dedup.example/streams/docs/reference/problems.html"


class Meaning(NamedTuple):
    """What a code means: the statuses that it comes with, what is wrong, and what a client does about it."""

    statuses: tuple[int, ...]
    what: str
    do: str


CODES: Mapping[str, Meaning] = {
    "invalid": Meaning(
        (400, 415),
        "A parameter or the body is not as documented. `errors` names each field and what is wrong with it.",
        "Correct the request; the same one is refused again.",
    ),
    "token_missing": Meaning(
        (401,),
        "The request needs a scope, and came without a token or a session.",
        "Send `Authorization: Bearer TOKEN`, or begin a session with `POST /api/v1/session`.",
    ),
    "token_unknown": Meaning(
        (401,),
        "The token is in no file of this service: it was revoked, is mistyped, or is one of another service.",
        "Ask who runs the service for a token; `streams token create NAME --scope SCOPE` makes one.",
    ),
    "scope_missing": Meaning(
        (403,),
        "The token is known, and its scope does not allow this request; `detail` names the scope that does.",
        "Use a token with that scope: `curate` to correct, `operate` for dead letters.",
    ),
    "host_refused": Meaning(
        (403,),
        "The `Host` of the request is not a name of this service. Pages on the web could otherwise read what answers on loopback.",
        "Add the name to `STREAMS_SERVE_ALLOWED_HOSTS`.",
    ),
    "origin_refused": Meaning(
        (403,),
        "A page of another origin sent a request that changes something.",
        "Send it from a page of this service, or from a program.",
    ),
    "unknown_path": Meaning((404,), "There is no such path.", "Compare the address with the [reference](api.md)."),
    "unknown_cluster": Meaning(
        (404,),
        "No cluster has this id, and none that has it was merged into another one.",
        "Look the paper up by an identifier or a record id: [Look up](../how-to/look-up.md).",
    ),
    "unknown_record": Meaning(
        (404,),
        "No stored record has this id. A record id is `source:id`, as in `arxiv:2111.12710`.",
        "Check the source. A record that was sent and is not stored may be a dead letter.",
    ),
    "unknown_identifier": Meaning(
        (404,),
        "No record with this identifier was found. The first five identifiers of a record are found.",
        "Try another identifier, or match the document by its title: `POST /api/v1/match`.",
    ),
    "unknown_correction": Meaning(
        (404,), "No correction with this id was sent.", "List them: `GET /api/v1/corrections`."
    ),
    "unknown_pair": Meaning(
        (404,),
        "The pair is not open for review: it was never asked about, or it was settled meanwhile.",
        "Take the next one of `GET /api/v1/review`.",
    ),
    "unknown_webhook": Meaning(
        (404,),
        "No process has sent to an endpoint of this name.",
        "List them: `GET /api/v1/webhooks`; the file of `STREAMS_WEBHOOKS_FILE` names them.",
    ),
    "unknown_outcomes": Meaning(
        (404,),
        "The page with the outcomes of a form is not kept any more: the service started again, or many others came since.",
        "Look at the pairs or the dead letters themselves; what was done stays done.",
    ),
    "unknown_dead_letter": Meaning(
        (404,),
        "There is no such dead letter: it was sent again, dropped or replaced meanwhile.",
        "List them: `GET /api/v1/dead-letters`.",
    ),
    "method_not_allowed": Meaning(
        (405,), "The path is there, with other methods.", "Use a method that `Allow` in the answer names."
    ),
    "too_slow": Meaning(
        (408,), "The body of the request did not arrive within 20 seconds.", "Send it again, over a faster connection."
    ),
    "correction_conflict": Meaning(
        (409,),
        "The correction contradicts others in force, whose ids are in `conflicts`.",
        "Undo those, or leave it: [Curate](../how-to/curate.md).",
    ),
    "nothing_to_undo": Meaning(
        (409,),
        "The correction to undo is not known, was refused, was undone already, or is an undo itself.",
        "Ask what became of it: `GET /api/v1/corrections/ID`.",
    ),
    "correction_id_used": Meaning(
        (409,), "Another correction has this id.", "Choose another id, or leave it out and get a new one."
    ),
    "claimed": Meaning(
        (409,),
        "Another person is looking at the pair; `detail` says who, and for how long.",
        "Take another pair. A correction of this one is accepted all the same.",
    ),
    "merged": Meaning(
        (301, 410),
        "The cluster was merged into the one that `merged_into` names. With `follow=false` the status is 410.",
        "Follow `Location`, and replace the stored id by `merged_into`.",
    ),
    "too_large": Meaning(
        (413,),
        "The body has more than a megabyte, or a batch has more parts than are answered at once.",
        "Send it in parts.",
    ),
    "malformed": Meaning(
        (422,),
        "An identifier or a document is not one that can be read, although the request is as documented.",
        "Correct the value; the spellings that are understood are in [Look up](../how-to/look-up.md).",
    ),
    "too_many_requests": Meaning(
        (429,),
        "The client sends more requests than `STREAMS_SERVE_REQUESTS_PER_SECOND`.",
        "Wait as many seconds as `Retry-After` says. Ask in batches: 500 identifiers or 50 documents are one request.",
    ),
    "internal_error": Meaning(
        (500,),
        "A fault of Streams. The log of the service has the details, the answer has none.",
        "Report it, with the lines of the log.",
    ),
    "unavailable": Meaning(
        (503,),
        "Redis or Kafka does not answer, a part is still starting, or as many clients as possible read events from Kafka.",
        "Send the same request again after as many seconds as `Retry-After` says.",
    ),
    "busy": Meaning(
        (503,),
        "As many requests as possible are being answered, open streams included.",
        "Send the same request again after as many seconds as `Retry-After` says.",
    ),
}
"""Every code, in the order of its status."""


def type_of(code: str) -> str:
    """Return the `type` of problems with a code: the address of its paragraph."""
    return f"{_PAGE}#{code}"
