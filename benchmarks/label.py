"""Labelling speed and memory, beside pyvi's own segmentation: the floor under any model here.

    .venv/bin/python benchmarks/label.py [TEXTS.jsonl ...] [--model tfidf] [--paragraphs 4000] [--jobs 2]

Paragraphs of about 100 words are built from the texts given (default: the written corpus), so that rates compare
across corpora. Everything is measured in this one run; ratios travel between machines, rates do not.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import laptruong
from infer.pipeline import label_files
from laptruong.segmentation import segment
from laptruong.text import normalize

ROOT = Path(__file__).resolve().parent.parent
WORDS = 100


def texts(paths: list[Path]) -> Iterator[str]:
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            record = json.loads(line)
            yield from [record["text"]] if "text" in record else (each["text"] for each in record["paragraphs"])


def paragraphs(paths: list[Path], count: int) -> list[str]:
    """Join texts and cut them every WORDS words; go round again, marked, if there are too few."""
    words = [word for text in texts(paths) for word in text.split()]
    whole = [" ".join(words[at : at + WORDS]) for at in range(0, len(words) - WORDS, WORDS)]
    return [f"{text} ({number})" for number, text in enumerate(islice(cycle(whole), count))]


def timed(label: str, count: int, work) -> float:
    started = time.perf_counter()
    work()
    rate = count / (time.perf_counter() - started)
    print(f"{label:<58}{rate:>9,.0f} paragraphs/s", flush=True)
    return rate


def pyvi_rate(sample: list[str]) -> float:
    from pyvi.ViTokenizer import ViTokenizer

    return timed("pyvi alone, one process", len(sample), lambda: [ViTokenizer.tokenize(text) for text in sample])


def peak_memory(path: Path, model: str) -> float:
    """Label a file in a process of its own, on one core; give the peak in MB."""
    code = (
        "import sys, resource; from pathlib import Path; from infer import label_files;"
        "label_files([sys.argv[1]], model=sys.argv[3], records=Path(sys.argv[2]));"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", code, str(path), f"{folder}/out.jsonl", model], capture_output=True, text=True, check=True
        )
    return float(done.stdout)


def write(path: Path, texts_: list[str], per_article: int = 10) -> Path:
    with path.open("w", encoding="utf-8") as stream:
        for start in range(0, len(texts_), per_article):
            kinds = [{"text": text, "kind": "body"} for text in texts_[start : start + per_article]]
            stream.write(json.dumps({"id": str(start), "date": "2025-08-18", "paragraphs": kinds}, ensure_ascii=False) + "\n")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", nargs="*", type=Path, default=sorted((ROOT / "data/corpus").glob("*.jsonl")))
    parser.add_argument("--paragraphs", type=int, default=4000)
    parser.add_argument("--model", default="tfidf", help="a shipped model's name or a run folder")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    sample = paragraphs(arguments.texts, arguments.paragraphs)
    few = [normalize(text).text for text in sample[:800]]
    print(f"{len(sample)} paragraphs of {WORDS} words, {arguments.jobs} cores, Python {sys.version.split()[0]}")
    floor = pyvi_rate(few)
    ours = timed("segmentation with pyvi's weights, one process", len(few), lambda: [segment(text) for text in few])
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "in.jsonl", sample)
        labeller = laptruong.load(arguments.model)
        out = Path(folder) / "out.jsonl"
        one = timed("label, JSON Lines to JSON Lines, one process", len(sample), lambda: label_files([path], model=labeller, records=out))
        label = f"label, JSON Lines to JSON Lines, {arguments.jobs} processes"
        many = timed(label, len(sample), lambda: label_files([path], model=labeller, records=out, jobs=arguments.jobs))
        memory = [peak_memory(write(Path(folder) / f"m{share}.jsonl", sample[: len(sample) // share]), arguments.model) for share in (4, 1)]
    ratios = f"labelling x{one / floor:.2f} in one process, x{many / floor:.2f} in {arguments.jobs}"
    print(f"against pyvi alone: segmentation x{ours / floor:.1f}, {ratios}")
    print(f"peak memory of one process: {memory[0]:.0f} MB for {len(sample) // 4} paragraphs, {memory[1]:.0f} MB for {len(sample)}")
    print(f"peak memory of this benchmark: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
