"""The file of tokens: what is in it, who may read it, that it is replaced as a whole, and that a reader follows it."""

from __future__ import annotations

import hashlib
import multiprocessing
from pathlib import Path

import pytest

from streams.errors import NotFoundError, SettingsError, UsageError
from streams.serve.tokens import SCOPES, Token, TokenFile, TokenReader, digest


@pytest.fixture
def file(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path / "new" / "tokens")


def test_the_file_has_a_hash_of_each_token_and_no_token(file: TokenFile) -> None:
    made = {scope: file.create(f"of-{scope}", scope) for scope in SCOPES}
    assert len(set(made.values())) == 3
    assert file.tokens() == [
        Token(f"of-{scope}", scope, hashlib.sha256(made[scope].encode()).hexdigest()) for scope in SCOPES
    ]
    text = file.path.read_text()
    assert not any(token in text for token in made.values())
    assert all(token.startswith("streams_") and len(token) == 51 for token in made.values())
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.path.parent.iterdir()] == ["tokens"]


def test_a_name_is_used_once_and_is_a_word(file: TokenFile) -> None:
    file.create("ada", "read")
    with pytest.raises(UsageError, match="there is a token named ada"):
        file.create("ada", "operate")
    for name in ("", "a b", "a\nb", "#a", "-a", "x" * 65, "ä"):
        with pytest.raises(UsageError, match="cannot be the name"):
            file.create(name, "read")
    assert [token.name for token in file.tokens()] == ["ada"]


def test_a_token_that_is_given_as_a_name_is_not_shown(file: TokenFile) -> None:
    token = file.create("ada", "read")
    with pytest.raises(NotFoundError) as caught:
        file.revoke(token)
    assert token not in str(caught.value)
    assert "streams_***" in str(caught.value)


def test_a_revoked_token_is_gone(file: TokenFile) -> None:
    file.create("ada", "read")
    file.create("grace", "curate")
    file.revoke("ada")
    assert [token.name for token in file.tokens()] == ["grace"]
    with pytest.raises(NotFoundError):
        file.revoke("ada")


def test_a_link_to_the_file_remains_one(tmp_path: Path, file: TokenFile) -> None:
    file.create("ada", "read")
    link = tmp_path / "link"
    link.symlink_to(file.path)
    TokenFile(link).create("grace", "read")
    assert link.is_symlink()
    assert [token.name for token in file.tokens()] == ["ada", "grace"]


def test_a_malformed_line_is_named_by_its_number_alone(file: TokenFile) -> None:
    file.path.parent.mkdir()
    for line in ("ada read hunter2", "ada write " + "0" * 64, "ada " + "0" * 64, "ada read " + "F" * 64):
        file.path.write_text(f"# tokens\n\n{line}\n")
        with pytest.raises(SettingsError, match=r"STREAMS_SERVE_TOKENS_FILE: line 3 of .* is malformed") as caught:
            file.tokens()
        assert "hunter2" not in str(caught.value)
        with pytest.raises(SettingsError, match="line 3"):
            file.create("grace", "read")
    twice = "ada read " + "0" * 64 + "\n"
    file.path.write_text(twice + twice)
    with pytest.raises(SettingsError, match="line 2"):
        file.tokens()


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"STREAMS_SERVE_TOKENS_FILE: .*/none cannot be read"):
        TokenReader(tmp_path / "none")
    with pytest.raises(SettingsError, match="cannot be read"):
        TokenFile(tmp_path).tokens()
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be written"):
        TokenFile(tmp_path / "file" / "tokens").create("ada", "read")


def test_a_file_that_every_user_may_write_is_refused(file: TokenFile) -> None:
    file.create("ada", "operate")
    file.path.chmod(0o622)
    with pytest.raises(SettingsError, match="may be written by every user"):
        TokenReader(file.path)
    file.path.chmod(0o440)  # as a secret of Kubernetes is mounted
    assert len(TokenReader(file.path)) == 1


def test_a_reader_follows_the_file(file: TokenFile) -> None:
    ada = file.create("ada", "read")
    reader = TokenReader(file.path)
    found = reader.find(ada)
    assert found == Token("ada", "read", digest(ada))
    assert reader.find(ada + "x") is reader.find("") is reader.find("\ud800") is None
    grace = file.create("grace", "curate")
    assert reader.named("grace") == reader.find(grace)
    file.revoke("ada")
    assert reader.find(ada) is reader.named("ada") is None
    assert len(reader) == 1
    file.path.unlink()
    assert reader.find(grace) is None


def test_of_a_file_that_went_bad_only_what_can_be_read_counts(
    file: TokenFile, caplog: pytest.LogCaptureFixture
) -> None:
    ada = file.create("ada", "read")
    reader = TokenReader(file.path)
    file.path.write_text(f"ada operate hunter2\ngrace read {digest(ada)}\n")
    found = reader.find(ada)
    assert found is not None
    assert (found.name, reader.named("ada")) == ("grace", None)
    assert "line 1" in caplog.text
    assert "hunter2" not in caplog.text
    file.path.unlink()
    file.path.mkdir()
    assert reader.find(ada) is None
    assert "no token counts until it can be read" in caplog.text


def _create(path: Path, number: int) -> None:
    for each in range(5):
        TokenFile(path).create(f"n{number}-{each}", "read")


def test_processes_that_make_tokens_at_once_lose_none(file: TokenFile) -> None:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_create, args=(file.path, number)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert len(file.tokens()) == 20
