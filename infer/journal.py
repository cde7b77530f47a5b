"""A run's memory on disk: what is written and safe, so that the same command goes on after a crash.

Beside the first output lies a folder ``NAME.unfinished`` with what is written so far and a journal. A commit first makes
the new bytes of every file durable (fsync), then adds one line to the journal, made durable, too: the lengths up to which the
files are valid. Whatever stands behind these lengths after a crash is cut off and made again. When all is done, the files
move to their own names, each in one step, and the folder goes.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import time
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from infer.work import Counts
from laptruong.errors import LaptruongError

COMMIT_SECONDS = 1.0
"""A commit waits for the disk; with one a second that costs nothing that can be felt, and a crash loses a second's work."""
JOURNAL = "journal.jsonl"
_VERSION = 1


@dataclass(slots=True)
class State:
    """What is safe: records of the input, their hash, the length of each file, counts; at the end, which files were made of parts."""

    records: int = 0
    digest: str = ""
    sizes: dict[str, int] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    finished: bool = False
    made: list[str] = field(default_factory=list)


class Journal:
    """Files that grow in step, and survive a crash in step.

    Parameters
    ----------
    folder : Path
        The folder of the unfinished run; made if it is not there, else gone on with.
    key : dict of str to str
        What must be the same for a run to go on: model, settings, inputs, outputs.

    Raises
    ------
    LaptruongError
        If the folder is of a run with another key, is in use, or cannot be written.
    """

    def __init__(self, folder: Path, key: Mapping[str, Any]) -> None:
        self.folder, self.state = folder, State()
        self._last, self._committed = time.monotonic(), False
        try:
            folder.mkdir(exist_ok=True)
            self._journal = open(folder / JOURNAL, "a+b")  # noqa: SIM115  open as long as the run
        except OSError as err:
            raise LaptruongError(f"{folder}: cannot be written: {err.strerror}; give a place that exists and is yours") from None
        try:
            _lock(self._journal, folder)
            self._resume(key)
        except BaseException:
            self._journal.close()
            raise
        self.resumed = self.state.records
        self.files: dict[str, IO[bytes]] = {}

    def _resume(self, key: Mapping[str, Any]) -> None:
        """Read the journal up to its last whole line and cut off what follows."""
        self._journal.seek(0)
        end, header = 0, {"version": _VERSION, "key": dict(key)}
        for line in self._journal:
            content = _read_line(line)
            if content is None:
                break
            if end == 0:
                _check_key(self.folder, content, header)
            else:
                self.state, self._committed = State(**content | {"counts": Counts(**content["counts"])}), True
            end += len(line)
        self._journal.seek(end)
        self._journal.truncate(end)
        if end == 0:
            self._add(header)

    def open(self, openings: Mapping[str, bytes]) -> None:
        """Open the files, by their names and what each begins with; what is in them and was not committed goes."""
        for name, opening in openings.items():
            path, size = self.folder / name, self.state.sizes.get(name, 0)
            if size and (not path.exists() or path.stat().st_size < size):
                raise LaptruongError(f"{path}: is missing or shorter than the journal says; delete {self.folder} to begin anew")
            stream = self.files[name] = open(path, "r+b" if path.exists() else "w+b")  # noqa: SIM115
            stream.truncate(size)
            stream.seek(size)
            if not size:
                stream.write(opening)
        self.openings = {name: len(opening) for name, opening in openings.items()}

    def write(self, name: str, data: bytes, joint: bytes = b"") -> None:
        """Add bytes to a file, behind a joint if it is not the first of it."""
        if data:
            stream = self.files[name]
            if joint and stream.tell() > self.openings[name]:
                stream.write(joint)
            stream.write(data)

    def advance(self, records: int, digest: str, counts: Counts) -> None:
        """Take note of how far the files are now; commit once a second."""
        self.state.records, self.state.digest = records, digest
        self.state.counts.add(counts)
        if time.monotonic() - self._last >= COMMIT_SECONDS:
            self.commit()

    def commit(self) -> None:
        """Make all that was written durable, then say so in the journal."""
        for name, stream in self.files.items():
            stream.flush()
            size = stream.tell()
            if size != self.state.sizes.get(name):
                os.fsync(stream.fileno())
                self.state.sizes[name] = size
        self._add(asdict(self.state))
        self._last, self._committed = time.monotonic(), True

    def _add(self, content: dict[str, Any]) -> None:
        text = json.dumps(content, ensure_ascii=False, sort_keys=True)
        self._journal.write(f'{{"check": {zlib.crc32(text.encode())}, "line": {text}}}\n'.encode())
        self._journal.flush()
        os.fsync(self._journal.fileno())

    def close(self, name: str) -> Path:
        """Close a file to which nothing will be added, and give its place."""
        self.files[name].close()
        return self.folder / name

    def seal(self) -> None:
        """Say that every file is complete: from here on they are only moved."""
        self.state.made = [name for name in self.files if made_of(self.close(name)).exists()]
        for name in self.files:
            sync(self.whole(name))
        sync(self.folder)
        self.state.finished = True
        self._add(asdict(self.state))

    def place(self, targets: Mapping[str, Path], optional: Sequence[str]) -> None:
        """Move the files to their own names; optional ones that stayed empty are not kept, nor is what stood there before."""
        for name, target in targets.items():
            path = self.whole(name)
            if path.exists():
                if name in optional and path.stat().st_size == 0:
                    target.unlink(missing_ok=True)
                else:
                    _move(path, target)
                sync(target.parent)
        self._journal.close()
        shutil.rmtree(self.folder)

    def whole(self, name: str) -> Path:
        part = self.folder / name
        return made_of(part) if name in self.state.made else part

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for stream in (*self.files.values(), self._journal):
            with suppress(OSError):  # what a full disk does not take was not committed and is made again
                stream.close()
        if kind is not None and not self._committed and self.folder.exists():
            shutil.rmtree(self.folder)  # nothing was committed: nothing to go on with


def made_of(part: Path) -> Path:
    """Give the place of the file that is made of a part, where the part is not the whole itself."""
    return part.with_name(f"{part.name}.made")


def _read_line(line: bytes) -> dict[str, Any] | None:
    """Read a line of the journal; None where a crash left less than a whole one."""
    try:
        content = json.loads(line)
        text = json.dumps(content["line"], ensure_ascii=False, sort_keys=True)
        return content["line"] if line.endswith(b"\n") and zlib.crc32(text.encode()) == content["check"] else None
    except (ValueError, KeyError, TypeError):
        return None


def _check_key(folder: Path, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    key = found.get("key", {})
    different = [name for name, value in wanted["key"].items() if key.get(name) != value]
    if found.get("version") != wanted["version"] or different:
        what = ", ".join(different) or "version of the journal"
        raise LaptruongError(
            f"{folder}: is an unfinished run that differs in its {what}; finish it with its own command, or delete the folder to begin anew"
        )


def _lock(journal: IO[bytes], folder: Path) -> None:
    """Keep a second run from writing the same files; the system lets go when a process ends, however it ends."""
    try:
        import fcntl
    except ImportError:  # Windows refuses to delete or to replace a file that another process has open
        return
    try:
        fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as err:
        if err.errno in (errno.EWOULDBLOCK, errno.EACCES):
            raise LaptruongError(f"{folder}: another process is writing this run; wait for it") from None


def _move(path: Path, target: Path) -> None:
    try:
        path.replace(target)
    except OSError as err:
        if err.errno != errno.EXDEV:
            raise
        beside = target.with_name(f".{target.name}.moving")  # on another disk: copied first, then moved in one step
        shutil.copyfile(path, beside)
        sync(beside)
        beside.replace(target)


def sync(path: Path) -> None:
    """Make a file's content, or a folder's list of names, durable."""
    if os.name == "nt" and path.is_dir():  # Windows opens no folders
        return
    handle = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
