"""No output of a command shows a password, wherever a person has put it."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from streams.cli import main
from streams.cli.doctor import doctor
from streams.local.broker import free_port
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
