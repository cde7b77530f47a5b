"""Find the files that a user names and open them: folders, globs, standard input, gzip, zstd, remote places through fsspec."""

from __future__ import annotations

import glob
import gzip
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import IO, NamedTuple, cast

from laptruong.errors import ReadError

SUFFIXES = (".txt", ".html", ".htm", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")
_PACKED = (".gz", ".zst")


class Source(NamedTuple):
    """A file to read: its path or URL, and its suffix without that of a compression; None where it is of no known kind."""

    path: str
    kind: str | None
    size: int

    @property
    def packed(self) -> bool:
        """Whether the file is compressed as a whole."""
        return self.path.lower().endswith(_PACKED)

    @property
    def page_id(self) -> str:
        """The id of a page: its file's name without suffixes."""
        name = self.path.rsplit("/", 1)[-1] if is_remote(self.path) else Path(self.path).name
        for suffix in _PACKED:
            name = name.removesuffix(suffix)
        return name.rsplit(".", 1)[0]


def is_remote(name: str) -> bool:
    """Tell a URL such as ``s3://bucket/news.jsonl`` from a path."""
    return "://" in name


def find_sources(name: str, skip: Callable[[str], bool] = lambda path: False) -> Iterator[Source]:
    """Find the files that one input names, in sorted order, without holding a whole folder's list.

    Parameters
    ----------
    name : str
        A file, a folder (read with all below it; files of other kinds are passed over), a glob, or a URL of these.
    skip : callable
        Tells paths to pass over, such as the labels that an earlier run left in a folder.

    Raises
    ------
    ReadError
        If it names nothing.
    """
    found = False
    for source in _remote(name) if is_remote(name) else _local(name):
        if not skip(source.path):
            found = True
            yield source
    if not found:
        raise ReadError(name, _nothing_there(name))


def _local(name: str) -> Iterator[Source]:
    path = Path(name)
    if path.is_dir():
        yield from _walk(str(path))
    elif path.exists():
        yield _source(name)
    else:
        yield from (_source(each) for each in sorted(glob.glob(name, recursive=True)) if os.path.isfile(each))


def _walk(folder: str) -> Iterator[Source]:
    for entry in sorted(os.scandir(folder), key=lambda each: each.name):
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path)
        elif entry.is_file() and kind_of(entry.name):
            yield Source(entry.path, kind_of(entry.name), entry.stat().st_size)


def _source(path: str) -> Source:
    return Source(path, kind_of(path), os.path.getsize(path))


def _remote(name: str) -> Iterator[Source]:
    try:
        system, path = _fsspec(name).core.url_to_fs(name)
        if glob.has_magic(path):
            paths = sorted(system.glob(path))
        else:
            paths = sorted(each for each in system.find(path) if kind_of(each)) if system.isdir(path) else [path]
        for each in paths:
            yield Source(system.unstrip_protocol(each), kind_of(each), system.size(each) or 0)
    except ReadError:
        raise
    except FileNotFoundError:
        return
    except Exception as err:  # each of fsspec's many systems raises errors of its own
        raise ReadError(name, f"cannot be reached: {' '.join(str(err).split())[:160]}") from None


def kind_of(path: str) -> str | None:
    """Give the suffix that tells what a file holds."""
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    last = suffixes[-2] if suffixes[-1:] and suffixes[-1] in _PACKED and len(suffixes) > 1 else (suffixes[-1] if suffixes else "")
    return last if last in SUFFIXES else None


def _nothing_there(name: str) -> str:
    if Path(name).is_dir():
        return f"holds no file that can be read ({', '.join(SUFFIXES)}, each also as {' or '.join(_PACKED)})"
    return "matches no file" if glob.has_magic(name) else "does not exist"


def open_source(path: str) -> tuple[IO[bytes], io.BufferedReader]:
    """Open a file.

    Returns
    -------
    raw : binary file
        The file itself; the caller closes both.
    stream : binary file
        Its content, unpacked where it is compressed.
    """
    raw = cast(IO[bytes], _fsspec(path).open(path, "rb").open()) if is_remote(path) else open(path, "rb")  # noqa: SIM115  the caller closes it
    if path.lower().endswith(".gz"):
        return raw, cast(io.BufferedReader, gzip.GzipFile(fileobj=raw))
    if path.lower().endswith(".zst"):
        import pyarrow as pa  # it has zstd, which Python has from 3.14 on

        return raw, io.BufferedReader(pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd"))
    return raw, raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, raw))


def _fsspec(name: str) -> ModuleType:
    try:
        import fsspec
    except ImportError:
        raise ReadError(name, "is a remote place, which needs fsspec: pip install 'laptruong[remote]'") from None
    return cast(ModuleType, fsspec)
