"""docker-compose.yml and the Dockerfile agree with each other, with the settings and with the embedded services."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.harvest.feeds import FEEDS
from streams.harvest.source import Options
from streams.local.valkey import REDIS_OPTIONS
from streams.ops.diagnosis import check_settings
from streams.serve.hosts import Hosts
from streams.serve.tokens import Token, TokenFile, TokenReader, digest
from streams.settings import PREFIX, Settings
from tests.deploy.environment import harvest_options, settings_of
from tests.deploy.tools import program, run

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text().replace("\\\n", " ")
OWN_SERVERS = ROOT / "deploy" / "compose.worker.yml"
FILES = (ROOT / "docker-compose.yml", OWN_SERVERS)
DIGEST = r"@sha256:[0-9a-f]{64}"
CORE = {"kafka", "redis", "token", "worker", "serve"}
OURS = ("worker", "serve")
HARVESTERS = ("harvest-arxiv", "harvest-crossref", "harvest-semantic-scholar", "harvest-openalex")


def instructions(word: str) -> list[str]:
    return [
        line.removeprefix(word).strip() for line in map(str.strip, DOCKERFILE.splitlines()) if line.startswith(word)
    ]


def image_environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for line in instructions("ENV ") for pair in shlex.split(line))


def settings_in(service: str) -> Settings:
    given = {name: str(value) for name, value in SERVICES[service]["environment"].items()}
    return settings_of(image_environment() | given)  # refuses unknown names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_files_are_valid_compose(pytestconfig: pytest.Config, tmp_path: Path, path: Path) -> None:
    check = program("check-jsonschema", pytestconfig)
    done = run(check, "--builtin-schema", "vendor.compose-spec", path)
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(path.read_text().replace("cap_drop:", "cap_drops:"))
    assert run(check, "--builtin-schema", "vendor.compose-spec", wrong).returncode != 0  # a misspelt name is found


def test_hadolint_has_nothing_against_the_dockerfile(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    lint = program("hadolint", pytestconfig)
    done = run(lint, ROOT / "deploy" / "Dockerfile")
    assert (done.returncode, done.stdout) == (0, "")
    wrong = tmp_path / "Dockerfile"
    wrong.write_text("FROM python\nRUN cd /src && pip install .\n")
    assert run(lint, wrong).returncode != 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_service_is_hardened(path: Path) -> None:
    for name, service in yaml.safe_load(path.read_text())["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["restart"] == ("no" if name == "token" else "unless-stopped"), name
        assert "privileged" not in service
        assert not [key for key in service.get("environment", {}) if key.endswith(("PASSWORD", "TOKEN"))], name
        assert name == "worker" or "healthcheck" in service  # the worker's is the image's own


def test_the_tokens_are_made_once_and_read_by_workers_api_and_prometheus(tmp_path: Path) -> None:
    folder = Path(SERVICES["worker"]["environment"]["STREAMS_HTTP_TOKEN_FILE"]).parent
    for name, mode in {"token": "", "worker": ":ro", "serve": ":ro", "prometheus": ":ro"}.items():
        assert f"token:{folder}{mode}" in SERVICES[name]["volumes"]
    for name in ("worker", "serve", "prometheus"):
        assert SERVICES[name]["depends_on"]["token"] == {"condition": "service_completed_successfully"}
    assert f"/run/{folder.name}" in next(line for line in instructions("RUN ") if line.startswith("useradd"))
    file = SERVICES["token"]["environment"]["STREAMS_SERVE_TOKENS_FILE"]
    assert file == SERVICES["serve"]["environment"]["STREAMS_SERVE_TOKENS_FILE"]

    *shell, text = SERVICES["token"]["entrypoint"]
    command = [*shell, text.replace(str(folder), str(tmp_path))]
    tokens = tmp_path / Path(file).name
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "PYTHONPATH": str(ROOT), "STREAMS_SERVE_TOKENS_FILE": str(tokens)}

    def made() -> tuple[str, str]:
        subprocess.run(command, env=environment, check=True)
        return (tmp_path / "http-token").read_text(), (tmp_path / "serve-token").read_text().strip()

    first = made()
    assert len(first[0]) > 40
    assert made() == first
    assert TokenReader(tokens).find(first[1]) == Token("prometheus", "read", digest(first[1]))
    assert (tmp_path / "serve-token").stat().st_mode & 0o444 == 0o444  # Prometheus is another user

    TokenFile(tokens).create("ada", "curate")
    (tmp_path / "serve-token").write_text("")  # the job was killed before it had written it
    second = made()
    assert (second[0], second[1] != first[1]) == (first[0], True)
    found = TokenReader(tokens)
    assert (found.find(first[1]), found.find(second[1])) == (None, found.named("prometheus"))
    assert found.named("ada") is not None


def test_profiles_add_to_the_core() -> None:
    profiles = {name: service.get("profiles") for name, service in SERVICES.items()}
    assert {name for name, profile in profiles.items() if profile is None} == CORE
    assert {name for name, profile in profiles.items() if profile == ["observability"]} == {
        "prometheus",
        "alertmanager",
        "grafana",
    }
    assert profiles["kafka-ui"] == ["kafka-ui"]
    assert {name: profiles[name] for name in HARVESTERS} == {name: ["harvest", name] for name in HARVESTERS}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_secrets_are_files_that_no_commit_has(path: Path) -> None:
    compose = yaml.safe_load(path.read_text())
    used = [name for service in compose["services"].values() for name in service.get("secrets", [])]
    assert set(used) == set(compose["secrets"])
    for secret in compose["secrets"].values():
        assert "secrets/" in secret["file"]
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def test_a_worker_beside_servers_of_the_users_gets_its_secrets_as_files() -> None:
    (worker,) = yaml.safe_load(OWN_SERVERS.read_text())["services"].values()
    environment = {name: str(value) for name, value in worker["environment"].items()}
    assert {f"STREAMS_{name}" for name in ("KAFKA_SECURITY", "KAFKA_SASL_PASSWORD_FILE", "REDIS_CA_FILE")} <= set(
        environment
    )
    settings_of(environment)
    files = {value.removeprefix("/run/secrets/") for name, value in environment.items() if name.endswith("_FILE")}
    assert files == set(worker["secrets"])


def test_what_observability_mounts_is_in_the_repository() -> None:
    volumes = [volume for service in SERVICES.values() for volume in service.get("volumes", [])]
    mounted = [volume.split(":")[0] for volume in volumes if volume.startswith("./")]
    assert len(mounted) == 3
    missing = [name for name in mounted if not (ROOT / name).exists()]
    if missing and not (ROOT / "deploy" / "grafana").exists():
        pytest.skip("the files of Prometheus and Grafana are not here yet")
    assert missing == []


def test_grafana_finds_prometheus_and_the_dashboards() -> None:
    grafana, configs = SERVICES["grafana"], COMPOSE["configs"]
    assert {entry["source"] for entry in grafana["configs"]} == set(configs)
    (datasource,) = yaml.safe_load(configs["grafana_datasources"]["content"])["datasources"]
    port = SERVICES["prometheus"]["ports"][0].rpartition(":")[2]
    assert datasource["url"] == f"http://prometheus:{port}"
    (provider,) = yaml.safe_load(configs["grafana_dashboards"]["content"])["providers"]
    assert f"./deploy/grafana:{provider['options']['path']}:ro" in grafana["volumes"]


@pytest.mark.skipif("http_token_file" not in Settings.model_fields, reason="this version has no token")
def test_prometheus_sends_the_token() -> None:
    path = ROOT / "deploy" / "prometheus" / "prometheus.yml"
    if not path.exists():
        pytest.skip("the files of Prometheus are not here yet")
    jobs = yaml.safe_load(path.read_text())["scrape_configs"]
    (workers,) = [job for job in jobs if job["job_name"] == "streams"]
    token = SERVICES["worker"]["environment"]["STREAMS_HTTP_TOKEN_FILE"]
    assert workers["authorization"] == {"credentials_file": token}
    (serve,) = [job for job in jobs if job["job_name"] == "streams-serve"]
    assert serve["authorization"] == {"credentials_file": str(Path(token).with_name("serve-token"))}
    assert serve["static_configs"] == [{"targets": [f"serve:{settings_in('serve').serve_port}"]}]
    assert Hosts("0.0.0.0", settings_in("serve").serve_allowed_hosts).allows("serve:6060")  # noqa: S104


@pytest.mark.parametrize("service", OURS)
def test_the_environment_of_our_containers_is_valid_settings(service: str) -> None:
    assert list(check_settings(settings_in(service))) == []
    assert all(name.startswith(PREFIX) for name in SERVICES[service]["environment"])


@pytest.mark.parametrize("service", OURS)
def test_our_containers_are_pointed_to_the_servers_beside_them(service: str) -> None:
    settings = settings_in(service)
    kafka = SERVICES["kafka"]["environment"]
    assert f"INTERNAL://{settings.kafka_url}" in kafka["KAFKA_ADVERTISED_LISTENERS"]
    port = settings.kafka_url.partition(":")[2]
    assert f"INTERNAL://:{port}" in kafka["KAFKA_LISTENERS"]
    assert settings.redis_url == "redis://redis:6379/0"
    assert set(SERVICES[service]["depends_on"]) == {"kafka", "redis", "token"} <= set(SERVICES)
    for name in ("kafka", "redis"):
        assert SERVICES[service]["depends_on"][name] == {"condition": "service_healthy"}
        assert "healthcheck" in SERVICES[name]


@pytest.mark.parametrize("service", HARVESTERS)
def test_harvesters_follow_their_source_with_kafka_alone(service: str) -> None:
    given = {"HARVEST_CONTACT": "you@your-library.example", "HARVEST_FROM": "2026-11-01"}

    def filled(text: object) -> str:
        return re.sub(r"\$\{(\w+):-\}", lambda found: given[found[1]], str(text))

    environment = {name: filled(value) for name, value in SERVICES[service]["environment"].items()}
    settings = settings_of(image_environment() | environment)
    worker = settings_in("worker")
    assert (settings.kafka_url, settings.partitions) == (worker.kafka_url, worker.partitions)
    assert settings.redis_url == ""
    assert settings.harvest_contact == given["HARVEST_CONTACT"]
    command, *words = map(filled, SERVICES[service]["command"])
    parsed = harvest_options(words)
    assert (command, f"harvest-{parsed['source']}", parsed["follow"]) == ("harvest", service, True)
    needs_key = FEEDS[parsed["source"]].needs_key(Options())
    assert [f"/run/secrets/{name}" for name in SERVICES[service].get("secrets", ())] == [
        value for name, value in environment.items() if name.endswith("_KEY_FILE")
    ]
    assert bool(SERVICES[service].get("secrets")) == needs_key
    assert set(SERVICES[service]["depends_on"]) == {"kafka", "token"}
    assert f":{settings.harvest_port}/healthz" in SERVICES[service]["healthcheck"]["test"][-1]
    jobs = yaml.safe_load((ROOT / "deploy" / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    (job,) = [job for job in jobs if job["job_name"] == "streams-harvest"]
    assert job["dns_sd_configs"][0]["names"] == SERVICES[service]["networks"]["default"]["aliases"]
    assert job["dns_sd_configs"][0]["port"] == settings.harvest_port
    assert job["authorization"]["credentials_file"] == environment["STREAMS_HTTP_TOKEN_FILE"]


def test_redis_runs_with_the_options_of_the_embedded_one() -> None:
    words = SERVICES["redis"]["command"][1:]
    assert dict(zip((name.removeprefix("--") for name in words[::2]), words[1::2], strict=True)) == REDIS_OPTIONS


def test_every_listener_of_kafka_has_a_protocol_and_only_the_controller_is_not_advertised() -> None:
    kafka = SERVICES["kafka"]["environment"]
    names = re.findall(r"(\w+)://", kafka["KAFKA_LISTENERS"])
    assert [pair.split(":")[0] for pair in kafka["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")] == names
    advertised = re.findall(r"(\w+)://", kafka["KAFKA_ADVERTISED_LISTENERS"])
    assert set(names) - set(advertised) == {kafka["KAFKA_CONTROLLER_LISTENER_NAMES"]}
    assert kafka["KAFKA_INTER_BROKER_LISTENER_NAME"] in advertised
    assert f":{kafka['KAFKA_CONTROLLER_QUORUM_VOTERS'].rpartition(':')[2]}" in kafka["KAFKA_LISTENERS"]


def test_kafka_and_redis_keep_their_data_in_volumes() -> None:
    assert SERVICES["kafka"]["volumes"] == [f"kafka:{SERVICES['kafka']['environment']['KAFKA_LOG_DIRS']}"]
    assert SERVICES["redis"]["volumes"] == ["redis:/data"]
    assert set(COMPOSE["volumes"]) == {"kafka", "redis", "token", "serve", "prometheus", "alertmanager", "grafana"}


def test_the_api_keeps_its_review_queue_in_a_volume_that_its_user_may_write() -> None:
    data = settings_in("serve").serve_data
    assert f"serve:{data}" in SERVICES["serve"]["volumes"]
    (made,) = [line for line in instructions("RUN ") if "install --directory" in line]
    assert data in made.split()


def test_nothing_is_published_beyond_loopback_and_workers_can_be_scaled() -> None:
    for service in SERVICES.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        assert "container_name" not in service
    # An empty host port means any free one, so that three workers do not want the same.
    assert SERVICES["worker"]["ports"] == [f"127.0.0.1::{settings_in('worker').http_port}"]
    assert SERVICES["serve"]["ports"] == [f"127.0.0.1:${{SERVE_PORT:-6060}}:{settings_in('serve').serve_port}"]


def test_images_are_pinned_by_version_and_digest() -> None:
    for name in set(SERVICES) - {"token", *OURS, *HARVESTERS}:
        assert re.fullmatch(rf"[a-z./-]+:v?\d+\.\d+\.\d+{DIGEST}", SERVICES[name]["image"]), name
    build, final = instructions("FROM ")
    assert re.fullmatch(rf"python:3\.\d+-slim-\w+{DIGEST}", final)
    assert build == f"{final} AS build"


def test_kafka_is_the_one_that_the_tests_run_on() -> None:
    (version,) = re.findall(r"<kafka.version>([\d.]+)<", (ROOT / "tests" / "kafka" / "pom.xml").read_text())
    assert SERVICES["kafka"]["image"].partition("@")[0] == f"apache/kafka:{version}"


def test_the_image_serves_outside_the_container_as_an_ordinary_user() -> None:
    settings = settings_in("worker")
    assert settings.http_host == settings.serve_host == "0.0.0.0"  # noqa: S104
    assert instructions("EXPOSE ") == [f"{settings.http_port} {settings.serve_port}"]
    assert instructions("USER ") == ["10001:10001"]
    assert instructions("ENTRYPOINT ") == ['["streams"]']
    assert instructions("CMD ") == ['["worker"]']


def test_the_build_context_holds_what_is_copied_and_no_more() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    allowed = {line[1:] for line in lines if line.startswith("!")}
    copied = {
        source.removeprefix("./")
        for line in instructions("COPY ")
        if not line.startswith("--from")
        for source in line.split()[:-1]
    }
    assert lines[0] == "*"
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)


def of_the_image() -> str:
    """Return the program that asks a worker whether it is live."""
    (line,) = [line for line in DOCKERFILE.splitlines() if line.startswith("HEALTHCHECK")]
    return str(yaml.safe_load(line.partition("CMD")[2])[-1])


def of_serve() -> str:
    """Return the program that asks the API, at the port that the environment names to a worker's."""
    port = str(settings_in("serve").serve_port)
    program: str = SERVICES["serve"]["healthcheck"]["test"][-1]
    assert f"127.0.0.1:{port}/" in program
    return "import os; port = os.environ['STREAMS_HTTP_PORT']; " + program.replace(f":{port}/", ":' + port + '/")


@pytest.mark.parametrize("program", [of_the_image(), of_serve()], ids=["image", "serve"])
@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_a_health_check_tells_life_from_death(program: str, status: int, code: int) -> None:

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        environment = {"STREAMS_HTTP_PORT": str(server.server_port)}
        ended = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=False)
    assert ended.returncode == code
