"""Find the inputs a user names and read each as articles; what cannot be read is told and costs nothing else."""

from __future__ import annotations

import glob
import gzip
import io
import os
import sys
import zlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import IO, cast

from laptruong.articles import Article
from laptruong.encoding import decode
from laptruong.errors import ReadError
from laptruong.reading import html, tables
from laptruong.reading.pages import Refusal, article_from_text

MAX_PAGE_BYTES = 20_000_000
"""A page or record above this is no article; the limit keeps memory flat."""

_SUFFIXES = (".txt", ".html", ".htm", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")


def read_articles(inputs: Iterable[str | Path], stdin: IO[bytes] | None = None, skip: Collection[Path] = ()) -> Iterator[Article | Refusal]:
    """Read articles from files, folders, globs and ``-`` (standard input), one at a time.

    Parameters
    ----------
    inputs : iterable of str or Path
        Folders are read with all below them, in sorted order; their files of other kinds are passed over.
    stdin : binary file, optional
        Read for ``-``; `sys.stdin` by default.
    skip : collection of Path, optional
        Resolved paths to pass over, such as the labels that an earlier run left in the folder.

    Yields
    ------
    Article or Refusal
        In the order of the inputs.
    """
    for name in inputs:
        if str(name) == "-":
            yield from _guarded(_read_stream(stdin or sys.stdin.buffer), "standard input")
            continue
        paths = [path for path in _expand(str(name)) if path.resolve() not in skip]
        if not paths:
            yield Refusal(str(name), _nothing_there(str(name)))
        for path in paths:
            yield from _guarded(_read_file(path), str(path))


def _guarded(reading: Iterator[Article | Refusal], where: str) -> Iterator[Article | Refusal]:
    """Turn what goes wrong with a file into a refusal of that file."""
    try:
        yield from reading
    except ReadError as err:
        yield Refusal(err.where, err.what)
    except (gzip.BadGzipFile, zlib.error, EOFError):
        yield Refusal(where, "is damaged gzip data; fetch it again")
    except OSError as err:
        yield Refusal(where, f"cannot be read: {err.strerror or err}")


def _expand(name: str) -> Iterator[Path]:
    path = Path(name)
    if path.is_dir():
        yield from sorted(each for each in path.rglob("*") if each.is_file() and _kind(each))
    elif path.exists():
        yield path
    else:
        yield from sorted(Path(found) for found in glob.glob(name, recursive=True) if os.path.isfile(found))


def _nothing_there(name: str) -> str:
    if Path(name).is_dir():
        return f"holds no file that can be read ({', '.join(_SUFFIXES)}, each also as .gz)"
    return "matches no file" if glob.has_magic(name) else "does not exist"


def _kind(path: Path) -> str | None:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    last = suffixes[-2] if suffixes[-1:] == [".gz"] and len(suffixes) > 1 else (suffixes[-1] if suffixes else "")
    return last if last in _SUFFIXES else None


def _read_file(path: Path) -> Iterator[Article | Refusal]:
    kind, where = _kind(path), str(path)
    if kind is None:
        raise ReadError(where, f"is of no known kind; rename it to one of {', '.join(_SUFFIXES)} if it is one of these")
    if kind == ".parquet":
        if path.suffix.lower() == ".gz":
            raise ReadError(where, "Parquet is compressed inside; unpack the file with gunzip first")
        yield from tables.read_parquet(path)
        return
    with _open(path) as stream:
        if kind in (".jsonl", ".ndjson"):
            yield from tables.read_jsonl(stream, where, MAX_PAGE_BYTES)
        elif kind in (".csv", ".tsv"):
            yield from tables.read_csv(stream, where, MAX_PAGE_BYTES)
        else:
            yield _read_page(stream, where, page_id(path), is_html=kind != ".txt")


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path, "rb")) if path.suffix.lower() == ".gz" else path.open("rb")


def page_id(path: Path) -> str:
    """Give the id of a page: its file's name without suffixes."""
    return path.name.removesuffix(".gz").rsplit(".", 1)[0]


def _read_stream(stream: IO[bytes]) -> Iterator[Article | Refusal]:
    """Read standard input as what it looks like: JSON Lines, HTML or text."""
    where = "standard input"
    if not isinstance(stream, io.BufferedReader):
        stream = io.BufferedReader(cast(io.RawIOBase, io.BytesIO(stream.read())))
    if stream.peek(2).startswith(b"\x1f\x8b"):
        stream = io.BufferedReader(gzip.GzipFile(fileobj=stream))
    opening = stream.peek(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    if opening.startswith(b"{"):
        yield from tables.read_jsonl(stream, where, MAX_PAGE_BYTES)
    else:
        yield _read_page(stream, where, "stdin", is_html=opening[:1] == b"<")


def _read_page(stream: IO[bytes], where: str, name: str, is_html: bool) -> Article:
    data = stream.read(MAX_PAGE_BYTES + 1)
    if len(data) > MAX_PAGE_BYTES:
        raise ReadError(where, f"is larger than {MAX_PAGE_BYTES // 10**6} MB, which no single article is; give many articles as JSON Lines")
    text = decode(data, where)
    if not text.strip():
        raise ReadError(where, "is empty; nothing to label")
    if not is_html:
        return article_from_text(text, where=where, article_id=name)
    page = html.extract(text, where)
    article = article_from_text(page.text, where=where, article_id=name, title=page.title, date=page.date)
    return html.with_metadata(article, page)
