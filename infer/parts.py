"""What a cluster writes: folders of part files, one part a range, in whatever order and however often a range is labelled.

A part is written under a name of the attempt's own and then moved to its name, which follows from the range alone. Attempts
at a range write the same bytes, so that it does not matter which of them is last. A range is done when its counts stand
beside the parts; they are written after them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from infer.formats import Format, records_format, rows_format
from infer.journal import made_of, sync
from infer.pipeline import SIDE, Targets
from infer.work import Counts, Done
from laptruong.errors import LaptruongError

_DONE, _WRITING = "done", "writing"


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a run, in its unfinished folder.

    Attributes
    ----------
    folder : Path
        Absolute, and the same on all nodes.
    names : tuple of str
        The formats, of `infer.formats.FORMATS`; each gets a folder of its name.
    count : int
        Ranges there are.
    """

    folder: Path
    names: tuple[str, ...]
    count: int

    def prepare(self) -> None:
        """Make the folders; those for what is refused and repeated come with their first part."""
        for name in (*self.names, _DONE, _WRITING):
            (self.folder / name).mkdir(exist_ok=True)

    def path(self, name: str, number: int) -> Path:
        """Give the place of a part."""
        width = max(5, len(str(self.count)))
        return self.folder / name / f"part-{number:0{width}}{Path(name).suffix}"

    def done(self, number: int) -> Counts | None:
        """Give the counts of a range that is done, by this run or one that was stopped."""
        try:
            return Counts(**json.loads(self._counts(number).read_bytes()))
        except FileNotFoundError:
            return None

    def _counts(self, number: int) -> Path:
        return self.folder / _DONE / f"{number}.json"

    def write(self, number: int, formats: Mapping[str, Format], results: Iterable[Done]) -> Counts:
        """Write the parts of a range as its chunks are labelled; nothing is kept where one fails.

        Returns
        -------
        Counts
            Of the range.
        """
        counts = Counts()
        with TemporaryDirectory(dir=self.folder / _WRITING, ignore_cleanup_errors=True) as place:
            made = self._fill(Path(place), formats, results, counts)
            for name, path in made.items():
                _publish(path, self.path(name, number))
            path = Path(place) / _DONE
            path.write_text(json.dumps(asdict(counts)), "ascii")
            _publish(path, self._counts(number))
        return counts

    def _fill(self, place: Path, formats: Mapping[str, Format], results: Iterable[Done], counts: Counts) -> dict[str, Path]:
        """Write a range's files; give all that were asked for, and of the others those that there is something in."""
        with ExitStack() as stack:
            files = {name: stack.enter_context(open(place / name, "wb")) for name in (*formats, *SIDE)}
            for name, each in formats.items():
                files[name].write(each.opening())
            for done in results:
                counts.add(done.counts)
                for name, data in done.files.items():
                    files[name].write(data)
            for name, each in formats.items():
                files[name].write(each.closing())
        for name, each in formats.items():
            each.complete(place / name, made_of(place / name))
        wanted = [name for name in files if name in formats or (place / name).stat().st_size]
        return {name: made if (made := made_of(place / name)).exists() else place / name for name in wanted}


def _publish(path: Path, target: Path) -> None:
    """Move a file to its name, durably."""
    target.parent.mkdir(exist_ok=True)
    sync(path)
    path.replace(target)
    sync(target.parent)


def find_folders(records: Path | None, rows: Path | None) -> Targets:
    """Give each format its folder.

    Raises
    ------
    LaptruongError
        If a name does not fit, stands for something already, or two cannot be together.
    """
    paths = {records_format(records): records} if records is not None else {}
    paths |= {rows_format(rows): rows} if rows is not None else {}
    if not paths:
        raise LaptruongError("--engine ray writes folders of part files; say where with --output or --rows")
    targets = Targets(paths)
    places = [path.resolve() for path in targets.all().values()]
    if len(set(places)) < len(places):
        raise LaptruongError(f"{targets.first}: two outputs have the same name; give each its own")
    for place in places:
        if not place.parent.is_dir():
            raise LaptruongError(f"{place}: cannot be written: there is no folder {place.parent}; give a place that exists and is yours")
        if place.parent.stat().st_dev != places[0].parent.stat().st_dev:
            raise LaptruongError(f"{place}: is on another disk than {places[0]}; name outputs that lie on one, shared by all nodes")
    if not targets.folder.exists():
        refuse_existing(targets)
    return targets


def refuse_existing(targets: Targets) -> None:
    """Stop before anything that exists is touched."""
    for path in targets.all().values():
        if path.exists():
            raise LaptruongError(f"{path}: exists; a folder of results is never replaced: delete it, or name another")


def within(targets: Targets) -> Callable[[str], bool]:
    """Tell paths of the unfinished run, which are no input of it."""
    folder = f"{targets.folder.resolve()}{os.sep}"
    return lambda path: os.path.realpath(path).startswith(folder)
