"""Run a network over windows, without torch, and merge what it says of the windows of a unit.

The runtime is OpenVINO: in bfloat16 on a chip with AMX it is 1.4 times as fast as ONNX Runtime with eight-bit arithmetic,
in float32 1.2 times as fast as that in float32 (`benchmarks/encoder.py`), and it reads the same graph. On a chip with
AVX-512's bfloat16 but no AMX eight-bit arithmetic is 1.1 to 1.2 times as fast, at the price of probabilities that differ.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from laptruong.classifiers import storage
from laptruong.classifiers.encoder.subwords import Marks
from laptruong.classifiers.encoder.windows import Batch, Window, batches, collate
from laptruong.errors import ModelError

Run = Callable[[Batch], tuple[np.ndarray, np.ndarray]]
"""A network as a function: of a batch, the logits of topics, shape (n_windows, n_topics), and of stances, shape
(n_windows, n_actors, n_topics or 1, n_stances)."""
GRAPH = "model.onnx"
SCALE = ".scale"
"""Behind the name of a matrix kept in eight bits: the scale of each of its rows."""
_POSITIONS = 4096
"""Positions of a batch, padding counted: enough to fill the cores, little enough for any memory."""
_STEP = 16
"""Batches are this many positions wide, or a multiple: the products then add up each row in the same order whatever stands
beside it, and a unit's labels do not depend on the batch, to the last bit. At other widths they do."""


def load_network(folder: Path, *, exact: bool = False) -> Run:
    """Load the graph of a run folder with its weights.

    Parameters
    ----------
    folder : Path
    exact : bool
        Whether to calculate in float32 also where the chip has bfloat16, which is faster and moves a probability by
        up to two hundredths (`benchmarks/label.py --model offline`).

    Raises
    ------
    ModelError
        If a file is missing or is no graph of this kind.
    """
    import openvino  # a tenth of a second that the baseline need not pay

    _check_graph(folder / GRAPH)
    hints = {"PERFORMANCE_HINT": "LATENCY", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"}
    if (threads := os.environ.get("OMP_NUM_THREADS", "")).isdigit():  # a cluster's way to give a process some of a machine's cores
        hints["INFERENCE_NUM_THREADS"] = threads
    try:
        core = openvino.Core()
        model = core.read_model(folder / GRAPH)
        _widen(model, storage.read_arrays(folder))
        request = core.compile_model(model, "CPU", hints | ({"INFERENCE_PRECISION_HINT": "f32"} if exact else {})).create_infer_request()
    except RuntimeError as err:
        raise ModelError(
            f"{folder / GRAPH}: is no network that can be run ({' '.join(str(err).split())[:160]}); get the folder again"
        ) from None
    if [each.get_any_name() for each in model.inputs] != list(Batch._fields):
        raise ModelError(f"{folder / GRAPH}: is no network of this version; train it again")

    lock = Lock()  # one request at a time: each fills all cores

    def run(batch: Batch) -> tuple[np.ndarray, np.ndarray]:
        with lock:
            topics, stances = request.infer(list(batch), share_inputs=True).values()
            return np.array(topics), np.array(stances)

    return run


def _widen(model: Any, arrays: Mapping[str, np.ndarray]) -> None:
    """Put floating-point matrices in the place of eight-bit ones, which the runtime would widen anew in each product."""
    from openvino import opset13

    found = [(output, name) for node in model.get_ops() for output in node.outputs() for name in output.get_names()]
    for output, name in found:
        if name + SCALE in arrays:
            output.replace(opset13.constant(arrays[name] * arrays[name + SCALE][:, None]).output(0))


def _check_graph(path: Path) -> None:
    """Refuse a graph that names any file but its own weights; the runtime would read what it names."""
    try:
        graph = path.read_bytes()
    except OSError as err:
        raise ModelError(f"{path}: cannot be read: {err.strerror}; get the whole folder again") from None
    weights = storage.ARRAYS.encode()
    if graph.count(b"location") != graph.count(b"location\x12" + bytes([len(weights)]) + weights):
        raise ModelError(f"{path}: names a file other than {storage.ARRAYS}; do not use this model")


def run_windows(
    run: Run, windows: Sequence[Window], actors: Sequence[Sequence[str | None]], marks: Marks, topics: int, limit: int = 0
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Run a network over the windows of units, those of like length together.

    Parameters
    ----------
    run : Run
    windows : sequence of Window
        Those of a unit in a row.
    actors : sequence of sequences of (str or None)
        For each unit whom it is asked about.
    marks : Marks
    topics : int
    limit : int
        Most positions that the network takes; 0: batches are as wide as their longest window.

    Returns
    -------
    topics : ndarray, shape (n_units, n_topics)
        Logits.
    stances : list of ndarray, shape (n_actors, n_topics or 1, n_stances)
        Logits, for each unit.
    """
    found: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for indexes in batches(windows, _POSITIONS):
        of_topics, of_stances = run(collate([windows[i] for i in indexes], actors, marks, step=_STEP, limit=limit))
        for row, index in enumerate(indexes):
            found[index] = of_topics[row], of_stances[row, : len(actors[windows[index].unit])]
    parts: list[list[int]] = [[] for _ in actors]
    for index, window in enumerate(windows):
        parts[window.unit].append(index)
    of_units = np.array([np.max([found[i][0] for i in each], axis=0) for each in parts], dtype=np.float64)
    return of_units.reshape(len(actors), topics), [_stances(each, windows, found, actors[unit]) for unit, each in enumerate(parts)]


def _stances(
    indexes: Sequence[int], windows: Sequence[Window], found: dict[int, tuple[np.ndarray, np.ndarray]], actors: Sequence[str | None]
) -> np.ndarray:
    """Average an actor's scores over the subwords that name it; over all windows where none does."""
    scores = np.array([found[i][1] for i in indexes], dtype=np.float64)  # (windows, actors, topics, stances)
    if len(indexes) == 1:
        return np.asarray(scores[0])
    named = np.array([[len(windows[i].places[actor]) for actor in actors] for i in indexes], dtype=np.float64)
    named[:, named.sum(axis=0) == 0] = 1
    return np.asarray(np.einsum("wa,waks->aks", named / named.sum(axis=0), scores))
