"""Label any number of articles: read, label on all cores, write; memory stays flat, and a run that was stopped goes on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from infer.chunks import Chunk, Cutter
from infer.engine import in_order
from infer.formats import EXPORTS, FORMATS, records_format, rows_format
from infer.journal import JOURNAL, Journal, made_of
from infer.work import DUPLICATES, QUARANTINE, Counts, Done
from laptruong._version import __version__
from laptruong.errors import LaptruongError
from laptruong.labelling import Labeller
from laptruong.labels import ArticleLabels
from laptruong.models import DEFAULT, load
from laptruong.reading import Refusal
from laptruong.reading.reader import RawReader

SIDE = (QUARANTINE, DUPLICATES)


@dataclass(slots=True)
class Summary(Counts):
    """What was done in all, runs that were stopped included.

    Attributes
    ----------
    resumed : int
        Records that an earlier run had done.
    seconds : float
        Of this run.
    files : tuple of Path
        What was written.
    """

    resumed: int = 0
    seconds: float = 0.0
    files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Targets:
    """Where the labels go: a path for each format, and the files beside the first of them."""

    paths: dict[str, Path]

    @property
    def first(self) -> Path:
        """The output that gives the others their name."""
        return next(iter(self.paths.values()))

    @property
    def folder(self) -> Path:
        """Where an unfinished run is kept."""
        return self.first.with_name(f"{self.first.name}.unfinished")

    def all(self) -> dict[str, Path]:
        """Give every file, those of what was refused and what was repeated included."""
        return self.paths | {name: self.first.with_name(f"{self.first.stem}.{name}") for name in SIDE}

    def holds(self) -> Callable[[str], bool]:
        """Give a function that tells whether a path is one of them, or lies in the folder of the unfinished run."""
        files, folder = {str(each.resolve()) for each in self.all().values()}, str(self.folder.resolve())
        return lambda path: os.path.realpath(path) in files or os.path.dirname(os.path.realpath(path)) == folder


def find_targets(records: Path | None, rows: Path | None, html: Path | None, export: str | None) -> Targets | None:
    """Give each format its file; None where none is asked for.

    Raises
    ------
    LaptruongError
        If a name does not fit, or two are the same.
    """
    paths = {records_format(records): records} if records is not None else {}
    paths |= {rows_format(rows): rows} if rows is not None else {}
    paths |= {"page.html": html} if html is not None else {}
    if export is not None:
        if export not in EXPORTS:
            raise LaptruongError(f"no export '{export}'; there is: {', '.join(EXPORTS)}")
        if not paths:
            raise LaptruongError(f"--export {export} writes beside the labels; say where with --output, --rows or --html")
        first = next(iter(paths.values()))
        paths |= {name: first.with_name(f"{first.stem}.{name}") for name in EXPORTS[export]}
    if not paths:
        return None
    targets = Targets(paths)
    for path in targets.all().values():
        if path.is_dir():
            raise LaptruongError(f"{path}: is a folder; name a file to write")
    if len({path.resolve() for path in targets.all().values()}) < len(targets.all()):
        raise LaptruongError(f"{targets.first}: two outputs have the same name; give each its own")
    return targets


def label_files(
    inputs: Iterable[str | Path],
    *,
    model: str | Path | Labeller = DEFAULT,
    records: Path | None = None,
    rows: Path | None = None,
    html: Path | None = None,
    export: str | None = None,
    stream: IO[str] | None = None,
    jobs: int = 1,
    each: Callable[[ArticleLabels], None] | None = None,
    refused: Callable[[Refusal], None] = lambda refusal: None,
    advance: Callable[[int, int, int | None], None] | None = None,
) -> Summary:
    """Label the articles of files, folders, globs and URLs.

    Work is committed as it is done. A run that was stopped, however, goes on when it is called again with the same
    inputs, model and outputs, and its files are then byte for byte those of a run that was not.

    Parameters
    ----------
    inputs : iterable of str or Path
        See `laptruong.read_articles`.
    model : str, Path or Labeller
        A shipped model's name, a run folder, or a model that is loaded.
    records, rows, html : Path, optional
        Where to write records (JSON Lines, or ``.parquet``), a table (``.csv`` or ``.parquet``), a page. Each appears
        when it is complete; until then all lies in a folder ``NAME.unfinished`` beside the first. What was refused
        stands in ``NAME.quarantine.jsonl``, what was repeated in ``NAME.duplicates.jsonl``, where there is any.
    export : {"label-studio"}, optional
        Write tasks of what was withheld, with the interface that shows them, beside the first output.
    stream : text file, optional
        Gets JSON Lines as they come, where no file is asked for.
    jobs : int
        Processes that label, once the input proves large; a model that fills all cores by itself has one.
    each, refused : callable, optional
        Called with the labels of each article, and with each input that was not read.
    advance : callable, optional
        Called with the articles done so far, the bytes of input done, and the bytes there are (None: unknown).

    Returns
    -------
    Summary

    Raises
    ------
    LaptruongError
        If the model or an output is wrong, or an unfinished run there is of other inputs, another model or other settings;
        an input that is wrong is refused and the others are labelled.
    """
    started = time.monotonic()
    labeller = model if isinstance(model, Labeller) else load(model)
    names, targets = [str(name) for name in inputs], find_targets(records, rows, html, export)
    for name in names:
        if targets is not None and name != "-" and Path(name).resolve() in {path.resolve() for path in targets.paths.values()}:
            raise LaptruongError(f"{name}: is input and output at once; write to another file")
    reader = RawReader(names, skip=targets.holds() if targets else lambda path: False)
    run = _Run(labeller, names, reader, jobs, each, refused, advance)
    summary = run.into_stream(stream) if targets is None else run.into_files(targets)
    summary.seconds = time.monotonic() - started
    return summary


class _Run:
    """One run, into a stream or into files."""

    def __init__(
        self, labeller: Labeller, names: list[str], reader: RawReader, jobs: int, each: Callable[[ArticleLabels], None] | None,
        refused: Callable[[Refusal], None], advance: Callable[[int, int, int | None], None] | None,
    ) -> None:  # fmt: skip
        self.labeller, self.names, self.reader, self.jobs = labeller, names, reader, jobs
        self.each, self.refused, self.advance = each, refused, advance
        self.total = reader.total() if advance else None

    def into_stream(self, stream: IO[str] | None) -> Summary:
        summary = Summary()
        for _, done in self._work(Cutter(self.reader), ["records.jsonl"] if stream else [], summary):
            if stream:
                stream.write(done.files["records.jsonl"].decode())
        if stream:
            stream.flush()
        return summary

    def into_files(self, targets: Targets) -> Summary:
        wanted = {name: FORMATS[name](self.labeller.scheme) for name in targets.paths}
        openings = {name: each.opening() for name, each in wanted.items()} | dict.fromkeys(SIDE, b"")
        with Journal(targets.folder, self._key(targets)) as journal:
            summary = Summary(**asdict(journal.state.counts), resumed=journal.resumed)
            if not journal.state.finished:
                with _told(targets.folder):
                    cutter = Cutter(self.reader)
                    cutter.skip(journal.state.records, journal.state.digest)
                    journal.open(openings)
                    for chunk, done in self._work(cutter, list(wanted), summary):
                        for name, data in done.files.items():
                            journal.write(name, data, wanted[name].joint if name in wanted else b"")
                        journal.advance(chunk.upto, chunk.digest, done.counts)
                    journal.commit()
                    for name, each in wanted.items():
                        journal.write(name, each.closing())
                        part = journal.close(name)
                        each.complete(part, made_of(part))
                    journal.seal()
            journal.place(targets.all(), SIDE)
        summary.files = tuple(path for path in targets.all().values() if path.exists())
        return summary

    def _work(self, cutter: Cutter, names: list[str], summary: Summary) -> Iterator[tuple[Chunk, Done]]:
        for chunk, done in in_order(cutter, self.labeller, names, jobs=self.jobs, keep=self.each is not None):
            yield chunk, done
            summary.add(done.counts)
            for refusal in done.refusals:
                self.refused(refusal)
            for labels in done.labels if self.each else []:
                self.each(labels)  # type: ignore[misc]
            if self.advance:
                self.advance(summary.articles, chunk.position, self.total)

    def _key(self, targets: Targets) -> dict[str, object]:
        decision = asdict(self.labeller.decision)
        outputs = {name: str(path.resolve()) for name, path in targets.paths.items()}
        model = self.labeller.model | {"decision": decision}
        return {"inputs": self.names, "model": model, "outputs": outputs, "version of laptruong": __version__}


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Say of a disk that fails that what was done is kept."""
    try:
        yield
    except OSError as err:
        where = f"{err.filename}: " if err.filename else ""
        kept = f"what is done is kept in {folder}" if (folder / JOURNAL).exists() else "nothing was written"
        raise LaptruongError(f"{where}{err.strerror or err}; {kept}: mend it and run the same command again, which goes on there") from None
