"""What labelling costs from file to file: rate, memory, scaling, the journal, one page; beside stock parts in the same run.

    .venv/bin/python benchmarks/label.py [TEXTS.jsonl ...] [--model tfidf] [--paragraphs 4000] [--scale 1000,10000,300000] [--jobs 1,2]

An article is a paragraph of about 100 words, cut from the texts given (default: the written corpus) and made unique by a number.
For a TF-IDF model the peer is pyvi with scikit-learn (`stock.py`, which checks that both say the same), for an encoder its own bare
network on windows that are ready; also told is what the chip's bfloat16 changes. Rates are medians of three rounds in turn; ratios
travel between machines, rates do not.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

import laptruong
from infer import journal, label_files
from infer.records import to_record
from laptruong.classifiers import EncoderClassifier, Example
from laptruong.labelling import Labeller
from laptruong.reading.records import article_from_record
from laptruong.segmentation import segment_all
from laptruong.text import normalize

ROOT = Path(__file__).resolve().parent.parent
WORDS, ROUNDS = 100, 3


def texts(paths: list[Path]) -> Iterator[str]:
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            record = json.loads(line)
            yield from [record["text"]] if "text" in record else (each["text"] for each in record["paragraphs"])


def paragraphs(paths: list[Path]) -> Iterator[str]:
    """Join texts and cut them every WORDS words; go round again without end, each time marked anew."""
    words = [word for text in texts(paths) for word in text.split()]
    whole = [" ".join(words[at : at + WORDS]) for at in range(0, len(words) - WORDS, WORDS)]
    return (f"{text} ({number})" for number, text in enumerate(cycle(whole)))


def write(path: Path, found: Iterator[str], count: int) -> Path:
    with path.open("w", encoding="utf-8") as stream:
        for number, text in enumerate(islice(found, count)):
            record = {"id": str(number), "date": "2025-08-18", "paragraphs": [{"text": text, "kind": "body"}]}
            stream.write(json.dumps(record, ensure_ascii=False) + "\n")
    return path


def rates(count: int, ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Time each way in turn, again and again; print and give the median rates."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, work in ways.items():
            started = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - started)
    found = {name: count / statistics.median(each) for name, each in seconds.items()}
    for name, rate in found.items():
        print(f"{name:<62}{rate:>9,.0f} paragraphs/s", flush=True)
    return found


def fresh(labeller: Labeller) -> Labeller:
    """Give the model as it is when a run begins: it knows no paragraph yet."""
    return labeller.deciding(labeller.decision)


def of_stock(labeller: Labeller, path: Path, out: Path) -> None:
    """Label a file with pyvi and scikit-learn: the same records in, the same records out, all in memory."""
    from stock import Stock

    class Peer:  # a classifier by its only method that labelling calls
        fills_all_cores, scheme, stock = False, labeller.scheme, Stock(labeller)

        def predict(self, examples: list[Example], pairs: object = None, floor: object = None) -> list[object]:
            return self.stock.predict(examples)

    peer = Labeller(Peer(), labeller.decision, labeller.model)  # type: ignore[arg-type]
    with path.open("rb") as lines, out.open("w", encoding="utf-8") as stream:
        while batch := [article_from_record(json.loads(line), "") for line in islice(lines, 500)]:
            for labels in peer.label_all(batch):
                stream.write(json.dumps(to_record(labels), ensure_ascii=False) + "\n")


def compare_tfidf(labeller: Labeller, path: Path, count: int, folder: Path) -> None:
    from pyvi.ViTokenizer import ViTokenizer

    few = [normalize(json.loads(line)["paragraphs"][0]["text"]).text for line in islice(path.open(encoding="utf-8"), min(count, 1000))]
    ours = "segmentation, as labelling does it"
    cut = rates(
        len(few),
        {
            "pyvi": lambda: [ViTokenizer.tokenize(text) for text in few],
            ours: lambda: segment_all(few, [[]] * len(few)),
        },
    )
    stock, one, two = "pyvi + scikit-learn, JSON Lines to records", "label, one process", "label, 2 processes, start included"
    found = rates(count, {
        stock: lambda: of_stock(labeller, path, folder / "stock.jsonl"),
        one: lambda: label_files([path], model=fresh(labeller), records=folder / "one.jsonl"),
        two: lambda: label_files([path], model=fresh(labeller), records=folder / "two.jsonl", jobs=2),
    })  # fmt: skip
    same = sum(one == two for one, two in zip(_answers(folder / "stock.jsonl"), _answers(folder / "one.jsonl"), strict=True))
    print(f"records whose labels and probabilities (4 digits) are the stock ones: {same} of {count}")
    cut_gain, gain, more = cut[ours] / cut["pyvi"], found[one] / found[stock], found[two] / found[one]
    print(
        f"segmentation x{cut_gain:.1f} of pyvi; labelling x{gain:.1f} of the stock parts in one process; two processes x{more:.2f} of one"
    )


def _answers(path: Path) -> Iterator[object]:
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            record = json.loads(line)
            yield record["topics"], record["stances"], record["paragraphs"][0]["mentions"], record["abstained"]


def compare_encoder(labeller: Labeller, path: Path, count: int, folder: Path) -> None:
    from laptruong.classifiers.encoder.runtime import run_windows
    from laptruong.classifiers.encoder.windows import make_windows

    model = labeller.classifier
    raw = [json.loads(line)["paragraphs"][0]["text"] for line in islice(path.open(encoding="utf-8"), count)]
    examples = [Example(text, tuple(labeller.finder.find(text, "2025-08-18"))) for text in raw]
    actors = [list(each.actors) for each in examples]
    windows = make_windows(examples, actors, model.subwords_, model.window_)
    bare, whole = "the bare network, windows ready, sorted by length", "label, JSON Lines to records"
    found = rates(count, {
        bare: lambda: run_windows(model.run_, windows, actors, model.subwords_.marks, len(model.scheme.topic_ids)),
        whole: lambda: label_files([path], model=fresh(labeller), records=folder / "one.jsonl"),
    })  # fmt: skip
    length = sum(len(each.ids) for each in windows) / len(windows)
    print(f"{length:.0f} subwords a paragraph; label has {found[whole] / found[bare]:.1%} of the bare rate")
    across_chips(model, examples, labeller.folder)


def across_chips(model: EncoderClassifier, examples: list[Example], folder: Path) -> None:
    """Print how far this chip's probabilities are from those of one without bfloat16."""
    from laptruong.classifiers.encoder.runtime import load_network

    here = model.predict(examples)
    pairs = [list(each.stances) for each in here]
    model.run_ = load_network(folder, exact=True)
    there = model.predict(examples, pairs)
    topics = max(float(abs(one.topics - two.topics).max()) for one, two in zip(here, there, strict=True))
    both = [(one.stances[pair], two.stances[pair]) for one, two in zip(here, there, strict=True) for pair in one.stances]
    stances = max(float(abs(one - two).max()) for one, two in both)
    turned = sum(one.argmax() != two.argmax() for one, two in both)
    print(f"in float32 the probabilities differ by at most {topics:.3f} (topics) and {stances:.3f} (stances), ", end="")
    print(f"the likeliest stance in {turned} of {len(both)} pairs")


def journal_share(labeller: Labeller, path: Path, folder: Path) -> None:
    """Print what share of a run goes into its journal: commits (fsync and all), hashing and looking up records."""
    from infer.chunks import Cutter

    spent = 0.0

    def timed(method: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            nonlocal spent
            started = time.perf_counter()
            try:
                return method(*arguments)
            finally:
                spent += time.perf_counter() - started

        return call

    kept = journal.Journal.advance, journal.Journal.seal, journal.Journal.place, Cutter._take
    journal.Journal.advance, journal.Journal.seal, journal.Journal.place, Cutter._take = map(timed, kept)
    started = time.perf_counter()
    label_files([path], model=fresh(labeller), records=folder / "j.jsonl")
    whole = time.perf_counter() - started
    journal.Journal.advance, journal.Journal.seal, journal.Journal.place, Cutter._take = kept
    print(f"the journal, hashes and final moves included: {spent / whole:.2%} of the run")


def memory_of(pid: int) -> float:
    """Give the memory of a process and all below it in MB; a page that several share is counted once (PSS)."""
    total = 0.0
    try:
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            total += memory_of(int(child))
        line = next(line for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if line.startswith("Pss:"))
        return total + int(line.split()[1]) / 1024
    except (OSError, StopIteration):
        return total


def scale(model: str, found: Callable[[], Iterator[str]], counts: list[int], many: list[int], folder: Path) -> None:
    for jobs in many:
        for count in counts:
            path = write(folder / "scale.jsonl", found(), count)
            command = [
                sys.executable,
                "-m",
                "laptruong.cli",
                "label",
                path,
                "--model",
                model,
                "--jobs",
                str(jobs),
                "-o",
                folder / "s.jsonl",
            ]
            started = time.perf_counter()
            run = subprocess.Popen(command, stderr=subprocess.DEVNULL)
            peaks = [0.0]
            watch = threading.Thread(target=lambda run=run, peaks=peaks: _watch(run, peaks))
            watch.start()
            run.wait()
            watch.join()
            rate, done = count / (time.perf_counter() - started), sum(1 for _ in (folder / "s.jsonl").open("rb"))
            print(f"{count:>9,} articles, {jobs} processes: {rate:>7,.0f} a second, peak {peaks[0]:,.0f} MB, {done:,} records", flush=True)


def _watch(run: subprocess.Popen[bytes], peaks: list[float]) -> None:
    while run.poll() is None:
        peaks[0] = max(peaks[0], memory_of(run.pid))
        time.sleep(0.2)


def one_page(model: str, folder: Path) -> None:
    page = folder / "page.txt"
    page.write_text("Nga và Ukraine đàm phán về lệnh ngừng bắn.\n\nĐiện Kremlin nói hai bên đã gặp nhau tại Istanbul hôm qua.", "utf-8")
    seconds = []
    for _ in range(7):
        started = time.perf_counter()
        command = [sys.executable, "-m", "laptruong.cli", "label", page, "--model", model]
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - started)
    print(f"one page, whole process: {statistics.median(seconds):.2f} s (median of 7; {min(seconds):.2f} to {max(seconds):.2f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", nargs="*", type=Path, default=sorted((ROOT / "data/corpus").glob("*.jsonl")))
    parser.add_argument("--paragraphs", type=int, default=4000)
    parser.add_argument("--model", default="tfidf", help="a shipped model's name or a run folder")
    parser.add_argument("--scale", default="", help="numbers of articles to label in processes of their own")
    parser.add_argument("--jobs", default="1,2", help="numbers of processes to label these with")
    arguments = parser.parse_args()
    print(f"{arguments.paragraphs} paragraphs of {WORDS} words, {os.cpu_count()} cores, Python {sys.version.split()[0]}, {arguments.model}")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        one_page(arguments.model, folder)
        labeller = laptruong.load(arguments.model)
        path = write(folder / "in.jsonl", paragraphs(arguments.texts), arguments.paragraphs)
        compare = compare_encoder if labeller.classifier.fills_all_cores else compare_tfidf
        compare(labeller, path, arguments.paragraphs, folder)
        journal_share(labeller, path, folder)
        counts, jobs = ([int(each) for each in given.split(",") if each] for given in (arguments.scale, arguments.jobs))
        scale(arguments.model, lambda: paragraphs(arguments.texts), counts, jobs, folder)


if __name__ == "__main__":
    main()
