"""Write a network as a run's files: weights as safetensors, and an ONNX graph that reads them from there.

There is one copy of the weights, for torch and for the runtime that labels. The graph is not optimized, so that its
weights keep the names and shapes of the network; the runtime folds it when it loads. Matrices may be kept in eight bits,
one scale a row (symmetric, rounded to nearest; Jacob et al. 2018, section 3), and are widened again when loaded: the
arithmetic stays in floating point.
"""

from __future__ import annotations

import json
import logging
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from scipy.special import expit, softmax

from laptruong.classifiers import storage
from laptruong.classifiers.encoder.network import Network
from laptruong.classifiers.encoder.runtime import GRAPH, SCALE, Run, load_network
from laptruong.classifiers.encoder.torch_runtime import TorchRun
from laptruong.classifiers.encoder.windows import Batch
from laptruong.errors import ModelError

TOLERANCE = 1e-3
"""Most that a probability may differ between torch and the exported graph."""
_WORST_LOSS = 0.005
logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it warns of every library that it could, but need not, export
_SMALL = 10_000
_OPSET = 18
_INPUTS, _OUTPUTS = ("ids", "mask", "pool"), ("topics", "stances")


def export(
    network: Network, graph: onnx.ModelProto, folder: Path, quantize: str, vocabulary: int, judge: Callable[[Run], float]
) -> dict[str, Any] | None:
    """Write ``model.safetensors`` and the graph into a run folder, and check them against torch.

    Parameters
    ----------
    network : Network
    graph : onnx.ModelProto
        Its graph; see `trace`.
    folder : Path
    quantize : {"auto", "never"}
        Auto keeps matrices in eight bits where that costs less than half a point of the dev score.
    vocabulary : int
        Size of the encoder's vocabulary, for the texts of the check.
    judge : callable
        Gives the dev score of a network.

    Returns
    -------
    dict or None
        Dev scores with floating-point and with eight-bit weights, and which were kept; None where that was not asked.

    Raises
    ------
    ModelError
        If a probability differs by more than `TOLERANCE`: the export is wrong.
    """
    weights = {name: each.detach().cpu().float().numpy() for name, each in network.state_dict().items() if each.is_floating_point()}
    write(folder, graph, weights)
    run = load_network(folder, exact=True)
    check(TorchRun(network), run, vocabulary)
    if quantize == "never":
        return None
    before = judge(run)
    write(folder, graph, eight_bits(weights))
    after = judge(load_network(folder, exact=True))
    if before - after >= _WORST_LOSS:
        write(folder, graph, weights)
    return {"float32": before, "int8": after, "kept": "int8" if before - after < _WORST_LOSS else "float32"}


def trace(network: Network) -> onnx.ModelProto:
    """Give the network as an ONNX graph whose weights, by name, are all left out.

    Raises
    ------
    ModelError
        If the encoder does something that torch cannot export.
    """
    ids = torch.arange(4, 20).reshape(2, 8)
    pool = torch.full((2, 3, 8), 1 / 8)
    batch, positions, actors = (torch.export.Dim(name) for name in ("windows", "positions", "actors"))
    shapes = ({0: batch, 1: positions}, {0: batch, 1: positions}, {0: batch, 1: actors, 2: positions})
    network.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own, about its internals
        try:
            program = torch.onnx.export(
                network, (ids, torch.ones_like(ids), pool), dynamo=True, optimize=False, verbose=False, opset_version=_OPSET,
                input_names=_INPUTS, output_names=_OUTPUTS, dynamic_shapes=shapes,
            )  # fmt: skip
        except torch.onnx.OnnxExporterError as err:
            reason = str(err).strip().partition("\n")[0][:160]
            raise ModelError(f"this encoder cannot be exported, so nothing could be labelled with it: {reason}") from None
    assert program is not None  # noqa: S101  # for the type checker
    model = program.model_proto
    del model.graph.value_info[:]
    for node in model.graph.node:
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    weights = {name for name, each in network.state_dict().items() if each.is_floating_point()}
    for each in model.graph.initializer:
        if each.name in weights:
            each.ClearField("raw_data")
    return model


def eight_bits(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Give every large matrix in eight bits with one scale a row, ``weight = value * scale``."""
    found: dict[str, np.ndarray] = {}
    for name, each in weights.items():
        if each.ndim != 2 or each.size < _SMALL:
            found[name] = each
            continue
        scale = np.maximum(np.abs(each).max(axis=1) / 127, np.finfo(np.float32).tiny).astype(np.float32)
        found[name] = np.round(each / scale[:, None]).astype(np.int8)
        found[name + SCALE] = scale
    return found


def write(folder: Path, graph: onnx.ModelProto, weights: dict[str, np.ndarray]) -> None:
    """Write weights, and the graph with the place of each weight in their file."""
    storage.write_arrays(folder, weights)
    places, start = _places(folder / storage.ARRAYS)
    model = onnx.ModelProto()
    model.CopyFrom(graph)
    widened, kept = [], []
    for each in model.graph.initializer:
        if each.name not in weights:  # a table of positions or the like
            kept.append(each)
        elif each.name + SCALE in weights:
            parts = f"{each.name}.rounded", each.name + SCALE
            kept += [
                _outside(parts[0], TensorProto.INT8, places[each.name], start),
                _outside(parts[1], TensorProto.FLOAT, places[parts[1]], start),
            ]
            widened.append(helper.make_node("DequantizeLinear", parts, [each.name], axis=0))
        else:
            kept.append(_outside(each.name, TensorProto.FLOAT, places[each.name], start))
    nodes = [*widened, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
    (folder / GRAPH).write_bytes(model.SerializeToString(deterministic=True))


def _places(path: Path) -> tuple[dict[str, Any], int]:
    """Read the header of a safetensors file: what it says of each array, and where the arrays start."""
    with open(path, "rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        return json.loads(stream.read(length)), 8 + length


def _outside(name: str, kind: int, place: dict[str, Any], start: int) -> TensorProto:
    """Describe a weight by its place in the safetensors file."""
    begin, end = place["data_offsets"]
    tensor = TensorProto(name=name, data_type=kind, dims=place["shape"], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", storage.ARRAYS), ("offset", start + begin), ("length", end - begin)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def check(reference: Run, run: Run, vocabulary: int) -> None:
    """Hold a graph against torch on texts of several lengths, padded together.

    Raises
    ------
    ModelError
        If a probability differs by more than `TOLERANCE`.
    """
    draw = np.random.default_rng(0)
    ids = draw.integers(4, vocabulary, size=(6, 40))
    mask = (np.arange(40) < np.array([[5], [11], [17], [24], [33], [40]])).astype(np.int64)
    pool = (draw.random((6, 3, 40)) * mask[:, None]).astype(np.float32)
    pool[:, 2] = 0  # an actor that is not named
    pool /= np.maximum(pool.sum(-1, keepdims=True), 1e-9)
    batch = Batch(np.where(mask, ids, 1), mask, pool)
    (topics, stances), (topics_, stances_) = reference(batch), run(batch)
    difference = max(np.abs(expit(topics) - expit(topics_)).max(initial=0), np.abs(softmax(stances, -1) - softmax(stances_, -1)).max())
    if not difference <= TOLERANCE:
        raise ModelError(f"the exported model differs from torch by {difference:.1e} in a probability; it was not saved")
