"""The cluster engine: the stages of the local one on Ray Data, over ranges of the input.

1. The driver lists the input and splits it into ranges.
2. Tasks cut each range into records and hash them. The driver, which holds 8 bytes a record, marks the repeated ones.
3. Actors, each of which loads the model once, label ranges and write their parts (`infer.parts`).

A range that is lost with its node is labelled again elsewhere, and writes the same parts under the same names. Ray is imported
only here, when it is used.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from infer.chunks import Seen
from infer.journal import Journal
from infer.nodes import Found, Labelling, Row, Setting, cut, hash_of, key_of
from infer.parts import Parts, find_folders, refuse_existing, within
from infer.pipeline import Summary, Targets
from infer.ranges import Range, find_ranges
from infer.work import Counts
from laptruong.errors import LaptruongError
from laptruong.labelling import Labeller
from laptruong.models import DEFAULT, load, shipped_models
from laptruong.reading import Refusal

_CORES = 2
"""Cores of an actor whose model would fill all it sees: few threads wait little for each other, and every actor holds the weights."""


def label_on_ray(
    inputs: Iterable[str | Path],
    *,
    model: str | Path | Labeller = DEFAULT,
    records: Path | None = None,
    rows: Path | None = None,
    refused: Callable[[Refusal], None] = lambda refusal: None,
    advance: Callable[[int, int, int | None], None] | None = None,
) -> Summary:
    """Label the articles of files, folders, globs and URLs on a Ray cluster, that of ``RAY_ADDRESS`` or this machine.

    The records are those of `infer.label_files`, byte for byte, in another order. Every output is a folder of part files under
    the name that was given; it appears when it is complete, and one that exists is never touched. A run that was stopped goes
    on when it is called again: what was labelled is read and compared, not labelled again.

    Parameters
    ----------
    inputs : iterable of str or Path
        On storage that all nodes share under the same name, or URLs.
    model : str, Path or Labeller
        A shipped model's name, a run folder that all nodes see, or a model that was loaded from one of these.
    records, rows : Path, optional
        Where to write records (JSON Lines, or ``.parquet``) and a table (``.csv`` or ``.parquet``): one disk, shared by all nodes.
    refused : callable, optional
        Called with inputs that were not read, the first few of each range.
    advance : callable, optional
        Called with the articles done so far, the bytes of input done, and the bytes there are.

    Returns
    -------
    Summary

    Raises
    ------
    LaptruongError
        If Ray is missing or cannot be reached; if an output exists, or an unfinished run differs; if a node fails on its own
        account, as for want of disk.
    """
    started = time.monotonic()
    names, targets = [str(name) for name in inputs], find_folders(records, rows)
    if "-" in names:
        raise LaptruongError("--engine ray reads files that all nodes see, not standard input; write it to a file first")
    labeller = model if isinstance(model, Labeller) else load(model)
    if labeller.folder is None:
        raise LaptruongError("--engine ray loads the model on every node; name a shipped model or a run folder")
    with _connected():
        found = list(_survey(find_ranges(names, within(targets))))
        summary = _into_folders(found, labeller, targets, refused, advance)
    summary.seconds = time.monotonic() - started
    return summary


@contextmanager
def _connected() -> Iterator[None]:
    """Connect to the cluster, unless the caller has."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # as it will be; Ray warns of it until then
    os.environ.setdefault("RAY_ENABLE_AUTO_CONNECT", "0")  # a thread of its own must not start a cluster when this one is left
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # Ray's core tells this terminal of every lost connection
    try:
        import ray
        import ray.data
    except ImportError:
        raise LaptruongError("--engine ray needs Ray: pip install 'laptruong[ray]'") from None
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    mine = not ray.is_initialized()
    if mine:
        address = os.environ.get("RAY_ADDRESS", "this machine")
        try:
            _knock(address)
            ray.init(log_to_driver=False, include_dashboard=False, logging_level=logging.ERROR)
        except (OSError, RuntimeError, ValueError) as err:
            reason = " ".join(str(err).split())[:200]
            raise LaptruongError(f"no Ray cluster at {address} ({reason}); set RAY_ADDRESS to one that runs, or unset it") from None
    try:
        yield
    finally:
        if mine:
            ray.shutdown()


def _knock(address: str) -> None:
    """Try whether anything answers at an address; Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if host and "/" not in host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=10).close()


def _survey(ranges: Sequence[Range]) -> Iterator[Found]:
    """Read all ranges once, everywhere; number the lines and mark repeated records, in order, here."""
    rows = [{"number": number, "work": work.to_json()} for number, work in enumerate(ranges, 1)]
    answers = _spread(rows, cut, ordered=True, fn_kwargs={"here": str(Path.cwd())})
    seen, lines = Seen(), 0
    for answer, work in zip(answers, ranges, strict=True):
        again = seen.repeats(np.frombuffer(answer["digests"], dtype=np.uint64))
        before = lines if work.start else 0
        lines = before + answer["lines"]
        placed = work if work.start is None else work._replace(before=before)
        yield Found(answer["number"], placed, len(again), hash_of(answer["digests"]), np.packbits(again).tobytes())


def _into_folders(
    found: Sequence[Found], labeller: Labeller, targets: Targets, refused: Callable[[Refusal], None],
    advance: Callable[[int, int, int | None], None] | None,
) -> Summary:  # fmt: skip
    """Label what is not labelled yet; when all is, let the folders appear under their names."""
    parts = Parts(targets.folder.resolve(), tuple(targets.paths), len(found))
    with Journal(targets.folder, _key(found, labeller, targets)) as journal:
        state, resumed = journal.state, journal.resumed
        if not state.finished:
            refuse_existing(targets)
            parts.prepare()
            journal.commit()
            todo, position, total = {}, 0, sum(each.work.size for each in found)
            for each in found:
                if counts := parts.done(each.number):
                    state.counts.add(counts)
                    position += each.work.size
                else:
                    todo[each.number] = each
            resumed = state.counts.records
            with closing(_label(todo.values(), labeller, parts)) as answers:
                for answer in answers:
                    state.counts.add(Counts(**json.loads(answer["counts"])))
                    position += todo[answer["number"]].work.size
                    for where, reason in json.loads(answer["told"]):
                        refused(Refusal(where, reason))
                    if advance:
                        advance(state.counts.articles, position, total)
            state.records = state.counts.records
            journal.seal()
        journal.place(targets.all(), ())
    return Summary(**asdict(state.counts), resumed=resumed, files=tuple(path for path in targets.all().values() if path.exists()))


def _key(found: Sequence[Found], labeller: Labeller, targets: Targets) -> dict[str, object]:
    inputs = hash_of("".join(f"{each.work.to_json()}{each.digest}" for each in found).encode())
    outputs = {name: str(path.resolve()) for name, path in targets.paths.items()}
    return {"engine": "ray", "inputs": inputs, "model": key_of(labeller) | {"decision": asdict(labeller.decision)}, "outputs": outputs}


def _label(todo: Iterable[Found], labeller: Labeller, parts: Parts) -> Generator[Row, None, None]:
    """Label ranges with actors on all nodes."""
    shipped = {path.resolve(): name for name, path in shipped_models().items()}  # each node may have them in another place
    folder = Path(labeller.folder or "").resolve()
    model = shipped.get(folder, str(folder))
    setting = Setting(str(Path.cwd()), model, key_of(labeller), labeller.decision, parts)
    rows = [each.to_row() for each in todo]
    options = _actors(labeller.classifier.fills_all_cores, len(rows))
    try:
        yield from _spread(rows, Labelling, fn_constructor_args=(setting,), **options)
    except LaptruongError as err:
        kept = f"what is done is kept in {parts.folder}"
        raise LaptruongError(f"{err}; {kept}: mend it and run the same command again, which goes on there") from None


def _actors(fills_all_cores: bool, ranges: int) -> dict[str, Any]:
    """Choose how many actors there are and what each gets: a core; a few for an encoder, or a GPU where there are any."""
    import ray
    import ray.data

    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    cores = [int(node["CPU"]) for node in nodes if node.get("CPU", 0) >= 1]
    gpus = int(sum(node.get("GPU", 0) for node in nodes)) if fills_all_cores else 0
    if not cores:
        raise LaptruongError("the Ray cluster has no cores; start its nodes with 'ray start'")
    each = 1 if gpus or not fills_all_cores else min(_CORES, *cores)
    size = max(1, min(gpus or sum(count // each for count in cores), ranges))
    pool = ray.data.ActorPoolStrategy(min_size=1, max_size=size, initial_size=size, max_tasks_in_flight_per_actor=1)
    return {"num_cpus": each, "compute": pool} | ({"num_gpus": 1} if gpus else {})


def _spread(rows: list[Row], work: Any, *, ordered: bool = False, **options: Any) -> Generator[Row, None, None]:
    """Give each row to a task of its own and yield the answers."""
    import ray.data

    if not rows:
        return
    dataset = ray.data.from_items(rows, override_num_blocks=len(rows))
    dataset.context.enable_progress_bars = False
    dataset.context.print_on_execution_start = False
    dataset.context.execution_options.preserve_order = ordered
    with closing(iter(dataset.map(work, **options).iter_rows())) as answers:  # closed, it stops what still runs
        for answer in answers:
            if answer["error"]:
                raise LaptruongError(answer["error"])
            yield answer
