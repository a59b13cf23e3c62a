"""A real Prometheus that scrapes real workers by the configuration and rules of deploy/prometheus."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import orjson
import pytest
import yaml

from streams.local.broker import free_port
from tests.system.processes import wait_for

__all__ = ["RULES", "Prometheus", "hastened", "program"]

FOLDER = Path(__file__).parents[2] / "deploy" / "prometheus"
RULES = ("recording.rules.yml", "alerts.rules.yml")


def program(name: str) -> str:
    """The path of a program of Debian's packages prometheus and prometheus-alertmanager; skips the test where it is not there."""
    found = shutil.which(name)
    if found is None:
        assert not os.environ.get("REQUIRE_PROMETHEUS"), f"{name} is not installed, and REQUIRE_PROMETHEUS is set"
        pytest.skip(f"{name} is not installed (Debian: apt-get install prometheus prometheus-alertmanager)")
    return found


def hastened(rules: str) -> str:
    """Rules whose times are seconds where they were minutes or hours: what they ask of the figures stays."""
    rules = re.sub(r"\[(\d+)[mh]\]", "[15s]", rules)
    rules = re.sub(r"for: \d+[mhd]", "for: 0s", rules)
    rules = rules.replace("> 14 * 86400", "> 2").replace("> 36 * 3600", "> 8")
    return re.sub(r"> (120|900)\b", "> 2", rules)


class Prometheus:
    """Scrapes the given addresses of each job every second and evaluates the rules as often. Use as a context manager."""

    def __init__(self, directory: Path, targets: Mapping[str, list[str]], *, hasten: bool = False) -> None:
        self._directory = directory
        self._directory.mkdir()
        configuration = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
        configuration["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        configuration.pop("alerting")
        jobs = [job for job in configuration["scrape_configs"] if job["job_name"] in targets]
        for job in jobs:
            job.pop("dns_sd_configs", None)
            job.pop("authorization")  # on loopback metrics are shown to all
            job["static_configs"] = [{"targets": targets[job["job_name"]]}]
        assert len(jobs) == len(targets)
        configuration["scrape_configs"] = jobs
        (directory / "prometheus.yml").write_text(yaml.safe_dump(configuration))
        for name in RULES:
            text = (FOLDER / name).read_text()
            (directory / name).write_text(hastened(text) if hasten else text)
        self.port = free_port()

    def __enter__(self) -> Self:
        command = [program("prometheus"), "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
        command += [f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"]
        with (self._directory / "log").open("wb") as log:
            self._process = subprocess.Popen(command, cwd=self._directory, stdout=log, stderr=log)
        wait_for(self._is_ready, "Prometheus is ready")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series of an answer that have a number; fails where the query is wrong."""
        answer = self._get("/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        assert answer["status"] == "success", answer
        result: list[dict[str, Any]] = answer["data"]["result"]
        return [series for series in result if series["value"][1] != "NaN"]

    def firing(self) -> set[str]:
        """The names of the alerts that fire now."""
        return {series["metric"]["alertname"] for series in self.query('ALERTS{alertstate="firing"}')}

    def wait_firing(self, *alerts: str, seconds: float = 60) -> None:
        """Wait until each of these alerts has fired."""
        missing = set(alerts)
        deadline = time.monotonic() + seconds
        while missing := missing - self.firing():
            assert time.monotonic() < deadline, f"did not fire: {sorted(missing)}; fires: {sorted(self.firing())}"
            time.sleep(0.3)

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            return orjson.loads(answer.read())

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, (self._directory / "log").read_text()
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=1) as answer,
        ):
            return bool(answer.status == 200)
        return False
