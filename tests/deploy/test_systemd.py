"""The systemd units: what systemd itself says of them, offline, and that they agree with the settings and with each other."""

from __future__ import annotations

import configparser
import shutil
from pathlib import Path

import pytest

from streams.ops.diagnosis import check_settings
from streams.settings import Settings
from tests.deploy.environment import SECURITY, harvest_options, settings_of
from tests.deploy.tools import program, run

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "systemd"
WORKERS = ("streams-worker.service", "streams-worker@.service")
SERVE = "streams-serve.service"
HARVEST = "streams-harvest@.service"
UNITS = (*WORKERS, SERVE, HARVEST)
DROPINS = ("secrets.conf", "tokens.conf", "webhooks.conf", "harvest-keys.conf")
COMMANDS = {SERVE: "serve", HARVEST: "harvest ${HARVEST_SOURCE} --follow $HARVEST_OPTIONS"}
PROGRAM = "/opt/streams/bin/streams"
EXPOSURE = 25
"""The most that `systemd-analyze security` may find, of 100."""


def lines(name: str) -> list[str]:
    return [line for line in (FOLDER / name).read_text().splitlines() if line and not line.startswith("#")]


def service(name: str) -> dict[str, str]:
    """Return the section [Service]; of a directive that comes twice, the last."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(FOLDER / name)
    return dict(parser["Service"])


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Copy the units as they are installed, with a program that exists where theirs may not."""
    for name in UNITS:
        text = (FOLDER / name).read_text()
        assert f"ExecStart={PROGRAM} {COMMANDS.get(name, 'worker')}\n" in text
        (tmp_path / name).write_text(text.replace(PROGRAM, "/bin/true"))
        dropin = tmp_path / f"{name}.d"
        dropin.mkdir()
        for conf in DROPINS:
            shutil.copy(FOLDER / conf, dropin)
    return tmp_path


@pytest.mark.parametrize("name", UNITS)
def test_systemd_understands_every_line(pytestconfig: pytest.Config, installed: Path, name: str) -> None:
    analyze = program("systemd-analyze", pytestconfig)
    instance = installed / name.replace("@.", "@6066.")
    if not instance.exists():
        shutil.copy(installed / name, instance)
    done = run(analyze, "verify", instance)
    assert (done.returncode, done.stdout) == (0, "")
    instance.write_text(instance.read_text().replace("DynamicUser=", "DynamicUsr="))
    assert "DynamicUsr" in run(analyze, "verify", instance).stdout  # a misspelt name is found


@pytest.mark.parametrize("name", UNITS)
def test_a_process_is_exposed_to_little(pytestconfig: pytest.Config, installed: Path, name: str) -> None:
    analyze = program("systemd-analyze", pytestconfig)
    done = run(analyze, "security", "--offline=yes", f"--threshold={EXPOSURE}", "--no-pager", installed / name)
    assert done.returncode == 0, done.stdout
    bare = installed / "bare.service"
    bare.write_text("[Service]\nExecStart=/bin/true\n")
    assert run(analyze, "security", "--offline=yes", f"--threshold={EXPOSURE}", "--no-pager", bare).returncode != 0


def test_the_instances_differ_by_their_port_alone() -> None:
    one, several = map(lines, WORKERS)
    assert [line for line in several if line not in one] == [
        "Description=Streams worker %i: deduplicates scholarly records from Kafka",
        "Environment=STREAMS_HTTP_PORT=%i",
    ]
    assert len(several) == len(one) + 1
    # A file outranks a directive.
    assert not [line for line in lines("streams.env") if line.startswith("STREAMS_HTTP_PORT")]


def test_a_worker_is_started_again_and_stopped_as_documented() -> None:
    found = service(WORKERS[0])
    assert (found["DynamicUser"], found["Restart"], found["TimeoutStopSec"]) == ("yes", "on-failure", "30")
    assert found["KillMode"] == "mixed"  # the worker ends its child itself
    assert found["RestartPreventExitStatus"] == "2"  # what wrong settings end with
    assert found["EnvironmentFile"] == "/etc/streams/streams.env"


def test_the_api_is_hardened_as_a_worker_is() -> None:
    worker, serve = lines(WORKERS[0]), lines(SERVE)
    assert [line for line in serve if line not in worker] == [
        "Description=Streams API: answers questions about clusters of scholarly records",
        f"ExecStart={PROGRAM} serve",
        "TimeoutStopSec=15",
        "StateDirectory=streams-serve",
        "Environment=STREAMS_SERVE_DATA=%S/streams-serve",
    ]
    assert len(serve) == len(worker) + 2
    # On loopback unless a file says otherwise, so that the unit starts without tokens.
    assert not [line for line in lines("streams.env") if line.startswith("STREAMS_SERVE_")]


def test_a_harvester_is_hardened_as_a_worker_is_and_asks_a_source_that_fails_again_after_a_minute() -> None:
    worker, harvester = lines(WORKERS[0]), lines(HARVEST)
    assert [line for line in harvester if line not in worker] == [
        "Description=Streams harvester %i: publishes scholarly records to Kafka",
        f"ExecStart={PROGRAM} {COMMANDS[HARVEST]}",
        "Environment=HARVEST_SOURCE=%i",
        "EnvironmentFile=/etc/streams/harvest-%i.env",
        "RestartSec=60",
        "TimeoutStopSec=15",
    ]
    assert len(harvester) == len(worker) + 2


def test_the_environment_of_a_harvester_is_valid_settings_and_options() -> None:
    given = dict(line.split("=", 1) for line in (*lines("streams.env"), *lines("harvest.env")))
    settings = settings_of(given)
    assert settings.harvest_contact
    assert settings.harvest_port == Settings().harvest_port
    parsed = harvest_options(["arxiv", "--follow", *given["HARVEST_OPTIONS"].split()])
    assert (parsed["since"], parsed["follow"]) == ("2026-11-01", True)


def test_the_environment_is_valid_settings() -> None:
    settings = settings_of(dict(line.split("=", 1) for line in lines("streams.env")))
    assert list(check_settings(settings)) == []


@pytest.mark.parametrize("name", DROPINS)
def test_secrets_are_credentials_that_the_settings_name(name: str) -> None:
    found = lines(name)
    credentials = {line.split("=", 1)[1].split(":")[0] for line in found if line.startswith("LoadCredential=")}
    given = dict(
        pair.split("=", 1)
        for line in found
        if line.startswith("Environment=")
        for pair in line.removeprefix("Environment=").split()
    )
    assert set(given) <= SECURITY
    files = {name: value for name, value in given.items() if name.endswith("_FILE")}
    assert {value.removeprefix("%d/") for value in files.values()} == credentials
    assert not [name for name in given if name.endswith("PASSWORD")]
