from __future__ import annotations

import asyncio
import base64
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from streams.errors import SettingsError
from streams.kafka.connection import KafkaConnection
from streams.kafka.refusal import TokenError
from streams.settings import Settings


def token() -> str:
    return "a token"


async def token_soon() -> str:
    return "a token"


def no_token() -> None:
    raise RuntimeError("the service is away")


def provided(name: str) -> str:
    provider = KafkaConnection("k:1", token_provider=f"{__name__}:{name}").token
    assert provider is not None
    return str(asyncio.run(provider.token()))


def test_every_client_gets_the_same_credentials() -> None:
    settings = Settings.model_validate(
        {
            "kafka_url": "a:1,b:2",
            "kafka_security": "sasl_plaintext",
            "kafka_sasl_mechanism": "PLAIN",
            "kafka_sasl_user": "u",
            "kafka_sasl_password": "hunter2",
            "kafka_rack": "west-1",
            "kafka_client_id": "lab",
        }
    )
    kafka = KafkaConnection.of(settings)
    assert kafka.client("x") == {
        "bootstrap_servers": ["a:1", "b:2"],
        "client_id": "lab-x",
        "security_protocol": "SASL_PLAINTEXT",
        "ssl_context": None,
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": "u",
        "sasl_plain_password": "hunter2",
        "sasl_oauth_token_provider": None,
    }
    assert kafka.consumer("x").items() > {"client_rack": "west-1", "metadata_max_age_ms": 10_000}.items()
    assert "hunter2" not in repr(kafka)


def test_tokens_come_from_the_function_that_the_setting_names() -> None:
    assert provided("token") == provided("token_soon") == "a token"
    with pytest.raises(TokenError, match="no_token failed: the service is away"):
        provided("no_token")
    with pytest.raises(SettingsError, match="STREAMS_KAFKA_TOKEN_PROVIDER"):
        provided("absent")


def test_the_example_for_amazon_msk_signs_a_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "how-to" / "kafka-security.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    (tmp_path / "msk_token.py").write_text(example)
    monkeypatch.syspath_prepend(tmp_path)
    own = {"ACCESS_KEY_ID": "AKIAEXAMPLE", "SECRET_ACCESS_KEY": "hunter2", "CONFIG_FILE": "absent"}
    for name, value in own.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    provider = KafkaConnection("k:1", token_provider="msk_token:token").token  # noqa: S106 - the name of a function
    assert provider is not None
    token = asyncio.run(provider.token())
    url = urlsplit(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode())
    asked = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert (url.scheme, url.hostname) == ("https", "kafka.eu-west-1.amazonaws.com")
    assert (asked["Action"], asked["X-Amz-Expires"]) == ("kafka-cluster:Connect", "900")
    assert re.fullmatch(r"AKIAEXAMPLE/\d{8}/eu-west-1/kafka-cluster/aws4_request", asked["X-Amz-Credential"])
    assert re.fullmatch(r"[0-9a-f]{64}", asked["X-Amz-Signature"])


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"kafka_ca_file": "{empty}"}, "STREAMS_KAFKA_CA_FILE"),
        ({"kafka_cert_file": "{empty}"}, "STREAMS_KAFKA_CERT_FILE"),
    ],
)
def test_a_file_without_a_certificate_is_named(tmp_path: Path, fields: dict[str, str], name: str) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    given = {field: value.format(empty=empty) for field, value in fields.items()}
    with pytest.raises(SettingsError, match=name):
        KafkaConnection.of(Settings.model_validate({"kafka_url": "k:1", "kafka_security": "ssl"} | given))
