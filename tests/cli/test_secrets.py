"""No output of a command shows a password, wherever a person has put it."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st
from pydantic import SecretStr

from streams.cli import main
from streams.cli.doctor import doctor
from streams.local.broker import free_port
from streams.serve.tokens import TokenFile, digest
from streams.settings import Settings
from tests.system.processes import wait_for

SECRETS = st.text("aB3 /?#@:%[]=.,", min_size=0, max_size=8).map(lambda text: f"hunter{text}two")
"""Passwords with the characters that have a meaning in an address."""

KAFKA = (
    "127.0.0.1:{port}",
    "u:{secret}@127.0.0.1:{port}",
    "sasl_ssl://u:{secret}@127.0.0.1:{port}",
    "127.0.0.1:none",
)
REDIS = (
    "redis://127.0.0.1:{port}",
    "redis://u:{secret}@127.0.0.1:{port}",
    "rediss//u:{secret}@127.0.0.1:{port}",
    "redis://127.0.0.1:{port}/0?username=u&password={secret}",
    "redis://u:{secret}@127.0.0.1:none",
)
SASL = {"KAFKA_SECURITY": "sasl_plaintext", "KAFKA_SASL_MECHANISM": "PLAIN", "KAFKA_SASL_USER": "u"}
COMMANDS = (["doctor"], ["doctor", "--json"], ["tail", "events"], ["verify"], ["history", "a:1"])


@contextlib.contextmanager
def everything() -> Iterator[io.StringIO]:
    """Collect what is written to standard output, errors and the log, at its most talkative."""
    written = io.StringIO()
    handler, log = logging.StreamHandler(written), logging.getLogger()
    before = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        with contextlib.redirect_stdout(written), contextlib.redirect_stderr(written):
            yield written
    finally:
        log.removeHandler(handler)
        log.setLevel(before)


@pytest.mark.parametrize("as_json", [False, True])
@profile(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(secret=SECRETS, kafka=st.sampled_from(KAFKA[:3]), redis=st.sampled_from(REDIS))
def test_doctor_shows_no_password(as_json: bool, secret: str, kafka: str, redis: str) -> None:
    if "password=" in redis and "&" in secret:
        return
    port = free_port()
    urls = {"kafka_url": kafka.format(secret=secret, port=port), "redis_url": redis.format(secret=secret, port=port)}
    more = {"kafka_sasl_password": secret, "redis_password": secret}
    settings = Settings.model_validate(urls | more | {name.lower(): value for name, value in SASL.items()})
    with everything() as written:
        assert doctor(settings, as_json, seconds=1.0) == 1
    assert "hunter" not in written.getvalue()


@profile(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    secret=SECRETS,
    kafka=st.sampled_from(KAFKA),
    redis=st.sampled_from(REDIS),
    command=st.sampled_from(COMMANDS),
    sasl=st.booleans(),
)
def test_no_error_shows_a_password(secret: str, kafka: str, redis: str, command: list[str], sasl: bool) -> None:
    port = free_port()
    given_ = {"KAFKA_URL": kafka.format(secret=secret, port=port), "REDIS_URL": redis.format(secret=secret, port=port)}
    given_ |= SASL | {"KAFKA_SASL_PASSWORD": secret} if sasl else {}
    environment = {f"STREAMS_{name}": value for name, value in given_.items()} | {"STREAMS_HTTP_PORT": str(free_port())}
    with (
        mock.patch.dict(os.environ, environment),
        mock.patch.object(sys, "argv", ["streams", *command]),
        everything() as written,
        pytest.raises(SystemExit) as ended,
    ):
        main()
    assert ended.value.code
    assert "hunter" not in written.getvalue()
    assert "Traceback" not in written.getvalue()


TOKENS = st.text(string.ascii_letters + string.digits + "-_", min_size=30, max_size=43).map(
    lambda text: f"streams_{text}two"
)
"""Tokens of the API, which a person may put where the name of their file belongs."""
WRONG_PLACES = (
    "SERVE_TOKENS_FILE", "SERVE_SESSION_KEY_FILE", "SERVE_HOST", "SERVE_PORT", "SERVE_ALLOWED_HOSTS", "SERVE_TRUSTED_PROXIES",
    "SERVE_TRUSTED_USER_HEADER", "SERVE_TRUSTED_SCOPE", "SERVE_REQUESTS_PER_SECOND", "HTTP_TOKEN_FILE", "WEBHOOKS_FILE",
)  # fmt: skip
TOKEN_COMMANDS = (
    ["serve"],
    ["doctor", "--json"],
    ["doctor"],
    ["token", "list"],
    ["token", "create", "ada"],
    ["token", "revoke"],
)


@profile(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(
    token=TOKENS,
    place=st.sampled_from(WRONG_PLACES),
    around=st.sampled_from(["{}", "/none/{}", " {}", "{},{}", "{}:80:80"]),
    command=st.sampled_from(TOKEN_COMMANDS),
    beyond=st.booleans(),
)
def test_no_error_shows_a_token(token: str, place: str, around: str, command: list[str], beyond: bool) -> None:
    given_ = {"KAFKA_URL": f"127.0.0.1:{free_port()}", "REDIS_URL": f"redis://127.0.0.1:{free_port()}"}
    given_ |= {"SERVE_TRUSTED_USER_HEADER": "X-User"} if place == "SERVE_TRUSTED_PROXIES" else {}
    given_ |= {"SERVE_HOST": "192.0.2.1"} if beyond else {}
    given_ |= {place: around.format(token, token)}
    environment = {f"STREAMS_{name}": value for name, value in given_.items()}
    words = [*command, token] if command[-1] == "revoke" else command
    if command == ["token", "create", "ada"] and place != "SERVE_TOKENS_FILE":
        return  # which would make one
    if command == ["serve"] and not beyond and place in ("SERVE_ALLOWED_HOSTS", "HTTP_TOKEN_FILE"):
        return  # which would serve: it is the name of a host, or a file of workers
    with (
        tempfile.TemporaryDirectory() as directory,
        contextlib.chdir(directory),
        mock.patch.dict(os.environ, environment | {"XDG_DATA_HOME": directory}),
        mock.patch.object(sys, "argv", ["streams", *words]),
        everything() as written,
        pytest.raises(SystemExit),
    ):
        main()
    assert written.getvalue() or command == ["token", "list"]
    assert token not in written.getvalue()
    assert "Traceback" not in written.getvalue()


def test_doctor_counts_tokens_and_shows_none(tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "tokens")
    token = file.create("ada", "operate")
    own = Settings(
        kafka_url=f"127.0.0.1:{free_port()}",
        redis_url=f"redis://127.0.0.1:{free_port()}",
        serve_tokens_file=str(file.path),
        http_token=SecretStr(token),
    )
    for as_json in (False, True):
        with everything() as written:
            doctor(own, as_json, seconds=1.0)
        shown = written.getvalue()
        assert "1 in " in shown
        assert token not in shown
        assert digest(token) not in shown
    file.path.write_text(f"ada operate {token}\n")
    with everything() as written:
        assert doctor(own, True, seconds=1.0) == 1
    assert "line 1 of" in written.getvalue()
    assert token not in written.getvalue()


WHSEC = "whsec_" + "aHVudGVyaHVudGVyaHVudGVyaHVudGVyaHVudGVyMg=="
WEBHOOKS = (
    '[[endpoint]]\nname = "a"\nurl = "https://a.example.org/"\nsecrets = ["{secret}"]\n',
    '[[endpoint]]\nname = "a"\nurl = "https://a.example.org/"\nsecrets = "{secret}"\n',
    '[[endpoint]]\nname = "a"\nurl = "https://a.example.org/"\nsecrets = ["{secret} "]\n',
    '[[endpoint]]\nname = "a"\nurl = "https://a.example.org/{secret}"\n',
    '[[endpoint]]\nname = "{secret}"\nurl = "https://a.example.org/"\nsecrets = ["x"]\n',
    '[[endpoint]]\nname = "a"\nurl = "{secret}"\nsecrets = ["x"]\n',
    '[[endpoint]]\nname = "a"\nurl = "https://a.example.org/"\nsecret_files = ["{secret}"]\n',
    '[[endpoint]]\nname = "a"\nurl = "https://a.example.org/"\nsecret_env = ["{secret}"]\n',
    "[[endpoint]]\n{secret} = 1\n",
    "secrets = [{secret}]\n",
)
"""A file of webhooks as it should be, and ones with the secret in a wrong place."""


@pytest.mark.parametrize("text", WEBHOOKS)
@pytest.mark.parametrize("command", [["doctor", "--json"], ["webhooks", "test", "a"], ["serve"]])
def test_no_command_shows_the_secret_of_a_webhook(tmp_path: Path, command: list[str], text: str) -> None:
    file = tmp_path / "webhooks.toml"
    file.write_text(text.format(secret=WHSEC))
    file.chmod(0o600)
    if command[0] != "doctor" and text == WEBHOOKS[0]:
        return  # which would send, or serve
    given_ = {"KAFKA_URL": f"127.0.0.1:{free_port()}", "REDIS_URL": f"redis://127.0.0.1:{free_port()}"}
    environment = {f"STREAMS_{name}": value for name, value in given_.items()}
    with (
        mock.patch.dict(os.environ, environment | {"STREAMS_WEBHOOKS_FILE": str(file), "XDG_DATA_HOME": str(tmp_path)}),
        mock.patch.object(sys, "argv", ["streams", *command]),
        everything() as written,
        pytest.raises(SystemExit) as ended,
    ):
        main()
    assert ended.value.code
    assert written.getvalue()
    assert WHSEC not in written.getvalue()
    assert WHSEC.removeprefix("whsec_") not in written.getvalue()


@pytest.mark.system
@pytest.mark.any_broker
def test_a_worker_that_waits_for_its_servers_shows_no_password(tmp_path: Path) -> None:
    port, secret = free_port(), "hunter@2:/two"
    given_ = {
        "KAFKA_URL": f"u:{secret}@127.0.0.1:{port}",
        "REDIS_URL": f"redis://u:{quote(secret, safe='')}@127.0.0.1:{port}",
        "REDIS_PASSWORD": secret,
        "HTTP_PORT": "0",
        "LOG_LEVEL": "debug",
    }
    environment = os.environ | {f"STREAMS_{name}": value for name, value in given_.items()}
    log = tmp_path / "log"
    with log.open("wb") as written:
        command = [sys.executable, "-m", "streams", "worker"]
        worker = subprocess.Popen(command, env=environment, stdout=written, stderr=written)
    try:
        wait_for(lambda: worker.poll() is not None or log.read_text().count("this worker waits for") >= 1, "it waits")
        time.sleep(1.0)  # what it logs beside that
    finally:
        worker.terminate()
        worker.wait(20)
    assert log.read_text()
    assert "hunter" not in log.read_text()
