"""Folders that appear whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from laptruong.errors import ReportError


def check_place(place: Path, mark: str) -> Path:
    """See before the work that a folder can be made there.

    Parameters
    ----------
    place : Path
    mark : str
        The file by which one of the same kind is known; that one may be replaced.

    Raises
    ------
    ReportError
        If something else is there, or its parent cannot be made.
    """
    if place.exists() and not (place / mark).is_file():
        raise ReportError(f"{place}: is there and holds no {mark}; it is not replaced: choose another name or folder")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise ReportError(f"{place.parent}: cannot be made: {err.strerror}") from None
    return place


@contextmanager
def whole_folder(place: Path, mark: str) -> Iterator[Path]:
    """Give a folder to fill, and move it to its place once it is complete.

    Raises
    ------
    ReportError
        If it cannot be written.
    """
    check_place(place, mark)
    try:
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".report-") as name:
            folder = Path(name) / "whole"
            folder.mkdir()
            yield folder
            if place.exists():
                shutil.rmtree(place)
            folder.rename(place)
    except OSError as err:
        raise ReportError(f"{place}: cannot be written: {err.strerror or err}") from None
