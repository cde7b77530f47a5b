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
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from datasets import Dataset as Table
from onnxruntime.quantization import quantize_dynamic
from transformers import (
    AutoModel,
    PhobertTokenizer,
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
from laptruong.classifiers.encoder.table import Collator, encode
from laptruong.classifiers.encoder.windows import Batch, Window, make_windows
from laptruong.segmentation import segment
from laptruong.text import normalize
from train.texts import read_texts

WINDOW = 256


def paragraphs(path: Path, count: int) -> list[str]:
    """Take paragraphs of 40 to 250 words."""
    found: list[str] = []
    for each in read_texts(path):
        found += [part for part in each.text.split("\n") if 40 <= len(part.split()) <= 250]
        if len(found) >= count:
            return found[:count]
    raise SystemExit(f"{path}: holds only {len(found)} paragraphs of 40 to 250 words")


def timed(run: Callable[[], object], warm: Callable[[], object]) -> float:
    """Give the seconds of a run after another that warms up."""
    warm()
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def gemm_peak() -> float:
    """Give the most floating-point operations a second of a large bfloat16 product."""
    a, b = torch.randn(4096, 3072).bfloat16(), torch.randn(3072, 4096).bfloat16()
    return 5 * 2 * 4096 * 3072 * 4096 / timed(lambda: [a @ b for _ in range(5)], lambda: a @ b)


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


def of_pipeline(folder: Path, model: RobertaForSequenceClassification, texts: list[str], batch_size: int) -> float:
    """Time transformers' pipeline on segmented texts, in input order."""
    tokenizer = PhobertTokenizer(str(folder / "vocab.txt"), str(folder / "bpe.codes"), model_max_length=WINDOW)
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu")
    segmented = [" ".join(word.text for word in segment(normalize(text).text)) for text in texts]
    classify(segmented[:2])
    start = time.perf_counter()
    classify(segmented, batch_size=batch_size, truncation=True)
    return time.perf_counter() - start


def inference(folder: Path, model: Path, texts: list[str]) -> Iterator[tuple[str, float, int]]:
    """Give name, seconds and subwords of each way to run the network; the pipeline one by one comes first."""
    finder, subwords = ActorFinder(load_scheme("ukraine")), phobert_subwords(folder)
    examples = [Example(text, tuple(finder.find(text))) for text in texts]

    def asked(some: list[Example]) -> tuple[list[Window], list[list[str]]]:
        actors = [list(each.actors) for each in some]
        return make_windows(some, actors, subwords, WINDOW), actors

    everything, quarter = asked(examples), asked(examples[::4])
    tokens = sum(len(window.ids) for window in everything[0])
    plain = RobertaForSequenceClassification(RobertaConfig.from_pretrained(model)).eval()
    for name, size in (
        ("transformers pipeline, one by one, float32", 1),
        ("transformers pipeline, batch_size=32, input order, float32", 32),
    ):
        yield name, of_pipeline(folder, plain, texts, size), tokens
    network = Network(load_encoder(model), 3, 4).eval()

    def seconds(run: Run) -> float:
        def over(windows: list[Window], actors: list[list[str]]) -> Callable[[], object]:
            return lambda: run_windows(run, windows, actors, subwords.marks, 3)

        return timed(over(*everything), warm=over(*quarter))

    for name, dtype in (("torch, sorted by length, float32", torch.float32), ("torch, sorted by length, bfloat16", torch.bfloat16)):
        yield name, seconds(torch_run(network, dtype)), tokens
    with tempfile.TemporaryDirectory() as place:
        graph = export.trace(network)
        export.export(network, graph, Path(place), "never", subwords.size, lambda run: 0.0)
        yield "ONNX Runtime, float32", seconds(onnx_run(Path(place) / "model.onnx")), tokens
        yield "ONNX Runtime, dynamic int8", seconds(onnx_run(eight_bits(Path(place)))), tokens
        yield "OpenVINO, float32", seconds(load_network(Path(place), exact=True)), tokens
        yield "OpenVINO, as 'laptruong label' runs it", seconds(load_network(Path(place))), tokens
        weights = {name: each.numpy() for name, each in network.state_dict().items() if each.is_floating_point()}
        export.write(Path(place), graph, export.eight_bits(weights))
        yield "OpenVINO, likewise, weights in eight bits", seconds(load_network(Path(place))), tokens


def tuning(folder: Path, model: Path, texts: list[str], steps: int) -> tuple[float, float]:
    """Give subwords a second of the stock trainer in float32, and of ours."""
    scheme, subwords = load_scheme("ukraine"), phobert_subwords(folder)
    finder = ActorFinder(scheme)
    examples = [Example(text, tuple(finder.find(text))) for text in texts][: 16 * steps]
    gold = [Gold(frozenset({"aid"}), {(actor, "aid"): "neutral" for actor in each.actors}) for each in examples]
    data = encode(examples, gold, scheme, subwords, WINDOW)
    tokens = sum(len(ids) for row in data for ids in row["ids"])
    owner = EncoderClassifier(scheme, batch_size=16)

    def seconds(trainer: Trainer) -> float:
        start = time.perf_counter()
        trainer.train()
        return time.perf_counter() - start

    with tempfile.TemporaryDirectory() as place:
        plain = [{"input_ids": row["ids"][0], "labels": 0} for row in data]
        tokenizer = PhobertTokenizer(str(folder / "vocab.txt"), str(folder / "bpe.codes"))
        stock = Trainer(
            model=RobertaForSequenceClassification(RobertaConfig.from_pretrained(model)), train_dataset=Table.from_list(plain),
            processing_class=tokenizer,
            args=TrainingArguments(
                place, per_device_train_batch_size=16, num_train_epochs=1, save_strategy="no", report_to=[], use_cpu=True
            ),
        )  # fmt: skip
        settings = arguments(owner, Path(place), 0)
        settings.num_train_epochs, settings.save_strategy, settings.eval_strategy, settings.load_best_model_at_end = 1, "no", "no", False
        network = Network(load_encoder(model), 3, 4)
        ours = Tuner(
            owner=owner, weights=balance(torch.ones(4, dtype=torch.long), 0.5), dev=None, tell=print, model=network, args=settings,
            train_dataset=data, data_collator=Collator(subwords.marks, (3, 4)),
        )  # fmt: skip
        return sum(len(each["input_ids"]) for each in plain) / seconds(stock), tokens / seconds(ours)


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
        peak, base = gemm_peak(), 0.0
        print(f"{len(texts)} paragraphs, {torch.get_num_threads()} threads, bfloat16 product {peak / 1e12:.2f} Tflop/s")
        for name, seconds, tokens in inference(options.tokenizer, model, texts):
            base = base or tokens / seconds
            rate = tokens / seconds
            print(f"{name:<60}{rate:>9,.0f} subwords/s  x{rate / base:.2f}  {rate * operations / peak:.0%} of the product", flush=True)
        stock, ours = tuning(options.tokenizer, model, texts, options.steps)
        for name, rate in (("fine-tuning: stock Trainer, float32", stock), ("fine-tuning: ours", ours)):
            print(f"{name:<60}{rate:>9,.0f} subwords/s  x{rate / stock:.2f}")


if __name__ == "__main__":
    main()
