"""Apache Kafka as companies run it: listeners with SASL, TLS and client certificates, and an authorizer.

| listener | security       | who a client is                                        |
|----------|----------------|--------------------------------------------------------|
| CLIENT   | PLAINTEXT      | `ANONYMOUS`, a super user, for the test itself          |
| SCRAM    | SASL_PLAINTEXT | a user with SCRAM-SHA-256, SCRAM-SHA-512 or PLAIN       |
| SASLTLS  | SASL_SSL       | the same, with a server certificate                    |
| MUTUAL   | SSL            | the common name of a client certificate                |
| TOKEN    | SASL_PLAINTEXT | the subject of an unsigned token (OAUTHBEARER)         |
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import trustme
from aiokafka.conn import create_conn
from aiokafka.protocol.admin import CreateAclsRequest
from cryptography.hazmat.primitives import serialization

from streams.errors import EmbeddedError
from streams.local.broker import free_port
from streams.local.process import wait_until
from tests.brokers import CLUSTER_ID, Kafka, java

__all__ = ["PASSWORDS", "Certificates", "SecuredKafka", "unsigned_token"]

PASSWORDS = {name: f"{name}-pass/word?{number}" for number, name in enumerate(("worker", "reader", "stranger"), 1)}
_LISTENERS = {"SCRAM": "SASL_PLAINTEXT", "SASLTLS": "SASL_SSL", "MUTUAL": "SSL", "TOKEN": "SASL_PLAINTEXT"}
_OPERATIONS = {"Read": 3, "Write": 4, "Create": 5, "Describe": 8, "DescribeConfigs": 10, "Alter": 7}
_RESOURCES = {"topic": 2, "group": 3, "cluster": 4, "transactional id": 5}
_START_SECONDS = 30.0
_LITERAL, _PREFIXED, _ALLOW = 3, 4, 3
_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"
_BEARER = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"


class Certificates:
    """An authority, a server certificate for 127.0.0.1 that it has signed, and client certificates."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._authority = trustme.CA()
        self.ca = str(directory / "ca.pem")
        self._authority.cert_pem.write_to_path(self.ca)
        self.server = self.issue("server", "127.0.0.1")

    def issue(self, name: str, *identities: str) -> str:
        """Write a certificate with this common name and its key into one file; return its path."""
        issued = self._authority.issue_cert(*(identities or (f"{name}.example.org",)), common_name=name)
        key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
        form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        path = self._directory / f"{name}.pem"
        path.write_bytes(key.private_bytes(*form) + b"".join(each.bytes() for each in issued.cert_chain_pems))
        return str(path)


class Grant(NamedTuple):
    """A right as `kafka-acls --add` gives it; a name that ends with `*` is a prefix."""

    user: str
    operation: str
    kind: str
    name: str


class SecuredKafka(Kafka):
    """A Kafka node with the listeners above."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.certificates = Certificates(directory / "certificates")
        self.ports: dict[str, int] = {}

    def address(self, listener: str) -> str:
        """Return the bootstrap address of a listener."""
        return f"127.0.0.1:{self.ports[listener]}"

    def allow(self, *grants: tuple[str, str, str, str]) -> None:
        """Add rights: user, operation, kind (topic, group, cluster, transactional id) and name."""
        asyncio.run(_create(self.url, [_acl(Grant(*each)) for each in grants]))
        time.sleep(0.5)  # the authorizer reads them from the log of the cluster

    def _start_on(self, port: int) -> None:
        super()._start_on(port)
        for listener in self.ports.values():
            wait_until(self.child, partial(_accepts, listener), _START_SECONDS)

    def _format(self, port: int) -> None:
        self.ports = {name: free_port() for name in _LISTENERS}  # others where one was taken meanwhile
        super()._format(port)
        file = self._directory / "kafka.properties"
        given = dict(line.split("=", 1) for line in file.read_text().splitlines() if line)
        listeners = "".join(f",{name}://127.0.0.1:{at}" for name, at in self.ports.items())
        for name in ("listeners", "advertised.listeners"):
            given[name] += listeners
        given["listener.security.protocol.map"] += "".join(f",{name}:{kind}" for name, kind in _LISTENERS.items())
        given |= self._security()
        file.write_text("".join(f"{name}={value}\n" for name, value in given.items()))
        self._add_users()

    def _security(self) -> dict[str, str]:
        users = " ".join(f'user_{name}="{password}"' for name, password in PASSWORDS.items())
        sasl: dict[str, str] = {}
        for listener in ("scram", "sasltls"):
            start = f"listener.name.{listener}"
            sasl |= {
                f"{start}.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
                f"{start}.plain.sasl.jaas.config": f"{_PLAIN} required {users};",
                f"{start}.scram-sha-256.sasl.jaas.config": f"{_SCRAM} required;",
                f"{start}.scram-sha-512.sasl.jaas.config": f"{_SCRAM} required;",
            }
        return sasl | {
            "listener.name.token.sasl.enabled.mechanisms": "OAUTHBEARER",
            "listener.name.token.oauthbearer.sasl.jaas.config": f'{_BEARER} required unsecuredLoginStringClaim_sub="broker";',
            "listener.name.mutual.ssl.client.auth": "required",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self.certificates.server,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self.certificates.ca,
            "ssl.principal.mapping.rules": "RULE:.*CN=([^,]*).*/$1/",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        }

    def _add_users(self) -> None:
        """Format the node again, with the users of SCRAM."""
        shutil.rmtree(self._directory / "data")
        tool = [*java("kafka.tools.StorageTool"), "format", "-t", CLUSTER_ID, "-c", "kafka.properties"]
        for name, password in PASSWORDS.items():
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
                tool += ["--add-scram", f"{mechanism}=[name={name},password={password}]"]
        done = subprocess.run(tool, cwd=self._directory, capture_output=True, text=True, check=False)
        if done.returncode:
            raise EmbeddedError(f"Kafka cannot be set up: {done.stdout}{done.stderr}")


def unsigned_token(subject: str, seconds: int = 3600) -> str:
    """Return a token that Kafka's validator of unsigned tokens accepts."""
    now = int(time.time())  # whole seconds: Kafka's clock is coarser than ours, and it takes no token of the future
    parts: Iterable[dict[str, Any]] = ({"alg": "none"}, {"sub": subject, "iat": now - 60, "exp": now + seconds})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


def _accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
        return True
    return False


def _acl(grant: Grant) -> CreateAclsRequest:
    pattern = _PREFIXED if grant.name.endswith("*") else _LITERAL
    who, what = f"User:{grant.user}", _OPERATIONS[grant.operation]
    return CreateAclsRequest(_RESOURCES[grant.kind], grant.name.rstrip("*"), pattern, who, "*", what, _ALLOW)


async def _create(url: str, acls: Iterable[CreateAclsRequest]) -> None:
    host, _, port = url.partition(":")
    connection = await create_conn(host, int(port))
    try:
        for acl in acls:
            answer = await connection.send(acl)
            assert all(code == 0 for code, _ in answer.creation_responses), answer
    finally:
        connection.close()
