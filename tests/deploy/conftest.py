from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("deployment")
    group.addoption("--require-tools", action="store_true", help="fail, not skip, where a tool is missing")
    group.addoption("--image-environment", help="the environment that `make image-environment` has made")
