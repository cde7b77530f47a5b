"""Label any number of articles: read, label in batches on all cores, write; memory stays flat."""

from __future__ import annotations

import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO

from infer.writers import Outputs, Records
from laptruong.articles import Article
from laptruong.errors import LaptruongError
from laptruong.labelling import Labeller
from laptruong.labels import ArticleLabels
from laptruong.models import DEFAULT, load
from laptruong.reading import Refusal, read_articles

_BATCH_PARAGRAPHS = 128
_BATCHES_ALONE = 4
"""Batches labelled before other processes are started: they need more than a second to load the model."""


@dataclass(slots=True)
class Summary:
    """What was done, withheld and refused."""

    articles: int = 0
    paragraphs: int = 0
    boilerplate: int = 0
    statements: int = 0
    abstained: int = 0
    seconds: float = 0.0
    refused: list[Refusal] = field(default_factory=list)

    def count(self, labels: ArticleLabels) -> None:
        """Add an article."""
        noise = sum(paragraph.kind == "boilerplate" for paragraph in labels.article.paragraphs)
        self.articles += 1
        self.paragraphs += len(labels.article.paragraphs) - noise
        self.boilerplate += noise
        self.statements += len(labels.stances)
        self.abstained += len(labels.abstained)


def label_files(
    inputs: Iterable[str | Path],
    *,
    model: str | Path | Labeller = DEFAULT,
    records: Path | None = None,
    rows: Path | None = None,
    html: Path | None = None,
    stream: IO[str] | None = None,
    jobs: int = 1,
    each: Callable[[ArticleLabels], None] = lambda labels: None,
    refused: Callable[[Refusal], None] = lambda refusal: None,
) -> Summary:
    """Label the articles of files, folders and globs.

    Parameters
    ----------
    inputs : iterable of str or Path
        See `laptruong.read_articles`.
    model : str, Path or Labeller
        A shipped model's name, a run folder, or a model that is loaded.
    records, rows, html : Path, optional
        Where to write JSON Lines, a table (``.csv`` or ``.parquet``), a page. Each appears when it is complete.
    stream : text file, optional
        Gets the JSON Lines as they come.
    jobs : int
        Processes that label, once the input proves large; a model that fills all cores by itself has one.
    each, refused : callable, optional
        Called with the labels of each article, and with each input that was not read.

    Returns
    -------
    Summary

    Raises
    ------
    LaptruongError
        If the model or an output is wrong; an input that is wrong is refused and the others are labelled.
    """
    started = time.monotonic()
    labeller = model if isinstance(model, Labeller) else load(model)
    inputs, summary = list(inputs), Summary()
    outputs_ = {path.resolve() for path in (records, rows, html) if path is not None}
    for name in inputs:
        if Path(name).resolve() in outputs_:
            raise LaptruongError(f"{name}: is input and output at once; write to another file")

    def readable() -> Iterator[Article]:
        for item in read_articles(inputs, skip=outputs_):
            if isinstance(item, Refusal):
                summary.refused.append(item)
                refused(item)
            else:
                yield item

    with Outputs(labeller.scheme, records, rows, html) as outputs:
        if stream is not None:
            outputs.writers.append(Records(stream))
        for labels in label_stream(readable(), labeller, jobs):
            outputs.write(labels)
            summary.count(labels)
            each(labels)
    summary.seconds = time.monotonic() - started
    return summary


def label_stream(articles: Iterable[Article], labeller: Labeller, jobs: int = 1) -> Iterator[ArticleLabels]:
    """Label articles in order, on several processes once there are many.

    Parameters
    ----------
    articles : iterable of Article
    labeller : Labeller
        Further processes load it from its folder; one without a folder works alone.
    jobs : int
    """
    batches = _batches(articles)
    alone = jobs == 1 or labeller.folder is None or labeller.classifier.fills_all_cores
    for batch in batches if alone else islice(batches, _BATCHES_ALONE):
        yield from labeller.label_all(batch)
    first = next(batches, None)
    if first is None or labeller.folder is None:
        return
    with _pool(labeller.folder, jobs) as pool:
        waiting: deque[Future[list[ArticleLabels]]] = deque([pool.submit(_label, first)])
        for batch in batches:
            waiting.append(pool.submit(_label, batch))
            if len(waiting) > 2 * jobs:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _batches(articles: Iterable[Article]) -> Iterator[list[Article]]:
    batch: list[Article] = []
    paragraphs = 0
    for article in articles:
        batch.append(article)
        paragraphs += len(article.paragraphs)
        if paragraphs >= _BATCH_PARAGRAPHS:
            yield batch
            batch, paragraphs = [], 0
    if batch:
        yield batch


@contextmanager
def _pool(folder: Path, jobs: int) -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("spawn")  # the same on every platform, and safe beside threads
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_start, initargs=(folder,))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


_labeller: Labeller | None = None


def _start(folder: Path) -> None:
    global _labeller  # noqa: PLW0603  each process loads the model once
    _labeller = load(folder)


def _label(batch: Sequence[Article]) -> list[ArticleLabels]:
    if _labeller is None:
        raise RuntimeError("the process was not started with a model")
    return _labeller.label_all(batch)
