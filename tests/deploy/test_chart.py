"""The Helm chart: rendered with several values files, valid for Kubernetes, safe by default, and in step with the code."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from streams.kafka.topics import input_topics
from streams.serve.guards import PROBES
from streams.serve.hosts import Hosts
from streams.settings import Settings
from tests.deploy.environment import SECURITY, harvest_options, settings_of
from tests.deploy.tools import package, program, run

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "streams"
VALUES = {path.name.removesuffix("-values.yaml"): path for path in sorted((CHART / "ci").glob("*-values.yaml"))}
CRDS = {path.stem: json.loads(path.read_text()) for path in (ROOT / "tests" / "deploy" / "crds").glob("*.json")}
KUBERNETES = "1.37"
RELEASE, NAMESPACE = "streams", "papers"
WITH_RULES = pytest.mark.skipif(
    not list((ROOT / "deploy" / "prometheus").glob("*.rules.yml")), reason="deploy/prometheus has no rules yet"
)
GROUPS = """\
groups:
  - name: streams
    rules:
      - alert: StreamsNotReady
        expr: streams_ready == 0
        for: 15m
        labels: { severity: ticket }
        annotations: { summary: "{{ $labels.instance }} is not ready" }
"""

Manifest = dict[str, Any]


def values_of(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load(VALUES[name].read_text()))


@pytest.fixture(scope="session")
def helm(pytestconfig: pytest.Config) -> Any:
    return package("helm_python", pytestconfig)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the chart, with a rules file of the tests' own in place of those of deploy/prometheus."""
    copy = tmp_path_factory.mktemp("chart") / "streams"
    shutil.copytree(CHART, copy, ignore=shutil.ignore_patterns("prometheus"))
    (copy / "prometheus").mkdir()
    (copy / "prometheus" / "streams.rules.yml").write_text(GROUPS)
    return copy


@pytest.fixture(scope="session")
def chart(helm: Any, folder: Path) -> Iterator[Any]:
    with helm.Chart.load(folder) as loaded:
        yield loaded


def render(chart: Any, values: Mapping[str, Any], kind: str = "") -> list[Manifest]:
    """Return what the chart makes of `values`; of one kind where it is named."""
    chart.validate_schema(values)
    files = chart.render(values, name=RELEASE, namespace=NAMESPACE)
    manifests = [
        manifest
        for name, text in files.items()
        if name.endswith(".yaml")
        for manifest in yaml.safe_load_all(text)
        if manifest
    ]
    return [manifest for manifest in manifests if kind in ("", manifest["kind"])]


def one(chart: Any, values: Mapping[str, Any], kind: str) -> Manifest:
    (manifest,) = render(chart, values, kind)
    return manifest


def pods(manifests: list[Manifest]) -> list[Manifest]:
    """Return the pods and the templates of pods: metadata and spec."""
    deployments = [manifest["spec"]["template"] for manifest in manifests if manifest["kind"] == "Deployment"]
    return deployments + [manifest for manifest in manifests if manifest["kind"] == "Pod"]


def container(pod: Manifest) -> dict[str, Any]:
    (only,) = pod["spec"]["containers"]
    return dict(only)


def environment(pod: Manifest) -> dict[str, Any]:
    return {entry["name"]: entry.get("value") for entry in container(pod)["env"]}


def test_the_chart_is_of_this_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.mark.parametrize("name", VALUES)
def test_helm_finds_nothing_to_complain_about(helm: Any, folder: Path, name: str) -> None:
    report = helm.lint(folder, values_of(name), strict=True)
    assert report["errors"] == []
    assert [message for message in report["messages"] if message["severity"] > 1] == []


@pytest.mark.parametrize("name", VALUES)
def test_kubernetes_accepts_what_is_rendered(
    pytestconfig: pytest.Config, chart: Any, tmp_path: Path, name: str
) -> None:
    validate = program("kubernetes-validate", pytestconfig)
    manifests = render(chart, values_of(name))
    of_kubernetes = [manifest for manifest in manifests if manifest["kind"] not in CRDS]
    assert {"Deployment", "Service", "NetworkPolicy", "PodDisruptionBudget", "Pod"} <= {
        m["kind"] for m in of_kubernetes
    }
    rendered = tmp_path / "rendered.yaml"
    rendered.write_text(yaml.safe_dump_all(of_kubernetes))
    done = run(validate, "--strict", "-k", KUBERNETES, rendered)
    assert done.returncode == 0, done.stdout
    of_kubernetes[0]["spec"]["podSelectr"] = {}
    rendered.write_text(yaml.safe_dump_all(of_kubernetes))
    assert run(validate, "--strict", "-k", KUBERNETES, rendered).returncode != 0  # a misspelt name is found


@pytest.mark.parametrize("name", VALUES)
def test_the_operators_accept_what_is_rendered_for_them(chart: Any, name: str) -> None:
    manifests = [manifest for manifest in render(chart, values_of(name)) if manifest["kind"] in CRDS]
    for manifest in manifests:
        jsonschema.validate(manifest, CRDS[manifest["kind"]])
    expected = {"scaled": set(CRDS), "harvest": {"ServiceMonitor"}}
    assert {manifest["kind"] for manifest in manifests} == expected.get(name, set())


@pytest.mark.parametrize("name", VALUES)
def test_no_pod_has_more_rights_than_it_needs(chart: Any, name: str) -> None:
    manifests = render(chart, values_of(name))
    for pod in pods(manifests):
        spec, only = pod["spec"], container(pod)
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False  # STREAMS_PORT and the like are no settings
        assert spec["securityContext"] == {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "runAsGroup": 10001,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert only["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"memory"} <= set(only["resources"]["limits"])
        writable = {mount["mountPath"] for mount in only["volumeMounts"] if not mount.get("readOnly")}
        data = environment(pod).get("STREAMS_SERVE_DATA")
        assert writable == {"/tmp"} | ({data} if data else set())  # noqa: S108
        assert bool(data) == (only["name"] == "serve")
    for account in (manifest for manifest in manifests if manifest["kind"] == "ServiceAccount"):
        assert account["automountServiceAccountToken"] is False
    assert not [manifest for manifest in manifests if manifest["kind"] == "Secret"]


@pytest.mark.parametrize("name", VALUES)
def test_the_environment_of_every_pod_is_valid_settings(chart: Any, name: str) -> None:
    for pod in pods(render(chart, values_of(name))):
        settings = settings_of({field: value for field, value in environment(pod).items() if value is not None})
        assert settings.kafka_url == values_of(name)["kafka"]["bootstrapServers"]


def test_passwords_and_keys_are_files_from_secrets(chart: Any) -> None:
    for pod in pods(render(chart, values_of("secured"))):
        files = {field: path for field, path in environment(pod).items() if field.endswith("_FILE")}
        assert set(files) == {field for field in SECURITY if field.endswith("_FILE")} - {
            "STREAMS_KAFKA_CERT_FILE",
            "STREAMS_KAFKA_KEY_FILE",
            "STREAMS_SERVE_TOKENS_FILE",
            "STREAMS_SERVE_SESSION_KEY_FILE",
            "STREAMS_WEBHOOKS_FILE",
            "STREAMS_SEMANTIC_SCHOLAR_KEY_FILE",
            "STREAMS_OPENALEX_KEY_FILE",
        }
        mounts = {mount["mountPath"]: mount["name"] for mount in container(pod)["volumeMounts"]}
        volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        for path in files.values():
            folder, _, file = path.rpartition("/")
            assert file in {item["path"] for item in volumes[mounts[folder]]["secret"]["items"]}
        assert volumes["redis-password"]["secret"]["secretName"] == "redis-credentials"


def test_a_whole_redis_url_comes_from_its_secret(chart: Any) -> None:
    (pod, *_) = pods(render(chart, values_of("scaled")))
    (entry,) = [entry for entry in container(pod)["env"] if entry["name"] == "STREAMS_REDIS_URL"]
    assert entry["valueFrom"] == {"secretKeyRef": {"name": "redis", "key": "url"}}


def test_a_worker_is_probed_and_stopped_as_documented(chart: Any) -> None:
    (worker,) = render(chart, values_of("plain"), "Deployment")
    spec, only = worker["spec"]["template"]["spec"], container(worker["spec"]["template"])
    assert only["args"] == ["worker"]
    paths = {probe: only[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "liveness", "readiness")}
    assert paths == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
    (port,) = only["ports"]
    assert str(port["containerPort"]) == environment(worker["spec"]["template"])["STREAMS_HTTP_PORT"] == "6066"
    assert spec["terminationGracePeriodSeconds"] > 30
    assert worker["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}


def serve_of(chart: Any, name: str) -> Manifest:
    """Return the Deployment of the API."""
    (found,) = [
        each for each in render(chart, values_of(name), "Deployment") if each["metadata"]["name"].endswith("-serve")
    ]
    return found


def test_serve_is_off_until_it_is_switched_on(chart: Any) -> None:
    assert len(render(chart, values_of("plain"), "Deployment")) == 1
    commands = {tuple(container(pod)["args"]) for pod in pods(render(chart, values_of("serve")))}
    assert commands == {("worker",), ("serve",), ("doctor",)}
    ports = {
        port["port"] for service in render(chart, values_of("serve"), "Service") for port in service["spec"]["ports"]
    }
    assert ports == {6060, 6066}


def test_serve_is_probed_and_reached_at_its_own_port(chart: Any) -> None:
    pod = serve_of(chart, "serve")["spec"]["template"]
    only, given = container(pod), environment(pod)
    assert "STREAMS_HTTP_PORT" not in given
    assert given["STREAMS_SERVE_HOST"] == "0.0.0.0"  # noqa: S104
    (port,) = only["ports"]
    assert str(port["containerPort"]) == given["STREAMS_SERVE_PORT"] == "6060"
    probes = {probe: only[f"{probe}Probe"]["httpGet"] for probe in ("startup", "liveness", "readiness")}
    assert {probe: get["path"] for probe, get in probes.items()} == {
        "startup": "/healthz",
        "liveness": "/healthz",
        "readiness": "/readyz",
    }
    assert {get["port"] for get in probes.values()} == {port["name"]}
    assert set(PROBES) >= {get["path"] for get in probes.values()}  # answered without a token, by any name
    services = render(chart, values_of("serve"), "Service")
    (service,) = [each for each in services if each["metadata"]["name"].endswith("-serve")]
    name = service["metadata"]["name"]
    hosts = Hosts(given["STREAMS_SERVE_HOST"], given["STREAMS_SERVE_ALLOWED_HOSTS"])
    reached = [f"{name}:6060", f"{name}.{NAMESPACE}:6060", f"{name}.{NAMESPACE}.svc.cluster.local:6060"]
    assert all(hosts.allows(host) for host in [*reached, "dedup.example.org", "dedup.example.org:8443"])
    assert not hosts.allows("elsewhere.example.org")


def test_serve_reads_tokens_and_the_key_of_sessions_from_secrets(chart: Any) -> None:
    for name, secrets in {
        "serve": {"streams-tokens": "tokens", "streams-session-key": "key"},
        "scaled": {"streams-tokens": "file"},
    }.items():
        pod = serve_of(chart, name)["spec"]["template"]
        given = environment(pod)
        mounts = {mount["mountPath"]: mount for mount in container(pod)["volumeMounts"]}
        volumes = {volume["name"]: volume.get("secret") for volume in pod["spec"]["volumes"]}
        files = [given.get(f"STREAMS_SERVE_{file}_FILE") for file in ("TOKENS", "SESSION_KEY")]
        found = {}
        for path in filter(None, files):
            folder, _, file = path.rpartition("/")
            assert "subPath" not in mounts[folder]  # Kubernetes never renews one
            secret = volumes[mounts[folder]["name"]]
            assert secret["defaultMode"] & 0o002 == 0  # a file of tokens that all may write is refused
            (item,) = secret["items"]
            assert item["path"] == file
            found[secret["secretName"]] = item["key"]
        assert found == secrets


def test_serve_reads_the_endpoints_of_webhooks_from_a_secret_and_may_reach_them(chart: Any) -> None:
    pod = serve_of(chart, "serve")["spec"]["template"]
    folder, _, file = environment(pod)["STREAMS_WEBHOOKS_FILE"].rpartition("/")
    mounts = {mount["mountPath"]: mount["name"] for mount in container(pod)["volumeMounts"]}
    (volume,) = [each["secret"] for each in pod["spec"]["volumes"] if each["name"] == mounts[folder]]
    assert (volume["secretName"], file) == ("streams-webhooks", "webhooks.toml")
    assert "items" not in volume  # the secrets of the endpoints are beside it
    policies = {each["metadata"]["name"]: each for each in render(chart, values_of("serve"), "NetworkPolicy")}
    assert policies["streams-dedup-serve"]["spec"]["egress"][-1]["ports"] == [{"protocol": "TCP", "port": 443}]
    assert len(policies["streams-dedup-worker"]["spec"]["egress"]) == 3
    without = serve_of(chart, "scaled")["spec"]["template"]
    assert "STREAMS_WEBHOOKS_FILE" not in environment(without)
    assert "webhooks" not in {volume["name"] for volume in without["spec"]["volumes"]}


def test_a_drain_waits_for_the_api_only_where_there_are_several(chart: Any) -> None:
    def budgets(name: str) -> set[str]:
        return {each["metadata"]["name"] for each in render(chart, values_of(name), "PodDisruptionBudget")}

    assert budgets("scaled") == {"streams-worker"}
    assert budgets("serve") == {"streams-dedup-worker", "streams-dedup-serve"}


def test_clients_of_the_api_are_let_in_there_alone(chart: Any) -> None:
    policies = {each["metadata"]["name"]: each for each in render(chart, values_of("serve"), "NetworkPolicy")}
    policy = values_of("serve")["networkPolicy"]
    (worker,) = policies["streams-dedup-worker"]["spec"]["ingress"]
    (serve,) = policies["streams-dedup-serve"]["spec"]["ingress"]
    assert worker["from"] == policy["metricsFrom"]
    assert serve["from"] == policy["metricsFrom"] + policy["serveFrom"]
    ports = container(serve_of(chart, "serve")["spec"]["template"])["ports"]
    assert [port["port"] for port in serve["ports"]] == [port["name"] for port in ports]


def test_prometheus_scrapes_the_api_as_a_job_of_its_own_with_its_own_token(chart: Any) -> None:
    monitors = {each["metadata"]["name"]: each["spec"] for each in render(chart, values_of("scaled"), "ServiceMonitor")}
    assert set(monitors) == {"streams", "streams-serve"}
    (endpoint,) = monitors["streams-serve"]["endpoints"]
    assert endpoint["relabelings"] == [{"targetLabel": "job", "replacement": "streams-serve"}]
    assert endpoint["authorization"]["credentials"] == {"name": "prometheus-for-streams", "key": "token"}
    (workers,) = monitors["streams"]["endpoints"]
    assert workers["authorization"]["credentials"]["name"] == "streams-http"
    alone = values_of("scaled")
    del alone["serve"]
    assert len(render(chart, alone, "ServiceMonitor")) == 1


def test_each_feed_has_a_harvester_of_its_own_that_reaches_its_source_and_no_redis(chart: Any) -> None:
    feeds = {feed["name"]: feed for feed in values_of("harvest")["harvest"]["feeds"]}
    deployments = {
        each["metadata"]["name"].removeprefix("streams-harvest-"): each
        for each in render(chart, values_of("harvest"), "Deployment")
        if "-harvest-" in each["metadata"]["name"]
    }
    assert set(deployments) == set(feeds)
    for name, deployment in deployments.items():
        assert (deployment["spec"]["replicas"], deployment["spec"]["strategy"]) == (1, {"type": "Recreate"})
        pod = deployment["spec"]["template"]
        only, given = container(pod), environment(pod)
        parsed = harvest_options(only["args"][1:])
        assert (only["args"][0], parsed["source"]) == ("harvest", feeds[name]["source"])
        assert parsed["follow"] is True
        assert not [field for field in given if "REDIS" in field]
        assert "redis-password" not in {volume["name"] for volume in pod["spec"]["volumes"]}
        assert given["STREAMS_HARVEST_CONTACT"] == "you@your-library.example"
        assert [str(port["containerPort"]) for port in only["ports"]] == [given["STREAMS_HARVEST_PORT"]]
        key = feeds[name].get("keySecret")
        files = [field for field in given if field.endswith("_KEY_FILE")]
        assert files == ([f"STREAMS_{feeds[name]['source'].upper().replace('-', '_')}_KEY_FILE"] if key else [])
        if key:
            folder, _, file = given[files[0]].rpartition("/")
            mounts = {mount["mountPath"]: mount["name"] for mount in only["volumeMounts"]}
            (volume,) = [each["secret"] for each in pod["spec"]["volumes"] if each["name"] == mounts[folder]]
            assert volume["secretName"] == key["name"]
            assert volume["items"] == [{"key": key.get("key", "key"), "path": file}]
    policies = {each["metadata"]["name"]: each for each in render(chart, values_of("harvest"), "NetworkPolicy")}
    egress = policies["streams-harvest-arxiv"]["spec"]["egress"]
    assert [[port["port"] for port in rule["ports"]] for rule in egress] == [[53, 53], [9093], [443]]
    assert len(policies) == 1 + len(feeds)


def test_prometheus_scrapes_harvesters_as_one_job(chart: Any) -> None:
    monitors = [
        each["spec"]
        for each in render(chart, values_of("harvest"), "ServiceMonitor")
        if "-harvest-" in each["metadata"]["name"]
    ]
    assert len(monitors) == len(values_of("harvest")["harvest"]["feeds"])
    for monitor in monitors:
        (endpoint,) = monitor["endpoints"]
        assert endpoint["relabelings"] == [{"targetLabel": "job", "replacement": "streams-harvest"}]
        assert endpoint["authorization"]["credentials"] == {"name": "streams-http", "key": "token"}


@pytest.mark.parametrize("name", VALUES)
def test_everything_that_selects_pods_selects_the_right_ones(chart: Any, name: str) -> None:
    manifests = render(chart, values_of(name))
    labels = [
        manifest["spec"]["template"]["metadata"]["labels"] for manifest in manifests if manifest["kind"] == "Deployment"
    ]
    selectors = [
        spec.get("podSelector", {}).get("matchLabels") or spec["selector"].get("matchLabels") or spec["selector"]
        for manifest in manifests
        if manifest["kind"] in {"Deployment", "Service", "NetworkPolicy", "PodDisruptionBudget"}
        for spec in [manifest["spec"]]
    ]
    for selector in selectors:
        assert sum(selector.items() <= each.items() for each in labels) == 1
    services = [manifest for manifest in manifests if manifest["kind"] == "Service"]
    for monitor in (manifest for manifest in manifests if manifest["kind"] == "ServiceMonitor"):
        chosen = monitor["spec"]["selector"]["matchLabels"].items()
        (service,) = [each for each in services if chosen <= each["metadata"]["labels"].items()]
        assert monitor["spec"]["endpoints"][0]["port"] in {port["name"] for port in service["spec"]["ports"]}
        if "jobLabel" in monitor["spec"]:
            assert service["spec"]["publishNotReadyAddresses"] is True
            assert service["metadata"]["labels"][monitor["spec"]["jobLabel"]] == "streams"


def test_keda_scales_by_every_feed_up_to_the_partitions(chart: Any) -> None:
    values = values_of("scaled")
    spec = one(chart, values, "ScaledObject")["spec"]
    assert spec["maxReplicaCount"] == values["kafka"]["partitions"]
    assert spec["cooldownPeriod"] >= 300
    assert (
        spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]["stabilizationWindowSeconds"] >= 300
    )
    (deployment,) = [
        each
        for each in render(chart, values, "Deployment")
        if each["metadata"]["name"] == spec["scaleTargetRef"]["name"]
    ]
    assert container(deployment["spec"]["template"])["args"] == ["worker"]
    assert "replicas" not in deployment["spec"]  # else each upgrade would undo what KEDA has chosen
    settings = Settings(partitions=24)
    triggers = [trigger["metadata"] for trigger in spec["triggers"]]
    assert [trigger["topic"] for trigger in triggers] == [
        topic for topic in input_topics(settings) if topic.startswith("records.")
    ]
    assert len(triggers) == 10
    for trigger in triggers:
        assert trigger["limitToPartitionsWithLag"] == trigger["excludePersistentLag"] == "true"
        assert trigger["consumerGroup"] == settings.app_id
        assert (trigger["tls"], trigger["sasl"]) == ("enable", "scram_sha256")


def test_the_network_policy_opens_the_ports_of_the_servers(chart: Any) -> None:
    def ports(name: str) -> list[list[int]]:
        policy = render(chart, values_of(name), "NetworkPolicy")[0]
        return [[port["port"] for port in rule["ports"]] for rule in policy["spec"]["egress"]]

    assert ports("plain") == [[53, 53], [9092], [6379]]
    assert ports("secured") == [[53, 53], [9094, 9095], [6380]]
    assert ports("scaled") == [[53, 53], [9093], [6379, 16379]]
    assert ports("serve") == [[53, 53], [9093], [6379]]
    (policy,) = render(chart, values_of("plain"), "NetworkPolicy")
    assert policy["spec"]["ingress"] == []
    assert set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"}


def test_rules_keep_their_templates(chart: Any) -> None:
    rule = one(chart, values_of("scaled"), "PrometheusRule")
    assert rule["spec"] == yaml.safe_load(GROUPS)


@WITH_RULES
def test_the_rules_of_the_chart_are_those_of_prometheus(helm: Any) -> None:
    with helm.Chart.load(CHART) as real:
        rule = one(real, values_of("scaled"), "PrometheusRule")
        names = {file["name"] for file in real.files}
    jsonschema.validate(rule, CRDS["PrometheusRule"])
    paths = sorted((ROOT / "deploy" / "prometheus").glob("*.rules.yml"))
    assert rule["spec"]["groups"] == [group for path in paths for group in yaml.safe_load(path.read_text())["groups"]]
    assert {name for name in names if name.startswith("prometheus/")} == {f"prometheus/{path.name}" for path in paths}


def test_without_rules_their_switch_is_refused(helm: Any, tmp_path: Path) -> None:
    copy = tmp_path / "streams"
    shutil.copytree(CHART, copy, ignore=shutil.ignore_patterns("prometheus"))
    with helm.Chart.load(copy) as bare, pytest.raises(helm.HelmRenderError, match=r"no prometheus/\*\.rules\.yml"):
        bare.render(values_of("scaled"), name=RELEASE, namespace=NAMESPACE)


def test_a_release_says_what_to_do_next(chart: Any) -> None:
    notes = chart.render(values_of("plain"), name=RELEASE, namespace=NAMESPACE)["streams/templates/NOTES.txt"]
    assert f"helm test {RELEASE} --namespace {NAMESPACE}" in notes
    assert f"deployment/{RELEASE}-worker" in notes
    assert "without TLS" in notes
    assert "-serve" not in notes
    with_serve = chart.render(values_of("serve"), name=RELEASE, namespace=NAMESPACE)["streams/templates/NOTES.txt"]
    assert "without TLS" not in with_serve
    assert f"service/{RELEASE}-dedup-serve 6060" in with_serve
    assert "networkPolicy.serveFrom" not in with_serve
    scaled = chart.render(values_of("scaled"), name=RELEASE, namespace=NAMESPACE)["streams/templates/NOTES.txt"]
    assert "networkPolicy.serveFrom" in scaled  # which names no client


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no Kafka": ({"kafka": {"bootstrapServers": ""}}, "/kafka/bootstrapServers"),
    "a password in the address of Kafka": (
        {"kafka": {"bootstrapServers": "u:p@kafka:9092"}},
        "/kafka/bootstrapServers",
    ),
    "no port": ({"kafka": {"bootstrapServers": "kafka"}}, "/kafka/bootstrapServers"),
    "a password in the URL of Redis": ({"redis": {"url": "redis://:p@redis/0"}}, "/redis/url"),
    "a password in its query": ({"redis": {"url": "redis://redis/0?password=p"}}, "/redis/url"),
    "two URLs of Redis": ({"redis": {"urlSecret": {"name": "redis"}}}, "/redis"),
    "SASL without a mechanism": ({"kafka": {"security": "sasl_ssl"}}, "/kafka"),
    "SCRAM without a password": (
        {"kafka": {"security": "sasl_ssl", "saslMechanism": "SCRAM-SHA-512", "saslUser": "u"}},
        "/kafka/passwordSecret/name",
    ),
    "a mechanism without SASL": ({"kafka": {"saslMechanism": "PLAIN"}}, "/kafka"),
    "an unknown security": ({"kafka": {"security": "tls"}}, "/kafka/security"),
    "certificates without TLS": ({"kafka": {"tlsSecret": {"name": "ca"}}}, "/kafka/security"),
    "a certificate without its key": ({"redis": {"tlsSecret": {"name": "ca", "cert": "tls.crt"}}}, "/redis/tlsSecret"),
    "a CA for Redis without TLS": ({"redis": {"tlsSecret": {"name": "ca"}}}, "/redis/url"),
    "no partitions": ({"kafka": {"partitions": 0}}, "/kafka/partitions"),
    "a misspelt name": ({"worker": {"replica": 3}}, "replica"),
    "a setting that the chart sets": ({"settings": {"STREAMS_KAFKA_URL": "k:1"}}, "STREAMS_KAFKA_URL"),
    "a password as a setting": ({"settings": {"STREAMS_REDIS_PASSWORD": "p"}}, "STREAMS_REDIS_PASSWORD"),
    "too short a grace": ({"worker": {"terminationGracePeriodSeconds": 10}}, "/worker/terminationGracePeriodSeconds"),
    "too short a cooldown": ({"keda": {"cooldownPeriod": 60}}, "/keda/cooldownPeriod"),
    "scaling to nothing": ({"keda": {"minReplicas": 0}}, "/keda/minReplicas"),
    "a ServiceMonitor without the token": ({"serviceMonitor": {"enabled": True}}, "/http/tokenSecret/name"),
    "the API without tokens": ({"serve": {"enabled": True}}, "/serve/tokensSecret/name"),
    "several of it that sign sessions differently": (
        {"serve": {"enabled": True, "replicas": 2, "tokensSecret": {"name": "tokens"}}},
        "/serve/sessionKeySecret/name",
    ),
    "a ServiceMonitor without the token for the API": (
        {
            "serve": {"enabled": True, "tokensSecret": {"name": "tokens"}},
            "http": {"tokenSecret": {"name": "http"}},
            "serviceMonitor": {"enabled": True},
        },
        "/serve/metricsTokenSecret/name",
    ),
    "a URL for a host": ({"serve": {"allowedHosts": ["https://dedup.example.org"]}}, "/serve/allowedHosts/0"),
    "an address of the API as a setting": ({"settings": {"STREAMS_SERVE_HOST": "::"}}, "STREAMS_SERVE_HOST"),
    "a harvester without a contact": (
        {"harvest": {"feeds": [{"name": "arxiv", "source": "arxiv"}]}},
        "/harvest",
    ),
    "a harvester of an unknown source": (
        {"harvest": {"contact": "a@b.example", "feeds": [{"name": "dblp", "source": "dblp"}]}},
        "/harvest/feeds/0/source",
    ),
    "releases of Semantic Scholar without a key": (
        {"harvest": {"contact": "a@b.example", "feeds": [{"name": "papers", "source": "semantic-scholar"}]}},
        "/harvest/feeds/0",
    ),
    "a harvester that ends": (
        {
            "harvest": {
                "contact": "a@b.example",
                "feeds": [{"name": "arxiv", "source": "arxiv", "options": ["--once"]}],
            }
        },
        "/harvest/feeds/0/options/0",
    ),
    "an API key as a setting": ({"settings": {"STREAMS_OPENALEX_KEY": "k"}}, "STREAMS_OPENALEX_KEY"),
    "a tag for a digest": ({"image": {"digest": "0.2.0"}}, "/image/digest"),
    "KEDA without credentials": (
        {
            "keda": {"enabled": True},
            "kafka": {
                "security": "sasl_ssl",
                "saslMechanism": "PLAIN",
                "saslUser": "u",
                "passwordSecret": {"name": "kafka"},
            },
        },
        "/keda/authenticationRef/name",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_values_are_refused(helm: Any, chart: Any, wrong: str) -> None:
    changes, where = WRONG[wrong]
    values = values_of("plain")
    chart.validate_schema(values)
    for part, fields in changes.items():
        values[part] = values.get(part, {}) | fields
    with pytest.raises(helm.HelmValuesError, match=re.escape(where)):
        chart.validate_schema(values)
