"""The local engine: chunks in, what they give out, in order, on as many cores as are wanted.

A model that fills all cores by itself runs in two threads, so that one chunk is read, cut and rendered while the network
works on another; any other model runs in processes, once the input proves large enough to start them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path

from infer.chunks import Chunk
from infer.work import Done, Worker
from laptruong.decision import Decision
from laptruong.errors import LaptruongError
from laptruong.labelling import Labeller
from laptruong.models import load

_CHUNKS_ALONE = 4
"""Chunks labelled before other processes are started: they need more than a second to load the model."""


def in_order(
    chunks: Iterable[Chunk], labeller: Labeller, names: Sequence[str], *, jobs: int = 1, keep: bool = False
) -> Iterator[tuple[Chunk, Done]]:
    """Work on chunks and give each with what it gave, in order; never more than a few are in memory.

    Parameters
    ----------
    chunks : iterable of Chunk
    labeller : Labeller
        Further processes load it from its folder; one without a folder works alone.
    names : sequence of str
        The formats wanted, of `infer.formats.FORMATS`.
    jobs : int
    keep : bool
        Whether labels are handed over, too.

    Raises
    ------
    LaptruongError
        If a process dies.
    """
    worker, waiting = Worker(labeller, names, keep=keep), iter(chunks)
    if labeller.classifier.fills_all_cores:
        with ThreadPoolExecutor(2) as threads:
            yield from _spread(waiting, threads, worker.run, ahead=3)
        return
    alone = jobs == 1 or labeller.folder is None
    for chunk in waiting if alone else islice(waiting, _CHUNKS_ALONE):
        yield chunk, worker.run(chunk)
    first = next(waiting, None)
    if first is None or labeller.folder is None:
        return
    context = multiprocessing.get_context("spawn")  # the same on every platform, and safe beside threads
    settings = (labeller.folder, labeller.decision, tuple(names), keep)
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_start, initargs=settings)
    try:
        yield from _spread(_with(first, waiting), pool, _work, ahead=2 * jobs)
    except BrokenProcessPool:
        raise LaptruongError(
            "a labelling process died, most likely for want of memory; run the same command with fewer --jobs: it goes on where it stopped"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _spread(chunks: Iterator[Chunk], pool: Executor, work: Callable[[Chunk], Done], ahead: int) -> Iterator[tuple[Chunk, Done]]:
    waiting: deque[tuple[Chunk, Future[Done]]] = deque()
    try:
        for chunk in chunks:
            waiting.append((chunk, pool.submit(work, chunk)))
            if len(waiting) >= ahead:
                done, future = waiting.popleft()
                yield done, future.result()
        while waiting:
            done, future = waiting.popleft()
            yield done, future.result()
    finally:
        for _, future in waiting:
            future.cancel()


def _with(first: Chunk, rest: Iterator[Chunk]) -> Iterator[Chunk]:
    yield first
    yield from rest


_worker: Worker | None = None


def _start(folder: Path, decision: Decision, names: Sequence[str], keep: bool) -> None:
    global _worker  # noqa: PLW0603  each process loads the model once
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    threading.Thread(target=_end_with_parent, daemon=True).start()
    labeller = load(folder)
    _worker = Worker(labeller.deciding(decision), names, keep=keep)


def _end_with_parent() -> None:
    """End when the parent does, however it ends: a killed one tells nobody."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(chunk: Chunk) -> Done:
    if _worker is None:
        raise RuntimeError("the process was not started with a model")
    return _worker.run(chunk)
