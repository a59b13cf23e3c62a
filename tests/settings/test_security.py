from __future__ import annotations

from pathlib import Path

import pytest

from streams.errors import SettingsError
from streams.settings import Settings
from streams.settings.security import check_security, secret

SCRAM = {
    "kafka_url": "k:9092",
    "kafka_security": "sasl_plaintext",
    "kafka_sasl_mechanism": "SCRAM-SHA-256",
    "kafka_sasl_user": "u",
    "kafka_sasl_password": "hunter2",
}
TOKEN = {
    "kafka_security": "sasl_plaintext",
    "kafka_sasl_mechanism": "OAUTHBEARER",
    "kafka_token_provider": "tokens:make",
}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        SCRAM,
        TOKEN,
        {"kafka_security": "ssl"},
        {"kafka_security": "ssl", "kafka_cert_file": __file__, "kafka_key_file": __file__},
        {"redis_url": "rediss://r", "redis_ca_file": __file__, "redis_user": "u", "redis_password": "p"},
        {"redis_url": "unix:///run/redis.sock", "redis_password": "p"},
    ],
)
def test_settings_that_agree(settings: dict[str, str]) -> None:
    check_security(Settings.model_validate(settings))


@pytest.mark.parametrize(
    ("settings", "name", "expects"),
    [
        (SCRAM | {"kafka_security": "plaintext"}, "STREAMS_KAFKA_SASL_MECHANISM", "STREAMS_KAFKA_SECURITY=sasl_ssl"),
        (SCRAM | {"kafka_sasl_mechanism": ""}, "STREAMS_KAFKA_SASL_MECHANISM", "SCRAM-SHA-512"),
        (SCRAM | {"kafka_sasl_user": ""}, "STREAMS_KAFKA_SASL_USER", "user"),
        (SCRAM | {"kafka_sasl_password": ""}, "STREAMS_KAFKA_SASL_PASSWORD", "STREAMS_KAFKA_SASL_PASSWORD_FILE"),
        (SCRAM | {"kafka_sasl_password_file": __file__}, "STREAMS_KAFKA_SASL_PASSWORD_FILE", "one of the two"),
        (SCRAM | {"kafka_token_provider": "a:b"}, "STREAMS_KAFKA_TOKEN_PROVIDER", "OAUTHBEARER"),
        (SCRAM | {"kafka_ca_file": __file__}, "STREAMS_KAFKA_CA_FILE", "STREAMS_KAFKA_SECURITY=ssl or sasl_ssl"),
        (TOKEN | {"kafka_token_provider": ""}, "STREAMS_KAFKA_TOKEN_PROVIDER", "module:callable"),
        (TOKEN | {"kafka_sasl_user": "u"}, "STREAMS_KAFKA_SASL_USER", "STREAMS_KAFKA_TOKEN_PROVIDER"),
        ({"kafka_security": "ssl", "kafka_key_file": __file__}, "STREAMS_KAFKA_KEY_FILE", "STREAMS_KAFKA_CERT_FILE"),
        ({"kafka_security": "ssl", "kafka_ca_file": "/none"}, "STREAMS_KAFKA_CA_FILE", "can be read"),
        ({"kafka_url": "u:hunter2@k:9092"}, "STREAMS_KAFKA_URL", "host:port"),
        ({"kafka_url": "sasl_ssl://u:hunter2@k:9092"}, "STREAMS_KAFKA_URL", "host:port"),
        ({"kafka_url": "k:909x"}, "STREAMS_KAFKA_URL", "host:port"),
        ({"kafka_url": "k:99999"}, "STREAMS_KAFKA_URL", "host:port"),
        ({"redis_url": "redis://u:hunter2@r:637x"}, "STREAMS_REDIS_URL", "rediss://"),
        ({"redis_url": "redis://u:hunter/2@r"}, "STREAMS_REDIS_URL", "escape /"),
        ({"redis_url": "rediss//u:hunter2@r"}, "STREAMS_REDIS_URL", "rediss://"),
        ({"redis_url": "redis://r:99999"}, "STREAMS_REDIS_URL", "rediss://"),
        ({"redis_url": "redis://r", "redis_ca_file": __file__}, "STREAMS_REDIS_CA_FILE", "rediss://"),
        ({"redis_url": "redis://r", "redis_user": "u"}, "STREAMS_REDIS_USER", "STREAMS_REDIS_PASSWORD"),
        ({"redis_url": "redis://:x@r", "redis_password": "hunter2"}, "STREAMS_REDIS_PASSWORD", "one of the two"),
        (
            {"redis_url": "redis://r?password=x", "redis_password": "hunter2"},
            "STREAMS_REDIS_PASSWORD",
            "one of the two",
        ),
    ],
)
def test_contradictions_name_the_setting_and_what_it_expects(settings: dict[str, str], name: str, expects: str) -> None:
    with pytest.raises(SettingsError) as caught:
        check_security(Settings.model_validate(settings))
    assert caught.value.setting == name
    assert expects in caught.value.expects
    assert "hunter" not in str(caught.value)


def test_a_secret_comes_from_its_file_without_the_end_of_the_line(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(" hunter2 \n")
    assert secret(Settings(redis_password_file=str(file)), "redis_password") == " hunter2 "
    assert secret(Settings.model_validate({"redis_password": "hunter3"}), "redis_password") == "hunter3"
    file.write_text("\n")
    with pytest.raises(SettingsError, match="STREAMS_REDIS_PASSWORD_FILE"):
        secret(Settings(redis_password_file=str(file)), "redis_password")


def test_no_repr_shows_a_secret() -> None:
    more = {"redis_url": "redis://u:hunter2@r", "redis_password": "hunter2", "kafka_key_password": "hunter2"}
    settings = Settings.model_validate(SCRAM | more)
    assert "hunter2" not in repr(settings) + str(settings)
