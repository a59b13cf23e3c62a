"""Settings from the environment."""

from __future__ import annotations

import pytest

from streams.errors import SettingsError
from streams.settings import PREFIX, Settings, load_settings


def test_every_setting_has_a_default_and_a_description() -> None:
    assert load_settings() == Settings()
    assert all(field.description for field in Settings.model_fields.values())


def test_the_environment_is_read_and_what_is_given_goes_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "KEY_CAP", "12")
    monkeypatch.setenv(PREFIX + "PREPRINTS", "relate")
    assert (load_settings().key_cap, load_settings().preprints) == (12, "relate")
    assert load_settings(key_cap=13, preprints=None).key_cap == 13
    assert load_settings(key_cap=13, preprints=None).preprints == "relate"


@pytest.mark.parametrize(
    ("name", "value"), [("KEY_CAP", "1"), ("PREPRINTS", "ignore"), ("GENERATION", "a b"), ("HTTP_PORT", "x")]
)
def test_a_bad_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.setting == PREFIX + name
    assert repr(value) in caught.value.problem


def test_a_setting_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "KEYCAP", "12")
    with pytest.raises(SettingsError, match="STREAMS_KEY_CAP"):
        load_settings()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().key_cap = 3  # type: ignore[misc]
