"""Nothing shows a secret: real servers, a secret in every setting that takes one, the commands, and all that is written."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus

import pytest
import redis
from cryptography.hazmat.primitives import serialization

from streams.kafka.connection import KafkaConnection
from streams.kafka.reader import read_to_now
from streams.kafka.topics import create_topics, topics
from streams.local.broker import free_port
from streams.local.valkey import Valkey
from streams.serve.tokens import TokenFile
from streams.settings import Settings
from streams.webhooks.delivery import new_secret
from tests.brokers import KAFKA_SESSION_SECONDS
from tests.secured_kafka import PASSWORDS, SecuredKafka
from tests.system.processes import Streams, metric, wait_for

pytestmark = [pytest.mark.system, pytest.mark.soak]

REDIS, HTTP, KEY_PASSWORD, SCHOLAR, OPENALEX = (
    f"{name}-secret/word?{number}x" for number, name in enumerate(("redis", "http", "key", "scholar", "openalex"))
)
HOOK = "hook-secret-word-9x"
COMMANDS = (
    "doctor", "doctor --json", "verify", "verify --json", "history test:1", "lookup test:1", "lookup doi:10.1/none",
    "explain test:1", "totals", "correct same test:1 test:2", "tail events --beginning -n 1",
    "tail dead-letter --beginning -n 1", "dead-letter list", "dead-letter list --json", "webhooks list",
    "webhooks test a", "token list", "rebuild --json", "rebuild --status", "harvest openalex",
    "harvest semantic-scholar", "--version",
)  # fmt: skip
"""All commands that ask a server, and those that read a secret."""
PAGES = (
    "/", "/review", "/dead-letters", "/workers", "/subscriptions", "/records/test:1", "/none", "/healthz", "/readyz",
    "/metrics", "/api/v1/stats", "/api/v1/workers", "/api/v1/webhooks", "/api/v1/dead-letters",
    "/api/v1/records/test:1", "/api/v1/clusters/none", "/api/v1/openapi/openapi.json",
)  # fmt: skip


class _Echo(BaseHTTPRequestHandler):
    """A source that refuses, and repeats what it was sent."""

    def do_GET(self) -> None:
        body = f"refused: {self.path} {self.headers}".encode()
        self.send_response(403)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the name that the library calls

    def log_message(self, *_: object) -> None: ...


class Installed(NamedTuple):
    """The settings of an installation with a secret in each that takes one, and all these secrets."""

    settings: Mapping[str, object]
    secrets: frozenset[str]
    token: str
    own: Settings


@pytest.fixture
def echo() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def installed(tmp_path: Path, secured_kafka: SecuredKafka, own_redis: Valkey, echo: str) -> Installed:
    name = f"s{uuid.uuid4().hex[:8]}"
    made: Any = redis.Redis.from_url(own_redis.url)
    with contextlib.closing(made) as admin:
        admin.execute_command("ACL", "SETUSER", "app", "on", f">{REDIS}", "~*", "&*", "+@all")
    files = tmp_path / "secrets"
    files.mkdir(mode=0o700)
    certificate, key = encrypted(Path(secured_kafka.certificates.issue("worker")), files)
    token, webhook = TokenFile(files / "tokens").create("ada", "operate"), new_secret()
    (files / "session").write_text("session-secret-word-8x" * 3)
    hooks = 'allow_http = ["127.0.0.1"]\nallow_networks = ["127.0.0.0/8"]\n'
    hooks += f'[[endpoint]]\nname = "a"\nurl = "{echo}/hooks?token={HOOK}"\nsecrets = ["{webhook}"]\n'
    given = {"redis": REDIS, "sasl": PASSWORDS["worker"], "http": HTTP, "hooks": hooks, "openalex": OPENALEX}
    for file, text in given.items():
        (files / file).write_text(text)
    for path in files.iterdir():
        path.chmod(0o600)
    prefix = f"{name}."
    secured_kafka.allow(
        *(("worker", right, "topic", f"{prefix}*") for right in ("Read", "Write", "Create")),
        ("worker", "Read", "group", f"{name}*"),
        ("worker", "Write", "transactional id", f"{prefix}*"),
    )
    settings: dict[str, object] = {
        "kafka_url": secured_kafka.address("SASLTLS"),
        "kafka_security": "sasl_ssl",
        "kafka_sasl_mechanism": "SCRAM-SHA-512",
        "kafka_sasl_user": "worker",
        "kafka_sasl_password_file": files / "sasl",
        "kafka_ca_file": secured_kafka.certificates.ca,
        "kafka_cert_file": certificate,
        "kafka_key_file": key,
        "kafka_key_password": KEY_PASSWORD,
        "redis_url": own_redis.url.replace("redis://", f"redis://app:{quote(REDIS, safe='')}@"),
        "topic_prefix": prefix,
        "app_id": name,
        "buckets": 16,
        "session_timeout": KAFKA_SESSION_SECONDS,
        "partitions": 1,
        "http_token_file": files / "http",
        "serve_tokens_file": files / "tokens",
        "serve_session_key_file": files / "session",
        "webhooks_file": files / "hooks",
        "semantic_scholar_key": SCHOLAR,
        "openalex_key_file": files / "openalex",
        "harvest_contact": "ada@example.org",
        "harvest_url": echo,
        "harvest_pace": 0.001,
        "log_format": "json",
        "log_level": "debug",
    }
    secrets = {REDIS, PASSWORDS["worker"], KEY_PASSWORD, HTTP, HOOK, SCHOLAR, OPENALEX, token, webhook}
    secrets |= {webhook.removeprefix("whsec_"), "session-secret-word-8x"}
    own = Settings(kafka_url=secured_kafka.url, redis_url=own_redis.url, topic_prefix=prefix, partitions=1)
    return Installed(settings, frozenset(secrets), token, own)


def encrypted(both: Path, directory: Path) -> tuple[Path, Path]:
    """Write the certificate of a file alone, and its key with a password."""
    text = both.read_bytes()
    key = serialization.load_pem_private_key(text, None)
    hidden = serialization.BestAvailableEncryption(KEY_PASSWORD.encode())
    written = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden)
    paths = directory / "certificate.pem", directory / "key.pem"
    paths[0].write_bytes(text[text.index(b"-----BEGIN CERTIFICATE") :])
    paths[1].write_bytes(written)
    return paths


def test_no_output_log_topic_key_or_page_has_a_secret(installed: Installed, tmp_path: Path, own_redis: Valkey) -> None:
    asyncio.run(create_topics(installed.own))
    feed = tmp_path / "feed.jsonl"
    feed.write_text('{"source":"test","id":"1","title":"On the shells of turtles"}\n{"no": "identity"}\nnonsense\n')
    port, api = free_port(), free_port()
    home = tmp_path / "running"
    home.mkdir()
    data = tmp_path / "data"
    running = Streams(home, **dict(installed.settings) | {"http_port": port, "serve_port": api})
    found: dict[str, str] = {}
    with running.start("up", "--data-dir", data):
        wait_for(lambda: ask(f"http://127.0.0.1:{port}/readyz", HTTP)[0] == 200, "the worker is ready", 60)
        wait_for(lambda: ask(f"http://127.0.0.1:{api}/readyz", installed.token)[0] == 200, "the API answers", 25)
        commands(installed, tmp_path, found, [f"send --source document {feed}"])
        wait_for(
            lambda: (
                metric(ask(f"http://127.0.0.1:{port}/metrics", HTTP)[1].encode(), "streams_batch_records_total") == 3
            ),
            "the feed is read",
        )
        commands(installed, tmp_path, found, COMMANDS)
        commands(installed, tmp_path, found, ["doctor", "verify"], redis_url=own_redis.url + "?password=" + quote(HOOK))
        for where, token in ((port, HTTP), (api, installed.token), (api, "streams_" + HOOK), (port, HOOK)):
            for page in PAGES:
                found[f"{where}{page} {token}"] = ask(f"http://127.0.0.1:{where}{page}", token)[1]
        found |= redis_values(own_redis.url)
        found |= asyncio.run(topic_values(installed.own))
        assert (data / "endpoints.json").stat().st_mode & 0o777 == 0o600
        for file in data.rglob("*"):  # endpoints.json is how commands find the servers: it has addresses as given
            if file.is_file() and file.name != "endpoints.json":
                found[str(file)] = file.read_bytes().decode(errors="replace")
    found["up"] = running.output()
    check(found, installed.secrets)


def check(found: Mapping[str, str], secrets: frozenset[str]) -> None:
    """No text has a secret, as it is or as an address writes it; there are texts to look at."""
    forms = {form for secret in secrets for form in (secret, quote(secret), quote(secret, safe=""), quote_plus(secret))}
    shown = [(name, form) for name, text in found.items() for form in forms if form in text]
    assert shown == []
    assert sum(bool(text) for text in found.values()) > 80
    for name in ("doctor --json", "webhooks list", "harvest openalex", "up"):
        assert found[name], name
    assert any("worker_starting" in text for text in found.values()), "the log of the worker"


def commands(
    installed: Installed, tmp_path: Path, found: dict[str, str], lines: Iterable[str], **changed: object
) -> None:
    """Run commands, two at a time, and keep what they print."""

    def run(line: str) -> tuple[str, str]:
        directory = tmp_path / uuid.uuid4().hex
        directory.mkdir()
        own = Streams(directory, **dict(installed.settings) | changed)
        done = own(*line.split(), seconds=60)
        return f"{line} changed" if changed else line, done.stdout + done.stderr

    with ThreadPoolExecutor(2) as pool:
        for name, text in pool.map(run, lines):
            found[name] = text


def ask(url: str, token: str) -> tuple[int, str]:
    """Return the status and all that comes back: headers and body."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})  # noqa: S310 - on loopback
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, f"{answer.headers}{answer.read().decode(errors='replace')}"
    except urllib.error.HTTPError as error:
        return error.code, f"{error.headers}{error.read().decode(errors='replace')}"
    except OSError:
        return 0, ""


def redis_values(url: str) -> dict[str, str]:
    """Return what each key of Redis has, heartbeats and states of webhooks among them."""
    values = {}
    asked: Any = redis.Redis.from_url(url)
    with contextlib.closing(asked) as client:
        read: dict[bytes, Any] = {
            b"hash": client.hgetall, b"string": client.get, b"set": client.smembers,
            b"zset": lambda key: client.zrange(key, 0, -1), b"list": lambda key: client.lrange(key, 0, -1),
        }  # fmt: skip
        for key in client.scan_iter("*"):
            values[f"redis {key!r}"] = str(read[client.type(key)](key))
    return values


async def topic_values(settings: Settings) -> dict[str, str]:
    """Return what each topic has, headers and keys too."""
    names = [spec.name for spec in topics(settings)]
    found: dict[str, str] = {}
    async for message in read_to_now(KafkaConnection.of(settings), names):
        found[message.topic] = found.get(message.topic, "") + f"{message.key!r}{message.value!r}{message.headers}"
    assert any(name.endswith("dead-letter") for name in found)
    return found
