"""How fast the encoder labels and is fine-tuned, beside transformers' pipeline and trainer in the same run.

    pip install -e '.[benchmarks]' -c constraints.txt
    python benchmarks/encoder.py --tokenizer PHOBERT_FOLDER --texts NEWS.jsonl

The network has PhoBERT-base's shape and random weights: speed does not depend on what they are. PHOBERT_FOLDER holds
PhoBERT's vocab.txt and bpe.codes; NEWS is real text, of which paragraphs of 40 to 250 words are taken. Rates are subwords a
second, padding not counted. To see what a chip without matrix units does, hide them from torch and OpenVINO (not from
ONNX Runtime) with ONEDNN_MAX_CPU_ISA=AVX512_CORE in the environment: such a chip labels as the row 'OpenVINO, float32', while
the row of 'laptruong label' still asks for the bfloat16 of the real chip and gets it emulated.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple, TypeVar

import numpy as np
import onnxruntime
import torch
from datasets import Dataset as Table
from onnxruntime.quantization import quantize_dynamic
from transformers import (
    AutoModel,
    PhobertTokenizer,
    PrinterCallback,
    RobertaConfig,
    RobertaForSequenceClassification,
    RobertaModel,
    Trainer,
    TrainingArguments,
    pipeline,
)  # fmt: skip

from laptruong import ActorFinder, load_scheme
from laptruong.classifiers import EncoderClassifier, Example, Gold
from laptruong.classifiers.encoder import export
from laptruong.classifiers.encoder.fitting import Tuner, arguments
from laptruong.classifiers.encoder.losses import balance
from laptruong.classifiers.encoder.network import Network
from laptruong.classifiers.encoder.phobert import phobert_subwords
from laptruong.classifiers.encoder.pretrained import load_encoder
from laptruong.classifiers.encoder.runtime import Run, load_network, run_windows
from laptruong.classifiers.encoder.subwords import Subwords
from laptruong.classifiers.encoder.table import Collator, encode
from laptruong.classifiers.encoder.windows import Batch, Window, make_windows
from laptruong.segmentation import segment
from laptruong.text import normalize
from train.texts import read_texts

WINDOW = 256
ROUNDS = 5
T = TypeVar("T")


def paragraphs(path: Path, count: int) -> list[str]:
    """Take paragraphs of 40 to 250 words."""
    found: list[str] = []
    for each in read_texts(path):
        found += [part for part in each.text.split("\n") if 40 <= len(part.split()) <= 250]
        if len(found) >= count:
            return found[:count]
    raise SystemExit(f"{path}: holds only {len(found)} paragraphs of 40 to 250 words")


def in_turn(ways: Mapping[str, Callable[[T], object]], rounds: Sequence[T]) -> dict[str, list[float]]:
    """Give each way's seconds of each round, all ways in turn: a machine that changes its speed changes it for all of them.

    Before, each way runs over the first round to warm up.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for each in [rounds[0], *rounds]:
        for name, run in ways.items():
            start = time.perf_counter()
            run(each)
            seconds[name].append(time.perf_counter() - start)
    return {name: found[1:] for name, found in seconds.items()}


def show(seconds: Mapping[str, Sequence[float]], tokens: int, share: float | None = None) -> None:
    """Print each way's rate and how many times as fast as the first it was: the median of the rounds, the least and the most.

    Of the operations of a subword, `share` is the part of a large product's second.
    """
    first = next(iter(seconds.values()))
    for name, found in seconds.items():
        rate, times = tokens / sum(found), [other / own for other, own in zip(first, found, strict=True)]
        line = f"{name:<58}{rate:>6,.0f} subwords/s  x{median(times):.2f} ({min(times):.2f} to {max(times):.2f})"
        print(line + (f"  {rate * share:.0%} of the product" if share else ""))


def gemm_peak() -> float:
    """Give the most floating-point operations a second of a large bfloat16 product."""
    a, b = torch.randn(4096, 3072).bfloat16(), torch.randn(3072, 4096).bfloat16()
    seconds = in_turn({"product": lambda _: a @ b}, range(5))["product"]
    return 2 * 4096 * 3072 * 4096 / min(seconds)


def torch_run(network: Network, dtype: torch.dtype) -> Run:
    """Run a network in torch, batches made as everywhere."""

    def run(batch: Batch) -> tuple[np.ndarray, np.ndarray]:
        with torch.inference_mode(), torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            scores = network(*(torch.from_numpy(each) for each in batch))
        return scores.topics.numpy(), scores.stances.numpy()

    return run


def onnx_run(path: Path) -> Run:
    """Run a graph in ONNX Runtime."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda batch: tuple(session.run(None, batch._asdict()))  # type: ignore[return-value]


def eight_bits(folder: Path) -> Path:
    """Quantize a graph as ONNX Runtime recommends for the CPU: weights and activations, the latter as they come."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC  # folds what hides the weights
    options.optimized_model_filepath = str(folder / "folded.onnx")
    onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])
    quantize_dynamic(folder / "folded.onnx", folder / "int8.onnx", per_channel=True)
    return folder / "int8.onnx"


class Round(NamedTuple):
    """Some of the paragraphs: segmented for the pipeline, as windows for the others."""

    segmented: list[str]
    windows: list[Window]
    actors: list[list[str]]


Way = Callable[[Round], object]


def cut(texts: Sequence[str], subwords: Subwords) -> list[Round]:
    """Cut texts into rounds, each with texts from everywhere."""
    finder, found = ActorFinder(load_scheme("ukraine")), []
    for some in (texts[i::ROUNDS] for i in range(ROUNDS)):
        examples = [Example(text, tuple(finder.find(text))) for text in some]
        actors = [list(each.actors) for each in examples]
        segmented = [" ".join(word.text for word in segment(normalize(text).text)) for text in some]
        found.append(Round(segmented, make_windows(examples, actors, subwords, WINDOW), actors))
    return found


def of_pipeline(folder: Path, model: Path, batch_size: int) -> Way:
    """Run transformers' pipeline on segmented texts, in input order."""
    tokenizer = PhobertTokenizer(str(folder / "vocab.txt"), str(folder / "bpe.codes"), model_max_length=WINDOW)
    plain = RobertaForSequenceClassification(RobertaConfig.from_pretrained(model)).eval()
    classify = pipeline("text-classification", model=plain, tokenizer=tokenizer, device="cpu")
    return lambda each: classify(each.segmented, batch_size=batch_size, truncation=True)


def inference(folder: Path, model: Path, texts: list[str], share: float) -> None:
    """Time each way to run the network; the pipeline one by one comes first."""
    subwords, network = phobert_subwords(folder), Network(load_encoder(model), 3, 4).eval()
    rounds = cut(texts, subwords)

    def way(run: Run) -> Way:
        return lambda each: run_windows(run, each.windows, each.actors, subwords.marks, 3)

    with tempfile.TemporaryDirectory() as place:
        plain, small = Path(place) / "plain", Path(place) / "small"
        plain.mkdir()
        small.mkdir()
        graph = export.trace(network)
        export.export(network, graph, plain, "never", subwords.size, lambda run: 0.0)
        weights = {name: each.numpy() for name, each in network.state_dict().items() if each.is_floating_point()}
        export.write(small, graph, export.eight_bits(weights))
        ways = {
            "transformers pipeline, one by one, float32": of_pipeline(folder, model, 1),
            "transformers pipeline, batch_size=32, input order, float32": of_pipeline(folder, model, 32),
            "torch, sorted by length, float32": way(torch_run(network, torch.float32)),
            "torch, sorted by length, bfloat16": way(torch_run(network, torch.bfloat16)),
            "ONNX Runtime, float32": way(onnx_run(plain / "model.onnx")),
            "ONNX Runtime, dynamic int8": way(onnx_run(eight_bits(plain))),
            "OpenVINO, float32": way(load_network(plain, exact=True)),
            "OpenVINO, as 'laptruong label' runs it": way(load_network(plain)),
            "OpenVINO, likewise, weights in eight bits": way(load_network(small)),
        }
        show(in_turn(ways, rounds), sum(len(window.ids) for each in rounds for window in each.windows), share)


def tuning(folder: Path, model: Path, texts: list[str]) -> None:
    """Time the stock trainer in float32, and ours."""
    scheme, subwords = load_scheme("ukraine"), phobert_subwords(folder)
    finder = ActorFinder(scheme)
    examples = [Example(text, tuple(finder.find(text))) for text in texts]
    gold = [Gold(frozenset({"aid"}), {(actor, "aid"): "neutral" for actor in each.actors}) for each in examples]
    data = encode(examples, gold, scheme, subwords, WINDOW).filter(lambda row: len(row["ids"]) == 1)
    rounds = [data.shard(ROUNDS, i) for i in range(ROUNDS)]
    owner = EncoderClassifier(scheme, batch_size=16)
    with tempfile.TemporaryDirectory() as place:
        stock = Trainer(
            model=RobertaForSequenceClassification(RobertaConfig.from_pretrained(model)),
            processing_class=PhobertTokenizer(str(folder / "vocab.txt"), str(folder / "bpe.codes")),
            args=TrainingArguments(
                place, per_device_train_batch_size=16, num_train_epochs=1, save_strategy="no", report_to=[], use_cpu=True
            ),
        )  # fmt: skip
        stock.remove_callback(PrinterCallback)
        settings = arguments(owner, Path(place), 0)
        settings.num_train_epochs, settings.save_strategy, settings.eval_strategy, settings.load_best_model_at_end = 1, "no", "no", False
        ours = Tuner(
            owner=owner, weights=balance(torch.ones(4, dtype=torch.long), 0.5), dev=None, tell=print,
            model=Network(load_encoder(model), 3, 4), args=settings, data_collator=Collator(subwords.marks, (3, 4)),
        )  # fmt: skip

        def of_stock(some: Table) -> None:
            stock.train_dataset = Table.from_list([{"input_ids": row["ids"][0], "labels": 0} for row in some])
            stock.train()

        def of_ours(some: Table) -> None:
            ours.train_dataset = some
            ours.train()

        seconds = in_turn({"fine-tuning: stock Trainer, float32": of_stock, "fine-tuning: ours": of_ours}, rounds)
    show(seconds, sum(len(row["ids"][0]) for row in data))


def main() -> None:
    """Print a row for each way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder of vocab.txt and bpe.codes")
    parser.add_argument("--texts", type=Path, required=True, help="real news, JSON Lines or one text a line")
    parser.add_argument("--paragraphs", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=20, help="training steps of 16 paragraphs")
    options = parser.parse_args()
    texts = paragraphs(options.texts, options.paragraphs)
    with tempfile.TemporaryDirectory() as place:
        model = Path(place)
        shape = RobertaConfig(vocab_size=64001, max_position_embeddings=258, type_vocab_size=1, pad_token_id=1, layer_norm_eps=1e-5)
        torch.manual_seed(0)
        RobertaModel(shape, add_pooling_layer=False).save_pretrained(model)
        operations = 2 * sum(weight.numel() for name, weight in AutoModel.from_pretrained(model).named_parameters() if ".layer." in name)
        peak = gemm_peak()
        print(f"{len(texts)} paragraphs, {torch.get_num_threads()} threads, bfloat16 product {peak / 1e12:.2f} Tflop/s")
        inference(options.tokenizer, model, texts, operations / peak)
        tuning(options.tokenizer, model, texts[: 16 * options.steps])


if __name__ == "__main__":
    main()
