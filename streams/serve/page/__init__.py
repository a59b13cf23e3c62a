"""The page of `streams serve`: HTML made on the server for people who look, search, decide and operate.

Each page is a module of its own here with its routes, a template of the same name in `templates/`, and a pure view model in
`views/`. Every page can be read without scripts; htmx and the modules in `static/` add what is live.
"""

from litestar import Router

from streams.serve.page import (
    cluster,
    corrections,
    dead_letters,
    overview,
    pair,
    payload,
    review,
    review_bulk,
    search,
    sign_in,
    static_files,
    subscriptions,
    workers,
)

__all__ = ["router"]

router = Router(
    "/",
    route_handlers=[
        overview.router, search.router, cluster.router, pair.router, payload.router, corrections.router, review.router,
        review_bulk.router, dead_letters.router, workers.router, subscriptions.router, sign_in.router, static_files.router,
    ],
    include_in_schema=False,
)  # fmt: skip
