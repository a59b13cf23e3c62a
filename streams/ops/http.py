"""The pages of a worker: health for probes, reasons and metrics for those who may see them.

    application = web.Application()
    add_routes(application.router, health, metrics, probes=probes, access=Access.of(settings))

Probes are answered for everyone, by a status code. Reasons and metrics show addresses, topics and figures, so beyond loopback
they need a token.
"""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import NamedTuple, Self

import orjson
from aiohttp import web

from streams.errors import SettingsError
from streams.ops.health import Health, HealthReport
from streams.ops.metrics import Metrics
from streams.ops.server_probes import Probes
from streams.settings import PREFIX, Settings
from streams.settings.addresses import is_loopback

__all__ = ["INDEX", "Access", "add_routes"]

INDEX: dict[str, str] = {
    "/healthz": "200 while the worker is live, 503 when it should be restarted",
    "/readyz": "200 while the worker is ready, 503 otherwise",
    "/metrics": "Prometheus metrics",
}
"""What `/` lists: path and meaning."""

_TOKEN = PREFIX + "HTTP_TOKEN"


class Access(NamedTuple):
    """Who may see metrics and reasons: with a `token` those who send it, without one everyone where `is_local`."""

    token: str = ""
    is_local: bool = True

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Read the token of the settings, or the file with it. Raises SettingsError."""
        token, file = settings.http_token.get_secret_value(), settings.http_token_file
        if token and file:
            raise SettingsError(f"{_TOKEN}_FILE", f"{_TOKEN} is set as well", "one of the two")
        if file:
            try:
                token = Path(file).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeError) as error:
                raise SettingsError(f"{_TOKEN}_FILE", f"{file}: {error}", "a file that can be read") from None
            if not token:
                raise SettingsError(f"{_TOKEN}_FILE", f"{file} is empty", "a file with the token in it")
        return cls(token, is_loopback(settings.http_host))

    def refusal(self, request: web.Request) -> web.Response | None:
        """Return the answer to a request that may not see metrics and reasons, None to one that may."""
        if not self.token:
            if self.is_local:
                return None
            return _json(
                {"error": f"the port is bound beyond loopback: set {_TOKEN} or {_TOKEN}_FILE, and send it"}, 403
            )
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self.token.encode()):
            return None
        response = _json({"error": f"send the header `Authorization: Bearer …` with the value of {_TOKEN}"}, 401)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response


def add_routes(
    router: web.UrlDispatcher,
    health: Health,
    metrics: Metrics,
    *,
    probes: Probes | None = None,
    access: Access | None = None,
) -> None:
    """Add `/`, `/healthz`, `/readyz` and `/metrics` to `router`.

    `/readyz` asks the `probes` of the servers; so does `/healthz` where a server was away or the worker seems stuck. Without
    them the worker itself has to report to `health` whether the servers answer.
    """
    allowed, asked = access or Access(), probes or Probes(health)

    async def index(_request: web.Request) -> web.Response:
        return _json({"name": "streams", "paths": INDEX})

    async def healthz(request: web.Request) -> web.Response:
        if health.away or not health.live().ok:
            await asked.ask()
        return _report(health.live(), allowed.refusal(request) is None)

    async def readyz(request: web.Request) -> web.Response:
        await asked.ask()
        return _report(health.ready(), allowed.refusal(request) is None)

    async def exposition(request: web.Request) -> web.Response:
        if (refusal := allowed.refusal(request)) is not None:
            return refusal
        body, content_type = metrics.exposition(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    router.add_get("/", index)
    router.add_get("/healthz", healthz)
    router.add_get("/readyz", readyz)
    router.add_get("/metrics", exposition)


def _report(report: HealthReport, with_reasons: bool) -> web.Response:
    shown = report.as_json()
    if not with_reasons:
        shown["checks"] = [{"name": check.name, "ok": check.ok} for check in report.checks]
        shown["reasons"] = "with `Authorization: Bearer …`"
    return _json(shown, 200 if report.ok else 503)


def _json(value: object, status: int = 200) -> web.Response:
    # A report kept by a proxy would say how the worker was, not how it is.
    return web.Response(
        body=orjson.dumps(value), status=status, content_type="application/json", headers={"Cache-Control": "no-store"}
    )
