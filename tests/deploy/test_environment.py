"""The settings of security that deployment files name exist."""

from __future__ import annotations

import pytest

from streams.settings import PREFIX, Settings
from tests.deploy.environment import SECURED


@pytest.mark.parametrize("names", SECURED, ids=min)
def test_a_set_of_secured_settings_exists_as_a_whole(names: frozenset[str]) -> None:
    known = {name for name in names if name.removeprefix(PREFIX).lower() in Settings.model_fields}
    if not known:
        pytest.skip("this version has none of them")
    assert known == names
