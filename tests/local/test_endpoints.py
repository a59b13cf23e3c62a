"""Where a running `streams up` can be reached."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from streams.errors import UsageError
from streams.local.endpoints import announce, default_data_dir, find, withdraw
from streams.settings import Settings

RUNNING = Settings(kafka_url="127.0.0.1:9092", redis_url="redis://127.0.0.1:6379", http_port=6067)


def test_what_runs_is_found_until_it_withdraws(tmp_path: Path) -> None:
    announce(tmp_path, RUNNING)
    assert find(Settings(), tmp_path) == RUNNING
    withdraw(tmp_path)
    withdraw(tmp_path)
    with pytest.raises(UsageError, match="streams up"):
        find(Settings(), tmp_path)


def test_only_the_user_may_read_the_addresses(tmp_path: Path) -> None:
    (tmp_path / "endpoints.json.new").write_text("of a version that wrote it for all")
    announce(tmp_path, RUNNING)
    assert (tmp_path / "endpoints.json").stat().st_mode & 0o777 == 0o600


def test_servers_that_the_user_names_go_before_the_default_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "streams").mkdir()
    announce(default_data_dir(), RUNNING)
    own = Settings(kafka_url="kafka:9092")
    assert find(own, None).kafka_url == "kafka:9092"
    assert find(own, None).redis_url == RUNNING.redis_url
    assert find(own, default_data_dir()).kafka_url == RUNNING.kafka_url, "the directory was named too"
    both = Settings(kafka_url="kafka:9092", redis_url="redis://elsewhere")
    assert find(both, None) == both


@pytest.mark.parametrize("content", [b"", b"{}", orjson.dumps({"pid": 2**22 + 1, "kafka_url": "x"})])
def test_a_file_that_is_damaged_or_of_a_dead_process_leads_nowhere(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "endpoints.json").write_bytes(content)
    with pytest.raises(UsageError, match="nothing runs"):
        find(Settings(), tmp_path)
