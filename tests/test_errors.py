"""The tree of errors and what their texts say."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from streams import errors
from streams.errors import (
    PAYLOAD_CODES,
    ForgottenError,
    PayloadError,
    RedisError,
    ServiceError,
    SettingsError,
    StreamsError,
)


def test_all_errors_are_one_tree() -> None:
    classes = [value for _, value in inspect.getmembers(errors, inspect.isclass)]
    assert all(issubclass(each, StreamsError) for each in classes)
    assert sorted(each.__name__ for each in classes) == errors.__all__
    assert issubclass(ForgottenError, RedisError)
    assert issubclass(RedisError, ServiceError)


def test_a_setting_is_named_with_what_it_expects() -> None:
    error = SettingsError("STREAMS_KEY_CAP", "too small, got 1", "2 or more")
    assert str(error) == "STREAMS_KEY_CAP: too small, got 1; expected 2 or more"
    assert (error.setting, error.problem, error.expects) == ("STREAMS_KEY_CAP", "too small, got 1", "2 or more")


def test_a_payload_error_says_where() -> None:
    assert str(PayloadError("no_identity", "no id")) == "no_identity: no id"
    assert str(PayloadError("no_identity", "no id", "/data/3")) == "no_identity: no id (at /data/3)"


def test_every_reason_code_of_a_payload_is_known() -> None:
    root = Path(__file__).parents[1]
    used = {
        code
        for path in (root / "streams").rglob("*.py")
        for code in re.findall(r'PayloadError\(\s*"([a-z_]+)"', path.read_text())
    }
    of_commands = {
        "not_a_pair",
        "not_an_event",
        "not_a_state",
    }  # of `streams compare` and of subscribers, which write no dead letters
    assert used - of_commands <= set(PAYLOAD_CODES)
    documented = (root / "docs" / "events.md").read_text()
    assert all(f"`{code}`" in documented for code in PAYLOAD_CODES)
