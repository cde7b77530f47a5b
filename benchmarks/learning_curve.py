"""What each layer of the corpus is worth: scores of the TF-IDF baseline by the amount it learnt from.

    python benchmarks/learning_curve.py --data NEWS.jsonl --plot data/learning_curve.svg

Shares of the written layer are drawn by event, so that a smaller share holds fewer events, not thinner ones; each
share below the whole is drawn more than once and the spread is told. Prints Markdown tables: the scores, and in what
the layers differ from the news that is scored.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

from laptruong.actors import ActorFinder
from laptruong.classifiers import TfidfClassifier
from laptruong.corpus import LabelledArticle, flatten, read_corpus
from laptruong.corpus.check import read_entries
from laptruong.evaluation import judge
from laptruong.evaluation.metrics import PRIMARY
from laptruong.labelling import Labeller
from laptruong.scheme import Scheme, load_scheme
from train.config import Config, load_config
from train.run import thresholds

ROOT = Path(__file__).resolve().parent.parent
CORPUS, REAL = ROOT / "data" / "corpus", ROOT / "data" / "real" / "corpus.jsonl"
TRAITS = (
    "words a unit (median)",
    "actors a unit with a topic",
    "units without a topic",
    "neutral pairs",
    "words unknown to the written layer",
    "units with quotation marks",
)
Scores = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="labelled news to score on")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.1, 0.25, 0.5, 1.0], help="of the written layer")
    parser.add_argument("--draws", type=int, default=2, help="draws of each share below 1")
    parser.add_argument("--plot", type=Path, help="write the curve here (.svg)")
    options = parser.parse_args()
    config = load_config(ROOT / "configs" / "tfidf.yaml")
    scheme = load_scheme(config.scheme)
    steps = list(measure(config, scheme, options.data, options.shares, options.draws))
    print(
        "| learnt from | articles | units | topic macro-F1 | stance macro-F1 | statement F1 |\n| --- | ---: | ---: | ---: | ---: | ---: |"
    )
    for name, articles, units, runs in steps:
        print(f"| {name} | {articles:,} | {units:,} | " + " | ".join(shown([run[task] for run in runs]) for task in PRIMARY) + " |")
    if options.plot:
        plot(steps, options.plot)
    print("\n| | " + " | ".join(TRAITS) + " |\n| --- |" + " ---: |" * len(TRAITS))
    for name, path, split in (
        ("written layer", CORPUS / "train.jsonl", None),
        ("real layer", REAL, "train"),
        ("the news scored", options.data, None),
    ):
        if path.is_file():
            print(f"| {name} | " + " | ".join(traits(path, split, scheme)) + " |")


def measure(config: Config, scheme: Scheme, data: Path, shares: list[float], draws: int):
    """Give for each amount of training data its name, mean sizes and the scores of each draw."""
    finder = ActorFinder(scheme)
    target = flatten(read_corpus([data], scheme), finder)
    written = by_event(CORPUS / "train.jsonl", scheme)
    everything = [each for group in written for each in group]
    dev = read_corpus([CORPUS / "dev.jsonl"], scheme)
    feed = read_corpus([CORPUS / "feed.jsonl"], scheme)
    real = read_corpus([REAL], scheme) if REAL.is_file() else []
    real_train, real_dev = ([each for each in real if each.split == split] for split in ("train", "dev"))

    def scores(learn: list[LabelledArticle], choose_on: list[LabelledArticle]) -> Scores:
        data, dev = flatten(learn, finder), flatten(choose_on, finder)
        model = TfidfClassifier(scheme, **config.tfidf.model_dump()).fit(data.examples, data.gold, data.groups, seed=config.seed)
        decision, _ = thresholds(config, model, dev)
        found = judge(Labeller(model, decision, {}), target)
        return {task: found.of(task).figures[figure].value for task, figure in PRIMARY.items()}

    def step(name: str, sets: list[list[LabelledArticle]], choose_on: list[LabelledArticle]):
        units = [sum(len(each.units) for each in learn) for learn in sets]
        print(f"{name}: {len(sets)} x {round(statistics.mean(units)):,} units", file=sys.stderr)
        runs = [scores(learn, choose_on) for learn in sets]
        return name, round(statistics.mean(map(len, sets))), round(statistics.mean(units)), runs

    for share in shares:
        sets = [everything] if share == 1 else [drawn(written, share, seed) for seed in range(draws)]
        yield step(f"{share:.0%} of the written layer", sets, dev)
    if real:
        yield step("the real layer alone", [real_train], real_dev)
        yield step("both layers", [everything + real_train], dev + real_dev)
        yield step("both layers and the feed items", [everything + real_train + feed], dev + real_dev)


def traits(path: Path, split: str | None, scheme: Scheme) -> list[str]:
    """Describe a layer by what a reader of both would notice."""
    finder = ActorFinder(scheme)
    data = flatten(read_corpus([path], scheme, split), finder)
    known = {word for each in read_corpus([CORPUS / "train.jsonl"], scheme) for unit, _ in each.units for word in words(unit.text)}
    spoken = [word for unit in data.units for word in words(unit.text)]
    with_topic = [(unit, gold) for unit, gold in zip(data.units, data.gold, strict=True) if gold.topics]
    actors = [len({actor for actor, _ in gold.stances}) for _, gold in with_topic]
    stances = [stance for gold in data.gold for stance in gold.stances.values()]
    counts = [statistics.median(len(words(unit.text)) for unit in data.units), statistics.mean(actors)]
    shares = [
        1 - len(with_topic) / len(data), sum(stance == scheme.neutral for stance in stances) / len(stances),
        sum(word not in known for word in spoken) / len(spoken),
        sum(bool(re.search("[\"“'‘]", unit.text)) for unit in data.units) / len(data),
    ]  # fmt: skip
    return [f"{counts[0]:.0f}", f"{counts[1]:.1f}", *(f"{share:.1%}" for share in shares)]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def by_event(path: Path, scheme: Scheme) -> list[list[LabelledArticle]]:
    """Read a corpus file and group its articles by event."""
    groups: dict[str, list[LabelledArticle]] = {}
    for entry in read_entries([path], scheme).entries:
        groups.setdefault(entry.record.event, []).append(entry.labelled)
    return list(groups.values())


def drawn(groups: list[list[LabelledArticle]], share: float, seed: int) -> list[LabelledArticle]:
    """Draw events until they hold the share of all articles."""
    order = random.Random(seed).sample(groups, len(groups))
    wanted, found = share * sum(map(len, groups)), []
    for group in order:
        if len(found) >= wanted:
            break
        found += group
    return found


def shown(values: list[float]) -> str:
    spread = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{spread}"


def plot(steps: list, path: Path) -> None:
    """Draw the curve of the written layer, and beside it what the real layer gives."""
    mpl.rcParams["svg.hashsalt"] = "laptruong"  # the same figure for the same numbers, byte for byte
    curve = [step for step in steps if "written" in step[0]]
    rest = [step for step in steps if step not in curve]
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for task, marker in zip(PRIMARY, "os^", strict=True):
        means = [statistics.mean(run[task] for run in runs) for *_, runs in curve]
        (line,) = axes.plot([step[2] for step in curve], means, marker=marker, label=f"{task}, written layer")
        for step, fill in zip(rest, ("none", "left", "full"), strict=bool(rest)):
            axes.plot(step[2], step[3][0][task], marker=marker, color=line.get_color(), fillstyle=fill, linestyle="", markersize=9)
    axes.set(xlabel="units learnt from", ylabel="F1 on the news scored", xscale="log", ylim=(0, 1))
    if rest:
        axes.set_title("Large marks: the real layer alone (hollow), both layers (half), both and the feed items (filled)", fontsize=9)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
