"""What the image carries and how it runs: its environment, made by the steps of the Dockerfile, on a read-only file system.

No container engine is needed: bubblewrap gives the worker a root that nobody can write, an empty /tmp and the image's user.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import runpy
import signal
import subprocess
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streams.local.broker import free_port
from streams.local.valkey import Valkey
from streams.serve.tokens import TokenFile
from tests.brokers import AnyBroker
from tests.deploy.tools import program, run
from tests.system.processes import metric, wait_for

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PAYLOADS = """\
{"id": "1", "title": "Coral growth in warm seas", "authors": ["Ada Reef", "Bo Shoal"], "year": 2021}
{"id": "2", "title": "Coral growth in warm seas", "authors": ["Reef, A.", "Shoal, B."], "year": 2021}
"""


@pytest.fixture(scope="session")
def image(pytestconfig: pytest.Config) -> Path:
    """The environment of the image."""
    given = pytestconfig.getoption("--image-environment", default=None)
    if given:
        return Path(given).resolve()
    if pytestconfig.getoption("--require-tools", default=False):
        pytest.fail("--image-environment is not given")
    pytest.skip("`make check-deploy` makes the environment of the image")


@pytest.fixture(scope="session")
def locked() -> dict[str, str]:
    """Return the versions in the lock, but for packages of other systems."""
    lock = (ROOT / "deploy" / "requirements.lock").read_text()
    found = re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^ \n]+)( ; sys_platform == 'win32')?", lock, re.MULTILINE)
    return {name: version for name, version, windows in found if not windows}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="session")
def sbom(pytestconfig: pytest.Config, image: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Make the bill of materials as `make sbom` does; the tool validates it against the schema of CycloneDX."""
    path = tmp_path_factory.mktemp("sbom") / "streams.cdx.json"
    options = ["--gather-license-texts", "--pyproject", ROOT / "pyproject.toml", "--output-reproducible"]
    options += ["--validate", "--output-file", path]
    done = run(program("cyclonedx-py", pytestconfig), "environment", *options, image / "bin" / "python")
    assert done.returncode == 0, done.stdout
    return dict(json.loads(path.read_text()))


def components(sbom: dict[str, object]) -> list[dict[str, str]]:
    found = sbom["components"]
    assert isinstance(found, list)
    return found


def test_the_bill_of_materials_is_the_lock(sbom: dict[str, object], locked: dict[str, str]) -> None:
    found = {normal(component["name"]): component["version"] for component in components(sbom)}
    assert found.pop(PROJECT["name"], PROJECT["version"]) == PROJECT["version"]
    assert found == locked


def test_every_component_names_its_licence_and_what_it_needs(sbom: dict[str, object]) -> None:
    assert [component["name"] for component in components(sbom) if not component.get("licenses")] == []
    dependencies = sbom["dependencies"]
    assert isinstance(dependencies, list)
    (root,) = [entry["dependsOn"] for entry in dependencies if entry["ref"] == "root-component"]
    extras = PROJECT["optional-dependencies"]
    assert len(root) == len([*PROJECT["dependencies"], *extras["serve"], *extras["harvest"]])


def test_the_image_has_no_installer_and_no_embedded_server(sbom: dict[str, object], image: Path) -> None:
    names = {normal(component["name"]) for component in components(sbom)}
    embedded = {re.split("[=<>]", requirement)[0] for requirement in PROJECT["optional-dependencies"]["embedded"]}
    assert not names & {"pip", "setuptools", *embedded}
    assert not [path for path in (image / "bin").iterdir() if "server" in path.name or "pip" in path.name]


def test_the_modules_that_are_named_are_compiled(image: Path) -> None:
    done = run(image / "bin" / "streams", "--version")
    compiled = runpy.run_path(str(ROOT / "setup.py"), run_name="setup")["compiled_modules"]()
    assert f"compiled modules: {len(compiled)}" in done.stdout.splitlines()


class Sandbox:
    """A process as the container starts it: no file system but /tmp to write to, and the user of the image."""

    def __init__(self, bwrap: str, image: Path, socket: Path, settings: dict[str, str], *more: Path) -> None:
        self._base = [bwrap, "--unshare-user", "--uid", "10001", "--gid", "10001", "--die-with-parent"]
        self._base += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--chdir", "/tmp"]  # noqa: S108
        for folder in (socket, image, *more):  # they may be in the /tmp of the machine, which is out of sight
            self._base += ["--ro-bind", str(folder), str(folder)]
        path = f"{image / 'bin'}:/usr/bin:/bin"
        variables = {"PATH": path, "HOME": "/tmp", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}  # noqa: S108
        self.environment = variables | settings

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._base, *command], env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )

    @contextlib.contextmanager
    def start(self, *command: str) -> Iterator[subprocess.Popen[str]]:
        process = subprocess.Popen(
            [*self._base, *command],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def descendants(pid: int) -> Iterator[int]:
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield int(child)
            yield from descendants(int(child))


def process_of(process: subprocess.Popen[str], command: str) -> int:
    """Return the pid of `streams <command>` in the sandbox, 0 where there is none yet."""
    for pid in descendants(process.pid):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").endswith(f"streams\0{command}"):
                return pid
    return 0


def answer(port: int, path: str, token: str = "") -> bytes:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=2) as response:  # noqa: S310 - on loopback
            return bytes(response.read())
    except (urllib.error.URLError, OSError):
        return b""


@pytest.mark.system
@pytest.mark.any_broker
def test_a_worker_needs_no_file_system_but_tmp_and_leaves_it_empty(
    pytestconfig: pytest.Config,
    image: Path,
    valkey: Valkey,
    new_broker: Callable[..., AnyBroker],
    tmp_path: Path,
) -> None:
    bwrap = program("bwrap", pytestconfig)
    broker, port = new_broker(), free_port()
    settings = {
        "STREAMS_KAFKA_URL": broker.url,
        "STREAMS_REDIS_URL": valkey.url,
        "STREAMS_NAMESPACE": f"image{os.getpid()}",
        "STREAMS_HTTP_PORT": str(port),
    }
    socket = Path(valkey.url.removeprefix("unix://")).parent
    sandbox = Sandbox(bwrap, image, socket, settings)
    assert "Read-only file system" in sandbox.run("touch", str(image / "bin" / "new")).stderr
    payloads = tmp_path / "payloads.jsonl"
    payloads.write_text(PAYLOADS)
    with sandbox.start("streams", "worker") as process:
        wait_for(lambda: b'"ready":true' in answer(port, "/readyz"), "the worker is ready", 60)
        send = [str(image / "bin" / "streams"), "send", "--source", "document", str(payloads)]
        subprocess.run(send, env=sandbox.environment, check=True, capture_output=True)
        wait_for(
            lambda: metric(answer(port, "/metrics"), "streams_parsed_records_total") == 2, "both records are handled"
        )
        worker = process_of(process, "worker")
        assert worker
        mounted = {path.parts[2] for path in (socket, image) if path.is_relative_to("/tmp")}  # noqa: S108
        assert {path.name for path in Path(f"/proc/{worker}/root/tmp").iterdir()} == mounted
        os.kill(worker, signal.SIGTERM)
        began = time.monotonic()
        output, _ = process.communicate(timeout=40)
        assert time.monotonic() - began < 30
        assert process.returncode == 0, output


@pytest.mark.system
@pytest.mark.any_broker
def test_the_api_runs_there_with_the_tokens_of_its_file(
    pytestconfig: pytest.Config,
    image: Path,
    valkey: Valkey,
    new_broker: Callable[..., AnyBroker],
    tmp_path: Path,
) -> None:
    port = free_port()
    tokens = tmp_path / "tokens"
    token = TokenFile(tokens).create("prometheus", "read")
    settings = {
        "STREAMS_KAFKA_URL": new_broker().url,
        "STREAMS_REDIS_URL": valkey.url,
        "STREAMS_NAMESPACE": f"image{os.getpid()}",
        "STREAMS_SERVE_HOST": "0.0.0.0",  # noqa: S104 - as in the image
        "STREAMS_SERVE_PORT": str(port),
    }
    socket = Path(valkey.url.removeprefix("unix://")).parent
    bwrap = program("bwrap", pytestconfig)
    refused = Sandbox(bwrap, image, socket, settings).run("streams", "serve")
    assert (refused.returncode, "STREAMS_SERVE_TOKENS_FILE" in refused.stderr) == (2, True), refused.stderr
    sandbox = Sandbox(bwrap, image, socket, settings | {"STREAMS_SERVE_TOKENS_FILE": str(tokens)}, tmp_path)
    with sandbox.start("streams", "serve") as process:
        wait_for(lambda: answer(port, "/readyz"), "the API is ready", 60)
        assert answer(port, "/metrics") == b""
        assert b"streams_serve_build_info" in answer(port, "/metrics", token)
        serve = process_of(process, "serve")
        assert serve
        mounted = {path.parts[2] for path in (socket, image, tmp_path) if path.is_relative_to("/tmp")}  # noqa: S108
        assert {path.name for path in Path(f"/proc/{serve}/root/tmp").iterdir()} == mounted
        os.kill(serve, signal.SIGTERM)
        output, _ = process.communicate(timeout=15)
        assert process.returncode == 0, output
    assert token not in output


@pytest.mark.parametrize("command", ["doctor", "--help"])
def test_other_commands_run_there_as_well(
    pytestconfig: pytest.Config, image: Path, valkey: Valkey, command: str
) -> None:
    settings = {"STREAMS_KAFKA_URL": f"127.0.0.1:{free_port()}", "STREAMS_REDIS_URL": valkey.url}
    folder = Path(valkey.url.removeprefix("unix://")).parent
    done = Sandbox(program("bwrap", pytestconfig), image, folder, settings).run("streams", command)
    assert done.returncode == (1 if command == "doctor" else 0), done.stderr  # no Kafka, which doctor says
    assert "Traceback" not in done.stderr
    assert "streams" in (done.stdout + done.stderr).lower()
