"""Find the files of payloads in what a user names: folders, tar and zip archives, gzip; lazily, without unpacking to disk."""

from __future__ import annotations

import gzip
import io
import sys
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple, cast

from streams.errors import UsageError

__all__ = ["STANDARD_INPUT", "Part", "files_of", "parts", "read_errors"]

STANDARD_INPUT = "-"
_ENDINGS = frozenset((".json", ".jsonl", ".ndjson", ".xml", ".gz", ".tgz", ".tar", ".zip"))
"""Of the files in a folder or an archive those that are read; others are licences, manifests and the like."""
_LAST = "merged_ids"
"""A folder of OpenAlex's snapshot that is read after the others: its rows delete works."""
_GZIP, _ZIP, _TAR, _TAR_AT = b"\x1f\x8b", b"PK\x03\x04", b"ustar", 257
_ENCRYPTED = 1
_HEAD = 512
_BUFFER = 1024 * 1024


class Part(NamedTuple):
    """A file of payloads: the one at `path`, or a member of the archive there.

    `member` is its name in the archive, empty for the file itself; a name that comes again has a number. `open` gives its content,
    unpacked; it has to be read before the next part is asked for. `position` returns how many bytes of the file at `path` are read.
    """

    path: str
    member: str
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    position: Callable[[], int]

    @property
    def shown(self) -> str:
        """The name of the part for people."""
        return f"{self.path}: {self.member}" if self.member else self.path


def files_of(names: Iterable[str]) -> list[str]:
    """Return the files of names in order; of a folder those in it and below, by their paths. Raises UsageError."""
    found: list[str] = []
    for name in names:
        path = Path(name)
        if name == STANDARD_INPUT or path.is_file():
            found.append(name)
        elif path.is_dir():
            inside = [one for one in path.rglob("*") if _is_readable(str(one.relative_to(path))) and one.is_file()]
            if not inside:
                raise UsageError(f"{name} cannot be read: no file in it ends with {', '.join(sorted(_ENDINGS))}")
            found += map(str, sorted(inside, key=lambda one: (_LAST in one.parts, one)))
        else:
            raise UsageError(f"{name} cannot be read: neither a file nor a folder")
    return found


def parts(path: str) -> Iterator[Part]:
    """Yield the parts of a file, which is known by its content, not by its name. Raises UsageError."""
    if path == STANDARD_INPUT:
        yield Part(path, "", lambda: nullcontext(sys.stdin.buffer), lambda: 0)
        return
    with read_errors(path), Path(path).open("rb") as file:
        head = file.peek(_HEAD)
        if head.startswith(_ZIP):
            yield from _zip_members(path, file)
        elif _is_tar(head):
            with tarfile.open(fileobj=file, mode="r:") as archive:
                yield from _tar_members(path, archive, file)
                _check_end(archive, file)
        elif head.startswith(_GZIP) and _is_tar(_unpacked(file).peek(_HEAD)):
            file.seek(0)
            with tarfile.open(fileobj=_unpacked(file), mode="r|") as archive:
                yield from _tar_members(path, archive, file)
        else:
            file.seek(0)
            yield Part(path, "", lambda: nullcontext(_content(file)), file.tell)


@contextmanager
def read_errors(path: str) -> Iterator[None]:
    """Raise UsageError, which names the file, for what goes wrong while it is read: also where it is cut off or damaged."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except (EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile, NotImplementedError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error


def _tar_members(path: str, archive: tarfile.TarFile, file: IO[bytes]) -> Iterator[Part]:
    names: Counter[str] = Counter()
    for found in archive:
        if found.isreg() and _is_readable(found.name):
            yield Part(path, _numbered(names, found.name), lambda found=found: _tar_member(archive, found), file.tell)  # type: ignore[misc]


def _check_end(archive: tarfile.TarFile, file: IO[bytes]) -> None:
    """Raise ReadError where an archive has no end mark: `tarfile` takes one that is cut off between two members for a whole one."""
    file.seek(archive.offset)
    if file.read(tarfile.BLOCKSIZE) != tarfile.NUL * tarfile.BLOCKSIZE:
        raise tarfile.ReadError("the archive is cut off")


@contextmanager
def _tar_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[IO[bytes]]:
    content = archive.extractfile(member)
    if content is None:
        raise tarfile.ReadError(f"{member.name} is not a file")
    with content:
        yield _content(content)


def _zip_members(path: str, file: IO[bytes]) -> Iterator[Part]:
    names: Counter[str] = Counter()
    with zipfile.ZipFile(file) as archive:
        for found in archive.infolist():
            if found.flag_bits & _ENCRYPTED:
                raise UsageError(f"{path} cannot be read: it is encrypted")
            if not found.is_dir() and _is_readable(found.filename):
                name = _numbered(names, found.filename)
                yield Part(path, name, lambda found=found: _zip_member(archive, found), file.tell)  # type: ignore[misc]


@contextmanager
def _zip_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    with archive.open(member) as content:
        yield _content(content)


def _content(file: IO[bytes]) -> IO[bytes]:
    """Return a file that reads what is in another one, which may be gzip of any number of members."""
    buffered = file if isinstance(file, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, file), _BUFFER)
    return _unpacked(buffered) if buffered.peek(2).startswith(_GZIP) else buffered


def _unpacked(file: IO[bytes]) -> io.BufferedReader:
    return io.BufferedReader(gzip.GzipFile(fileobj=file), _BUFFER)


def _is_tar(head: bytes) -> bool:
    return head[_TAR_AT:].startswith(_TAR)


def _is_readable(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in _ENDINGS and not any(part.startswith((".", "__")) for part in path.parts)


def _numbered(names: Counter[str], name: str) -> str:
    names[name] += 1
    return name if names[name] == 1 else f"{name}#{names[name]}"
