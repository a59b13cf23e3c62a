"""The rules, their tests, their runbooks and the dashboards: valid, complete, and about metrics that exist.

What a real Prometheus answers is in tests/system/test_alerts.py.
"""

from __future__ import annotations

import re
import runpy
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from streams.harvest.metrics import HarvestMetrics
from streams.ops.metrics import Metrics
from streams.serve.metrics import ServeMetrics
from tests.system.prometheus import FOLDER, RULES, program

ROOT = Path(__file__).parents[2]
GRAFANA = ROOT / "deploy" / "grafana"
RUNBOOKS = ROOT / "docs" / "runbooks"


def rules() -> list[dict[str, Any]]:
    return [
        rule
        for name in RULES
        for group in yaml.safe_load((FOLDER / name).read_text())["groups"]
        for rule in group["rules"]
    ]


ALERTS = [rule for rule in rules() if "alert" in rule]


@pytest.mark.parametrize(
    "command",
    [
        (
            "promtool",
            "check",
            "config",
            "--syntax-only",
            "prometheus.yml",
        ),  # the token is a file of the machine it runs on
        ("promtool", "check", "rules", *RULES),
        ("promtool", "test", "rules", "tests/alerts.yml"),
        ("amtool", "check-config", "alertmanager.yml"),
    ],
    ids=lambda command: " ".join(command[:3]),
)
def test_the_tools_of_prometheus_accept_the_files(command: tuple[str, ...]) -> None:
    name, *arguments = command
    done = subprocess.run([program(name), *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_an_alert_has_a_severity_a_runbook_and_two_tests(rule: dict[str, Any]) -> None:
    name = rule["alert"]
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["runbook_url"].endswith(f"/docs/runbooks/{name}.html")
    page = (RUNBOOKS / f"{name}.md").read_text()
    assert page.startswith(f"# {name}\n\n**{rule['labels']['severity'].title()}.** ")
    for heading in ("What users notice", "## First look", "## Causes and what to do", "## How it was caused"):
        assert heading in page
    assert f"({name}.md)" in (RUNBOOKS / "index.md").read_text()
    tests = yaml.safe_load((FOLDER / "tests" / "alerts.yml").read_text())["tests"]
    expected = [
        bool(case["exp_alerts"]) for test in tests for case in test["alert_rule_test"] if case["alertname"] == name
    ]
    assert sorted(expected) == [False, True], "one test that it fires, one that it does not"


def test_there_is_no_runbook_of_an_alert_that_is_no_more() -> None:
    assert {path.stem for path in RUNBOOKS.glob("Streams*.md")} == {rule["alert"] for rule in ALERTS}


def test_tests_that_runbooks_name_exist() -> None:
    for path in RUNBOOKS.glob("*.md"):
        for named in re.findall(r"`((?:tests|deploy)/[\w/]+(?:\.py)?)`", path.read_text()):
            assert (ROOT / named).exists(), f"{path.name}: {named}"


def of_harvesters() -> Iterator[tuple[str, str]]:
    """Yield name and kind of each metric of a harvester, but for most of those of the process."""
    for family in HarvestMetrics("arxiv").registry.collect():
        if "process" not in family.name or family.name.endswith(("start_time_seconds", "resident_memory_bytes")):
            yield family.name + ("_total" if family.type == "counter" else ""), family.type


def of_serve() -> Iterator[tuple[str, str]]:
    """Yield name and kind of each metric of `streams serve`, but for those of the process."""
    for family in ServeMetrics().registry.collect():
        if family.name.startswith("streams_"):
            yield family.name + ("_total" if family.type == "counter" else ""), family.type


def test_rules_and_panels_ask_for_metrics_that_exist() -> None:
    described = {(info.name, info.kind) for info in Metrics().described} | set(of_serve()) | set(of_harvesters())
    known = {name for name, _ in described}
    known |= {f"{name}_{end}" for name, kind in described if kind == "histogram" for end in ("bucket", "sum", "count")}
    known |= {"streams_process_cpu_seconds_total", "streams_process_resident_memory_bytes"}
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    expressions = [rule["expr"] for rule in rules()]
    for path in GRAFANA.glob("*.json"):
        panels = orjson.loads(path.read_bytes())["panels"]
        expressions += [target["expr"] for panel in panels for target in panel.get("targets", ())]
    asked = {name for text in expressions for name in re.findall(r"(?:job\w*:)?\bstreams_\w+(?::\w+)?", text)}
    assert asked - known - recorded == set()
    unwatched = {name for name in known if re.sub(r"_(bucket|sum|count)$", "", name) == name} - {
        re.sub(r"_(bucket|sum|count)$", "", name) for name in asked
    }
    in_recordings = {name for rule in rules() for name in re.findall(r"streams_\w+", rule["expr"])}
    assert {name for name in unwatched if name not in in_recordings} == set(), "metrics on no dashboard"


def test_the_dashboards_are_what_their_script_writes(tmp_path: Path) -> None:
    pytest.importorskip("grafana_foundation_sdk", reason="comes with the dependency group `test`")
    runpy.run_path(str(GRAFANA / "dashboards.py"))["write"](tmp_path)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert written == {path.name: path.read_bytes() for path in GRAFANA.glob("*.json")}, (
        "run: python deploy/grafana/dashboards.py"
    )
